/* QEMU's isa-debugcon: the channels between a kernel and `whittle run` (include/whittle/console.h).
 *
 * Writing a byte is one `out`; QEMU waits when its reader is slow. x86 only. */
#include <arch/port.h>
#include <core/console.h>
#include <core/power.h>
#include <whittle/console.h>

COMPONENT("debugcon", "output, messages and status to whittle run");

static bool output_probe(void)
{
	return inb(CONSOLE_OUTPUT_PORT) == CONSOLE_PRESENT;
}
static void output_write(const char *bytes, size_t n)
{
	outsb(CONSOLE_OUTPUT_PORT, bytes, n);
}
SET_ENTRY(console, debugcon_output, struct console) = {
	"debugcon", output_probe, output_write, .rating = 200, .flags = CONSOLE_PROGRAM,
};

static bool log_probe(void)
{
	return inb(CONSOLE_LOG_PORT) == CONSOLE_PRESENT;
}
static void log_write(const char *bytes, size_t n)
{
	outsb(CONSOLE_LOG_PORT, bytes, n);
}
SET_ENTRY(console, debugcon_log, struct console) = {
	"debugcon", log_probe, log_write, .rating = 200, .flags = CONSOLE_LOG,
};

bool machine_report_status(int status)
{
	if (inb(CONSOLE_STATUS_PORT) != CONSOLE_PRESENT)
		return false;
	outb(CONSOLE_STATUS_PORT, (uint8_t)status);
	return true;
}
