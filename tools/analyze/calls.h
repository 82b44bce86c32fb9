/* The system calls of x86-64 Linux 6.1 by number and name. */
#ifndef TOOLS_ANALYZE_CALLS_H
#define TOOLS_ANALYZE_CALLS_H

#include <stdbool.h>

/** calls_limit() - one more than the highest number.   calls_name(): the name of a call, NULL where there is none. */
unsigned calls_limit(void);
const char *calls_name(long number);
/** calls_number() - the number of @name, or -1. */
long calls_number(const char *name);
/** calls_count() - how many there are. */
unsigned calls_count(void);

#endif
