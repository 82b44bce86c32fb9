/* What every file of the kernel may assume; the compiler includes it first (link/components.mk).
 *
 * Types, attributes, and the few helpers that C lacks. Nothing here has state.
 */
#ifndef CORE_KERNEL_H
#define CORE_KERNEL_H

#include <core/set.h>
#include <arch/reloc.h>

#ifndef __ASSEMBLER__

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef int64_t ssize_t;
typedef int64_t off_t; /* a position in a file, bytes */
typedef uint64_t paddr_t;

#ifdef __CHECKER__
#define __user    __attribute__((noderef, address_space(1)))
#define __force   __attribute__((force))
#define __bitwise __attribute__((bitwise))
#else
#define __user /* a pointer from a program: only the copy routines touch it (core/uaccess.h) */
#define __force
#ifndef __bitwise
#define __bitwise
#endif
#endif

#define __must_check      __attribute__((warn_unused_result))
#define __printf(f, a)    __attribute__((format(printf, f, a)))
#define __noreturn        __attribute__((noreturn))
#define __aligned(n)      __attribute__((aligned(n)))
#define __weak            __attribute__((weak))
#define __no_canary       __attribute__((no_stack_protector)) /* what runs while the canary is set (core/canary.c) */
#define __sealed          __attribute__((section(".bss.sealed"))) /* written only until start-up is over: initcall 89 */
#define __cold            __attribute__((cold))
#define likely(x)         __builtin_expect(!!(x), 1)
#define unlikely(x)       __builtin_expect(!!(x), 0)
#define barrier()         __asm__ volatile("" ::: "memory")
#define READ_ONCE(x)      (*(const volatile __typeof__(x) *)&(x))
#define WRITE_ONCE(x, v)  (*(volatile __typeof__(x) *)&(x) = (v))
#define ARRAY_SIZE(a)     (sizeof(a) / sizeof((a)[0]))
#define container_of(p, type, member) ((type *)((char *)(p) - offsetof(type, member)))
#define ALIGN_UP(x, a)    (((x) + ((__typeof__(x))(a) - 1)) & ~((__typeof__(x))(a) - 1))
#define ALIGN_DOWN(x, a)  ((x) & ~((__typeof__(x))(a) - 1))
#define MIN(a, b)         ({ __typeof__(a) min_a_ = (a); __typeof__(b) min_b_ = (b); min_a_ < min_b_ ? min_a_ : min_b_; })
#define MAX(a, b)         ({ __typeof__(a) max_a_ = (a); __typeof__(b) max_b_ = (b); max_a_ > max_b_ ? max_a_ : max_b_; })

#define PAGE_SHIFT 12
#define PAGE_SIZE  4096ul
#define PAGE_MASK  (~(PAGE_SIZE - 1))

/* A pointer result that may be a negative errno, as Linux has it. */
static inline void *err_ptr(long error)
{
	return (void *)error;
}
static inline long ptr_err(const void *p)
{
	return (long)p;
}
static inline bool is_err(const void *p)
{
	return (unsigned long)p >= (unsigned long)-4095;
}

#include <core/string.h>

#endif
#endif
