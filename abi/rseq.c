/* rseq(2): restartable sequences. A thread that was preempted, or is to run a handler, inside a sequence that it
 * announced goes on at the sequence's abort address (linux/rseq.h says what lies where).
 *
 * The scheduler sets WORK_RSEQ when it takes the processor from a thread that has registered.
 */
#include <abi/rseq.h>
#include <abi/syscall.h>
#include <arch/thread.h>
#include <core/process.h>
#include <core/signal.h>
#include <core/uaccess.h>
#include <linux/rseq.h>
#include <linux/signal.h>
#include <mm/mm.h>

COMPONENT("thread-calls", "system calls that make, end and schedule threads");

#define RSEQ_SIZE 32u /* of the first version, which Linux's own struct keeps */

static int write_cpu(struct rseq __user *r)
{
	uint32_t cpu = percpu_get(this_cpu);

	return put_user_u32(&r->cpu_id_start, cpu) || put_user_u32(&r->cpu_id, cpu) ? -EFAULT : 0;
}

long sys_rseq(struct rseq __user *area, uint32_t size, int flags, uint32_t signature)
{
	struct thread *t = current;

	if (flags & RSEQ_FLAG_UNREGISTER) {
		if (flags & ~RSEQ_FLAG_UNREGISTER || !t->rseq || t->rseq != area || size != RSEQ_SIZE)
			return -EINVAL;
		if (t->rseq_signature != signature)
			return -EPERM;
		t->rseq = NULL;
		return put_user_u32(&area->cpu_id_start, 0) ||
		       put_user_u32(&area->cpu_id, (uint32_t)RSEQ_CPU_ID_UNINITIALIZED) ? -EFAULT : 0;
	}
	if (flags)
		return -EINVAL;
	if (t->rseq)
		return t->rseq != area || size != RSEQ_SIZE ? -EINVAL : t->rseq_signature != signature ? -EPERM : -EBUSY;
	if (((uint64_t)area & (RSEQ_SIZE - 1)) || size != RSEQ_SIZE)
		return -EINVAL;
	if (write_cpu(area))
		return -EFAULT;
	t->rseq_signature = signature;
	t->rseq = area;
	return 0;
}
SYSCALL(rseq);

/* Return: 0, with @frame sent to the abort address if it was inside a sequence; -EFAULT, -EINVAL: a broken one. */
static int leave_sequence(struct trap_frame *frame, struct rseq __user *area)
{
	uint64_t at, limit = current->process->mm->limit, *field = (uint64_t *)(uintptr_t)&area->rseq_cs;
	struct rseq_cs cs;
	uint32_t signature;

	if (get_user_u64(&at, (const uint64_t __user *)field))
		return -EFAULT;
	if (!at)
		return 0;
	if (copy_in(&cs, (const struct rseq_cs __user *)at))
		return -EFAULT;
	if (cs.version != 0 || cs.start_ip >= limit || cs.post_commit_offset > limit - cs.start_ip || cs.abort_ip >= limit ||
	    cs.abort_ip - cs.start_ip < cs.post_commit_offset)
		return -EINVAL;
	if (put_user_u64((uint64_t __user *)field, 0))
		return -EFAULT;
	if (frame_ip(frame) - cs.start_ip >= cs.post_commit_offset)
		return 0;
	if (get_user_u32(&signature, (const uint32_t __user *)(cs.abort_ip - sizeof(signature))))
		return -EFAULT;
	if (signature != current->rseq_signature)
		return -EINVAL;
	frame_set_ip(frame, cs.abort_ip);
	return 0;
}

void rseq_interrupted(struct trap_frame *frame)
{
	struct rseq __user *area = current->rseq;

	if (area && (leave_sequence(frame, area) || write_cpu(area)))
		signal_force(SIGSEGV, SI_KERNEL, (uint64_t)area);
}
