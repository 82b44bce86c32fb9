/* Copying and filling: every size and overlap up to a few cache lines, with the bytes around them watched. */
/* UNIT: */
#include "tests/unit/tap.h"

/* arch/x86_64/string.S, its names with a prefix (tests/tests.mk). */
void *kernel_memcpy(void *to, const void *from, size_t n);
void *kernel_memmove(void *to, const void *from, size_t n);
void *kernel_memset(void *to, int byte, size_t n);

#define SIZE 640u

static uint8_t got[SIZE], wanted[SIZE], source[SIZE];

static void fill(void)
{
	for (unsigned i = 0; i < SIZE; i++) {
		got[i] = wanted[i] = (uint8_t)host_random();
		source[i] = (uint8_t)host_random();
	}
}

static bool copies(unsigned offset, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		wanted[offset + i] = source[i + 3];
	return kernel_memcpy(got + offset, source + 3, n) == got + offset && memcmp(got, wanted, SIZE) == 0;
}

static bool fills(unsigned offset, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		wanted[offset + i] = (uint8_t)n;
	return kernel_memset(got + offset, (int)n | 0x300, n) == got + offset && memcmp(got, wanted, SIZE) == 0;
}

static bool moves(unsigned to, unsigned from, unsigned n)
{
	uint8_t copy[SIZE];

	for (unsigned i = 0; i < SIZE; i++)
		copy[i] = wanted[i];
	for (unsigned i = 0; i < n; i++)
		wanted[to + i] = copy[from + i];
	return kernel_memmove(got + to, got + from, n) == got + to && memcmp(got, wanted, SIZE) == 0;
}

int main(void)
{
	bool copy = true, set = true, move = true;

	fill();
	for (unsigned n = 0; n < 300; n++)
		for (unsigned offset = 100; offset < 116; offset++) {
			copy &= copies(offset, n);
			set &= fills(offset, n);
		}
	ok(copy, "memcpy copies what it shall, and nothing around it");
	ok(set, "memset fills what it shall, and nothing around it");
	fill();
	for (unsigned n = 0; n < 200; n++)
		for (unsigned from = 100; from < 260; from += 1 + n / 40)
			move &= moves(180, from, n);
	ok(move, "memmove is right for every overlap");
	return tap_done();
}
