/* The kernel's segments: what may be written, what may be run, whether the bytes are those that were linked, and what the
 * dynamic section exports (System V ABI, chapter 5).
 */
#include <string.h>

#include "verify.h"

enum { PAGE = 4096, MOST_SYMBOLS = 65536 };

typedef unsigned long long ull;

static bool is_bootarea(const struct kernel_file *k, const Elf64_Phdr *ph)
{
	return ph->p_vaddr == k->base + k->header.bootarea;
}

static const json_t *told_segment(const struct verification *v, const Elf64_Phdr *ph)
{
	const char *address = format("0x%llx", (ull)ph->p_vaddr);
	json_t *segment;
	size_t i;

	json_array_foreach(json_object_get(json_object_get(v->manifest, "kernel"), "segments"), i, segment) {
		const char *told = json_string_value(json_object_get(segment, "address"));

		if (told && !strcmp(told, address))
			return segment;
	}
	return NULL;
}

static void check_bytes(struct verification *v, const Elf64_Phdr *ph, const char *name)
{
	const json_t *told = told_segment(v, ph);
	const char *digest_told = json_string_value(json_object_get(told, "sha256"));
	uint8_t digest[32];

	sha256(v->kernel.file.data + ph->p_offset, ph->p_filesz, digest);
	if (!told)
		finding(v, "the kernel's %s at 0x%llx is a segment that the manifest does not name", name, (ull)ph->p_vaddr);
	else if ((uint64_t)json_integer_value(json_object_get(told, "memory")) != ph->p_memsz)
		finding(v, "the kernel's %s takes %llu bytes of memory, and %lld were linked", name, (ull)ph->p_memsz,
			(long long)json_integer_value(json_object_get(told, "memory")));
	else if (!digest_told || strcmp(digest_told, hex(digest, sizeof(digest))))
		finding(v, "the bytes of the kernel's %s are not those that were linked: their SHA-256 is %.12s…, not %.12s…", name,
			hex(digest, sizeof(digest)), digest_told ? digest_told : "?");
}

/* Pages count, not segments: one page cannot be protected in two ways. */
static void check_pages(struct verification *v, const Elf64_Phdr *a, const Elf64_Phdr *b)
{
	uint64_t a_end = (a->p_vaddr + a->p_memsz - 1) / PAGE, b_end = (b->p_vaddr + b->p_memsz - 1) / PAGE;

	if (a->p_flags == b->p_flags || a->p_vaddr / PAGE > b_end || b->p_vaddr / PAGE > a_end)
		return;
	finding(v, "the kernel's %s and %s share a page at 0x%llx, which one protection cannot serve",
		kernel_file_segment_name(&v->kernel, a), kernel_file_segment_name(&v->kernel, b),
		(ull)(a->p_vaddr > b->p_vaddr ? a->p_vaddr : b->p_vaddr) / PAGE * PAGE);
}

static void check_protection(struct verification *v, const Elf64_Phdr *ph)
{
	const struct kernel_file *k = &v->kernel;

	if (ph->p_type == PT_GNU_STACK && ph->p_flags & PF_X)
		finding(v, "the kernel asks for a stack that is writable and executable");
	if (ph->p_type != PT_LOAD || !ph->p_memsz)
		return;
	if ((ph->p_flags & (PF_W | PF_X)) == (PF_W | PF_X))
		finding(v, "the segment at 0x%llx is writable and executable", (ull)ph->p_vaddr);
	if (is_bootarea(k, ph) && ph->p_flags & (PF_W | PF_X))
		finding(v, "the boot area is not only readable");
	if (ph->p_vaddr - k->base != ph->p_paddr - k->ph[0].p_paddr)
		finding(v, "the segment at 0x%llx is loaded to 0x%llx, where the kernel does not look for it", (ull)ph->p_vaddr,
			(ull)ph->p_paddr);
	for (unsigned i = 0; &k->ph[i] < ph; i++) {
		if (k->ph[i].p_type == PT_LOAD && k->ph[i].p_memsz)
			check_pages(v, &k->ph[i], ph);
	}
	if (!is_bootarea(k, ph)) {
		v->segments++;
		if (v->manifest)
			check_bytes(v, ph, kernel_file_segment_name(k, ph));
	}
}

/* By its physical address as Linux's protocol has it, or by its virtual one as GRUB has it. */
static void check_entry(struct verification *v)
{
	const struct kernel_file *k = &v->kernel;

	for (unsigned i = 0; i < k->ehdr.e_phnum; i++) {
		const Elf64_Phdr *ph = &k->ph[i];

		if (ph->p_type == PT_LOAD && ph->p_flags & PF_X &&
		    (k->ehdr.e_entry - ph->p_paddr < ph->p_filesz || k->ehdr.e_entry - ph->p_vaddr < ph->p_filesz))
			return;
	}
	finding(v, "the kernel is entered at 0x%llx, where none of its code is", (ull)k->ehdr.e_entry);
}

static void check_exports(struct verification *v)
{
	const struct kernel_file *k = &v->kernel;
	uint64_t symtab = 0, strtab = 0, hash = 0, count = 0;
	const Elf64_Phdr *dynamic = NULL;
	Elf64_Dyn d;
	const void *p;
	uint32_t words[2];

	for (unsigned i = 0; i < k->ehdr.e_phnum; i++) {
		if (k->ph[i].p_type == PT_DYNAMIC)
			dynamic = &k->ph[i];
	}
	for (uint64_t at = 0; dynamic && at + sizeof(d) <= dynamic->p_memsz; at += sizeof(d)) {
		p = kernel_file_at(k, dynamic->p_vaddr - k->base + at, sizeof(d));
		if (!p)
			break;
		memcpy(&d, p, sizeof(d));
		if (d.d_tag == DT_NULL)
			break;
		if (d.d_tag == DT_SYMTAB)
			symtab = d.d_un.d_ptr;
		else if (d.d_tag == DT_STRTAB)
			strtab = d.d_un.d_ptr;
		else if (d.d_tag == DT_HASH)
			hash = d.d_un.d_ptr;
		else if (d.d_tag == DT_NEEDED)
			finding(v, "the kernel asks for a library, and nothing could load one");
	}
	if (!symtab)
		return;
	/* The second word of the hash table is the number of symbols. */
	p = hash ? kernel_file_at(k, hash - k->base, sizeof(words)) : NULL;
	if (p) {
		memcpy(words, p, sizeof(words));
		count = words[1];
	} else if (strtab > symtab) {
		count = (strtab - symtab) / sizeof(Elf64_Sym);
	}
	for (uint64_t i = 1; i < count && i < MOST_SYMBOLS; i++) {
		const char *name;
		Elf64_Sym sym;

		p = kernel_file_at(k, symtab - k->base + i * sizeof(sym), sizeof(sym));
		if (!p) {
			finding(v, "the table of what the kernel exports goes beyond the image");
			break;
		}
		memcpy(&sym, p, sizeof(sym));
		if (sym.st_shndx == SHN_UNDEF || ELF64_ST_BIND(sym.st_info) == STB_LOCAL)
			continue;
		name = kernel_file_string(k, strtab - k->base + sym.st_name);
		strings_add(&v->exports, name ? name : "?");
		if (!v->exports_all)
			finding(v, "the kernel exports %s, and no module of the image imports it", name ? name : "a symbol without a name");
	}
}

void verify_segments(struct verification *v)
{
	const char *export = json_string_value(json_object_get(v->manifest, "export"));
	unsigned told = (unsigned)json_array_size(json_object_get(json_object_get(v->manifest, "kernel"), "segments"));

	for (unsigned i = 0; i < v->kernel.ehdr.e_phnum; i++)
		check_protection(v, &v->kernel.ph[i]);
	if (v->manifest && v->segments < told)
		finding(v, "the manifest names %u segments of the kernel, and it has %u", told, v->segments);
	v->exports_all = export && !strcmp(export, "all");
	check_entry(v);
	check_exports(v);
}
