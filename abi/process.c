/* Calls about the process itself: identity, end, what it used, what the system is. */
#include <abi/cpu_time.h>
#include <abi/syscall.h>
#include <core/clock.h>
#include <core/page.h>
#include <core/process.h>
#include <core/uaccess.h>
#include <core/uname.h>
#include <linux/resource.h>
#include <linux/sysinfo.h>
#include <linux/times.h>
#include <mm/mm.h>

COMPONENT("process-calls", "system calls of the process: identity, limits, sessions");

#define TICK_NS (NSEC_PER_SEC / 100) /* of times(2): sysconf(_SC_CLK_TCK) is 100 */

long sys_getpid(void)
{
	return current->process->pid;
}
SYSCALL(getpid);

long sys_getppid(void)
{
	return current->process->ppid;
}
SYSCALL(getppid);

long sys_gettid(void)
{
	return current->tid;
}
SYSCALL(gettid);

long sys_set_tid_address(int32_t __user *address)
{
	current->clear_child_tid = address;
	return current->tid;
}
SYSCALL(set_tid_address);

long sys_exit(int status)
{
	struct process *p = current->process;

	/* Without exit_group(2) the process's status is its first thread's. */
	if (p->leader == current && !READ_ONCE(p->exiting))
		p->exit_status = (status & 0xff) << 8;
	thread_exit();
}
SYSCALL(exit);

long sys_exit_group(int status)
{
	process_exit_all((status & 0xff) << 8);
}
SYSCALL(exit_group);

long sys_uname(struct new_utsname __user *out)
{
	return copy_out(out, &system_names);
}
SYSCALL(uname);

static long set_name(char *to, const char __user *name, int n)
{
	char text[__NEW_UTS_LEN + 1] = { 0 };

	if (current->process->credentials.euid != 0)
		return -EPERM;
	if (n < 0 || n > __NEW_UTS_LEN)
		return -EINVAL;
	if (copy_from_user(text, name, (size_t)n))
		return -EFAULT;
	memcpy(to, text, sizeof(text));
	return 0;
}

long sys_sethostname(const char __user *name, int n)
{
	return set_name(system_names.nodename, name, n);
}
SYSCALL(sethostname);

long sys_setdomainname(const char __user *name, int n)
{
	return set_name(system_names.domainname, name, n);
}
SYSCALL(setdomainname);

long sys_sysinfo(struct sysinfo __user *out)
{
	struct sysinfo s = { 0 };

	s.uptime = (long)(clock_monotonic_ns() / NSEC_PER_SEC);
	s.totalram = page_total() * PAGE_SIZE;
	s.freeram = page_free_count() * PAGE_SIZE;
	s.procs = (uint16_t)current->process->thread_count;
	s.mem_unit = 1;
	return copy_out(out, &s);
}
SYSCALL(sysinfo);

/* Partial: time in the kernel counts as the program's; no figures of input and output. */
long sys_getrusage(int who, struct rusage __user *out)
{
	struct process *p = current->process;
	struct rusage r = { 0 };
	uint64_t ns = 0;

	switch (who) {
	case RUSAGE_SELF:
		ns = process_run_time_ns(p);
		break;
	case RUSAGE_THREAD:
		ns = thread_run_time_ns(current);
		break;
	case RUSAGE_CHILDREN:
		return copy_out(out, &r);
	default:
		return -EINVAL;
	}
	/* Time in the kernel is not told apart: all of it counts as the program's. */
	r.ru_utime.tv_sec = (long)(ns / NSEC_PER_SEC);
	r.ru_utime.tv_usec = (long)(ns % NSEC_PER_SEC / 1000);
	r.ru_maxrss = (long)(READ_ONCE(p->mm->anon_pages) * (PAGE_SIZE / 1024));
	r.ru_minflt = (long)READ_ONCE(p->minor_faults);
	r.ru_majflt = (long)READ_ONCE(p->major_faults);
	r.ru_nvcsw = (long)current->switches_voluntary;
	r.ru_nivcsw = (long)current->switches_forced;
	return copy_out(out, &r);
}
SYSCALL(getrusage);

long sys_times(struct tms __user *out)
{
	struct tms t = { .tms_utime = (long)(process_run_time_ns(current->process) / TICK_NS) };

	if (out && copy_out(out, &t))
		return -EFAULT;
	return (long)(clock_monotonic_ns() / TICK_NS);
}
SYSCALL(times);
