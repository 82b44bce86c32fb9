/* POSIX message queues (fs/mqueue.c; mq_overview(7)): all return 0 or a value, or -errno. */
#ifndef FS_MQUEUE_H
#define FS_MQUEUE_H

#include <core/list.h>
#include <fs/file.h>
#include <linux/mqueue.h>

#define MQ_QUEUES_MAX      256u     /* /proc/sys/fs/mqueue: of those who are not privileged */
#define MQ_MESSAGES_MAX    10
#define MQ_SIZE_MAX        8192
#define MQ_MESSAGES_LIMIT  65536    /* of all */
#define MQ_SIZE_LIMIT      16777216
#define MQ_PRIORITY_MAX    32768u
#define MQ_NAME_MAX        255u

struct mq_message {
	struct list node; /* in its queue */
	unsigned priority;
	size_t size;
	char text[];
};

struct mq_notice {
	int signo;      /* 0: none is sent (SIGEV_NONE) */
	uint64_t value; /* si_value */
};

/** mq_file() - the file of the queue @name, made if @flags (O_*) say so, with @attr (NULL: as is usual). err_ptr(). */
struct file *mq_file(const char *name, unsigned flags, uint32_t mode, const struct mq_attr *attr) __must_check;
int mq_unlink(const char *name);
/** mq_message_size() - what a message of @f's queue may have at most; -EBADF: @f is no queue. */
long mq_message_size(const struct file *f);
/** mq_send() - @m is the queue's from now on; on failure the caller's still. @deadline_ns: monotonic, or TIMER_NEVER. */
int mq_send(struct file *f, struct mq_message *m, uint64_t deadline_ns);
/** mq_receive() - the oldest of the highest priority, which the caller frees, or err_ptr(). */
struct mq_message *mq_receive(struct file *f, uint64_t deadline_ns) __must_check;
/** mq_notify() - tell the caller's process of the next message that nobody waits for; NULL: no more. */
int mq_notify(struct file *f, const struct mq_notice *notice);
/** mq_attributes() - as they are; @new's flag O_NONBLOCK is taken first, if it is not NULL. */
int mq_attributes(struct file *f, const struct mq_attr *new, struct mq_attr *out);

#endif
