/* What a thread leaves behind for the others of its program when it ends: locks that it held (abi/robust_list.c), and
 * the word that pthread_join(3) waits on. */
#include <abi/futex.h>
#include <core/set.h>
#include <core/process.h>
#include <core/uaccess.h>

COMPONENT("thread-calls", "system calls that make, end and schedule threads");

void process_thread_ended(struct thread *t)
{
	if (READ_ONCE(t->process->exiting) && t->process->thread_count == 1)
		return; /* nobody is left to tell */
	futex_pi_thread_ends();
	if (t->robust_list)
		robust_list_release(t->robust_list);
	if (t->clear_child_tid && !put_user_u32((uint32_t __user *)t->clear_child_tid, 0))
		(void)futex_wake_shared((uint32_t __user *)t->clear_child_tid, 1);
}
