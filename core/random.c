/* Random numbers: ChaCha20 (RFC 8439, 2.3) in fast-key-erasure form, seeded from every source that is linked in and
 * from the timing of the processor's counter. One spinlock; a request generates its bytes outside of it. */
#include <core/clock.h>
#include <core/lock.h>
#include <core/log.h>
#include <core/random.h>

COMPONENT("random", "random numbers");

#define KEY_WORDS     8
#define RESEED_NS     (60 * NSEC_PER_SEC)
#define JITTER_BATCHES 64
#define WORDS_BATCH   16

static struct spinlock random_lock = SPINLOCK_INIT(RANK_RANDOM);
static uint32_t key[KEY_WORDS];     /* random_lock */
static uint64_t seeded_ns;          /* random_lock */
static bool seeded;                 /* random_lock */
static uint64_t batch[WORDS_BATCH]; /* random_lock: of random_word() */
static unsigned batch_left;         /* random_lock */
static uint64_t generation[2];      /* random_lock: what random_generation led to */
const volatile uint64_t *random_generation __sealed;

static uint32_t rotl(uint32_t v, unsigned n)
{
	return v << n | v >> (32 - n);
}

#define QUARTER(a, b, c, d)                                                                        \
	do {                                                                                       \
		a += b, d = rotl(d ^ a, 16);                                                       \
		c += d, b = rotl(b ^ c, 12);                                                       \
		a += b, d = rotl(d ^ a, 8);                                                        \
		c += d, b = rotl(b ^ c, 7);                                                        \
	} while (0)

static void chacha20_block(uint32_t out[16], const uint32_t k[KEY_WORDS], uint64_t counter)
{
	uint32_t in[16] = { 0x61707865, 0x3320646e, 0x79622d32, 0x6b206574 };
	uint32_t *x = out;

	memcpy(in + 4, k, KEY_WORDS * 4);
	in[12] = (uint32_t)counter;
	in[13] = (uint32_t)(counter >> 32);
	memcpy(x, in, sizeof(in));
	for (unsigned i = 0; i < 10; i++) {
		QUARTER(x[0], x[4], x[8], x[12]);
		QUARTER(x[1], x[5], x[9], x[13]);
		QUARTER(x[2], x[6], x[10], x[14]);
		QUARTER(x[3], x[7], x[11], x[15]);
		QUARTER(x[0], x[5], x[10], x[15]);
		QUARTER(x[1], x[6], x[11], x[12]);
		QUARTER(x[2], x[7], x[8], x[13]);
		QUARTER(x[3], x[4], x[9], x[14]);
	}
	for (unsigned i = 0; i < 16; i++)
		x[i] += in[i];
}

/* The new key depends on the old one and on every byte mixed in. */
static void mix_locked(const void *bytes, size_t n)
{
	const char *from = bytes;
	uint32_t block[16];

	do {
		size_t piece = MIN(n, sizeof(key));

		for (size_t i = 0; i < piece; i++)
			((char *)key)[i] ^= from[i];
		chacha20_block(block, key, n);
		memcpy(key, block, sizeof(key));
		from += piece;
		n -= piece;
	} while (n > 0);
}

static void seed_locked(void)
{
	uint64_t words[4];
	bool sourced = false;

	set_for_each(entropy, e) {
		size_t n = e->read(words, sizeof(words));

		sourced |= n > 0;
		if (n)
			mix_locked(words, n);
	}
	/* Where nothing answered, what is left is how long things took so far and take now. */
	for (unsigned i = 0; i < (sourced ? 1 : JITTER_BATCHES); i++) {
		for (unsigned j = 0; j < ARRAY_SIZE(words); j++)
			words[j] = clock_counter();
		mix_locked(words, sizeof(words));
	}
	seeded = true;
	seeded_ns = clock_monotonic_ns();
}

/* Another copy of this machine may have drawn the same numbers up to here. random_lock. */
static __cold void begin_anew(void)
{
	generation[0] = random_generation[0];
	generation[1] = random_generation[1];
	mix_locked(generation, sizeof(generation));
	seeded = false;
	batch_left = 0;
}

static void look_at_generation(void)
{
	if (random_generation && unlikely(random_generation[0] != generation[0] || random_generation[1] != generation[1]))
		begin_anew();
}

void random_add(const void *buf, size_t n)
{
	irqflags_t flags = spin_lock_irqsave(&random_lock);

	mix_locked(buf, n);
	spin_unlock_irqrestore(&random_lock, flags);
}

void random_bytes(void *buf, size_t n)
{
	uint32_t own_key[16], block[16];
	char *to = buf;
	irqflags_t flags = spin_lock_irqsave(&random_lock);

	look_at_generation();
	if (!seeded || clock_monotonic_ns() - seeded_ns > RESEED_NS)
		seed_locked();
	/* One block: the first half replaces the key, the second is the key of this request. */
	chacha20_block(own_key, key, 0);
	memcpy(key, own_key, sizeof(key));
	spin_unlock_irqrestore(&random_lock, flags);
	if (n <= KEY_WORDS * 4) {
		/* Small requests are served from the second half itself. */
		memcpy(to, own_key + KEY_WORDS, n);
		return;
	}
	for (uint64_t counter = 0; n > 0; counter++) {
		size_t piece = MIN(n, sizeof(block));

		chacha20_block(block, own_key + KEY_WORDS, counter);
		memcpy(to, block, piece);
		to += piece;
		n -= piece;
	}
}

/* Taken from a batch, and wiped as they are taken. */
uint64_t random_word(void)
{
	uint64_t fresh[WORDS_BATCH], word;
	irqflags_t flags = spin_lock_irqsave(&random_lock);

	look_at_generation();
	if (!batch_left) {
		spin_unlock_irqrestore(&random_lock, flags);
		random_bytes(fresh, sizeof(fresh));
		flags = spin_lock_irqsave(&random_lock);
		memcpy(batch, fresh, sizeof(batch));
		batch_left = WORDS_BATCH;
	}
	word = batch[--batch_left];
	batch[batch_left] = 0;
	spin_unlock_irqrestore(&random_lock, flags);
	return word;
}
