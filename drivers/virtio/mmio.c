/* virtio over MMIO (virtio 1.2, 4.2): register version 2, and version 1, the legacy one (4.2.4).
 *
 * Devices are those that the kernel parameter `virtio_mmio.device=SIZE@ADDRESS:LINE` names, as Linux has it; machine
 * managers append it (QEMU microvm, Firecracker). Interrupts are edges: the line follows a status that we clear before
 * we look at the rings. Left out: shared memory regions, queue reset.
 */
#include <arch/irqflags.h>
#include <arch/mmu.h>
#include "core/irq.h"
#include "core/log.h"
#include "core/page.h"
#include "core/param.h"
#include "core/slab.h"
#include "drivers/driver.h"
#include "drivers/virtio/mmio.h"
#include "drivers/virtio/virtio.h"
#include <linux/virtio_mmio.h>

COMPONENT("virtio-mmio", "virtio devices in memory-mapped slots named on the command line");

#define MMIO_MIN     0x200u      /* bytes of registers and configuration space */
#define MMIO_MOST    0x10000u
#define SLOTS_MAX    64u

struct mmio_device {
	struct virtio_device device;
	struct irq_handler irq;
	volatile char *registers;
	unsigned version;
};

/* From the command line. */
static struct mmio_slot {
	uint64_t size, address;
	unsigned line;
} slots[SLOTS_MAX];
static unsigned slot_count;
static unsigned device_count;

static uint32_t read32(const struct mmio_device *m, unsigned at)
{
	return *(volatile uint32_t *)(m->registers + at);
}
static void write32(const struct mmio_device *m, unsigned at, uint32_t value)
{
	*(volatile uint32_t *)(m->registers + at) = value;
}
static struct mmio_device *mmio_of(struct virtio_device *d)
{
	return container_of(d, struct mmio_device, device);
}

static uint64_t mmio_features(struct virtio_device *d)
{
	struct mmio_device *m = mmio_of(d);
	uint64_t low;

	write32(m, VIRTIO_MMIO_DEVICE_FEATURES_SEL, 0);
	low = read32(m, VIRTIO_MMIO_DEVICE_FEATURES);
	write32(m, VIRTIO_MMIO_DEVICE_FEATURES_SEL, 1);
	return m->version == 1 ? low : low | (uint64_t)read32(m, VIRTIO_MMIO_DEVICE_FEATURES) << 32;
}

static void mmio_accept(struct virtio_device *d, uint64_t features)
{
	struct mmio_device *m = mmio_of(d);

	write32(m, VIRTIO_MMIO_DRIVER_FEATURES_SEL, 0);
	write32(m, VIRTIO_MMIO_DRIVER_FEATURES, (uint32_t)features);
	write32(m, VIRTIO_MMIO_DRIVER_FEATURES_SEL, 1);
	write32(m, VIRTIO_MMIO_DRIVER_FEATURES, (uint32_t)(features >> 32));
	if (m->version == 1)
		write32(m, VIRTIO_MMIO_GUEST_PAGE_SIZE, PAGE_SIZE);
}

static uint8_t mmio_status(struct virtio_device *d)
{
	return (uint8_t)read32(mmio_of(d), VIRTIO_MMIO_STATUS);
}

static void mmio_set_status(struct virtio_device *d, uint8_t status)
{
	struct mmio_device *m = mmio_of(d);

	write32(m, VIRTIO_MMIO_STATUS, status);
	for (unsigned tries = 0; !status && (read32(m, VIRTIO_MMIO_STATUS) & 0xff) && tries < 100000; tries++)
		cpu_relax();
}

static unsigned mmio_queue_size(struct virtio_device *d, unsigned index)
{
	struct mmio_device *m = mmio_of(d);

	write32(m, VIRTIO_MMIO_QUEUE_SEL, index);
	return read32(m, VIRTIO_MMIO_QUEUE_NUM_MAX);
}

static void write_address(const struct mmio_device *m, unsigned low, const void *what)
{
	paddr_t p = page_direct_paddr(what);

	write32(m, low, (uint32_t)p);
	write32(m, low + 4, (uint32_t)(p >> 32));
}

static int mmio_queue_start(struct virtqueue *q)
{
	struct mmio_device *m = mmio_of(q->device);

	write32(m, VIRTIO_MMIO_QUEUE_SEL, q->index);
	write32(m, VIRTIO_MMIO_QUEUE_NUM, q->size);
	if (m->version == 1) {
		paddr_t frame = page_direct_paddr(q->desc) / PAGE_SIZE;

		if (frame > UINT32_MAX)
			return -ENODEV;
		write32(m, VIRTIO_MMIO_QUEUE_ALIGN, VIRTQ_LEGACY_ALIGN);
		write32(m, VIRTIO_MMIO_QUEUE_PFN, (uint32_t)frame);
		return 0;
	}
	write_address(m, VIRTIO_MMIO_QUEUE_DESC_LOW, q->desc);
	write_address(m, VIRTIO_MMIO_QUEUE_AVAIL_LOW, q->avail);
	write_address(m, VIRTIO_MMIO_QUEUE_USED_LOW, q->used);
	write32(m, VIRTIO_MMIO_QUEUE_READY, 1);
	return 0;
}

static void mmio_notify(struct virtqueue *q)
{
	write32(mmio_of(q->device), VIRTIO_MMIO_QUEUE_NOTIFY, q->index);
}

static void mmio_config(struct virtio_device *d, unsigned offset, void *to, unsigned n)
{
	struct mmio_device *m = mmio_of(d);
	uint32_t generation;

	do { /* 4.2.2.2: the space changed under us when the generation did */
		generation = m->version == 1 ? 0 : read32(m, VIRTIO_MMIO_CONFIG_GENERATION);
		for (unsigned i = 0; i < n; i++)
			((uint8_t *)to)[i] = *(volatile uint8_t *)(m->registers + VIRTIO_MMIO_CONFIG + offset + i);
	} while (m->version != 1 && generation != read32(m, VIRTIO_MMIO_CONFIG_GENERATION));
}

static const struct virtio_transport mmio_transport = {
	.features = mmio_features,
	.accept = mmio_accept,
	.status = mmio_status,
	.set_status = mmio_set_status,
	.queue_size = mmio_queue_size,
	.queue_start = mmio_queue_start,
	.notify = mmio_notify,
	.config = mmio_config,
};

static bool mmio_interrupt(void *data)
{
	struct mmio_device *m = data;
	uint32_t status = read32(m, VIRTIO_MMIO_INTERRUPT_STATUS);

	if (!status)
		return false;
	write32(m, VIRTIO_MMIO_INTERRUPT_ACK, status);
	if (status & VIRTIO_MMIO_INT_VRING)
		virtio_interrupt(&m->device);
	if ((status & VIRTIO_MMIO_INT_CONFIG) && m->device.config_changed)
		m->device.config_changed(&m->device);
	return true;
}

void virtio_mmio_slot(paddr_t address, uint64_t size, unsigned line)
{
	struct mmio_device *m = kzalloc(sizeof(*m));
	int r = -ENOMEM;

	if (!m)
		goto failed;
	r = -ENODEV;
	if (size < MMIO_MIN || size > MMIO_MOST || address % 4)
		goto failed;
	m->registers = mmu_map_device(address, size);
	if (!m->registers || read32(m, VIRTIO_MMIO_MAGIC_VALUE) != VIRTIO_MMIO_MAGIC)
		goto failed;
	m->version = read32(m, VIRTIO_MMIO_VERSION);
	m->device.id = read32(m, VIRTIO_MMIO_DEVICE_ID);
	m->device.transport = &mmio_transport;
	if (m->version != 1 && m->version != 2)
		goto failed;
	if (!m->device.id) { /* an empty slot */
		kfree(m);
		return;
	}
	format_text(m->device.name, sizeof(m->device.name), "virtio%u", device_count++);
	m->irq = (struct irq_handler){ .handle = mmio_interrupt, .data = m, .name = m->device.name };
	r = irq_request(line, IRQ_EDGE, &m->irq);
	if (r)
		goto failed;
	r = driver_attach("virtio", m->device.id, &m->device);
	if (!r)
		return;
	irq_release(line, &m->irq);
	if (r == -ENODEV)
		log_warn("virtio device %u at %lx has no driver in this kernel: add one by --with (whittle components)",
			 m->device.id, (unsigned long)address);
	kfree(m);
	return;
failed:
	log_err("virtio over MMIO at %lx, line %u: no device there that we can drive: error %d", (unsigned long)address,
		line, -r);
	kfree(m);
}

bool virtio_mmio_named(void)
{
	return slot_count > 0;
}

static void mmio_scan(void)
{
	for (unsigned i = 0; i < slot_count; i++)
		virtio_mmio_slot(slots[i].address, slots[i].size, slots[i].line);
}
SET_ENTRY(bus, virtio_mmio, struct bus) = { "virtio-mmio", mmio_scan, 0 };

/* SIZE@ADDRESS:LINE, and a number behind another colon, which Linux uses for names. */
static int mmio_param(char *value)
{
	struct mmio_slot s;
	uint64_t line;
	char *at = strchr(value, '@'), *colon = at ? strchr(at, ':') : NULL, *more = colon ? strchr(colon + 1, ':') : NULL;

	if (!colon || slot_count == SLOTS_MAX)
		return -EINVAL;
	*at = *colon = '\0';
	if (more)
		*more = '\0';
	if (param_number(value, &s.size) || param_number(at + 1, &s.address) || param_number(colon + 1, &line) ||
	    line > 1023)
		return -EINVAL;
	s.line = (unsigned)line;
	slots[slot_count++] = s;
	return 0;
}
BOOT_PARAM_ANYWHERE(virtio_mmio_device, "virtio_mmio.device", mmio_param);
