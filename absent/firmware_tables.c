/* A kernel that reads no ACPI tables (drivers/acpi/tables.c). */
#include <drivers/acpi/tables.h>

__weak bool firmware_tables_read(void)
{
	return false;
}
