/* The I/O APICs that ACPI's MADT names (ACPI 6.4, 5.2.12.3), and which of their lines the old ones of a PC are (5.2.12.5).
 *
 * Polarity is taken from there; how a line is triggered its driver knows. Left out: lines for non-maskable interrupts. x86 only. */
#include <arch/apic.h>
#include <core/init.h>
#include <core/irq.h>
#include "drivers/acpi/tables.h"

COMPONENT("acpi-interrupts", "I/O APICs as ACPI's tables name them");

#define MADT_FIRST_ENTRY 44u
#define ENTRY_IOAPIC     1u
#define ENTRY_OVERRIDE   2u
#define POLARITY         3u
#define ACTIVE_LOW       3u

static void madt_interrupts(void)
{
	const struct acpi_header *madt = apic_present() ? acpi_table("APIC") : NULL;
	uint32_t length;

	for (uint32_t at = MADT_FIRST_ENTRY; madt && (length = (uint32_t)acpi_get(madt, at + 1, 1)) >= 2; at += length) {
		uint64_t type = acpi_get(madt, at, 1);

		if (length > madt->length - at)
			break;
		if (type == ENTRY_IOAPIC && length >= 12)
			ioapic_found((paddr_t)acpi_get(madt, at + 4, 4), (unsigned)acpi_get(madt, at + 8, 4));
		else if (type == ENTRY_OVERRIDE && length >= 10 && !acpi_get(madt, at + 2, 1))
			irq_isa_override((unsigned)acpi_get(madt, at + 3, 1), (unsigned)acpi_get(madt, at + 4, 4),
					 (acpi_get(madt, at + 8, 2) & POLARITY) == ACTIVE_LOW);
	}
}
INITCALL(21, madt_interrupts);
