/* Where things lie, for unit tests: "physical memory" is an array of the test's, the image a place in it. */
#ifndef ARCH_LAYOUT_H
#define ARCH_LAYOUT_H

extern char *host_ram;       /* physical address 0; aligned to 2 MiB */

#define DIRECT_MAP_START ((unsigned long)host_ram)
#define KERNEL_BASE      0xffffffff80000000ul
#define VMAP_START       0xffffc00000000000ul
#define VMAP_END         0xffffc07ffffff000ul
#define USER_LIMIT       0x00007ffffffff000ul

#endif
