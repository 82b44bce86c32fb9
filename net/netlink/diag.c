/* NETLINK_SOCK_DIAG (sock_diag(7)): the sockets there are, as ss(8) asks for them; each kind is an entry of the set. */
#include "net/netlink/netlink.h"
#include <linux/errno.h>
#include <linux/inet_diag.h>
#include <linux/in.h>
#include <linux/sock_diag.h>

COMPONENT("sock-diag", "netlink sockets that list sockets, for ss");

static int diag(struct netlink_reply *r, const struct nlmsghdr *request)
{
	const struct inet_diag_req_v2 *q = NLMSG_DATA(request);
	unsigned family;

	if (request->nlmsg_type != SOCK_DIAG_BY_FAMILY)
		return -EINVAL;
	if (request->nlmsg_len < NLMSG_LENGTH(sizeof(struct sock_diag_req)))
		return -EINVAL;
	if ((request->nlmsg_flags & NLM_F_DUMP) != NLM_F_DUMP)
		return -EOPNOTSUPP;
	family = q->sdiag_family == AF_INET6 ? AF_INET : q->sdiag_family;
	set_for_each(sock_diag, d)
		if (d->family == family && (family == AF_UNIX || d->protocol == q->sdiag_protocol))
			return d->dump(r, request);
	return -ENOENT;
}
SET_ENTRY(netlink_protocol, sock_diag, struct netlink_protocol) = { "sock_diag", diag, NETLINK_SOCK_DIAG };
