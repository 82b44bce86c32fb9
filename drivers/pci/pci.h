/* PCI and PCI Express functions (PCI Local Bus 3.0, PCI Express Base 5.0): bus.c finds them and offers them to drivers.
 *
 * A driver of the bus "pci" names PCI_ID(vendor, device), PCI_ID(vendor, PCI_ANY) for what no more exact one takes, or, for
 * what neither takes, PCI_CLASS(class): base class, subclass and interface, as in the class register.
 * attach() gets a struct pci_device, which lives on if attach() succeeds.
 * Locking: everything here is for attach(), at start-up, by one thread. What a device says is checked before use.
 */
#ifndef DRIVERS_PCI_PCI_H
#define DRIVERS_PCI_PCI_H

#include <core/irq.h>
#include <linux/pci_regs.h>

#define PCI_ANY                0xffffu
#define PCI_ID(vendor, device) ((uint64_t)(vendor) << 16 | (device))
#define PCI_CLASS(class)       (1ull << 32 | (class))
#define PCI_BARS               6u

struct pci_device {
	uint8_t bus, slot, function; /* I */
	uint16_t vendor, id;         /* I: as the device says */
	char name[16];               /* I: "0000:00:02.0": for the log */
	struct {
		volatile char *at;   /* mapped by pci_bar(); NULL: not yet, or not memory */
		uint64_t size;
	} bars[PCI_BARS];
	volatile char *msix_table;   /* after pci_msix_enable() */
	unsigned msix_count;         /* entries of it */
};

/** pci_read(), pci_write() - @bytes (1, 2, 4) of configuration space at @offset, a multiple of @bytes below 4096. */
uint32_t pci_read(const struct pci_device *d, unsigned offset, unsigned bytes);
void pci_write(const struct pci_device *d, unsigned offset, unsigned bytes, uint32_t value);
/** pci_capability() - offset of the next capability @id behind the one at @after (0: the first). 0: there is none. */
unsigned pci_capability(const struct pci_device *d, uint8_t id, unsigned after);
/** pci_bar() - map a memory BAR. @size: set to its bytes. Return: NULL if it is not there, of ports, or has no address. */
volatile char *pci_bar(struct pci_device *d, unsigned index, uint64_t *size);
/** pci_port_bar() - the first port of a BAR of I/O ports that has at least @least of them (a power of two). 0: it is none. */
uint16_t pci_port_bar(const struct pci_device *d, unsigned index, unsigned least);
/** pci_enable() - let the device answer to memory and ports, and read and write memory. */
void pci_enable(const struct pci_device *d);

/** pci_msix_enable() - all entries masked. Return: how many the device has; 0: no MSI-X, pci_intx_request() is left. */
unsigned pci_msix_enable(struct pci_device *d);
/** pci_msix_request() - call @h on processor @cpu for entry @index. Return: its line, for irq_release(); -ENOSPC, -EINVAL. */
int pci_msix_request(struct pci_device *d, unsigned index, unsigned cpu, struct irq_handler *h);
/** pci_msix_disable() - no more messages; the lines are released by the caller. */
void pci_msix_disable(struct pci_device *d);
/** pci_msi_request() - the same by the one message of MSI. Return: its line; -ENODEV: the device has no MSI; -ENOSPC. */
int pci_msi_request(const struct pci_device *d, unsigned cpu, struct irq_handler *h);
void pci_msi_disable(const struct pci_device *d);
/**
 * pci_intx_request() - call @h for the device's shared, level-triggered interrupt pin. The handler has to look whether it
 * was its device, and make it lower the pin. Return: its line; -ENODEV: no pin, or nobody knows where it leads.
 */
int pci_intx_request(const struct pci_device *d, struct irq_handler *h);
/**
 * pci_interrupt_request() - call @h on the boot processor for the one interrupt of a device, by whatever it has: MSI-X
 * (entry 0), MSI, or its pin, for which the handler has to be ready. Return: the line; -ENODEV, -ENOSPC.
 */
int pci_interrupt_request(struct pci_device *d, struct irq_handler *h);
/** pci_interrupt_release() - undo it. */
void pci_interrupt_release(struct pci_device *d, int line, struct irq_handler *h);

#endif
