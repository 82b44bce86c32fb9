/* What QEMU's microvm with ACPI has at fixed places, for kernels that read no ACPI tables: without them it names its virtio
 * slots nowhere else. With acpi=off it names them on the command line, and there is nothing to do here.
 *
 * Facts of QEMU 7.2: slots of 512 bytes from 0xfeb00000 on, 24 of them, on lines from 24 on, if there is a second I/O APIC,
 * else 8, from line 16 on; ACPI's sleep control register at 0xfea00200. x86 only.
 */
#include <arch/apic.h>
#include <arch/mmu.h>
#include <core/boot_info.h>
#include <core/power.h>
#include "drivers/acpi/tables.h"
#include "drivers/driver.h"
#include "drivers/virtio/mmio.h"
#include <linux/virtio_mmio.h>

COMPONENT("microvm", "QEMU's microvm with ACPI, for kernels without");

#define SLOTS         0xfeb00000u
#define SLOT_SIZE     0x200u
#define SLOTS_MOST    24u
#define SLOTS_FEW     8u
#define FIRST_MOST    24u /* lines */
#define FIRST_FEW     16u
#define SLEEP_CONTROL 0xfea00200u
#define SLEEP_ENABLE  0x20
#define SLEEP_TYPE_5  (5 << 2)

static bool acpi_unread(void)
{
	return boot_info.rsdp && !firmware_tables_read();
}

static void microvm_scan(void)
{
	bool many = ioapic_lines() > FIRST_MOST;
	unsigned slots = many ? SLOTS_MOST : SLOTS_FEW;
	volatile char *at;

	if (!acpi_unread() || virtio_mmio_named())
		return;
	at = mmu_map_device(SLOTS, slots * SLOT_SIZE);
	if (!at || *(volatile uint32_t *)(at + VIRTIO_MMIO_MAGIC_VALUE) != VIRTIO_MMIO_MAGIC)
		return; /* another machine */
	for (unsigned i = 0; i < slots; i++)
		if (*(volatile uint32_t *)(at + i * SLOT_SIZE + VIRTIO_MMIO_DEVICE_ID))
			virtio_mmio_slot(SLOTS + i * SLOT_SIZE, SLOT_SIZE, (many ? FIRST_MOST : FIRST_FEW) + i);
}
SET_ENTRY(bus, microvm, struct bus) = { "microvm", microvm_scan, 0 };

static void microvm_off(void)
{
	volatile char *at = acpi_unread() ? mmu_map_device(SLEEP_CONTROL, 1) : NULL;

	if (!at)
		return;
	*at = SLEEP_TYPE_5 | SLEEP_ENABLE;
	machine_off_wait();
}
SET_ENTRY(poweroff, microvm, struct poweroff) = { "microvm", microvm_off, 80, 0 };
