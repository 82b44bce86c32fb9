/* The bus "xen": devices as xenstore names them below "device", a folder for each kind (xenstore.h; public/io/xenbus.h).
 *
 * Both sides of a device go through states, each in its own folder; when each is connected, data may pass. Start-up waits
 * for each device in turn. Left out: devices that come and go later.
 */
#include <core/log.h>
#include <core/param.h>
#include <core/slab.h>
#include <core/string.h>
#include <core/wait.h>
#include <linux/errno.h>
#include "drivers/driver.h"
#include "drivers/xen/xenstore.h"

COMPONENT("xen-bus", "Xen: finds paravirtual devices");

#define CONNECT_NS (20 * NSEC_PER_SEC)

static int below(const char *folder, const char *name, char path[XENSTORE_VALUE_MAX])
{
	return (size_t)format_text(path, XENSTORE_VALUE_MAX, "%s/%s", folder, name) < XENSTORE_VALUE_MAX ? 0 : -E2BIG;
}

static int number_below(const char *folder, const char *name, uint64_t *number)
{
	char path[XENSTORE_VALUE_MAX];
	int r = below(folder, name, path);

	return r ? r : xenstore_read_number(path, number);
}

int xen_device_number(const struct xen_device *d, const char *name, uint64_t *number)
{
	return number_below(d->backend, name, number);
}

int xen_device_own_number(const struct xen_device *d, const char *name, uint64_t *number)
{
	return number_below(d->path, name, number);
}

int xen_device_own_text(const struct xen_device *d, const char *name, char *value, size_t size)
{
	char path[XENSTORE_VALUE_MAX];
	int r = below(d->path, name, path);

	return r ? r : MIN(xenstore_read(path, value, size), 0);
}

int xen_device_say(const struct xen_device *d, const char *name, const char *value)
{
	char path[XENSTORE_VALUE_MAX];
	int r = below(d->path, name, path);

	return r ? r : xenstore_write(path, value);
}

int xen_device_say_number(const struct xen_device *d, const char *name, uint64_t number)
{
	char text[24];

	format_text(text, sizeof(text), "%lu", number);
	return xen_device_say(d, name, text);
}

/* ---- Waiting for the other side ---- */

struct state_watch {
	struct xenstore_watch watch;
	struct wait_queue wait;
	uint32_t changes; /* a */
	char path[XENSTORE_VALUE_MAX];
};

static void state_changed(struct xenstore_watch *w)
{
	struct state_watch *s = container_of(w, struct state_watch, watch);

	__atomic_fetch_add(&s->changes, 1, __ATOMIC_RELEASE);
	wait_queue_wake_all(&s->wait, 0);
}

/* The watch stays, and so does its memory: one for each device, whatever it waits for. */
static struct state_watch *watch_state(const struct xen_device *d)
{
	static struct state_watch *last;
	struct state_watch *s;
	char path[XENSTORE_VALUE_MAX];

	if (below(d->backend, "state", path))
		return NULL;
	if (last && !strcmp(last->path, path))
		return last;
	s = kzalloc(sizeof(*s));
	if (!s)
		return NULL;
	strscpy(s->path, path, sizeof(s->path));
	wait_queue_init(&s->wait);
	s->watch = (struct xenstore_watch){ .path = s->path, .changed = state_changed };
	last = s;
	return xenstore_watch(&s->watch) ? NULL : s;
}

int xen_device_wait(const struct xen_device *d, enum xen_state state)
{
	uint64_t end = clock_monotonic_ns() + CONNECT_NS, now;
	struct state_watch *s = watch_state(d);

	if (!s)
		return -ENODEV;
	for (;;) {
		uint32_t seen = __atomic_load_n(&s->changes, __ATOMIC_ACQUIRE);
		int r = xenstore_read_number(s->path, &now);

		if (!r && now == state)
			return 0;
		if ((r && r != -ENOENT) || (!r && now >= XEN_STATE_CLOSING))
			return -ENODEV;
		r = wait_event_until(&s->wait, __atomic_load_n(&s->changes, __ATOMIC_ACQUIRE) != seen, end, false);
		if (r)
			return r;
	}
}

/* ---- Finding devices ---- */

static void found(enum xen_device_kind kind, const char *folder, const char *name)
{
	struct xen_device *d = kzalloc(sizeof(*d));
	uint64_t remote;
	int r;

	if (!d)
		return;
	if (below(folder, name, d->path) || xen_device_own_text(d, "backend", d->backend, sizeof(d->backend)) ||
	    xen_device_own_number(d, "backend-id", &remote) || remote >= XEN_DOMID_SELF) {
		log_warn("xen: %s does not say who serves it: left alone", d->path);
		kfree(d);
		return;
	}
	d->remote = (domid_t)remote;
	r = driver_attach("xen", kind, d);
	if (r == -ENODEV)
		log_warn("xen: %s has no driver in this kernel (build it --with %s)", d->path,
			 kind == XEN_DEVICE_DISK ? "xen-blkfront" : "xen-netfront");
	if (r)
		kfree(d);
}

static void xen_scan(void)
{
	static const struct {
		const char *folder;
		enum xen_device_kind kind;
	} kinds[] = { { "device/vbd", XEN_DEVICE_DISK }, { "device/vif", XEN_DEVICE_NETWORK } };
	char names[XENSTORE_VALUE_MAX];

	if (!xen_present())
		return;
	for (unsigned i = 0; i < ARRAY_SIZE(kinds); i++) {
		int n = xenstore_list(kinds[i].folder, names, sizeof(names));

		for (const char *name = names; name < names + n; name += strlen(name) + 1)
			found(kinds[i].kind, kinds[i].folder, name);
	}
}

SET_ENTRY(bus, xen, struct bus) = { "xen", xen_scan, 0 };
