/* What the manifest tells of the kernel (image.h): the hash of each segment and of each object that is in it, what the
 * link started from, and whose function each entry of its tables is bound to. `whittle verify` holds the bytes against it.
 *
 *   "kernel":  { "segments": [{ "name", "address", "size", "memory", "sha256" }],
 *                "objects":  { "core-log.o": SHA-256 of the object as it lies in the archive, … },
 *                "roots":    [symbol, …],
 *                "tables":   { "syscall": [["read", "sys_read", 12345, 240], …], … } }
 *
 * An entry of a table, in the order that it has there: its name, the symbol that its second word points to, where that is
 * from the kernel's first byte on, and how long; "", 0, 0 where it points to nothing.
 */
#include <gelf.h>
#include <stdlib.h>
#include <string.h>

#include "image.h"

struct symbol {
	uint64_t address, size;
	const char *name;
	bool local;
};

struct symbols {
	struct symbol *at;
	size_t count;
};

static int by_address(const void *a, const void *b)
{
	const struct symbol *x = a, *y = b;

	if (x->address != y->address)
		return x->address < y->address ? -1 : 1;
	if (x->local != y->local)
		return x->local ? 1 : -1;
	return strcmp(x->name, y->name);
}

static struct symbols read_symbols(const struct buf *debug)
{
	Elf *elf = elf_memory(debug->data, debug->size);
	struct symbols list = { 0 };

	for (Elf_Scn *scn = NULL; (scn = elf_nextscn(elf, scn));) {
		GElf_Shdr shdr;
		GElf_Sym sym;
		Elf_Data *data;

		if (!gelf_getshdr(scn, &shdr) || shdr.sh_type != SHT_SYMTAB)
			continue;
		data = elf_getdata(scn, NULL);
		list.at = xrealloc(list.at, list.count + shdr.sh_size / sizeof(Elf64_Sym) + 1, sizeof(*list.at));
		for (int i = 0; data && gelf_getsym(data, i, &sym); i++) {
			const char *name = elf_strptr(elf, shdr.sh_link, sym.st_name);
			int type = GELF_ST_TYPE(sym.st_info);

			if (name && *name && sym.st_shndx != SHN_UNDEF && (type == STT_FUNC || type == STT_OBJECT))
				list.at[list.count++] = (struct symbol){ sym.st_value, sym.st_size, name,
									 GELF_ST_BIND(sym.st_info) == STB_LOCAL };
		}
	}
	if (list.count)
		qsort(list.at, list.count, sizeof(*list.at), by_address);
	return list;
}

/* The symbol at @address; of several, the one called sys_NAME. */
static const struct symbol *find_symbol(const struct symbols *list, uint64_t address, const char *entry)
{
	size_t low = 0, high = list->count;
	const char *own = format("sys_%s", entry);

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (list->at[middle].address < address)
			low = middle + 1;
		else
			high = middle;
	}
	for (size_t i = low; i < list->count && list->at[i].address == address; i++) {
		if (!strcmp(list->at[i].name, own))
			return &list->at[i];
	}
	return low < list->count && list->at[low].address == address ? &list->at[low] : NULL;
}

static json_t *tables(const struct kernel_file *file, const struct symbols *symbols)
{
	json_t *all = json_object();

	for (uint32_t i = 0; i < file->header.set_count; i++) {
		struct kernel_header_set set;
		json_t *table = json_array();
		struct strings names;

		if (!kernel_file_set(file, i, &set))
			fail("the kernel that was linked cannot be used: its header is truncated");
		names = kernel_file_entries(file, kernel_file_set_name(&set));
		for (size_t j = 0; j < names.count; j++) {
			const void *word = kernel_file_at(file, set.begin + j * set.stride + 8, 8);
			const struct symbol *s;
			uint64_t pointer = 0;

			if (word)
				memcpy(&pointer, word, sizeof(pointer));
			s = pointer ? find_symbol(symbols, pointer, names.at[j]) : NULL;
			json_array_append_new(table, json_pack("[s, s, I, I]", names.at[j], s ? s->name : "",
							       s ? (json_int_t)(pointer - file->base) : 0,
							       s ? (json_int_t)s->size : 0));
		}
		if (names.count)
			json_object_set_new(all, kernel_file_set_name(&set), table);
		else
			json_decref(table);
	}
	return all;
}

static json_t *segments(const struct kernel_file *file)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < file->ehdr.e_phnum; i++) {
		const Elf64_Phdr *ph = &file->ph[i];
		uint8_t digest[32];

		if (ph->p_type != PT_LOAD || !ph->p_memsz || ph->p_vaddr == file->base + file->header.bootarea)
			continue;
		sha256(file->file.data + ph->p_offset, ph->p_filesz, digest);
		json_array_append_new(list, json_pack("{s:s, s:s, s:I, s:I, s:s}", "name", kernel_file_segment_name(file, ph), "address",
						      format("0x%llx", (unsigned long long)ph->p_vaddr), "size",
						      (json_int_t)ph->p_filesz, "memory", (json_int_t)ph->p_memsz, "sha256",
						      hex(digest, sizeof(digest))));
	}
	return list;
}

static bool is_placed(const struct link_map *map, const struct object *object)
{
	for (size_t i = 0; i < map->count; i++) {
		if (map->placed[i].object == object)
			return true;
	}
	return false;
}

static json_t *objects(const struct component_set *set, const struct kernel *kernel)
{
	json_t *all = json_object();

	for (size_t i = 0; i < set->object_count; i++) {
		const struct object *object = set->objects[i];
		uint8_t digest[32];
		size_t size = 0;
		const char *bytes;

		if (!is_placed(&kernel->map, object))
			continue;
		bytes = elf_rawfile(object->elf, &size);
		if (!bytes)
			fail("%s: %s", object->name, elf_errmsg(-1));
		sha256(bytes, size, digest);
		json_object_set_new(all, object->absent ? format("absent/%s", object->name) : object->name,
				    json_string(hex(digest, sizeof(digest))));
	}
	return all;
}

json_t *manifest_kernel(const struct component_set *set, const struct kernel *kernel, const struct kernel_file *file)
{
	struct symbols symbols = read_symbols(&kernel->debug);
	json_t *roots = json_array();

	for (size_t i = 0; i < kernel->roots.symbols.count; i++)
		json_array_append_new(roots, json_string(kernel->roots.symbols.at[i]));
	return json_pack("{s:o, s:o, s:o, s:o}", "segments", segments(file), "objects", objects(set, kernel), "roots", roots,
			 "tables", tables(file, &symbols));
}
