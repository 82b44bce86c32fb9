/* What the three kinds of System V IPC objects have in common: keys, ids, owners (fs/sysv_ipc.c; sysvipc(7)).
 *
 * Each kind has a table of its own, whose lock covers the table and all fields of its objects.
 */
#ifndef FS_SYSV_IPC_H
#define FS_SYSV_IPC_H

#include <core/lock.h>
#include <linux/ipc.h>

struct ipc64_perm;

/* The first member of every object. All fields: the table's lock. */
struct ipc_object {
	struct list node;
	int id, key;             /* I once it is in the table */
	int index;               /* likewise: its place, which stays while others come and go */
	uint32_t mode;           /* S_IRUSR …; shared memory: SHM_DEST */
	uint32_t uid, gid, cuid, cgid;
	bool removed;            /* its key is forgotten, but somebody uses it still */
};

struct ipc_table {
	struct spinlock lock;    /* RANK_SYSV */
	struct list objects;     /* by age */
	unsigned count, limit;
	int last_id;
	int free_from;           /* places below are taken */
};
#define IPC_TABLE_INIT(t, most) { .lock = SPINLOCK_INIT(RANK_SYSV), .objects = LIST_INIT((t).objects), .limit = (most) }

#define IPC_64_FLAG 0x100 /* or'ed to commands of old: the only layout there is here */

/* What one may do, as in one digit of a mode. */
#define IPC_READ  4u
#define IPC_WRITE 2u

/** ipc_init() - a new object, owned by the current process. */
void ipc_init(struct ipc_object *o, int key, unsigned flags);
/* The table's lock is held in all of these. */
struct ipc_object *ipc_find_id(struct ipc_table *t, int id);
struct ipc_object *ipc_find_index(struct ipc_table *t, int index);
/** ipc_find_key() - NULL also for IPC_PRIVATE. */
struct ipc_object *ipc_find_key(struct ipc_table *t, int key);
/**
 * ipc_get() - the first half of semget(2) and its like: is there an object with this key?
 * Return: 0 with *@out, or with *@out NULL if one is to be made; -EEXIST, -ENOENT, -ENOSPC.
 */
int ipc_get(struct ipc_table *t, int key, unsigned flags, struct ipc_object **out);
/** ipc_add() - put a new one in. Return: its id. */
int ipc_add(struct ipc_table *t, struct ipc_object *o);
void ipc_delete(struct ipc_table *t, struct ipc_object *o);
/** ipc_allowed() - may the current process do this? ipc_allowed_by() - what the mode in @flags asks for. */
bool ipc_allowed(const struct ipc_object *o, unsigned may);
bool ipc_allowed_by(const struct ipc_object *o, unsigned flags);
/** ipc_owned() - may the current process change or remove it? */
bool ipc_owned(const struct ipc_object *o);
/** ipc_for_stat() - what *_STAT is about: by id, or by position; @check: it must be readable. err_ptr(-EINVAL), err_ptr(-EACCES). */
struct ipc_object *ipc_for_stat(struct ipc_table *t, int id, bool by_index, bool check);
void ipc_describe(const struct ipc_object *o, struct ipc64_perm *out);
/** ipc_change() - IPC_SET: owner and mode. */
void ipc_change(struct ipc_object *o, const struct ipc64_perm *from);
/** ipc_highest() - the highest place in use, which *_INFO returns; 0 if there is none. */
int ipc_highest(const struct ipc_table *t);
/** ipc_now() - seconds since the epoch. */
int64_t ipc_now(void);

#endif
