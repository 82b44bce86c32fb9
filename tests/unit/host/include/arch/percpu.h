/* Per-processor data, for unit tests: one processor, plain variables. */
#ifndef ARCH_PERCPU_H
#define ARCH_PERCPU_H

#define PERCPU(type, name) type name

#define percpu_get(var)             (var)
#define percpu_set(var, value)      ((void)((var) = (value)))
#define percpu_inc32(var)           ((void)(var)++)
#define percpu_and32(var, mask)     ((void)((var) &= (mask)))
#define percpu_or32(var, mask)      ((void)((var) |= (mask)))
#define percpu_dec32_is_zero(var)   (--(var) == 0)
#define percpu_ptr(var)             (&(var))

extern uintptr_t percpu_base;

#endif
