/* virtio over PCI (virtio 1.2, 4.1), the modern interface: structures in BARs that vendor capabilities point to.
 *
 * Interrupts are MSI-X messages: one for the configuration, one for each queue that has a handler; queues that get none
 * share the first. Without MSI-X it is the pin, whose status is cleared by reading it. Left out: the legacy interface
 * (devices that have nothing else are said so), access through configuration space, queue reset, shared memory.
 */
#include <arch/irqflags.h>
#include "core/irq.h"
#include "core/log.h"
#include "core/page.h"
#include "core/slab.h"
#include "drivers/driver.h"
#include "drivers/pci/pci.h"
#include "drivers/virtio/virtio.h"
#define VIRTIO_PCI_NO_LEGACY
#include <linux/virtio_pci.h>

COMPONENT("virtio-pci", "virtio devices on PCI");

#define VENDOR_VIRTIO    0x1af4u
#define FIRST_LEGACY_ID  0x1000u /* up to 0x103f: transitional, the kind is in the subsystem id */
#define FIRST_MODERN_ID  0x1040u
#define LAST_ID          0x107fu
#define COMMON_LEAST     56u
#define ISR_QUEUE        1u
#define NO_LINE          (-1)
#define CAPABILITIES_MAX 48u /* a list that is longer runs in a circle */

struct virtio_pci_queue {
	volatile uint16_t *notify;
	struct irq_handler irq;
	int line;
};

struct virtio_pci {
	struct virtio_device device;
	struct pci_device *pci;
	volatile char *common, *isr, *config, *notify; /* in BARs; @config may be NULL */
	uint32_t config_size, notify_size, notify_step; /* bytes */
	struct irq_handler irq;                         /* configuration, and queues that have no message of their own */
	int line;
	bool msix;
	struct virtio_pci_queue queues[VIRTIO_QUEUES_MAX];
};

static unsigned device_count;

static struct virtio_pci *pci_of(struct virtio_device *d)
{
	return container_of(d, struct virtio_pci, device);
}
static uint8_t read8(const struct virtio_pci *p, unsigned at)
{
	return *(volatile uint8_t *)(p->common + at);
}
static void write8(const struct virtio_pci *p, unsigned at, uint8_t v)
{
	*(volatile uint8_t *)(p->common + at) = v;
}
static uint16_t read16(const struct virtio_pci *p, unsigned at)
{
	return *(volatile uint16_t *)(p->common + at);
}
static void write16(const struct virtio_pci *p, unsigned at, uint16_t v)
{
	*(volatile uint16_t *)(p->common + at) = v;
}
static uint32_t read32(const struct virtio_pci *p, unsigned at)
{
	return *(volatile uint32_t *)(p->common + at);
}
static void write32(const struct virtio_pci *p, unsigned at, uint32_t v)
{
	*(volatile uint32_t *)(p->common + at) = v;
}

static uint64_t vpci_features(struct virtio_device *d)
{
	struct virtio_pci *p = pci_of(d);
	uint64_t low;

	write32(p, VIRTIO_PCI_COMMON_DFSELECT, 0);
	low = read32(p, VIRTIO_PCI_COMMON_DF);
	write32(p, VIRTIO_PCI_COMMON_DFSELECT, 1);
	return low | (uint64_t)read32(p, VIRTIO_PCI_COMMON_DF) << 32;
}

static void vpci_accept(struct virtio_device *d, uint64_t features)
{
	struct virtio_pci *p = pci_of(d);

	write32(p, VIRTIO_PCI_COMMON_GFSELECT, 0);
	write32(p, VIRTIO_PCI_COMMON_GF, (uint32_t)features);
	write32(p, VIRTIO_PCI_COMMON_GFSELECT, 1);
	write32(p, VIRTIO_PCI_COMMON_GF, (uint32_t)(features >> 32));
}

static uint8_t vpci_status(struct virtio_device *d)
{
	return read8(pci_of(d), VIRTIO_PCI_COMMON_STATUS);
}

/* A reset (4.1.4.3.1) makes the device forget its vector of configuration changes. */
static void vpci_set_status(struct virtio_device *d, uint8_t status)
{
	struct virtio_pci *p = pci_of(d);

	write8(p, VIRTIO_PCI_COMMON_STATUS, status);
	if (status)
		return;
	for (unsigned tries = 0; read8(p, VIRTIO_PCI_COMMON_STATUS) && tries < 100000; tries++)
		cpu_relax();
	if (p->msix)
		write16(p, VIRTIO_PCI_COMMON_MSIX, 0);
}

static unsigned vpci_queue_size(struct virtio_device *d, unsigned index)
{
	struct virtio_pci *p = pci_of(d);

	if (index >= read16(p, VIRTIO_PCI_COMMON_NUMQ))
		return 0;
	write16(p, VIRTIO_PCI_COMMON_Q_SELECT, (uint16_t)index);
	return read16(p, VIRTIO_PCI_COMMON_Q_SIZE);
}

static bool queue_message(void *data)
{
	struct virtqueue *q = data;

	if (virtq_pending(q))
		q->interrupt(q);
	return true;
}

/* A message for the queue that is selected, its own if there is one left. */
static uint16_t queue_vector(struct virtio_pci *p, struct virtqueue *q)
{
	struct virtio_pci_queue *pq = &p->queues[q->slot];

	if (!p->msix || !q->interrupt)
		return VIRTIO_MSI_NO_VECTOR;
	pq->irq = (struct irq_handler){ .handle = queue_message, .data = q, .name = q->device->name };
	pq->line = pci_msix_request(p->pci, q->slot + 1, q->cpu, &pq->irq);
	return pq->line < 0 ? 0 : (uint16_t)(q->slot + 1);
}

static void write_address(const struct virtio_pci *p, unsigned low, const void *what)
{
	paddr_t a = page_direct_paddr(what);

	write32(p, low, (uint32_t)a);
	write32(p, low + 4, (uint32_t)(a >> 32));
}

static int vpci_queue_start(struct virtqueue *q)
{
	struct virtio_pci *p = pci_of(q->device);
	uint16_t vector;
	uint64_t at;

	write16(p, VIRTIO_PCI_COMMON_Q_SELECT, (uint16_t)q->index);
	at = (uint64_t)read16(p, VIRTIO_PCI_COMMON_Q_NOFF) * p->notify_step;
	if (at % 2 || p->notify_size < 2 || at > p->notify_size - 2) {
		log_err("%s: queue %u is notified beyond its window", q->device->name, q->index);
		return -ENODEV;
	}
	p->queues[q->slot].notify = (volatile uint16_t *)(p->notify + at);
	write16(p, VIRTIO_PCI_COMMON_Q_SIZE, q->size);
	vector = queue_vector(p, q);
	if (p->msix) {
		write16(p, VIRTIO_PCI_COMMON_Q_MSIX, vector);
		if (read16(p, VIRTIO_PCI_COMMON_Q_MSIX) != vector) /* 4.1.5.1.2.2: it has no room for it */
			return -ENODEV;
	}
	write_address(p, VIRTIO_PCI_COMMON_Q_DESCLO, q->desc);
	write_address(p, VIRTIO_PCI_COMMON_Q_AVAILLO, q->avail);
	write_address(p, VIRTIO_PCI_COMMON_Q_USEDLO, q->used);
	write16(p, VIRTIO_PCI_COMMON_Q_ENABLE, 1);
	return 0;
}

static void vpci_notify(struct virtqueue *q)
{
	*pci_of(q->device)->queues[q->slot].notify = (uint16_t)q->index;
}

static void vpci_config(struct virtio_device *d, unsigned offset, void *to, unsigned n)
{
	struct virtio_pci *p = pci_of(d);
	uint8_t generation;

	memset(to, 0, n);
	if (offset > p->config_size || p->config_size - offset < n)
		return;
	do { /* 4.1.4.3.1: the space changed under us when the generation did */
		generation = read8(p, VIRTIO_PCI_COMMON_CFGGENERATION);
		for (unsigned i = 0; i < n; i++)
			((uint8_t *)to)[i] = *(volatile uint8_t *)(p->config + offset + i);
	} while (generation != read8(p, VIRTIO_PCI_COMMON_CFGGENERATION));
}

static const struct virtio_transport vpci_transport = {
	.features = vpci_features,
	.accept = vpci_accept,
	.status = vpci_status,
	.set_status = vpci_set_status,
	.queue_size = vpci_queue_size,
	.queue_start = vpci_queue_start,
	.notify = vpci_notify,
	.config = vpci_config,
};

static bool message(void *data)
{
	struct virtio_pci *p = data;

	virtio_interrupt(&p->device);
	if (p->device.config_changed)
		p->device.config_changed(&p->device);
	return true;
}

static bool pin(void *data)
{
	struct virtio_pci *p = data;
	uint8_t status = *(volatile uint8_t *)p->isr; /* 4.1.4.5: reading lowers the line */

	if (status & ISR_QUEUE)
		virtio_interrupt(&p->device);
	if (status & VIRTIO_PCI_ISR_CONFIG && p->device.config_changed)
		p->device.config_changed(&p->device);
	return status;
}

/* The structure of kind @type, at least @least bytes long (4.1.4): the first that lies in a BAR of ours counts. */
static volatile char *structure(struct virtio_pci *p, uint8_t type, uint32_t least, uint32_t *length, unsigned *capability)
{
	unsigned at = 0;

	for (unsigned i = 0; i < CAPABILITIES_MAX && (at = pci_capability(p->pci, PCI_CAP_ID_VNDR, at)); i++) {
		uint32_t offset, n;
		uint64_t size = 0;
		volatile char *bar;

		if (pci_read(p->pci, at + VIRTIO_PCI_CAP_CFG_TYPE, 1) != type ||
		    pci_read(p->pci, at + VIRTIO_PCI_CAP_LEN, 1) < sizeof(struct virtio_pci_cap))
			continue;
		offset = pci_read(p->pci, at + VIRTIO_PCI_CAP_OFFSET, 4);
		n = pci_read(p->pci, at + VIRTIO_PCI_CAP_LENGTH, 4);
		bar = pci_bar(p->pci, pci_read(p->pci, at + VIRTIO_PCI_CAP_BAR, 1), &size);
		if (!bar || n < least || offset % 4 || offset > size || size - offset < n)
			continue;
		*length = n;
		*capability = at;
		return bar + offset;
	}
	return NULL;
}

static bool find_structures(struct virtio_pci *p)
{
	uint32_t length;
	unsigned at;

	p->common = structure(p, VIRTIO_PCI_CAP_COMMON_CFG, COMMON_LEAST, &length, &at);
	p->isr = structure(p, VIRTIO_PCI_CAP_ISR_CFG, 1, &length, &at);
	p->config = structure(p, VIRTIO_PCI_CAP_DEVICE_CFG, 1, &p->config_size, &at);
	p->notify = structure(p, VIRTIO_PCI_CAP_NOTIFY_CFG, 2, &p->notify_size, &at);
	if (p->notify)
		p->notify_step = pci_read(p->pci, at + VIRTIO_PCI_NOTIFY_CAP_MULT, 4);
	return p->common && p->isr && p->notify;
}

static int get_interrupt(struct virtio_pci *p)
{
	p->irq = (struct irq_handler){ .handle = message, .data = p, .name = p->device.name };
	if (pci_msix_enable(p->pci)) {
		p->line = pci_msix_request(p->pci, 0, 0, &p->irq);
		p->msix = p->line >= 0;
		if (p->msix)
			return 0;
		pci_msix_disable(p->pci);
	}
	p->irq.handle = pin;
	p->line = pci_intx_request(p->pci, &p->irq);
	return p->line < 0 ? p->line : 0;
}

static void release(struct virtio_pci *p)
{
	pci_msix_disable(p->pci);
	for (unsigned i = 0; i < VIRTIO_QUEUES_MAX; i++)
		if (p->queues[i].line >= 0)
			irq_release((unsigned)p->queues[i].line, &p->queues[i].irq);
	if (p->line >= 0)
		irq_release((unsigned)p->line, &p->irq);
}

static uint32_t virtio_id(const struct pci_device *d)
{
	if (d->id < FIRST_LEGACY_ID || d->id > LAST_ID)
		return 0;
	return d->id >= FIRST_MODERN_ID ? d->id - FIRST_MODERN_ID : pci_read(d, PCI_SUBSYSTEM_ID, 2);
}

static int vpci_attach(void *dev)
{
	struct pci_device *d = dev;
	struct virtio_pci *p;
	int r = -ENODEV;

	if (!virtio_id(d))
		return r;
	p = kzalloc(sizeof(*p));
	if (!p)
		return -ENOMEM;
	p->pci = d;
	p->device.id = virtio_id(d);
	p->device.transport = &vpci_transport;
	p->line = NO_LINE;
	for (unsigned i = 0; i < VIRTIO_QUEUES_MAX; i++)
		p->queues[i].line = NO_LINE;
	format_text(p->device.name, sizeof(p->device.name), "virtio%u", device_count++);
	pci_enable(d);
	if (!find_structures(p)) {
		log_err("%s: virtio device %u has no modern interface that we can reach", d->name, p->device.id);
		goto fail;
	}
	r = get_interrupt(p);
	if (r)
		goto fail;
	r = driver_attach("virtio", p->device.id, &p->device);
	if (!r)
		return 0;
	if (r == -ENODEV)
		log_warn("%s: virtio device %u has no driver in this kernel: add one by --with (whittle components)", d->name,
			 p->device.id);
	vpci_set_status(&p->device, 0);
	release(p);
fail:
	kfree(p);
	return r;
}
SET_ENTRY(driver, virtio_pci, struct driver) = { "virtio-pci", "pci", PCI_ID(VENDOR_VIRTIO, PCI_ANY), vpci_attach };
