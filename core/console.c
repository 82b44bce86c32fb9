/* Which console carries the log and which the program's output (core/console.h). Chosen before the program runs. */
#include <core/console.h>
#include <core/log.h>

COMPONENT("console", "choice of consoles");

static const struct console *log_console, *program_console;

void console_offer(const struct console *c)
{
	bool first = !log_console;

	if (c->flags & CONSOLE_LOG && (first || c->rating > log_console->rating))
		log_console = c;
	if (first && log_console)
		log_repeat();
	if (c->flags & CONSOLE_PROGRAM && (!program_console || c->rating > program_console->rating))
		program_console = c;
}

void console_setup(void)
{
	set_for_each(console, c) {
		if (c->probe())
			console_offer(c);
	}
}

void console_write_log(const char *bytes, size_t n)
{
	if (log_console)
		log_console->write(bytes, n);
}

size_t console_write_program(const char *bytes, size_t n)
{
	if (program_console)
		program_console->write(bytes, n);
	return n;
}
