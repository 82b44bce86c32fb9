/* The clock page of KVM and Xen (core/pvclock.h): its arithmetic, and copies that the host disturbs. */
/* UNIT: */
#include <core/pvclock.h>

#include "tests/unit/tap.h"

static const struct {
	uint32_t mul;
	int8_t shift;
	uint64_t delta, ns, hz;
} cases[] = {
	/* hz = 10^9 * 2^32 / mul, shifted the other way; as Linux computes mul and shift for these speeds */
	{ 0x80000000u, 1, 1000000, 1000000, 1000000000 },
	{ 0xc4ec4ec4u, -1, 2600000000u, 999999999, 2600000000u },
	{ 0xd5555555u, -1, 2400000000u, 999999999, 2400000001u },
	{ 0xffffffffu, 0, 5, 4, 1000000000 },
	{ 0x80000000u, 0, 1ull << 62, 1ull << 61, 2000000000 },
	{ 0xa0000000u, 3, 200, 1000, 200000000 },
	{ 0, 0, 1000, 0, 0 },
};

int main(void)
{
	struct pvclock_time t = { .version = 2 };
	uint32_t version;

	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		t.tsc_to_system_mul = cases[i].mul;
		t.tsc_shift = cases[i].shift;
		t.tsc_timestamp = 0x123456789abcull;
		t.system_time = 77;
		is((long long)pvclock_ns(&t, t.tsc_timestamp + cases[i].delta), (long long)cases[i].ns + 77,
		   "nanoseconds, case %u", i);
		ok(pvclock_hz(&t) - cases[i].hz + 2 <= 4, "ticks a second, case %u (%llu)", i, (unsigned long long)pvclock_hz(&t));
	}
	version = pvclock_copy_begin(&t);
	ok(pvclock_copy_done(&t, version), "a copy that nobody disturbs is whole");
	t.version += 2;
	ok(!pvclock_copy_done(&t, version), "one that the host has written to since is not");
	t.version |= 1;
	version = pvclock_copy_begin(&t);
	ok(!pvclock_copy_done(&t, version), "nor one that the host is writing to");
	return tap_done();
}
