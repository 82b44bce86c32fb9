/* One timer of the machine for all its processors: the earliest moment that one of them waits for is programmed. The first
 * processor, which the hardware interrupts, passes the interrupt on to those whose moment has come.
 *
 * Hardware that cannot count as far interrupts early, and is programmed for the rest. All under shared_lock. */
#include <arch/irqflags.h>
#include <core/cpu.h>
#include <core/lock.h>
#include <drivers/clock/shared_timer.h>

COMPONENT("shared-timer", "one timer for all processors");

static struct spinlock shared_lock = SPINLOCK_INIT(RANK_TIMER_SHARED);
static uint64_t due_ns[CPU_MAX];  /* what each processor waits for; 0: nothing */
static uint64_t programmed_ns;    /* the least of them; 0: nothing */
static void (*arm)(uint64_t delta_ns) __sealed;

void shared_timer_start(void (*arm_hardware)(uint64_t delta_ns))
{
	arm = arm_hardware;
}

void shared_timer_set(uint64_t delta_ns)
{
	uint64_t now = clock_monotonic_ns(), expires = delta_ns < UINT64_MAX - now ? now + delta_ns : UINT64_MAX;

	spin_lock(&shared_lock);
	due_ns[percpu_get(this_cpu)] = expires;
	if (!programmed_ns || expires < programmed_ns) {
		programmed_ns = expires;
		arm(delta_ns);
	}
	spin_unlock(&shared_lock);
}

bool shared_timer_interrupt(void *unused)
{
	uint64_t now = clock_monotonic_ns(), next = UINT64_MAX;
	uint32_t come = 0; /* processors */

	spin_lock(&shared_lock);
	for (unsigned cpu = 0; cpu < cpu_count; cpu++) {
		if (due_ns[cpu] && due_ns[cpu] <= now) {
			due_ns[cpu] = 0;
			come |= 1u << cpu;
		} else if (due_ns[cpu]) {
			next = MIN(next, due_ns[cpu]);
		}
	}
	programmed_ns = next == UINT64_MAX ? 0 : next;
	if (programmed_ns)
		arm(next - now);
	spin_unlock(&shared_lock);
	for (unsigned cpu = 0; cpu < cpu_count; cpu++)
		if (come >> cpu & 1 && cpu != percpu_get(this_cpu))
			arch_cpu_timer_interrupt(cpu);
	if (come >> percpu_get(this_cpu) & 1)
		clock_interrupt();
	return true;
}
