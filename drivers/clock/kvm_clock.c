/* KVM's clock (Linux, Documentation/virt/kvm/x86/msr.rst and cpuid.rst): nanoseconds since the machine began, from a page that
 * each processor asks the host to keep right for it (core/pvclock.h). Programs read the first processor's part themselves.
 *
 * The wall clock is the host's, too. Left out: the older registers of before Linux 2.6.35. x86 only. */
#include <arch/cpu.h>
#include <core/clock.h>
#include <core/cpu.h>
#include <core/init.h>
#include <core/log.h>
#include <core/page.h>
#include <core/preempt.h>
#include <drivers/clock/kvm_clock.h>
#include <drivers/clock/pvclock.h>

COMPONENT("kvm-clock", "KVM's clock");

#define FEATURE_CLOCK    (1u << 3)   /* the registers below */
#define MSR_WALL_CLOCK   0x4b564d00u
#define MSR_SYSTEM_TIME  0x4b564d01u
#define SYSTEM_TIME_ON   1u

static struct pvclock_time *times __sealed; /* by processor, a page of them; NULL: not there */

_Static_assert(CPU_MAX * sizeof(struct pvclock_time) + sizeof(struct pvclock_wall) <= PAGE_SIZE, "one page");

static bool host_has_clock(void)
{
	uint32_t leaf = cpuid_hypervisor("KVMKVMKVM\0\0");

	return leaf && cpuid(leaf + 1, 0).eax & FEATURE_CLOCK;
}

static paddr_t place_of(const void *p)
{
	return clock_host_page + ((uintptr_t)p & (PAGE_SIZE - 1));
}

static void kvm_clock_start(void)
{
	wrmsr(MSR_SYSTEM_TIME, place_of(&times[percpu_get(this_cpu)]) | SYSTEM_TIME_ON);
}

static unsigned this_part(void)
{
	return percpu_get(this_cpu);
}

static struct pvclock_parts parts = { .stride = sizeof(struct pvclock_time), .index = this_part };

static bool set_up(void)
{
	static bool tried;
	struct page *page;

	if (tried)
		return times != NULL;
	tried = true;
	page = host_has_clock() ? page_alloc(0, PAGE_ZERO) : NULL;
	if (!page)
		return false;
	clock_host_page = page_paddr(page);
	times = page_address(page);
	parts.first = (const char *)times;
	kvm_clock_start();
	if (!READ_ONCE(times[0].version))
		times = NULL;
	else
		log_info("kvm-clock: %s", READ_ONCE(times[0].flags) & PVCLOCK_TSC_STABLE ? "programs read it" : "the kernel reads it");
	return times != NULL;
}

static uint64_t kvm_clock_read(void)
{
	return pvclock_read(&parts);
}

uint64_t kvm_clock_tsc_hz(void)
{
	struct pvclock_time copy;

	if (!set_up())
		return 0;
	(void)pvclock_copy(&parts, &copy);
	return pvclock_hz(&copy);
}

static uint64_t kvm_clock_probe(void)
{
	return set_up() ? NSEC_PER_SEC : 0;
}

SET_ENTRY(clocksource, kvm_clock, struct clocksource) = {
	"kvm-clock", kvm_clock_read, kvm_clock_probe, kvm_clock_start, .rating = 350, .flags = CLOCKSOURCE_PVCLOCK,
};

/* Seconds and nanoseconds of the epoch when the host's clock was 0; exact, where the battery clock has whole seconds. */
static void kvm_wall_clock(void)
{
	struct pvclock_wall *wall;
	struct pvclock_time copy;

	if (!times)
		return;
	wall = (struct pvclock_wall *)((char *)times + PAGE_SIZE) - 1;
	wrmsr(MSR_WALL_CLOCK, place_of(wall));
	if (READ_ONCE(wall->version) & 1 || !READ_ONCE(wall->seconds))
		return;
	clock_set_realtime(wall->seconds * NSEC_PER_SEC + wall->nanoseconds + pvclock_copy(&parts, &copy));
}
INITCALL(31, kvm_wall_clock);
