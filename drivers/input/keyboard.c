/* Keys of a PC's keyboard as input of the program (scan codes of set 1, layout of the United States).
 *
 * Called by the controller's driver (i8042.c), in its interrupt. Left out: other layouts, function keys, the lights. */
#include <core/console.h>
#include "drivers/input/keyboard.h"

COMPONENT("keyboard", "keys of a PC's keyboard as input");

#define CODE_UP       0x80
#define CODE_EXTENDED 0xe0

/* What --with and profiles start from: absent/ defines the function, too. */
extern const char keyboard_driver[];
const char keyboard_driver[] = "us";

enum { KEY_CTRL = 0x1d, KEY_SHIFT_LEFT = 0x2a, KEY_SHIFT_RIGHT = 0x36, KEY_CAPS = 0x3a };

/* By scan code; 0: no character. */
static const char plain[] = "\0\0331234567890-=\b\tqwertyuiop[]\n\0asdfghjkl;'`\0\\zxcvbnm,./\0*\0 ";
static const char shifted[] = "\0\033!@#$%^&*()_+\b\tQWERTYUIOP{}\n\0ASDFGHJKL:\"~\0|ZXCVBNM<>?\0*\0 ";

_Static_assert(sizeof(plain) == sizeof(shifted), "one for one");

void keyboard_code(uint8_t code)
{
	static bool shift, ctrl, caps, extended; /* the interrupt's alone */
	bool down = !(code & CODE_UP), was_extended = extended;
	uint8_t key = code & (uint8_t)~CODE_UP;
	bool letter;
	char c;

	NEEDS(set_init_keyboard_start); /* the controller's driver, which calls this */
	extended = code == CODE_EXTENDED;
	if (extended)
		return;
	if (key == KEY_CTRL) {
		ctrl = down;
	} else if ((key == KEY_SHIFT_LEFT || key == KEY_SHIFT_RIGHT) && !was_extended) {
		shift = down;
	} else if (key == KEY_CAPS && down) {
		caps = !caps;
	}
	if (!down || key >= sizeof(plain) - 1 || !plain[key])
		return;
	letter = plain[key] >= 'a' && plain[key] <= 'z';
	c = shift != (caps && letter) ? shifted[key] : plain[key];
	if (ctrl && letter)
		c = (char)(plain[key] & 0x1f);
	if (console_input_room())
		console_input(&c, 1);
}
