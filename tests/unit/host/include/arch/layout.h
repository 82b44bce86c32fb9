/* Where things lie, for unit tests: "physical memory" is an array of the test's, the image a place in it. */
#ifndef ARCH_LAYOUT_H
#define ARCH_LAYOUT_H

extern char *host_ram;       /* physical address 0; aligned to 2 MiB */

#define DIRECT_MAP_START ((unsigned long)host_ram)
#define KERNEL_START     0xffffffff80100000ul
#define KERNEL_LOAD      0x100000ul
#define VMAP_START       0xffffc00000000000ul
#define VMAP_END         0xffffc07ffffff000ul
#define USER_LIMIT       0x00007ffffffff000ul

extern const char image_start[];
static inline uint64_t image_paddr(const void *p)
{
	return (uint64_t)p - (uint64_t)image_start + KERNEL_LOAD;
}

#endif
