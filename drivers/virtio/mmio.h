/* Slots of virtio over MMIO, whoever tells of them (mmio.c). */
#ifndef DRIVERS_VIRTIO_MMIO_H
#define DRIVERS_VIRTIO_MMIO_H

/** virtio_mmio_slot() - look for a device at @address, @size bytes of registers, interrupt line @line; attach a driver. */
void virtio_mmio_slot(paddr_t address, uint64_t size, unsigned line);

#endif
