/* The boot area: what a kernel finds behind its own image, or as an initrd (DESIGN.md, "One file to start").
 *
 * Shared by the kernel and the tool; all fields little-endian, offsets from the start of the header. The area starts
 * on a page boundary; ROOT and MODULE items do too, so that their pages can be mapped where they lie.
 * A PARAMS item is text: kernel parameters, then optionally " -- " and the program's arguments, quoted as Linux's
 * command line is (double quotes keep blanks; within them \" and \\ stand for " and \).
 */
#ifndef WHITTLE_BOOTAREA_H
#define WHITTLE_BOOTAREA_H

#include <stdint.h>

#define BOOTAREA_MAGIC   0x61746f6f42746857ull /* "WhtBoota" */
#define BOOTAREA_VERSION 1u
#define BOOTAREA_ALIGN   4096u
#define BOOTAREA_MAX     64u /* items */

enum bootarea_type {
	BOOTAREA_PARAMS = 1,   /* text, not zero-terminated: length is item.size */
	BOOTAREA_ROOT = 2,     /* an EROFS image, uncompressed */
	BOOTAREA_MODULE = 3,   /* a shared library for the kernel */
	BOOTAREA_MANIFEST = 4, /* JSON, what the tool wrote beside the image */
};

struct bootarea_item {
	uint32_t type; /* enum bootarea_type; unknown types are passed over */
	uint32_t flags; /* 0 */
	uint64_t offset;
	uint64_t size; /* bytes */
};

struct bootarea_header {
	uint64_t magic;
	uint32_t version;
	uint32_t count; /* items that follow, at most BOOTAREA_MAX */
	uint64_t size;  /* bytes of the whole area, header included */
	uint64_t reserved;
	struct bootarea_item items[];
};

_Static_assert(sizeof(struct bootarea_header) == 32, "boot area header");
_Static_assert(sizeof(struct bootarea_item) == 24, "boot area item");

#endif
