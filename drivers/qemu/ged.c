/* Power off by ACPI's sleep control register, as hardware-reduced machines have it (ACPI 6.4, 4.8.3.7): QEMU's microvm.
 *
 * The register's address comes from the FADT, found from the root pointer that the loader passed; no AML is read: sleep
 * type 5 is what QEMU's \_S5 says. x86 only. */
#include <arch/mmu.h>
#include <core/boot_info.h>
#include <core/page.h>
#include <core/power.h>

COMPONENT("ged", "power off of QEMU's microvm");

#define SLEEP_ENABLE 0x20
#define SLEEP_TYPE_5 (5 << 2)

#define HARDWARE_REDUCED  (1u << 20)
#define FADT_FLAGS        112
#define FADT_SLEEP        244 /* a generic address: space, width, offset, access, then 64 bits of address */
#define RSDP_XSDT         24

struct acpi_header {
	char signature[4];
	uint32_t length;
	char rest[28];
};

static uint64_t get64(const void *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static paddr_t sleep_register(void)
{
	const char *rsdp = page_direct(boot_info.rsdp);
	const struct acpi_header *xsdt, *fadt;
	uint32_t flags;

	if (!boot_info.rsdp || memcmp(rsdp, "RSD PTR ", 8) != 0 || !get64(rsdp + RSDP_XSDT))
		return 0;
	xsdt = page_direct(get64(rsdp + RSDP_XSDT));
	for (uint32_t at = sizeof(*xsdt); at + 8 <= xsdt->length; at += 8) {
		fadt = page_direct(get64((const char *)xsdt + at));
		if (memcmp(fadt->signature, "FACP", 4) != 0 || fadt->length < FADT_SLEEP + 12)
			continue;
		memcpy(&flags, (const char *)fadt + FADT_FLAGS, sizeof(flags));
		return flags & HARDWARE_REDUCED ? get64((const char *)fadt + FADT_SLEEP + 4) : 0;
	}
	return 0;
}

static void ged_off(void)
{
	paddr_t address = sleep_register();
	volatile char *page;

	if (!address)
		return;
	page = (volatile char *)mmu_map_device(ALIGN_DOWN(address, PAGE_SIZE), PAGE_SIZE);
	if (page)
		page[address % PAGE_SIZE] = SLEEP_TYPE_5 | SLEEP_ENABLE;
}
SET_ENTRY(poweroff, ged, struct poweroff) = { "ged", ged_off, 100, 0 };
