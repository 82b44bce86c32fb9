/* Where things lie in the kernel's half of the address space (DESIGN.md, "How a program meets the kernel"). */
#ifndef ARCH_LAYOUT_H
#define ARCH_LAYOUT_H

#define DIRECT_MAP_START  0xffff000000000000ul /* all RAM, by physical address; writable, not executable */
#define VMAP_START        0xffffc00000000000ul /* device registers, in 4 KiB pages */
#define VMAP_END          0xffffc03ffffff000ul
#define STACKS_START      0xffffc04000000000ul /* kernel stacks, each above unmapped pages */
#define STACKS_END        0xffffc07ff0000000ul
#define KERNEL_START      0xffffffff80100000ul /* where the image is linked */
#define KERNEL_LOAD       0x100000ul           /* where it lies in memory */
#define MODULES_OFFSET    0x20000000ul         /* shared modules lie that far above the image, within reach of its code */

#define USER_LIMIT        0x0000fffffffff000ul /* first address that no program has */

#ifndef __ASSEMBLER__
extern const char image_start[]; /* where the image runs: KERNEL_START, unless it was slid */

/** image_paddr() - the physical address of what is part of the image. */
static inline uint64_t image_paddr(const void *p)
{
	return (uint64_t)p - (uint64_t)image_start + KERNEL_LOAD;
}
/** image_link_address() - an address of the image as the linker gave it: it says nothing about where the kernel runs. */
static inline uint64_t image_link_address(uint64_t address)
{
	return address - (uint64_t)image_start + KERNEL_START;
}
#endif

#endif
