/* VMware's paravirtual network card (as QEMU's hw/net/vmxnet3.h and FreeBSD's if_vmxreg.h describe it: VMware has no public
 * specification). ring_card.h tells the locking.
 *
 * What the card needs lies in a structure shared with it: rings of descriptors, and for each a ring of completions, whose
 * generation bit turns at each round. The interrupt masks itself until it is let in again. Checksums are the card's.
 * Left out: segmentation by the card, several queues, frames larger than a buffer, filters of multicasts (all pass).
 */
#include "core/log.h"
#include "core/page.h"
#include "core/slab.h"
#include "drivers/driver.h"
#include "drivers/net/ring_card.h"
#include <linux/errno.h>

COMPONENT("vmxnet3", "VMware network card");

/* BAR 0, and BAR 1. */
enum { PT_IMR = 0x0, PT_TXPROD = 0x600, PT_RXPROD = 0x800, PT_SIZE = 0x1000 };
enum { VD_VRRS = 0x0, VD_UVRS = 0x8, VD_DSAL = 0x10, VD_DSAH = 0x18, VD_CMD = 0x20, VD_MACL = 0x28, VD_MACH = 0x30,
       VD_ICR = 0x38 /* reading it lowers the pin */, VD_ECR = 0x40, VD_SIZE = 0x1000 };
enum { CMD_ACTIVATE = 0xcafe0000, CMD_RESET = 0xcafe0002, CMD_UPDATE_RX_MODE = 0xcafe0003, CMD_GET_LINK = 0xf00d0002 };

#define MAGIC         0xbabefee1u
#define GOS_LINUX_64  (2u | 1u << 2)
#define FEATURE_RXSUM 1u
#define RX_MODE       (1u | 2u | 4u | 8u) /* own, multicasts, broadcasts, all multicasts */
#define ECR_LINK      4u
#define BODY_SIZE     32u /* descriptors of the second receive ring, which stay the card's dream */
#define RX_DONE_SIZE  (CARD_RX_SIZE + BODY_SIZE)

struct descriptor {
	uint64_t address;
	uint32_t length; /* 14 bits, and flags */
	uint32_t more;
};
#define TX_GEN     (1u << 14)
#define TX_SUM_AT  18         /* in length: where to put the checksum */
#define TX_SUM     (2u << 10) /* in more, with where to start in the low bits */
#define TX_EOP     (1u << 12)
#define TX_CQ      (1u << 13) /* tell when it is sent */
#define RX_GEN     (1u << 31)

struct completion {
	uint32_t index;
	uint32_t hash;
	uint32_t length; /* received: 14 bits, and flags */
	uint32_t flags;
};
#define DONE_INDEX 0xfffu
#define DONE_GEN   (1u << 31)
#define RX_WHOLE   (1u << 14 | 1u << 15) /* in index: first and last piece of its frame */
#define RX_NO_SUM  (1u << 30)            /* in index: checksums were not looked at */
#define RX_LENGTH  0x3fffu
#define RX_ERROR   (1u << 14)            /* in length */
#define RX_SUMS    (1u << 16 | 1u << 19) /* in flags: those of TCP or UDP and of IP are right */
_Static_assert(sizeof(struct descriptor) == 16 && sizeof(struct completion) == 16, "descriptors");

struct tx_queue {
	uint32_t deferred, threshold;
	uint64_t reserved;
	uint64_t ring, data_ring, done_ring, driver, reserved2;
	uint32_t size, data_size, done_size, driver_length;
	uint8_t interrupt, pad[7];
	uint32_t stopped, error;
	uint64_t statistics[10];
	uint8_t pad2[88];
};
struct rx_queue {
	uint8_t update, pad[7];
	uint64_t reserved;
	uint64_t ring[2], done_ring, driver, reserved2;
	uint32_t size[2], done_size, driver_length;
	uint8_t interrupt, pad2[7];
	uint32_t stopped, error;
	uint64_t statistics[10];
	uint8_t pad3[88];
};
_Static_assert(sizeof(struct tx_queue) == 256 && sizeof(struct rx_queue) == 256, "queue descriptors");

struct shared {
	uint32_t magic, pad;
	uint32_t driver_version, guest, revision, upt_version;
	uint64_t features, driver, queues;
	uint32_t driver_length, queues_length, mtu;
	uint16_t rx_pieces;
	uint8_t tx_queues, rx_queues;
	uint32_t reserved[4];
	uint8_t auto_mask, interrupts, event_interrupt, moderation[25];
	uint32_t interrupt_control, reserved2[2];
	uint32_t rx_mode;
	uint16_t multicasts, pad2;
	uint64_t multicast_table;
	uint32_t vlans[128];
	uint64_t optional[6];
	uint32_t events, reserved3[5];
};
_Static_assert(offsetof(struct shared, auto_mask) == 80 && offsetof(struct shared, rx_mode) == 120 &&
		       offsetof(struct shared, events) == 696 && sizeof(struct shared) == 720, "shared memory");

/* All that the card reads and writes, but for the buffers. */
struct memory {
	struct descriptor tx[CARD_TX_SIZE], rx[CARD_RX_SIZE], body[BODY_SIZE];
	struct completion tx_done[CARD_TX_SIZE], rx_done[RX_DONE_SIZE];
	struct tx_queue tx_queue;
	struct rx_queue rx_queue;
	struct shared shared;
};
_Static_assert(offsetof(struct memory, rx) % 512 == 0 && offsetof(struct memory, body) % 512 == 0 &&
		       offsetof(struct memory, tx_done) % 512 == 0 && offsetof(struct memory, rx_done) % 512 == 0 &&
		       offsetof(struct memory, tx_queue) % 128 == 0 && offsetof(struct memory, shared) % 8 == 0, "alignments");

struct vmxnet3 {
	struct ring_card card;
	volatile char *pt, *vd;
	struct memory *memory; /* owned */
	/* Generations: of the last use of each descriptor, and of the completions of the present round. */
	bool tx_gen[CARD_TX_SIZE], rx_gen[CARD_RX_SIZE], tx_done_gen, rx_done_gen;
	unsigned tx_done, rx_done; /* completion to look at */
};

static struct vmxnet3 *vmxnet3_of(struct ring_card *c)
{
	return container_of(c, struct vmxnet3, card);
}
static uint32_t get(volatile char *at)
{
	return *(volatile uint32_t *)at;
}
static void set(volatile char *at, uint32_t v)
{
	*(volatile uint32_t *)at = v;
}

/* The generation of descriptor @i turns each time that it is given. */
static void vmxnet3_rx_give(struct ring_card *c, unsigned i, paddr_t data, unsigned length)
{
	struct vmxnet3 *v = vmxnet3_of(c);
	struct descriptor *d = &v->memory->rx[i];

	v->rx_gen[i] = !v->rx_gen[i];
	d->address = data;
	d->more = 0;
	__atomic_store_n(&d->length, length | (v->rx_gen[i] ? RX_GEN : 0), __ATOMIC_RELEASE); /* the card looks at it first */
}

static void vmxnet3_rx_flush(struct ring_card *c, unsigned last)
{
	set(vmxnet3_of(c)->pt + PT_RXPROD, last);
}

static int vmxnet3_rx_take(struct ring_card *c, unsigned i, uint32_t *length, bool *checked)
{
	struct vmxnet3 *v = vmxnet3_of(c);
	const struct completion *d = &v->memory->rx_done[v->rx_done];
	uint32_t flags = __atomic_load_n(&d->flags, __ATOMIC_ACQUIRE), index, n;

	if (!(flags & DONE_GEN) != !v->rx_done_gen)
		return 0;
	index = READ_ONCE(d->index);
	n = READ_ONCE(d->length);
	if (++v->rx_done == RX_DONE_SIZE) {
		v->rx_done = 0;
		v->rx_done_gen = !v->rx_done_gen;
	}
	if ((index & DONE_INDEX) != i) {
		ring_card_breaks(c, "it received into a buffer out of turn");
		return 0;
	}
	*length = n & RX_LENGTH;
	*checked = !(index & RX_NO_SUM) && (flags & RX_SUMS) == RX_SUMS;
	return (index & RX_WHOLE) == RX_WHOLE && !(n & RX_ERROR) ? 1 : -1;
}

static void vmxnet3_tx_put(struct ring_card *c, unsigned i, paddr_t data, unsigned length, bool first, bool last,
			   const struct netdev_offload *o)
{
	struct vmxnet3 *v = vmxnet3_of(c);
	struct descriptor *d = &v->memory->tx[i];

	v->tx_gen[i] = !v->tx_gen[i];
	d->address = data;
	d->more = (last ? TX_EOP | TX_CQ : 0) | (o->checksum ? TX_SUM | o->start : 0);
	length = (length & RX_LENGTH) | (o->checksum ? (uint32_t)(o->start + o->offset) << TX_SUM_AT : 0);
	__atomic_store_n(&d->length, length | (v->tx_gen[i] ? TX_GEN : 0), __ATOMIC_RELEASE); /* as in vmxnet3_rx_give() */
}

static void vmxnet3_tx_flush(struct ring_card *c, unsigned next)
{
	set(vmxnet3_of(c)->pt + PT_TXPROD, next);
}

static bool vmxnet3_tx_done(struct ring_card *c, unsigned i)
{
	struct vmxnet3 *v = vmxnet3_of(c);
	const struct completion *d = &v->memory->tx_done[v->tx_done];

	if (!(__atomic_load_n(&d->flags, __ATOMIC_ACQUIRE) & DONE_GEN) != !v->tx_done_gen)
		return false;
	if ((READ_ONCE(d->index) & DONE_INDEX) != i) {
		ring_card_breaks(c, "it sent a frame out of turn");
		return false;
	}
	if (++v->tx_done == CARD_TX_SIZE) {
		v->tx_done = 0;
		v->tx_done_gen = !v->tx_done_gen;
	}
	return true;
}

/* It has masked itself by interrupting: poll() lets it in again, whatever it was. */
static unsigned vmxnet3_cause(struct ring_card *c)
{
	struct vmxnet3 *v = vmxnet3_of(c);
	uint32_t events;

	if (c->line < IRQ_MESSAGES_FIRST && !get(v->vd + VD_ICR))
		return 0;
	events = READ_ONCE(v->memory->shared.events);
	if (events)
		set(v->vd + VD_ECR, events);
	return CARD_OURS | (events & ECR_LINK ? CARD_LINK : 0);
}

static void vmxnet3_mask(struct ring_card *c, bool receive, bool send)
{
	set(vmxnet3_of(c)->pt + PT_IMR, !receive && !send);
}

static bool vmxnet3_link(struct ring_card *c)
{
	struct vmxnet3 *v = vmxnet3_of(c);

	set(v->vd + VD_CMD, CMD_GET_LINK);
	return get(v->vd + VD_CMD) & 1;
}

static const struct ring_card_ops vmxnet3_ops = {
	.rx_give = vmxnet3_rx_give,
	.rx_flush = vmxnet3_rx_flush,
	.rx_take = vmxnet3_rx_take,
	.tx_put = vmxnet3_tx_put,
	.tx_flush = vmxnet3_tx_flush,
	.tx_done = vmxnet3_tx_done,
	.cause = vmxnet3_cause,
	.mask = vmxnet3_mask,
	.link = vmxnet3_link,
};

static __cold bool activate(struct vmxnet3 *v)
{
	struct memory *m = v->memory;
	paddr_t shared = page_direct_paddr(&m->shared);

	m->tx_queue.ring = page_direct_paddr(m->tx);
	m->tx_queue.size = CARD_TX_SIZE;
	m->tx_queue.done_ring = page_direct_paddr(m->tx_done);
	m->tx_queue.done_size = CARD_TX_SIZE;
	m->rx_queue.ring[0] = page_direct_paddr(m->rx);
	m->rx_queue.size[0] = CARD_RX_SIZE;
	m->rx_queue.ring[1] = page_direct_paddr(m->body);
	m->rx_queue.size[1] = BODY_SIZE;
	m->rx_queue.done_ring = page_direct_paddr(m->rx_done);
	m->rx_queue.done_size = RX_DONE_SIZE;
	m->shared.magic = MAGIC;
	m->shared.driver_version = 1;
	m->shared.guest = GOS_LINUX_64;
	m->shared.revision = 1;
	m->shared.upt_version = 1;
	m->shared.features = FEATURE_RXSUM;
	m->shared.queues = page_direct_paddr(&m->tx_queue);
	m->shared.queues_length = sizeof(m->tx_queue) + sizeof(m->rx_queue);
	m->shared.mtu = 1500;
	m->shared.rx_pieces = 1;
	m->shared.tx_queues = 1;
	m->shared.rx_queues = 1;
	m->shared.auto_mask = 1;
	m->shared.interrupts = 1;
	m->shared.rx_mode = RX_MODE;
	v->tx_done_gen = v->rx_done_gen = true;
	set(v->vd + VD_DSAL, (uint32_t)shared);
	set(v->vd + VD_DSAH, (uint32_t)(shared >> 32));
	set(v->vd + VD_CMD, CMD_ACTIVATE);
	if (get(v->vd + VD_CMD))
		return false;
	set(v->vd + VD_CMD, CMD_UPDATE_RX_MODE);
	return true;
}

static int vmxnet3_attach(void *dev)
{
	struct vmxnet3 *v = kzalloc(sizeof(*v));
	struct pci_device *d = dev;
	uint64_t pt_size, vd_size;
	uint32_t low, high;
	int r = -ENODEV;

	if (!v)
		return -ENOMEM;
	v->pt = pci_bar(d, 0, &pt_size);
	v->vd = pci_bar(d, 1, &vd_size);
	if (!v->pt || !v->vd || pt_size < PT_SIZE || vd_size < VD_SIZE) {
		log_err("%s: vmxnet3: its registers are not there", d->name);
		goto fail;
	}
	pci_enable(d);
	set(v->vd + VD_CMD, CMD_RESET);
	if (!(get(v->vd + VD_VRRS) & 1) || !(get(v->vd + VD_UVRS) & 1)) {
		log_err("%s: vmxnet3: it does not know the first revision of its interface", d->name);
		goto fail;
	}
	set(v->vd + VD_VRRS, 1);
	set(v->vd + VD_UVRS, 1);
	low = get(v->vd + VD_MACL);
	high = get(v->vd + VD_MACH);
	memcpy(v->card.netdev.address, &low, 4);
	memcpy(v->card.netdev.address + 4, &high, 2);
	set(v->vd + VD_MACL, low);
	set(v->vd + VD_MACH, high);
	v->memory = ring_card_memory(sizeof(*v->memory));
	r = -ENOMEM;
	if (!v->memory)
		goto fail;
	r = -ENODEV;
	if (!activate(v)) {
		log_err("%s: vmxnet3: it refuses to start", d->name);
		goto fail;
	}
	v->card.pci = d;
	v->card.ops = &vmxnet3_ops;
	v->card.frame_at = NETDEV_BUFFER_HEAD + 2; /* so that the IP header lies on four bytes */
	v->card.netdev.name = "vmxnet3";
	v->card.netdev.features = NETDEV_SEND_CHECKSUM;
	r = ring_card_start(&v->card, false);
	if (!r)
		return 0;
	set(v->vd + VD_CMD, CMD_RESET);
fail:
	kfree(v);
	return r;
}
SET_ENTRY(driver, vmxnet3, struct driver) = { "vmxnet3", "pci", PCI_ID(0x15ad, 0x07b0), vmxnet3_attach };
