/* The end of the machine: the status byte for `whittle run`, then whatever turns this machine off. */
#include <arch/irqflags.h>
#include <core/log.h>
#include <core/power.h>
#include <whittle/console.h>
#include <core/console.h>

COMPONENT("power", "the end of the machine");

void machine_exit(int status)
{
	char line[64];
	int n;

	if (!machine_report_status(status)) {
		n = format_text(line, sizeof(line), "%s%d\n", CONSOLE_STATUS_LINE, status);
		console_write_log(line, (size_t)n);
	}
	machine_off();
}

#define OFF_PAUSES 1000000u

void machine_off_wait(void)
{
	for (unsigned i = 0; i < OFF_PAUSES; i++)
		cpu_relax();
}

/* A way that faults comes here anew by the panic: it is not tried again. */
static void __noreturn end(unsigned flags)
{
	static int below[] = { [0] = INT32_MAX, [POWEROFF_RESET] = INT32_MAX };
	const struct poweroff *next;

	irq_disable();
	do {
		next = NULL;
		set_for_each(poweroff, p)
			if (p->flags == flags && p->rating < below[flags] && (!next || p->rating > next->rating))
				next = p;
		if (next) {
			below[flags] = next->rating;
			next->off();
		}
	} while (next);
	arch_halt();
}

void machine_off(void)
{
	end(0);
}

void machine_reset(void)
{
	end(POWEROFF_RESET);
}
