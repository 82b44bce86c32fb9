/* The cards "e1000": those of Intel's 8254x that hypervisors have (82540EM, 82544GC, 82545EM: e1000.c). */
#include "drivers/driver.h"
#include "drivers/net/e1000.h"
#include "drivers/pci/pci.h"

COMPONENT("e1000", "Intel 8254x network card");

static int attach(void *dev)
{
	return e1000_start(dev, "e1000");
}
SET_ENTRY(driver, e1000_82540em, struct driver) = { "e1000", "pci", PCI_ID(0x8086, 0x100e), attach };
SET_ENTRY(driver, e1000_82544gc, struct driver) = { "e1000", "pci", PCI_ID(0x8086, 0x100c), attach };
SET_ENTRY(driver, e1000_82545em, struct driver) = { "e1000", "pci", PCI_ID(0x8086, 0x100f), attach };
SET_ENTRY(driver, e1000_82543gc, struct driver) = { "e1000", "pci", PCI_ID(0x8086, 0x1004), attach };
