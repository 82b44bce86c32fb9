/* The load average, without a clock that samples it: brought up to date when somebody asks.
 *
 * What is averaged is the processor's time that programs used since it was last asked for, not the length of the run
 * queue, which nobody looks at in between: on one processor the two agree as long as at most one thread is ready. Each
 * average falls by e^(-1/60), e^(-1/300), e^(-1/900) a second, as Linux's do in steps of five.
 */
#include <core/clock.h>
#include <fs/proc/usage.h>

COMPONENT("proc", "/proc and its files");

/* Those factors, times 2^LOAD_SHIFT. */
static const uint32_t fall_of_second[LOAD_SPANS] = { 4223977731u, 4280674573u, 4290197760u };

static uint64_t multiply(uint64_t a, uint64_t b)
{
	return (uint64_t)((unsigned __int128)a * b >> LOAD_SHIFT);
}

/* @factor to the power @n. */
static uint64_t power(uint64_t factor, uint64_t n)
{
	uint64_t result = 1ull << LOAD_SHIFT;

	for (; n; n >>= 1) {
		if (n & 1)
			result = multiply(result, factor);
		factor = multiply(factor, factor);
	}
	return result;
}

void load_advance(struct load *l, uint64_t time_ns, uint64_t run_ns)
{
	uint64_t passed = time_ns - l->time_ns, seconds = passed / NSEC_PER_SEC, busy;
	uint64_t used = run_ns - MIN(run_ns, l->run_ns); /* less than before: a process ended */

	if (!seconds)
		return;
	while ((used | passed) >> LOAD_SHIFT) { /* the quotient's precision is enough */
		used >>= 1;
		passed >>= 1;
	}
	busy = (used << LOAD_SHIFT) / passed;
	for (unsigned i = 0; i < LOAD_SPANS; i++) {
		uint64_t kept = power(fall_of_second[i], seconds);

		l->average[i] = multiply(l->average[i], kept) + multiply(busy, (1ull << LOAD_SHIFT) - kept);
	}
	l->run_ns = run_ns;
	l->time_ns = time_ns;
}
