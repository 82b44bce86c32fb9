/* The clock page that KVM and Xen share with a guest (Linux, Documentation/virt/kvm/x86/msr.rst; Xen's vcpu_time_info).
 *
 * time = system_time + ((counter - tsc_timestamp) << tsc_shift) * tsc_to_system_mul >> 32 nanoseconds; a negative shift is
 * one to the right. The host makes version odd while it writes. Read by the kernel and, where the host says that all
 * processors' counters agree, by programs (exec/vdso).
 */
#ifndef CORE_PVCLOCK_H
#define CORE_PVCLOCK_H

#include <stdbool.h>
#include <stdint.h>

struct pvclock_time {
	uint32_t version;
	uint32_t reserved;
	uint64_t tsc_timestamp;
	uint64_t system_time;      /* nanoseconds */
	uint32_t tsc_to_system_mul;
	int8_t tsc_shift;
	uint8_t flags;
	uint8_t reserved2[2];
};
_Static_assert(sizeof(struct pvclock_time) == 32, "pvclock_vcpu_time_info");
#define PVCLOCK_TSC_STABLE 1u

struct pvclock_wall {
	uint32_t version;
	uint32_t seconds; /* of the epoch, when system_time was 0 */
	uint32_t nanoseconds;
};
_Static_assert(sizeof(struct pvclock_wall) == 12, "pvclock_wall_clock");

static inline uint64_t pvclock_ns(const struct pvclock_time *t, uint64_t counter)
{
	uint64_t delta = counter - t->tsc_timestamp;

	delta = t->tsc_shift < 0 ? delta >> (-t->tsc_shift & 63) : delta << (t->tsc_shift & 63);
	return t->system_time + (uint64_t)((unsigned __int128)delta * t->tsc_to_system_mul >> 32);
}

/** pvclock_hz() - how fast the counter runs; 0 if the page does not say. */
static inline uint64_t pvclock_hz(const struct pvclock_time *t)
{
	uint64_t hz = t->tsc_to_system_mul ? (1000000000ull << 32) / t->tsc_to_system_mul : 0;

	return t->tsc_shift < 0 ? hz << (-t->tsc_shift & 63) : hz >> (t->tsc_shift & 63);
}

/** pvclock_copy_begin(), pvclock_copy_done() - a copy that was taken between them is whole if the second says so. */
static inline uint32_t pvclock_copy_begin(const struct pvclock_time *shared)
{
	return __atomic_load_n(&shared->version, __ATOMIC_ACQUIRE); /* pairs with the host's */
}
static inline bool pvclock_copy_done(const struct pvclock_time *shared, uint32_t version)
{
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return !(version & 1) && version == *(const volatile uint32_t *)&shared->version;
}

#endif
