/* Block devices (block.h): the list of them, and requests that a thread waits for. */
#include "core/log.h"
#include "core/param.h"
#include "drivers/block.h"
#include <linux/errno.h>

COMPONENT("block", "disks");

static struct block_device *devices; /* changed at start-up only, by one thread */

uint64_t block_timeout_ns = 30 * NSEC_PER_SEC;

static int set_timeout(char *value)
{
	uint64_t seconds;

	if (param_number(value, &seconds) || !seconds || seconds > 3600)
		return -EINVAL;
	block_timeout_ns = seconds * NSEC_PER_SEC;
	return 0;
}
BOOT_PARAM(disk_timeout, "whittle.disk_timeout", set_timeout);

void block_register(struct block_device *d, const char *pattern)
{
	struct block_device **at = &devices;
	const char *mark = strchr(pattern, '*') ?: strchr(pattern, '#');
	unsigned before = 0;
	char number[2] = { 0 };

	for (; *at; at = &(*at)->next)
		before += !strcmp((*at)->pattern, pattern);
	d->pattern = pattern;
	number[0] = (char)((*mark == '*' ? 'a' : '0') + before);
	format_text(d->name, sizeof(d->name), "%.*s%s%s", (int)(mark - pattern), pattern, number, mark + 1);
	wait_queue_init(&d->wait);
	*at = d;
	log_info("%s: %lu KiB%s", d->name, (unsigned long)(d->size / 1024), d->read_only ? ", read-only" : "");
}

struct block_device *block_find(const char *name)
{
	if (!strncmp(name, "/dev/", 5))
		name += 5;
	for (struct block_device *d = devices; d; d = d->next)
		if (!strcmp(d->name, name))
			return d;
	return NULL;
}

struct block_device *block_at(unsigned index)
{
	struct block_device *d = devices;

	while (d && index--)
		d = d->next;
	return d;
}

void block_done(struct block_device *d, struct block_request *r, int result)
{
	r->result = result;
	__atomic_store_n(&r->done, true, __ATOMIC_RELEASE); /* pairs with block_transfer(): @r is its own from here on */
	wait_queue_wake_all(&d->wait, 0);
}

int block_wait(struct block_device *d, struct block_request *r)
{
	if (wait_event_until(&d->wait, __atomic_load_n(&r->done, __ATOMIC_ACQUIRE), clock_monotonic_ns() + block_timeout_ns, false) &&
	    d->ops->stop && !__atomic_exchange_n(&d->stopped, true, __ATOMIC_ACQ_REL)) {
		log_err("%s: the device does not complete a request: the disk is given up", d->name);
		d->ops->stop(d);
	}
	wait_event(&d->wait, __atomic_load_n(&r->done, __ATOMIC_ACQUIRE));
	return r->result;
}

static int make_request(struct block_device *d, struct block_request *r)
{
	struct block_count *c = &d->count[r->write];
	uint64_t start = clock_monotonic_ns(), bytes = 0;

	for (unsigned i = 0; i < r->count; i++)
		bytes += r->pieces[i].length;
	__atomic_fetch_add(&d->under_way, 1, __ATOMIC_RELAXED);
	d->ops->submit(d, r);
	(void)block_wait(d, r);
	__atomic_fetch_sub(&d->under_way, 1, __ATOMIC_RELAXED);
	__atomic_fetch_add(&c->requests, 1, __ATOMIC_RELAXED);
	__atomic_fetch_add(&c->bytes, bytes, __ATOMIC_RELAXED);
	__atomic_fetch_add(&c->ns, clock_monotonic_ns() - start, __ATOMIC_RELAXED);
	return r->result;
}

int block_transfer(struct block_device *d, bool write, uint64_t offset, const struct block_piece *pieces, unsigned count)
{
	uint64_t bytes = 0;

	for (unsigned i = 0; i < count; i++) {
		if (!pieces[i].length || pieces[i].length % BLOCK_SECTOR)
			return -EINVAL;
		bytes += pieces[i].length;
	}
	if (offset % BLOCK_SECTOR || offset > d->size || bytes > d->size - offset)
		return -EINVAL;
	if (write && d->read_only)
		return -EROFS;
	if (write)
		current->io.disk_written += bytes;
	else
		current->io.disk_read += bytes;
	while (count) {
		struct block_request r = {
			.pieces = pieces, .count = MIN(count, d->pieces_max), .write = write, .offset = offset,
		};

		int result = make_request(d, &r);

		if (result)
			return result;
		for (unsigned i = 0; i < r.count; i++)
			offset += pieces[i].length;
		pieces += r.count;
		count -= r.count;
	}
	return 0;
}

int block_flush(struct block_device *d)
{
	return d->ops->flush && !d->read_only ? d->ops->flush(d) : 0;
}

int block_discard(struct block_device *d, uint64_t offset, uint64_t n)
{
	int r = 0;

	if (offset % BLOCK_SECTOR || n % BLOCK_SECTOR || offset > d->size || n > d->size - offset)
		return -EINVAL;
	if (d->read_only)
		return -EROFS;
	if (!d->discard_max)
		return -EOPNOTSUPP;
	while (n && !r) {
		uint64_t part = MIN(n, d->discard_max);

		r = d->ops->discard(d, offset, part);
		offset += part;
		n -= part;
	}
	return r;
}
