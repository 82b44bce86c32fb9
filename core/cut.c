/* Says what a program asked for that was cut away; the table is the tool's (include/whittle/cut.h). whittle.cut=kill
 * makes it the program's end. A key becomes its complement
 * when its line is said, without a lock.
 */
#include <arch/thread.h>
#include <core/cut.h>
#include <core/log.h>
#include <core/param.h>
#include <core/signal.h>
#include <linux/errno.h>
#include <linux/signal.h>
#include <whittle/cut.h>

COMPONENT("cut", "says what was cut out of this kernel and is asked for all the same");

#define PLACE_SIZE 320
#define SYS_CUT    1 /* si_code; as SYS_SECCOMP */

extern struct cut_table whittle_cut;

static bool kills;

static int set_cut(char *value)
{
	kills = strcmp(value, "kill") == 0;
	return kills || strcmp(value, "error") == 0 ? 0 : -EINVAL;
}
BOOT_PARAM(cut, "whittle.cut", set_cut);

void cut_missing(const char *what, const char *with, const char *error)
{
	const struct signal_action ends = { .handler = SIGNAL_DEFAULT };
	struct signal_action before;
	char place[PLACE_SIZE];

	cut_place(frame_ip(current->frame), place, sizeof(place));
	log_warn("%s: %s is not in this kernel, asked for at %s (--with %s): %s", current->name, what, place, with,
		 kills ? "ends (whittle.cut=kill)" : error);
	if (!kills)
		return;
	signal_action_set(SIGSYS, &ends, &before);
	signal_force(SIGSYS, SYS_CUT, frame_ip(current->frame));
}

/* The name of what has this key, the first time; "" afterwards; NULL if nothing has it. */
static const char *take(uint32_t key, uint32_t said)
{
	for (uint32_t i = 0; i < whittle_cut.count; i++) {
		struct cut_entry *e = &whittle_cut.entries[i];
		uint32_t found = key;

		if (READ_ONCE(e->key) == said)
			return "";
		if (__atomic_compare_exchange_n(&e->key, &found, said, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
			return (const char *)&whittle_cut + e->name;
	}
	return NULL;
}

bool cut_report(const char *set, uint32_t number, const char *error)
{
	char what[64], with[64];
	uint32_t key = cut_key(set, number);
	const char *name = take(key, ~key);

	if (name && *name) {
		format_text(what, sizeof(what), "%s %#x (%s)", set, number, name);
		format_text(with, sizeof(with), "%s:%s", set, name);
		cut_missing(what, with, error);
	}
	return name;
}
