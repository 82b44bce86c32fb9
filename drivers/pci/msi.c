/* MSI (PCI Local Bus 3.0, 6.8.1): one message, whose address and data lie in configuration space; and the choice among
 * the ways in which a device with a single interrupt can have it. pci.h is the contract.
 *
 * Left out: several messages of one device, which have to follow each other: devices that want them have MSI-X. */
#include "drivers/pci/pci.h"
#include <linux/errno.h>

COMPONENT("pci", "PCI and PCI Express: finds devices");

int pci_msi_request(const struct pci_device *d, unsigned cpu, struct irq_handler *h)
{
	unsigned at = pci_capability(d, PCI_CAP_ID_MSI, 0), flags, data;
	struct irq_message m;
	int line;

	if (!at)
		return -ENODEV;
	line = irq_request_message(h, cpu, &m);
	if (line < 0)
		return line;
	flags = pci_read(d, at + PCI_MSI_FLAGS, 2);
	pci_write(d, at + PCI_MSI_ADDRESS_LO, 4, (uint32_t)m.address);
	if (flags & PCI_MSI_FLAGS_64BIT)
		pci_write(d, at + PCI_MSI_ADDRESS_HI, 4, (uint32_t)(m.address >> 32));
	data = flags & PCI_MSI_FLAGS_64BIT ? PCI_MSI_DATA_64 : PCI_MSI_DATA_32;
	pci_write(d, at + data, 2, m.data);
	if (flags & PCI_MSI_FLAGS_MASKBIT)
		pci_write(d, at + (flags & PCI_MSI_FLAGS_64BIT ? PCI_MSI_MASK_64 : PCI_MSI_MASK_32), 4, 0);
	pci_write(d, at + PCI_MSI_FLAGS, 2, (flags & ~(unsigned)PCI_MSI_FLAGS_QSIZE) | PCI_MSI_FLAGS_ENABLE);
	return line;
}

void pci_msi_disable(const struct pci_device *d)
{
	unsigned at = pci_capability(d, PCI_CAP_ID_MSI, 0);

	if (at)
		pci_write(d, at + PCI_MSI_FLAGS, 2, pci_read(d, at + PCI_MSI_FLAGS, 2) & ~(unsigned)PCI_MSI_FLAGS_ENABLE);
}

int pci_interrupt_request(struct pci_device *d, struct irq_handler *h)
{
	int line;

	if (pci_msix_enable(d)) {
		line = pci_msix_request(d, 0, 0, h);
		if (line >= 0)
			return line;
		pci_msix_disable(d);
	}
	line = pci_msi_request(d, 0, h);
	return line >= 0 ? line : pci_intx_request(d, h);
}

void pci_interrupt_release(struct pci_device *d, int line, struct irq_handler *h)
{
	pci_msix_disable(d);
	pci_msi_disable(d);
	if (line >= 0)
		irq_release((unsigned)line, h);
}
