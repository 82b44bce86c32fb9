/* Deferred work: noted, for a test to do. */
#include <core/deferred.h>

struct deferred *host_deferred;

void deferred_raise(struct deferred *d)
{
	host_deferred = d;
}
