/* ioprio_set(2), ioprio_get(2). There is nothing that orders requests by it: the value is checked and told again. */
#include <abi/selected.h>
#include <abi/syscall.h>
#include <core/process.h>
#include <linux/capability.h>
#include <linux/ioprio.h>

COMPONENT("ioprio", "priorities of I/O (ioprio_set)");

static long set_one(struct thread *t, void *priority)
{
	t->policy.io = (uint16_t)*(int *)priority;
	return 0;
}

/* The best of all: the lowest number, none counting as the worst. */
static long note_one(struct thread *t, void *best)
{
	int *at = best, value = t->policy.io;

	if (*at < 0 || (value && (!*at || value < *at)))
		*at = value;
	return 0;
}

long sys_ioprio_set(int which, int who, int priority)
{
	int class = IOPRIO_PRIO_CLASS(priority), level = priority & (IOPRIO_NR_LEVELS - 1);

	switch (class) {
	case IOPRIO_CLASS_RT:
		if (!(current->process->credentials.cap_effective & (1ull << CAP_SYS_ADMIN | 1ull << CAP_SYS_NICE)))
			return -EPERM;
		break;
	case IOPRIO_CLASS_BE:
	case IOPRIO_CLASS_IDLE:
		break;
	case IOPRIO_CLASS_NONE:
		if (level)
			return -EINVAL;
		break;
	default:
		return -EINVAL;
	}
	if (which < IOPRIO_WHO_PROCESS || which > IOPRIO_WHO_USER)
		return -EINVAL;
	return threads_selected(which - IOPRIO_WHO_PROCESS, who, set_one, &priority);
}
SYSCALL(ioprio_set);

long sys_ioprio_get(int which, int who)
{
	int best = -1;
	long r;

	if (which < IOPRIO_WHO_PROCESS || which > IOPRIO_WHO_USER)
		return -EINVAL;
	r = threads_selected(which - IOPRIO_WHO_PROCESS, who, note_one, &best);
	return r ? r : best;
}
SYSCALL(ioprio_get);
