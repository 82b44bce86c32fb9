/* Slots of virtio over MMIO that ACPI describes: QEMU's microvm with acpi=on, which then names none in the command line.
 *
 * No AML is run. Each such device is a package of constants: the id "LNRO0005" (virtio 1.2, 4.2.1 leaves the name to
 * ACPI's registry), then a resource template with one range of memory (ACPI 6.4, 6.4.3.4) and one interrupt (6.4.3.6).
 * What does not look exactly so is passed over.
 */
#include "core/log.h"
#include "drivers/acpi/tables.h"
#include "drivers/driver.h"
#include "drivers/virtio/mmio.h"

COMPONENT("virtio-mmio-acpi", "virtio devices in memory-mapped slots that ACPI describes");

#define ID           "LNRO0005"
#define ID_LENGTH    9u /* its zero included */
#define DEVICE_REACH 128u /* bytes behind an id in which its resources are */

static uint32_t get32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

/* A resource descriptor that starts with @tag and has @length more bytes. NULL: not between @from and @end. */
static const uint8_t *descriptor(const uint8_t *from, const uint8_t *end, uint8_t tag, uint8_t length)
{
	for (; end - from >= 3 + length; from++)
		if (from[0] == tag && from[1] == length && !from[2])
			return from + 3;
	return NULL;
}

static void device(const uint8_t *from, const uint8_t *end)
{
	const uint8_t *memory = descriptor(from, end, 0x86, 9), *interrupt;

	if (!memory)
		return;
	interrupt = descriptor(memory + 9, end, 0x89, 6);
	if (!interrupt || interrupt[1] != 1)
		return;
	virtio_mmio_slot(get32(memory + 1), get32(memory + 5), get32(interrupt + 2));
}

static void mmio_acpi_scan(void)
{
	const struct acpi_header *dsdt = acpi_dsdt();
	const uint8_t *at, *end;

	if (!dsdt)
		return;
	end = (const uint8_t *)dsdt + dsdt->length;
	for (at = (const uint8_t *)(dsdt + 1); end - at >= (ptrdiff_t)ID_LENGTH; at++) {
		const uint8_t *reach;

		if (memcmp(at, ID, ID_LENGTH))
			continue;
		at += ID_LENGTH;
		reach = end - at > (ptrdiff_t)DEVICE_REACH ? at + DEVICE_REACH : end;
		for (const uint8_t *next = at; next + ID_LENGTH <= reach; next++)
			if (!memcmp(next, ID, ID_LENGTH))
				reach = next;
		device(at, reach);
		at--;
	}
}
SET_ENTRY(bus, virtio_mmio_acpi, struct bus) = { "virtio-mmio-acpi", mmio_acpi_scan, 0 };
