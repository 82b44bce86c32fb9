/* libcap calls syscall(3) through two pairs of pointers in its data (cap_set_syscall() replaces them): every indirect call
 * of its code was read for the number that it passes. Known code is told by its shape; any other is not bounded.
 */
#include "summaries.h"

#include <string.h>

#include "shape.h"

static const struct summary {
	const char *object, *shape;
	int64_t numbers[8]; /* setuid, setgid, setgroups, capset, prctl, chroot */
	unsigned count;
} summaries[] = {
	{ "libcap.so.2", "32fd427b89acd187", { 105, 106, 116, 126, 157, 161 }, 6 },
};

bool summaries_number(struct member *m, struct value *ret)
{
	for (size_t i = 0; i < COUNT(summaries); i++) {
		const struct summary *s = &summaries[i];

		if (strcmp(m->o.name, s->object))
			continue;
		if (!m->shape)
			m->shape = shape_of_object(m);
		if (strcmp(m->shape, s->shape)) {
			strings_add_once(&m->not_known, format("what is known of %s's pointers to syscall() (shape %s)", s->object, m->shape));
			continue;
		}
		*ret = (struct value){ .number_count = (uint8_t)s->count };
		memcpy(ret->numbers, s->numbers, s->count * sizeof(s->numbers[0]));
		return true;
	}
	return false;
}
