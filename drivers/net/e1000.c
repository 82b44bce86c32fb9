/* Intel's gigabit cards 8254x and 82574L (PCI/PCI-X Family of Gigabit Ethernet Controllers Software Developer's Manual, 3.2,
 * 3.3, 13.4; 82574 datasheet, 10.2). ring_card.h tells the locking.
 *
 * Receiving is by legacy descriptors of 2 KiB, of frames up to 1,522 bytes; sending by data descriptors, with the checksum
 * made by the card: where it lies is told by a context descriptor, when it is another than the last time.
 * Left out: segmentation by the card, several queues and MSI-X of the 82574L, jumbo frames, VLANs.
 */
#include "drivers/net/e1000.h"
#include "core/log.h"
#include "core/page.h"
#include "core/slab.h"
#include "drivers/net/ring_card.h"
#include <arch/irqflags.h>
#include <linux/errno.h>

COMPONENT("e1000-core", "Intel's gigabit network cards");

enum e1000_register {
	R_CTRL = 0x0, R_STATUS = 0x8, R_ICR = 0xc0 /* read: clears */, R_IMS = 0xd0, R_IMC = 0xd8, R_RCTL = 0x100,
	R_TCTL = 0x400, R_TIPG = 0x410, R_RDBAL = 0x2800, R_RDBAH = 0x2804, R_RDLEN = 0x2808, R_RDH = 0x2810, R_RDT = 0x2818,
	R_TDBAL = 0x3800, R_TDBAH = 0x3804, R_TDLEN = 0x3808, R_TDH = 0x3810, R_TDT = 0x3818, R_RXCSUM = 0x5000,
	R_MTA = 0x5200 /* to 0x53fc */, R_RAL = 0x5400, R_RAH = 0x5404,
};
#define REGISTERS_SIZE 0x6000u

#define CTRL_ASDE      (1u << 5)
#define CTRL_SLU       (1u << 6)
#define CTRL_RST       (1u << 26)
#define STATUS_LU      (1u << 1)
#define CAUSE_TXDW     (1u << 0)
#define CAUSE_LSC      (1u << 2)
#define CAUSE_RX       (1u << 4 | 1u << 6 | 1u << 7) /* ring low, overrun, timer */
#define RCTL_EN        (1u << 1)
#define RCTL_MPE       (1u << 4) /* all multicasts */
#define RCTL_BAM       (1u << 15)
#define RCTL_SECRC     (1u << 26)
#define TCTL_EN        (1u << 1)
#define TCTL_PSP       (1u << 3)
#define TCTL_USUAL     (0x0fu << 4 | 0x40u << 12) /* tries and slot time after collisions */
#define TIPG_USUAL     (10u | 8u << 10 | 6u << 20)
#define RXCSUM_TUOFLD  (1u << 9)
#define RAH_AV         (1u << 31)

struct rx_descriptor {
	uint64_t address;
	uint16_t length, sum;
	uint8_t status, errors;
	uint16_t special;
};
#define RX_DD     1u
#define RX_EOP    2u
#define RX_IXSM   4u    /* no checksums were looked at */
#define RX_TCPCS  0x20u
#define RX_IPCS   0x40u
#define RX_BAD    0x97u /* errors: of the frame */
#define RX_BADSUM 0x60u /* of its checksums */
_Static_assert(sizeof(struct rx_descriptor) == 16, "3.2.3");

/* A data descriptor; a context descriptor has where the checksum lies in place of the address. */
struct tx_descriptor {
	uint64_t address;
	uint32_t command; /* and length */
	uint32_t status;  /* and options */
};
#define TX_EOP  (1u << 24)
#define TX_IFCS (1u << 25)
#define TX_RS   (1u << 27)
#define TX_DEXT (1u << 29)
#define TX_DATA (1u << 20)
#define TX_DD   1u
#define TX_SUM  (2u << 8) /* TXSM: insert what the context says */
_Static_assert(sizeof(struct tx_descriptor) == 16, "3.3.6");

struct e1000 {
	struct ring_card card;
	volatile char *registers;
	struct rx_descriptor *rx; /* owned */
	struct tx_descriptor *tx; /* owned */
	uint64_t context;         /* the last that the card was given; 0: none */
};

static struct e1000 *e1000_of(struct ring_card *c)
{
	return container_of(c, struct e1000, card);
}
static uint32_t get(const struct e1000 *e, enum e1000_register r)
{
	return *(volatile uint32_t *)(e->registers + r);
}
static void set(const struct e1000 *e, unsigned r, uint32_t v)
{
	*(volatile uint32_t *)(e->registers + r) = v;
}

static void e1000_rx_give(struct ring_card *c, unsigned i, paddr_t data, unsigned length)
{
	e1000_of(c)->rx[i] = (struct rx_descriptor){ .address = data };
}

/* The tail is the first that the card may not have: the one that was just given waits for the next time. */
static void e1000_rx_flush(struct ring_card *c, unsigned last)
{
	__atomic_thread_fence(__ATOMIC_RELEASE); /* descriptors before the tail: the card reads them after it */
	set(e1000_of(c), R_RDT, last);
}

static int e1000_rx_take(struct ring_card *c, unsigned i, uint32_t *length, bool *checked)
{
	const struct rx_descriptor *d = &e1000_of(c)->rx[i];
	uint8_t status = __atomic_load_n(&d->status, __ATOMIC_ACQUIRE), errors;

	if (!(status & RX_DD))
		return 0;
	errors = READ_ONCE(d->errors);
	*length = READ_ONCE(d->length);
	*checked = (status & (RX_IXSM | RX_TCPCS | RX_IPCS)) == (RX_TCPCS | RX_IPCS) && !(errors & RX_BADSUM);
	return status & RX_EOP && !(errors & RX_BAD) ? 1 : -1;
}

static unsigned e1000_tx_before(struct ring_card *c, unsigned i, const struct netdev_offload *o)
{
	struct e1000 *e = e1000_of(c);
	uint64_t context;

	if (!o->checksum)
		return 0;
	context = ((uint64_t)o->start | (uint64_t)(o->start + o->offset) << 8) << 32; /* TUCSS, TUCSO; to the end */
	if (context == e->context)
		return 0;
	e->context = context;
	e->tx[i] = (struct tx_descriptor){ context, TX_DEXT, 0 };
	return 1;
}

static void e1000_tx_put(struct ring_card *c, unsigned i, paddr_t data, unsigned length, bool first, bool last,
			 const struct netdev_offload *o)
{
	e1000_of(c)->tx[i] = (struct tx_descriptor){ data, length | TX_DATA | TX_DEXT | TX_IFCS | (last ? TX_EOP | TX_RS : 0),
						     o->checksum ? TX_SUM : 0 };
}

static void e1000_tx_flush(struct ring_card *c, unsigned next)
{
	__atomic_thread_fence(__ATOMIC_RELEASE); /* as in e1000_rx_flush() */
	set(e1000_of(c), R_TDT, next);
}

static bool e1000_tx_done(struct ring_card *c, unsigned i)
{
	return __atomic_load_n(&e1000_of(c)->tx[i].status, __ATOMIC_ACQUIRE) & TX_DD;
}

static unsigned e1000_cause(struct ring_card *c)
{
	uint32_t cause = get(e1000_of(c), R_ICR);

	return (cause & (CAUSE_RX | CAUSE_TXDW) ? CARD_OURS : 0) | (cause & CAUSE_LSC ? CARD_LINK : 0);
}

static void e1000_mask(struct ring_card *c, bool receive, bool send)
{
	uint32_t on = (receive ? CAUSE_RX : 0) | (send ? CAUSE_TXDW : 0);

	set(e1000_of(c), R_IMC, (CAUSE_RX | CAUSE_TXDW) & ~on);
	set(e1000_of(c), R_IMS, on | CAUSE_LSC);
}

static bool e1000_link(struct ring_card *c)
{
	return get(e1000_of(c), R_STATUS) & STATUS_LU;
}

static const struct ring_card_ops e1000_ops = {
	.rx_give = e1000_rx_give,
	.rx_flush = e1000_rx_flush,
	.rx_take = e1000_rx_take,
	.tx_before = e1000_tx_before,
	.tx_put = e1000_tx_put,
	.tx_flush = e1000_tx_flush,
	.tx_done = e1000_tx_done,
	.cause = e1000_cause,
	.mask = e1000_mask,
	.link = e1000_link,
};

/* 14.3, 14.4, 14.5. The address was put into its register from the EEPROM by the reset. */
static __cold void set_up(struct e1000 *e)
{
	uint32_t low, high;

	set(e, R_IMC, UINT32_MAX);
	set(e, R_CTRL, get(e, R_CTRL) | CTRL_RST);
	for (unsigned tries = 0; get(e, R_CTRL) & CTRL_RST && tries < 100000; tries++)
		cpu_relax();
	set(e, R_IMC, UINT32_MAX);
	(void)get(e, R_ICR); /* read to clear it */
	set(e, R_CTRL, get(e, R_CTRL) | CTRL_SLU | CTRL_ASDE);
	low = get(e, R_RAL);
	high = get(e, R_RAH);
	memcpy(e->card.netdev.address, &low, 4);
	memcpy(e->card.netdev.address + 4, &high, 2);
	set(e, R_RAH, high | RAH_AV);
	for (unsigned i = 0; i < 128; i++)
		set(e, R_MTA + i * 4, 0);
	set(e, R_RDBAL, (uint32_t)page_direct_paddr(e->rx));
	set(e, R_RDBAH, (uint32_t)(page_direct_paddr(e->rx) >> 32));
	set(e, R_RDLEN, CARD_RX_SIZE * sizeof(*e->rx));
	set(e, R_RDH, 0);
	set(e, R_RDT, 0);
	set(e, R_RXCSUM, RXCSUM_TUOFLD);
	set(e, R_RCTL, RCTL_EN | RCTL_BAM | RCTL_MPE | RCTL_SECRC);
	set(e, R_TDBAL, (uint32_t)page_direct_paddr(e->tx));
	set(e, R_TDBAH, (uint32_t)(page_direct_paddr(e->tx) >> 32));
	set(e, R_TDLEN, CARD_TX_SIZE * sizeof(*e->tx));
	set(e, R_TDH, 0);
	set(e, R_TDT, 0);
	set(e, R_TIPG, TIPG_USUAL);
	set(e, R_TCTL, TCTL_EN | TCTL_PSP | TCTL_USUAL);
}

int e1000_start(void *dev, const char *name)
{
	struct e1000 *e = kzalloc(sizeof(*e));
	struct pci_device *d = dev;
	uint64_t size;
	int r;

	if (!e)
		return -ENOMEM;
	e->registers = pci_bar(d, 0, &size);
	if (!e->registers || size < REGISTERS_SIZE) {
		log_err("%s: %s: its registers are not there", d->name, name);
		kfree(e);
		return -ENODEV;
	}
	pci_enable(d);
	e->rx = ring_card_memory(CARD_RX_SIZE * sizeof(*e->rx));
	e->tx = ring_card_memory(CARD_TX_SIZE * sizeof(*e->tx));
	if (!e->rx || !e->tx) {
		kfree(e);
		return -ENOMEM;
	}
	e->card.pci = d;
	e->card.ops = &e1000_ops;
	e->card.frame_at = NETDEV_BUFFER_HEAD + 2; /* so that the IP header lies on four bytes */
	e->card.netdev.name = name;
	e->card.netdev.features = NETDEV_SEND_CHECKSUM;
	set_up(e);
	r = ring_card_start(&e->card, false);
	if (r) {
		set(e, R_RCTL, 0);
		kfree(e);
	}
	return r;
}
