/* Timers as files: timerfd_create(2).
 *
 * An expiration counts once and disarms; the periods since then are worked out when somebody reads or asks, so a timer
 * that nobody reads costs one interrupt. Settings are changed under `change` (sleeping, so that timer_cancel() can wait
 * for a call-back); `lock` is what the call-back takes.
 * A moment of CLOCK_REALTIME is turned into a monotonic one when it is set: a later clock_settime() does not move it,
 * but with TFD_TIMER_CANCEL_ON_SET the next read tells.
 */
#include <core/slab.h>
#include <fs/timerfd.h>
#include <linux/time.h>
#include <linux/timerfd.h>

COMPONENT("timerfd", "timers as files (timerfd)");

struct timerfd {
	struct mutex change;       /* RANK_INODE */
	struct spinlock lock;      /* RANK_TIMERFD, irqsave */
	struct timer timer;
	uint64_t expires_ns;       /* monotonic; 0: disarmed; lock */
	uint64_t interval_ns;      /* lock */
	uint64_t ticks;            /* expirations that were not read yet; lock for writing */
	bool expired;              /* the timer fired and was not armed again since; lock */
	bool cancel_on_set;        /* change */
	uint64_t realtime_offset;  /* change: of the two clocks when it was set */
	bool realtime;             /* I */
	struct wait_queue wait;
};

static uint64_t realtime_offset(void)
{
	/* The clocks are read one after the other; what clock_settime() does is never this small. */
	return (clock_realtime_ns() - clock_monotonic_ns()) / 1000000;
}

static bool clock_was_set(const struct timerfd *t)
{
	uint64_t now = realtime_offset();

	return t->cancel_on_set && now - t->realtime_offset + 1 > 2;
}

static void timerfd_fired(struct timer *timer)
{
	struct timerfd *t = container_of(timer, struct timerfd, timer);
	irqflags_t flags = spin_lock_irqsave(&t->lock);

	t->ticks++;
	t->expired = true;
	spin_unlock_irqrestore(&t->lock, flags);
	if (wait_queue_active(&t->wait))
		wait_queue_wake(&t->wait, EPOLLIN);
}

/* Count the periods that passed since it fired, and arm it for the next. change and lock are held. */
static void catch_up(struct timerfd *t)
{
	uint64_t periods;

	if (!t->expired)
		return;
	t->expired = false;
	if (!t->interval_ns) {
		t->expires_ns = 0;
		return;
	}
	periods = (clock_monotonic_ns() - t->expires_ns) / t->interval_ns;
	t->ticks += periods;
	t->expires_ns += periods * t->interval_ns;
	t->expires_ns = t->interval_ns < TIMER_NEVER - t->expires_ns ? t->expires_ns + t->interval_ns : TIMER_NEVER;
	timer_arm(&t->timer, t->expires_ns);
}

/* Return: expirations since the last read, or -ECANCELED. */
static int64_t take_ticks(struct timerfd *t)
{
	irqflags_t flags;
	int64_t ticks;

	mutex_lock(&t->change);
	flags = spin_lock_irqsave(&t->lock);
	if (t->ticks)
		catch_up(t);
	ticks = (int64_t)t->ticks;
	t->ticks = 0;
	spin_unlock_irqrestore(&t->lock, flags);
	if (unlikely(t->cancel_on_set) && clock_was_set(t)) {
		t->realtime_offset = realtime_offset();
		ticks = -ECANCELED;
	}
	mutex_unlock(&t->change);
	return ticks;
}

static ssize_t timerfd_read(struct file *f, struct io *io, off_t *pos)
{
	struct timerfd *t = f->private;
	int64_t ticks;

	if (io->left < sizeof(ticks))
		return -EINVAL;
	while (!(ticks = take_ticks(t))) {
		int error;

		if (READ_ONCE(f->flags) & O_NONBLOCK)
			return -EAGAIN;
		error = wait_event_interruptible(&t->wait, READ_ONCE(t->ticks));
		if (error)
			return error;
	}
	if (ticks < 0)
		return ticks;
	return io_put(io, &ticks, sizeof(ticks)) == sizeof(ticks) ? (ssize_t)sizeof(ticks) : -EFAULT;
}

static uint32_t timerfd_poll(struct file *f, struct poll_table *t)
{
	struct timerfd *timerfd = f->private;

	poll_wait(t, &timerfd->wait);
	return READ_ONCE(timerfd->ticks) ? EPOLLIN : 0;
}

/* Set the count: for programs that restore others from a checkpoint. */
static long timerfd_ioctl(struct file *f, unsigned cmd, unsigned long arg)
{
	struct timerfd *t = f->private;
	irqflags_t flags;
	uint64_t ticks;

	if (cmd != TFD_IOC_SET_TICKS)
		return -ENOTTY;
	if (get_user_u64(&ticks, (const uint64_t __user *)arg))
		return -EFAULT;
	if (!ticks)
		return -EINVAL;
	flags = spin_lock_irqsave(&t->lock);
	t->ticks = ticks;
	spin_unlock_irqrestore(&t->lock, flags);
	if (wait_queue_active(&t->wait))
		wait_queue_wake(&t->wait, EPOLLIN);
	return 0;
}

static void timerfd_release(struct file *f)
{
	struct timerfd *t = f->private;

	timer_cancel(&t->timer);
	kfree(t);
}

static const struct file_ops timerfd_ops = {
	.read = timerfd_read,
	.poll = timerfd_poll,
	.ioctl = timerfd_ioctl,
	.release = timerfd_release,
	.link_name = "anon_inode:[timerfd]",
};

/* What is left until the next expiration. change and lock are held. */
static void remaining(struct timerfd *t, struct timerfd_setting *out)
{
	uint64_t now = clock_monotonic_ns();

	catch_up(t);
	out->interval_ns = t->interval_ns;
	out->value_ns = 0;
	if (t->expires_ns) /* due, but not fired yet: not 0, which would say disarmed */
		out->value_ns = t->expires_ns > now ? t->expires_ns - now : 1;
}

int timerfd_get(struct file *f, struct timerfd_setting *out)
{
	struct timerfd *t = f->private;
	irqflags_t flags;

	if (f->ops != &timerfd_ops)
		return -EINVAL;
	mutex_lock(&t->change);
	flags = spin_lock_irqsave(&t->lock);
	remaining(t, out);
	spin_unlock_irqrestore(&t->lock, flags);
	mutex_unlock(&t->change);
	return 0;
}

/* A setting's first expiration in monotonic time; 0: none. */
static uint64_t expiration(const struct timerfd *t, unsigned how, uint64_t value_ns)
{
	uint64_t now = clock_monotonic_ns(), epoch;

	if (!value_ns)
		return 0;
	if (!(how & TFD_TIMER_ABSTIME))
		return value_ns < TIMER_NEVER - 1 - now ? now + value_ns : TIMER_NEVER - 1;
	if (!t->realtime)
		return value_ns;
	epoch = clock_realtime_ns() - now;
	return value_ns > epoch ? value_ns - epoch : 1;
}

int timerfd_set(struct file *f, unsigned how, const struct timerfd_setting *set, struct timerfd_setting *old)
{
	struct timerfd *t = f->private;
	irqflags_t flags;

	if (f->ops != &timerfd_ops)
		return -EINVAL;
	mutex_lock(&t->change);
	timer_cancel(&t->timer);
	flags = spin_lock_irqsave(&t->lock);
	if (old)
		remaining(t, old);
	t->expired = false;
	t->ticks = 0;
	t->interval_ns = set->interval_ns;
	t->expires_ns = expiration(t, how, set->value_ns);
	if (t->expires_ns)
		timer_arm(&t->timer, t->expires_ns);
	spin_unlock_irqrestore(&t->lock, flags);
	t->cancel_on_set = t->realtime && (how & TFD_TIMER_ABSTIME) && (how & TFD_TIMER_CANCEL_ON_SET);
	if (t->cancel_on_set)
		t->realtime_offset = realtime_offset();
	if (!t->expires_ns)
		timer_cancel(&t->timer); /* remaining() may have armed it */
	mutex_unlock(&t->change);
	return 0;
}

struct file *timerfd_create(int clock, unsigned flags)
{
	struct timerfd *t = kzalloc(sizeof(*t));
	struct file *f;

	if (!t)
		return NULL;
	mutex_init(&t->change, RANK_INODE);
	spin_init(&t->lock, RANK_TIMERFD);
	timer_init(&t->timer, timerfd_fired);
	wait_queue_init(&t->wait);
	t->realtime = clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_ALARM;
	f = file_alloc(&timerfd_ops, t, O_RDWR | (flags & TFD_NONBLOCK));
	if (!f)
		kfree(t);
	return f;
}
