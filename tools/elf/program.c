/* Reads what a loader reads of a program or library: header, segments, dynamic section (System V ABI, chapter 5).
 * Section headers are not looked at: a loader does not either, and they may be stripped. Every offset is checked.
 */
#include "program.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

struct view {
	const struct buf *file;
	Elf64_Ehdr ehdr;
	const Elf64_Phdr *ph;
};

static bool inside(const struct buf *file, uint64_t offset, uint64_t size)
{
	return offset <= file->size && file->size - offset >= size;
}

static const char *machine_name(unsigned machine)
{
	static const struct {
		unsigned machine;
		const char *name;
	} names[] = {
		{ EM_386, "32-bit x86" },   { EM_AARCH64, "aarch64" }, { EM_ARM, "32-bit ARM" }, { EM_RISCV, "RISC-V" },
		{ EM_PPC64, "64-bit POWER" }, { EM_S390, "S/390" },    { EM_MIPS, "MIPS" },      { EM_X86_64, "x86-64" },
	};

	for (size_t i = 0; i < COUNT(names); i++) {
		if (names[i].machine == machine)
			return names[i].name;
	}
	return format("machine number %u", machine);
}

/* The file bytes at a virtual address, and how many follow in its segment. */
static const char *at_address(const struct view *v, uint64_t address, uint64_t *ret_rest)
{
	for (unsigned i = 0; i < v->ehdr.e_phnum; i++) {
		const Elf64_Phdr *ph = &v->ph[i];

		if (ph->p_type == PT_LOAD && address >= ph->p_vaddr && address - ph->p_vaddr < ph->p_filesz) {
			*ret_rest = ph->p_filesz - (address - ph->p_vaddr);
			return v->file->data + ph->p_offset + (address - ph->p_vaddr);
		}
	}
	return NULL;
}

static const char *check_header(struct view *v)
{
	const struct buf *file = v->file;
	const Elf64_Ehdr *e = &v->ehdr;

	if (file->size >= 2 && !memcmp(file->data, "#!", 2))
		return format("is a script: give its interpreter, %s, as the program",
			      xstrndup(file->data + 2, strcspn(file->data + 2, "\r\n")));
	if (file->size == 0)
		return "is empty";
	if (file->size < SELFMAG || memcmp(file->data, ELFMAG, SELFMAG))
		return "is not an ELF program";
	if (file->size < sizeof(*e))
		return "is truncated: its ELF header is not complete";
	memcpy(&v->ehdr, file->data, sizeof(v->ehdr));
	if (e->e_machine != EM_X86_64 || e->e_ident[EI_DATA] != ELFDATA2LSB)
		return format("is for %s, and this kernel runs programs for x86-64", machine_name(e->e_machine));
	if (e->e_ident[EI_CLASS] != ELFCLASS64)
		return "is an x32 program and this kernel runs 64-bit ones";
	if (e->e_type != ET_EXEC && e->e_type != ET_DYN)
		return e->e_type == ET_REL ? "is an object file, not a program: link it first"
					   : "is an ELF file, but not a program";
	if (!e->e_phnum || e->e_phentsize != sizeof(Elf64_Phdr))
		return "is an ELF file without program headers, which nothing can start";
	if (!inside(file, e->e_phoff, (uint64_t)e->e_phnum * sizeof(Elf64_Phdr)))
		return "is truncated: its program headers lie beyond its end";
	v->ph = (const Elf64_Phdr *)memcpy(xcalloc(e->e_phnum, sizeof(*v->ph)), file->data + e->e_phoff,
					   e->e_phnum * sizeof(*v->ph));
	for (unsigned i = 0; i < e->e_phnum; i++) {
		if (v->ph[i].p_type == PT_LOAD && !inside(file, v->ph[i].p_offset, v->ph[i].p_filesz))
			return format("is truncated: segment %u ends at byte %llu, the file at %zu", i,
				      (unsigned long long)(v->ph[i].p_offset + v->ph[i].p_filesz), file->size);
	}
	return NULL;
}

struct dynamic {
	uint64_t strtab, strsz, symtab;
};

static char *string(const struct view *v, const struct dynamic *d, uint64_t offset)
{
	uint64_t rest;
	const char *text = at_address(v, d->strtab, &rest);

	if (!text || offset >= d->strsz || offset >= rest)
		return NULL;
	rest -= offset;
	if (rest > d->strsz - offset)
		rest = d->strsz - offset;
	return strnlen(text + offset, rest) == rest ? NULL : xstrdup(text + offset);
}

/* The undefined symbols: they come first in the table, so reading up to its string table bounds the rest. */
static void read_imports(const struct view *v, const struct dynamic *d, struct program *p)
{
	uint64_t rest, count;
	const char *table = at_address(v, d->symtab, &rest);

	if (!table || d->strtab <= d->symtab)
		return;
	count = (d->strtab - d->symtab) / sizeof(Elf64_Sym);
	for (uint64_t i = 1; i < count && (i + 1) * sizeof(Elf64_Sym) <= rest; i++) {
		Elf64_Sym sym;
		char *name;

		memcpy(&sym, table + i * sizeof(sym), sizeof(sym));
		if (sym.st_shndx == SHN_UNDEF && (name = string(v, d, sym.st_name)))
			strings_add(&p->imports, name);
	}
}

static const char *read_dynamic(const struct view *v, const Elf64_Phdr *ph, struct program *p)
{
	struct dynamic d = { 0 };
	uint64_t count = ph->p_filesz / sizeof(Elf64_Dyn);
	const char *table;

	if (!inside(v->file, ph->p_offset, ph->p_filesz))
		return "is truncated: its dynamic section lies beyond its end";
	table = v->file->data + ph->p_offset;
	for (unsigned pass = 0; pass < 2; pass++) {
		for (uint64_t i = 0; i < count; i++) {
			Elf64_Dyn dyn;

			memcpy(&dyn, table + i * sizeof(dyn), sizeof(dyn));
			if (dyn.d_tag == DT_NULL)
				break;
			if (dyn.d_tag == DT_STRTAB)
				d.strtab = dyn.d_un.d_ptr;
			else if (dyn.d_tag == DT_STRSZ)
				d.strsz = dyn.d_un.d_val;
			else if (dyn.d_tag == DT_SYMTAB)
				d.symtab = dyn.d_un.d_ptr;
			else if (dyn.d_tag == DT_FLAGS_1)
				p->library_flags = dyn.d_un.d_val & DF_1_NODEFLIB;
			if (pass == 0)
				continue;
			if (dyn.d_tag == DT_NEEDED || dyn.d_tag == DT_RPATH || dyn.d_tag == DT_RUNPATH ||
			    dyn.d_tag == DT_SONAME) {
				char *s = string(v, &d, dyn.d_un.d_val);

				if (!s)
					return "is damaged: its dynamic section names strings that are not there";
				if (dyn.d_tag == DT_NEEDED)
					strings_add(&p->needed, s);
				else if (dyn.d_tag == DT_RPATH)
					p->rpath = s;
				else if (dyn.d_tag == DT_RUNPATH)
					p->runpath = s;
				else
					p->soname = s;
			}
		}
	}
	read_imports(v, &d, p);
	return NULL;
}

const char *program_read(const char *path, struct program *p)
{
	struct buf file = { 0 };
	struct view v = { .file = &file };
	int error = file_read(path, &file);
	const char *why;

	*p = (struct program){ 0 };
	if (error)
		return format("cannot be read: %s", strerror(error));
	why = check_header(&v);
	for (unsigned i = 0; !why && i < v.ehdr.e_phnum; i++) {
		const Elf64_Phdr *ph = &v.ph[i];

		if (ph->p_type == PT_DYNAMIC)
			why = read_dynamic(&v, ph, p);
		if (ph->p_type != PT_INTERP)
			continue;
		if (!inside(&file, ph->p_offset, ph->p_filesz) || !ph->p_filesz ||
		    file.data[ph->p_offset + ph->p_filesz - 1])
			why = "is damaged: the name of its interpreter is not a string";
		else
			p->interpreter = xstrdup(file.data + ph->p_offset);
	}
	free(file.data);
	return why;
}
