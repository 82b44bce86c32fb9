/* System V message queues (fs/sysv_msg.c). All return 0 or a value, or -errno. */
#ifndef FS_SYSV_MSG_H
#define FS_SYSV_MSG_H

#include <core/list.h>
#include <linux/msg.h>

struct message {
	struct list node; /* in its queue */
	long type;
	size_t size;
	char text[];
};

long msg_get(int key, unsigned flags);
/** msg_send() - @m is the queue's from now on; on failure the caller's still. */
long msg_send(int id, struct message *m, unsigned flags);
/**
 * msg_receive() - take the first that fits; @copy: leave it there and get a copy of the one at position @type.
 * @room: a longer one is -E2BIG unless MSG_NOERROR.  Return: 0 with *@out, which the caller frees.
 */
long msg_receive(int id, size_t room, long type, unsigned flags, struct message **out);
long msg_remove(int id);
/** msg_stat() - by id, or by position if @by_index. @check: the caller must be allowed to read it. Return: its id. */
long msg_stat(int id, bool by_index, bool check, struct msqid64_ds *out);
long msg_set(int id, const struct msqid64_ds *from);
/** msg_totals() - queues, messages and bytes in use. Return: the highest position. */
long msg_totals(int *ret_queues, int *ret_messages, int *ret_bytes);

#endif
