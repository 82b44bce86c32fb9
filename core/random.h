/* Random numbers (core/random.c): sources are entries of a set, mixed into a ChaCha20 generator. */
#ifndef CORE_RANDOM_H
#define CORE_RANDOM_H

struct entropy {
	const char *name;
	size_t (*read)(void *buf, size_t n); /* Return: bytes written, 0 if it has none now */
	uint64_t reserved;
};
SET_DECLARE(entropy, struct entropy, 24);

/* What is no longer what it was when the machine goes on as a copy of itself: two numbers; NULL: nobody tells. Set at start-up. */
extern const volatile uint64_t *random_generation;

/** random_bytes() - fill @buf with numbers that nobody can foresee. Context: any but interrupt. */
void random_bytes(void *buf, size_t n);
/** random_word() - one number that nobody can foresee, cheaper than random_bytes(). */
uint64_t random_word(void);
/** random_add() - mix in what a device delivered. */
void random_add(const void *buf, size_t n);

#endif
