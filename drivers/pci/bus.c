/* The bus "pci": walks functions and bridges, numbered and given addresses by the firmware (PCI Local Bus 3.0, 6.1,
 * 6.2.5, 6.7; PCI-to-PCI Bridge 1.2, 3.2), and offers each to drivers. pci.h is the contract.
 *
 * Left out: numbering of buses and addresses that the firmware did not give; more host bridges than those below bus 0;
 * hot plugging; I/O BARs.
 */
#include <arch/mmu.h>
#include "core/log.h"
#include "core/slab.h"
#include "drivers/driver.h"
#include "drivers/pci/config.h"
#include "drivers/pci/pci.h"
#include <linux/errno.h>

COMPONENT("pci", "PCI and PCI Express: finds devices");

#define CAPABILITIES_MAX 48u /* in 192 bytes: a list that is longer runs in a circle */
#define DEPTH_MAX        8u
#define CLASS_BRIDGE     0x06u
#define BAR_MOST         (1ull << 40)

void pci_enable(const struct pci_device *d)
{
	pci_write(d, PCI_COMMAND, 2,
		  pci_read(d, PCI_COMMAND, 2) | PCI_COMMAND_IO | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
}

unsigned pci_capability(const struct pci_device *d, uint8_t id, unsigned after)
{
	unsigned at;

	if (!(pci_read(d, PCI_STATUS, 2) & PCI_STATUS_CAP_LIST))
		return 0;
	at = pci_read(d, after ? after + PCI_CAP_LIST_NEXT : PCI_CAPABILITY_LIST, 1) & ~3u;
	for (unsigned i = 0; at >= PCI_STD_HEADER_SIZEOF && i < CAPABILITIES_MAX; i++) {
		if (pci_read(d, at + PCI_CAP_LIST_ID, 1) == id)
			return at;
		at = pci_read(d, at + PCI_CAP_LIST_NEXT, 1) & ~3u;
	}
	return 0;
}

/* The address bits of a BAR are those that can be written; 64-bit ones take two. Memory does not answer meanwhile. */
static uint64_t bar_size(const struct pci_device *d, unsigned at, uint32_t low, bool wide)
{
	uint16_t command = (uint16_t)pci_read(d, PCI_COMMAND, 2);
	uint32_t high = wide ? pci_read(d, at + 4, 4) : 0;
	uint64_t mask;

	pci_write(d, PCI_COMMAND, 2, command & ~(PCI_COMMAND_IO | PCI_COMMAND_MEMORY));
	pci_write(d, at, 4, UINT32_MAX);
	mask = pci_read(d, at, 4) & PCI_BASE_ADDRESS_MEM_MASK;
	pci_write(d, at, 4, low);
	if (wide) {
		pci_write(d, at + 4, 4, UINT32_MAX);
		mask = (uint32_t)mask | (uint64_t)pci_read(d, at + 4, 4) << 32;
		pci_write(d, at + 4, 4, high);
	} else {
		mask |= 0xffffffff00000000ull;
	}
	pci_write(d, PCI_COMMAND, 2, command);
	return mask & -mask;
}

volatile char *pci_bar(struct pci_device *d, unsigned index, uint64_t *size)
{
	unsigned at = PCI_BASE_ADDRESS_0 + index * 4;
	uint64_t address;
	uint32_t low;
	bool wide;

	if (index >= PCI_BARS)
		return NULL;
	*size = d->bars[index].size;
	if (d->bars[index].at)
		return d->bars[index].at;
	low = pci_read(d, at, 4);
	wide = (low & PCI_BASE_ADDRESS_MEM_TYPE_MASK) == PCI_BASE_ADDRESS_MEM_TYPE_64;
	if (low & PCI_BASE_ADDRESS_SPACE_IO || (wide && index + 1 == PCI_BARS))
		return NULL;
	address = (low & PCI_BASE_ADDRESS_MEM_MASK) & UINT32_MAX;
	if (wide)
		address |= (uint64_t)pci_read(d, at + 4, 4) << 32;
	*size = bar_size(d, at, low, wide);
	if (!address || *size < 16 || *size > BAR_MOST || address & (*size - 1))
		return NULL;
	d->bars[index].size = *size;
	d->bars[index].at = mmu_map_device(address, *size);
	return d->bars[index].at;
}

/* 6.2.4: the firmware writes there which line of the interrupt controllers the pin leads to. */
int pci_intx_request(const struct pci_device *d, struct irq_handler *h)
{
	unsigned pin = pci_read(d, PCI_INTERRUPT_PIN, 1), line = pci_read(d, PCI_INTERRUPT_LINE, 1);

	if (!pin || line == 0xff)
		return -ENODEV;
	pci_write(d, PCI_COMMAND, 2, pci_read(d, PCI_COMMAND, 2) & ~PCI_COMMAND_INTX_DISABLE);
	return irq_request(line, IRQ_LEVEL, h) ? -ENODEV : (int)line;
}

static void function(const struct pci_device *found, unsigned class)
{
	struct pci_device *d = kmalloc(sizeof(*d));
	int r;

	if (!d) {
		log_err("%s: no memory for it", found->name);
		return;
	}
	*d = *found;
	r = driver_attach("pci", PCI_ID(d->vendor, d->id), d);
	if (r == -ENODEV)
		r = driver_attach("pci", PCI_ID(d->vendor, PCI_ANY), d);
	if (!r)
		return;
	/* Bridges, and what firmware uses, need no driver of ours. */
	if (r == -ENODEV && class >> 8 != CLASS_BRIDGE)
		log_info("%s: PCI device %04x:%04x, class %04x, has no driver in this kernel", d->name, d->vendor, d->id, class);
	kfree(d);
}

static void scan_bus(unsigned bus, unsigned depth)
{
	struct pci_device d = { .bus = (uint8_t)bus };

	for (unsigned slot = 0; slot < 32; slot++) {
		unsigned functions = 1;

		for (unsigned f = 0; f < functions; f++) {
			unsigned header, below;

			d.slot = (uint8_t)slot;
			d.function = (uint8_t)f;
			d.vendor = (uint16_t)pci_read(&d, PCI_VENDOR_ID, 2);
			if (d.vendor == 0xffff || !d.vendor)
				continue;
			d.id = (uint16_t)pci_read(&d, PCI_DEVICE_ID, 2);
			format_text(d.name, sizeof(d.name), "0000:%02x:%02x.%u", bus, slot, f);
			header = pci_read(&d, PCI_HEADER_TYPE, 1);
			if (!f && header & 0x80)
				functions = 8;
			if ((header & 0x7f) == PCI_HEADER_TYPE_NORMAL)
				function(&d, pci_read(&d, PCI_CLASS_DEVICE, 2));
			if ((header & 0x7f) != PCI_HEADER_TYPE_BRIDGE || depth == DEPTH_MAX)
				continue;
			below = pci_read(&d, PCI_SECONDARY_BUS, 1);
			if (below > bus) /* else it has no number yet, or leads back */
				scan_bus(below, depth + 1);
		}
	}
}

static void pci_scan(void)
{
	if (pci_config_init())
		scan_bus(0, 0);
}
SET_ENTRY(bus, pci, struct bus) = { "pci", pci_scan, 0 };
