/* What /proc/cpuinfo says of a processor. */
#ifndef ARCH_CPUINFO_H
#define ARCH_CPUINFO_H

/** arch_cpuinfo() - the lines about processor @cpu, in the form of Linux for this architecture, without a zero.
 * Return: bytes, at most @size. */
size_t arch_cpuinfo(unsigned cpu, char *to, size_t size);

#endif
