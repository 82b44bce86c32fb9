/* Power off by ACPI's sleep control register, as hardware-reduced machines have it (ACPI 6.4, 4.8.3.7), and the power
 * button as a generic event (5.6.9): QEMU's microvm.
 *
 * The register's address comes from the FADT; no AML is read: sleep type 5, the place of the event register and its
 * interrupt are what QEMU's AML says. */
#include <arch/mmu.h>
#include <core/init.h>
#include <core/irq.h>
#include <core/power.h>
#include <core/stop.h>
#include "drivers/acpi/tables.h"

COMPONENT("ged", "power off of QEMU's microvm");

#define SLEEP_ENABLE 0x20
#define SLEEP_TYPE_5 (5 << 2)

#define EVENT_BELOW  0x200 /* bytes from the event register to the sleep control register */
#define EVENT_BUTTON 0x02  /* reading the register clears it */
#define EVENT_LINE   9

/* 0: there is none. */
static paddr_t sleep_control(void)
{
	const struct acpi_header *fadt = acpi_table("FACP");

	if (!fadt || !(acpi_get(fadt, FADT_FLAGS, 4) & FADT_HARDWARE_REDUCED))
		return 0;
	return acpi_get(fadt, FADT_SLEEP_CONTROL + ACPI_ADDRESS_AT, 8);
}

static volatile uint32_t *event; /* I */

static bool ged_interrupt(void *unused)
{
	uint32_t what = *event;

	if (what & EVENT_BUTTON)
		machine_stop();
	return what;
}

static struct irq_handler ged_handler = { .handle = ged_interrupt, .name = "acpi" };

static void ged_button(void)
{
	paddr_t address = sleep_control();

	if (address <= EVENT_BELOW)
		return;
	event = (volatile uint32_t *)mmu_map_device(address - EVENT_BELOW, sizeof(*event));
	if (event)
		(void)irq_request(EVENT_LINE, IRQ_EDGE, &ged_handler); /* without it the machine runs as well */
}
INITCALL(50, ged_button);

static void ged_off(void)
{
	paddr_t address = sleep_control();
	volatile char *at;

	if (!address)
		return;
	at = (volatile char *)mmu_map_device(address, 1);
	if (!at)
		return;
	*at = SLEEP_TYPE_5 | SLEEP_ENABLE;
	machine_off_wait();
}
SET_ENTRY(poweroff, ged, struct poweroff) = { "ged", ged_off, 100, 0 };
