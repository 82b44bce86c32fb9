/* The high precision event timer's counter as a clock (IA-PC HPET 1.0a, 2.3), where ACPI's table HPET says it is.
 *
 * For machines whose TSC nobody can trust; reading it is an exit. Left out: 32-bit counters, which wrap within minutes,
 * and its comparators: each processor has a timer of its own. */
#include <arch/mmu.h>
#include <core/clock.h>
#include <core/page.h>
#include "drivers/acpi/tables.h"

COMPONENT("hpet", "HPET as clock");

#define HPET_TABLE_ADDRESS 40u /* a generic address */
#define HPET_BYTES         0x400u

enum hpet_register { HPET_CAPABILITIES = 0, HPET_PERIOD = 4, HPET_CONFIGURATION = 0x10, HPET_COUNTER = 0xf0 };
#define CAPABLE_64_BITS 0x2000u
#define CONFIG_ENABLE   1u
#define PERIOD_MOST     100000000u /* femtoseconds; 2.3.4 */
#define FEMTOSECONDS    1000000000000000ull

static volatile char *registers;

static uint32_t hpet_read32(enum hpet_register r)
{
	return *(volatile uint32_t *)(registers + r);
}

static uint64_t hpet_read(void)
{
	return *(volatile uint64_t *)(registers + HPET_COUNTER);
}

static uint64_t hpet_probe(void)
{
	const struct acpi_header *table = acpi_table("HPET");
	paddr_t address = table ? acpi_get(table, HPET_TABLE_ADDRESS + ACPI_ADDRESS_AT, 8) : 0;
	uint32_t period;

	if (!address || address % 8)
		return 0;
	registers = mmu_map_device(address, HPET_BYTES);
	if (!registers)
		return 0;
	period = hpet_read32(HPET_PERIOD);
	if (!period || period > PERIOD_MOST || !(hpet_read32(HPET_CAPABILITIES) & CAPABLE_64_BITS))
		return 0;
	*(volatile uint32_t *)(registers + HPET_CONFIGURATION) = hpet_read32(HPET_CONFIGURATION) | CONFIG_ENABLE;
	return FEMTOSECONDS / period;
}

SET_ENTRY(clocksource, hpet, struct clocksource) = { "hpet", hpet_read, hpet_probe, .rating = 250 };
