/* Power off by ACPI's sleep control register, as hardware-reduced machines have it (ACPI 6.4, 4.8.3.7): QEMU's microvm.
 *
 * The register's address comes from the FADT; no AML is read: sleep type 5 is what QEMU's \_S5 says. */
#include <arch/mmu.h>
#include <core/power.h>
#include "drivers/acpi/tables.h"

COMPONENT("ged", "power off of QEMU's microvm");

#define SLEEP_ENABLE 0x20
#define SLEEP_TYPE_5 (5 << 2)

static void ged_off(void)
{
	const struct acpi_header *fadt = acpi_table("FACP");
	paddr_t address = fadt ? acpi_get(fadt, FADT_SLEEP_CONTROL + ACPI_ADDRESS_AT, 8) : 0;
	volatile char *at;

	if (!address || !(acpi_get(fadt, FADT_FLAGS, 4) & FADT_HARDWARE_REDUCED))
		return;
	at = (volatile char *)mmu_map_device(address, 1);
	if (!at)
		return;
	*at = SLEEP_TYPE_5 | SLEEP_ENABLE;
	machine_off_wait();
}
SET_ENTRY(poweroff, ged, struct poweroff) = { "ged", ged_off, 100, 0 };
