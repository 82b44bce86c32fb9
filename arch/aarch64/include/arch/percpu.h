/* Per-processor data: TPIDR_EL1 is this processor's copy minus the template in section .percpu.
 *
 * Unlike on x86-64 an access is several instructions: preemption is off around all of them but percpu_get() of what
 * moves with the thread. */
#ifndef ARCH_PERCPU_H
#define ARCH_PERCPU_H

#define PERCPU(type, name) type name __attribute__((section(".percpu"), used))

/** percpu_here() - where this processor's copy is, less the template's address. */
static inline uintptr_t percpu_here(void)
{
	uintptr_t base;

	__asm__ volatile("mrs %0, tpidr_el1" : "=r"(base));
	return base;
}

/** percpu_ptr() - where this processor's copy of @var is. Preemption is off while the pointer is in use. */
#define percpu_ptr(var)        ((__typeof__(var) *)((char *)&(var) + percpu_here()))
#define percpu_get(var)        (*(volatile __typeof__(var) *)percpu_ptr(var))
#define percpu_set(var, value) ((void)(*(volatile __typeof__(var) *)percpu_ptr(var) = (value)))
#define percpu_inc32(var)      ((void)++*percpu_ptr(var))
#define percpu_and32(var, m)   ((void)(*percpu_ptr(var) &= (m)))
#define percpu_or32(var, m)    ((void)(*percpu_ptr(var) |= (m)))
#define percpu_dec32_is_zero(var) (--*percpu_ptr(var) == 0)

#endif
