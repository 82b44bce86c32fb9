/* filter out N: writes N MiB of reproducible random bytes; filter in: counts and sums what comes in; filter cat. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static uint8_t buf[1 << 16];

int main(int argc, char **argv)
{
	uint64_t state = 88172645463325252ull, bytes = 0, sum = 0;
	ssize_t n;

	if (argc == 3 && !strcmp(argv[1], "out")) {
		for (long k = atol(argv[2]) * 16; k > 0; k--) {
			for (size_t i = 0; i < sizeof(buf); i += 8) {
				state ^= state << 13;
				state ^= state >> 7;
				state ^= state << 17;
				memcpy(buf + i, &state, 8);
			}
			for (size_t at = 0; at < sizeof(buf); at += (size_t)n)
				if ((n = write(1, buf + at, sizeof(buf) - at)) <= 0)
					return 1;
		}
		return 0;
	}
	while ((n = read(0, buf, sizeof(buf))) > 0) {
		bytes += (uint64_t)n;
		for (ssize_t i = 0; i < n; i++)
			sum = sum * 31 + buf[i];
		if (argc == 2 && !strcmp(argv[1], "cat") && write(1, buf, (size_t)n) != n)
			return 1;
	}
	if (argc == 2 && !strcmp(argv[1], "in"))
		printf("%llu bytes, sum %llx\n", (unsigned long long)bytes, (unsigned long long)sum);
	return n != 0;
}
