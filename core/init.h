/* Start-up: functions in the set "init", called once in the order of these numbers, on the first processor.
 *
 * The name of an entry is its number and its own name, so that sorting by name is sorting by order. Memory, the first
 * thread and the log are there before the first of them (core/start.c). Drivers are never initcalls: buses walk them.
 */
#ifndef CORE_INIT_H
#define CORE_INIT_H

/* INITCALL(NN, name): NN is written as a literal; this is what the numbers mean.
 *  10 tables of the processor and of the kernel that others fill (system calls, caches)
 *  20 interrupt controllers: needed by every clock and device
 *  21 what tables say about interrupt controllers
 *  30 clocks and timers: time-outs work from here on
 *  40 consoles and random numbers
 *  50 buses: they find devices and attach drivers
 *  60 protocols: sockets and TCP/IP, over the devices found
 *  70 file systems and the root
 *  80 whatever needs the root
 *  89 nothing writes the linker sets and tables of addresses from here on: they are sealed
 *  90 the program
 */
struct init_entry {
	const char *name;
	void (*call)(void);
	uint64_t reserved;
};
SET_DECLARE(init, struct init_entry, 24);

#define INITCALL(nn, fn) INITCALL_(nn, fn)
#define INITCALL_(nn, fn)                                                                          \
	extern const struct init_entry set_init_##fn;                                              \
	const struct init_entry set_init_##fn                                                      \
		__attribute__((section(".set.init." #nn "." #fn), aligned(8))) = { #fn, fn, 0 }

/** init_run() - call all of them, in order. */
void init_run(void);

#endif
