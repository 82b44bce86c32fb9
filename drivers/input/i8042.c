/* Ctrl+Alt+Del on a PC's keyboard (Intel 8042; scan codes of set 1, as the controller translates them): it asks the machine
 * to stop. Other keys are input where keyboard.c is in the kernel. x86 only.
 */
#include <arch/irqflags.h>
#include <arch/port.h>
#include <core/init.h>
#include <core/irq.h>
#include <core/log.h>
#include <core/stop.h>
#include "drivers/input/keyboard.h"

COMPONENT("i8042", "Ctrl+Alt+Del of a PC's keyboard");

#define DATA   0x60
#define STATUS 0x64 /* read; written it takes commands */
#define IRQ    1

#define STATUS_FULL 0x01 /* a byte to read */
#define STATUS_BUSY 0x02 /* it has not taken what was written */

#define COMMAND_READ_CONFIG  0x20
#define COMMAND_WRITE_CONFIG 0x60
#define COMMAND_KEYBOARD_ON  0xae
#define CONFIG_INTERRUPT     0x01
#define CONFIG_KEYBOARD_OFF  0x10
#define CONFIG_TRANSLATE     0x40
#define KEYBOARD_SCAN        0xf4

#define TRIES 100000u

enum { KEY_CTRL = 0x1d, KEY_ALT = 0x38, KEY_DEL = 0x53, KEY_UP = 0x80 };

static bool wait_for(uint8_t bit, bool set)
{
	for (unsigned tries = 0; tries < TRIES; tries++) {
		if (!!(inb(STATUS) & bit) == set)
			return true;
		cpu_relax();
	}
	return false;
}

static bool send(uint16_t port, uint8_t byte)
{
	if (!wait_for(STATUS_BUSY, false))
		return false;
	outb(port, byte);
	return true;
}

static bool keyboard_interrupt(void *unused)
{
	static bool ctrl, alt; /* the interrupt's alone */
	bool any = false;

	while (inb(STATUS) & STATUS_FULL) {
		uint8_t code = inb(DATA);
		bool down = !(code & KEY_UP);

		any = true;
		keyboard_code(code);
		switch (code & ~KEY_UP) {
		case KEY_CTRL:
			ctrl = down;
			break;
		case KEY_ALT:
			alt = down;
			break;
		case KEY_DEL:
			if (down && ctrl && alt)
				machine_stop();
			break;
		}
	}
	return any;
}

static struct irq_handler keyboard_handler = { .handle = keyboard_interrupt, .name = "i8042" };

static void keyboard_start(void)
{
	uint8_t config;

	if (inb(STATUS) == 0xff || !send(STATUS, COMMAND_KEYBOARD_ON))
		return;
	for (unsigned i = 0; i < 16 && inb(STATUS) & STATUS_FULL; i++)
		(void)inb(DATA);
	if (!send(STATUS, COMMAND_READ_CONFIG) || !wait_for(STATUS_FULL, true))
		return;
	config = (inb(DATA) | CONFIG_INTERRUPT | CONFIG_TRANSLATE) & (uint8_t)~CONFIG_KEYBOARD_OFF;
	if (irq_request(irq_isa(IRQ), IRQ_EDGE, &keyboard_handler) != 0) {
		log_info("i8042: no interrupt");
		return;
	}
	if (!send(STATUS, COMMAND_WRITE_CONFIG) || !send(DATA, config) || !send(DATA, KEYBOARD_SCAN))
		log_info("i8042: the keyboard does not answer");
}
INITCALL(50, keyboard_start);
