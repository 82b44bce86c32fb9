/* The processor's own random numbers (Intel SDM 1, 7.3.17): RDRAND, tried ten times a word as Intel advises. x86 only. */
#include <arch/cpu.h>
#include <core/random.h>

COMPONENT("rdrand", "the processor's random numbers");

static size_t rdrand_read(void *buf, size_t n)
{
	uint64_t word;
	bool ok;

	if (!cpu_features.rdrand)
		return 0;
	for (size_t done = 0; done < n; done += sizeof(word)) {
		ok = false;
		for (unsigned tries = 0; tries < 10 && !ok; tries++)
			__asm__ volatile("rdrand %0" : "=r"(word), "=@ccc"(ok));
		if (!ok)
			return done;
		memcpy((char *)buf + done, &word, MIN(n - done, sizeof(word)));
	}
	return n;
}
SET_ENTRY(entropy, rdrand, struct entropy) = { "rdrand", rdrand_read, 0 };
