/* The walk over start-up functions. */
#include <core/init.h>

COMPONENT("start", "the way from the loader to the program");

void init_run(void)
{
	set_for_each(init, i)
		i->call();
}
