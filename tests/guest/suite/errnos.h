/* One line for each way that a call can go: OK() for one that succeeds, NO() for one that fails. The calls are made bare,
 * past the C library, which has opinions of its own; the line is the point's name.
 */
#ifndef ERRNOS_H
#define ERRNOS_H

#include <sys/syscall.h>

#include "suite.h"

#define OK(...)        ok(syscall(__VA_ARGS__) != -1, "%s", #__VA_ARGS__)
#define NO(error, ...) fails(syscall(__VA_ARGS__), error, "%s: %s", #__VA_ARGS__, #error)
/* A pointer into nothing, and a descriptor of nothing. */
#define BAD            ((void *)8)
#define NONE           999

#endif
