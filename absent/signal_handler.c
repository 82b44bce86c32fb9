/* A kernel without rt_sigaction(2): there are no handlers. */
#include <abi/signal_handler.h>
#include <core/kernel.h>

__weak bool signal_run_handler(struct trap_frame *frame, const struct signal_info *info, const struct signal_action *a)
{
	return false;
}
