/* The root file system of an image: what goes into it, and the EROFS made of that. */
#ifndef TOOLS_IMAGE_ROOT_H
#define TOOLS_IMAGE_ROOT_H

#include <jansson.h>
#include <time.h>

#include "closure.h"

/** root_new() - a directory with the few files and directories that programs expect. @hostname: or NULL. */
char *root_new(const char *hostname);
/** root_add_basics() - the directories, links and small files of root_new() (etc.c). */
void root_add_basics(const char *root, const char *hostname);
/** root_add_of_host() - what programs look for of this machine: time zone, services, certificates for those that use them. */
void root_add_of_host(const char *root, const struct closure *closure);
/** root_write() - @text as @path in @root.   root_link(): a link, unless @path is there already. */
void root_write(const char *root, const char *path, const char *text);
void root_link(const char *root, const char *path, const char *target);
/** root_copy_file() - a file of this machine to a path of this machine, with plain modes. */
void root_copy_file(const char *from, const char *to);
/** root_from_tar() - @tar unpacked.   root_from_dir(): @dir itself, or a copy where more is to be put into it. */
char *root_from_tar(const char *tar);
char *root_from_dir(const char *dir, bool copy);
/** root_copy() - one --copy HOST:GUEST into @root; what an ELF file needs is added to @closure. */
void root_copy(const char *root, const char *host, const char *guest, struct closure *closure);
/** root_add_closure() - the files and links of @closure. */
void root_add_closure(const char *root, const struct closure *closure);
/** root_find_program() - the path in the image of @name, which may be found by PATH; fails when it is not in @root. */
char *root_find_program(const char *root, const char *name, const char *shown_as);
/** root_resolve() - where @path of the image is in the directory @root, links followed, never out of it; or NULL. */
char *root_resolve(const char *root, const char *path);
/**
 * root_make_erofs() - pack @root: uncompressed, every file's pages whole, the same bytes for the same tree.
 * @newest: 0 when all times are to be 0; otherwise the newest time in @root, and each file keeps its own.
 */
void root_make_erofs(const char *root, time_t newest, const char *output);
/** root_list() - every file of @root: path, size and SHA-256, or the target of a link, or the type. */
json_t *root_list(const char *root);

#endif
