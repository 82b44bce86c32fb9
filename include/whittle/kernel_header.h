/* The kernel header: lets a tool read a stripped kernel (DESIGN.md, "One file to start").
 *
 * It lies in read-only data, found by its magic at a 16-byte boundary of the read-only segment. The linker script
 * writes it (link/sets.awk makes that part from link/sets). Every position is an offset from the image's first byte (virtual address of the first
 * PT_LOAD), so that a slid kernel needs no relocation here.
 */
#ifndef WHITTLE_KERNEL_HEADER_H
#define WHITTLE_KERNEL_HEADER_H

#include <stdint.h>

#define KERNEL_HEADER_MAGIC   0x6c6e726b74746857ull /* "Whttkrnl" */
#define KERNEL_HEADER_VERSION 1u
#define KERNEL_ID_BYTES       32u /* SHA-256 of the archive, the absent objects and the script */

/* An entry of any set begins with a pointer to its name. */
struct kernel_header_set {
	char name[16]; /* zero-padded */
	uint32_t begin, end;
	uint32_t stride; /* bytes an entry */
	uint32_t reserved;
};

struct kernel_header {
	uint64_t magic;
	uint32_t version;
	uint32_t set_count;
	uint32_t image_end;        /* offset of the end of .bss: the boot area starts at the next page */
	uint32_t components;       /* offset of zero-terminated names, an empty one ends them */
	uint32_t component_set_id; /* offset of KERNEL_ID_BYTES bytes */
	uint32_t bootarea;         /* offset at which the kernel looks for a boot area */
	struct kernel_header_set sets[];
};

_Static_assert(sizeof(struct kernel_header_set) == 32, "kernel header set");
_Static_assert(sizeof(struct kernel_header) == 32, "kernel header");

#endif
