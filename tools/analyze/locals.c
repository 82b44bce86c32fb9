/* The bounds of functions and objects from a full symbol table: the file's own .symtab, or that of the separate debug
 * file that its build-id names (/usr/lib/debug/.build-id, as Debian's -dbg and -dbgsym packages install it), or the table
 * made from such a file that the tool brings along for the C library that it was built with (bounds/ beside the components).
 */
#include <stdlib.h>
#include <string.h>

#include "binary.h"

#define DEBUG_ROOT "/usr/lib/debug/.build-id"

static int by_address(const void *a, const void *b)
{
	const struct symbol *x = a, *y = b;

	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	return x->size > y->size ? -1 : x->size < y->size;
}

static bool section(const struct buf *f, const Elf64_Ehdr *e, unsigned i, Elf64_Shdr *sh)
{
	uint64_t at = e->e_shoff + (uint64_t)i * sizeof(*sh);

	if (i >= e->e_shnum || at < e->e_shoff || at > f->size || f->size - at < sizeof(*sh))
		return false;
	memcpy(sh, f->data + at, sizeof(*sh));
	return sh->sh_type == SHT_NOBITS || (sh->sh_offset <= f->size && f->size - sh->sh_offset >= sh->sh_size);
}

/* Return: whether there was a symbol table. */
static bool read_table(struct binary *o, const struct buf *f)
{
	Elf64_Ehdr e;
	Elf64_Shdr sh, names;

	if (f->size < sizeof(e))
		return false;
	memcpy(&e, f->data, sizeof(e));
	if (memcmp(e.e_ident, ELFMAG, SELFMAG) || e.e_shentsize != sizeof(sh))
		return false;
	for (unsigned i = 0; i < e.e_shnum; i++) {
		if (!section(f, &e, i, &sh) || sh.sh_type != SHT_SYMTAB || !section(f, &e, sh.sh_link, &names) ||
		    names.sh_type != SHT_STRTAB)
			continue;
		o->locals = xcalloc(sh.sh_size / sizeof(Elf64_Sym) + 1, sizeof(*o->locals));
		for (uint64_t at = 0; at + sizeof(Elf64_Sym) <= sh.sh_size; at += sizeof(Elf64_Sym)) {
			const char *text = f->data + names.sh_offset;
			unsigned type;
			Elf64_Sym sym;

			memcpy(&sym, f->data + sh.sh_offset + at, sizeof(sym));
			type = ELF64_ST_TYPE(sym.st_info);
			if (sym.st_shndx == SHN_UNDEF || sym.st_shndx >= SHN_LORESERVE || sym.st_name >= names.sh_size ||
			    strnlen(text + sym.st_name, names.sh_size - sym.st_name) == names.sh_size - sym.st_name ||
			    (type != STT_FUNC && type != STT_GNU_IFUNC && type != STT_OBJECT) ||
			    !binary_segment(o, sym.st_value))
				continue;
			o->locals[o->local_count++] = (struct symbol){
				.name = text + sym.st_name,
				.at = sym.st_value,
				.size = sym.st_size,
				.flags = type == STT_OBJECT ? SYMBOL_OBJECT
					 : type == STT_FUNC ? SYMBOL_FUNCTION
							    : SYMBOL_FUNCTION | SYMBOL_IFUNC,
				.defined = true,
			};
		}
		return true;
	}
	return false;
}

/* Return: whether there is a table for the build-id @id. */
static bool read_debug(const char *id, struct buf *debug)
{
	char *dirs[2];

	if (!file_read(format(DEBUG_ROOT "/%.2s/%s.debug", id, id + 2), debug))
		return true;
	tool_dirs(dirs);
	for (size_t i = 0; i < COUNT(dirs); i++) {
		if (!file_read(format("%s/bounds/%s", dirs[i], id), debug))
			return true;
	}
	return false;
}

void binary_read_locals(struct binary *o)
{
	struct buf debug = { 0 };
	char *id;

	if (!read_table(o, &o->file) && o->build_id_size > 1) {
		id = hex(o->build_id, o->build_id_size);
		if (read_debug(id, &debug))
			o->bounded_data = read_table(o, &debug);
	} else {
		o->bounded_data = o->local_count > 0;
	}
	/* The dynamic symbols are true as well, they are only not all of them. */
	o->locals = xrealloc(o->locals, o->local_count + o->symbol_count, sizeof(*o->locals));
	for (size_t i = 0; i < o->symbol_count; i++) {
		if (o->symbols[i].defined && o->symbols[i].flags & (SYMBOL_FUNCTION | SYMBOL_OBJECT))
			o->locals[o->local_count++] = o->symbols[i];
	}
	sort(o->locals, o->local_count, sizeof(*o->locals), by_address);
}

size_t binary_local_from(const struct binary *o, uint64_t at)
{
	size_t low = 0, high = o->local_count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (o->locals[middle].at < at)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct symbol *binary_function(const struct binary *o, uint64_t at)
{
	size_t low = at == ~0ull ? o->local_count : binary_local_from(o, at + 1);

	/* The outermost of those that begin at the same address, with a plain name if there is one. */
	for (; low; low--) {
		if (o->locals[low - 1].flags & SYMBOL_FUNCTION)
			break;
	}
	return low ? &o->locals[low - 1] : NULL;
}
