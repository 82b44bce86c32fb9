/* Reading an ELF file's headers (System V gABI, "Object Files" and "Program Loading"); nothing here touches memory. */
#ifndef EXEC_ELF_H
#define EXEC_ELF_H

#define ELF_HEAD_SIZE     1024 /* what the loader reads first: header and, nearly always, program headers */
#define ELF_HEADERS_MAX   128u /* program headers */
#define ELF_SEGMENTS_MAX  16u  /* of type PT_LOAD */
#define ELF_INTERP_MAX    4096u

struct elf_segment {
	uint64_t address, memory_size; /* link-time address */
	uint64_t offset, file_size;    /* in the file */
	unsigned prot;                 /* PROT_* */
};

/* What a program's headers say, checked. Addresses are link-time ones. */
struct elf_image {
	bool movable;             /* ET_DYN */
	uint64_t entry;
	uint64_t headers;         /* where the program headers lie in memory, 0: in no segment */
	unsigned header_count;
	uint64_t headers_offset;  /* in the file */
	unsigned count;
	struct elf_segment segments[ELF_SEGMENTS_MAX];
	uint64_t low, high;       /* page-aligned range that all segments span */
	uint64_t alignment;       /* largest p_align, at least a page */
	uint64_t interp_offset, interp_size; /* size 0: none */
};

/**
 * elf_check_header() - is this a program for this machine, and where are its program headers?
 * @head: the first @n bytes of a file of @file_size.  Fills header_count, headers_offset, movable and entry.
 * Return: NULL, or what is wrong in words.
 */
const char *elf_check_header(const void *head, size_t n, uint64_t file_size, unsigned machine, struct elf_image *out);
/**
 * elf_read_segments() - go through the program headers at @table (header_count of them) and fill in the rest.
 * @limit: first address that no program has.  Return: as above.
 */
const char *elf_read_segments(const void *table, uint64_t file_size, uint64_t limit, struct elf_image *out);

#endif
