/* Toy element types for the tests of the link: an entry is a name and one function. */
#include <core/set.h>
struct toy_call {
	const char *name;
	long (*run)(long);
	long number;
};
struct toy_driver {
	const char *name;
	int (*probe)(void);
	long reserved[2];
};
SET_DECLARE(syscall, struct toy_call, 24);
SET_DECLARE(driver, struct toy_driver, 32);
#define TOY_CALL(n) SET_ENTRY(syscall, n, struct toy_call) = { #n, sys_##n, 0 }
long lower(long);
long helper(long);
int toy_bus(void);
