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

/* As QEMU names them: what is found by the transport "virtio-pci" are virtio-blk-pci, virtio-net-pci … */
static void add_user(const struct component_set *set, const struct kernel *kernel, const char *user, struct strings *names)
{
	const char *dash = strrchr(user, '-');
	size_t family = dash ? (size_t)(dash - user + 1) : 0;
	bool transport = false;

	for (size_t i = 0; i < set->entry_count && family; i++) {
		const struct entry *e = &set->entries[i];
		const char *device = e->object->component->name;

		if (strcmp(e->set, "driver") || strncmp(device, user, family) || !strcmp(device, user) ||
		    !strings_has(&kernel->map.components, device))
			continue;
		transport = true;
		strings_add_once(names, format("%s%s", device, dash));
	}
	if (!transport)
		strings_add_once(names, user);
}

/* Whether the roots hold every driver of @kernel but those of @users, and nothing of @part. */
static bool stands_in(const struct component_set *set, const struct kernel *kernel, const struct roots *roots,
		      const struct strings *users, const char *part)
{
	for (size_t i = 0; i < set->entry_count; i++) {
		const struct entry *e = &set->entries[i];
		bool root = strings_has(&roots->symbols, e->symbol);

		if (root && !strcmp(e->object->component->name, part))
			return false;
		if (!strcmp(e->set, "driver") && !root && entry_placed(kernel, e) &&
		    !strings_has(users, e->object->component->name))
			return false;
	}
	return true;
}

/* A profile with the same drivers and without @part, the one that the fewest includes make; NULL: there is none. */
static const char *profile_without(const struct component_set *set, const struct kernel *kernel,
				   const struct strings *users, const char *part)
{
	const char *best = NULL;
	unsigned best_depth = 0;

	for (size_t i = 0; i < set->profiles.count; i++) {
		struct selection selection = { 0 };
		struct kernel other = { 0 };
		struct roots roots;
		unsigned depth = profile_depth(set, set->profiles.at[i]);

		if (best && depth >= best_depth)
			continue;
		roots = profile_read(set, set->profiles.at[i], NULL);
		if (!stands_in(set, kernel, &roots, users, part))
			continue;
		strings_add(&selection.profiles, set->profiles.at[i]);
		link_kernel(set, &selection, &other);
		if (strings_has(&other.map.components, part))
			continue;
		best = set->profiles.at[i];
		best_depth = depth;
	}
	return best;
}

static bool is_driver_part(const struct component_set *set, const struct component *c)
{
	for (size_t i = 0; i < set->object_count; i++) {
		if (set->objects[i]->component == c && !strncmp(set->objects[i]->name, "drivers-", strlen("drivers-")))
			return true;
	}
	return false;
}

/* "A, B need PART; take --for PROFILE", where another profile has what this one has and does without it; else NULL. */
static char *instead(const struct component_set *set, const struct kernel *kernel, const char *part)
{
	const struct component *self = components_find(set, part);
	struct strings users = { 0 }, names = { 0 };
	struct buf text = { 0 };
	const char *profile;

	if (!self || !is_driver_part(set, self))
		return NULL;
	for (size_t i = 0; i < set->object_count; i++) {
		const struct object *object = set->objects[i];

		if (object->component != self && needed_by(set, kernel, part, object))
			strings_add_once(&users, object->component->name);
	}
	profile = users.count ? profile_without(set, kernel, &users, part) : NULL;
	if (!profile)
		return NULL;
	for (size_t i = 0; i < users.count; i++)
		add_user(set, kernel, users.at[i], &names);
	strings_sort(&names);
	for (size_t i = 0; i < names.count; i++)
		buf_printf(&text, "%s%s", i ? ", " : "", names.at[i]);
	return format("%s need%s %s; take --for %s", text.data, names.count > 1 ? "" : "s", part, profile);
}

char *why_present(const struct component_set *set, const struct kernel *kernel, const char *name)
{
	const struct component *self = components_find(set, name);
	char *other = instead(set, kernel, name);

	if (other)
		return other;
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
