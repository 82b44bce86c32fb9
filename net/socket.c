/* The socket layer (net/socket.h): sockets as files, and what all families share.
 *
 * Waiting: an operation is tried first without any preparation. If it says -EAGAIN, an entry goes on socket->wait that
 * remembers being woken, and the operation is tried again before each sleep; so no wake-up is lost, whatever lock the
 * family changes its state under, and however long the operation itself takes or sleeps.
 */
#include <core/cut.h>
#include <core/process.h>
#include <core/ref.h>
#include <core/signal.h>
#include <core/slab.h>
#include <asm/signal.h>
#include <net/socket.h>
#include <linux/stat.h>

COMPONENT("sockets", "sockets, whatever their family");

#define READ_EVENTS  (EPOLLIN | EPOLLRDNORM | EPOLLPRI | EPOLLERR | EPOLLHUP | EPOLLRDHUP)
#define WRITE_EVENTS (EPOLLOUT | EPOLLWRNORM | EPOLLERR | EPOLLHUP)

struct socket *socket_alloc(int family, int type, int protocol)
{
	struct socket *s = kzalloc(sizeof(*s));

	if (!s)
		return NULL;
	s->refs = 1;
	wait_queue_init(&s->wait);
	s->family = (uint16_t)family;
	s->type = (uint16_t)type;
	s->protocol = (uint16_t)protocol;
	s->send_buffer = SOCKET_BUFFER_DEFAULT;
	s->receive_buffer = SOCKET_BUFFER_DEFAULT;
	s->receive_low = 1;
	return s;
}

void socket_put(struct socket *s)
{
	if (ref_put(&s->refs))
		kfree(s);
}

void socket_free(struct socket *s)
{
	if (s->ops)
		s->ops->release(s);
	socket_put(s);
}

int socket_create(int family, int type, int protocol, struct socket **ret_socket)
{
	struct socket *s;
	int error;

	if (type < 0 || type > 10)
		return -EINVAL;
	set_for_each(socket_family, entry) {
		if (entry->family != (uint64_t)family)
			continue;
		s = socket_alloc(family, type, protocol);
		if (!s)
			return -ENOMEM;
		error = entry->create(s, type, protocol);
		if (error) {
			s->ops = NULL;
			socket_free(s);
			return error;
		}
		*ret_socket = s;
		return 0;
	}
	(void)cut_asked("socket_family", family, EAFNOSUPPORT);
	return -EAFNOSUPPORT;
}

/* A thread that waits for a socket. */
struct socket_waiter {
	struct wait_entry entry;
	uint32_t events; /* what it waits for */
	bool woken;      /* atomic */
};

static void waiter_wake(struct wait_entry *e, uint32_t events)
{
	struct socket_waiter *w = container_of(e, struct socket_waiter, entry);

	if (events && !(events & w->events))
		return;
	__atomic_store_n(&w->woken, true, __ATOMIC_SEQ_CST);
	thread_wake(e->thread);
}

static void waiter_begin(struct socket *s, struct socket_waiter *w, uint32_t events, bool exclusive)
{
	w->entry.wake = waiter_wake;
	w->entry.thread = current;
	w->entry.exclusive = exclusive;
	w->events = events;
	w->woken = false;
	wait_queue_add(&s->wait, &w->entry);
	__atomic_thread_fence(__ATOMIC_SEQ_CST); /* pairs with the one in wait_queue_active() */
}

static void waiter_end(struct socket *s, struct socket_waiter *w)
{
	wait_queue_remove(&s->wait, &w->entry);
	/* Woken alone, and it leaves for another reason: the next one's turn. */
	if (w->entry.exclusive && w->woken)
		socket_wake(s, w->events);
}

/* Return: 0 after a wake-up since the last call; else what the operation returns: -EAGAIN at the time-out, as signal(7)
 * says if interrupted. */
static int waiter_sleep(struct socket_waiter *w, uint64_t deadline_ns)
{
	int error = 0;

	thread_mark_waiting();
	if (!__atomic_load_n(&w->woken, __ATOMIC_SEQ_CST))
		error = wait_sleep(deadline_ns, true);
	thread_unmark_waiting();
	__atomic_store_n(&w->woken, false, __ATOMIC_SEQ_CST); /* before the operation is tried again */
	if (error == -ETIMEDOUT)
		return -EAGAIN;
	if (error == -ERESTARTSYS && deadline_ns != TIMER_NEVER)
		return -EINTR;
	return error;
}

static uint64_t deadline(uint64_t timeout_ns)
{
	return timeout_ns ? clock_monotonic_ns() + timeout_ns : TIMER_NEVER;
}

/* After @done bytes: is there reason to wait for more? */
static inline bool wants_more(const struct socket *s, const struct io *io, const struct socket_msg *m, size_t done)
{
	if (likely(!io->left) || s->type != SOCK_STREAM || (m->flags & MSG_PEEK))
		return false;
	return (m->flags & MSG_WAITALL) || done < READ_ONCE(s->receive_low);
}

static ssize_t receive_waiting(struct socket *s, struct io *io, struct socket_msg *m, size_t done)
{
	uint64_t deadline_ns = deadline(READ_ONCE(s->receive_timeout_ns));
	struct socket_waiter w;
	ssize_t n;

	waiter_begin(s, &w, READ_EVENTS, false);
	for (;;) {
		n = s->ops->recvmsg(s, io, m);
		if (n > 0) {
			done += (size_t)n;
			if (!wants_more(s, io, m, done))
				break;
			continue;
		}
		if (n != -EAGAIN) {
			if (n < 0 && done && n != -EFAULT)
				socket_set_error(s, (int)-n); /* for the next call */
			break;
		}
		n = waiter_sleep(&w, deadline_ns);
		if (n)
			break;
	}
	waiter_end(s, &w);
	return done ? (ssize_t)done : n;
}

ssize_t socket_receive(struct socket *s, struct io *io, struct socket_msg *m)
{
	ssize_t n = s->ops->recvmsg(s, io, m);

	if (unlikely(n == -EAGAIN))
		return m->flags & MSG_DONTWAIT ? n : receive_waiting(s, io, m, 0);
	if (n <= 0 || likely(!wants_more(s, io, m, (size_t)n)) || (m->flags & MSG_DONTWAIT))
		return n;
	return receive_waiting(s, io, m, (size_t)n);
}

static ssize_t broken_pipe(const struct socket *s, const struct socket_msg *m)
{
	struct signal_info info = { .signo = SIGPIPE };

	if (s->type == SOCK_STREAM && !(m->flags & MSG_NOSIGNAL)) {
		info.pid = current->process ? current->process->pid : 0;
		(void)signal_send_thread(current, &info); /* a full queue: then one is pending already */
	}
	return -EPIPE;
}

static ssize_t send_waiting(struct socket *s, struct io *io, struct socket_msg *m, size_t done)
{
	uint64_t deadline_ns = deadline(READ_ONCE(s->send_timeout_ns));
	struct socket_waiter w;
	ssize_t n;

	waiter_begin(s, &w, WRITE_EVENTS, false);
	for (;;) {
		n = s->ops->sendmsg(s, io, m);
		if (n >= 0) {
			done += (size_t)n;
			if (!io->left || s->type != SOCK_STREAM)
				break;
			continue;
		}
		if (n != -EAGAIN)
			break;
		n = waiter_sleep(&w, deadline_ns);
		if (n)
			break;
	}
	waiter_end(s, &w);
	return done ? (ssize_t)done : n;
}

ssize_t socket_send(struct socket *s, struct io *io, struct socket_msg *m)
{
	ssize_t n = s->ops->sendmsg(s, io, m);

	if (!(m->flags & MSG_DONTWAIT)) {
		if (unlikely(n == -EAGAIN))
			n = send_waiting(s, io, m, 0);
		else if (unlikely(n > 0 && io->left && s->type == SOCK_STREAM))
			n = send_waiting(s, io, m, (size_t)n);
	}
	return unlikely(n == -EPIPE) ? broken_pipe(s, m) : n;
}

int socket_connect(struct socket *s, const struct sockaddr *addr, unsigned len, bool nonblocking)
{
	int error = s->ops->connect ? s->ops->connect(s, addr, len) : -EOPNOTSUPP;
	bool under_way = error == -EINPROGRESS || error == -EALREADY;
	struct socket_waiter w;
	uint64_t deadline_ns;

	if ((!under_way && error != -EAGAIN) || nonblocking)
		return error;
	deadline_ns = deadline(READ_ONCE(s->send_timeout_ns));
	waiter_begin(s, &w, READ_EVENTS | WRITE_EVENTS, false);
	for (;;) {
		error = under_way ? s->ops->connect_result(s) : s->ops->connect(s, addr, len);
		if (!under_way)
			under_way = error == -EINPROGRESS || error == -EALREADY;
		else if (error != -EAGAIN)
			break;
		if (!under_way && error != -EAGAIN)
			break;
		error = waiter_sleep(&w, deadline_ns);
		if (error) {
			if (error == -EAGAIN && under_way)
				error = -EINPROGRESS;
			break;
		}
	}
	waiter_end(s, &w);
	return error;
}

int socket_accept(struct socket *s, bool nonblocking, struct socket **ret_new)
{
	int error = s->ops->accept ? s->ops->accept(s, ret_new) : -EOPNOTSUPP;
	struct socket_waiter w;
	uint64_t deadline_ns;

	if (likely(error != -EAGAIN) || nonblocking)
		return error;
	deadline_ns = deadline(READ_ONCE(s->receive_timeout_ns));
	waiter_begin(s, &w, READ_EVENTS, true);
	for (;;) {
		error = s->ops->accept(s, ret_new);
		if (error != -EAGAIN)
			break;
		error = waiter_sleep(&w, deadline_ns);
		if (error)
			break;
	}
	waiter_end(s, &w);
	return error;
}

void socket_put_control(struct socket_msg *m, int level, int type, const void *data, size_t n)
{
	struct cmsghdr header = { CMSG_HEADER + n, level, type };
	size_t room = m->control_len;
	size_t space = MIN(CMSG_HEADER + CMSG_ALIGN(n), room);

	if (!m->control_out || room < CMSG_HEADER) {
		m->flags_out |= MSG_CTRUNC;
		return;
	}
	if (header.cmsg_len > room) {
		m->flags_out |= MSG_CTRUNC;
		header.cmsg_len = room;
	}
	if (copy_to_user(m->control_out, &header, sizeof(header)) ||
	    copy_to_user((char __user *)m->control_out + CMSG_HEADER, data, header.cmsg_len - CMSG_HEADER)) {
		m->flags_out |= MSG_CTRUNC;
		return;
	}
	m->control_out = (char __user *)m->control_out + space;
	m->control_len -= space;
}

const struct cmsghdr *socket_next_control(const struct socket_msg *m, const struct cmsghdr *prev)
{
	const char *end = (const char *)m->control + m->control_len;
	const char *next = prev ? (const char *)prev + CMSG_ALIGN(prev->cmsg_len) : m->control;

	if (!m->control || next > end || (size_t)(end - next) < CMSG_HEADER)
		return NULL;
	return (const struct cmsghdr *)next;
}

/* Sockets as files. */

static ssize_t socket_read(struct file *f, struct io *io, off_t *pos)
{
	struct socket_msg m = { .flags = READ_ONCE(f->flags) & O_NONBLOCK ? MSG_DONTWAIT : 0 };

	if (unlikely(!io->left))
		return 0;
	return socket_receive(f->private, io, &m);
}

static ssize_t socket_write(struct file *f, struct io *io, off_t *pos)
{
	struct socket_msg m = { .flags = READ_ONCE(f->flags) & O_NONBLOCK ? MSG_DONTWAIT : 0 };

	return socket_send(f->private, io, &m);
}

static uint32_t socket_poll(struct file *f, struct poll_table *t)
{
	struct socket *s = f->private;

	poll_wait(t, &s->wait);
	return s->ops->poll(s);
}

long (*socket_interface_ioctl)(unsigned cmd, unsigned long arg);

static long socket_ioctl(struct file *f, unsigned cmd, unsigned long arg)
{
	struct socket *s = f->private;

	long r = s->ops->ioctl ? s->ops->ioctl(s, cmd, arg) : -ENOTTY;

	return r == -ENOTTY && socket_interface_ioctl ? socket_interface_ioctl(cmd, arg) : r;
}

static long socket_readable_bytes(struct file *f)
{
	struct socket *s = f->private;

	return s->ops->readable_bytes ? s->ops->readable_bytes(s) : -ENOTTY;
}

static void socket_release(struct file *f)
{
	socket_free(f->private);
}

static const struct file_ops socket_file_ops = {
	.read = socket_read,
	.write = socket_write,
	.poll = socket_poll,
	.ioctl = socket_ioctl,
	.readable_bytes = socket_readable_bytes,
	.release = socket_release,
	.link_name = "socket:[%lu]",
	.stat_mode = S_IFSOCK | 0777,
};

struct socket *socket_of(struct file *f)
{
	return likely(f->ops == &socket_file_ops) ? f->private : NULL;
}

struct file *socket_file(struct socket *s, unsigned flags)
{
	struct file *f = file_alloc(&socket_file_ops, s, O_RDWR | (flags & O_NONBLOCK));

	if (!f) {
		socket_free(s);
		return NULL;
	}
	s->file = f;
	return f;
}
