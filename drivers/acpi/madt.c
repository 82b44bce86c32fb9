/* The processors that ACPI's MADT names (ACPI 6.4, 5.2.12): local APIC and x2APIC entries that are enabled. */
#include <core/cpu.h>
#include <core/init.h>
#include <drivers/acpi/tables.h>

COMPONENT("acpi", "tables in which firmware describes the machine");

#define MADT_FIRST_ENTRY 44
#define ENTRY_LAPIC      0
#define ENTRY_X2APIC     9
#define ENABLED          1u

static uint32_t get32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static void madt_start_processors(void)
{
	const struct acpi_header *madt = acpi_table("APIC");
	uint32_t ids[CPU_MAX];
	unsigned count = 0;

	if (!madt)
		return;
	for (uint32_t at = MADT_FIRST_ENTRY; at + 2 <= madt->length && count < CPU_MAX;) {
		const uint8_t *e = (const uint8_t *)madt + at;

		if (e[1] < 2 || e[1] > madt->length - at)
			break;
		if (e[0] == ENTRY_LAPIC && e[1] >= 8 && get32(e + 4) & ENABLED)
			ids[count++] = e[3];
		else if (e[0] == ENTRY_X2APIC && e[1] >= 16 && get32(e + 8) & ENABLED)
			ids[count++] = get32(e + 4);
		at += e[1];
	}
	if (count > 1)
		cpu_start_others(ids, count);
}
INITCALL(35, madt_start_processors);
