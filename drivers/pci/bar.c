/* Base address registers (PCI Local Bus 3.0, 6.2.5.1): where a function answers, in memory and at I/O ports. pci.h is
 * the contract. */
#include <arch/mmu.h>
#include "drivers/pci/config.h"
#include "drivers/pci/pci.h"

COMPONENT("pci", "PCI and PCI Express: finds devices");

#define BAR_MOST   (1ull << 40)
#define PORTS_MASK 0xfffcu /* of the address; PCs have 64 Ki ports */

/* The address bits of a BAR are those that can be written; 64-bit ones take two. Nothing answers meanwhile. */
struct pci_bar pci_bar_read(const struct pci_device *d, unsigned index)
{
	unsigned at = PCI_BASE_ADDRESS_0 + index * 4;
	uint32_t low = pci_read(d, at, 4), high = 0;
	struct pci_bar b = { .ports = low & PCI_BASE_ADDRESS_SPACE_IO };
	uint16_t command;
	uint64_t mask;

	b.wide = !b.ports && (low & PCI_BASE_ADDRESS_MEM_TYPE_MASK) == PCI_BASE_ADDRESS_MEM_TYPE_64;
	if (b.wide && index + 1 == PCI_BARS)
		return b;
	command = (uint16_t)pci_read(d, PCI_COMMAND, 2);
	pci_write(d, PCI_COMMAND, 2, command & ~(PCI_COMMAND_IO | PCI_COMMAND_MEMORY));
	pci_write(d, at, 4, UINT32_MAX);
	mask = pci_read(d, at, 4);
	pci_write(d, at, 4, low);
	if (b.wide) {
		high = pci_read(d, at + 4, 4);
		pci_write(d, at + 4, 4, UINT32_MAX);
		mask = (uint32_t)mask | (uint64_t)pci_read(d, at + 4, 4) << 32;
		pci_write(d, at + 4, 4, high);
	}
	pci_write(d, PCI_COMMAND, 2, command);
	mask &= b.ports ? PORTS_MASK : PCI_BASE_ADDRESS_MEM_MASK;
	if (!b.wide)
		mask = (uint32_t)mask;
	b.size = mask & -mask;
	b.address = b.ports ? low & PORTS_MASK : (low & (uint32_t)PCI_BASE_ADDRESS_MEM_MASK) | (uint64_t)high << 32;
	return b;
}

volatile char *pci_bar(struct pci_device *d, unsigned index, uint64_t *size)
{
	struct pci_bar b;

	if (index >= PCI_BARS)
		return NULL;
	*size = d->bars[index].size;
	if (d->bars[index].at)
		return d->bars[index].at;
	b = pci_bar_read(d, index);
	if (b.ports || !b.address || b.size < 16 || b.size > BAR_MOST || b.address & (b.size - 1))
		return NULL;
	*size = d->bars[index].size = b.size;
	d->bars[index].at = mmu_map_device(b.address, b.size);
	return d->bars[index].at;
}

uint16_t pci_port_bar(const struct pci_device *d, unsigned index, unsigned least)
{
	struct pci_bar b = index < PCI_BARS ? pci_bar_read(d, index) : (struct pci_bar){ 0 };

	return b.ports && b.size >= least && !(b.address & (b.size - 1)) ? (uint16_t)b.address : 0;
}
