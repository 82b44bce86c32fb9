/* What the files of this folder share: ways to configuration space, the walk over a bus, addresses of functions. */
#ifndef DRIVERS_PCI_CONFIG_H
#define DRIVERS_PCI_CONFIG_H

/** pci_config_init() - choose the way. Return: false if this machine has no PCI. */
bool pci_config_init(void);
/** pci_ecam_page() - the 4 KiB of a function in memory, or NULL: it is reached by ports, if at all. */
volatile char *pci_ecam_page(unsigned bus, unsigned slot, unsigned function);
/** pci_ecam_init() - look for the table. Return: segment 0 has such a window. */
bool pci_ecam_init(void);

/** pci_ecam_place() - where that window begins; 0: there is none. */
paddr_t pci_ecam_place(void);

#define PCI_DEPTH_MAX 8u /* buses below each other that are looked at */
#define PCI_BUS_LAST  255u

struct pci_device;
/** pci_for_each() - call @call for each function on @bus. @header: its type, PCI_HEADER_TYPE_*. */
void pci_for_each(unsigned bus, void (*call)(struct pci_device *d, unsigned header, void *data), void *data);

struct pci_bar {
	uint64_t address, size; /* size 0: there is none */
	bool ports, wide;       /* of I/O ports; of two registers */
};
/** pci_bar_read() - what BAR @index of @d says of itself. */
struct pci_bar pci_bar_read(const struct pci_device *d, unsigned index);
/** pci_assign() - give bus numbers and addresses to bridges and functions that the firmware gave none. */
void pci_assign(void);

#endif
