/* A kernel that reads no keyboard, but for Ctrl+Alt+Del. */
#include <drivers/input/keyboard.h>

__weak void keyboard_code(uint8_t code)
{
}
