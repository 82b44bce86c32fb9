/* Sockets of AF_NETLINK (netlink(7)), for questions to the kernel: a request is answered while it is sent; members of
 * groups are told of changes.
 *
 * A socket's mutex lets one thread in at a time; queues, and the list of sockets, are under one spinlock, since changes
 * are told under the network lock. poll looks at a queue's head without. Left out: messages between programs.
 */
#include "net/netlink/netlink.h"
#include "core/lock.h"
#include "core/slab.h"
#include <linux/errno.h>
#include <linux/rtnetlink.h>

COMPONENT("netlink", "netlink sockets: interfaces, addresses and routes");

#define REQUEST_MAX 65536u
#define SOL_NETLINK 270
#define GROUPS_MAX  64u
#define MESSAGE_MAX 768u /* room that one message of ours takes at most */

struct netlink {
	struct mutex lock;                     /* RANK_NETLINK */
	const struct netlink_protocol *protocol; /* I */
	struct socket *socket;                 /* parent */
	uint32_t port;                         /* lock; 0: not bound yet */
	uint64_t groups;                       /* sockets_lock: a bit for each, from 1 */
	uint32_t waiting;                      /* sockets_lock: bytes in the queue */
	bool pktinfo, no_enobufs;              /* o */
	struct netlink_datagram *head, *tail;  /* sockets_lock; r: head */
	struct netlink *next;                  /* sockets_lock */
};

static struct spinlock sockets_lock = SPINLOCK_INIT(RANK_SOCKET_BUF);
static struct netlink *sockets;

static uint32_t last_port; /* atomic: Linux gives the process's number first, and here that is 1 */

static void need_port(struct netlink *n)
{
	if (!n->port)
		n->port = __atomic_add_fetch(&last_port, 1, __ATOMIC_RELAXED);
}

void *netlink_begin(struct netlink_reply *r, unsigned type, unsigned flags, size_t size)
{
	struct netlink_datagram *d = r->tail;

	r->message = NULL;
	if (!d || sizeof(d->bytes) - d->length < MESSAGE_MAX) {
		d = kmalloc(sizeof(*d));
		if (!d) {
			r->failed = true;
			return NULL;
		}
		d->next = NULL;
		d->length = 0;
		d->group = 0;
		if (r->tail)
			r->tail->next = d;
		else
			r->head = d;
		r->tail = d;
	}
	r->message = (struct nlmsghdr *)(d->bytes + d->length);
	*r->message = (struct nlmsghdr){
		.nlmsg_len = (uint32_t)NLMSG_LENGTH(size), .nlmsg_type = (uint16_t)type, .nlmsg_flags = (uint16_t)flags,
		.nlmsg_seq = r->sequence, .nlmsg_pid = r->port,
	};
	__builtin_memset(NLMSG_DATA(r->message), 0, NLMSG_ALIGN(size));
	d->length += (uint32_t)NLMSG_SPACE(size);
	return NLMSG_DATA(r->message);
}

void netlink_attribute(struct netlink_reply *r, unsigned type, const void *data, size_t n)
{
	struct nlattr *a;
	size_t whole = NLA_HDRLEN + NLA_ALIGN(n);

	if (!r->message || NLMSG_ALIGN(r->message->nlmsg_len) + whole > MESSAGE_MAX)
		return;
	a = (struct nlattr *)((char *)r->message + NLMSG_ALIGN(r->message->nlmsg_len));
	a->nla_len = (uint16_t)(NLA_HDRLEN + n);
	a->nla_type = (uint16_t)type;
	__builtin_memset((char *)a + NLA_HDRLEN, 0, NLA_ALIGN(n));
	__builtin_memcpy((char *)a + NLA_HDRLEN, data, n);
	r->message->nlmsg_len = NLMSG_ALIGN(r->message->nlmsg_len) + (uint32_t)whole;
	r->tail->length += (uint32_t)whole;
}

const struct nlattr *netlink_find(const struct nlmsghdr *request, size_t size, unsigned type)
{
	size_t at = NLMSG_SPACE(size);

	while (at <= request->nlmsg_len && request->nlmsg_len - at >= sizeof(struct nlattr)) {
		const struct nlattr *a = (const void *)((const char *)request + at);

		if (a->nla_len < sizeof(*a) || a->nla_len > request->nlmsg_len - at)
			break;
		if ((a->nla_type & NLA_TYPE_MASK) == type)
			return a;
		at += NLA_ALIGN(a->nla_len);
	}
	return NULL;
}

/* sockets_lock held. */
static void append(struct netlink *n, struct netlink_datagram *first, struct netlink_datagram *last)
{
	for (const struct netlink_datagram *d = first; d; d = d->next)
		n->waiting += d->length;
	if (n->tail)
		n->tail->next = first;
	else
		WRITE_ONCE(n->head, first);
	n->tail = last;
}

static void serve(struct netlink *n, const struct nlmsghdr *request)
{
	struct netlink_reply r = { .port = n->port, .sequence = request->nlmsg_seq };
	bool dump = (request->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP;
	int error = request->nlmsg_flags & NLM_F_REQUEST ? n->protocol->serve(&r, request) : 0;

	if (r.failed)
		error = -ENOBUFS;
	if (request->nlmsg_type < NLMSG_MIN_TYPE)
		error = 0;
	if (!error && dump && request->nlmsg_type >= NLMSG_MIN_TYPE) {
		netlink_begin(&r, NLMSG_DONE, NLM_F_MULTI, sizeof(int));
	} else if (error || (request->nlmsg_flags & NLM_F_ACK)) {
		struct nlmsgerr *e = netlink_begin(&r, NLMSG_ERROR, NLM_F_CAPPED, sizeof(*e));

		if (e) {
			e->error = error;
			e->msg = *request;
		}
	}
	if (!r.head)
		return;
	spin_lock(&sockets_lock);
	append(n, r.head, r.tail);
	spin_unlock(&sockets_lock);
}

void netlink_free(struct netlink_reply *r)
{
	while (r->head) {
		struct netlink_datagram *d = r->head;

		r->head = d->next;
		kfree(d);
	}
}

/* A member gets a copy, or ENOBUFS where its queue is full, as netlink(7) says. */
static void tell(struct netlink *n, const struct netlink_datagram *d)
{
	struct netlink_datagram *copy = n->waiting + d->length <= n->socket->receive_buffer ? kmalloc(sizeof(*copy)) : NULL;

	if (copy) {
		copy->next = NULL;
		copy->length = d->length;
		copy->group = d->group;
		__builtin_memcpy(copy->bytes, d->bytes, d->length);
		append(n, copy, copy);
	} else if (!n->no_enobufs) {
		socket_set_error(n->socket, ENOBUFS);
	}
	socket_wake(n->socket, EPOLLIN | EPOLLRDNORM | EPOLLERR);
}

void netlink_publish(struct netlink_reply *r, unsigned group)
{
	spin_lock(&sockets_lock);
	for (struct netlink_datagram *d = r->head; d; d = d->next) {
		d->group = group;
		for (struct netlink *n = sockets; n; n = n->next)
			if ((n->groups >> (group - 1) & 1) && n->protocol->number == NETLINK_ROUTE)
				tell(n, d);
	}
	spin_unlock(&sockets_lock);
	netlink_free(r);
}

static void join(struct netlink *n, uint64_t groups)
{
	spin_lock(&sockets_lock);
	n->groups = groups;
	spin_unlock(&sockets_lock);
	if (groups && n->protocol->number == NETLINK_ROUTE)
		netlink_watch();
}

static ssize_t netlink_sendmsg(struct socket *s, struct io *io, struct socket_msg *m)
{
	struct netlink *n = s->private;
	const struct sockaddr_nl *to = (const void *)m->name;
	size_t length = io->left, at = 0;
	char *bytes;

	if (to && (m->name_len < sizeof(*to) || to->nl_family != AF_NETLINK))
		return -EINVAL;
	if (to && to->nl_pid)
		return -ECONNREFUSED; /* another program's */
	if (length > REQUEST_MAX)
		return -EMSGSIZE;
	bytes = kmalloc(length + 1);
	if (!bytes)
		return -ENOBUFS;
	if (io_get(io, bytes, length) < length) {
		kfree(bytes);
		return -EFAULT;
	}
	mutex_lock(&n->lock);
	need_port(n);
	while (length - at >= sizeof(struct nlmsghdr)) {
		const struct nlmsghdr *request = (const void *)(bytes + at);

		if (request->nlmsg_len < sizeof(*request) || request->nlmsg_len > length - at)
			break;
		serve(n, request);
		at = MIN(at + NLMSG_ALIGN(request->nlmsg_len), length);
	}
	mutex_unlock(&n->lock);
	kfree(bytes);
	socket_wake(s, EPOLLIN | EPOLLRDNORM);
	return (ssize_t)length;
}

static ssize_t netlink_recvmsg(struct socket *s, struct io *io, struct socket_msg *m)
{
	struct netlink *n = s->private;
	struct netlink_datagram *d;
	unsigned group;
	size_t wanted, moved;
	ssize_t r = socket_take_error(s);

	if (r)
		return r;
	mutex_lock(&n->lock);
	d = READ_ONCE(n->head);
	if (!d) {
		mutex_unlock(&n->lock);
		return -EAGAIN;
	}
	group = d->group;
	wanted = MIN(io->left, (size_t)d->length);
	moved = io_put(io, d->bytes, wanted);
	r = moved < wanted ? -EFAULT : (ssize_t)wanted;
	if (wanted < d->length) {
		m->flags_out |= MSG_TRUNC;
		if (m->flags & MSG_TRUNC && r >= 0)
			r = (ssize_t)d->length;
	}
	if (!(m->flags & MSG_PEEK)) {
		spin_lock(&sockets_lock);
		WRITE_ONCE(n->head, d->next);
		if (!d->next)
			n->tail = NULL;
		n->waiting -= d->length;
		spin_unlock(&sockets_lock);
		kfree(d);
	}
	mutex_unlock(&n->lock);
	if (m->name && r >= 0) {
		*(struct sockaddr_nl *)m->name = (struct sockaddr_nl){
			.nl_family = AF_NETLINK, .nl_groups = group && group <= 32 ? 1u << (group - 1) : 0,
		};
		m->name_len = sizeof(struct sockaddr_nl);
	}
	if (n->pktinfo && r >= 0) {
		struct nl_pktinfo info = { group };

		socket_put_control(m, SOL_NETLINK, NETLINK_PKTINFO, &info, sizeof(info));
	}
	return r;
}

static int netlink_bind(struct socket *s, const struct sockaddr *addr, unsigned len)
{
	struct netlink *n = s->private;
	const struct sockaddr_nl *a = (const void *)addr;
	int r = 0;

	if (len < sizeof(*a) || a->nl_family != AF_NETLINK)
		return -EINVAL;
	mutex_lock(&n->lock);
	if (n->port && a->nl_pid && a->nl_pid != n->port)
		r = -EINVAL;
	else if (!n->port && a->nl_pid)
		n->port = a->nl_pid;
	if (!r) {
		need_port(n);
		join(n, (n->groups & ~(uint64_t)UINT32_MAX) | a->nl_groups);
	}
	mutex_unlock(&n->lock);
	return r;
}

static int netlink_connect(struct socket *s, const struct sockaddr *addr, unsigned len)
{
	const struct sockaddr_nl *a = (const void *)addr;
	struct netlink *n = s->private;

	if (addr->sa_family == AF_UNSPEC)
		return 0;
	if (len < sizeof(*a) || a->nl_family != AF_NETLINK)
		return -EINVAL;
	mutex_lock(&n->lock);
	need_port(n);
	mutex_unlock(&n->lock);
	return a->nl_pid ? -ECONNREFUSED : 0;
}

static int netlink_getname(struct socket *s, struct sockaddr_storage *out, bool peer)
{
	struct netlink *n = s->private;

	*(struct sockaddr_nl *)out = (struct sockaddr_nl){
		.nl_family = AF_NETLINK, .nl_pid = peer ? 0 : n->port, .nl_groups = peer ? 0 : (uint32_t)n->groups,
	};
	return sizeof(struct sockaddr_nl);
}

static uint32_t netlink_poll(struct socket *s)
{
	struct netlink *n = s->private;

	return EPOLLOUT | EPOLLWRNORM | (READ_ONCE(n->head) ? EPOLLIN | EPOLLRDNORM : 0) | (READ_ONCE(s->error) ? EPOLLERR : 0);
}

static int netlink_setsockopt(struct socket *s, int level, int option, const void *value, unsigned len)
{
	struct netlink *n = s->private;
	uint32_t v;

	if (level != SOL_NETLINK)
		return -ENOPROTOOPT;
	if (len < sizeof(v))
		return -EINVAL;
	__builtin_memcpy(&v, value, sizeof(v));
	switch (option) {
	case NETLINK_ADD_MEMBERSHIP:
	case NETLINK_DROP_MEMBERSHIP:
		if (!v || v > GROUPS_MAX)
			return -EINVAL;
		mutex_lock(&n->lock);
		join(n, option == NETLINK_ADD_MEMBERSHIP ? n->groups | 1ull << (v - 1) : n->groups & ~(1ull << (v - 1)));
		mutex_unlock(&n->lock);
		return 0;
	case NETLINK_PKTINFO:
		n->pktinfo = v;
		return 0;
	case NETLINK_NO_ENOBUFS:
		n->no_enobufs = v;
		return 0;
	case NETLINK_BROADCAST_ERROR:
	case NETLINK_CAP_ACK:
	case NETLINK_EXT_ACK: return 0;
	default: return -ENOPROTOOPT; /* NETLINK_GET_STRICT_CHK: callers then select for themselves */
	}
}

static int netlink_getsockopt(struct socket *s, int level, int option, void *value, unsigned len)
{
	struct netlink *n = s->private;
	int v;

	if (level != SOL_NETLINK)
		return -ENOPROTOOPT;
	switch (option) {
	case NETLINK_LIST_MEMBERSHIPS:
		__builtin_memcpy(value, &n->groups, sizeof(n->groups));
		return (int)MIN((size_t)len, sizeof(n->groups));
	case NETLINK_PKTINFO: v = n->pktinfo; break;
	case NETLINK_NO_ENOBUFS: v = n->no_enobufs; break;
	default: return -ENOPROTOOPT;
	}
	__builtin_memcpy(value, &v, sizeof(v));
	return sizeof(v);
}

static void netlink_release(struct socket *s)
{
	struct netlink *n = s->private;
	struct netlink_reply left = { 0 };

	spin_lock(&sockets_lock);
	for (struct netlink **at = &sockets; *at; at = &(*at)->next)
		if (*at == n) {
			*at = n->next;
			break;
		}
	left.head = n->head;
	spin_unlock(&sockets_lock);
	netlink_free(&left);
	kfree(n);
}

static const struct socket_ops netlink_ops = {
	.bind = netlink_bind,
	.connect = netlink_connect,
	.sendmsg = netlink_sendmsg,
	.recvmsg = netlink_recvmsg,
	.poll = netlink_poll,
	.getname = netlink_getname,
	.setsockopt = netlink_setsockopt,
	.getsockopt = netlink_getsockopt,
	.release = netlink_release,
};

static int netlink_create(struct socket *s, int type, int protocol)
{
	const struct netlink_protocol *known = NULL;
	struct netlink *n;

	if (type != SOCK_RAW && type != SOCK_DGRAM)
		return -ESOCKTNOSUPPORT;
	set_for_each(netlink_protocol, p)
		if (p->number == (uint64_t)protocol)
			known = p;
	if (!known)
		return -EPROTONOSUPPORT;
	n = kzalloc(sizeof(*n));
	if (!n)
		return -ENOMEM;
	mutex_init(&n->lock, RANK_NETLINK);
	n->protocol = known;
	n->socket = s;
	spin_lock(&sockets_lock);
	n->next = sockets;
	sockets = n;
	spin_unlock(&sockets_lock);
	s->private = n;
	s->ops = &netlink_ops;
	return 0;
}
SOCKET_FAMILY(netlink, AF_NETLINK, netlink_create);
