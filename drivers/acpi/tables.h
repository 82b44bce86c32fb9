/* ACPI tables as the firmware left them (tables.c). What they say is checked against their own lengths only. */
#ifndef DRIVERS_ACPI_TABLES_H
#define DRIVERS_ACPI_TABLES_H

/** firmware_tables_read() - this kernel reads them, if there are any. Weak in absent/. */
bool firmware_tables_read(void);

struct acpi_header {
	char signature[4];
	uint32_t length; /* bytes, this header included */
	char reserved[8], oem_table[8], reserved2[12];
};
_Static_assert(sizeof(struct acpi_header) == 36, "struct acpi_header");

/** acpi_table() - the first table with that signature ("FACP"), or NULL. Its length is at least a header's. */
const struct acpi_header *acpi_table(const char *signature);
/** acpi_table_of() - the same of those whose OEM table id is these 8 characters. */
const struct acpi_header *acpi_table_of(const char *signature, const char *oem_table);
/** acpi_memory() - @n bytes at @p, which a table leads to, mapped for good. NULL: no room for it. */
const void *acpi_memory(paddr_t p, size_t n);
/** acpi_dsdt() - the table of AML that describes devices, or NULL. */
const struct acpi_header *acpi_dsdt(void);
/** acpi_get() - the number of @bytes (1 to 8) at offset @at of @t; 0 if the table ends before. */
uint64_t acpi_get(const struct acpi_header *t, uint32_t at, unsigned bytes);

/** acpi_enter_mode() - the PM1 registers are ours, not the firmware's, from here on; @fadt: "FACP" (power.c). */
void acpi_enter_mode(const struct acpi_header *fadt);

/* Fields of the fixed table, "FACP" (ACPI 6.4, 5.2.9). */
enum acpi_fadt {
	FADT_DSDT = 40, FADT_SCI_INTERRUPT = 46, FADT_SMI_COMMAND = 48, FADT_ACPI_ENABLE = 52, FADT_PM1A_EVENT = 56,
	FADT_PM1A_CONTROL = 64, FADT_PM1B_CONTROL = 68, FADT_PM_TIMER = 76, FADT_PM1_EVENT_LENGTH = 88,
	FADT_PM_TIMER_LENGTH = 91, FADT_FLAGS = 112, FADT_RESET_REGISTER = 116, FADT_RESET_VALUE = 128, FADT_X_DSDT = 140,
	FADT_SLEEP_CONTROL = 244,
};
#define FADT_RESET_REGISTER_THERE (1u << 10)
#define FADT_HARDWARE_REDUCED     (1u << 20)
#define ACPI_ADDRESS_AT       4u /* of the address in a generic address structure (5.2.3.2) */

#endif
