/* Keys of a PC's keyboard as text: drivers/input/keyboard.c, where it is in the kernel. */
#ifndef DRIVERS_INPUT_KEYBOARD_H
#define DRIVERS_INPUT_KEYBOARD_H

/** keyboard_code() - a byte of scan code set 1. Context: the keyboard's interrupt. Weak in absent/. */
void keyboard_code(uint8_t code);

#endif
