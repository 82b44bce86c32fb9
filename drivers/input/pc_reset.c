/* Reset of a PC without ACPI: the chip set's reset control register, then the line of the keyboard controller that leads to the
 * processor (Intel ICH9 data sheet, 13.7.5 RST_CNT; Intel 8042). x86 only. */
#include <arch/port.h>
#include <core/power.h>

COMPONENT("pc-reset", "reset of a PC by its old registers");

#define RESET_CONTROL 0xcf9
#define RESET_SYSTEM  0x02 /* not the processor alone */
#define RESET_NOW     0x04 /* when it goes from 0 to 1 */

#define KEYBOARD_COMMAND 0x64
#define PULSE_RESET      0xfe

static void pc_reset(void)
{
	outb(RESET_CONTROL, RESET_SYSTEM);
	outb(RESET_CONTROL, RESET_SYSTEM | RESET_NOW);
	machine_off_wait();
	outb(KEYBOARD_COMMAND, PULSE_RESET);
	machine_off_wait();
}
SET_ENTRY(poweroff, pc_reset, struct poweroff) = { "pc-reset", pc_reset, 50, POWEROFF_RESET };
