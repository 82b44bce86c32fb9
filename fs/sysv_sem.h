/* System V semaphores (fs/sysv_sem.c). All return 0 or a value, or -errno. */
#ifndef FS_SYSV_SEM_H
#define FS_SYSV_SEM_H

#include <asm/sembuf.h>
#include <linux/sem.h>

long sem_get(int key, int count, unsigned flags);
/** sem_operate() - semtimedop(2). @ops: kernel memory. -EAGAIN also at @deadline_ns. */
long sem_operate(int id, const struct sembuf *ops, unsigned count, uint64_t deadline_ns);
long sem_remove(int id);
/** sem_stat() - by id, or by position if @by_index. @check: the caller must be allowed to read it. Return: its id. */
long sem_stat(int id, bool by_index, bool check, struct semid64_ds *out);
long sem_set(int id, const struct semid64_ds *from);
/** sem_one() - GETVAL, GETPID, GETNCNT, GETZCNT of semaphore @number. */
long sem_one(int id, int number, int command);
long sem_set_value(int id, int number, int value);
/** sem_count() - how many semaphores the set has, if the caller is allowed @may (IPC_*). */
long sem_count(int id, unsigned may);
/** sem_get_all(), sem_set_all() - @values has @count, or -EIDRM. */
long sem_get_all(int id, uint16_t *values, unsigned count);
long sem_set_all(int id, const uint16_t *values, unsigned count);
/** sem_totals() - sets and semaphores in use. Return: the highest position. */
long sem_totals(int *ret_sets, int *ret_semaphores);

#endif
