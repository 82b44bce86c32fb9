/* Small calls that belong to no family: getrandom(2), personality(2), membarrier(2). */
#include <abi/syscall.h>
#include <core/cpu.h>
#include <core/process.h>
#include <core/random.h>
#include <core/sched.h>
#include <core/uaccess.h>
#include <linux/membarrier.h>
#include <linux/random.h>

COMPONENT("process-calls", "system calls of the process: identity, limits, sessions");

long sys_getrandom(char __user *buf, size_t n, unsigned flags)
{
	uint8_t chunk[256];
	size_t done = 0;

	if (flags & ~(unsigned)(GRND_NONBLOCK | GRND_RANDOM | GRND_INSECURE))
		return -EINVAL;
	n = MIN(n, (size_t)INT32_MAX);
	if (!user_range_ok(buf, n))
		return -EFAULT;
	while (done < n) {
		size_t here = MIN(n - done, sizeof(chunk));

		random_bytes(chunk, here);
		here -= copy_to_user(buf + done, chunk, here);
		if (!here)
			return done ? (long)done : -EFAULT;
		done += here;
		if (done < n && thread_signal_pending(current))
			break; /* as Linux: only requests above 256 bytes can be cut short */
	}
	return (long)done;
}
SYSCALL(getrandom);

#define PERSONALITY_QUERY 0xffffffffu

/* Partial: kept, without effect. */
long sys_personality(unsigned persona)
{
	struct process *p = current->process;
	unsigned was = p->personality;

	if (persona != PERSONALITY_QUERY)
		p->personality = persona;
	return was;
}
SYSCALL(personality);

/* A switch of threads is a full barrier: once this thread has run on each processor, every other has passed one. */
static void visit_processors(void)
{
	uint32_t allowed = READ_ONCE(current->cpus);

	for (unsigned i = 0; i < cpu_count && cpu_count > 1; i++)
		sched_set_cpus(current, 1u << i);
	sched_set_cpus(current, allowed);
}

/* Partial: not MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE and _RSEQ. */
long sys_membarrier(int command, unsigned flags, int cpu)
{
	const int supported = MEMBARRIER_CMD_GLOBAL | MEMBARRIER_CMD_GLOBAL_EXPEDITED |
			      MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED | MEMBARRIER_CMD_PRIVATE_EXPEDITED |
			      MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED;

	if (flags)
		return -EINVAL;
	if (command == MEMBARRIER_CMD_QUERY)
		return supported;
	if (command & (command - 1) || !(command & supported))
		return -EINVAL;
	if (command & (MEMBARRIER_CMD_GLOBAL | MEMBARRIER_CMD_GLOBAL_EXPEDITED | MEMBARRIER_CMD_PRIVATE_EXPEDITED))
		visit_processors();
	return 0;
}
SYSCALL(membarrier);
