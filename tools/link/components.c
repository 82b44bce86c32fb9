/* Reads the component set: build/components/ARCH beside the tool, PREFIX/lib/whittle/ARCH, or $WHITTLE_COMPONENTS.
 *
 * An object names its component in .whittle.component (core/set.h); one that does not (fetched libraries) belongs to a
 * component named by the first word of its file. Entries of linker sets are global symbols in sections .set.SET.NAME.
 */
#include "components.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The places where a set may be, in the order in which they are looked at. */
static struct strings places(void)
{
	const char *env = getenv("WHITTLE_COMPONENTS");
	struct strings list = { 0 };
	char *tried[2];

	if (env && *env) {
		strings_add(&list, env);
		return list;
	}
	tool_dirs(tried);
	for (size_t i = 0; i < COUNT(tried); i++)
		strings_add(&list, tried[i]);
	return list;
}

static char *place(const struct strings *list)
{
	for (size_t i = 0; i < list->count; i++) {
		if (file_exists(path_join(list->at[i], "kernel.a")))
			return list->at[i];
	}
	return NULL;
}

bool components_at_hand(void)
{
	struct strings list = places();

	return place(&list) != NULL;
}

static char *find_dir(void)
{
	struct strings list = places();
	char *dir = place(&list);

	if (!dir && list.count == 1)
		fail("%s, which WHITTLE_COMPONENTS names, holds no component set (no kernel.a)", list.at[0]);
	if (!dir)
		fail("no component set in %s or %s: run make, or name one in WHITTLE_COMPONENTS", list.at[0], list.at[1]);
	return dir;
}

struct component *components_find(const struct component_set *set, const char *name)
{
	for (size_t i = 0; i < set->component_count; i++) {
		if (!strcmp(set->components[i]->name, name))
			return set->components[i];
	}
	return NULL;
}

static struct component *component_get(struct component_set *set, const char *name, const char *line)
{
	struct component *c = components_find(set, name);

	if (c) {
		if (!*c->line)
			c->line = xstrdup(line);
		return c;
	}
	c = xcalloc(1, sizeof(*c));
	c->name = xstrdup(name);
	c->line = xstrdup(line);
	set->components = xrealloc(set->components, set->component_count + 1, sizeof(c));
	set->components[set->component_count++] = c;
	return c;
}

static struct component *read_component(struct component_set *set, const char *object, Elf_Data *data)
{
	const char *name = data->d_buf, *line;
	size_t length = strnlen(name, data->d_size);

	if (length == 0 || length == data->d_size)
		fail("%s: its component section does not hold a name", object);
	line = name + length + 1;
	return component_get(set, name, xstrndup(line, data->d_size - length - 1));
}

static uint32_t entry_number(const struct object *object, const GElf_Sym *sym)
{
	Elf_Data *data = elf_getdata(elf_getscn(object->elf, sym->st_shndx), NULL);
	uint32_t number = 0;

	if (data && data->d_buf && sym->st_value + 20 <= data->d_size)
		memcpy(&number, (const char *)data->d_buf + sym->st_value + 16, sizeof(number));
	return number;
}

static void read_entries(struct component_set *set, struct object *object, Elf_Scn *scn, const GElf_Shdr *shdr,
			 size_t section_names)
{
	Elf_Data *data = elf_getdata(scn, NULL);

	for (int i = 0; data && shdr->sh_entsize && (size_t)i < shdr->sh_size / shdr->sh_entsize; i++) {
		GElf_Sym sym;
		GElf_Shdr in;
		const char *section, *dot;
		struct entry *e;

		if (!gelf_getsym(data, i, &sym) || GELF_ST_BIND(sym.st_info) != STB_GLOBAL || sym.st_shndx == SHN_UNDEF ||
		    sym.st_shndx >= SHN_LORESERVE || !gelf_getshdr(elf_getscn(object->elf, sym.st_shndx), &in))
			continue;
		section = elf_strptr(object->elf, section_names, in.sh_name);
		if (!section || strncmp(section, ".set.", 5) || !(dot = strchr(section + 5, '.')))
			continue;
		set->entries = xrealloc(set->entries, set->entry_count + 1, sizeof(*set->entries));
		e = &set->entries[set->entry_count++];
		e->set = xstrndup(section + 5, (size_t)(dot - section - 5));
		e->name = xstrdup(dot + 1);
		e->symbol = xstrdup(elf_strptr(object->elf, shdr->sh_link, sym.st_name));
		e->object = object;
		e->number = entry_number(object, &sym);
	}
}

static void add_object(struct component_set *set, Elf *elf, const char *name, bool absent)
{
	struct object *object = xcalloc(1, sizeof(*object));
	size_t names;

	object->name = xstrdup(name);
	object->absent = absent;
	object->elf = elf;
	if (elf_getshdrstrndx(elf, &names))
		fail("%s: not an object file", name);
	for (Elf_Scn *scn = NULL; (scn = elf_nextscn(elf, scn));) {
		GElf_Shdr shdr;
		const char *section;

		if (!gelf_getshdr(scn, &shdr) || !(section = elf_strptr(elf, names, shdr.sh_name)))
			fail("%s: its section table is broken", name);
		if (!strcmp(section, ".whittle.component") && !absent)
			object->component = read_component(set, name, elf_getdata(scn, NULL));
		if (shdr.sh_type == SHT_SYMTAB && !absent)
			read_entries(set, object, scn, &shdr, names);
	}
	if (absent) {
		static struct component group = { "(absent)", "" };

		object->component = &group;
	} else if (!object->component) {
		object->component = component_get(set, xstrndup(name, strcspn(name, "-.")), "");
	}
	set->objects = xrealloc(set->objects, set->object_count + 1, sizeof(object));
	set->objects[set->object_count++] = object;
}

/* The first global symbol that @object defines and that @wanted says yes to, or NULL. */
static const char *find_symbol(const struct object *object, bool (*wanted)(const void *, const char *), const void *context)
{
	for (Elf_Scn *scn = NULL; (scn = elf_nextscn(object->elf, scn));) {
		GElf_Shdr shdr;
		Elf_Data *data;
		GElf_Sym sym;

		if (!gelf_getshdr(scn, &shdr) || shdr.sh_type != SHT_SYMTAB)
			continue;
		data = elf_getdata(scn, NULL);
		for (int i = 0; data && gelf_getsym(data, i, &sym); i++) {
			const char *name = elf_strptr(object->elf, shdr.sh_link, sym.st_name);

			if (GELF_ST_BIND(sym.st_info) != STB_LOCAL && sym.st_shndx != SHN_UNDEF && name && *name &&
			    wanted(context, name))
				return name;
		}
	}
	return NULL;
}

static bool is_same(const void *context, const char *name)
{
	return !strcmp(context, name);
}

static bool absent_defines(const void *context, const char *name)
{
	const struct component_set *set = context;

	for (size_t i = 0; i < set->object_count; i++) {
		if (set->objects[i]->absent && find_symbol(set->objects[i], is_same, name))
			return true;
	}
	return false;
}

static bool absent_does_not_define(const void *context, const char *name)
{
	return !absent_defines(context, name);
}

struct strings component_symbols(const struct component_set *set, const struct component *c)
{
	struct strings symbols = { 0 };

	for (size_t i = 0; i < set->entry_count; i++) {
		if (set->entries[i].object->component == c)
			strings_add(&symbols, set->entries[i].symbol);
	}
	for (size_t i = 0; i < set->object_count && !symbols.count; i++) {
		const struct object *object = set->objects[i];
		const char *name;

		if (object->component != c || !find_symbol(object, absent_defines, set))
			continue;
		name = find_symbol(object, absent_does_not_define, set);
		if (name)
			strings_add(&symbols, name);
	}
	return symbols;
}

static Elf *open_elf(const char *path, int *fd)
{
	Elf *elf;

	*fd = open(path, O_RDONLY | O_CLOEXEC);
	if (*fd < 0)
		fail("%s: %s", path, strerror(errno));
	elf = elf_begin(*fd, ELF_C_READ_MMAP, NULL);
	if (!elf)
		fail("%s: %s", path, elf_errmsg(-1));
	return elf;
}

static void read_archive(struct component_set *set)
{
	char *path = path_join(set->dir, "kernel.a");
	int fd;
	Elf *archive = open_elf(path, &fd), *member;

	if (elf_kind(archive) != ELF_K_AR)
		fail("%s: not an archive", path);
	while ((member = elf_begin(fd, ELF_C_READ_MMAP, archive))) {
		Elf_Arhdr *header = elf_getarhdr(member);

		if (header && elf_kind(member) == ELF_K_ELF)
			add_object(set, member, header->ar_name, false);
		if (elf_next(member) == ELF_C_NULL)
			break;
	}
}

static void list_dir(const char *path, const char *suffix, struct strings *names)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	size_t length = strlen(suffix);

	while (dir && (entry = readdir(dir))) {
		size_t n = strlen(entry->d_name);

		if (entry->d_name[0] != '.' && n > length && !strcmp(entry->d_name + n - length, suffix))
			strings_add(names, entry->d_name);
	}
	if (dir)
		closedir(dir);
	strings_sort(names);
}

/* The linker script names every set that there can be, with or without entries. */
static void read_sets(struct component_set *set)
{
	static const char begin[] = "set_begin_";
	struct buf script = { 0 };

	must_read(path_join(set->dir, "sets.lds"), &script);
	for (char *p = script.data; (p = strstr(p, begin)); ) {
		p += strlen(begin);
		strings_add_once(&set->sets, xstrndup(p, strspn(p, "abcdefghijklmnopqrstuvwxyz_0123456789")));
	}
}

static int by_name(const void *a, const void *b)
{
	return strcmp((*(struct component *const *)a)->name, (*(struct component *const *)b)->name);
}

static int by_set(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	int order = strcmp(x->set, y->set);

	return order ? order : strcmp(x->name, y->name);
}

static bool newer(const struct stat *a, const struct stat *b)
{
	return a->st_mtim.tv_sec != b->st_mtim.tv_sec ? a->st_mtim.tv_sec > b->st_mtim.tv_sec
						       : a->st_mtim.tv_nsec > b->st_mtim.tv_nsec;
}

/* SHA-256 of the archive, the absent objects by name, and the scripts; kept in DIR/id, which make writes too. */
static void read_id(struct component_set *set, const struct strings *absent)
{
	static const char *const scripts[] = { "kernel.a", "kernel.lds", "sets.lds", "header.lds" };
	char *path = path_join(set->dir, "id");
	struct strings inputs = { 0 };
	struct stat cache, st;
	struct buf all = { 0 }, kept = { 0 };
	bool fresh = stat(path, &cache) == 0;

	for (size_t i = 0; i < COUNT(scripts); i++)
		strings_add(&inputs, path_join(set->dir, scripts[i]));
	for (size_t i = 0; i < absent->count; i++)
		strings_add(&inputs, path_join(set->dir, format("absent/%s", absent->at[i])));
	for (size_t i = 0; i < inputs.count && fresh; i++)
		fresh = stat(inputs.at[i], &st) == 0 && newer(&cache, &st);
	if (fresh && file_read(path, &kept) == 0 && kept.size == sizeof(set->id)) {
		memcpy(set->id, kept.data, sizeof(set->id));
		return;
	}
	for (size_t i = 0; i < inputs.count; i++)
		must_read(inputs.at[i], &all);
	sha256(all.data, all.size, set->id);
	/* A directory that cannot be written only costs the time to compute this again. */
	if (access(set->dir, W_OK) == 0) {
		output_write(path, set->id, sizeof(set->id), 0644);
		outputs_commit();
	}
}

struct component_set *components_load(void)
{
	struct component_set *set = xcalloc(1, sizeof(*set));
	struct strings absent = { 0 }, files = { 0 };

	if (elf_version(EV_CURRENT) == EV_NONE)
		fail("libelf: %s", elf_errmsg(-1));
	set->dir = find_dir();
	list_dir(path_join(set->dir, "absent"), ".o", &absent);
	for (size_t i = 0; i < absent.count; i++) {
		int fd;

		add_object(set, open_elf(path_join(set->dir, format("absent/%s", absent.at[i])), &fd), absent.at[i],
			   true);
	}
	read_archive(set);
	read_sets(set);
	list_dir(path_join(set->dir, "profiles"), "", &files);
	for (size_t i = 0; i < files.count; i++) {
		if (*files.at[i] != '_') /* those are only there to be included */
			strings_add(&set->profiles, files.at[i]);
	}
	read_id(set, &absent);
	if (set->component_count)
		qsort(set->components, set->component_count, sizeof(*set->components), by_name);
	if (set->entry_count)
		qsort(set->entries, set->entry_count, sizeof(*set->entries), by_set);
	return set;
}

/* The number that stands behind the colon of "SET:NUMBER". Sets whose entries have none are not found by one. */
static bool is_numbered(const struct entry *e, const char *text)
{
	static const char *const sets[] = { "syscall", "ioctl", "fcntl", "prctl", "futex", "socket_family", "inet_protocol" };
	char *end;
	unsigned long n = strtoul(text, &end, 0);

	for (size_t i = 0; i < COUNT(sets); i++) {
		if (!strcmp(sets[i], e->set))
			return *text >= '0' && *text <= '9' && !*end && n == e->number;
	}
	return false;
}

struct entry *components_find_entry(const struct component_set *set, const char *name)
{
	for (size_t i = 0; i < set->entry_count; i++) {
		struct entry *e = &set->entries[i];
		size_t length = strlen(e->set);

		if (!strncmp(name, e->set, length) && name[length] == ':' &&
		    (!strcmp(name + length + 1, e->name) || is_numbered(e, name + length + 1)))
			return e;
	}
	return NULL;
}

struct object *components_find_object(const struct component_set *set, const char *member, bool absent)
{
	for (size_t i = 0; i < set->object_count; i++) {
		if (set->objects[i]->absent == absent && !strcmp(set->objects[i]->name, member))
			return set->objects[i];
	}
	return NULL;
}

struct strings components_all_names(const struct component_set *set)
{
	struct strings names = { 0 };

	for (size_t i = 0; i < set->component_count; i++)
		strings_add(&names, set->components[i]->name);
	for (size_t i = 0; i < set->entry_count; i++)
		strings_add(&names, format("%s:%s", set->entries[i].set, set->entries[i].name));
	return names;
}

size_t object_section_bytes(const struct object *object)
{
	size_t bytes = 0;

	for (Elf_Scn *scn = NULL; (scn = elf_nextscn(object->elf, scn));) {
		GElf_Shdr shdr;

		if (gelf_getshdr(scn, &shdr) && shdr.sh_flags & SHF_ALLOC)
			bytes += shdr.sh_size;
	}
	return bytes;
}
