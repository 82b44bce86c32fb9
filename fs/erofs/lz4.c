/* LZ4 blocks (lz4_Block_format.md of the LZ4 project), decoded with every length checked. */
#include <fs/erofs/lz4.h>

COMPONENT("erofs-lz4", "EROFS images that are compressed by LZ4");

#define MATCH_LEAST 4u

/* What follows a nibble of 15: bytes to add, up to one that is not 255. Return: false at the end of the input. */
static bool more_length(const uint8_t **in, const uint8_t *end, size_t *length)
{
	uint8_t b;

	do {
		if (*in == end)
			return false;
		b = *(*in)++;
		*length += b;
	} while (b == 255);
	return true;
}

ssize_t lz4_decode(const uint8_t *in, size_t in_size, uint8_t *out, size_t out_size)
{
	const uint8_t *end = in + in_size;
	size_t done = 0;

	while (in < end && done < out_size) {
		uint8_t token = *in++;
		size_t literals = token >> 4, match = token & 15, offset, n;

		if (literals == 15 && !more_length(&in, end, &literals))
			return -1;
		n = MIN(literals, out_size - done);
		if (n > (size_t)(end - in))
			return -1;
		memcpy(out + done, in, n);
		done += n;
		in += n;
		if (in == end || done == out_size)
			break; /* the last sequence has no match */
		if (end - in < 2)
			return -1;
		offset = in[0] | (size_t)in[1] << 8;
		in += 2;
		if (match == 15 && !more_length(&in, end, &match))
			return -1;
		if (!offset || offset > done)
			return -1;
		n = MIN(match + MATCH_LEAST, out_size - done);
		if (offset >= n) {
			memcpy(out + done, out + done - offset, n);
			done += n;
		} else { /* it overlaps what it makes */
			for (; n; n--, done++)
				out[done] = out[done - offset];
		}
	}
	return (ssize_t)done;
}
