/* Slots of virtio over MMIO, whoever tells of them (mmio.c). */
#ifndef DRIVERS_VIRTIO_MMIO_H
#define DRIVERS_VIRTIO_MMIO_H

#define VIRTIO_MMIO_MAGIC 0x74726976u /* "virt", the first register */

/** virtio_mmio_slot() - look for a device at @address, @size bytes of registers, interrupt line @line; attach a driver. */
void virtio_mmio_slot(paddr_t address, uint64_t size, unsigned line);
/** virtio_mmio_named() - the command line named a slot. */
bool virtio_mmio_named(void);

#endif
