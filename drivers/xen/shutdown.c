/* Xen's ways to end the machine (public/sched.h), and its tools' wish that it ends: `xl shutdown` and `xl reboot` write to
 * control/shutdown in xenstore, which is answered by clearing it (docs/misc/xenstore-paths.pandoc of Xen). */
#include <core/init.h>
#include <core/log.h>
#include <core/power.h>
#include <core/stop.h>
#include <core/string.h>
#include "drivers/xen/xenstore.h"

COMPONENT("xen-shutdown", "Xen: power off, reset, and being asked for it");

enum { SCHED_SHUTDOWN = 2 };
enum shutdown_reason { SHUTDOWN_POWEROFF = 0, SHUTDOWN_REBOOT = 1, SHUTDOWN_CRASH = 3 };

static void end(uint32_t reason)
{
	if (xen_present())
		(void)xen_hypercall(XEN_SCHED_OP, SCHED_SHUTDOWN, (uintptr_t)&reason, 0);
}

static bool reboot_wanted; /* a */

/* The tools tell a crash from an end, and do what on_crash= says. */
static void xen_off(void)
{
	end(panicking ? SHUTDOWN_CRASH : READ_ONCE(reboot_wanted) ? SHUTDOWN_REBOOT : SHUTDOWN_POWEROFF);
}
SET_ENTRY(poweroff, xen_off, struct poweroff) = { "xen", xen_off, .rating = 300 };

static void xen_reset(void)
{
	end(SHUTDOWN_REBOOT);
}
SET_ENTRY(poweroff, xen_reset, struct poweroff) = { "xen", xen_reset, .rating = 300, .flags = POWEROFF_RESET };

static void control_changed(struct xenstore_watch *w)
{
	char wish[32];

	if (xenstore_read(w->path, wish, sizeof(wish)) <= 0)
		return;
	(void)xenstore_write(w->path, "");
	WRITE_ONCE(reboot_wanted, !strcmp(wish, "reboot"));
	if (reboot_wanted || !strcmp(wish, "poweroff") || !strcmp(wish, "halt"))
		machine_stop();
	else
		log_warn("xen: asked to \"%s\", which is not supported", wish);
}

static void watch_control(void)
{
	static struct xenstore_watch watch = { .path = "control/shutdown", .changed = control_changed };

	if (xen_present() && (xenstore_watch(&watch) || xenstore_write("control/feature-poweroff", "1")))
		log_info("xen: the tools cannot ask this machine to end");
}
INITCALL(60, watch_control);
