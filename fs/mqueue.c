/* POSIX message queues: mq_overview(7).
 *
 * A queue is found by its name until it is unlinked, and lives as long as a name or a file leads to it. mq_lock covers names,
 * queues and messages; a message is copied from and to programs without it. Left out: the file system of type mqueue, and
 * notices by a thread of the program (SIGEV_THREAD).
 */
#include <core/process.h>
#include <core/signal.h>
#include <core/slab.h>
#include <core/timer.h>
#include <core/wait.h>
#include <fs/mqueue.h>
#include <fs/proc/procfile.h>
#include <fs/vfs.h>
#include <asm/siginfo.h>
#include <linux/capability.h>
#include <linux/errno.h>
#include <linux/resource.h>

COMPONENT("mqueue", "POSIX message queues");

/* All fields but those marked: mq_lock. */
struct mqueue {
	struct list node;       /* in queues, while it has a name */
	char *name;             /* I; owned */
	uint32_t uid, gid, mode; /* I */
	unsigned refs;          /* files, and 1 for the name */
	struct list messages;   /* the first to be received first */
	size_t bytes;           /* of their texts */
	long count, count_max, size_max; /* the last two: I */
	uint64_t charged;       /* I: what counts for RLIMIT_MSGQUEUE */
	unsigned receivers;     /* who wait for a message */
	struct wait_queue readable, writable;
	struct file *notified;  /* borrowed: who asked for a notice did it by this file; NULL: nobody */
	struct mq_notice notice;
};

static struct spinlock mq_lock = SPINLOCK_INIT(RANK_SYSV);
static struct list queues = LIST_INIT(queues); /* mq_lock */
static unsigned queue_count;                   /* mq_lock */
static uint64_t charged;                       /* mq_lock: of all queues: they are all of one user's */

static const struct file_ops mq_ops;

static bool capable(unsigned what)
{
	return current->process->credentials.cap_effective & 1ull << what;
}

static bool owned(const struct mqueue *q)
{
	return current->process->credentials.fsuid == q->uid || capable(CAP_FOWNER);
}

static int permitted(const struct mqueue *q, unsigned may)
{
	const struct credentials *c = &current->process->credentials;
	bool group = c->fsgid == q->gid;

	for (unsigned i = 0; i < c->group_count; i++)
		group |= c->groups[i] == q->gid;
	may &= ~(q->mode >> (c->fsuid == q->uid ? 6 : group ? 3 : 0));
	return !may || capable(CAP_DAC_OVERRIDE) ? 0 : -EACCES;
}

static struct mqueue *find_locked(const char *name)
{
	struct mqueue *q;

	list_for_each(q, &queues, node)
		if (!strcmp(q->name, name))
			return q;
	return NULL;
}

static void free_queue(struct mqueue *q)
{
	struct mq_message *m, *next;

	list_for_each_safe(m, next, &q->messages, node)
		kfree(m);
	kfree(q->name);
	kfree(q);
}

/* A reference less. mq_lock is held, and given up. */
static void put_locked(struct mqueue *q)
{
	bool last = --q->refs == 0;

	if (last) {
		queue_count--;
		charged -= q->charged;
	}
	spin_unlock(&mq_lock);
	if (last)
		free_queue(q);
}

static struct mqueue *queue_new(const char *name, uint32_t mode, const struct mq_attr *attr)
{
	const struct mq_attr usual = { .mq_maxmsg = MQ_MESSAGES_MAX, .mq_msgsize = MQ_SIZE_MAX };
	bool privileged = capable(CAP_SYS_RESOURCE);
	struct mqueue *q;

	if (!attr)
		attr = &usual;
	if (attr->mq_maxmsg <= 0 || attr->mq_msgsize <= 0 ||
	    attr->mq_maxmsg > (privileged ? MQ_MESSAGES_LIMIT : MQ_MESSAGES_MAX) ||
	    attr->mq_msgsize > (privileged ? MQ_SIZE_LIMIT : MQ_SIZE_MAX))
		return err_ptr(-EINVAL);
	q = kzalloc(sizeof(*q));
	if (!q)
		return err_ptr(-ENOMEM);
	q->name = kstrdup(name);
	if (!q->name) {
		kfree(q);
		return err_ptr(-ENOMEM);
	}
	q->uid = current->process->credentials.fsuid;
	q->gid = current->process->credentials.fsgid;
	q->mode = mode & 0777 & ~READ_ONCE(current->process->fs->umask);
	q->refs = 1;
	q->count_max = attr->mq_maxmsg;
	q->size_max = attr->mq_msgsize;
	q->charged = (uint64_t)q->count_max * ((uint64_t)q->size_max + sizeof(struct mq_message));
	list_init(&q->node);
	list_init(&q->messages);
	wait_queue_init(&q->readable);
	wait_queue_init(&q->writable);
	return q;
}

/* The queue with a reference, made of @new (then *@new is NULL) if there is none. mq_lock is held. */
static struct mqueue *look_up_locked(const char *name, unsigned flags, struct mqueue **new)
{
	static const unsigned char needs[] = { MAY_READ, MAY_WRITE, MAY_READ | MAY_WRITE, 0 };
	struct mqueue *q = find_locked(name);
	int r;

	if (q) {
		r = (flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL) ? -EEXIST :
		    (flags & O_ACCMODE) == O_ACCMODE ? -EINVAL : permitted(q, needs[flags & O_ACCMODE]);
		if (r)
			return err_ptr(r);
	} else {
		if (!(flags & O_CREAT) || !*new)
			return err_ptr(-ENOENT);
		if (queue_count >= MQ_QUEUES_MAX && !capable(CAP_SYS_RESOURCE))
			return err_ptr(-ENOSPC);
		if ((*new)->charged > current->process->limits[RLIMIT_MSGQUEUE].soft ||
		    charged > current->process->limits[RLIMIT_MSGQUEUE].soft - (*new)->charged)
			return err_ptr(-EMFILE);
		q = *new;
		*new = NULL;
		queue_count++;
		charged += q->charged;
		list_add_tail(&queues, &q->node);
	}
	q->refs++;
	return q;
}

struct file *mq_file(const char *name, unsigned flags, uint32_t mode, const struct mq_attr *attr)
{
	struct mqueue *q, *new = NULL;
	struct file *f;

	if (!*name || strchr(name, '/') || !strcmp(name, ".") || !strcmp(name, ".."))
		return err_ptr(-EACCES);
	spin_lock(&mq_lock);
	q = look_up_locked(name, flags, &new);
	spin_unlock(&mq_lock);
	if (is_err(q) && ptr_err(q) == -ENOENT && flags & O_CREAT) {
		new = queue_new(name, mode, attr);
		if (is_err(new))
			return (struct file *)new;
		spin_lock(&mq_lock); /* somebody else may have made it meanwhile */
		q = look_up_locked(name, flags, &new);
		spin_unlock(&mq_lock);
		if (new)
			free_queue(new);
	}
	if (is_err(q))
		return (struct file *)q;
	f = file_alloc(&mq_ops, q, flags & (O_ACCMODE | O_NONBLOCK));
	if (!f) {
		spin_lock(&mq_lock);
		put_locked(q);
		return err_ptr(-ENOMEM);
	}
	return f;
}

int mq_unlink(const char *name)
{
	struct mqueue *q;

	spin_lock(&mq_lock);
	q = find_locked(name);
	if (!q || !owned(q)) {
		spin_unlock(&mq_lock);
		return q ? -EPERM : -ENOENT;
	}
	list_del(&q->node);
	put_locked(q);
	return 0;
}

static struct mqueue *queue_of(const struct file *f)
{
	return f->ops == &mq_ops ? f->private : NULL;
}

long mq_message_size(const struct file *f)
{
	const struct mqueue *q = queue_of(f);

	return q ? q->size_max : -EBADF;
}

/* The first message in an empty queue that nobody waits for: who wants to know is told, once. mq_lock is held. */
static void tell_locked(struct mqueue *q)
{
	const struct signal_info info = { .signo = q->notice.signo, .code = SI_MESGQ, .pid = current->process->pid,
					  .uid = current->process->credentials.uid, .value = q->notice.value };

	if (q->count != 1 || q->receivers || !q->notified)
		return;
	q->notified = NULL;
	if (info.signo) /* every process is this one */
		(void)signal_send_process(current->process, &info);
}

/* Behind those of its priority and higher. -EAGAIN: full. */
static int put_message(struct mqueue *q, struct mq_message *m)
{
	struct list *at;
	int r = -EAGAIN;

	spin_lock(&mq_lock);
	if (q->count < q->count_max) {
		for (at = q->messages.prev; at != &q->messages; at = at->prev)
			if (container_of(at, struct mq_message, node)->priority >= m->priority)
				break;
		list_add(at, &m->node);
		q->count++;
		q->bytes += m->size;
		tell_locked(q);
		r = 0;
	}
	spin_unlock(&mq_lock);
	return r;
}

static struct mq_message *take_message(struct mqueue *q)
{
	struct mq_message *m = NULL;

	spin_lock(&mq_lock);
	if (q->count) {
		m = container_of(q->messages.next, struct mq_message, node);
		list_del(&m->node);
		q->count--;
		q->bytes -= m->size;
	}
	spin_unlock(&mq_lock);
	return m;
}

int mq_send(struct file *f, struct mq_message *m, uint64_t deadline_ns)
{
	struct mqueue *q = queue_of(f);
	int r = put_message(q, m), error;

	if (r && !(READ_ONCE(f->flags) & O_NONBLOCK)) {
		error = wait_event_interruptible_until(&q->writable, !(r = put_message(q, m)), deadline_ns);
		if (r)
			r = error;
	}
	if (!r)
		wait_queue_wake(&q->readable, EPOLLIN | EPOLLRDNORM);
	return r;
}

static void count_receiver(struct mqueue *q, int more)
{
	spin_lock(&mq_lock);
	q->receivers += (unsigned)more;
	spin_unlock(&mq_lock);
}

struct mq_message *mq_receive(struct file *f, uint64_t deadline_ns)
{
	struct mqueue *q = queue_of(f);
	struct mq_message *m = take_message(q);
	int error = -EAGAIN;

	if (!m && !(READ_ONCE(f->flags) & O_NONBLOCK)) {
		count_receiver(q, 1);
		error = wait_event_interruptible_until(&q->readable, (m = take_message(q)) != NULL, deadline_ns);
		count_receiver(q, -1);
	}
	if (!m)
		return err_ptr(error);
	wait_queue_wake(&q->writable, EPOLLOUT | EPOLLWRNORM);
	return m;
}

int mq_notify(struct file *f, const struct mq_notice *notice)
{
	struct mqueue *q = queue_of(f);
	int r = 0;

	if (!q)
		return -EBADF;
	spin_lock(&mq_lock);
	if (!notice) {
		q->notified = NULL;
	} else if (q->notified) {
		r = -EBUSY;
	} else {
		q->notified = f;
		q->notice = *notice;
	}
	spin_unlock(&mq_lock);
	return r;
}

int mq_attributes(struct file *f, const struct mq_attr *new, struct mq_attr *out)
{
	struct mqueue *q = queue_of(f);

	if (!q)
		return -EBADF;
	*out = (struct mq_attr){ .mq_flags = READ_ONCE(f->flags) & O_NONBLOCK, .mq_maxmsg = q->count_max,
				 .mq_msgsize = q->size_max, .mq_curmsgs = READ_ONCE(q->count) };
	if (new)
		WRITE_ONCE(f->flags, (f->flags & ~(unsigned)O_NONBLOCK) | (unsigned)(new->mq_flags & O_NONBLOCK));
	return 0;
}

static uint32_t mq_poll(struct file *f, struct poll_table *t)
{
	struct mqueue *q = f->private;
	long count;

	poll_wait(t, &q->readable);
	poll_wait(t, &q->writable);
	count = READ_ONCE(q->count);
	return (count ? EPOLLIN | EPOLLRDNORM : 0) | (count < q->count_max ? EPOLLOUT | EPOLLWRNORM : 0);
}

/* What Linux's file system shows: how much there is, and who wants to know. */
static ssize_t mq_read(struct file *f, struct io *io, off_t *pos)
{
	struct mqueue *q = f->private;
	char text[96];
	size_t n;
	bool wanted;

	spin_lock(&mq_lock);
	wanted = q->notified;
	n = (size_t)format_text(text, sizeof(text), "QSIZE:%-10lu NOTIFY:%-5d SIGNO:%-5d NOTIFY_PID:%-6d\n", q->bytes,
				wanted && !q->notice.signo, wanted ? q->notice.signo : 0, wanted ? current->process->pid : 0);
	spin_unlock(&mq_lock);
	if ((size_t)*pos >= n)
		return 0;
	n = MIN(n - (size_t)*pos, io->left);
	n = io_put(io, text + *pos, n);
	*pos += (off_t)n;
	return n ? (ssize_t)n : -EFAULT;
}

static off_t mq_seek(struct file *f, off_t offset, int whence)
{
	return file_seek_within(f, 80, offset, whence);
}

static void mq_release(struct file *f)
{
	struct mqueue *q = f->private;

	spin_lock(&mq_lock);
	if (q->notified == f)
		q->notified = NULL;
	put_locked(q);
}

static const struct file_ops mq_ops = {
	.read = mq_read,
	.seek = mq_seek,
	.poll = mq_poll,
	.release = mq_release,
	.link_name = "mqueue:[%lu]",
	.stat_mode = S_IFREG | 0600,
};

PROC_NUMBER(sys_mq_messages, "sys/fs/mqueue/msg_max", MQ_MESSAGES_MAX);
PROC_NUMBER(sys_mq_messages_usual, "sys/fs/mqueue/msg_default", MQ_MESSAGES_MAX);
PROC_NUMBER(sys_mq_size, "sys/fs/mqueue/msgsize_max", MQ_SIZE_MAX);
PROC_NUMBER(sys_mq_size_usual, "sys/fs/mqueue/msgsize_default", MQ_SIZE_MAX);
PROC_NUMBER(sys_mq_queues, "sys/fs/mqueue/queues_max", MQ_QUEUES_MAX);
