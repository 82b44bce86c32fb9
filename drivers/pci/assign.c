/* Bus numbers and addresses for what the firmware gave none (PCI Local Bus 3.0, 6.2.5.1; PCI-to-PCI Bridge 1.2, 3.2.5):
 * where there is no firmware, or one that leaves PCI to the kernel, as QEMU's qboot does.
 *
 * What has a number or an address keeps it. Memory is given out from the end of RAM, at least 3 GiB, up to what is in use
 * there: other BARs, the window of configuration space, the I/O APIC. Bridges get one window of each kind, of memory below
 * 4 GiB: prefetchable BARs may lie in it, too. Start-up, one thread.
 * Left out: room for what firmware left without an address behind a bridge whose window it did set; addresses above 4 GiB.
 */
#include "core/boot_info.h"
#include "core/log.h"
#include "drivers/pci/config.h"
#include "drivers/pci/pci.h"

COMPONENT("pci", "PCI and PCI Express: finds devices");

#define MEMORY_FIRST  0xc0000000ull
#define MEMORY_END    0xfe000000ull
#define FOUR_GIB      0x100000000ull
#define PORTS_FIRST   0xc000u
#define PORTS_END     0x10000u
#define MEMORY_WINDOW 0x100000u /* what windows of bridges are multiples of */
#define PORTS_WINDOW  0x1000u

/* What is left: [0] of memory, [1] of ports. */
struct room {
	uint64_t next, end;
};
static struct room rooms[2];
static unsigned last_bus;
static bool unnumbered;

static void look(struct pci_device *d, unsigned header, void *data)
{
	unsigned below;

	for (unsigned i = 0; i < (header == PCI_HEADER_TYPE_BRIDGE ? 2 : PCI_BARS); i++) {
		struct pci_bar b = pci_bar_read(d, i);
		struct room *r = &rooms[b.ports];

		if (b.size && b.address >= r->next && b.address < r->end)
			r->end = b.address;
		i += b.wide;
	}
	if (header != PCI_HEADER_TYPE_BRIDGE)
		return;
	below = pci_read(d, PCI_SECONDARY_BUS, 1);
	if (below <= d->bus)
		unnumbered = true;
	else
		pci_for_each(below, look, data);
}

static void number(struct pci_device *d, unsigned header, void *data)
{
	unsigned depth = *(unsigned *)data + 1;

	if (header != PCI_HEADER_TYPE_BRIDGE || depth > PCI_DEPTH_MAX || last_bus == PCI_BUS_LAST)
		return;
	pci_write(d, PCI_PRIMARY_BUS, 1, d->bus);
	pci_write(d, PCI_SECONDARY_BUS, 1, ++last_bus);
	pci_write(d, PCI_SUBORDINATE_BUS, 1, PCI_BUS_LAST); /* until what is below is known */
	pci_for_each(last_bus, number, &depth);
	pci_write(d, PCI_SUBORDINATE_BUS, 1, last_bus);
}

static bool align(struct room *r, uint64_t to)
{
	uint64_t at = ALIGN_UP(r->next, to);

	if (at < r->next || at > r->end)
		return false;
	r->next = at;
	return true;
}

static void place(struct pci_device *d, unsigned index, const struct pci_bar *b)
{
	struct room *r = &rooms[b->ports];
	unsigned at = PCI_BASE_ADDRESS_0 + index * 4;

	if (b->size > r->end - r->next || !align(r, b->size) || b->size > r->end - r->next) {
		log_warn("%s: no room for the %llu bytes of its BAR %u", d->name, (unsigned long long)b->size, index);
		return;
	}
	pci_write(d, at, 4, (uint32_t)r->next);
	if (b->wide)
		pci_write(d, at + 4, 4, 0);
	r->next += b->size;
}

static void assign(struct pci_device *d, unsigned header, void *data);

/* Windows that are closed are made to hold what is behind the bridge. */
static void assign_behind(struct pci_device *d, unsigned depth)
{
	unsigned base = pci_read(d, PCI_MEMORY_BASE, 2), limit = pci_read(d, PCI_MEMORY_LIMIT, 2);
	unsigned ports_base = pci_read(d, PCI_IO_BASE, 1), ports_limit = pci_read(d, PCI_IO_LIMIT, 1);
	bool open = base && base <= limit;
	bool ports_open = ports_base & PCI_IO_RANGE_MASK && ports_base <= ports_limit;
	struct room from[2];

	if (open || ports_open || !align(&rooms[0], MEMORY_WINDOW) || !align(&rooms[1], PORTS_WINDOW))
		return;
	memcpy(from, rooms, sizeof(from));
	pci_for_each(pci_read(d, PCI_SECONDARY_BUS, 1), assign, &depth);
	if (!align(&rooms[0], MEMORY_WINDOW))
		rooms[0].next = rooms[0].end;
	if (!align(&rooms[1], PORTS_WINDOW))
		rooms[1].next = rooms[1].end;
	/* A base above its limit closes a window. */
	pci_write(d, PCI_MEMORY_BASE, 2, (uint32_t)(from[0].next >> 16 & 0xfff0));
	pci_write(d, PCI_MEMORY_LIMIT, 2, (uint32_t)((rooms[0].next - 1) >> 16 & 0xfff0));
	pci_write(d, PCI_PREF_MEMORY_BASE, 2, 0xfff0);
	pci_write(d, PCI_PREF_MEMORY_LIMIT, 2, 0);
	pci_write(d, PCI_IO_BASE, 1, (uint32_t)(from[1].next >> 8 & 0xf0));
	pci_write(d, PCI_IO_LIMIT, 1, (uint32_t)((rooms[1].next - 1) >> 8 & 0xf0));
}

static void assign(struct pci_device *d, unsigned header, void *data)
{
	unsigned depth = *(unsigned *)data + 1;

	for (unsigned i = 0; i < (header == PCI_HEADER_TYPE_BRIDGE ? 2 : PCI_BARS); i++) {
		struct pci_bar b = pci_bar_read(d, i);

		if (b.size && !b.address)
			place(d, i, &b);
		i += b.wide;
	}
	if (header == PCI_HEADER_TYPE_BRIDGE && depth <= PCI_DEPTH_MAX && pci_read(d, PCI_SECONDARY_BUS, 1) > d->bus)
		assign_behind(d, depth);
}

void pci_assign(void)
{
	uint64_t start = MEMORY_FIRST;
	unsigned depth = 0;

	for (unsigned i = 0; i < boot_info.memory_count; i++) {
		uint64_t end = boot_info.memory[i].start + boot_info.memory[i].size;

		if (boot_info.memory[i].start < FOUR_GIB)
			start = MAX(start, MIN(end, MEMORY_END));
	}
	rooms[0] = (struct room){ ALIGN_UP(start, MEMORY_WINDOW), MEMORY_END };
	if (pci_ecam_place() >= start && pci_ecam_place() < MEMORY_END)
		rooms[0].end = pci_ecam_place();
	rooms[1] = (struct room){ PORTS_FIRST, PORTS_END };
	pci_for_each(0, look, NULL);
	if (unnumbered)
		pci_for_each(0, number, &depth);
	pci_for_each(0, assign, &depth);
}
