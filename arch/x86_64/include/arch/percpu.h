/* Per-processor data: section .percpu is a template, GS base is this processor's copy minus the template.
 *
 * A variable is defined by PERCPU(type, name) and reached only through these; each is a single instruction, so that
 * it is right even where preemption is on (though then the value may be another processor's a moment later).
 */
#ifndef ARCH_PERCPU_H
#define ARCH_PERCPU_H

#define PERCPU(type, name) type name __attribute__((section(".percpu"), used))

#define percpu_get(var)                                                                            \
	({                                                                                         \
		__typeof__(var) percpu_v_;                                                         \
		__asm__ volatile("mov %%gs:" #var "(%%rip), %0" : "=r"(percpu_v_));                \
		percpu_v_;                                                                         \
	})
#define percpu_set(var, value)                                                                     \
	__asm__ volatile("mov %0, %%gs:" #var "(%%rip)" : : "r"((__typeof__(var))(value)) : "memory")
#define percpu_inc32(var) __asm__ volatile("incl %%gs:" #var "(%%rip)" : : : "memory", "cc")
#define percpu_and32(var, mask)                                                                    \
	__asm__ volatile("andl %0, %%gs:" #var "(%%rip)" : : "er"(mask) : "memory", "cc")
#define percpu_or32(var, mask)                                                                     \
	__asm__ volatile("orl %0, %%gs:" #var "(%%rip)" : : "er"(mask) : "memory", "cc")
#define percpu_dec32_is_zero(var)                                                                  \
	({                                                                                         \
		bool percpu_z_;                                                                    \
		__asm__ volatile("decl %%gs:" #var "(%%rip)" : "=@ccz"(percpu_z_) : : "memory");   \
		percpu_z_;                                                                         \
	})

extern uintptr_t percpu_base; /* percpu: what GS base holds */

/** percpu_ptr() - where this processor's copy of @var is. Preemption is off while the pointer is in use. */
#define percpu_ptr(var) ((__typeof__(var) *)((char *)&(var) + percpu_get(percpu_base)))

/** percpu_here() - where this processor's copy is, less the template's address. */
static inline uintptr_t percpu_here(void)
{
	return percpu_get(percpu_base);
}

#endif
