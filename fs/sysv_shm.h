/* System V shared memory, shmget(2) (fs/sysv_shm.c). */
#ifndef FS_SYSV_SHM_H
#define FS_SYSV_SHM_H

#include <core/kernel.h>
#include <linux/ipc.h>
#include <asm/shmbuf.h>

/* From linux/shm.h, which cannot be included: it wants a libc's unistd.h. */
#define SHMMIN     1
#define SHMMNI     4096
#define SHMMAX     (~0ul - (1ul << 24))
#define SHMALL     SHMMAX
#define SHM_DEST   01000
#define SHM_RDONLY 010000
#define SHM_RND    020000
#define SHM_REMAP  040000
#define SHM_EXEC   0100000
#define SHM_LOCK   11
#define SHM_UNLOCK 12
#define SHM_STAT   13
#define SHM_INFO   14
#define SHM_STAT_ANY 15

struct shm_info {
	int used_ids;
	unsigned long shm_tot, shm_rss, shm_swp, swap_attempts, swap_successes; /* pages, but the last two */
};

/** shm_get() - the id of the segment with this key, made if @flags say so. -ENOENT, -EEXIST, -EINVAL, -EACCES, -ENOMEM. */
long shm_get(int key, size_t size, unsigned flags);
/** shm_attach() - map it into the current process. Return: the address; -EINVAL, -EACCES, -ENOMEM, -EIDRM. */
long shm_attach(int id, uint64_t address, unsigned flags);
/** shm_detach() - unmap the segment that begins at @address. -EINVAL: none does. */
long shm_detach(uint64_t address);
/** shm_remove() - IPC_RMID: gone with its last attachment. -EINVAL, -EPERM. */
long shm_remove(int id);
/** shm_stat() - by id, or by position if @by_index. @check: the caller must be allowed to read it. Return: its id. */
long shm_stat(int id, bool by_index, bool check, struct shmid64_ds *out);
/** shm_set() - owner and permissions from @from. -EINVAL, -EPERM. */
long shm_set(int id, const struct shmid64_ds *from);
/** shm_totals() - what SHM_INFO tells. Return: the highest position in use. */
long shm_totals(struct shm_info *out);

#endif
