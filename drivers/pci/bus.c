/* The bus "pci": walks functions and bridges (PCI Local Bus 3.0, 6.1, 6.7; PCI-to-PCI Bridge 1.2, 3.2), and offers each
 * function to drivers, after assign.c gave addresses to what has none. pci.h is the contract.
 *
 * Left out: more host bridges than those below bus 0; hot plugging.
 */
#include "core/log.h"
#include "core/slab.h"
#include "drivers/driver.h"
#include "drivers/pci/config.h"
#include "drivers/pci/pci.h"
#include <linux/errno.h>

COMPONENT("pci", "PCI and PCI Express: finds devices");

#define CAPABILITIES_MAX 48u /* in 192 bytes: a list that is longer runs in a circle */
#define CLASS_BRIDGE     0x06u

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
	if (r == -ENODEV)
		r = driver_attach("pci", PCI_CLASS(pci_read(d, PCI_CLASS_REVISION, 4) >> 8), d);
	if (!r)
		return;
	/* Bridges, and what firmware uses, need no driver of ours. */
	if (r == -ENODEV && class >> 8 != CLASS_BRIDGE)
		log_info("%s: PCI device %04x:%04x, class %04x, has no driver in this kernel", d->name, d->vendor, d->id, class);
	kfree(d);
}

void pci_for_each(unsigned bus, void (*call)(struct pci_device *d, unsigned header, void *data), void *data)
{
	struct pci_device d = { .bus = (uint8_t)bus };

	for (unsigned slot = 0; slot < 32; slot++) {
		unsigned functions = 1;

		for (unsigned f = 0; f < functions; f++) {
			unsigned header;

			d.slot = (uint8_t)slot;
			d.function = (uint8_t)f;
			d.vendor = (uint16_t)pci_read(&d, PCI_VENDOR_ID, 2);
			if (d.vendor == 0xffff || !d.vendor)
				continue;
			d.id = (uint16_t)pci_read(&d, PCI_DEVICE_ID, 2);
			header = pci_read(&d, PCI_HEADER_TYPE, 1);
			if (!f && header & 0x80)
				functions = 8;
			format_text(d.name, sizeof(d.name), "0000:%02x:%02x.%u", bus, slot, f);
			call(&d, header & 0x7f, data);
		}
	}
}

static void found(struct pci_device *d, unsigned header, void *data)
{
	unsigned depth = *(unsigned *)data + 1, below;

	if (header == PCI_HEADER_TYPE_NORMAL)
		function(d, pci_read(d, PCI_CLASS_DEVICE, 2));
	if (header != PCI_HEADER_TYPE_BRIDGE || depth > PCI_DEPTH_MAX)
		return;
	below = pci_read(d, PCI_SECONDARY_BUS, 1);
	if (below > d->bus) { /* else it has no number, or leads back */
		pci_enable(d); /* what is behind it may read and write memory, and be reached */
		pci_for_each(below, found, &depth);
	}
}

static void pci_scan(void)
{
	unsigned depth = 0;

	if (!pci_config_init())
		return;
	pci_assign();
	pci_for_each(0, found, &depth);
}
SET_ENTRY(bus, pci, struct bus) = { "pci", pci_scan, 0 };
