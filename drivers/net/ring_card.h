/* Network cards of the old kind (ring_card.c): a ring of receive buffers, a ring of pieces to send, one interrupt.
 *
 * A driver says how its descriptors look; the walk over the rings, buffers, and what drivers/netdev.h asks for is here.
 * Locking: operations are called under the network lock, but cause(), link() and mask(), which interrupts call, too.
 */
#ifndef DRIVERS_NET_RING_CARD_H
#define DRIVERS_NET_RING_CARD_H

#include "drivers/netdev.h"
#include "drivers/pci/pci.h"
#include <core/timer.h>

struct ring_card;

#define CARD_RX_SIZE 256u
#define CARD_TX_SIZE 256u

/* What interrupted. */
#define CARD_OURS 1u /* frames came or went */
#define CARD_LINK 2u /* the link changed */

struct ring_card_ops {
	/* Descriptor @i of the receive ring gets the buffer at @data: the card may write @length bytes to it. */
	void (*rx_give)(struct ring_card *c, unsigned i, paddr_t data, unsigned length);
	void (*rx_flush)(struct ring_card *c, unsigned last); /* tell the card of what was given, up to @last */
	/* Did descriptor @i receive? 0: not yet; 1: a frame of *length bytes; -1: something that is no whole frame. */
	int (*rx_take)(struct ring_card *c, unsigned i, uint32_t *length, bool *checked);
	/* What a frame needs before it. Return: how many descriptors from @i on it took, at most 1. NULL: never any. */
	unsigned (*tx_before)(struct ring_card *c, unsigned i, const struct netdev_offload *offload);
	/* A piece of a frame in descriptor @i; the first piece comes last, so that all are there when the card gets it. */
	void (*tx_put)(struct ring_card *c, unsigned i, paddr_t data, unsigned length, bool first, bool last,
		       const struct netdev_offload *offload);
	void (*tx_flush)(struct ring_card *c, unsigned next); /* tell the card of what was put, up to before @next */
	bool (*tx_done)(struct ring_card *c, unsigned i);     /* the frame whose last piece is in @i was sent */
	unsigned (*cause)(struct ring_card *c);               /* what interrupted, CARD_*; from now on it does no more */
	void (*mask)(struct ring_card *c, bool receive, bool send); /* which of them shall interrupt */
	bool (*link)(struct ring_card *c);
};

struct ring_card {
	struct netdev netdev;
	const struct ring_card_ops *ops; /* I */
	struct pci_device *pci;          /* I */
	void *rx_buffers[CARD_RX_SIZE];  /* owned */
	void *rx_spare;                  /* owned: takes the place of the next that is kept above */
	unsigned rx_next;                /* descriptor to look at */
	void *tx_cookies[CARD_TX_SIZE];  /* of frames whose last piece is there */
	uint16_t tx_last[CARD_TX_SIZE];  /* of frames whose first descriptor is there: the last */
	unsigned tx_next, tx_oldest, tx_used;
	bool full;                       /* a sender was turned away */
	bool broken;                     /* the card broke the rules: nothing is sent or received any more */
	bool dirty;                      /* put, not flushed */
	unsigned frame_at;               /* I: where in a receive buffer a frame begins */
	int line;                        /* its interrupt, or negative */
	struct irq_handler irq;
	struct timer watch;              /* looks at the link of cards that do not tell */
};

/** ring_card_memory() - zeroed pages for @bytes that the card reads and writes. NULL: none. */
void *ring_card_memory(size_t bytes) __must_check;
/** ring_card_reaches() - memory lies below 4 GiB, for cards that have no more address lines; else it is said. */
bool ring_card_reaches(const struct pci_device *d);
/**
 * ring_card_start() - fill the receive ring, and be a network device. @c: zeroed, but for what is marked I, and the card's
 * name, address and features. @watch: it does not tell of changes of its link. The card may be told to go before that.
 * Return: 0; -ENOMEM; -ENODEV: no interrupt; then the card does nothing any more, and @c may be freed.
 */
int ring_card_start(struct ring_card *c, bool watch) __must_check;
/** ring_card_breaks() - it said what cannot be: it is given up, with a line in the log. */
void ring_card_breaks(struct ring_card *c, const char *what);

#endif
