/* Power off by ACPI's fixed hardware (ACPI 6.4, 4.8.3.2: PM1 control registers), and reset by its reset register (4.8.3.6):
 * QEMU's q35 and pc, most real machines.
 *
 * The value to write is in the package \_S5 (7.4.2), which is looked for in the AML by its name: no AML is run. Registers
 * are I/O ports, as everywhere so far. x86 only.
 */
#include <arch/irqflags.h>
#include <arch/mmu.h>
#include <arch/port.h>
#include <core/power.h>
#include "drivers/acpi/tables.h"

COMPONENT("acpi-power", "power off by ACPI's PM1 registers");

#define PM1_SCI_ENABLED  1u
#define PM1_SLEEP_TYPE   10
#define PM1_SLEEP_ENABLE (1u << 13)

#define AML_ZERO    0x00
#define AML_ONE     0x01
#define AML_BYTE    0x0a
#define AML_PACKAGE 0x12
#define MODE_TRIES  1000000u

/* The next number of a package at *@at, 0 to 7. */
static bool sleep_type(const uint8_t **at, const uint8_t *end, unsigned *type)
{
	const uint8_t *p = *at;

	if (end - p < 2)
		return false;
	if (*p == AML_BYTE)
		p++;
	else if (*p != AML_ZERO && *p != AML_ONE)
		return false;
	*type = *p & 7;
	*at = p + 1;
	return true;
}

/* Types for PM1a and PM1b, from "_S5_", the package's opening, its length of one to four bytes, and its count. */
static bool find_s5(unsigned types[2])
{
	const struct acpi_header *dsdt = acpi_dsdt();
	const uint8_t *p, *end;

	if (!dsdt)
		return false;
	end = (const uint8_t *)dsdt + dsdt->length;
	for (p = (const uint8_t *)(dsdt + 1); end - p > 16; p++) {
		const uint8_t *at = p + 5;

		if (memcmp(p, "_S5_", 4) || p[4] != AML_PACKAGE)
			continue;
		at += 1 + (*at >> 6) + 1;
		if (sleep_type(&at, end, &types[0]) && sleep_type(&at, end, &types[1]))
			return true;
	}
	return false;
}

/* Firmware owns the registers until it is told otherwise (4.8.3.2.1). */
void acpi_enter_mode(const struct acpi_header *fadt)
{
	uint16_t control = (uint16_t)acpi_get(fadt, FADT_PM1A_CONTROL, 4);
	uint16_t command = (uint16_t)acpi_get(fadt, FADT_SMI_COMMAND, 4);
	uint8_t enable = (uint8_t)acpi_get(fadt, FADT_ACPI_ENABLE, 1);

	if (!command || !control || !enable || inw(control) & PM1_SCI_ENABLED)
		return;
	outb(command, enable);
	for (unsigned tries = 0; tries < MODE_TRIES && !(inw(control) & PM1_SCI_ENABLED); tries++)
		cpu_relax();
}

static void sleep_in(uint16_t control, unsigned type)
{
	uint16_t v = (uint16_t)((inw(control) & ~(7u << PM1_SLEEP_TYPE)) | type << PM1_SLEEP_TYPE);

	outw(control, v);
	outw(control, v | PM1_SLEEP_ENABLE);
}

static void acpi_power_off(void)
{
	const struct acpi_header *fadt = acpi_table("FACP");
	unsigned types[2];
	uint16_t control;

	if (!fadt || acpi_get(fadt, FADT_FLAGS, 4) & FADT_HARDWARE_REDUCED || !find_s5(types))
		return;
	control = (uint16_t)acpi_get(fadt, FADT_PM1A_CONTROL, 4);
	if (!control)
		return;
	acpi_enter_mode(fadt);
	sleep_in(control, types[0]);
	control = (uint16_t)acpi_get(fadt, FADT_PM1B_CONTROL, 4);
	if (control)
		sleep_in(control, types[1]);
	machine_off_wait();
}
#define SPACE_MEMORY 0
#define SPACE_IO     1

static void acpi_reset(void)
{
	const struct acpi_header *fadt = acpi_table("FACP");
	uint64_t address = fadt ? acpi_get(fadt, FADT_RESET_REGISTER + ACPI_ADDRESS_AT, 8) : 0;
	uint8_t value = fadt ? (uint8_t)acpi_get(fadt, FADT_RESET_VALUE, 1) : 0;
	volatile uint8_t *mapped;

	if (!address || !(acpi_get(fadt, FADT_FLAGS, 4) & FADT_RESET_REGISTER_THERE))
		return;
	switch (acpi_get(fadt, FADT_RESET_REGISTER, 1)) {
	case SPACE_IO:
		outb((uint16_t)address, value);
		break;
	case SPACE_MEMORY:
		mapped = mmu_map_device(address, 1);
		if (mapped)
			*mapped = value;
		break;
	}
	machine_off_wait();
}
SET_ENTRY(poweroff, acpi_reset, struct poweroff) = { "acpi-reset", acpi_reset, 90, POWEROFF_RESET };
SET_ENTRY(poweroff, acpi_power, struct poweroff) = { "acpi-power", acpi_power_off, 90, 0 };
