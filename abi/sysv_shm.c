/* shmget(2), shmat(2), shmdt(2), shmctl(2). */
#include <core/uaccess.h>
#include <abi/syscall.h>
#include <fs/sysv_shm.h>

COMPONENT("sysv-shm", "System V shared memory");

long sys_shmget(int key, size_t size, int flags)
{
	return shm_get(key, size, (unsigned)flags);
}
SYSCALL(shmget);

long sys_shmat(int id, uint64_t address, int flags)
{
	return shm_attach(id, address, (unsigned)flags);
}
SYSCALL(shmat);

long sys_shmdt(uint64_t address)
{
	return shm_detach(address);
}
SYSCALL(shmdt);

static long tell_limits(void __user *buf)
{
	struct shminfo64 info = { .shmmax = SHMMAX, .shmmin = SHMMIN, .shmmni = SHMMNI, .shmseg = SHMMNI, .shmall = SHMALL };
	struct shm_info totals;
	long highest = shm_totals(&totals);

	return copy_out(buf, &info) ? -EFAULT : highest;
}

static long tell_totals(void __user *buf)
{
	struct shm_info totals;
	long highest = shm_totals(&totals);

	return copy_out(buf, &totals) ? -EFAULT : highest;
}

long sys_shmctl(int id, int command, void __user *buf)
{
	struct shmid64_ds ds;
	long r;

	if (id < 0 || command < 0)
		return -EINVAL;
	switch (command & ~0x100) { /* IPC_64: the only layout there is here */
	case IPC_RMID:
		return shm_remove(id);
	case IPC_STAT:
	case SHM_STAT:
	case SHM_STAT_ANY:
		r = shm_stat(id, command != IPC_STAT, command != SHM_STAT_ANY, &ds);
		return r >= 0 && copy_out(buf, &ds) ? -EFAULT : r;
	case IPC_SET:
		return copy_in(&ds, buf) ? -EFAULT : shm_set(id, &ds);
	case IPC_INFO:
		return tell_limits(buf);
	case SHM_INFO:
		return tell_totals(buf);
	case SHM_LOCK:
	case SHM_UNLOCK:
		return shm_stat(id, false, false, &ds);
	default:
		return -EINVAL;
	}
}
SYSCALL(shmctl);
