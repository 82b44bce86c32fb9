/* /proc/interrupts: how often each line interrupted each processor (proc(5)). Kinds and devices follow the counts. */
#include <core/cpu.h>
#include <core/irq.h>
#include <fs/proc/procfile.h>

COMPONENT("proc", "/proc and its files");

static void add_counts(struct text *out, unsigned which)
{
	for (unsigned cpu = 0; cpu < cpu_count; cpu++)
		text_add(out, " %10u", irq_counted(cpu, which));
}

static int show_interrupts(struct text *out, const struct proc_target *of)
{
	text_add(out, "    ");
	for (unsigned cpu = 0; cpu < cpu_count; cpu++)
		text_add(out, "       CPU%-*u", cpu < 10 ? 1 : 2, cpu);
	text_add(out, "\n");
	for (unsigned line = 0; line < IRQ_LINES; line++) {
		const char *name = irq_name(line);

		if (!name)
			continue;
		text_add(out, "%3u:", line);
		add_counts(out, line);
		text_add(out, line < IRQ_MESSAGES_FIRST ? "  line  %s\n" : "  message  %s\n", name);
	}
	text_add(out, "LOC:");
	add_counts(out, IRQ_COUNT_TIMER);
	text_add(out, "   Local timer interrupts\nRES:");
	add_counts(out, IRQ_COUNT_RESCHEDULE);
	text_add(out, "   Rescheduling interrupts\n");
	return 0;
}
PROC_FILE(interrupts, "interrupts", show_interrupts);
