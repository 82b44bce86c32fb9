/* Files of /proc that debug builds have, for tests: what memory is in use by whom, and allocations that fail
 * (core/alloc_debug.h). The latter works like Linux's file of the name: N is written, and the N-th allocation that the
 * thread makes from then on fails; it reads as 0 once that has happened. */
#include <core/alloc_debug.h>
#include <core/thread.h>
#include <fs/proc/procfile.h>
#include <linux/errno.h>

COMPONENT("proc", "/proc and its files");

#if WHITTLE_DEBUG
static int show_allocations(struct text *out, const struct proc_target *of)
{
	long pages, objects;

	alloc_counts(&pages, &objects);
	text_add(out, "%ld pages, %ld objects\n", pages, objects);
	return 0;
}

/* "mark": from here on; "show": to the log. */
static int write_allocations(const struct proc_target *of, char *text, size_t n)
{
	if (strcmp(text, "mark") == 0)
		alloc_mark();
	else if (strcmp(text, "show") == 0)
		alloc_show();
	else
		return -EINVAL;
	return 0;
}
PROC_WRITABLE(allocations, "allocations", show_allocations, write_allocations);

static int show_fail_nth(struct text *out, const struct proc_target *of)
{
	struct thread *t = proc_thread(of);

	if (!t)
		return -ESRCH;
	text_add(out, "%u\n", READ_ONCE(t->fail_nth));
	thread_put(t);
	return 0;
}

static int write_fail_nth(const struct proc_target *of, char *text, size_t n)
{
	struct thread *t;
	int nth, r = proc_parse_int(text, &nth);

	if (r < 0)
		return r;
	if (nth < 0)
		return -EINVAL;
	t = proc_thread(of);
	if (!t)
		return -ESRCH;
	WRITE_ONCE(t->fail_nth, (uint32_t)nth);
	thread_put(t);
	return 0;
}
PROC_WRITABLE(fail_nth, "PID/task/TID/fail-nth", show_fail_nth, write_fail_nth);
#endif
