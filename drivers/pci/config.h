/* Ways to configuration space, for config.c. */
#ifndef DRIVERS_PCI_CONFIG_H
#define DRIVERS_PCI_CONFIG_H

/** pci_config_init() - choose the way. Return: false if this machine has no PCI. */
bool pci_config_init(void);
/** pci_ecam_page() - the 4 KiB of a function in memory, or NULL: it is reached by ports, if at all. */
volatile char *pci_ecam_page(unsigned bus, unsigned slot, unsigned function);
/** pci_ecam_init() - look for the table. Return: segment 0 has such a window. */
bool pci_ecam_init(void);

#endif
