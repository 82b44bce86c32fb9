/* pvpanic (QEMU, docs/specs/pvpanic): tells the host that the kernel panicked, before the machine goes off or starts anew.
 *
 * It stands first among the ways to power off, where panics end, and is none: it says what happened and returns. Reading the port
 * gives the events that the host takes, 0xff where there is no such device. Left out: the device on PCI. x86 only. */
#include <arch/port.h>
#include <core/log.h>
#include <core/power.h>

COMPONENT("pvpanic", "tells QEMU of a panic");

#define PORT     0x505
#define PANICKED 0x01
#define NOBODY   0xff

static void tell(void)
{
	uint8_t events = inb(PORT);

	if (panicking && events != NOBODY && events & PANICKED)
		outb(PORT, PANICKED);
}
SET_ENTRY(poweroff, pvpanic, struct poweroff) = { "pvpanic", tell, 1000, 0 };
SET_ENTRY(poweroff, pvpanic_reset, struct poweroff) = { "pvpanic", tell, 1000, POWEROFF_RESET };
