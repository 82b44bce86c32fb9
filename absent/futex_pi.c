/* A kernel without futexes that lend priority: nobody waits for one that a thread owns. */
#include <abi/futex.h>

__weak void futex_pi_thread_ends(void)
{
}
