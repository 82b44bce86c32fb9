/* /proc/partitions and diskstats: the disks, which have no partitions here (proc(5); Linux: Documentation/admin-guide/iostats.rst). */
#include <core/clock.h>
#include <drivers/block.h>
#include <fs/dev/devnode.h>
#include <fs/proc/procfile.h>

COMPONENT("proc", "/proc and its files");

#define NSEC_PER_MSEC (NSEC_PER_SEC / 1000)

static int show_partitions(struct text *out, const struct proc_target *of)
{
	const struct block_device *d;

	text_add(out, "major minor  #blocks  name\n\n");
	for (unsigned i = 0; (d = block_at(i)) != NULL; i++)
		text_add(out, "%4u  %7u %10lu %s\n", BLOCK_MAJOR, i * BLOCK_MINORS, (unsigned long)(d->size / 1024), d->name);
	return 0;
}
PROC_FILE(partitions, "partitions", show_partitions);

/* Requests, those that were merged, sectors and milliseconds. */
static void add_count(struct text *out, const struct block_count *c)
{
	text_add(out, " %lu 0 %lu %lu", (unsigned long)READ_ONCE(c->requests), (unsigned long)(READ_ONCE(c->bytes) / BLOCK_SECTOR),
		 (unsigned long)(READ_ONCE(c->ns) / NSEC_PER_MSEC));
}

static int show_diskstats(struct text *out, const struct proc_target *of)
{
	const struct block_device *d;

	for (unsigned i = 0; (d = block_at(i)) != NULL; i++) {
		unsigned long ms = (unsigned long)((READ_ONCE(d->count[0].ns) + READ_ONCE(d->count[1].ns)) / NSEC_PER_MSEC);

		text_add(out, "%4u %7u %s", BLOCK_MAJOR, i * BLOCK_MINORS, d->name);
		add_count(out, &d->count[0]);
		add_count(out, &d->count[1]);
		/* Requests under way, time with any, time of all of them. */
		text_add(out, " %u %lu %lu\n", READ_ONCE(d->under_way), ms, ms);
	}
	return 0;
}
PROC_FILE(diskstats, "diskstats", show_diskstats);
