/* The socket layer: what socket(2) and its relatives are, whatever the protocol family (net/socket.c).
 *
 * A family is an entry of the set socket_family; a socket is a file with a struct socket behind it. The layer does
 * what all families share: blocking and time-outs, MSG_WAITALL, SIGPIPE, options of SOL_SOCKET, control messages.
 *
 * The operations of a family NEVER wait for a peer: they return -EAGAIN, and the layer sleeps on socket->wait and
 * calls again. So whatever makes progress possible must call socket_wake(), after it changed the state that the
 * operation looks at. Operations may sleep for memory or a mutex, and copy from and to programs (struct io), but not
 * with a spinlock held: take bytes in first, then queue them. Several threads may be in operations of one socket at
 * the same time; the family does its own locking. Call-backs from a protocol (under RANK_NET) only queue and wake.
 */
#ifndef NET_SOCKET_H
#define NET_SOCKET_H

#include <core/ref.h>
#include <core/wait.h>
#include <fs/file.h>
#include <fs/io.h>
#include <linux/socket.h>

/* Linux's numbers that no UAPI header has. */
#define AF_UNSPEC     0
#define AF_UNIX       1
#define AF_INET       2
#define AF_INET6      10
#define AF_NETLINK    16
#define AF_PACKET     17
#define AF_MAX        46

#define SOCK_STREAM    1
#define SOCK_DGRAM     2
#define SOCK_RAW       3
#define SOCK_RDM       4
#define SOCK_SEQPACKET 5
#define SOCK_TYPE_MASK 0xf
#define SOCK_CLOEXEC   O_CLOEXEC
#define SOCK_NONBLOCK  O_NONBLOCK

#define MSG_OOB          0x1u
#define MSG_PEEK         0x2u
#define MSG_DONTROUTE    0x4u
#define MSG_CTRUNC       0x8u
#define MSG_TRUNC        0x20u
#define MSG_DONTWAIT     0x40u
#define MSG_EOR          0x80u
#define MSG_WAITALL      0x100u
#define MSG_CONFIRM      0x800u
#define MSG_ERRQUEUE     0x2000u
#define MSG_NOSIGNAL     0x4000u
#define MSG_MORE         0x8000u
#define MSG_WAITFORONE   0x10000u
#define MSG_ZEROCOPY     0x4000000u
#define MSG_FASTOPEN     0x20000000u
#define MSG_CMSG_CLOEXEC 0x40000000u

#define SHUT_RD   0
#define SHUT_WR   1
#define SHUT_RDWR 2
#define SOMAXCONN 4096

#define SOL_IP      0
#define SOL_TCP     6
#define SOL_UDP     17
#define SOL_IPV6    41

#define SCM_RIGHTS      1
#define SCM_CREDENTIALS 2

struct ucred {
	int32_t pid;
	uint32_t uid, gid;
};

struct sockaddr {
	uint16_t sa_family;
	char sa_data[14];
};
#define sockaddr_storage __kernel_sockaddr_storage

struct linger {
	int l_onoff, l_linger;
};

struct cmsghdr {
	size_t cmsg_len;
	int cmsg_level, cmsg_type;
};
#define CMSG_ALIGN(n) ALIGN_UP((size_t)(n), sizeof(long))
#define CMSG_HEADER   CMSG_ALIGN(sizeof(struct cmsghdr))

struct socket;

/* One message: what goes with the bytes of a struct io. */
struct socket_msg {
	unsigned flags;                /* MSG_* of the caller; MSG_DONTWAIT: the layer has merged O_NONBLOCK into it */
	unsigned flags_out;            /* receive: MSG_TRUNC, MSG_CTRUNC, MSG_EOR … for the caller */
	struct sockaddr_storage *name; /* borrowed, kernel; NULL: none given (send), not wanted (receive) */
	unsigned name_len;             /* send: its bytes. receive: set by the family, 0: no name */
	/* Control messages. send: a kernel copy. receive: the program's buffer, filled by socket_put_control(). */
	const void *control;
	void __user *control_out;
	size_t control_len;            /* bytes there are; on receive: room left */
};

struct socket_ops {
	/* @addr: a kernel copy; at least sa_family is there (@len >= 2), the rest is the family's to check. */
	int (*bind)(struct socket *s, const struct sockaddr *addr, unsigned len);
	/* @backlog was clamped to SOMAXCONN. May be called again to change it. */
	int (*listen)(struct socket *s, int backlog);
	/* 0: connected. -EINPROGRESS: under way. -EALREADY: it was under way already. -EISCONN … final.
	 * -EAGAIN: try again after a wake (AF_UNIX: the backlog is full). A socket_wake(EPOLLOUT) ends the wait. */
	int (*connect)(struct socket *s, const struct sockaddr *addr, unsigned len);
	/* How a connect that was under way has ended: 0, -errno; -EAGAIN: not yet. NULL: never under way. */
	int (*connect_result)(struct socket *s);
	/* socketpair(2): connect two new sockets to each other. NULL: the family has none. */
	int (*pair)(struct socket *a, struct socket *b);
	/* The next connection as a new socket (socket_alloc(), type and ops set), which the caller owns. -EAGAIN. */
	int (*accept)(struct socket *s, struct socket **ret_new);
	/* Send what @io holds, or a part (streams); bytes that were taken are counted in the result and moved on in @io.
	 * -EAGAIN: not one byte fits. -EPIPE: the layer sends SIGPIPE for streams. */
	ssize_t (*sendmsg)(struct socket *s, struct io *io, struct socket_msg *m);
	/* Receive into @io. 0: end of stream. MSG_PEEK and MSG_TRUNC (datagrams: return the whole length) are the
	 * family's; MSG_WAITALL is the layer's. -EAGAIN: nothing there. */
	ssize_t (*recvmsg)(struct socket *s, struct io *io, struct socket_msg *m);
	int (*shutdown)(struct socket *s, int how); /* SHUT_*; -ENOTCONN … */
	/* EPOLL* bits that hold now; may be called at any time, also with an epoll set's mutex held. */
	uint32_t (*poll)(struct socket *s);
	/* Own (@peer false) or peer's address into @out. Return: its length, or -ENOTCONN. */
	int (*getname)(struct socket *s, struct sockaddr_storage *out, bool peer);
	/* Levels other than SOL_SOCKET, and options of SOL_SOCKET that the layer does not know. @value: kernel copy of
	 * @len bytes (0 to SOCKET_OPTION_MAX). NULL or -ENOPROTOOPT: unknown. */
	int (*setsockopt)(struct socket *s, int level, int option, const void *value, unsigned len);
	/* As above; @value has room for SOCKET_OPTION_MAX bytes whatever the program said; return the value's length. */
	int (*getsockopt)(struct socket *s, int level, int option, void *value, unsigned len);
	/* An option of SOL_SOCKET that the layer keeps (below) was changed: SO_KEEPALIVE, SO_RCVBUF … NULL: no matter. */
	void (*option_changed)(struct socket *s, int option);
	/* FIONREAD: bytes that can be received at once. NULL: -ENOTTY. */
	long (*readable_bytes)(struct socket *s);
	/* Other requests: SIOCOUTQ, SIOCATMARK … @arg is the program's pointer. NULL or -ENOTTY: not known. */
	long (*ioctl)(struct socket *s, unsigned cmd, unsigned long arg);
	/* The file is closed: detach from the protocol, free s->private. No call-back may touch @s afterwards, unless the
	 * family holds a reference. */
	void (*release)(struct socket *s);
};

/* Legend: I set by create or accept, not changed later; a atomic; o option, one word, written by setsockopt. */
struct socket {
	const struct socket_ops *ops;  /* I */
	void *private;                 /* I: the family's own */
	uint32_t refs;                 /* a: its file, and whoever in the family may still wake it */
	struct wait_queue wait;        /* whoever waits for this socket: readers, writers, accept, poll, epoll */
	uint16_t family, type, protocol; /* I */
	bool listening;                /* set by the layer after listen() succeeded */
	int32_t error;                 /* a: positive errno, SO_ERROR; see socket_set_error() */
	uint32_t options;              /* o: SOCKET_OPTION_* */
	uint32_t send_buffer;          /* o: SO_SNDBUF, bytes as Linux counts them: twice what was asked for */
	uint32_t receive_buffer;       /* o: SO_RCVBUF */
	uint32_t receive_low;          /* o: SO_RCVLOWAT, at least 1 */
	uint32_t priority, mark;       /* o: SO_PRIORITY, SO_MARK */
	uint64_t receive_timeout_ns;   /* o: SO_RCVTIMEO, 0: none */
	uint64_t send_timeout_ns;      /* o */
	struct linger linger;          /* o */
	struct file *file;             /* borrowed: the file that this socket is */
};

/* Bits of socket->options. */
#define SOCKET_OPTION_REUSEADDR 1u
#define SOCKET_OPTION_REUSEPORT 2u
#define SOCKET_OPTION_KEEPALIVE 4u
#define SOCKET_OPTION_BROADCAST 8u
#define SOCKET_OPTION_OOBINLINE 16u
#define SOCKET_OPTION_PASSCRED  32u
#define SOCKET_OPTION_DONTROUTE 64u
#define SOCKET_OPTION_TIMESTAMP 128u
#define SOCKET_OPTION_NOCHECK   256u
#define SOCKET_OPTION_DEBUG     512u
#define SOCKET_OPTION_TIMESTAMPNS 2048u
#define SOCKET_OPTION_V6ONLY    1024u /* AF_INET6: set by its own option */

#define SOCKET_OPTION_MAX 256u
#define SOCKET_BUFFER_DEFAULT 212992u

struct socket_family {
	const char *name;
	/* Set s->ops and s->private for a new socket; family, type and protocol of @s are as given.
	 * -ESOCKTNOSUPPORT, -EPROTONOSUPPORT, -ENOMEM. */
	int (*create)(struct socket *s, int type, int protocol);
	uint64_t family; /* AF_* */
};
SET_DECLARE(socket_family, struct socket_family, 24);
#define SOCKET_FAMILY(ident, number, fn) \
	SET_ENTRY(socket_family, ident, struct socket_family) = { #ident, fn, number }

/** socket_alloc() - a socket without a protocol yet: options at their defaults, no file. NULL: no memory. Any context. */
struct socket *socket_alloc(int family, int type, int protocol) __must_check;
/** socket_free() - its owner is done with it: calls ops->release if ops are set, and gives up one reference. Its file
 * does this; others only for a socket that never got one. */
void socket_free(struct socket *s);
/* A family may hold references, so that it can wake a socket whose file is gone. Context of both: any. */
static inline void socket_get(struct socket *s)
{
	ref_get(&s->refs);
}
void socket_put(struct socket *s);

/** socket_wake() - state of @s changed; @events: EPOLLIN, EPOLLOUT, EPOLLERR, EPOLLHUP, EPOLLRDHUP. Any context. */
static inline void socket_wake(struct socket *s, uint32_t events)
{
	if (wait_queue_active(&s->wait))
		wait_queue_wake(&s->wait, events);
}
/** socket_set_error() - remember @error (positive errno) for SO_ERROR and the next operation. Any context. */
static inline void socket_set_error(struct socket *s, int error)
{
	__atomic_store_n(&s->error, error, __ATOMIC_RELEASE);
}
/** socket_take_error() - that error as a negative errno, and forget it; 0: none. */
static inline int socket_take_error(struct socket *s)
{
	return READ_ONCE(s->error) ? -__atomic_exchange_n(&s->error, 0, __ATOMIC_ACQ_REL) : 0;
}

/**
 * socket_put_control() - append a control message to what the caller of recvmsg(2) gets; too little room sets
 * MSG_CTRUNC. Context: may fault; no spinlock held.
 */
void socket_put_control(struct socket_msg *m, int level, int type, const void *data, size_t n);
/** socket_next_control() - walk control messages of a send: the first (@prev NULL) or next one, NULL at the end.
 * Their lengths were checked when they were copied in. */
const struct cmsghdr *socket_next_control(const struct socket_msg *m, const struct cmsghdr *prev);
static inline const void *control_data(const struct cmsghdr *c)
{
	return (const char *)c + CMSG_HEADER;
}
static inline size_t control_data_len(const struct cmsghdr *c)
{
	return c->cmsg_len - CMSG_HEADER;
}

/** socket_interface_ioctl() - netdevice(7): a question about interfaces, which a socket of any family takes. -ENOTTY.
 * Set while the kernel starts by who has interfaces; NULL: nobody. */
extern long (*socket_interface_ioctl)(unsigned cmd, unsigned long arg);

/* What the system calls are made of (abi/socket.c). @f: a file; -ENOTSOCK if it is no socket. */
struct socket *socket_of(struct file *f);
/** socket_create() - a socket of a family that is in this kernel. -EAFNOSUPPORT if none. */
int socket_create(int family, int type, int protocol, struct socket **ret_socket) __must_check;
/** socket_file() - the file that @s will be from now on (it owns @s, also on failure). @flags: O_NONBLOCK. */
struct file *socket_file(struct socket *s, unsigned flags) __must_check;
int socket_connect(struct socket *s, const struct sockaddr *addr, unsigned len, bool nonblocking);
int socket_accept(struct socket *s, bool nonblocking, struct socket **ret_new);
ssize_t socket_send(struct socket *s, struct io *io, struct socket_msg *m);
ssize_t socket_receive(struct socket *s, struct io *io, struct socket_msg *m);
int socket_setsockopt(struct socket *s, int level, int option, const void *value, unsigned len);
/** socket_getsockopt() - @value has SOCKET_OPTION_MAX bytes; @len is what the program asked for. Return: length. */
int socket_getsockopt(struct socket *s, int level, int option, void *value, unsigned len);

#endif
