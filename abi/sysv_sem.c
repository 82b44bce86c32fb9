/* semget(2), semop(2), semtimedop(2), semctl(2). */
#include <abi/syscall.h>
#include <abi/timespec.h>
#include <core/slab.h>
#include <core/timer.h>
#include <core/uaccess.h>
#include <fs/sysv_ipc.h>
#include <fs/sysv_sem.h>

COMPONENT("sysv-sem", "System V semaphores");

#define OPS_ON_STACK 8u

long sys_semget(int key, int count, int flags)
{
	return sem_get(key, count, (unsigned)flags);
}
SYSCALL(semget);

static long operate(int id, const struct sembuf __user *from, unsigned count, uint64_t deadline_ns)
{
	struct sembuf some[OPS_ON_STACK], *ops = some;
	long r;

	if (count > SEMOPM)
		return -E2BIG;
	if (count < 1)
		return -EINVAL;
	if (count > OPS_ON_STACK)
		ops = kmalloc_array(count, sizeof(*ops));
	if (!ops)
		return -ENOMEM;
	r = copy_from_user(ops, from, count * sizeof(*ops)) ? -EFAULT : id < 0 ? -EINVAL : sem_operate(id, ops, count, deadline_ns);
	if (ops != some)
		kfree(ops);
	return r;
}

long sys_semop(int id, const struct sembuf __user *ops, unsigned count)
{
	return operate(id, ops, count, TIMER_NEVER);
}
SYSCALL(semop);

long sys_semtimedop(int id, const struct sembuf __user *ops, unsigned count, const struct timespec __user *timeout)
{
	uint64_t deadline = TIMER_NEVER;
	long r = timeout ? timespec_deadline(timeout, &deadline) : 0;

	return r ? r : operate(id, ops, count, deadline);
}
SYSCALL(semtimedop);

static long tell_limits(int command, void __user *to)
{
	struct seminfo info = {
		.semmap = SEMMAP, .semmni = SEMMNI, .semmns = SEMMNS, .semmnu = SEMMNU, .semmsl = SEMMSL, .semopm = SEMOPM,
		.semume = SEMUME, .semusz = SEMUSZ, .semvmx = SEMVMX, .semaem = SEMAEM,
	};
	int sets, semaphores;
	long highest = sem_totals(&sets, &semaphores);

	if (command == SEM_INFO) {
		info.semusz = sets;
		info.semaem = semaphores;
	}
	return copy_out(to, &info) ? -EFAULT : highest;
}

static long all_values(int id, int command, void __user *buf)
{
	long count = sem_count(id, command == SETALL ? IPC_WRITE : IPC_READ), r;
	size_t size = (size_t)count * sizeof(uint16_t);
	uint16_t *values;

	if (count < 0)
		return count;
	values = kmalloc(size);
	if (!values)
		return -ENOMEM;
	if (command == SETALL) {
		r = copy_from_user(values, buf, size) ? -EFAULT : sem_set_all(id, values, (unsigned)count);
	} else {
		r = sem_get_all(id, values, (unsigned)count);
		if (!r && copy_to_user(buf, values, size))
			r = -EFAULT;
	}
	kfree(values);
	return r;
}

long sys_semctl(int id, int number, int command, unsigned long arg)
{
	void __user *buf = (void __user *)arg;
	struct semid64_ds ds;
	long r;

	if (id < 0)
		return -EINVAL;
	command &= ~IPC_64_FLAG;
	switch (command) {
	case IPC_RMID:
		return sem_remove(id);
	case IPC_STAT:
	case SEM_STAT:
	case SEM_STAT_ANY:
		r = sem_stat(id, command != IPC_STAT, command != SEM_STAT_ANY, &ds);
		return r >= 0 && copy_out(buf, &ds) ? -EFAULT : r;
	case IPC_SET:
		return copy_in(&ds, buf) ? -EFAULT : sem_set(id, &ds);
	case IPC_INFO:
	case SEM_INFO:
		return tell_limits(command, buf);
	case GETVAL:
	case GETPID:
	case GETNCNT:
	case GETZCNT:
		return sem_one(id, number, command);
	case SETVAL:
		return sem_set_value(id, number, (int)arg);
	case GETALL:
	case SETALL:
		return all_values(id, command, buf);
	default:
		return -EINVAL;
	}
}
SYSCALL(semctl);
