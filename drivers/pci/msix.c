/* MSI-X (PCI Local Bus 3.0, 6.8.2): a table in a BAR, each entry the message of one interrupt. pci.h is the contract. */
#include "drivers/pci/pci.h"
#include <linux/errno.h>

COMPONENT("pci", "PCI and PCI Express: finds devices");

static volatile uint32_t *entry(const struct pci_device *d, unsigned index, unsigned field)
{
	return (volatile uint32_t *)(d->msix_table + index * PCI_MSIX_ENTRY_SIZE + field);
}

static void set_flags(const struct pci_device *d, unsigned at, uint32_t clear, uint32_t set)
{
	pci_write(d, at + PCI_MSIX_FLAGS, 2, (pci_read(d, at + PCI_MSIX_FLAGS, 2) & ~clear) | set);
}

unsigned pci_msix_enable(struct pci_device *d)
{
	unsigned at = pci_capability(d, PCI_CAP_ID_MSIX, 0), count;
	uint32_t table, offset;
	uint64_t size = 0;
	volatile char *bar;

	if (!at)
		return 0;
	count = (pci_read(d, at + PCI_MSIX_FLAGS, 2) & PCI_MSIX_FLAGS_QSIZE) + 1;
	table = pci_read(d, at + PCI_MSIX_TABLE, 4);
	offset = table & PCI_MSIX_TABLE_OFFSET;
	bar = pci_bar(d, table & PCI_MSIX_TABLE_BIR, &size);
	if (!bar || offset > size || size - offset < count * PCI_MSIX_ENTRY_SIZE)
		return 0;
	d->msix_table = bar + offset;
	d->msix_count = count;
	set_flags(d, at, 0, PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL);
	for (unsigned i = 0; i < count; i++)
		*entry(d, i, PCI_MSIX_ENTRY_VECTOR_CTRL) = PCI_MSIX_ENTRY_CTRL_MASKBIT;
	set_flags(d, at, PCI_MSIX_FLAGS_MASKALL, 0);
	return count;
}

int pci_msix_request(struct pci_device *d, unsigned index, unsigned cpu, struct irq_handler *h)
{
	struct irq_message m;
	int line;

	if (index >= d->msix_count)
		return -EINVAL;
	line = irq_request_message(h, cpu, &m);
	if (line < 0)
		return line;
	*entry(d, index, PCI_MSIX_ENTRY_LOWER_ADDR) = (uint32_t)m.address;
	*entry(d, index, PCI_MSIX_ENTRY_UPPER_ADDR) = (uint32_t)(m.address >> 32);
	*entry(d, index, PCI_MSIX_ENTRY_DATA) = m.data;
	*entry(d, index, PCI_MSIX_ENTRY_VECTOR_CTRL) = 0;
	return line;
}

void pci_msix_disable(struct pci_device *d)
{
	unsigned at = pci_capability(d, PCI_CAP_ID_MSIX, 0);

	if (!d->msix_table)
		return;
	set_flags(d, at, PCI_MSIX_FLAGS_ENABLE, 0);
	d->msix_table = NULL;
	d->msix_count = 0;
}
