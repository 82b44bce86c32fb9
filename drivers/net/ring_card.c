/* What network cards with a ring of descriptors each way have in common. ring_card.h is the contract.
 *
 * The interrupt handler silences the card; what it told of is done in poll(), at whose end it may interrupt again. What was
 * sent is taken back when others are sent or received; only a full ring asks for an interrupt.
 */
#include "drivers/net/ring_card.h"
#include "core/boot_info.h"
#include "core/clock.h"
#include "core/log.h"
#include "core/page.h"
#include "core/slab.h"
#include <linux/errno.h>
#include <linux/if_ether.h>

COMPONENT("ring-card", "what network cards with rings of descriptors have in common");

#define POLL_BUDGET 128u
#define SENT_BATCH  32u
#define FOUR_GIB    0x100000000ull

static struct ring_card *card_of(struct netdev *n)
{
	return container_of(n, struct ring_card, netdev);
}

void ring_card_breaks(struct ring_card *c, const char *what)
{
	if (!c->broken)
		log_err("%s: %s: %s; it is not used any more", c->pci->name, c->netdev.name, what);
	c->broken = true;
}

static void take_back(struct ring_card *c)
{
	while (c->tx_used) {
		unsigned last = c->tx_last[c->tx_oldest];

		if (!c->ops->tx_done(c, last))
			break;
		c->tx_used -= (last - c->tx_oldest) % CARD_TX_SIZE + 1;
		c->tx_oldest = (last + 1) % CARD_TX_SIZE;
		netdev_sent(c->tx_cookies[last]);
	}
}

static void card_flush(struct netdev *n)
{
	struct ring_card *c = card_of(n);

	if (!c->dirty)
		return;
	c->dirty = false;
	c->ops->tx_flush(c, c->tx_next);
}

/* One descriptor always stays free: a ring that is full looks like an empty one to the card. */
static bool has_room(const struct ring_card *c, unsigned need)
{
	return need < CARD_TX_SIZE - c->tx_used;
}

static int card_send(struct netdev *n, const struct netdev_piece *pieces, unsigned count, unsigned headroom,
		     const struct netdev_offload *offload, void *cookie)
{
	struct ring_card *c = card_of(n);
	unsigned at, last;

	if (unlikely(c->broken))
		return -EIO;
	if (c->tx_used >= SENT_BATCH)
		take_back(c);
	if (unlikely(!has_room(c, count + 1))) {
		card_flush(n);
		take_back(c);
		if (!has_room(c, count + 1)) {
			c->full = true;
			c->ops->mask(c, true, true);
			return -ENOSPC;
		}
	}
	at = (c->tx_next + (c->ops->tx_before ? c->ops->tx_before(c, c->tx_next, offload) : 0)) % CARD_TX_SIZE;
	last = (at + count - 1) % CARD_TX_SIZE;
	for (unsigned i = count; i-- > 0;)
		c->ops->tx_put(c, (at + i) % CARD_TX_SIZE, page_direct_paddr(pieces[i].data), pieces[i].length, i == 0,
			       i == count - 1, offload);
	c->tx_used += (last - c->tx_next) % CARD_TX_SIZE + 1;
	c->tx_last[c->tx_next] = (uint16_t)last;
	c->tx_cookies[last] = cookie;
	c->tx_next = (last + 1) % CARD_TX_SIZE;
	c->dirty = true;
	return 0;
}

static void rx_give(struct ring_card *c, unsigned i)
{
	c->ops->rx_give(c, i, page_direct_paddr(c->rx_buffers[i]) + c->frame_at, NETDEV_BUFFER_SIZE - c->frame_at);
}

/* The frame in buffer @i goes up. Without memory for another buffer it is dropped. */
static void receive(struct ring_card *c, unsigned i, uint32_t length, bool checked)
{
	struct netdev_received piece = { c->rx_buffers[i], (char *)c->rx_buffers[i] + c->frame_at, length };

	if (length < ETH_HLEN || length > NETDEV_BUFFER_SIZE - c->frame_at)
		return;
	if (!c->rx_spare)
		c->rx_spare = kmalloc(NETDEV_BUFFER_SIZE);
	if (!c->rx_spare || !netdev_receive(&c->netdev, &piece, 1, checked))
		return;
	c->rx_buffers[i] = c->rx_spare;
	c->rx_spare = NULL;
}

/* Return: all that came was taken. */
static bool receive_all(struct ring_card *c)
{
	unsigned got, last = CARD_RX_SIZE;

	for (got = 0; got < POLL_BUDGET && !c->broken; got++) {
		unsigned i = c->rx_next;
		uint32_t length = 0;
		bool checked = false;
		int r = c->ops->rx_take(c, i, &length, &checked);

		if (!r)
			break;
		if (r > 0)
			receive(c, i, length, checked);
		rx_give(c, i);
		last = i;
		c->rx_next = (i + 1) % CARD_RX_SIZE;
	}
	if (last != CARD_RX_SIZE)
		c->ops->rx_flush(c, last);
	return got < POLL_BUDGET;
}

static bool card_poll(struct netdev *n, unsigned queue)
{
	struct ring_card *c = card_of(n);
	bool all = receive_all(c);

	if (c->broken)
		return false;
	take_back(c);
	if (unlikely(c->full) && c->tx_used <= CARD_TX_SIZE * 3 / 4) {
		c->full = false;
		netdev_room(n);
		card_flush(n);
	}
	if (!all)
		return true;
	c->ops->mask(c, true, c->full);
	return !receive_all(c); /* what came before the card was told that it may interrupt */
}

static const struct netdev_ops card_ops = { .send = card_send, .flush = card_flush, .poll = card_poll };

static bool card_interrupt(void *data)
{
	struct ring_card *c = data;
	unsigned cause = c->ops->cause(c);

	if (!cause)
		return false;
	if (cause & CARD_LINK)
		c->netdev.link = c->ops->link(c);
	if (cause & CARD_OURS)
		c->ops->mask(c, false, false);
	netdev_interrupt(&c->netdev, 0);
	return true;
}

static void watch(struct timer *t)
{
	struct ring_card *c = container_of(t, struct ring_card, watch);
	bool link = c->ops->link(c);

	if (link != c->netdev.link) {
		c->netdev.link = link;
		netdev_interrupt(&c->netdev, 0);
	}
	timer_arm(t, clock_monotonic_ns() + NSEC_PER_SEC);
}

void *ring_card_memory(size_t bytes)
{
	size_t pages = (bytes + PAGE_SIZE - 1) >> PAGE_SHIFT;
	void *p = page_alloc_run(pages, 0);

	if (p)
		memset(p, 0, pages << PAGE_SHIFT);
	return p;
}

bool ring_card_reaches(const struct pci_device *d)
{
	for (unsigned i = 0; i < boot_info.memory_count; i++) {
		if (boot_info.memory[i].start + boot_info.memory[i].size <= FOUR_GIB)
			continue;
		log_err("%s: this network card reaches memory below 4 GiB only, and the machine has more: take another", d->name);
		return false;
	}
	return true;
}

int ring_card_start(struct ring_card *c, bool watched)
{
	c->netdev.ops = &card_ops;
	c->netdev.mtu = ETH_DATA_LEN;
	c->netdev.queue_count = 1;
	for (unsigned i = 0; i < CARD_RX_SIZE; i++) {
		c->rx_buffers[i] = kmalloc(NETDEV_BUFFER_SIZE);
		if (!c->rx_buffers[i])
			goto no_memory;
		rx_give(c, i);
	}
	c->irq = (struct irq_handler){ .handle = card_interrupt, .data = c, .name = c->netdev.name };
	c->line = pci_msi_request(c->pci, 0, &c->irq);
	if (c->line < 0)
		c->line = pci_intx_request(c->pci, &c->irq);
	if (c->line < 0) {
		log_err("%s: %s: no interrupt", c->pci->name, c->netdev.name);
		return c->line;
	}
	c->netdev.link = c->ops->link(c);
	netdev_register(&c->netdev);
	c->ops->rx_flush(c, CARD_RX_SIZE - 1);
	c->ops->mask(c, true, false);
	if (watched) {
		timer_init(&c->watch, watch);
		timer_arm(&c->watch, clock_monotonic_ns() + NSEC_PER_SEC);
	}
	return 0;
no_memory:
	for (unsigned i = 0; i < CARD_RX_SIZE; i++)
		kfree(c->rx_buffers[i]);
	return -ENOMEM;
}
