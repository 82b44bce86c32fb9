/* A program's array of struct iovec (abi/vector.h). */
#include <core/slab.h>
#include <abi/vector.h>

COMPONENT("file-calls", "system calls on files, directories and descriptors");

void vector_free_(struct vector *v)
{
	kfree(v->segments);
}

int vector_import(struct vector *v, const struct iovec __user *user, size_t count, struct io *io)
{
	size_t total = 0;
	int error = 0;

	count = (uint32_t)count; /* as Linux */
	if (count > VECTOR_MAX)
		return -EINVAL;
	v->segments = v->some;
	if (count > VECTOR_ON_STACK) {
		v->segments = kmalloc_array(count, sizeof(*v->segments));
		if (!v->segments)
			return -ENOMEM;
	}
	if (copy_from_user(v->segments, user, count * sizeof(*v->segments)))
		error = -EFAULT;
	for (size_t i = 0; !error && i < count; i++) {
		struct iovec *s = &v->segments[i];

		if ((ssize_t)s->iov_len < 0)
			error = -EINVAL;
		else if (!user_range_ok(s->iov_base, s->iov_len))
			error = -EFAULT;
		s->iov_len = MIN(s->iov_len, TRANSFER_MAX - total);
		total += s->iov_len;
	}
	if (error) {
		vector_free(v);
		return error;
	}
	if (count == 1)
		io_init_user(io, v->segments[0].iov_base, total);
	else
		io_init_vector(io, v->segments, (unsigned)count);
	return 0;
}
