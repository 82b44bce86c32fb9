/* AF_UNIX sockets, unix(7): what its files share.
 *
 *     family.c   making, pairing and closing sockets; names, options, poll
 *     name.c     addresses: paths, abstract names, autobind
 *     connect.c  listen, connect, accept
 *     stream.c   bytes: each socket has a ring that its peer writes into
 *     message.c  datagrams and sequenced packets: each socket has a queue of messages
 *     control.c  descriptors and credentials that travel along
 *
 * Locking. unix_lock (one mutex) covers who is bound to what name, and who is connected to whom. u->lock covers the
 * receiving side of one socket; nobody holds two of them. For connection-oriented types `peer` is set once and stays
 * until the socket itself is released, so sending reads it without a lock.
 * Lifetime: a unix_sock is counted: its socket, its peers, messages that it sent. It holds a reference to its struct
 * socket, so that whoever holds it can wake that.
 * Not done: collecting sockets that are reachable only from messages in each other's queues; MSG_OOB.
 */
#ifndef NET_UNIX_UNIX_H
#define NET_UNIX_UNIX_H

#include <core/list.h>
#include <core/ref.h>
#include <fs/byte_ring.h>
#include <fs/vfs.h>
#include <linux/un.h>
#include <net/socket.h>

#define RECEIVE_SHUT 1u
#define SEND_SHUT    2u

struct unix_address {
	uint32_t refs;        /* atomic */
	unsigned len;         /* of the whole sockaddr_un */
	struct sockaddr_un sun;
};

struct unix_rights {
	unsigned count;
	struct file *files[]; /* ref each */
};

/* What travels along with a message. */
struct unix_control {
	struct unix_rights *rights; /* owned, may be NULL */
	bool has_credentials;
	struct ucred credentials;
};

/* In a stream: control data that comes with the byte at `start`. */
struct unix_mark {
	struct list node;
	uint64_t start, end; /* of what was sent with it, counted in bytes since the beginning */
	struct unix_control control;
};

struct unix_message {
	struct list node;
	struct unix_sock *from; /* ref */
	struct unix_control control;
	size_t len;
	char data[];
};

enum unix_state { UNIX_CLOSED, UNIX_LISTENING, UNIX_CONNECTED };

/* Legend: I immutable; u unix_lock; l this one's lock; a atomic, written under l. */
struct unix_sock {
	struct socket *socket;         /* I: ref */
	uint32_t refs;                 /* atomic */
	struct mutex lock;             /* RANK_SOCKET_PEER */
	struct unix_sock *peer;        /* u and l for writing, see above: ref */
	struct unix_address *address;  /* u, set once: ref */
	struct path path;              /* u: refs, if bound to a path */
	struct list name_node;         /* u: in the list of abstract names */
	struct list all_node;          /* unix_list_lock */
	uint32_t state;                /* a, and u: enum unix_state */
	uint32_t shutdown;             /* a: RECEIVE_SHUT, SEND_SHUT */
	bool dead;                     /* l: released */
	bool sender_blocked;           /* l: the peer found no room since the last receive (streams) */
	struct ucred credentials;      /* u: of this side, for the peer's SO_PEERCRED */
	struct ucred peer_credentials; /* u */
	/* Streams. */
	struct byte_ring in;           /* l */
	uint64_t received;             /* l: bytes that left `in` */
	struct list marks;             /* l: of struct unix_mark, by position */
	/* Messages, and for listeners connections that wait for accept(). */
	struct list queue;             /* l: of struct unix_message, or of unix_sock.pending_node */
	unsigned queue_len;            /* l */
	unsigned backlog;              /* l */
	struct list pending_node;      /* the listener's l */
	struct list blocked;           /* l: of struct unix_blocked: who found the queue full */
	uint64_t in_flight;            /* atomic: bytes of messages that this one sent and nobody received yet */
};

extern struct mutex unix_lock; /* RANK_SOCKET */
extern struct spinlock unix_list_lock; /* RANK_UNIX_LIST */
extern struct list unix_sockets; /* unix_list_lock: that programs have, or that wait to be accepted */

/* family.c */
extern const struct socket_ops unix_stream_ops, unix_seqpacket_ops, unix_dgram_ops;
int unix_sock_alloc(struct socket *s);
static inline void unix_get(struct unix_sock *u)
{
	ref_get(&u->refs);
}
void unix_put(struct unix_sock *u);
struct ucred unix_my_credentials(void);
/** unix_peer_get() - the peer with a reference, or NULL. */
struct unix_sock *unix_peer_get(struct unix_sock *u);
/** unix_ring_init() - a stream socket gets its ring, of its peer's SO_SNDBUF. -ENOMEM. */
int unix_ring_init(struct unix_sock *u, uint32_t capacity);
/** unix_block() - remember that @who found @u full: it is woken when there is room. @u->lock is held. -ENOMEM. */
int unix_block(struct unix_sock *u, struct unix_sock *who);
/** unix_unblock() - take them all off; @u->lock is held. unix_wake_blocked() - and wake them, with no lock held. */
void unix_unblock(struct unix_sock *u, struct list *out);
void unix_wake_blocked(struct list *taken);

/* name.c */
int unix_bind(struct socket *s, const struct sockaddr *addr, unsigned len);
int unix_autobind(struct unix_sock *u);
/** unix_find() - who is bound to that name; a reference. err_ptr(-ECONNREFUSED, -ENOENT, -EINVAL, -EPROTOTYPE …). */
struct unix_sock *unix_find(const struct sockaddr *addr, unsigned len, int type) __must_check;
void unix_unbind(struct unix_sock *u);
void unix_address_put(struct unix_address *a);
/** unix_name_of() - the address of @u (NULL: no name) into @out. Return: its length. */
unsigned unix_name_of(const struct unix_sock *u, struct sockaddr_storage *out);

/* connect.c */
int unix_listen(struct socket *s, int backlog);
int unix_connect(struct socket *s, const struct sockaddr *addr, unsigned len);
int unix_accept(struct socket *s, struct socket **ret_new);

/* stream.c */
ssize_t unix_stream_send(struct socket *s, struct io *io, struct socket_msg *m);
ssize_t unix_stream_receive(struct socket *s, struct io *io, struct socket_msg *m);
bool unix_stream_writable(struct unix_sock *u);

/* message.c */
ssize_t unix_message_send(struct socket *s, struct io *io, struct socket_msg *m);
ssize_t unix_message_receive(struct socket *s, struct io *io, struct socket_msg *m);
bool unix_message_writable(struct unix_sock *u);
void unix_message_free(struct unix_message *message);

/* control.c */
/** unix_control_parse() - what the sender attached; to be given to a message or to unix_control_free(). */
int unix_control_parse(const struct socket_msg *m, struct unix_control *out) __must_check;
void unix_control_free(struct unix_control *c);
/** unix_control_deliver() - to the receiver's control buffer; @c keeps its files. No spinlock held. */
void unix_control_deliver(struct unix_sock *u, struct socket_msg *m, const struct unix_control *c);

#endif
