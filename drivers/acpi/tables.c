/* ACPI tables (ACPI 6.4, 5.2): found from the root pointer that the loader passed, by way of the XSDT or the RSDT. */
#include "drivers/acpi/tables.h"
#include "core/boot_info.h"
#include "core/page.h"

COMPONENT("acpi", "tables in which firmware describes the machine");

#define RSDP_REVISION 15
#define RSDP_RSDT     16
#define RSDP_XSDT     24
#define FADT_DSDT     40
#define FADT_X_DSDT   140

static uint64_t get(const void *p, unsigned bytes)
{
	uint64_t v = 0;

	memcpy(&v, p, bytes);
	return v;
}

static const struct acpi_header *table_at(paddr_t p)
{
	const struct acpi_header *t = p ? page_direct(p) : NULL;

	return t && t->length >= sizeof(*t) ? t : NULL;
}

const struct acpi_header *acpi_table(const char *signature)
{
	const char *rsdp = page_direct(boot_info.rsdp);
	const struct acpi_header *root = NULL;
	unsigned width = 8;

	if (!boot_info.rsdp || memcmp(rsdp, "RSD PTR ", 8))
		return NULL;
	if (rsdp[RSDP_REVISION] >= 2)
		root = table_at(get(rsdp + RSDP_XSDT, 8));
	if (!root) {
		root = table_at(get(rsdp + RSDP_RSDT, 4));
		width = 4;
	}
	for (uint32_t at = sizeof(*root); root && at + width <= root->length; at += width) {
		const struct acpi_header *t = table_at(get((const char *)root + at, width));

		if (t && !memcmp(t->signature, signature, 4))
			return t;
	}
	return NULL;
}

const struct acpi_header *acpi_dsdt(void)
{
	const struct acpi_header *fadt = acpi_table("FACP");
	const struct acpi_header *dsdt = NULL;

	if (fadt && fadt->length >= FADT_X_DSDT + 8)
		dsdt = table_at(get((const char *)fadt + FADT_X_DSDT, 8));
	if (!dsdt && fadt && fadt->length >= FADT_DSDT + 4)
		dsdt = table_at(get((const char *)fadt + FADT_DSDT, 4));
	return dsdt;
}
