/* VGA text as console (IBM VGA, as the FreeVGA registers' pages describe it): where a machine has no serial line, messages of the
 * kernel and the program's output are on the screen. Firmware has set the mode: 80 columns, 25 lines, memory at 0xb8000.
 *
 * Writers hold the log's or the console device's lock; where both write, or a panic breaks in, lines may mix, but the place
 * is read once and checked. Left out: colours and other escape sequences (they are swallowed), graphics modes. x86 only. */
#include <arch/mmu.h>
#include <arch/port.h>
#include <core/console.h>
#include <core/init.h>

COMPONENT("vga", "VGA text screen as console");

#define MISC_OUTPUT   0x3cc
#define MISC_COLOUR   0x01  /* the CRTC is at 0x3d4, not 0x3b4 */
#define GRAPHICS      0x3ce /* index, then data */
#define GRAPHICS_MISC 6
#define GRAPHICS_ON   0x01
#define GRAPHICS_MAP  0x0c  /* both bits: memory at 0xb8000 */
#define CRTC          0x3d4 /* index, then data */
#define CRTC_CURSOR   0x0e  /* high byte; the low byte is in the next */
#define MEMORY        0xb8000u
#define COLUMNS       80u
#define LINES         25u
#define CELLS         (COLUMNS * LINES)
#define TAB           8u
#define GREY          0x0700

enum escape { PLAIN, ESCAPE, SEQUENCE };

static volatile uint16_t *screen; /* I after start-up */
static uint32_t place;            /* of the next character */
static enum escape escape;

static void crtc_write(uint8_t index, uint8_t value)
{
	outb(CRTC, index);
	outb(CRTC + 1, value);
}

static uint8_t crtc_read(uint8_t index)
{
	outb(CRTC, index);
	return inb(CRTC + 1);
}

static uint32_t scrolled(uint32_t at)
{
	if (at < CELLS)
		return at;
	for (uint32_t i = 0; i < CELLS; i++)
		screen[i] = i < CELLS - COLUMNS ? screen[i + COLUMNS] : GREY | ' ';
	return CELLS - COLUMNS;
}

/* Return: whether @c belongs to an escape sequence, which is not shown. */
static bool escaped(char c)
{
	switch (escape) {
	case PLAIN:
		escape = c == '\033' ? ESCAPE : PLAIN;
		return c == '\033';
	case ESCAPE:
		escape = c == '[' ? SEQUENCE : PLAIN;
		return true;
	case SEQUENCE:
		escape = c >= '@' && c <= '~' ? PLAIN : SEQUENCE;
		return true;
	}
	return false;
}

static void vga_write(const char *bytes, size_t n)
{
	uint32_t at = READ_ONCE(place);

	at = at < CELLS ? at : 0;
	for (size_t i = 0; i < n; i++) {
		char c = bytes[i];

		if (escaped(c))
			continue;
		if (c == '\n') {
			at = at - at % COLUMNS + COLUMNS;
		} else if (c == '\r') {
			at -= at % COLUMNS;
		} else if (c == '\t') {
			at += TAB - at % TAB;
		} else if (c == '\b') {
			at -= at % COLUMNS != 0;
		} else if ((uint8_t)c >= ' ' || (uint8_t)c >= 0x80) {
			screen[at++] = GREY | ((uint8_t)c < 0x7f ? (uint8_t)c : '?');
		}
		at = scrolled(at);
	}
	WRITE_ONCE(place, at);
	crtc_write(CRTC_CURSOR, (uint8_t)(at >> 8));
	crtc_write(CRTC_CURSOR + 1, (uint8_t)at);
}

static bool found_later(void)
{
	return false; /* its memory can be mapped only by and by */
}
SET_ENTRY(console, vga, struct console) = {
	"vga", found_later, vga_write, .rating = 50, .flags = CONSOLE_LOG | CONSOLE_PROGRAM,
};

static void vga_start(void)
{
	uint8_t misc = inb(MISC_OUTPUT), mode;

	if (misc == 0xff || !(misc & MISC_COLOUR))
		return;
	outb(GRAPHICS, GRAPHICS_MISC);
	mode = inb(GRAPHICS + 1);
	if (mode & GRAPHICS_ON || (mode & GRAPHICS_MAP) != GRAPHICS_MAP)
		return;
	screen = mmu_map_device(MEMORY, CELLS * sizeof(*screen));
	if (!screen)
		return;
	/* Below what firmware and loader wrote. */
	place = (uint32_t)crtc_read(CRTC_CURSOR) << 8 | crtc_read(CRTC_CURSOR + 1);
	place = place < CELLS ? place - place % COLUMNS : 0;
	console_offer(&set_console_vga);
}
INITCALL(20, vga_start);
