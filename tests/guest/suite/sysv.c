/* System V shared memory. */
#define _GNU_SOURCE
#include <sys/mman.h>
#include <sys/shm.h>

#include "suite.h"

void suite_sysv(void)
{
	int id = shmget(IPC_PRIVATE, 10000, IPC_CREAT | 0600), other, key = 0x57000000 + getpid();
	struct shmid_ds ds;
	char *a, *b;

	if (!ok(id >= 0, "shmget"))
		return;
	a = shmat(id, NULL, 0);
	b = shmat(id, NULL, SHM_RDONLY);
	ok(a != (void *)-1 && b != (void *)-1 && a != b, "attached twice");
	is(a[9999], 0, "it is zero");
	a[5000] = 'x';
	is(b[5000], 'x', "one sees what the other wrote");
	is(FAULT_OF(b[0] = 1), SIGSEGV, "SHM_RDONLY");
	ok(shmctl(id, IPC_STAT, &ds) == 0 && ds.shm_segsz == 10000 && ds.shm_nattch == 2 && ds.shm_cpid == getpid(), "IPC_STAT");
	is(shmctl(id, IPC_RMID, NULL), 0, "IPC_RMID");
	is(a[5000], 'x', "it stays while it is attached");
	ok(shmctl(id, IPC_STAT, &ds) == 0 && ds.shm_perm.mode & SHM_DEST, "marked");
	is(shmdt(b), 0, "shmdt");
	fails(shmdt(b), EINVAL, "twice");
	is(shmdt(a), 0, "the last");
	fails(shmctl(id, IPC_STAT, &ds), EINVAL, "now it is gone");
	fails(shmget(key, 4096, 0600), ENOENT, "no segment has that key");
	id = shmget(key, 4096, IPC_CREAT | IPC_EXCL | 0600);
	ok(id >= 0, "one by key");
	fails(shmget(key, 4096, IPC_CREAT | IPC_EXCL | 0600), EEXIST, "IPC_EXCL");
	other = shmget(key, 100, 0600);
	is(other, id, "found by key");
	fails(shmget(key, 5000, 0600), EINVAL, "it is not that large");
	a = mmap(NULL, 16384, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	munmap(a, 16384);
	ok(shmat(id, a + 100, 0) == (void *)-1 && errno == EINVAL, "an odd address");
	b = shmat(id, a + 4196, SHM_RND);
	ok(b == a + 4096, "SHM_RND rounds it");
	ok(shmat(id, b, 0) == (void *)-1 && errno == EINVAL, "something is there");
	is(shmdt(b), 0, "detached");
	fails(shmdt(b + 1), EINVAL, "no such attachment");
	shmctl(id, IPC_RMID, NULL);
	fails(shmget(key, 4096, 0600), ENOENT, "removed");
	fails(shmget(IPC_PRIVATE, 0, 0600), EINVAL, "none of no size");
}
