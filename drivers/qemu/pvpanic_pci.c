/* pvpanic on PCI (QEMU, docs/specs/pvpanic): a byte of memory in the first BAR, used as the port of the other form (pvpanic.c). */
#include <core/log.h>
#include <core/power.h>
#include <linux/errno.h>
#include "drivers/driver.h"
#include "drivers/pci/pci.h"

COMPONENT("pvpanic-pci", "tells QEMU of a panic, by PCI");

#define VENDOR_REDHAT 0x1b36
#define ID_PVPANIC    0x0011
#define PANICKED      0x01

static volatile char *events __sealed;

static void tell(void)
{
	if (panicking && events && *events & PANICKED)
		*events = PANICKED;
}
SET_ENTRY(poweroff, pvpanic_pci, struct poweroff) = { "pvpanic-pci", tell, 1001, 0 };
SET_ENTRY(poweroff, pvpanic_pci_reset, struct poweroff) = { "pvpanic-pci", tell, 1001, POWEROFF_RESET };

static int pvpanic_attach(void *dev)
{
	uint64_t size;

	pci_enable(dev);
	events = pci_bar(dev, 0, &size);
	return events ? 0 : -ENODEV;
}
SET_ENTRY(driver, pvpanic_pci, struct driver) = { "pvpanic-pci", "pci", PCI_ID(VENDOR_REDHAT, ID_PVPANIC), pvpanic_attach };
