/* loader-sum FILE…: a checksum (FNV-1a, 64 bits) of each file, to compare files of an image with the host's. */
#include <stdint.h>
#include <stdio.h>

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		FILE *f = fopen(argv[i], "rb");
		uint64_t sum = 0xcbf29ce484222325ull;
		int c;

		if (!f) {
			perror(argv[i]);
			return 1;
		}
		while ((c = getc(f)) != EOF)
			sum = (sum ^ (uint64_t)c) * 0x100000001b3ull;
		printf("%016llx %s\n", (unsigned long long)sum, argv[i]);
		fclose(f);
	}
	return 0;
}
