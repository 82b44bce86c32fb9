/* The card "e1000e": Intel's 82574L, with the registers of the 8254x (e1000.c). One pair of queues, interrupts by MSI. */
#include "drivers/driver.h"
#include "drivers/net/e1000.h"
#include "drivers/pci/pci.h"

COMPONENT("e1000e", "Intel 82574L network card");

static int attach(void *dev)
{
	return e1000_start(dev, "e1000e");
}
SET_ENTRY(driver, e1000e, struct driver) = { "e1000e", "pci", PCI_ID(0x8086, 0x10d3), attach };
