/* Interrupt pins (PCI Local Bus 3.0, 2.2.6, 6.2.4): which line of the interrupt controllers a function's pin leads to.
 * pci.h is the contract.
 *
 * Without AML it is what the firmware wrote into configuration space: on QEMU's pc and q35, as on PCs since ever, the line of
 * the old controllers to which it set the chipset's router, and which arrives at the I/O APIC's pin of the same number,
 * too. It is level-triggered, and active as ACPI's MADT says of that line. Left out: setting routers where nobody did;
 * devices have messages there. */
#include "drivers/pci/pci.h"
#include <linux/errno.h>

COMPONENT("pci", "PCI and PCI Express: finds devices");

#define LINE_NONE 0xffu

int pci_intx_request(const struct pci_device *d, struct irq_handler *h)
{
	unsigned pin = pci_read(d, PCI_INTERRUPT_PIN, 1), line = pci_read(d, PCI_INTERRUPT_LINE, 1);

	if (!pin || !line || line == LINE_NONE)
		return -ENODEV;
	pci_write(d, PCI_COMMAND, 2, pci_read(d, PCI_COMMAND, 2) & ~(unsigned)PCI_COMMAND_INTX_DISABLE);
	return irq_request(line, IRQ_LEVEL, h) ? -ENODEV : (int)line;
}
