/* The end of the machine (core/power.c): the program's status leaves as one byte, then power off.
 *
 * Ways to power off and to reset are entries of a set, tried from the highest rating down; the last resort of both is a triple
 * fault.
 */
#ifndef CORE_POWER_H
#define CORE_POWER_H

struct poweroff {
	const char *name;
	void (*off)(void); /* returns if it did not work */
	int rating;
	unsigned flags;    /* POWEROFF_RESET: it starts the machine anew instead */
};
#define POWEROFF_RESET 1u
SET_DECLARE(poweroff, struct poweroff, 24);

/** machine_exit() - report @status (0..255) where `whittle run` reads it, flush the log, power off. */
void machine_exit(int status) __noreturn;
/** machine_off() - power off now, without a status. */
void machine_off(void) __noreturn;
/** machine_reset() - start the machine anew. */
void machine_reset(void) __noreturn;
/** machine_off_wait() - a register was written that ends the machine: give an emulator the time to do so. */
void machine_off_wait(void);
/** arch_halt() - nothing is left to try: reset if that ends an emulator, else stop. */
void arch_halt(void) __noreturn;
/** machine_report_status() - the byte on the debug port (include/whittle/console.h). Return: the port answered. */
bool machine_report_status(int status);

#endif
