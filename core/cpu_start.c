/* Starting the other processors, one after the other, from the first one; each gets a copy of the per-processor
 * template, an idle thread, and joins the scheduler. `maxcpus=N` and `nosmp` leave some asleep, as in Linux. */
#include <arch/irqflags.h>
#include <arch/percpu.h>
#include <core/clock.h>
#include <core/cpu.h>
#include <core/log.h>
#include <core/page.h>
#include <core/param.h>
#include <core/sched.h>
#include <core/start.h>
#include <core/thread.h>
#include <linux/errno.h>

COMPONENT("smp", "several processors");

#define ARRIVE_NS (5 * NSEC_PER_SEC) /* of a busy host; one that is there takes less than a millisecond */

extern char percpu_start[], percpu_end[];

static unsigned cpu_limit = CPU_MAX;
static uint32_t arrival; /* a: of the processor that is being started */
enum { AWAITED, ARRIVED, GIVEN_UP };

static int set_maxcpus(char *value)
{
	uint64_t n;

	if (param_number(value, &n))
		return -EINVAL;
	cpu_limit = (unsigned)MIN(MAX(n, 1ul), (uint64_t)CPU_MAX);
	return 0;
}
BOOT_PARAM(maxcpus, "maxcpus", set_maxcpus);

static int set_nosmp(char *value)
{
	cpu_limit = 1;
	return 0;
}
BOOT_PARAM(nosmp, "nosmp", set_nosmp);

static bool change_arrival(uint32_t *from, uint32_t to)
{
	return __atomic_compare_exchange_n(&arrival, from, to, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
}

static int start_one(uint32_t id)
{
	size_t size = (size_t)(percpu_end - percpu_start);
	char *copy = page_alloc_run(ALIGN_UP(size, PAGE_SIZE) >> PAGE_SHIFT, 0);
	struct thread *idle = thread_create("idle", NULL, NULL, NULL);
	uint64_t deadline;

	if (!copy || !idle)
		return -ENOMEM; /* what one of them took is lost; the machine is short of memory anyway */
	memcpy(copy, percpu_start, size);
	cpu_bases[cpu_count] = (uintptr_t)(copy - percpu_start);
	*percpu_of(this_cpu, cpu_count) = cpu_count;
	sched_init_cpu(cpu_count, idle);
	__atomic_store_n(&arrival, AWAITED, __ATOMIC_SEQ_CST);
	if (arch_cpu_start(id, cpu_bases[cpu_count], (void *)idle->arch.stack_top) != 0)
		return -EIO;
	deadline = clock_monotonic_ns() + ARRIVE_NS;
	while (__atomic_load_n(&arrival, __ATOMIC_ACQUIRE) == AWAITED) {
		uint32_t state = AWAITED;

		if (clock_monotonic_ns() > deadline && change_arrival(&state, GIVEN_UP)) {
			arch_cpu_reset(id);
			return -ETIMEDOUT;
		}
		cpu_relax();
	}
	__atomic_store_n(&cpu_count, cpu_count + 1, __ATOMIC_RELEASE);
	page_cpu_arrives();
	return 0;
}

void cpu_start_others(const uint32_t *ids, unsigned count)
{
	int r = 0;

	cpu_bases[0] = percpu_here();
	for (unsigned i = 0; i < count && !r; i++) {
		if (ids[i] == arch_cpu_id())
			continue;
		if (cpu_count >= cpu_limit)
			break;
		r = start_one(ids[i]);
		if (r)
			log_warn("processor %u does not start: error %d; going on with %u", ids[i], -r, cpu_count);
	}
	log_info("%u processors", cpu_count);
}

void cpu_arrived(void)
{
	uint32_t state = AWAITED;

	clock_start_cpu();
	if (!change_arrival(&state, ARRIVED)) {
		irq_disable();
		for (;;)
			cpu_relax(); /* too late: a reset is on its way */
	}
	sched_idle();
}
