/* Random numbers (core/random.c): the cipher is ChaCha20, every source is mixed in, and asked again a minute later. */
/* UNIT: */
#include "core/random.c"

#include "tests/unit/tap.h"

static uint64_t now_ns, counter;
static uint8_t source_byte;
static size_t source_size;
static unsigned asked[2];

uint64_t clock_monotonic_ns(void)
{
	return now_ns;
}
uint64_t clock_counter(void)
{
	return counter += 1000;
}

static size_t give(void *buf, size_t n)
{
	asked[0]++;
	memset(buf, source_byte, n);
	return MIN(n, source_size);
}
static size_t give_nothing(void *buf, size_t n)
{
	asked[1]++;
	return 0;
}

const struct entropy set_begin_entropy[2] = { { "giver", give, 0 }, { "empty", give_nothing, 0 } };
_Static_assert(sizeof(set_begin_entropy) == 48, "the set's end below");
__asm__(".globl set_end_entropy\n.set set_end_entropy, set_begin_entropy + 48\n");

static void begin(uint8_t byte, size_t size)
{
	memset(key, 0, sizeof(key));
	seeded = false;
	counter = 0;
	source_byte = byte;
	source_size = size;
}

/* What comes first after a start with that source. */
static uint64_t first(uint8_t byte, size_t size)
{
	uint64_t word;

	begin(byte, size);
	random_bytes(&word, sizeof(word));
	return word;
}

int main(void)
{
	static const uint32_t zero[KEY_WORDS];
	uint32_t block[16];
	uint8_t bytes[600];
	uint64_t words[40], a;
	unsigned missed = 0, same = 0;

	/* RFC 8439, A.1, vectors 1 and 2: key, nonce and counter are 0, then 1. */
	chacha20_block(block, zero, 0);
	ok(block[0] == 0xade0b876 && block[1] == 0x903df1a0 && block[15] == 0x8665eeb2, "ChaCha20, the first block");
	chacha20_block(block, zero, 1);
	ok(block[0] == 0xbee7079f && block[1] == 0x7a385155, "and the second");

	a = first(1, 32);
	ok(asked[0] == 1 && asked[1] == 1, "every source is asked at the first request");
	ok(a == first(1, 32), "the same start gives the same numbers");
	ok(a != first(2, 32), "what a source gives matters");
	ok(a != first(1, 1), "and all of it");
	counter = 0;
	begin(1, 0);
	random_bytes(&a, sizeof(a));
	ok(counter >= 64 * 4 * 1000, "without a source the counter is read many times");
	asked[0] = 0;
	now_ns = 59 * NSEC_PER_SEC;
	random_bytes(&a, sizeof(a));
	is(asked[0], 0, "within a minute sources are left alone");
	now_ns = 61 * NSEC_PER_SEC;
	random_bytes(&a, sizeof(a));
	is(asked[0], 1, "then they are asked again");

	begin(1, 32);
	random_bytes(&a, sizeof(a));
	memcpy(block, key, sizeof(key));
	random_bytes(&words[0], sizeof(a));
	ok(memcmp(block, key, sizeof(key)) && words[0] != a, "each request changes the key");
	memcpy(block, key, sizeof(key));
	random_add("x", 1);
	ok(memcmp(block, key, sizeof(key)) != 0, "so does what a device adds");
	for (size_t n = 1; n <= sizeof(bytes); n += n < 70 ? 1 : 53) {
		/* A byte that is 0 after four requests is one that they do not write. */
		memset(bytes, 0, sizeof(bytes));
		for (unsigned tries = 0; tries < 4; tries++) {
			uint8_t more[600];

			random_bytes(more, n);
			for (size_t i = 0; i < n; i++)
				bytes[i] |= more[i];
		}
		for (size_t i = 0; i < n; i++)
			missed += !bytes[i];
	}
	is(missed, 0, "requests of all sizes are filled");
	for (unsigned i = 0; i < ARRAY_SIZE(words); i++) {
		words[i] = random_word();
		for (unsigned j = 0; j < i; j++)
			same += words[i] == words[j];
	}
	is(same, 0, "words are all different");
	return tap_done();
}
