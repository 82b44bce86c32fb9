/* msgget(2), msgsnd(2), msgrcv(2), msgctl(2). */
#include <abi/syscall.h>
#include <core/slab.h>
#include <core/uaccess.h>
#include <fs/sysv_ipc.h>
#include <asm/msgbuf.h>
#include <fs/sysv_msg.h>

COMPONENT("sysv-msg", "System V message queues");

/* A message as the program has it: a long, and behind it the text. */
struct user_message {
	long type;
	char text[];
};

long sys_msgget(int key, int flags)
{
	return msg_get(key, (unsigned)flags);
}
SYSCALL(msgget);

long sys_msgsnd(int id, const struct user_message __user *from, size_t size, int flags)
{
	struct message *m;
	uint64_t type;
	long r;

	if (get_user_u64(&type, (const uint64_t __user *)&from->type))
		return -EFAULT;
	if (size > MSGMAX || id < 0 || (long)type < 1)
		return -EINVAL;
	m = kmalloc(sizeof(*m) + size);
	if (!m)
		return -ENOMEM;
	m->type = (long)type;
	m->size = size;
	r = copy_from_user(m->text, from->text, size) ? -EFAULT : msg_send(id, m, (unsigned)flags);
	if (r)
		kfree(m);
	return r;
}
SYSCALL(msgsnd);

/* A message that cannot be copied out is lost, as on Linux. */
long sys_msgrcv(int id, struct user_message __user *to, size_t size, long type, int flags)
{
	struct message *m;
	size_t n;
	long r;

	if (id < 0 || (ssize_t)size < 0)
		return -EINVAL;
	r = msg_receive(id, size, type, (unsigned)flags, &m);
	if (r)
		return r;
	n = MIN(m->size, size);
	r = put_user_u64((uint64_t __user *)&to->type, (uint64_t)m->type) || copy_to_user(to->text, m->text, n) ?
		    -EFAULT : (long)n;
	kfree(m);
	return r;
}
SYSCALL(msgrcv);

static long tell_limits(int command, void __user *to)
{
	struct msginfo info = {
		.msgpool = MSGPOOL, .msgmap = MSGMAP, .msgmax = MSGMAX, .msgmnb = MSGMNB, .msgmni = MSGMNI, .msgssz = MSGSSZ,
		.msgtql = MSGTQL, .msgseg = (uint16_t)MSGSEG,
	};
	int queues, messages, bytes;
	long highest = msg_totals(&queues, &messages, &bytes);

	if (command == MSG_INFO) {
		info.msgpool = queues;
		info.msgmap = messages;
		info.msgtql = bytes;
	}
	return copy_out(to, &info) ? -EFAULT : highest;
}

long sys_msgctl(int id, int command, void __user *buf)
{
	struct msqid64_ds ds;
	long r;

	if (id < 0)
		return -EINVAL;
	command &= ~IPC_64_FLAG;
	switch (command) {
	case IPC_RMID:
		return msg_remove(id);
	case IPC_STAT:
	case MSG_STAT:
	case MSG_STAT_ANY:
		r = msg_stat(id, command != IPC_STAT, command != MSG_STAT_ANY, &ds);
		return r >= 0 && copy_out(buf, &ds) ? -EFAULT : r;
	case IPC_SET:
		return copy_in(&ds, buf) ? -EFAULT : msg_set(id, &ds);
	case IPC_INFO:
	case MSG_INFO:
		return tell_limits(command, buf);
	default:
		return -EINVAL;
	}
}
SYSCALL(msgctl);
