/* The table of what a kernel lacks (include/whittle/cut.h): entries of those sets whose members a program asks for by a
 * number. A set counts only if the kernel has a call that asks for it.
 */
#include <stddef.h>
#include <string.h>
#include <whittle/cut.h>

#include "link.h"

static const struct {
	const char *set, *askers[2];
} asked[] = {
	{ "ioctl", { "syscall:ioctl", NULL } },
	{ "fcntl", { "syscall:fcntl", NULL } },
	{ "prctl", { "syscall:prctl", NULL } },
	{ "futex", { "syscall:futex", NULL } },
	{ "socket_family", { "syscall:socket", "syscall:socketpair" } },
	{ "inet_protocol", { "socket_family:inet", "socket_family:inet6" } },
};

static bool is_asked(const struct component_set *set, const struct kernel *kernel, const char *name)
{
	for (size_t i = 0; i < COUNT(asked); i++) {
		if (strcmp(asked[i].set, name))
			continue;
		for (size_t j = 0; j < COUNT(asked[i].askers) && asked[i].askers[j]; j++) {
			const struct entry *e = components_find_entry(set, asked[i].askers[j]);

			if (e && entry_placed(kernel, e))
				return true;
		}
	}
	return false;
}

void cut_table(const struct component_set *set, const struct kernel *kernel, struct buf *out)
{
	struct cut_table head = { 0 };
	struct strings names = { 0 };
	const char *last = "";
	bool wanted = false;
	size_t at;

	buf_add(out, &head, sizeof(head));
	for (size_t i = 0; i < set->entry_count; i++) {
		const struct entry *e = &set->entries[i];
		struct cut_entry entry = { .key = cut_key(e->set, e->number) };

		if (strcmp(e->set, last))
			wanted = is_asked(set, kernel, e->set);
		last = e->set;
		if (!wanted || entry_placed(kernel, e))
			continue;
		strings_add(&names, e->name);
		buf_add(out, &entry, sizeof(entry));
		head.count++;
	}
	memcpy(out->data, &head, sizeof(head));
	at = sizeof(head);
	for (size_t i = 0; i < names.count; i++, at += sizeof(struct cut_entry)) {
		uint32_t name = (uint32_t)out->size;

		memcpy(out->data + at + offsetof(struct cut_entry, name), &name, sizeof(name));
		buf_add(out, names.at[i], strlen(names.at[i]) + 1);
	}
}
