/* The table of descriptors of a process (fs/files.c).
 *
 * A call takes its file by fd_get() and gives it back by file_put().
 */
#ifndef FS_FILES_H
#define FS_FILES_H

#include <fs/file.h>

struct files;

struct files *files_create(void) __must_check;
/** files_copy() - a table with the same files, for clone without CLONE_FILES. */
struct files *files_copy(struct files *from) __must_check;
void files_get_table(struct files *t);
void files_put_table(struct files *t);
/** files_close_on_exec() - close what has FD_CLOEXEC. */
void files_close_on_exec(struct files *t);

/* Descriptors from here on do not exist in any table, whatever RLIMIT_NOFILE says (Linux: fs.nr_open). */
#define FILES_MAX (1u << 20)

/** fd_get() - the file behind @fd of the current process, with a reference; NULL: -EBADF. */
struct file *fd_get(int fd) __must_check;
/** fd_install() - the lowest free descriptor from @from gets @f (its reference moves). -EMFILE, -ENOMEM. */
int fd_install(struct file *f, bool cloexec, int from) __must_check;
/** fd_replace() - @fd becomes @f, what was there is closed. As dup2. */
int fd_replace(int fd, struct file *f, bool cloexec) __must_check;
int fd_close(int fd);
int fd_close_range(unsigned first, unsigned last, bool only_mark_cloexec);
bool fd_cloexec_get(int fd);
int fd_cloexec_set(int fd, bool on);
/** fd_reserve() … fd_fill(): a number first, its file later (accept, SCM_RIGHTS); fd_unreserve() gives it back. */
int fd_reserve(bool cloexec, int from) __must_check;
void fd_fill(int fd, struct file *f);
void fd_unreserve(int fd);
/** files_install_at() - @fd of table @t becomes @f (its reference moves); for exec: 0, 1, 2 of a new process. */
int files_install_at(struct files *t, int fd, struct file *f, bool cloexec) __must_check;
/** files_get_file() - as fd_get(), for any table. */
struct file *files_get_file(struct files *t, int fd) __must_check;
/** files_size() - descriptors that the table has room for now. */
unsigned files_size(struct files *t);
/** files_cloexec() - as fd_cloexec_get(), for any table. */
bool files_cloexec(struct files *t, int fd);
/** files_next() - the lowest open descriptor from @fd on, or -1; for /proc/self/fd. */
int files_next(struct files *t, int fd);

#endif
