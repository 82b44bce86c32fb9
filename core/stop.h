/* Asking the machine to stop (core/stop.c): what a power button, a break on the serial line or `whittle run` mean. */
#ifndef CORE_STOP_H
#define CORE_STOP_H

/**
 * machine_stop() - send the first program SIGTERM, after whittle.stop= SIGKILL, and when that is of no use power off.
 * Asked again, it does not wait any longer. Returns at once. Context: any, from INITCALL 40 on.
 */
void machine_stop(void);

#endif
