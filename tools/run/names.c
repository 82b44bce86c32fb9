/* Names the addresses in kernel messages (include/whittle/console.h): "[<ffffffff80123456>]" from IMAGE.debug, and
 * "(/path+0x1234)" from the program's or library's own symbols, found through the manifest. Nothing is read before the
 * first address is met; what cannot be found is left as it is.
 */
#include <ctype.h>
#include <fcntl.h>
#include <gelf.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "run.h"

struct symbol {
	uint64_t address, size;
	char *name;
};

struct symbols {
	char *guest; /* NULL for the kernel */
	struct symbol *at;
	size_t count;
	struct symbols *next;
};

struct names {
	const char *image;
	struct symbols *files;
};

struct names *names_new(const char *image)
{
	struct names *names = xcalloc(1, sizeof(*names));

	names->image = image;
	return names;
}

static int by_address(const void *a, const void *b)
{
	const struct symbol *x = a, *y = b;

	return x->address < y->address ? -1 : x->address > y->address;
}

static void read_table(struct symbols *s, Elf *elf, Elf_Scn *scn, const GElf_Shdr *shdr)
{
	Elf_Data *data = elf_getdata(scn, NULL);
	GElf_Sym sym;

	for (int i = 0; data && gelf_getsym(data, i, &sym); i++) {
		const char *name = elf_strptr(elf, shdr->sh_link, sym.st_name);
		unsigned type = GELF_ST_TYPE(sym.st_info);

		if (sym.st_shndx == SHN_UNDEF || !name || !*name || (type != STT_FUNC && type != STT_NOTYPE))
			continue;
		s->at = xrealloc(s->at, s->count + 1, sizeof(*s->at));
		s->at[s->count++] = (struct symbol){ sym.st_value, sym.st_size, xstrdup(name) };
	}
}

static void read_symbols(struct symbols *s, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	Elf *elf;

	elf_version(EV_CURRENT);
	elf = fd < 0 ? NULL : elf_begin(fd, ELF_C_READ_MMAP, NULL);
	for (Elf_Scn *scn = NULL; elf && (scn = elf_nextscn(elf, scn));) {
		GElf_Shdr shdr;

		if (gelf_getshdr(scn, &shdr) && (shdr.sh_type == SHT_SYMTAB || shdr.sh_type == SHT_DYNSYM))
			read_table(s, elf, scn, &shdr);
	}
	if (s->count)
		qsort(s->at, s->count, sizeof(*s->at), by_address);
	elf_end(elf);
	if (fd >= 0)
		close(fd);
}

/* Where the file that is at @guest in the image came from, by the manifest. */
static char *host_path(const struct names *names, const char *guest)
{
	json_t *m = json_load_file(format("%s.json", names->image), 0, NULL), *file;
	char *found = NULL;
	size_t i;

	json_array_foreach(json_object_get(m, "libraries"), i, file) {
		const char *path = json_string_value(json_object_get(file, "path"));
		const char *from = json_string_value(json_object_get(file, "from"));

		if (path && from && !strcmp(path, guest))
			found = xstrdup(from);
	}
	json_decref(m);
	return found;
}

static const struct symbols *symbols_of(struct names *names, const char *guest)
{
	struct symbols *s;
	char *path;

	for (s = names->files; s; s = s->next) {
		if (guest ? s->guest && !strcmp(s->guest, guest) : !s->guest)
			return s;
	}
	s = xcalloc(1, sizeof(*s));
	s->guest = guest ? xstrdup(guest) : NULL;
	s->next = names->files;
	names->files = s;
	path = guest ? host_path(names, guest) : format("%s.debug", names->image);
	if (path)
		read_symbols(s, path);
	return s;
}

static void add_name(struct buf *out, const struct symbols *s, uint64_t address)
{
	const struct symbol *best = NULL;

	for (size_t i = 0; i < s->count && s->at[i].address <= address; i++) {
		if (!s->at[i].size || address - s->at[i].address < s->at[i].size)
			best = &s->at[i];
	}
	if (best)
		buf_printf(out, " %s+0x%llx", best->name, (unsigned long long)(address - best->address));
}

char *names_line(struct names *names, const char *line)
{
	struct buf out = { 0 };

	while (*line) {
		unsigned long long address;
		char path[1024];
		int used = 0;

		if (sscanf(line, "[<%16llx>]%n", &address, &used) == 1 && used) {
			buf_add(&out, line, (size_t)used);
			add_name(&out, symbols_of(names, NULL), address);
		} else if (sscanf(line, "(/%1000[^+ )]+0x%llx)%n", path, &address, &used) == 2 && used) {
			buf_add(&out, line, (size_t)used);
			add_name(&out, symbols_of(names, format("/%s", path)), address);
		} else {
			buf_add(&out, line, 1);
			used = 1;
		}
		line += used;
	}
	return out.data ? out.data : xstrdup("");
}
