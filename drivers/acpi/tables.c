/* ACPI tables (ACPI 6.4, 5.2): found from the root pointer that the loader passed, by way of the XSDT or the RSDT.
 *
 * Tables lie in the last megabytes of memory, which are mapped with it, or in a place of their own, mapped when met.
 */
#include "drivers/acpi/tables.h"
#include "core/boot_info.h"
#include "core/page.h"
#include <arch/mmu.h>

COMPONENT("acpi", "tables in which firmware describes the machine");

#define RSDP_REVISION 15
#define RSDP_RSDT     16
#define RSDP_XSDT     24
#define RSDP_SIZE     36
#define TABLE_MOST    (16u << 20) /* bytes; a longer one is nonsense */

static uint64_t get(const void *p, unsigned bytes)
{
	uint64_t v = 0;

	memcpy(&v, p, bytes);
	return v;
}

const void *acpi_memory(paddr_t p, size_t n)
{
	paddr_t first = ALIGN_DOWN(p, PAGE_SIZE);
	uint64_t va;

	for (unsigned i = 0; i < boot_info.memory_count; i++) {
		paddr_t start = ALIGN_DOWN(boot_info.memory[i].start, BLOCK_SIZE);
		paddr_t end = ALIGN_UP(boot_info.memory[i].start + boot_info.memory[i].size, BLOCK_SIZE);

		if (p >= start && p < end && n <= end - p)
			return page_direct(p);
	}
	n = ALIGN_UP(p + n, PAGE_SIZE) - first;
	va = mmu_reserve_kernel(n);
	return va && !mmu_map_kernel(va, first, n, MMU_READ) ? (const void *)(va + (p - first)) : NULL;
}

static const struct acpi_header *table_at(paddr_t p)
{
	const struct acpi_header *t = p ? acpi_memory(p, sizeof(*t)) : NULL;

	if (!t || t->length < sizeof(*t) || t->length > TABLE_MOST)
		return NULL;
	return acpi_memory(p, t->length);
}

bool firmware_tables_read(void)
{
	return true;
}

uint64_t acpi_get(const struct acpi_header *t, uint32_t at, unsigned bytes)
{
	return t->length < at || t->length - at < bytes ? 0 : get((const char *)t + at, bytes);
}

const struct acpi_header *acpi_table(const char *signature)
{
	return acpi_table_of(signature, NULL);
}

const struct acpi_header *acpi_table_of(const char *signature, const char *oem_table)
{
	const char *rsdp = boot_info.rsdp ? acpi_memory(boot_info.rsdp, RSDP_SIZE) : NULL;
	const struct acpi_header *root = NULL;
	unsigned width = 8;

	if (!rsdp || memcmp(rsdp, "RSD PTR ", 8))
		return NULL;
	if (rsdp[RSDP_REVISION] >= 2)
		root = table_at(get(rsdp + RSDP_XSDT, 8));
	if (!root) {
		root = table_at(get(rsdp + RSDP_RSDT, 4));
		width = 4;
	}
	for (uint32_t at = sizeof(*root); root && at + width <= root->length; at += width) {
		paddr_t p = get((const char *)root + at, width);
		const struct acpi_header *t = p ? acpi_memory(p, sizeof(*t)) : NULL;

		if (t && !memcmp(t->signature, signature, 4) && (!oem_table || !memcmp(t->oem_table, oem_table, sizeof(t->oem_table))))
			return table_at(p);
	}
	return NULL;
}

const struct acpi_header *acpi_dsdt(void)
{
	const struct acpi_header *fadt = acpi_table("FACP");
	const struct acpi_header *dsdt = fadt ? table_at(acpi_get(fadt, FADT_X_DSDT, 8)) : NULL;

	return dsdt || !fadt ? dsdt : table_at(acpi_get(fadt, FADT_DSDT, 4));
}
