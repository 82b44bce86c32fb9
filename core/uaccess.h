/* Copy routines: the only way to a program's memory (arch/ARCH/copy.S, one section; DESIGN.md rule 4).
 *
 * The limit that an address must stay below is a field of the current address space, kept per processor. Faults are
 * served as the program's own would be; one that cannot be served makes the routine stop. Context: may sleep, no
 * spinlock held.
 */
#ifndef CORE_UACCESS_H
#define CORE_UACCESS_H

#include <core/preempt.h>
#include <linux/errno.h>

extern uint64_t uaccess_limit; /* percpu: first address that the current program has not; set with its tables */

/** copy_from_user() - Return: bytes that were NOT copied; 0 is success. */
size_t copy_from_user(void *to, const void __user *from, size_t n) __must_check;
size_t copy_to_user(void __user *to, const void *from, size_t n) __must_check;
/** clear_user() - zero bytes of a program. Return: bytes not cleared. */
size_t clear_user(void __user *to, size_t n) __must_check;
/** strncpy_from_user() - Return: length without the zero; @size if there is none within; -EFAULT. */
ssize_t strncpy_from_user(char *to, const char __user *from, size_t size) __must_check;
/** user_range_ok() - [@p, @p + @n) lies below the program's limit; says nothing of what is mapped. */
bool user_range_ok(const void __user *p, size_t n);

/* Words, in one access each. Return: 0 or -EFAULT. */
int get_user_u32(uint32_t *out, const uint32_t __user *from) __must_check;
int get_user_u64(uint64_t *out, const uint64_t __user *from) __must_check;
int put_user_u32(uint32_t __user *to, uint32_t value) __must_check;
int put_user_u64(uint64_t __user *to, uint64_t value) __must_check;
/** user_cmpxchg_u32() - atomic on a program's word. Return: 0 with the old value in @found, or -EFAULT. */
int user_cmpxchg_u32(uint32_t __user *to, uint32_t expected, uint32_t desired, uint32_t *found) __must_check;

#if WHITTLE_DEBUG
/* Whether or not there is a fault to serve. */
#define copy_from_user(...)    (may_sleep(), copy_from_user(__VA_ARGS__))
#define copy_to_user(...)      (may_sleep(), copy_to_user(__VA_ARGS__))
#define clear_user(...)        (may_sleep(), clear_user(__VA_ARGS__))
#define strncpy_from_user(...) (may_sleep(), strncpy_from_user(__VA_ARGS__))
#define get_user_u32(...)      (may_sleep(), get_user_u32(__VA_ARGS__))
#define get_user_u64(...)      (may_sleep(), get_user_u64(__VA_ARGS__))
#define put_user_u32(...)      (may_sleep(), put_user_u32(__VA_ARGS__))
#define put_user_u64(...)      (may_sleep(), put_user_u64(__VA_ARGS__))
#define user_cmpxchg_u32(...)  (may_sleep(), user_cmpxchg_u32(__VA_ARGS__))
#endif

/** copy_in(), copy_out() - a whole object, as errno. */
#define copy_in(object, from) (copy_from_user((object), (from), sizeof(*(object))) ? -EFAULT : 0)
#define copy_out(to, object)  (copy_to_user((to), (object), sizeof(*(object))) ? -EFAULT : 0)

#endif
