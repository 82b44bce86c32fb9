/* Consoles: where the log goes, and the character device behind /dev/console.
 *
 * Which channel carries what is stated in include/whittle/console.h, shared with the tool. A console driver is an
 * entry of the set; core picks the ones that answer.
 */
#ifndef CORE_CONSOLE_H
#define CORE_CONSOLE_H

struct console {
	const char *name;                              /* as in console=ttyS0 */
	bool (*probe)(void);                           /* there? early: no memory, no interrupts */
	void (*write)(const char *bytes, size_t n);    /* raw bytes, no CR added; context: any, may spin */
	int rating;                                    /* the best of those that answer carries the program's output */
	unsigned flags;                                /* CONSOLE_LOG, CONSOLE_PROGRAM */
};
#define CONSOLE_LOG     1u /* takes kernel messages */
#define CONSOLE_PROGRAM 2u /* takes what the program writes */
SET_DECLARE(console, struct console, 32);

/** console_setup() - probe all and choose. Called before anything is said. */
void console_setup(void);
/** console_offer() - a console that a bus found later: it takes over what it is rated best for. Start-up only. */
void console_offer(const struct console *c);
/** console_write_log() - to the console for messages. */
void console_write_log(const char *bytes, size_t n);
/** console_write_program() - to the console that carries the program's output. Return: bytes taken (all). */
size_t console_write_program(const char *bytes, size_t n);
/** console_input() - a driver received @n bytes; context: interrupt. Defined by the tty device (fs/dev). */
void console_input(const char *bytes, size_t n);
/** console_input_room() - bytes that console_input() can take now; the rest stays in the device. */
size_t console_input_room(void);
/** console_input_poll - set by the driver: room was made, look at the device again. Called with interrupts off. */
extern void (*console_input_poll)(void);
/** console_input_end() - no more input will come. Context: interrupt. */
void console_input_end(void);

#endif
