/* The high precision event timer's counter as a clock (IA-PC HPET 1.0a, 2.3), where ACPI's table HPET says it is.
 *
 * For machines whose TSC nobody can trust; reading it is two exits, as QEMU's registers have 32 bits and halves can be read
 * anywhere. Left out: counters of 32 bits, which wrap within minutes. */
#include <arch/mmu.h>
#include <core/clock.h>
#include <core/page.h>
#include <drivers/clock/hpet.h>
#include "drivers/acpi/tables.h"

COMPONENT("hpet", "HPET as clock and as timer");

#define HPET_TABLE_ADDRESS 40u /* a generic address */
#define HPET_BYTES         0x400u
#define PERIOD_MOST        100000000u /* femtoseconds; 2.3.4 */
#define FEMTOSECONDS       1000000000000000ull
#define ABOUT_TO_WRAP      0xf0000000u

static volatile char *registers __sealed;
static uint64_t ticks_a_second __sealed;

uint32_t hpet_get(enum hpet_register r)
{
	return *(volatile uint32_t *)(registers + r);
}

void hpet_put(enum hpet_register r, uint32_t v)
{
	*(volatile uint32_t *)(registers + r) = v;
}

uint64_t hpet_read(void)
{
	uint32_t low, high;

	do {
		low = hpet_get(HPET_COUNTER);
		high = hpet_get(HPET_COUNTER + 4);
	} while (unlikely(low >= ABOUT_TO_WRAP) && hpet_get(HPET_COUNTER) < low);
	return (uint64_t)high << 32 | low;
}

uint64_t hpet_find(void)
{
	static bool tried;
	const struct acpi_header *table;
	paddr_t address;
	uint32_t period;

	if (tried)
		return ticks_a_second;
	tried = true;
	table = acpi_table("HPET");
	address = table ? acpi_get(table, HPET_TABLE_ADDRESS + ACPI_ADDRESS_AT, 8) : 0;
	if (!address || address % 8)
		return 0;
	registers = mmu_map_device(address, HPET_BYTES);
	if (!registers)
		return 0;
	period = hpet_get(HPET_PERIOD);
	if (!period || period > PERIOD_MOST || !(hpet_get(HPET_CAPABILITIES) & HPET_CAPABLE_64_BITS))
		return 0;
	hpet_put(HPET_CONFIGURATION, hpet_get(HPET_CONFIGURATION) | HPET_ENABLE);
	ticks_a_second = FEMTOSECONDS / period;
	return ticks_a_second;
}

SET_ENTRY(clocksource, hpet, struct clocksource) = {
	"hpet", hpet_read, hpet_find, .rating = 250, .flags = CLOCKSOURCE_YARDSTICK,
};
