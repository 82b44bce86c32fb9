/* Where things lie in the kernel's half of the address space (DESIGN.md, "How a program meets the kernel"). */
#ifndef ARCH_LAYOUT_H
#define ARCH_LAYOUT_H

#define DIRECT_MAP_START  0xffff000000000000ul /* all RAM, by physical address; writable, not executable */
#define VMAP_START        0xffffc00000000000ul /* device registers, in 4 KiB pages */
#define VMAP_END          0xffffc03ffffff000ul
#define STACKS_START      0xffffc04000000000ul /* kernel stacks, each above unmapped pages */
#define STACKS_END        0xffffc07ff0000000ul
#define MODULES_START     0xffffffffa0000000ul /* shared modules, within reach of the kernel's code */
#define KERNEL_START      0xffffffff80100000ul /* where the image is linked */
#define KERNEL_BASE       0xffffffff80000000ul /* its virtual address less its physical one, unless slid */

#define USER_LIMIT        0x0000fffffffff000ul /* first address that no program has */

#endif
