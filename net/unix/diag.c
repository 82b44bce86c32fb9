/* What ss(8) is told of AF_UNIX sockets (sock_diag(7), unix_diag.h), and /proc/net/unix (proc(5)). */
#include "core/log.h"
#include "fs/proc/procfile.h"
#include "net/netlink/netlink.h"
#include "net/unix/unix.h"
#include <linux/errno.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>

COMPONENT("sock-diag", "netlink sockets that list sockets, for ss");

#define STATE_JOINED 1u /* Linux's TCP_ESTABLISHED, TCP_CLOSE, TCP_LISTEN */
#define STATE_CLOSED 7u
#define STATE_LISTEN 10u

static unsigned state_of(const struct unix_sock *u)
{
	return u->state == UNIX_LISTENING ? STATE_LISTEN : u->state == UNIX_CONNECTED || u->peer ? STATE_JOINED : STATE_CLOSED;
}

static uint32_t inode_of(const struct unix_sock *u)
{
	return u && u->socket->file ? (uint32_t)file_number(u->socket->file) : 0;
}

static void put(struct netlink_reply *r, const struct unix_diag_req *q, struct unix_sock *u)
{
	unsigned state = state_of(u);
	struct unix_diag_msg *m;

	if (!(q->udiag_states >> state & 1) || !u->socket->file)
		return;
	m = netlink_begin(r, SOCK_DIAG_BY_FAMILY, NLM_F_MULTI, sizeof(*m));
	if (!m)
		return;
	*m = (struct unix_diag_msg){
		.udiag_family = AF_UNIX, .udiag_type = (uint8_t)u->socket->type, .udiag_state = (uint8_t)state, .udiag_ino = inode_of(u),
	};
	m->udiag_cookie[0] = m->udiag_ino;
	if ((q->udiag_show & UDIAG_SHOW_NAME) && u->address)
		netlink_attribute(r, UNIX_DIAG_NAME, u->address->sun.sun_path, u->address->len - sizeof(uint16_t));
	if ((q->udiag_show & UDIAG_SHOW_PEER) && inode_of(u->peer))
		netlink_attribute_u32(r, UNIX_DIAG_PEER, inode_of(u->peer));
	if (q->udiag_show & UDIAG_SHOW_RQLEN) {
		struct unix_diag_rqlen n = { state == STATE_LISTEN ? u->queue_len : u->in.used,
					     state == STATE_LISTEN ? u->backlog : 0 };

		netlink_attribute(r, UNIX_DIAG_RQLEN, &n, sizeof(n));
	}
	netlink_attribute(r, UNIX_DIAG_SHUTDOWN, &(uint8_t){ (uint8_t)u->shutdown }, 1);
}

static int dump_unix(struct netlink_reply *r, const struct nlmsghdr *request)
{
	const struct unix_diag_req *q = NLMSG_DATA(request);
	struct unix_sock *u;

	if (request->nlmsg_len < NLMSG_LENGTH(sizeof(*q)))
		return -EINVAL;
	mutex_lock(&unix_lock);
	spin_lock(&unix_list_lock);
	list_for_each(u, &unix_sockets, all_node)
		put(r, q, u);
	spin_unlock(&unix_list_lock);
	mutex_unlock(&unix_lock);
	return 0;
}
SET_ENTRY(sock_diag, unix, struct sock_diag) = { "unix", dump_unix, AF_UNIX, 0, 0 };

static int show_unix(struct text *out, const struct proc_target *of)
{
	struct unix_sock *u;

	text_add(out, "Num       RefCount Protocol Flags    Type St Inode Path\n");
	mutex_lock(&unix_lock);
	spin_lock(&unix_list_lock);
	list_for_each(u, &unix_sockets, all_node) {
		unsigned state = u->state == UNIX_CONNECTED ? 3 : 1; /* SS_CONNECTED, SS_UNCONNECTED */

		text_add(out, "%016x: %08X 00000000 %08X %04X %02X %5u", 0, u->refs, u->state == UNIX_LISTENING ? 0x10000 : 0,
			 u->socket->type, state, inode_of(u));
		if (u->address) {
			const char *path = u->address->sun.sun_path;
			size_t n = u->address->len - sizeof(uint16_t);

			text_put(out, " ", 1);
			if (n && !*path)
				text_put(out, "@", 1);
			if (n)
				text_put(out, *path ? path : path + 1, *path ? strnlen(path, n) : n - 1);
		}
		text_put(out, "\n", 1);
	}
	spin_unlock(&unix_list_lock);
	mutex_unlock(&unix_lock);
	return 0;
}
PROC_FILE(net_unix, "PID/net/unix", show_unix);
