/* A kernel without QEMU's debug consoles: the status goes to the log (core/power.c). */
#include <core/power.h>

__weak bool machine_report_status(int status)
{
	return false;
}
