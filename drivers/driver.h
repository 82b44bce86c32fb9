/* Drivers and buses (drivers/bus.c): a bus finds devices, and offers each to the drivers of its kind.
 *
 * A driver is one entry of the set: which bus, which identity, and how to attach. Nothing lists drivers.
 */
#ifndef DRIVERS_DRIVER_H
#define DRIVERS_DRIVER_H

struct bus {
	const char *name;
	void (*scan)(void); /* find devices and call driver_attach() for each; may sleep */
	uint64_t reserved;
};
SET_DECLARE(bus, struct bus, 24);

struct driver {
	const char *name;          /* as in the log and in --with */
	const char *bus;           /* "virtio", "pci" … : which kind of device pointer attach() takes */
	uint64_t id;               /* the bus's identity of a device; virtio: device id */
	int (*attach)(void *dev);  /* 0, or negative errno: said in the log by the bus */
};
SET_DECLARE(driver, struct driver, 32);

/** driver_attach() - offer @dev to the drivers of @bus that name @id. Return: 0, -ENODEV if none is linked in. */
int driver_attach(const char *bus, uint64_t id, void *dev);

#endif
