/* xenstore by its ring in a page that the domain was built with (xenstore.h): one call at a time, and a thread for watches.
 *
 * A message is a header and a payload; answers carry the number of what they answer, events of watches come in between. Both
 * are read by whoever holds the lock: the caller who waits for its answer, or the thread. call_lock: the ring, the
 * message buffer and the list of watches. What the other side says of lengths is checked; a ring that is wrong is given up.
 */
#include <core/lock.h>
#include <core/log.h>
#include <core/param.h>
#include <core/string.h>
#include <core/thread.h>
#include <core/wait.h>
#include <linux/errno.h>
#include "drivers/xen/xenstore.h"

COMPONENT("xenstore", "Xen's database of devices");

#define RING_BYTES   1024u
#define PAYLOAD_MAX  4096u
#define PATIENCE_NS  (10 * NSEC_PER_SEC)

struct ring {
	char request[RING_BYTES], answer[RING_BYTES];
	uint32_t request_taken, request_put, answer_taken, answer_put;
};

struct message {
	uint32_t type, number, transaction, length;
};

enum message_type { XS_DIRECTORY = 1, XS_READ = 2, XS_WATCH = 4, XS_WRITE = 11, XS_WATCH_EVENT = 15, XS_ERROR = 16 };

static struct mutex call_lock = MUTEX_INIT(call_lock, RANK_DISK);
static struct wait_queue ring_wait = WAIT_QUEUE_INIT(ring_wait);
static struct ring *ring;                          /* I after start(); NULL: there is none */
static bool given_up;                              /* call_lock */
static char payload[PAYLOAD_MAX + 1];              /* call_lock */
static uint32_t last_number;                       /* call_lock */
static struct list watches = LIST_INIT(watches);   /* call_lock */
static uint32_t fired;                             /* a: watches that the thread is to tell; written under call_lock */

static void ring_event(void *unused)
{
	wait_queue_wake_all(&ring_wait, 0);
}

static struct xen_event event = { .handle = ring_event };

static uint32_t room(void)
{
	return RING_BYTES - (ring->request_put - __atomic_load_n(&ring->request_taken, __ATOMIC_ACQUIRE));
}

static uint32_t there(void)
{
	return __atomic_load_n(&ring->answer_put, __ATOMIC_ACQUIRE) - ring->answer_taken;
}

static int give_up(const char *why)
{
	log_err("xenstore: %s: no device of Xen's can be found any more", why);
	given_up = true;
	return -EIO;
}

static int put(const void *from, uint32_t n)
{
	const char *bytes = from;

	while (n) {
		uint32_t free, at = ring->request_put % RING_BYTES, part;

		if (wait_event_until(&ring_wait, (free = room()) != 0, clock_monotonic_ns() + PATIENCE_NS, false))
			return give_up("it does not take what it is asked");
		if (free > RING_BYTES)
			return give_up("its ring is wrong");
		part = MIN(n, free);
		part = MIN(part, RING_BYTES - at);
		memcpy(ring->request + at, bytes, part);
		__atomic_store_n(&ring->request_put, ring->request_put + part, __ATOMIC_RELEASE);
		xen_event_send(&event);
		bytes += part;
		n -= part;
	}
	return 0;
}

static int take(void *to, uint32_t n)
{
	char *bytes = to;

	while (n) {
		uint32_t ready, at = ring->answer_taken % RING_BYTES, part;

		if (wait_event_until(&ring_wait, (ready = there()) != 0, clock_monotonic_ns() + PATIENCE_NS, false))
			return give_up("it does not answer");
		if (ready > RING_BYTES)
			return give_up("its ring is wrong");
		part = MIN(n, ready);
		part = MIN(part, RING_BYTES - at);
		memcpy(bytes, ring->answer + at, part);
		__atomic_store_n(&ring->answer_taken, ring->answer_taken + part, __ATOMIC_RELEASE);
		xen_event_send(&event);
		bytes += part;
		n -= part;
	}
	return 0;
}

/* The path that changed, and the token of the watch: those on the list are believed. */
static void watch_event(uint32_t length)
{
	size_t path = strnlen(payload, length);
	struct xenstore_watch *w;
	uint64_t token;

	if (path >= length || param_number(payload + path + 1, &token))
		return;
	list_for_each(w, &watches, node) {
		if (w->token != token || w->fired)
			continue;
		w->fired = true;
		WRITE_ONCE(fired, fired + 1);
	}
}

/* The next message, whose payload is a text of @m->length bytes then; events of watches are noted. */
static int take_message(struct message *m)
{
	int r = take(m, sizeof(*m));

	if (!r && m->length > PAYLOAD_MAX)
		r = give_up("it sends more than it may");
	if (!r)
		r = take(payload, m->length);
	if (r)
		return r;
	payload[m->length] = '\0';
	if (m->type == XS_WATCH_EVENT)
		watch_event(m->length);
	return 0;
}

static int error_number(const char *name)
{
	static const struct {
		const char *name;
		int number;
	} known[] = { { "ENOENT", ENOENT }, { "EACCES", EACCES }, { "EINVAL", EINVAL }, { "EAGAIN", EAGAIN } };

	for (unsigned i = 0; i < ARRAY_SIZE(known); i++)
		if (!strcmp(known[i].name, name))
			return -known[i].number;
	return -EIO;
}

static struct xenstore_watch *next_fired(void)
{
	struct xenstore_watch *w;

	list_for_each(w, &watches, node) {
		if (w->fired) {
			w->fired = false;
			WRITE_ONCE(fired, fired - 1);
			return w;
		}
	}
	return NULL;
}

static void watch_thread(void *unused)
{
	mutex_lock(&call_lock);
	while (!given_up) {
		struct xenstore_watch *w = next_fired();
		struct message m;

		if (!w && there()) {
			(void)take_message(&m); /* nobody waits for an answer: it is an event */
			continue;
		}
		mutex_unlock(&call_lock);
		if (w)
			w->changed(w);
		else
			wait_event(&ring_wait, there() || READ_ONCE(fired));
		mutex_lock(&call_lock);
	}
	mutex_unlock(&call_lock);
}

static int start(void)
{
	static bool tried;
	struct thread *t;

	if (tried || !xen_present())
		return ring && !given_up ? 0 : -ENODEV;
	tried = true;
	event.port = (uint32_t)xen_param(XEN_PARAM_STORE_EVENT);
	ring = xen_map_param(XEN_PARAM_STORE_PFN);
	if (!ring || xen_event_bind(&event) || !(t = thread_create("xenwatch", NULL, watch_thread, NULL))) {
		given_up = true;
		log_err("xenstore: it cannot be reached: no device of Xen's can be found");
		return -ENODEV;
	}
	thread_start(t);
	thread_put(t);
	return 0;
}

/* @path with its '\0', and @rest if there is one. Return: bytes of the answer, which lies in payload. call_lock. */
static int call(enum message_type type, const char *path, const char *rest, uint32_t rest_length)
{
	uint32_t length = (uint32_t)strlen(path) + 1;
	struct message m = { .type = type, .number = ++last_number, .length = length + rest_length };
	int r = start();

	if (!r)
		r = put(&m, sizeof(m));
	if (!r)
		r = put(path, length);
	if (!r)
		r = put(rest, rest_length);
	do
		if (r || (r = take_message(&m)))
			return r;
	while (m.type == XS_WATCH_EVENT || m.number != last_number);
	if (m.type == XS_ERROR)
		return error_number(payload);
	return m.type == type ? (int)m.length : give_up("it answers something else");
}

int xenstore_read(const char *path, char *value, size_t size)
{
	int r;

	mutex_lock(&call_lock);
	r = call(XS_READ, path, NULL, 0);
	if (r >= (int)size)
		r = -E2BIG;
	if (r >= 0)
		memcpy(value, payload, (size_t)r + 1);
	mutex_unlock(&call_lock);
	return r;
}

int xenstore_read_number(const char *path, uint64_t *number)
{
	char text[32];
	int r = xenstore_read(path, text, sizeof(text));

	return r < 0 ? r : param_number(text, number);
}

int xenstore_write(const char *path, const char *value)
{
	int r;

	mutex_lock(&call_lock);
	r = call(XS_WRITE, path, value, (uint32_t)strlen(value));
	mutex_unlock(&call_lock);
	return MIN(r, 0);
}

int xenstore_list(const char *path, char *names, size_t size)
{
	int r;

	mutex_lock(&call_lock);
	r = call(XS_DIRECTORY, path, NULL, 0);
	while (r > 0 && ((size_t)r > size || payload[r - 1]))
		r--; /* only whole names */
	if (r > 0)
		memcpy(names, payload, (size_t)r);
	mutex_unlock(&call_lock);
	return r;
}

int xenstore_watch(struct xenstore_watch *w)
{
	static uint32_t last_token; /* call_lock */
	char token[16];
	int r;

	mutex_lock(&call_lock);
	w->token = ++last_token;
	format_text(token, sizeof(token), "%u", w->token);
	list_add_tail(&watches, &w->node);
	r = call(XS_WATCH, w->path, token, (uint32_t)strlen(token) + 1);
	mutex_unlock(&call_lock);
	wait_queue_wake_all(&ring_wait, 0);
	return MIN(r, 0);
}
