/* A kernel without a battery clock: time starts at the epoch. */
#include <core/clock.h>

__weak uint64_t clock_rtc_seconds(void)
{
	return 0;
}
