/* NVMe disks (NVM Express base specification 1.4; NVM command set): nvme0n1, nvme1n1 … of the block layer (drivers/block.h).
 *
 * The first namespace that is active. One pair of queues a processor, as far as the controller has them and MSI-X interrupts
 * for each; else one pair and one interrupt. A command's pages are told by PRP entries (4.3): pages in a row but for the ends,
 * so that a transfer may take several commands. A controller that does not answer in time, says that it failed, or answers
 * what was not asked is switched off, after which it touches no memory, and every transfer fails.
 * lock: a pair of queues and its slots. Left out: more namespaces, metadata, host memory buffers, power states.
 */
#include <core/cpu.h>
#include <core/lock.h>
#include <core/log.h>
#include <core/page.h>
#include <core/preempt.h>
#include <core/slab.h>
#include <core/string.h>
#include <linux/errno.h>
#include "drivers/block.h"
#include "drivers/driver.h"
#include "drivers/pci/pci.h"

COMPONENT("nvme", "NVMe disk");

/* Registers (3.1). */
enum {
	NVME_CAP = 0x0, NVME_CC = 0x14, NVME_CSTS = 0x1c, NVME_AQA = 0x24, NVME_ASQ = 0x28, NVME_ACQ = 0x30,
	NVME_DOORBELLS = 0x1000,
};
#define CAP_MAX_ENTRIES(cap) (((cap) & 0xffff) + 1)
#define CAP_TIMEOUT_NS(cap)  (((cap) >> 24 & 0xff) * (NSEC_PER_SEC / 2))
#define CAP_STRIDE(cap)      ((cap) >> 32 & 0xf)
#define CAP_NVM_SET          (1ull << 37)
#define CAP_PAGE_MIN(cap)    ((cap) >> 48 & 0xf)
#define CC_ON                (1u | 6u << 16 | 4u << 20) /* enabled, entries of 64 and of 16 bytes, pages of 4 KiB */
#define CSTS_READY           1u
#define CSTS_FAILED          2u

enum admin_operation { ADMIN_CREATE_SQ = 0x01, ADMIN_CREATE_CQ = 0x05, ADMIN_IDENTIFY = 0x06, ADMIN_SET_FEATURES = 0x09 };
enum nvm_operation { NVM_FLUSH = 0x00, NVM_WRITE = 0x01, NVM_READ = 0x02, NVM_DATASET = 0x09 };
enum identify { IDENTIFY_NAMESPACE = 0, IDENTIFY_CONTROLLER = 1, IDENTIFY_ACTIVE = 2 };
#define FEATURE_QUEUES 7u
#define DATASET_DISCARD 4u

struct nvme_command {
	uint8_t operation, flags;
	uint16_t id;
	uint32_t namespace;
	uint64_t reserved, metadata, prp1, prp2;
	uint32_t args[6];
};
_Static_assert(sizeof(struct nvme_command) == 64, "submission queue entry");
struct nvme_completion {
	uint32_t result, reserved;
	uint16_t head, queue, id, status; /* bit 0 of the status: the phase */
};
_Static_assert(sizeof(struct nvme_completion) == 16, "completion queue entry");
struct discard_range {
	uint32_t attributes, blocks;
	uint64_t start;
};

#define ENTRIES      64u  /* of each queue; one stays free, so that full differs from empty */
#define SLOTS        32u  /* commands under way by a pair */
#define LIST_ENTRIES 64u  /* PRP entries of a slot: more pages than that, the first aside, take another command */
#define PAIRS_MAX    8u
#define DISCARD_MOST (1ull << 30)
_Static_assert(SLOTS < ENTRIES && ENTRIES * sizeof(struct nvme_command) <= PAGE_SIZE, "a page each");

/* What several commands of one pair work for. It is the waiting thread's. */
struct transfer {
	unsigned under_way; /* lock */
	int result;         /* lock */
};

struct slot {
	struct transfer *transfer; /* NULL: free; lock */
	uint64_t *list;            /* LIST_ENTRIES, within a page; also a discard's range */
};

struct pair {
	struct nvme *nvme;         /* parent */
	struct irq_handler irq;
	int line;                  /* negative: none */
	unsigned number;           /* the controller's: 0 is that of admin commands */
	struct spinlock lock;      /* RANK_DEVICE */
	struct nvme_command *commands;
	struct nvme_completion *completions;
	unsigned put, taken;       /* lock; entries */
	unsigned phase;            /* lock */
	struct slot slots[SLOTS];  /* lock */
};

struct nvme {
	struct block_device block;
	struct pci_device *pci;
	volatile char *registers;
	uint64_t cap;
	uint32_t namespace;
	unsigned block_shift;      /* of the namespace's blocks */
	uint64_t command_most;     /* bytes */
	bool off;                  /* a: given up */
	bool wrong;                /* a: it is to be */
	unsigned pair_count;       /* besides that of admin commands */
	struct pair *pairs[PAIRS_MAX + 1];
};

static uint32_t read32(const struct nvme *n, unsigned at)
{
	return *(volatile uint32_t *)(n->registers + at);
}
static void write32(struct nvme *n, unsigned at, uint32_t v)
{
	*(volatile uint32_t *)(n->registers + at) = v;
}
static uint64_t read64(const struct nvme *n, unsigned at)
{
	return read32(n, at) | (uint64_t)read32(n, at + 4) << 32;
}
static void write64(struct nvme *n, unsigned at, uint64_t v)
{
	write32(n, at, (uint32_t)v);
	write32(n, at + 4, (uint32_t)(v >> 32));
}

static void ring_doorbell(const struct pair *p, bool completion, unsigned index)
{
	write32(p->nvme, NVME_DOORBELLS + ((2 * p->number + completion) << (2 + CAP_STRIDE(p->nvme->cap))), index);
}

/* Until the controller says that it is on, or off; 0, or -EIO. */
static int wait_ready(struct nvme *n, bool on)
{
	uint64_t end = clock_monotonic_ns() + CAP_TIMEOUT_NS(n->cap) + NSEC_PER_SEC;
	uint32_t status;

	while (((status = read32(n, NVME_CSTS)) & CSTS_READY) != on) {
		if (status & CSTS_FAILED || clock_monotonic_ns() > end)
			return -EIO;
		cpu_relax();
	}
	return 0;
}

/* ---- Queues ---- */

/* What is under way on @p fails: the controller is off. */
static void fail_all(struct pair *p)
{
	irqflags_t flags = spin_lock_irqsave(&p->lock);

	for (unsigned i = 0; i < SLOTS; i++) {
		struct transfer *t = p->slots[i].transfer;

		if (!t)
			continue;
		t->result = -EIO;
		t->under_way--;
		p->slots[i].transfer = NULL;
	}
	spin_unlock_irqrestore(&p->lock, flags);
}

/* Context: a thread that holds no lock. */
static void give_up(struct nvme *n, const char *why)
{
	if (__atomic_exchange_n(&n->off, true, __ATOMIC_ACQ_REL))
		return;
	log_err("%s: the controller %s: the disk is given up", n->block.name[0] ? n->block.name : n->pci->name, why);
	write32(n, NVME_CC, 0);
	if (wait_ready(n, false))
		log_err("%s: and it cannot be switched off", n->pci->name);
	for (unsigned i = 0; i <= n->pair_count; i++)
		fail_all(n->pairs[i]);
	wait_queue_wake_all(&n->block.wait, 0);
}

/* Take what was completed, until it turns out to be wrong. Return: there was something. lock. */
static bool take_completions(struct pair *p)
{
	bool any = false;

	for (;;) {
		struct nvme_completion *c = &p->completions[p->taken];
		uint16_t status = __atomic_load_n(&c->status, __ATOMIC_ACQUIRE), id = READ_ONCE(c->id);
		struct transfer *t;

		if ((status & 1) != p->phase)
			break;
		if (id >= SLOTS || !(t = p->slots[id].transfer)) {
			WRITE_ONCE(p->nvme->wrong, true);
			return true;
		}
		if (status >> 1)
			t->result = -EIO;
		p->slots[id].transfer = NULL;
		t->under_way--;
		any = true;
		p->taken = (p->taken + 1) % ENTRIES;
		p->phase ^= !p->taken;
	}
	if (any)
		ring_doorbell(p, true, p->taken);
	return any;
}

static bool pair_interrupt(void *data)
{
	struct pair *p = data;
	irqflags_t flags = spin_lock_irqsave(&p->lock);
	bool any = !READ_ONCE(p->nvme->off) && take_completions(p);

	spin_unlock_irqrestore(&p->lock, flags);
	if (any)
		wait_queue_wake_all(&p->nvme->block.wait, 0);
	return any;
}

/* A free slot; SLOTS: there is none. lock. */
static unsigned free_slot(const struct pair *p)
{
	unsigned i = 0;

	while (i < SLOTS && p->slots[i].transfer)
		i++;
	return i;
}

/* Put @c into the queue for slot @slot; the controller is told by ring_doorbell(). lock. */
static void put(struct pair *p, unsigned slot, struct transfer *t, struct nvme_command *c)
{
	c->id = (uint16_t)slot;
	p->slots[slot].transfer = t;
	t->under_way++;
	p->commands[p->put] = *c;
	p->put = (p->put + 1) % ENTRIES;
}

static struct pair *make_pair(struct nvme *n, unsigned number)
{
	struct pair *p = kzalloc(sizeof(*p));
	char *lists = page_alloc_run(SLOTS * LIST_ENTRIES * 8 / PAGE_SIZE, 0);

	if (!p || !lists)
		return NULL;
	p->nvme = n;
	p->number = number;
	p->phase = 1;
	p->line = -1;
	p->irq = (struct irq_handler){ .handle = pair_interrupt, .data = p, .name = "nvme" };
	spin_init(&p->lock, RANK_DEVICE);
	p->commands = page_alloc_run(1, PAGE_ZERO);
	p->completions = page_alloc_run(1, PAGE_ZERO);
	for (unsigned i = 0; i < SLOTS; i++)
		p->slots[i].list = (uint64_t *)(lists + i * LIST_ENTRIES * 8);
	n->pairs[number] = p;
	return p->commands && p->completions ? p : NULL;
}

/* ---- Admin commands: one at a time, at start-up, without interrupts ---- */

static int admin(struct nvme *n, struct nvme_command *c)
{
	uint64_t end = clock_monotonic_ns() + CAP_TIMEOUT_NS(n->cap) + NSEC_PER_SEC;
	struct pair *p = n->pairs[0];
	struct transfer t = { 0, 0 };

	put(p, 0, &t, c);
	ring_doorbell(p, false, p->put);
	while (t.under_way && !n->wrong && clock_monotonic_ns() < end) {
		(void)take_completions(p);
		cpu_relax();
	}
	if (t.under_way)
		p->slots[0].transfer = NULL; /* the controller will be switched off */
	return t.under_way ? -EIO : t.result;
}

static int identify(struct nvme *n, enum identify what, uint32_t namespace, void *page)
{
	struct nvme_command c = {
		.operation = ADMIN_IDENTIFY, .namespace = namespace, .prp1 = page_direct_paddr(page), .args = { what },
	};

	return admin(n, &c);
}

/* How many pairs the controller gives; what it answers is in the completion that was taken last. */
static unsigned ask_pairs(struct nvme *n, unsigned wanted)
{
	struct nvme_command c = { .operation = ADMIN_SET_FEATURES, .args = { FEATURE_QUEUES, (wanted - 1) | (wanted - 1) << 16 } };
	struct pair *p = n->pairs[0];
	unsigned at = p->taken;
	uint32_t given;

	if (admin(n, &c))
		return 1;
	given = READ_ONCE(p->completions[at].result);
	wanted = MIN(wanted, (given & 0xffff) + 1);
	return MIN(wanted, (given >> 16) + 1);
}

static int start_pair(struct nvme *n, unsigned number, bool own_interrupt)
{
	struct pair *p = make_pair(n, number);
	struct nvme_command cq = { .operation = ADMIN_CREATE_CQ }, sq = { .operation = ADMIN_CREATE_SQ };
	int r;

	if (!p)
		return -ENOMEM;
	p->line = own_interrupt ? pci_msix_request(n->pci, number, number - 1, &p->irq) : pci_interrupt_request(n->pci, &p->irq);
	if (p->line < 0)
		return p->line;
	cq.prp1 = page_direct_paddr(p->completions);
	cq.args[0] = number | (ENTRIES - 1) << 16;
	cq.args[1] = 3u | (own_interrupt ? number << 16 : 0); /* in a row, interrupts */
	r = admin(n, &cq);
	if (r)
		return r;
	sq.prp1 = page_direct_paddr(p->commands);
	sq.args[0] = number | (ENTRIES - 1) << 16;
	sq.args[1] = 1u | number << 16; /* in a row; its completions go to the queue of the same number */
	return admin(n, &sq);
}

/* ---- Transfers ---- */

/* Pages in a row but for the ends, of one command. Return: bytes. */
static uint64_t add_pages(struct nvme *n, struct slot *s, struct nvme_command *c, struct block_place *at)
{
	uint64_t bytes = 0;
	unsigned entries = 0;

	while (at->pieces) {
		uint32_t part;
		char *data = block_place_data(at, &part);
		bool first = !bytes, aligned = !((uintptr_t)data % PAGE_SIZE);

		if (!first && (!aligned || entries == LIST_ENTRIES || bytes + part > n->command_most))
			break;
		if (first)
			c->prp1 = page_direct_paddr(data);
		else
			s->list[entries++] = page_direct_paddr(data);
		bytes += part;
		block_place_advance(at, part);
		if ((uintptr_t)(data + part) % PAGE_SIZE)
			break;
	}
	if (entries)
		c->prp2 = entries == 1 ? s->list[0] : page_direct_paddr(s->list);
	return bytes;
}

/* As many commands as there are slots for. Return: all are on their way, or it is of no use. */
static bool send_some(struct pair *p, struct transfer *t, bool write, struct block_place *at)
{
	irqflags_t flags = spin_lock_irqsave(&p->lock);
	struct nvme *n = p->nvme;
	bool any = false, off, all;
	unsigned slot;

	while (!(off = READ_ONCE(n->off)) && at->pieces && (slot = free_slot(p)) < SLOTS) {
		struct nvme_command c = { .operation = write ? NVM_WRITE : NVM_READ, .namespace = n->namespace };
		uint64_t start = at->offset, bytes = add_pages(n, &p->slots[slot], &c, at);

		if ((start | bytes) & ((1u << n->block_shift) - 1)) { /* of a namespace with larger blocks than sectors */
			t->result = -EIO;
			at->pieces = 0;
			break;
		}
		c.args[0] = (uint32_t)(start >> n->block_shift);
		c.args[1] = (uint32_t)(start >> n->block_shift >> 32);
		c.args[2] = (uint32_t)(bytes >> n->block_shift) - 1;
		put(p, slot, t, &c);
		any = true;
	}
	if (any)
		ring_doorbell(p, false, p->put);
	all = off || !at->pieces;
	if (off)
		t->result = -EIO;
	spin_unlock_irqrestore(&p->lock, flags);
	return all;
}

/* The transfer is over when this returns, one way or the other. */
static int finish(struct pair *p, struct transfer *t)
{
	struct nvme *n = p->nvme;
	irqflags_t flags;

	(void)wait_event_until(&n->block.wait, !READ_ONCE(t->under_way) || READ_ONCE(n->wrong),
			       clock_monotonic_ns() + block_timeout_ns, false);
	if (READ_ONCE(t->under_way))
		give_up(n, READ_ONCE(n->wrong) ? "answers what was not asked" : "does not complete a command");
	wait_event(&n->block.wait, !READ_ONCE(t->under_way));
	flags = spin_lock_irqsave(&p->lock); /* whoever counted it down has let go of it */
	spin_unlock_irqrestore(&p->lock, flags);
	return t->result;
}

static struct pair *pair_here(struct nvme *n)
{
	return n->pairs[1 + percpu_get(this_cpu) % n->pair_count];
}

static void nvme_submit(struct block_device *d, struct block_request *r)
{
	struct nvme *n = container_of(d, struct nvme, block);
	struct block_place at = { r->pieces, r->count, 0, r->offset };
	struct transfer t = { 0, 0 };
	struct pair *p = pair_here(n);

	if (wait_event_until(&d->wait, send_some(p, &t, r->write, &at), clock_monotonic_ns() + block_timeout_ns, false)) {
		give_up(n, "completes nothing");
		t.result = -EIO;
	}
	block_done(d, r, finish(p, &t));
}

/* A command without data of the caller's; @range: of a discard, or NULL. */
static int command(struct nvme *n, struct nvme_command *c, const struct discard_range *range)
{
	struct transfer t = { 0, 0 };
	struct pair *p = pair_here(n);
	bool sent = false;

	(void)wait_event_until(&n->block.wait, ({
		irqflags_t flags = spin_lock_irqsave(&p->lock);
		unsigned slot = free_slot(p);

		if (READ_ONCE(n->off)) {
			t.result = -EIO;
		} else if (slot < SLOTS) {
			if (range) {
				memcpy(p->slots[slot].list, range, sizeof(*range));
				c->prp1 = page_direct_paddr(p->slots[slot].list);
			}
			put(p, slot, &t, c);
			ring_doorbell(p, false, p->put);
			sent = true;
		}
		spin_unlock_irqrestore(&p->lock, flags);
		sent || t.result;
	}), clock_monotonic_ns() + block_timeout_ns, false);
	if (!sent) {
		give_up(n, "completes nothing");
		return -EIO;
	}
	return finish(p, &t);
}

static int nvme_flush(struct block_device *d)
{
	struct nvme *n = container_of(d, struct nvme, block);
	struct nvme_command c = { .operation = NVM_FLUSH, .namespace = n->namespace };

	return command(n, &c, NULL);
}

static int nvme_discard(struct block_device *d, uint64_t offset, uint64_t bytes)
{
	struct nvme *n = container_of(d, struct nvme, block);
	struct nvme_command c = { .operation = NVM_DATASET, .namespace = n->namespace, .args = { 0, DATASET_DISCARD } };
	uint64_t mask = (1ull << n->block_shift) - 1, start = (offset + mask) & ~mask, end = (offset + bytes) & ~mask;
	struct discard_range range = { .blocks = (uint32_t)((end - start) >> n->block_shift), .start = start >> n->block_shift };

	return start < end ? command(n, &c, &range) : 0;
}

static const struct block_ops nvme_ops = { .submit = nvme_submit, .flush = nvme_flush, .discard = nvme_discard };

/* ---- Start-up ---- */

static int switch_on(struct nvme *n)
{
	struct pair *p = make_pair(n, 0);

	if (!p)
		return -ENOMEM;
	n->cap = read64(n, NVME_CAP);
	if (!(n->cap & CAP_NVM_SET) || CAP_PAGE_MIN(n->cap) || CAP_MAX_ENTRIES(n->cap) < ENTRIES) {
		log_err("%s: an NVMe controller without the NVM commands, pages of 4 KiB or queues of %u is not supported", n->pci->name,
			ENTRIES);
		return -EOPNOTSUPP;
	}
	write32(n, NVME_CC, 0);
	if (wait_ready(n, false))
		return -EIO;
	write32(n, NVME_AQA, (ENTRIES - 1) | (ENTRIES - 1) << 16);
	write64(n, NVME_ASQ, page_direct_paddr(p->commands));
	write64(n, NVME_ACQ, page_direct_paddr(p->completions));
	write32(n, NVME_CC, CC_ON);
	return wait_ready(n, true);
}

/* Offsets in what IDENTIFY gives (5.15.2). */
enum {
	CONTROLLER_MDTS = 77, CONTROLLER_ONCS = 520, NAMESPACE_SIZE = 0, NAMESPACE_FORMAT = 26, NAMESPACE_FORMATS = 128,
};
#define ONCS_DATASET (1u << 2)

static int learn(struct nvme *n, unsigned char *page)
{
	unsigned most;
	uint64_t blocks;
	int r = identify(n, IDENTIFY_CONTROLLER, 0, page);

	if (r)
		return r;
	most = page[CONTROLLER_MDTS];
	n->command_most = most && most < 20 ? PAGE_SIZE << most : UINT64_MAX;
	n->block.discard_max = page[CONTROLLER_ONCS] & ONCS_DATASET ? DISCARD_MOST : 0;
	r = identify(n, IDENTIFY_ACTIVE, 0, page);
	if (r)
		return r;
	memcpy(&n->namespace, page, sizeof(n->namespace));
	if (!n->namespace) {
		log_info("%s: an NVMe controller without a namespace", n->pci->name);
		return -ENODEV;
	}
	r = identify(n, IDENTIFY_NAMESPACE, n->namespace, page);
	if (r)
		return r;
	memcpy(&blocks, page + NAMESPACE_SIZE, sizeof(blocks));
	n->block_shift = page[NAMESPACE_FORMATS + 4 * (page[NAMESPACE_FORMAT] & 0xf) + 2];
	if (n->block_shift < 9 || n->block_shift > PAGE_SHIFT || !blocks || blocks > UINT64_MAX >> 1 >> n->block_shift) {
		log_err("%s: a namespace with blocks of 2^%u bytes is not supported", n->pci->name, n->block_shift);
		return -EOPNOTSUPP;
	}
	n->block.size = blocks << n->block_shift;
	return 0;
}

static int start_pairs(struct nvme *n)
{
	unsigned vectors = pci_msix_enable(n->pci), wanted = MIN(cpu_count, PAIRS_MAX);
	bool own = vectors > 1;
	int r = 0;

	if (!own)
		pci_msix_disable(n->pci);
	wanted = own ? ask_pairs(n, MIN(wanted, vectors - 1)) : ask_pairs(n, 1);
	for (unsigned i = 1; i <= wanted && !r; i++) {
		r = start_pair(n, i, own);
		if (!r)
			n->pair_count = i;
	}
	if (n->pair_count > 1)
		log_info("%s: %u pairs of queues", n->pci->name, n->pair_count);
	return n->pair_count ? 0 : r;
}

static int nvme_attach(void *dev)
{
	struct nvme *n = kzalloc(sizeof(*n));
	unsigned char *page = page_alloc_run(1, PAGE_ZERO);
	uint64_t size = 0;
	int r = n && page ? 0 : -ENOMEM;

	if (r)
		goto out;
	n->pci = dev;
	wait_queue_init(&n->block.wait);
	pci_enable(n->pci);
	n->registers = pci_bar(n->pci, 0, &size);
	if (!n->registers || size < NVME_DOORBELLS + PAGE_SIZE)
		r = -ENODEV;
	if (!r)
		r = switch_on(n);
	if (!r)
		r = learn(n, page);
	if (!r)
		r = start_pairs(n);
	if (r) {
		if (n->registers)
			write32(n, NVME_CC, 0);
		return r; /* a controller that is still on may write to its queues: they stay */
	}
	n->block.ops = &nvme_ops;
	n->block.pieces_max = BLOCK_PIECES_MAX;
	block_register(&n->block, "nvme#n1");
out:
	page_free_run(page, 1);
	return r;
}
SET_ENTRY(driver, nvme, struct driver) = { "nvme", "pci", PCI_CLASS(0x010802), nvme_attach };
