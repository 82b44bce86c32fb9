/* The power button as ACPI's fixed event (ACPI 6.4, 4.8.2.2.1.1, 4.8.3.1: PM1 events): QEMU's q35 and pc, most real
 * machines. Pressed, it asks the machine to stop. Buttons that only AML describes are not looked for. x86 only.
 */
#include <arch/port.h>
#include <core/init.h>
#include <core/irq.h>
#include <core/log.h>
#include <core/stop.h>
#include "drivers/acpi/tables.h"

COMPONENT("acpi-power", "power off by ACPI's PM1 registers");

#define PM1_BUTTON (1u << 8)

static uint16_t pm1_status; /* I; the enable register lies behind it */

static bool button_interrupt(void *unused)
{
	if (!(inw(pm1_status) & PM1_BUTTON))
		return false;
	outw(pm1_status, PM1_BUTTON);
	machine_stop();
	return true;
}

static struct irq_handler button_handler = { .handle = button_interrupt, .name = "acpi" };

static void acpi_button(void)
{
	const struct acpi_header *fadt = acpi_table("FACP");
	uint16_t enable;

	if (!fadt || acpi_get(fadt, FADT_FLAGS, 4) & FADT_HARDWARE_REDUCED)
		return;
	pm1_status = (uint16_t)acpi_get(fadt, FADT_PM1A_EVENT, 4);
	enable = (uint16_t)(pm1_status + acpi_get(fadt, FADT_PM1_EVENT_LENGTH, 1) / 2);
	if (!pm1_status || enable == pm1_status)
		return;
	acpi_enter_mode(fadt);
	outw(pm1_status, PM1_BUTTON);
	if (irq_request(irq_isa((unsigned)acpi_get(fadt, FADT_SCI_INTERRUPT, 2)), IRQ_LEVEL, &button_handler) == 0)
		outw(enable, PM1_BUTTON);
	else
		log_info("acpi: no interrupt for the power button");
}
INITCALL(50, acpi_button);
