/* Threads by process, process group or user (abi/selected.h). */
#include <abi/selected.h>
#include <abi/syscall.h>
#include <core/process.h>

COMPONENT("thread-calls", "system calls that make, end and schedule threads");

static bool is_meant(const struct process *p, int which, int who)
{
	const struct process *mine = current->process;

	if (which == SELECT_GROUP)
		return p->pgid == (who ? who : mine->pgid);
	return p->credentials.uid == (who ? (uint32_t)who : mine->credentials.uid);
}

long threads_selected(int which, int who, long (*each)(struct thread *t, void *argument), void *argument)
{
	long r = -ESRCH, error = 0;
	struct process *p;
	struct thread *t;

	if (which == SELECT_THREAD) {
		t = who ? thread_by_tid(who) : current;
		if (!t || !t->process)
			return -ESRCH;
		r = each(t, argument);
		if (who)
			thread_put(t);
		return r;
	}
	for (int pid = 1; (p = process_next(pid)); pid++) {
		pid = p->pid;
		mutex_lock(&p->lock);
		list_for_each(t, &p->threads, process_node) {
			if (is_meant(p, which, who)) {
				r = each(t, argument);
				error = r < 0 ? r : error;
			}
		}
		mutex_unlock(&p->lock);
		process_put(p);
	}
	return error ? error : r;
}
