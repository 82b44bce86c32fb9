/* A kernel or an image as a file: its segments, its kernel header, its boot area. */
#ifndef TOOLS_ELF_KERNEL_FILE_H
#define TOOLS_ELF_KERNEL_FILE_H

#include <elf.h>
#include <whittle/bootarea.h>
#include <whittle/kernel_header.h>

#include "tools/util/util.h"

struct kernel_file {
	struct buf file;
	Elf64_Ehdr ehdr;
	Elf64_Phdr *ph; /* ehdr.e_phnum of them */
	uint64_t base;  /* address of the image's first byte */
	struct kernel_header header;
	uint64_t header_at; /* offset of the header from base */
};

/** kernel_file_parse() - take @file apart. Return: NULL, or why it is no Whittle kernel (a phrase, "it is …"). */
const char *kernel_file_parse(struct kernel_file *k, struct buf file);
/** kernel_file_open() - read and take apart; fails with a sentence. */
void kernel_file_open(struct kernel_file *k, const char *path);
/** kernel_file_at() - @size bytes of the image at @offset from its base, or NULL if they are not in the file. */
const void *kernel_file_at(const struct kernel_file *k, uint64_t offset, uint64_t size);
/** kernel_file_components() - the names in it.   kernel_file_entries(): the names of one set's entries. */
struct strings kernel_file_components(const struct kernel_file *k);
struct strings kernel_file_entries(const struct kernel_file *k, const char *set);
/** kernel_file_string() - a zero-terminated string, at an offset from the base, or NULL. */
const char *kernel_file_string(const struct kernel_file *k, uint64_t offset);
/** kernel_file_set() - the @index-th linker set of the header. Return: whether it is in the file. */
bool kernel_file_set(const struct kernel_file *k, uint32_t index, struct kernel_header_set *ret);
const char *kernel_file_set_name(const struct kernel_header_set *set);
/** kernel_file_segment_name() - a segment by what it is for: "text", "rodata", "relro", "data", "bss" or "boot area". */
const char *kernel_file_segment_name(const struct kernel_file *k, const Elf64_Phdr *ph);
/** kernel_file_memory() - the first byte of memory behind the loaded image, boot area included (physical). */
uint64_t kernel_file_memory(const struct kernel_file *k);
/** kernel_file_add_bootarea() - turn the spare program header into the segment of @area, behind .bss. */
void kernel_file_add_bootarea(struct kernel_file *k, const struct buf *area);
/** kernel_file_item() - the first item of @type in the boot area of an image. Return: whether there is one. */
bool kernel_file_item(const struct kernel_file *k, enum bootarea_type type, const void **ret_data, size_t *ret_size);

#endif
