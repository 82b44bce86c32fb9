/* ACPI tables as the firmware left them (tables.c). What they say is checked against their own lengths only. */
#ifndef DRIVERS_ACPI_TABLES_H
#define DRIVERS_ACPI_TABLES_H

struct acpi_header {
	char signature[4];
	uint32_t length; /* bytes, this header included */
	char rest[28];
};
_Static_assert(sizeof(struct acpi_header) == 36, "struct acpi_header");

/** acpi_table() - the first table with that signature ("FACP"), or NULL. Its length is at least a header's. */
const struct acpi_header *acpi_table(const char *signature);
/** acpi_dsdt() - the table of AML that describes devices, or NULL. */
const struct acpi_header *acpi_dsdt(void);

#endif
