/* Configuration space of PCI: by memory where ACPI says so (ecam.c), else by ports 0xcf8 and 0xcfc, mechanism #1 (PCI
 * Local Bus 3.0, 3.2.2.3.2), which reaches the first 256 bytes. x86 only.
 *
 * lock: the two ports are one register.
 */
#include <arch/port.h>
#include "core/lock.h"
#include "drivers/pci/config.h"
#include "drivers/pci/pci.h"

COMPONENT("pci", "PCI and PCI Express: finds devices");

#define CONFIG_ADDRESS 0xcf8
#define CONFIG_DATA    0xcfc
#define CONFIG_ENABLE  0x80000000u
#define PORTS_REACH    256u

static struct spinlock ports_lock = SPINLOCK_INIT(RANK_DEVICE);
static bool has_ecam, has_ports; /* I after pci_config_init() */

bool pci_config_init(void)
{
	has_ecam = pci_ecam_init();
	/* The address register keeps what is written to it as a whole. */
	outl(CONFIG_ADDRESS, CONFIG_ENABLE);
	has_ports = inl(CONFIG_ADDRESS) == CONFIG_ENABLE;
	return has_ecam || has_ports;
}

static void select_register(const struct pci_device *d, unsigned offset)
{
	outl(CONFIG_ADDRESS, CONFIG_ENABLE | (uint32_t)d->bus << 16 | (uint32_t)d->slot << 11 | (uint32_t)d->function << 8 |
				     (offset & 0xfcu));
}

static uint32_t ports_read(const struct pci_device *d, unsigned offset, unsigned bytes)
{
	irqflags_t flags = spin_lock_irqsave(&ports_lock);
	uint32_t v;

	select_register(d, offset);
	v = inl(CONFIG_DATA) >> offset % 4 * 8;
	spin_unlock_irqrestore(&ports_lock, flags);
	return bytes == 4 ? v : v & ((1u << bytes * 8) - 1);
}

static void ports_write(const struct pci_device *d, unsigned offset, unsigned bytes, uint32_t value)
{
	irqflags_t flags = spin_lock_irqsave(&ports_lock);
	uint16_t port = (uint16_t)(CONFIG_DATA + offset % 4);

	select_register(d, offset);
	if (bytes == 4)
		outl(port, value);
	else if (bytes == 2)
		outw(port, (uint16_t)value);
	else
		outb(port, (uint8_t)value);
	spin_unlock_irqrestore(&ports_lock, flags);
}

uint32_t pci_read(const struct pci_device *d, unsigned offset, unsigned bytes)
{
	volatile char *at = has_ecam ? pci_ecam_page(d->bus, d->slot, d->function) : NULL;

	if (!at)
		return has_ports && offset < PORTS_REACH ? ports_read(d, offset, bytes) : UINT32_MAX >> (32 - bytes * 8);
	at += offset;
	return bytes == 4 ? *(volatile uint32_t *)at : bytes == 2 ? *(volatile uint16_t *)at : *(volatile uint8_t *)at;
}

void pci_write(const struct pci_device *d, unsigned offset, unsigned bytes, uint32_t value)
{
	volatile char *at = has_ecam ? pci_ecam_page(d->bus, d->slot, d->function) : NULL;

	if (!at) {
		if (has_ports && offset < PORTS_REACH)
			ports_write(d, offset, bytes, value);
		return;
	}
	at += offset;
	if (bytes == 4)
		*(volatile uint32_t *)at = value;
	else if (bytes == 2)
		*(volatile uint16_t *)at = (uint16_t)value;
	else
		*(volatile uint8_t *)at = (uint8_t)value;
}
