/* Sockets of AF_NETLINK (netlink(7)), for questions to the kernel: a request is answered while it is sent.
 *
 * A socket's queue is under its mutex; poll looks at its head without. Left out: messages between programs, multicast
 * (membership is taken, nothing is ever told).
 */
#include "net/netlink/netlink.h"
#include "core/lock.h"
#include "core/slab.h"
#include <linux/errno.h>

COMPONENT("netlink", "netlink sockets: interfaces, addresses and routes");

#define REQUEST_MAX 65536u
#define SOL_NETLINK 270
#define MESSAGE_MAX 512u /* room that one message of ours takes at most */

struct netlink {
	struct mutex lock;                     /* RANK_NETLINK */
	const struct netlink_protocol *protocol; /* I */
	uint32_t port, groups;                 /* lock; port 0: not bound yet */
	struct netlink_datagram *head, *tail;  /* lock; r: head */
};

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
	if (n->tail)
		n->tail->next = r.head;
	else
		WRITE_ONCE(n->head, r.head);
	n->tail = r.tail;
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
	size_t wanted, moved;
	ssize_t r;

	mutex_lock(&n->lock);
	d = n->head;
	if (!d) {
		mutex_unlock(&n->lock);
		return -EAGAIN;
	}
	wanted = MIN(io->left, (size_t)d->length);
	moved = io_put(io, d->bytes, wanted);
	r = moved < wanted ? -EFAULT : (ssize_t)wanted;
	if (wanted < d->length) {
		m->flags_out |= MSG_TRUNC;
		if (m->flags & MSG_TRUNC && r >= 0)
			r = (ssize_t)d->length;
	}
	if (!(m->flags & MSG_PEEK)) {
		WRITE_ONCE(n->head, d->next);
		if (!d->next)
			n->tail = NULL;
		kfree(d);
	}
	mutex_unlock(&n->lock);
	if (m->name && r >= 0) {
		*(struct sockaddr_nl *)m->name = (struct sockaddr_nl){ .nl_family = AF_NETLINK };
		m->name_len = sizeof(struct sockaddr_nl);
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
		n->groups = a->nl_groups;
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
		.nl_family = AF_NETLINK, .nl_pid = peer ? 0 : n->port, .nl_groups = peer ? 0 : n->groups,
	};
	return sizeof(struct sockaddr_nl);
}

static uint32_t netlink_poll(struct socket *s)
{
	struct netlink *n = s->private;

	return EPOLLOUT | EPOLLWRNORM | (READ_ONCE(n->head) ? EPOLLIN | EPOLLRDNORM : 0);
}

static int netlink_setsockopt(struct socket *s, int level, int option, const void *value, unsigned len)
{
	if (level != SOL_NETLINK)
		return -ENOPROTOOPT;
	switch (option) {
	case NETLINK_ADD_MEMBERSHIP:
	case NETLINK_DROP_MEMBERSHIP:
	case NETLINK_PKTINFO:
	case NETLINK_BROADCAST_ERROR:
	case NETLINK_NO_ENOBUFS:
	case NETLINK_CAP_ACK:
	case NETLINK_EXT_ACK: return len < sizeof(int) ? -EINVAL : 0;
	default: return -ENOPROTOOPT; /* NETLINK_GET_STRICT_CHK: callers then select for themselves */
	}
}

static void netlink_release(struct socket *s)
{
	struct netlink *n = s->private;

	while (n->head) {
		struct netlink_datagram *d = n->head;

		n->head = d->next;
		kfree(d);
	}
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
	s->private = n;
	s->ops = &netlink_ops;
	return 0;
}
SOCKET_FAMILY(netlink, AF_NETLINK, netlink_create);
