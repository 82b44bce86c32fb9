/* Decoding LZ4 blocks (lz4.c). */
#ifndef FS_EROFS_LZ4_H
#define FS_EROFS_LZ4_H

/** lz4_decode() - decode until @out is full or @in ends. Return: bytes written, or -1: it is no LZ4 block. */
ssize_t lz4_decode(const uint8_t *in, size_t in_size, uint8_t *out, size_t out_size);

#endif
