/* Configuration space in memory (PCI Express Base 5.0, 7.2.2), where ACPI's table MCFG says it is (PCI Firmware 3.2,
 * 4.1.2). Segment 0 only. A bus's mebibyte is mapped when it is first looked at. */
#include <arch/mmu.h>
#include "core/page.h"
#include "drivers/acpi/tables.h"
#include "drivers/pci/config.h"

COMPONENT("pci", "PCI and PCI Express: finds devices");

#define MCFG_FIRST      44u
#define MCFG_ENTRY      16u
#define MCFG_SEGMENT    8u
#define MCFG_FIRST_BUS  10u
#define MCFG_LAST_BUS   11u
#define BUS_SHIFT       20
#define SLOT_SHIFT      15
#define FUNCTION_SHIFT  12

static paddr_t window;                  /* I: where bus 0 is, or would be */
static unsigned first_bus, last_bus;    /* I */
static volatile char *buses[256];       /* start-up only */

bool pci_ecam_init(void)
{
	const struct acpi_header *mcfg = acpi_table("MCFG");

	for (uint32_t at = MCFG_FIRST; mcfg && mcfg->length >= at + MCFG_ENTRY; at += MCFG_ENTRY) {
		if (acpi_get(mcfg, at + MCFG_SEGMENT, 2))
			continue;
		window = acpi_get(mcfg, at, 8);
		first_bus = (unsigned)acpi_get(mcfg, at + MCFG_FIRST_BUS, 1);
		last_bus = (unsigned)acpi_get(mcfg, at + MCFG_LAST_BUS, 1);
		return window && window % (1u << BUS_SHIFT) == 0;
	}
	return false;
}

volatile char *pci_ecam_page(unsigned bus, unsigned slot, unsigned function)
{
	if (bus < first_bus || bus > last_bus)
		return NULL;
	if (!buses[bus])
		buses[bus] = mmu_map_device(window + ((paddr_t)bus << BUS_SHIFT), 1u << BUS_SHIFT);
	return buses[bus] ? buses[bus] + (slot << SLOT_SHIFT | function << FUNCTION_SHIFT) : NULL;
}

paddr_t pci_ecam_place(void)
{
	return window;
}
