/* Intel's gigabit cards, what e1000.c does for all of them. */
#ifndef DRIVERS_NET_E1000_H
#define DRIVERS_NET_E1000_H

/** e1000_start() - attach() of a card at @dev, a PCI function, that calls itself @name in the log. */
int e1000_start(void *dev, const char *name) __must_check;

#endif
