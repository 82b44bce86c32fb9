/* The table of system calls, and the numbers that are not in it.
 *
 * Entry code (arch/) indexes the table with the program's number; which calls are there is the linker's doing.
 */
#include <abi/syscall.h>
#include <abi/syscall_names.h>
#include <arch/signal.h>
#include <arch/trap.h>
#include <core/cut.h>
#include <core/init.h>
#include <core/log.h>
#include <core/thread.h>

COMPONENT("syscall-table", "where a program's system call finds its function");

syscall_function syscall_table[SYSCALL_TABLE_SIZE] __sealed;

#if WHITTLE_DEBUG
static syscall_function unchecked[SYSCALL_TABLE_SIZE] __sealed;

/* Debug builds: every call, by way of here, must leave nothing held. */
static long checked_call(long a, long b, long c, long d, long e, long f)
{
	long r = unchecked[arch_syscall_number(current->frame)](a, b, c, d, e, f);

	preempt_check_program();
	return r;
}
#endif

static void syscall_table_fill(void)
{
	set_for_each(syscall, s) {
		assert(s->number < SYSCALL_TABLE_SIZE);
		syscall_table[s->number] = s->call;
#if WHITTLE_DEBUG
		unchecked[s->number] = s->call;
		syscall_table[s->number] = checked_call;
#endif
	}
}
INITCALL(10, syscall_table_fill);

static void say_missing(uint64_t number)
{
	const char *name = syscall_name(number);
	char what[64], with[40];

	format_text(what, sizeof(what), "system call %lu%s%s%s", (unsigned long)number, name ? " (" : "", name ? name : "",
		    name ? ")" : "");
	if (name)
		format_text(with, sizeof(with), "syscall:%s", name);
	else
		format_text(with, sizeof(with), "syscall:%lu", (unsigned long)number);
	cut_missing(what, with, "ENOSYS");
}

long trap_unknown_syscall(uint64_t number)
{
	static uint64_t said[SYSCALL_TABLE_SIZE / 64 + 1];
	/* Numbers that no table has share one bit. */
	uint64_t at = MIN(number, (uint64_t)SYSCALL_TABLE_SIZE), bit = 1ull << (at % 64);

	if (!(__atomic_fetch_or(&said[at / 64], bit, __ATOMIC_RELAXED) & bit))
		say_missing(number);
	return -ENOSYS;
}
