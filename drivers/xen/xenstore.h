/* xenstore, the database that the domains of a machine share (docs/misc/xenstore.txt and public/io/xs_wire.h of Xen), and the
 * bus of devices that it describes (bus.c; public/io/xenbus.h). Paths that begin without '/' are of our own domain.
 *
 * All of it may sleep. Transactions are left out: what a driver says counts when it changes its state, the last thing it says.
 */
#ifndef DRIVERS_XEN_XENSTORE_H
#define DRIVERS_XEN_XENSTORE_H

#include <core/list.h>
#include "drivers/xen/xen.h"

#define XENSTORE_VALUE_MAX 256u /* of what we read, and of paths; longer ones are refused */

/** xenstore_read() - the value at @path as text, at most @size - 1 bytes. Its length; -ENOENT, -E2BIG, other errno. */
int xenstore_read(const char *path, char *value, size_t size);
/** xenstore_read_number() - the same as a number, decimal. 0 or negative errno. */
int xenstore_read_number(const char *path, uint64_t *number);
/** xenstore_write() - 0 or negative errno. */
int xenstore_write(const char *path, const char *value);
/**
 * xenstore_list() - the names right below @path, each with its '\0', in @names, as many as fit whole into @size bytes.
 * Return: bytes; negative errno.
 */
int xenstore_list(const char *path, char *names, size_t size);

struct xenstore_watch {
	const char *path;                       /* borrowed for good */
	void (*changed)(struct xenstore_watch *w); /* by a thread of xenstore's; also once at first; may sleep */
	/* xenstore.c's */
	struct list node;
	uint32_t token;
	bool fired;
};
/** xenstore_watch() - be told when something at or below @w->path changes. @w stays for good. 0 or negative errno. */
int xenstore_watch(struct xenstore_watch *w);

/* The bus "xen". What attach() gets, by kind; it stays. */
enum xen_device_kind { XEN_DEVICE_DISK = 1, XEN_DEVICE_NETWORK = 2 };
enum xen_state {
	XEN_STATE_INITIALISING = 1, XEN_STATE_INIT_WAIT, XEN_STATE_INITIALISED, XEN_STATE_CONNECTED, XEN_STATE_CLOSING,
	XEN_STATE_CLOSED,
};
struct xen_device {
	char path[XENSTORE_VALUE_MAX];    /* "device/vbd/51712" */
	char backend[XENSTORE_VALUE_MAX]; /* where the other side says what it has */
	domid_t remote;
};

/** xen_device_number() - what the other side says at @name. 0 or negative errno. */
int xen_device_number(const struct xen_device *d, const char *name, uint64_t *number);
/** xen_device_own_number(), xen_device_own_text() - what the tools wrote at our side's @name. 0 or negative errno. */
int xen_device_own_number(const struct xen_device *d, const char *name, uint64_t *number);
int xen_device_own_text(const struct xen_device *d, const char *name, char *value, size_t size);
/** xen_device_say() - say at our side's @name; 0 or negative errno. */
int xen_device_say(const struct xen_device *d, const char *name, const char *value);
int xen_device_say_number(const struct xen_device *d, const char *name, uint64_t number);
/** xen_device_wait() - until the other side's state is @state. 0; -ETIMEDOUT; -ENODEV: it has gone, or never will be. */
int xen_device_wait(const struct xen_device *d, enum xen_state state);

#endif
