/* System calls of sockets: socket(2), send(2), recv(2) and their relatives. */
#include <core/slab.h>
#include <abi/deadline.h>
#include <abi/new_file.h>
#include <abi/syscall.h>
#include <abi/vector.h>
#include <net/socket.h>

COMPONENT("sockets", "sockets, whatever their family");

#define CONTROL_ON_STACK 256u
#define CONTROL_MAX      20480u /* what a sender's control messages may take: net.core.optmem_max */

struct message_header {
	struct sockaddr __user *name;
	int name_len;
	struct iovec __user *vector;
	size_t vector_count;
	void __user *control;
	size_t control_len;
	unsigned flags;
};

struct many_header {
	struct message_header header;
	unsigned len; /* bytes that were moved */
};

/* The socket behind @fd; *@ret_file has a reference. err_ptr(-EBADF), err_ptr(-ENOTSOCK). */
static inline struct socket *socket_by_fd(int fd, struct file **ret_file)
{
	struct file *f = fd_get(fd);
	struct socket *s;

	if (unlikely(!f))
		return err_ptr(-EBADF);
	s = socket_of(f);
	if (unlikely(!s)) {
		file_put(f);
		return err_ptr(-ENOTSOCK);
	}
	*ret_file = f;
	return s;
}

static inline unsigned flags_of(const struct file *f, unsigned flags)
{
	return READ_ONCE(f->flags) & O_NONBLOCK ? flags | MSG_DONTWAIT : flags;
}

/* An address from the program. 0 or -errno. */
static int address_in(struct sockaddr_storage *to, const void __user *from, int len)
{
	if (len < 0 || (size_t)len > sizeof(*to))
		return -EINVAL;
	to->ss_family = AF_UNSPEC;
	return copy_from_user(to, from, (size_t)len) ? -EFAULT : 0;
}

/* An address of @len bytes for the program, which says in *@room how much it has room for and is told the length. */
static int address_out(const struct sockaddr_storage *from, unsigned len, void __user *to, int __user *room)
{
	uint32_t space;

	if (get_user_u32(&space, (const uint32_t __user *)room))
		return -EFAULT;
	if ((int)space < 0)
		return -EINVAL;
	if (copy_to_user(to, from, MIN(space, len)))
		return -EFAULT;
	return put_user_u32((uint32_t __user *)room, len);
}

long sys_socket(int family, int type, int protocol)
{
	int flags = type & ~SOCK_TYPE_MASK;
	struct socket *s;
	int error;

	if (flags & ~(SOCK_CLOEXEC | SOCK_NONBLOCK))
		return -EINVAL;
	if (family < 0 || family >= AF_MAX)
		return -EAFNOSUPPORT;
	error = socket_create(family, type & SOCK_TYPE_MASK, protocol, &s);
	if (error)
		return error;
	return fd_of_new(socket_file(s, (unsigned)flags), flags & SOCK_CLOEXEC);
}
SYSCALL(socket);

long sys_bind(int fd, const void __user *addr, int len)
{
	struct sockaddr_storage storage;
	struct file *f;
	struct socket *s = socket_by_fd(fd, &f);
	long r;

	if (is_err(s))
		return ptr_err(s);
	r = address_in(&storage, addr, len);
	if (!r && len < (int)sizeof(storage.ss_family))
		r = -EINVAL;
	if (!r)
		r = s->ops->bind ? s->ops->bind(s, (const struct sockaddr *)&storage, (unsigned)len) : -EOPNOTSUPP;
	file_put(f);
	return r;
}
SYSCALL(bind);

long sys_listen(int fd, int backlog)
{
	struct file *f;
	struct socket *s = socket_by_fd(fd, &f);
	long r = -EOPNOTSUPP;

	if (is_err(s))
		return ptr_err(s);
	if ((unsigned)backlog > SOMAXCONN)
		backlog = SOMAXCONN;
	if (s->ops->listen)
		r = s->ops->listen(s, backlog);
	if (!r)
		s->listening = true;
	file_put(f);
	return r;
}
SYSCALL(listen);

static long accept_user(int fd, void __user *addr, int __user *len, int flags)
{
	struct sockaddr_storage storage;
	struct socket *s, *new;
	struct file *f, *new_file;
	int number, error;

	f = fd_get(fd);
	if (!f)
		return -EBADF;
	error = -EINVAL;
	if (flags & ~(SOCK_CLOEXEC | SOCK_NONBLOCK))
		goto out_file;
	error = -ENOTSOCK;
	s = socket_of(f);
	if (!s)
		goto out_file;
	number = fd_reserve(flags & SOCK_CLOEXEC, 0);
	error = number;
	if (number < 0)
		goto out_file;
	error = socket_accept(s, READ_ONCE(f->flags) & O_NONBLOCK, &new);
	if (error)
		goto out_number;
	new_file = socket_file(new, (unsigned)flags);
	error = -ENOMEM;
	if (!new_file)
		goto out_number;
	if (addr) {
		error = new->ops->getname(new, &storage, true);
		error = error < 0 ? -ECONNABORTED : address_out(&storage, (unsigned)error, addr, len);
		if (error) {
			file_put(new_file);
			goto out_number;
		}
	}
	fd_fill(number, new_file);
	file_put(f);
	return number;

out_number:
	fd_unreserve(number);
out_file:
	file_put(f);
	return error;
}

long sys_accept4(int fd, void __user *addr, int __user *len, int flags)
{
	return accept_user(fd, addr, len, flags);
}
SYSCALL(accept4);

long sys_accept(int fd, void __user *addr, int __user *len)
{
	return accept_user(fd, addr, len, 0);
}
SYSCALL(accept);

long sys_connect(int fd, const void __user *addr, int len)
{
	struct sockaddr_storage storage;
	struct file *f = fd_get(fd);
	struct socket *s;
	long r;

	if (!f)
		return -EBADF;
	r = address_in(&storage, addr, len);
	s = socket_of(f);
	if (!r && !s)
		r = -ENOTSOCK;
	if (!r && len < (int)sizeof(storage.ss_family))
		r = -EINVAL;
	if (!r)
		r = socket_connect(s, (const struct sockaddr *)&storage, (unsigned)len, READ_ONCE(f->flags) & O_NONBLOCK);
	file_put(f);
	return r;
}
SYSCALL(connect);

static long name_user(int fd, void __user *addr, int __user *len, bool peer)
{
	struct sockaddr_storage storage;
	struct file *f;
	struct socket *s = socket_by_fd(fd, &f);
	long r;

	if (is_err(s))
		return ptr_err(s);
	r = s->ops->getname(s, &storage, peer);
	file_put(f);
	return r < 0 ? r : address_out(&storage, (unsigned)r, addr, len);
}

long sys_getsockname(int fd, void __user *addr, int __user *len)
{
	return name_user(fd, addr, len, false);
}
SYSCALL(getsockname);

long sys_getpeername(int fd, void __user *addr, int __user *len)
{
	return name_user(fd, addr, len, true);
}
SYSCALL(getpeername);

long sys_sendto(int fd, const void __user *buf, size_t n, unsigned flags, const void __user *addr, int len)
{
	struct sockaddr_storage storage;
	struct socket_msg m = { .flags = flags };
	struct io io;
	struct file *f;
	struct socket *s;
	long r = 0;

	n = MIN(n, TRANSFER_MAX);
	if (!user_range_ok(buf, n))
		return -EFAULT;
	s = socket_by_fd(fd, &f);
	if (is_err(s))
		return ptr_err(s);
	if (addr && len) {
		r = address_in(&storage, addr, len);
		m.name = &storage;
		m.name_len = (unsigned)len;
	}
	if (!r) {
		m.flags = flags_of(f, flags);
		io_init_user(&io, buf, n);
		r = socket_send(s, &io, &m);
	}
	file_put(f);
	return r;
}
SYSCALL(sendto);

long sys_recvfrom(int fd, void __user *buf, size_t n, unsigned flags, void __user *addr, int __user *len)
{
	struct sockaddr_storage storage;
	struct socket_msg m = { .name = addr ? &storage : NULL };
	struct io io;
	struct file *f;
	struct socket *s;
	long r;

	n = MIN(n, TRANSFER_MAX);
	if (!user_range_ok(buf, n))
		return -EFAULT;
	s = socket_by_fd(fd, &f);
	if (is_err(s))
		return ptr_err(s);
	m.flags = flags_of(f, flags);
	io_init_user(&io, buf, n);
	r = socket_receive(s, &io, &m);
	if (r >= 0 && addr) {
		int error = address_out(&storage, m.name_len, addr, len);

		if (error)
			r = error;
	}
	file_put(f);
	return r;
}
SYSCALL(recvfrom);

/* Every control message within @n bytes at @control is whole. */
static bool control_ok(const char *control, size_t n)
{
	while (n >= CMSG_HEADER) {
		const struct cmsghdr *c = (const struct cmsghdr *)control;

		if (c->cmsg_len < CMSG_HEADER || c->cmsg_len > n)
			return false;
		if (CMSG_ALIGN(c->cmsg_len) >= n)
			return true;
		control += CMSG_ALIGN(c->cmsg_len);
		n -= CMSG_ALIGN(c->cmsg_len);
	}
	return true;
}

static long send_one(struct socket *s, const struct file *f, const struct message_header __user *user, unsigned flags)
{
	uint64_t some[CONTROL_ON_STACK / sizeof(uint64_t)];
	void *control = some;
	struct sockaddr_storage storage;
	struct message_header h;
	struct socket_msg m = { .flags = flags_of(f, flags) };
	struct vector v;
	struct io io;
	long r;

	if (copy_in(&h, user))
		return -EFAULT;
	if (h.vector_count > VECTOR_MAX)
		return -EMSGSIZE;
	if (h.name && h.name_len) {
		if (h.name_len > (int)sizeof(storage))
			h.name_len = sizeof(storage);
		r = address_in(&storage, h.name, h.name_len);
		if (r)
			return r;
		m.name = &storage;
		m.name_len = (unsigned)h.name_len;
	}
	r = vector_import(&v, h.vector, h.vector_count, &io);
	if (r)
		return r;
	if (h.control_len) {
		r = -ENOBUFS;
		if (h.control_len > CONTROL_MAX)
			goto out_vector;
		if (h.control_len > sizeof(some)) {
			control = kmalloc(h.control_len);
			if (!control)
				goto out_vector;
		}
		r = -EFAULT;
		if (copy_from_user(control, h.control, h.control_len))
			goto out_control;
		r = -EINVAL;
		if (!control_ok(control, h.control_len))
			goto out_control;
		m.control = control;
		m.control_len = h.control_len;
	}
	r = socket_send(s, &io, &m);
out_control:
	if (control != some)
		kfree(control);
out_vector:
	vector_free(&v);
	return r;
}

/* MSG_CMSG_COMPAT: for a 32-bit program's headers, only the kernel says it. */
#define NOT_FOR_PROGRAMS 0x80000000u

long sys_sendmsg(int fd, const struct message_header __user *user, unsigned flags)
{
	struct file *f;
	struct socket *s;
	long r;

	if (flags & NOT_FOR_PROGRAMS)
		return -EINVAL;
	s = socket_by_fd(fd, &f);
	if (is_err(s))
		return ptr_err(s);
	r = send_one(s, f, user, flags);
	file_put(f);
	return r;
}
SYSCALL(sendmsg);

long sys_sendmmsg(int fd, struct many_header __user *user, unsigned count, unsigned flags)
{
	struct file *f;
	struct socket *s;
	unsigned done = 0;
	long r = 0;

	if (flags & NOT_FOR_PROGRAMS)
		return -EINVAL;
	s = socket_by_fd(fd, &f);
	if (is_err(s))
		return ptr_err(s);
	count = MIN(count, VECTOR_MAX);
	for (; done < count; done++) {
		r = send_one(s, f, &user[done].header, flags);
		if (r < 0 || put_user_u32(&user[done].len, (uint32_t)r))
			break;
	}
	file_put(f);
	return done ? (long)done : MIN(r, 0l);
}
SYSCALL(sendmmsg);

static long receive_one(struct socket *s, const struct file *f, struct message_header __user *user, unsigned flags)
{
	struct sockaddr_storage storage;
	struct message_header h;
	struct socket_msg m = { .flags = flags_of(f, flags) };
	struct vector v;
	struct io io;
	long r;

	if (copy_in(&h, user))
		return -EFAULT;
	if (h.vector_count > VECTOR_MAX)
		return -EMSGSIZE;
	if (h.name && h.name_len < 0)
		return -EINVAL;
	r = vector_import(&v, h.vector, h.vector_count, &io);
	if (r)
		return r;
	m.name = h.name ? &storage : NULL;
	m.control_out = h.control;
	m.control_len = h.control_len;
	r = socket_receive(s, &io, &m);
	vector_free(&v);
	if (r < 0)
		return r;
	if (h.name && copy_to_user(h.name, &storage, MIN(m.name_len, (unsigned)h.name_len)))
		return -EFAULT;
	if (h.name && put_user_u32((uint32_t __user *)&user->name_len, m.name_len))
		return -EFAULT;
	if (put_user_u32(&user->flags, m.flags_out | (flags & MSG_CMSG_CLOEXEC)) ||
	    put_user_u64(&user->control_len, h.control_len - m.control_len))
		return -EFAULT;
	return r;
}

long sys_recvmsg(int fd, struct message_header __user *user, unsigned flags)
{
	struct file *f;
	struct socket *s;
	long r;

	if (flags & NOT_FOR_PROGRAMS)
		return -EINVAL;
	s = socket_by_fd(fd, &f);
	if (is_err(s))
		return ptr_err(s);
	r = receive_one(s, f, user, flags);
	file_put(f);
	return r;
}
SYSCALL(recvmsg);

long sys_recvmmsg(int fd, struct many_header __user *user, unsigned count, unsigned flags,
		  struct __kernel_timespec __user *timeout)
{
	uint64_t deadline_ns;
	struct file *f;
	struct socket *s;
	unsigned done = 0;
	long r;

	if (flags & NOT_FOR_PROGRAMS)
		return -EINVAL;
	r = deadline_from(timeout, &deadline_ns);
	if (r)
		return r;
	s = socket_by_fd(fd, &f);
	if (is_err(s))
		return ptr_err(s);
	r = socket_take_error(s);
	while (!r && done < count) {
		r = receive_one(s, f, &user[done].header, flags & ~MSG_WAITFORONE);
		if (r < 0)
			break;
		r = put_user_u32(&user[done].len, (uint32_t)r);
		if (r)
			break;
		done++;
		if (flags & MSG_WAITFORONE)
			flags |= MSG_DONTWAIT;
		/* The time-out is looked at between messages, as recvmmsg(2) confesses. */
		if (timeout && !deadline_left(deadline_ns))
			break;
	}
	file_put(f);
	if (!done)
		return r;
	if (timeout && deadline_put_left(timeout, deadline_ns))
		return -EFAULT;
	if (r < 0 && r != -EAGAIN && r != -ERESTARTSYS)
		socket_set_error(s, (int)-r);
	return done;
}
SYSCALL(recvmmsg);

long sys_shutdown(int fd, int how)
{
	struct file *f;
	struct socket *s = socket_by_fd(fd, &f);
	long r = -EOPNOTSUPP;

	if (is_err(s))
		return ptr_err(s);
	if (how < SHUT_RD || how > SHUT_RDWR)
		r = -EINVAL;
	else if (s->ops->shutdown)
		r = s->ops->shutdown(s, how);
	file_put(f);
	return r;
}
SYSCALL(shutdown);

long sys_setsockopt(int fd, int level, int option, const void __user *user, int len)
{
	uint64_t value[SOCKET_OPTION_MAX / sizeof(uint64_t)] = { 0 };
	struct file *f;
	struct socket *s;
	int missing;
	long r;

	if (len < 0)
		return -EINVAL;
	s = socket_by_fd(fd, &f);
	if (is_err(s))
		return ptr_err(s);
	len = MIN(len, (int)sizeof(value));
	/* An option takes what it needs of more. */
	missing = (int)copy_from_user(value, user, (size_t)len);
	r = -EFAULT;
	if (!missing || len - missing >= (int)sizeof(int))
		r = socket_setsockopt(s, level, option, value, (unsigned)(len - missing));
	if (r == -EINVAL && missing)
		r = -EFAULT;
	file_put(f);
	return r;
}
SYSCALL(setsockopt);

long sys_getsockopt(int fd, int level, int option, void __user *user, int __user *user_len)
{
	uint64_t value[SOCKET_OPTION_MAX / sizeof(uint64_t)] = { 0 };
	struct file *f;
	struct socket *s = socket_by_fd(fd, &f);
	uint32_t len;
	long r;

	if (is_err(s))
		return ptr_err(s);
	r = -EFAULT;
	if (get_user_u32(&len, (const uint32_t __user *)user_len))
		goto out;
	r = -EINVAL;
	if ((int)len < 0)
		goto out;
	r = socket_getsockopt(s, level, option, value, len);
	if (r < 0)
		goto out;
	len = MIN(len, (uint32_t)r);
	r = 0;
	if (copy_to_user(user, value, len) || put_user_u32((uint32_t __user *)user_len, len))
		r = -EFAULT;
out:
	file_put(f);
	return r;
}
SYSCALL(getsockopt);

long sys_socketpair(int family, int type, int protocol, int __user *user)
{
	int flags = type & ~SOCK_TYPE_MASK, numbers[2], error;
	struct socket *s[2];
	struct file *f[2] = { NULL, NULL };

	if (flags & ~(SOCK_CLOEXEC | SOCK_NONBLOCK))
		return -EINVAL;
	error = socket_create(family, type & SOCK_TYPE_MASK, protocol, &s[0]);
	if (error)
		return error;
	error = s[0]->ops->pair ? socket_create(family, type & SOCK_TYPE_MASK, protocol, &s[1]) : -EOPNOTSUPP;
	if (error) {
		socket_free(s[0]);
		return error;
	}
	error = s[0]->ops->pair(s[0], s[1]);
	if (error) {
		socket_free(s[0]);
		socket_free(s[1]);
		return error;
	}
	f[0] = socket_file(s[0], (unsigned)flags);
	f[1] = socket_file(s[1], (unsigned)flags);
	error = -ENOMEM;
	if (!f[0] || !f[1])
		goto out_files;
	error = numbers[0] = fd_reserve(flags & SOCK_CLOEXEC, 0);
	if (error < 0)
		goto out_files;
	error = numbers[1] = fd_reserve(flags & SOCK_CLOEXEC, 0);
	if (error < 0)
		goto out_first;
	error = -EFAULT;
	if (copy_to_user(user, numbers, sizeof(numbers)))
		goto out_second;
	fd_fill(numbers[0], f[0]);
	fd_fill(numbers[1], f[1]);
	return 0;

out_second:
	fd_unreserve(numbers[1]);
out_first:
	fd_unreserve(numbers[0]);
out_files:
	for (int i = 0; i < 2; i++)
		if (f[i])
			file_put(f[i]);
	return error;
}
SYSCALL(socketpair);
