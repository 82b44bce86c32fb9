/* Reads and completes kernel files (include/whittle/kernel_header.h, bootarea.h). Files come from anywhere: every
 * offset in them is checked against the file's size before it is used.
 */
#include "kernel_file.h"

#include <string.h>

static bool inside(const struct buf *file, uint64_t offset, uint64_t size)
{
	return offset <= file->size && file->size - offset >= size;
}

static bool find_header(struct kernel_file *k)
{
	for (unsigned i = 0; i < k->ehdr.e_phnum; i++) {
		const Elf64_Phdr *ph = &k->ph[i];

		if (ph->p_type != PT_LOAD || ph->p_filesz < sizeof(k->header))
			continue;
		for (uint64_t at = 0; at <= ph->p_filesz - sizeof(k->header); at += 16) {
			memcpy(&k->header, k->file.data + ph->p_offset + at, sizeof(k->header));
			if (k->header.magic == KERNEL_HEADER_MAGIC) {
				k->header_at = ph->p_vaddr + at - k->base;
				return true;
			}
		}
	}
	return false;
}

const char *kernel_file_parse(struct kernel_file *k, struct buf file)
{
	*k = (struct kernel_file){ .file = file };
	if (!inside(&file, 0, sizeof(k->ehdr)) || memcmp(file.data, ELFMAG, SELFMAG))
		return "it is not an ELF file";
	memcpy(&k->ehdr, file.data, sizeof(k->ehdr));
	if (k->ehdr.e_ident[EI_CLASS] != ELFCLASS64 || k->ehdr.e_machine != EM_X86_64)
		return "it is not for x86-64";
	if (!k->ehdr.e_phnum || k->ehdr.e_phentsize != sizeof(Elf64_Phdr) ||
	    !inside(&file, k->ehdr.e_phoff, (uint64_t)k->ehdr.e_phnum * sizeof(Elf64_Phdr)))
		return "it is truncated";
	k->ph = xcalloc(k->ehdr.e_phnum, sizeof(*k->ph));
	memcpy(k->ph, file.data + k->ehdr.e_phoff, k->ehdr.e_phnum * sizeof(*k->ph));
	k->base = UINT64_MAX;
	for (unsigned i = 0; i < k->ehdr.e_phnum; i++) {
		if (k->ph[i].p_type != PT_LOAD)
			continue;
		if (!inside(&file, k->ph[i].p_offset, k->ph[i].p_filesz))
			return "it is truncated";
		if (k->ph[i].p_memsz && k->ph[i].p_vaddr < k->base)
			k->base = k->ph[i].p_vaddr;
	}
	if (!find_header(k))
		return "it holds no kernel header";
	if (k->header.version != KERNEL_HEADER_VERSION)
		return "it is of another version than this tool";
	return NULL;
}

void kernel_file_open(struct kernel_file *k, const char *path)
{
	struct buf file = { 0 };
	const char *why;

	must_read(path, &file);
	why = kernel_file_parse(k, file);
	if (why)
		fail("%s is not a Whittle kernel or image: %s", path, why);
}

const void *kernel_file_at(const struct kernel_file *k, uint64_t offset, uint64_t size)
{
	for (unsigned i = 0; i < k->ehdr.e_phnum; i++) {
		const Elf64_Phdr *ph = &k->ph[i];
		uint64_t start = ph->p_vaddr - k->base;

		if (ph->p_type == PT_LOAD && offset >= start && offset - start <= ph->p_filesz &&
		    ph->p_filesz - (offset - start) >= size)
			return k->file.data + ph->p_offset + (offset - start);
	}
	return NULL;
}

const char *kernel_file_string(const struct kernel_file *k, uint64_t offset)
{
	for (uint64_t n = 1; n < 256; n++) {
		const char *p = kernel_file_at(k, offset, n);

		if (!p)
			return NULL;
		if (!p[n - 1])
			return p;
	}
	return NULL;
}

struct strings kernel_file_components(const struct kernel_file *k)
{
	struct strings names = { 0 };
	uint64_t at = k->header.components;
	const char *name;

	while ((name = kernel_file_string(k, at)) && *name) {
		strings_add(&names, name);
		at += strlen(name) + 1;
	}
	return names;
}

bool kernel_file_set(const struct kernel_file *k, uint32_t index, struct kernel_header_set *ret)
{
	const void *p = kernel_file_at(k, k->header_at + sizeof(k->header) + (uint64_t)index * sizeof(*ret), sizeof(*ret));

	if (p)
		memcpy(ret, p, sizeof(*ret));
	return p != NULL;
}

const char *kernel_file_set_name(const struct kernel_header_set *set)
{
	return xstrndup(set->name, strnlen(set->name, sizeof(set->name)));
}

struct strings kernel_file_entries(const struct kernel_file *k, const char *set)
{
	struct kernel_header_set s;
	struct strings names = { 0 };

	for (uint32_t i = 0; i < k->header.set_count && kernel_file_set(k, i, &s); i++) {
		if (strncmp(s.name, set, sizeof(s.name)) || s.stride < sizeof(uint64_t))
			continue;
		for (uint64_t at = s.begin; at < s.end; at += s.stride) {
			const void *entry = kernel_file_at(k, at, sizeof(uint64_t));
			const char *name;
			uint64_t pointer;

			if (!entry)
				break;
			memcpy(&pointer, entry, sizeof(pointer));
			name = kernel_file_string(k, pointer - k->base);
			strings_add(&names, name ? name : "?");
		}
	}
	return names;
}

/* The script gives each protection a segment of its own (arch/ARCH/kernel.lds). */
const char *kernel_file_segment_name(const struct kernel_file *k, const Elf64_Phdr *ph)
{
	if (ph->p_vaddr == k->base + k->header.bootarea)
		return "boot area";
	if (ph->p_flags & PF_X)
		return "text";
	if (!(ph->p_flags & PF_W))
		return "rodata";
	if (!ph->p_filesz)
		return "bss";
	for (unsigned i = 0; i < k->ehdr.e_phnum; i++)
		if (k->ph[i].p_type == PT_DYNAMIC && k->ph[i].p_vaddr - ph->p_vaddr < ph->p_memsz)
			return "relro";
	return "data";
}

uint64_t kernel_file_memory(const struct kernel_file *k)
{
	uint64_t end = 0;

	for (unsigned i = 0; i < k->ehdr.e_phnum; i++) {
		if (k->ph[i].p_type == PT_LOAD && k->ph[i].p_paddr + k->ph[i].p_memsz > end)
			end = k->ph[i].p_paddr + k->ph[i].p_memsz;
	}
	return end;
}

void kernel_file_add_bootarea(struct kernel_file *k, const struct buf *area)
{
	Elf64_Phdr *spare = NULL;
	uint64_t physical = 0;

	for (unsigned i = 0; i < k->ehdr.e_phnum; i++) {
		if (k->ph[i].p_type == PT_NULL)
			spare = &k->ph[i];
		if (k->ph[i].p_type == PT_LOAD && k->ph[i].p_vaddr == k->base)
			physical = k->ph[i].p_paddr;
	}
	if (!spare)
		fail("the kernel has no spare program header for the boot area");
	buf_align(&k->file, BOOTAREA_ALIGN);
	*spare = (Elf64_Phdr){
		.p_type = PT_LOAD,
		.p_flags = PF_R,
		.p_offset = k->file.size,
		.p_vaddr = k->base + k->header.bootarea,
		.p_paddr = physical + k->header.bootarea,
		.p_filesz = area->size,
		.p_memsz = area->size,
		.p_align = BOOTAREA_ALIGN,
	};
	buf_add(&k->file, area->data, area->size);
	memcpy(k->file.data + k->ehdr.e_phoff, k->ph, k->ehdr.e_phnum * sizeof(*k->ph));
}

bool kernel_file_item(const struct kernel_file *k, enum bootarea_type type, const void **ret_data, size_t *ret_size)
{
	const struct bootarea_header *area = kernel_file_at(k, k->header.bootarea, sizeof(*area));
	struct bootarea_header h;

	if (!area)
		return false;
	memcpy(&h, area, sizeof(h));
	if (h.magic != BOOTAREA_MAGIC || h.version != BOOTAREA_VERSION || h.count > BOOTAREA_MAX)
		return false;
	for (uint32_t i = 0; i < h.count; i++) {
		struct bootarea_item item;
		const void *p = kernel_file_at(k, k->header.bootarea + sizeof(h) + i * sizeof(item), sizeof(item));

		if (!p)
			return false;
		memcpy(&item, p, sizeof(item));
		if (item.type != type || item.offset > UINT32_MAX)
			continue;
		*ret_data = kernel_file_at(k, k->header.bootarea + item.offset, item.size);
		*ret_size = item.size;
		return *ret_data != NULL;
	}
	return false;
}
