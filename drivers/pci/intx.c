/* Interrupt pins (PCI Local Bus 3.0, 2.2.6): which line of the interrupt controllers a function's pin leads to, without
 * AML. pci.h is the contract.
 *
 * Firmware writes the line into configuration space (6.2.4): on QEMU's pc and q35, as on PCs since ever, the one of the old
 * controllers to which it set the chipset's router, and which arrives at the I/O APIC's pin of the same number, too. Where
 * nobody did, the router is set here: Intel's PIIX3 (82371SB datasheet, 2.2.4: PIRQRC) and ICH9 (LPC bridge, 13.1.11 and
 * 13.1.15), with the wiring of QEMU's boards (a slot's pins are turned by its number). Such lines are level-triggered.
 */
#include "drivers/pci/config.h"
#include "drivers/pci/pci.h"
#include <arch/port.h>
#include <linux/errno.h>

COMPONENT("pci", "PCI and PCI Express: finds devices");

#define LINE_NONE  0xffu
#define PIIX3      PCI_ID(0x8086, 0x7000)
#define ICH9       PCI_ID(0x8086, 0x2918)
#define ROUTES_A   0x60u /* to 0x63: PIRQ A to D */
#define ROUTES_E   0x68u /* to 0x6b: E to H; ICH9 only */
#define ROUTE_OFF  0x80u
#define ROUTE_LINE 11u
#define ELCR       0x4d0 /* edge or level, a bit a line */

static const struct pci_device piix3_at = { .slot = 1 }, ich9_at = { .slot = 31 };

static uint64_t identity(const struct pci_device *d)
{
	return PCI_ID(pci_read(d, PCI_VENDOR_ID, 2), pci_read(d, PCI_DEVICE_ID, 2));
}

/* What a search for a function's bridge carries. */
struct path {
	unsigned bus;            /* looked for */
	struct pci_device above; /* the bridge that leads to it */
	bool found;
};

static void look(struct pci_device *d, unsigned header, void *data)
{
	struct path *p = data;

	if (p->found || header != PCI_HEADER_TYPE_BRIDGE)
		return;
	if (pci_read(d, PCI_SECONDARY_BUS, 1) == p->bus) {
		p->above = *d;
		p->found = true;
	} else if (pci_read(d, PCI_SECONDARY_BUS, 1) > d->bus && pci_read(d, PCI_SUBORDINATE_BUS, 1) >= p->bus) {
		pci_for_each(pci_read(d, PCI_SECONDARY_BUS, 1), look, p);
	}
}

/* Behind bridges pins are turned by the slot, once a bridge (PCI-to-PCI Bridge 1.2, 9.1). */
static __cold bool to_bus_0(unsigned bus, unsigned *slot, unsigned *pin)
{
	for (unsigned depth = 0; bus; depth++) {
		struct path p = { .bus = bus };

		pci_for_each(0, look, &p);
		if (!p.found || depth == PCI_DEPTH_MAX)
			return false;
		*pin = (*pin + *slot) % 4;
		*slot = p.above.slot;
		bus = p.above.bus;
	}
	return true;
}

static __cold unsigned set_route(const struct pci_device *d, unsigned pin)
{
	const struct pci_device *router;
	unsigned slot = d->slot, at, line;

	if (!to_bus_0(d->bus, &slot, &pin))
		return LINE_NONE;
	if (identity(&piix3_at) == PIIX3) {
		router = &piix3_at;
		at = ROUTES_A + (pin + slot + 3) % 4;
	} else if (identity(&ich9_at) == ICH9 && slot < 25) { /* the chipset's own functions are routed by registers of theirs */
		router = &ich9_at;
		at = ROUTES_E + (pin + slot) % 4;
	} else {
		return LINE_NONE;
	}
	line = pci_read(router, at, 1);
	if (line & ROUTE_OFF || !line) {
		line = ROUTE_LINE;
		pci_write(router, at, 1, line);
	}
	line &= 0xf;
	outb(ELCR + line / 8, (uint8_t)(inb(ELCR + line / 8) | 1u << line % 8));
	pci_write(d, PCI_INTERRUPT_LINE, 1, line);
	return line;
}

int pci_intx_request(const struct pci_device *d, struct irq_handler *h)
{
	unsigned pin = pci_read(d, PCI_INTERRUPT_PIN, 1), line = pci_read(d, PCI_INTERRUPT_LINE, 1);

	if (!pin || pin > 4)
		return -ENODEV;
	if (!line || line == LINE_NONE)
		line = set_route(d, pin - 1);
	if (line == LINE_NONE)
		return -ENODEV;
	pci_write(d, PCI_COMMAND, 2, pci_read(d, PCI_COMMAND, 2) & ~(unsigned)PCI_COMMAND_INTX_DISABLE);
	return irq_request(line, IRQ_LEVEL, h) ? -ENODEV : (int)line;
}
