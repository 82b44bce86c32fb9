/* ACPI's power management timer as a clock (ACPI 6.4, 4.8.2.1 and 4.8.3.3): 3.58 MHz, 24 or 32 bits, one port read. For
 * machines with neither a TSC to trust nor an HPET, and to measure other counters by.
 *
 * The upper bits are kept here. So it must be read before it wraps once, after 4.7 s with 24 bits: where it is the clock, a
 * timer sees to that, and the machine is woken every two seconds. x86 only. */
#include <arch/port.h>
#include <core/clock.h>
#include <core/init.h>
#include <core/timer.h>
#include "drivers/acpi/tables.h"

COMPONENT("acpi-pm", "ACPI's PM timer as clock");

#define PM_TIMER_HZ   3579545u
#define PM_TIMER_LEN  4u
#define FADT_32_BITS  (1u << 8)
#define READ_AFTER_NS (2 * NSEC_PER_SEC)

static uint16_t port __sealed;
static uint64_t mask __sealed;
static uint64_t last; /* a: what was read last, with its upper bits */

static uint64_t pm_timer_read(void)
{
	/* The older value first: what the port says then is less than a round later. */
	uint64_t before = __atomic_load_n(&last, __ATOMIC_ACQUIRE), now = before + ((inl(port) - before) & mask);

	/* Who was faster has left a value that is as good as ours. */
	(void)__atomic_compare_exchange_n(&last, &before, now, false, __ATOMIC_RELEASE, __ATOMIC_RELAXED);
	return now;
}

static uint64_t pm_timer_probe(void)
{
	const struct acpi_header *fadt = acpi_table("FACP");
	uint64_t place = fadt ? acpi_get(fadt, FADT_PM_TIMER, 4) : 0;
	uint32_t first;

	if (!place || place > UINT16_MAX || acpi_get(fadt, FADT_PM_TIMER_LENGTH, 1) != PM_TIMER_LEN ||
	    acpi_get(fadt, FADT_FLAGS, 4) & FADT_HARDWARE_REDUCED)
		return 0;
	port = (uint16_t)place;
	mask = acpi_get(fadt, FADT_FLAGS, 4) & FADT_32_BITS ? UINT32_MAX : UINT32_MAX >> 8;
	first = inl(port);
	for (unsigned tries = 0; tries < 1000; tries++)
		if (inl(port) != first)
			return PM_TIMER_HZ;
	return 0;
}

SET_ENTRY(clocksource, acpi_pm, struct clocksource) = {
	"acpi_pm", pm_timer_read, pm_timer_probe, .rating = 200, .flags = CLOCKSOURCE_YARDSTICK,
};

static void read_again(struct timer *t)
{
	timer_arm(t, clock_monotonic_ns() + READ_AFTER_NS);
}

static void pm_timer_keep(void)
{
	static struct timer timer;

	if (strcmp(clock_source_name(), set_clocksource_acpi_pm.name))
		return;
	timer_init(&timer, read_again);
	read_again(&timer);
}
INITCALL(31, pm_timer_keep);
