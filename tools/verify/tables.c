/* The kernel's tables (linker sets): every entry as its bytes have it, against its own kind (a call has the number that Linux
 * gives it, its function is sys_NAME and lies in the code) and against what the link put there, which the manifest tells.
 */
#include <string.h>

#include "tools/analyze/calls.h"
#include "verify.h"

typedef unsigned long long ull;

/* Tables whose entries are a name, a function and a number. */
static bool is_called(const char *table)
{
	return !strcmp(table, "syscall") || !strcmp(table, "ioctl") || !strcmp(table, "fcntl") || !strcmp(table, "prctl");
}

static bool in_code(const struct kernel_file *k, uint64_t address)
{
	for (unsigned i = 0; i < k->ehdr.e_phnum; i++) {
		const Elf64_Phdr *ph = &k->ph[i];

		if (ph->p_type == PT_LOAD && ph->p_flags & PF_X && address >= ph->p_vaddr && address - ph->p_vaddr < ph->p_filesz)
			return true;
	}
	return false;
}

struct bound {
	const char *table, *name;
	uint64_t pointer; /* the entry's second word */
};

/* What the manifest tells of the @nth entry called @name; NULL: nothing. */
static const json_t *told_entry(const struct verification *v, const char *table, const char *name, unsigned nth)
{
	json_t *entry;
	size_t i;

	json_array_foreach(json_object_get(json_object_get(json_object_get(v->manifest, "kernel"), "tables"), table), i, entry) {
		const char *told = json_string_value(json_array_get(entry, 0));

		if (told && !strcmp(told, name) && nth-- == 0)
			return entry;
	}
	return NULL;
}

/* Whose function the kernel has at an offset from its first byte, as far as the manifest tells. */
static const char *whose(const struct verification *v, uint64_t offset)
{
	json_t *tables = json_object_get(json_object_get(v->manifest, "kernel"), "tables"), *table, *entry;
	const char *name;
	size_t i;

	json_object_foreach(tables, name, table) {
		json_array_foreach(table, i, entry) {
			const char *symbol = json_string_value(json_array_get(entry, 1));

			if (symbol && *symbol && (uint64_t)json_integer_value(json_array_get(entry, 2)) == offset)
				return symbol;
		}
	}
	return "what no entry names";
}

static void check_function(struct verification *v, const struct bound *e, const json_t *told)
{
	const struct kernel_file *k = &v->kernel;
	const char *symbol = json_string_value(json_array_get(told, 1));
	uint64_t offset = (uint64_t)json_integer_value(json_array_get(told, 2));

	if (is_called(e->table) && !e->pointer)
		finding(v, "the entry %s of the table %s is bound to nothing", e->name, e->table);
	else if (is_called(e->table) && !in_code(k, e->pointer))
		finding(v, "the entry %s of the table %s is bound to 0x%llx, where no code is", e->name, e->table, (ull)e->pointer);
	else if (told && symbol && *symbol && e->pointer != k->base + offset)
		finding(v, "the entry %s of the table %s is bound to %s, and its own function is %s at 0x%llx", e->name, e->table,
			whose(v, e->pointer - k->base), symbol, (ull)(k->base + offset));
	else if (told && symbol && !strcmp(e->table, "syscall") && strcmp(symbol, format("sys_%s", e->name)))
		finding(v, "the manifest binds the call %s to %s, and a call's own function is sys_%s", e->name, symbol, e->name);
	else
		v->functions++;
}

static void check_number(struct verification *v, const struct bound *e, uint64_t at)
{
	const void *p = kernel_file_at(&v->kernel, at + 16, 8);
	uint64_t number = UINT64_MAX;

	if (p)
		memcpy(&number, p, sizeof(number));
	if (number != (uint64_t)calls_number(e->name))
		finding(v, "the call %s has the number %lld, and Linux gives it %ld", e->name, (long long)number, calls_number(e->name));
}

static void check_table(struct verification *v, const struct kernel_header_set *set)
{
	const struct kernel_file *k = &v->kernel;
	const char *table = kernel_file_set_name(set);
	json_t *told = json_object_get(json_object_get(json_object_get(v->manifest, "kernel"), "tables"), table), *entry;
	struct strings names = kernel_file_entries(k, table);
	size_t i;

	if (set->end < set->begin || !set->stride || (set->end - set->begin) % set->stride ||
	    !kernel_file_at(k, set->begin, set->end - set->begin)) {
		finding(v, "the table %s does not lie in the kernel in whole entries", table);
		return;
	}
	v->tables += names.count > 0;
	for (i = 0; i < names.count; i++) {
		struct bound e = { .table = table, .name = names.at[i] };
		uint64_t at = set->begin + i * set->stride;
		unsigned before = 0;
		const json_t *own;

		for (size_t j = 0; j < i; j++)
			before += !strcmp(names.at[j], e.name);
		own = told_entry(v, table, e.name, before);
		memcpy(&e.pointer, kernel_file_at(k, at + 8, 8), 8);
		v->entries++;
		if (!strcmp(e.name, "?")) {
			finding(v, "entry %zu of the table %s has no name", i, table);
			continue;
		}
		if (is_called(table) && before)
			finding(v, "the table %s has the entry %s twice", table, e.name);
		if (v->manifest && !own)
			finding(v, "the table %s holds the entry %s, which the manifest does not name", table, e.name);
		check_function(v, &e, own);
		if (!strcmp(table, "syscall"))
			check_number(v, &e, at);
	}
	json_array_foreach(told, i, entry) {
		const char *name = json_string_value(json_array_get(entry, 0));

		if (!name || !strings_has(&names, name))
			finding(v, "the manifest names the entry %s of the table %s, which the kernel does not hold",
				name ? name : "?", table);
	}
}

static int overlap(const struct kernel_header_set *a, const struct kernel_header_set *b)
{
	return a->begin < b->end && b->begin < a->end;
}

void verify_tables(struct verification *v)
{
	struct kernel_header_set set, other;

	for (uint32_t i = 0; i < v->kernel.header.set_count && kernel_file_set(&v->kernel, i, &set); i++) {
		check_table(v, &set);
		for (uint32_t j = 0; j < i && kernel_file_set(&v->kernel, j, &other); j++) {
			if (overlap(&set, &other))
				finding(v, "the tables %s and %s overlap", kernel_file_set_name(&other), kernel_file_set_name(&set));
		}
	}
}
