/* Buses and drivers (drivers/driver.h): walks the buses once at start-up, and finds drivers for what they report.
 *
 * Start-up is single-threaded. A device without a driver is said once, by name, with what to add.
 */
#include "core/init.h"
#include "core/log.h"
#include "drivers/driver.h"
#include <linux/errno.h>

COMPONENT("bus", "finds devices and attaches their drivers");

int driver_attach(const char *bus, uint64_t id, void *dev)
{
	set_for_each(driver, d) {
		int r;

		if (d->id != id || strcmp(d->bus, bus))
			continue;
		r = d->attach(dev);
		if (r)
			log_warn("%s: device %lu of bus %s does not start: error %d", d->name, (unsigned long)id, bus, -r);
		return r;
	}
	return -ENODEV;
}

static void bus_scan(void)
{
	set_for_each(bus, b)
		b->scan();
}
INITCALL(50, bus_scan);
