/* Network devices: Ethernet cards as the protocols see them (the other side is net/inet/device.c).
 *
 * Locking: all operations, and all calls of a driver up from here, are made under the network lock (RANK_NET), so a
 * driver's queues need none of their own. Only netdev_interrupt() is called without it.
 * A frame that is sent has one or two pieces of direct-mapped memory, which stay as they are until netdev_sent().
 */
#ifndef DRIVERS_NETDEV_H
#define DRIVERS_NETDEV_H

#include <core/deferred.h>

struct netdev;

struct netdev_piece {
	void *data;
	uint32_t length;
};

/* What the card is to do with a frame, or has done. */
struct netdev_offload {
	bool checksum;           /* send: write the Internet checksum from @start on to @start + @offset */
	uint16_t start, offset;  /* bytes from the start of the frame; bytes from start */
	/* send: cut what is behind the TCP header into segments of so many bytes, each with headers of its own; 0: do not.
	 * Goes with @checksum, whose sum is that of the whole. */
	uint16_t segment;
	uint16_t headers;        /* bytes of all headers together */
	bool six;                /* of IPv6 */
};

/* A piece of a frame that was received, in a buffer of its own. */
struct netdev_received {
	void *buffer, *data;
	uint32_t length;
};
#define NETDEV_RECEIVED_MAX 40u /* pieces of a frame of 64 KiB, and some */

#define NETDEV_PIECES_MAX 48u
#define NETDEV_HEADROOM   16u /* bytes before the first piece of a frame that a driver may write, if it says so */

/* Before the bytes of a receive buffer, room that the protocols use while they keep it. */
#define NETDEV_BUFFER_HEAD 64u
#define NETDEV_BUFFER_SIZE 2048u /* in all; from kmalloc() */

struct netdev_ops {
	/*
	 * Send a frame. @headroom: bytes before pieces[0] that may be overwritten (0 or NETDEV_HEADROOM).
	 * @cookie goes to netdev_sent() when the pieces are the sender's again. The card need not be told before flush.
	 * 0; -ENOSPC: no room now, netdev_room() will be called; -EIO.
	 */
	int (*send)(struct netdev *n, const struct netdev_piece *pieces, unsigned count, unsigned headroom,
		    const struct netdev_offload *offload, void *cookie);
	void (*flush)(struct netdev *n);   /* tell the card of what was sent, if it asks to be told */
	/* Deliver what queue @queue received, by netdev_receive(), and take back what was sent by it. Return: there is more. */
	bool (*poll)(struct netdev *n, unsigned queue);
};

#define NETDEV_SEND_CHECKSUM 1u /* the card can do netdev_offload.checksum */
#define NETDEV_SEND_SEGMENT4 2u /* … and segment, of IPv4 */
#define NETDEV_SEND_SEGMENT6 4u

#define NETDEV_QUEUES_MAX 8u /* pairs of queues, each with interrupts of its own */

struct netdev_queue {
	struct netdev *netdev;
	struct deferred work;
};

struct netdev {
	const struct netdev_ops *ops; /* I */
	const char *name;             /* I: as in the log */
	uint8_t address[6];           /* I */
	uint16_t mtu;                 /* I: bytes of an IP packet */
	unsigned features;            /* I: NETDEV_* */
	bool link;                    /* a: the cable is in; a change is followed by netdev_interrupt() */
	bool starving;                /* no memory for all of its receive buffers: to be polled now and then */
	unsigned queue_count;         /* I: at least 1 */
	struct netdev_queue queues[NETDEV_QUEUES_MAX]; /* ours: netdev_interrupt() */
	void *protocol;               /* the protocols' own */
	struct netdev *next;
};

/** netdev_register() - a card was found. Context: start-up. Defined by net/inet/device.c. */
void netdev_register(struct netdev *n);
/** netdev_interrupt() - frames came or went by @queue, or the link changed: poll soon, on this processor. Context: interrupt. */
static inline void netdev_interrupt(struct netdev *n, unsigned queue)
{
	/* Before netdev_register() there is nobody to tell; it polls by itself. */
	if (likely(__atomic_load_n(&n->queues[queue].work.call, __ATOMIC_ACQUIRE)))
		deferred_raise(&n->queues[queue].work);
}
/**
 * netdev_receive() - a frame of @count pieces lies in buffers (kmalloc'd, NETDEV_BUFFER_SIZE), with NETDEV_BUFFER_HEAD bytes
 * before the data. @checked: the card vouches for the checksums. Return: the protocols keep the buffers and will kfree()
 * them; false: they are the driver's again.
 */
bool netdev_receive(struct netdev *n, const struct netdev_received *pieces, unsigned count, bool checked);
/** netdev_sent() - the card is done with the pieces of @cookie. */
void netdev_sent(void *cookie);
/** netdev_room() - there is room for frames again after -ENOSPC. */
void netdev_room(struct netdev *n);

#endif
