/* A program's array of struct iovec, as a struct io (abi/vector.c): readv, writev, sendmsg and their relatives. */
#ifndef ABI_VECTOR_H
#define ABI_VECTOR_H

#include <fs/io.h>

#define VECTOR_ON_STACK 8u
#define VECTOR_MAX      1024u        /* UIO_MAXIOV */
#define TRANSFER_MAX    0x7ffff000ul /* Linux moves no more in one call */

struct vector {
	struct iovec *segments; /* some, or allocated */
	struct iovec some[VECTOR_ON_STACK];
};

/**
 * vector_import() - copy the array in and check it; @io then covers the segments, at most TRANSFER_MAX bytes.
 * Return: 0, and vector_free() is due; -EFAULT, -EINVAL, -ENOMEM.
 */
int vector_import(struct vector *v, const struct iovec __user *user, size_t count, struct io *io) __must_check;
void vector_free_(struct vector *v);
static inline void vector_free(struct vector *v)
{
	if (unlikely(v->segments != v->some))
		vector_free_(v);
}

#endif
