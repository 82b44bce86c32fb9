/* Says what needs a part that was to be left out, from the relocations of the sections that are in the kernel. */
#include <gelf.h>
#include <string.h>

#include "link.h"

static bool is_placed(const struct kernel *kernel, const struct object *object, const char *section)
{
	for (size_t i = 0; i < kernel->map.count; i++) {
		const struct placed *p = &kernel->map.placed[i];

		if (p->object == object && !strcmp(p->section, section))
			return true;
	}
	return false;
}

/* Whether @symbol is defined by the part @name: by an object of the component, or as the entry itself. */
static bool defines(const struct component_set *set, const char *name, const char *symbol)
{
	const struct component *c = components_find(set, name);
	const struct entry *e = components_find_entry(set, name);

	if (e)
		return !strcmp(e->symbol, symbol);
	for (size_t i = 0; i < set->object_count; i++) {
		const struct object *object = set->objects[i];

		if (object->component != c || object->absent)
			continue;
		for (Elf_Scn *scn = NULL; (scn = elf_nextscn(object->elf, scn));) {
			GElf_Shdr shdr;
			Elf_Data *data;
			GElf_Sym sym;

			if (!gelf_getshdr(scn, &shdr) || shdr.sh_type != SHT_SYMTAB)
				continue;
			data = elf_getdata(scn, NULL);
			for (int s = 0; data && gelf_getsym(data, s, &sym); s++) {
				const char *text = elf_strptr(object->elf, shdr.sh_link, sym.st_name);

				if (GELF_ST_BIND(sym.st_info) != STB_LOCAL && sym.st_shndx != SHN_UNDEF && text &&
				    !strcmp(text, symbol))
					return true;
			}
		}
	}
	return false;
}

/* The first symbol of part @name that a section of @object in the kernel refers to, or NULL. */
static const char *needed_by(const struct component_set *set, const struct kernel *kernel, const char *name,
			     const struct object *object)
{
	size_t section_names;

	if (elf_getshdrstrndx(object->elf, &section_names))
		return NULL;
	for (Elf_Scn *scn = NULL; (scn = elf_nextscn(object->elf, scn));) {
		GElf_Shdr shdr, target, symtab;
		Elf_Data *relocations, *symbols;
		const char *section;
		GElf_Rela rela;

		if (!gelf_getshdr(scn, &shdr) || shdr.sh_type != SHT_RELA ||
		    !gelf_getshdr(elf_getscn(object->elf, shdr.sh_info), &target) ||
		    !gelf_getshdr(elf_getscn(object->elf, shdr.sh_link), &symtab))
			continue;
		section = elf_strptr(object->elf, section_names, target.sh_name);
		if (!section || !is_placed(kernel, object, section))
			continue;
		relocations = elf_getdata(scn, NULL);
		symbols = elf_getdata(elf_getscn(object->elf, shdr.sh_link), NULL);
		for (int i = 0; relocations && gelf_getrela(relocations, i, &rela); i++) {
			GElf_Sym sym;
			const char *text;

			if (!gelf_getsym(symbols, (int)GELF_R_SYM(rela.r_info), &sym) || sym.st_shndx != SHN_UNDEF)
				continue;
			text = elf_strptr(object->elf, symtab.sh_link, sym.st_name);
			if (text && *text && defines(set, name, text))
				return text;
		}
	}
	return NULL;
}

char *why_present(const struct component_set *set, const struct kernel *kernel, const char *name)
{
	const struct component *self = components_find(set, name);

	for (size_t i = 0; i < set->object_count; i++) {
		const struct object *object = set->objects[i];
		const char *symbol;

		if (object->component == self)
			continue;
		symbol = needed_by(set, kernel, name, object);
		if (symbol)
			return format("%s cannot be left out: %s needs its %s", name, object->component->name, symbol);
	}
	for (size_t i = 0; i < kernel->roots.symbols.count; i++) {
		if (defines(set, name, kernel->roots.symbols.at[i]))
			return format("%s cannot be left out: the profile starts from its %s", name,
				      kernel->roots.symbols.at[i]);
	}
	return format("%s cannot be left out: the linker script needs it", name);
}
