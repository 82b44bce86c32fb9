/* Reading an ELF file's headers: every number in them is checked here, once, by subtraction.
 *
 * 64-bit little-endian executables only, as mapped programs are; sections are never looked at. No memory is allocated and
 * nothing is read besides what the caller passes, so that the host's tests and fuzzer run the same code.
 */
#include <exec/elf.h>
#include <linux/elf.h>
#include <linux/mman.h>

COMPONENT("elf", "reads ELF programs");

const char *elf_check_header(const void *head, size_t n, uint64_t file_size, unsigned machine, struct elf_image *out)
{
	Elf64_Ehdr e;

	*out = (struct elf_image){ 0 };
	if (n < 4 || memcmp(head, ELFMAG, SELFMAG) != 0)
		return "not an ELF program";
	if (n < sizeof(e))
		return "truncated: shorter than an ELF header";
	memcpy(&e, head, sizeof(e));
	if (e.e_ident[EI_CLASS] != ELFCLASS64 || e.e_ident[EI_DATA] != ELFDATA2LSB || e.e_machine != machine)
		return "made for another processor";
	if (e.e_ident[EI_VERSION] != EV_CURRENT || e.e_version != EV_CURRENT)
		return "of an unknown ELF version";
	if (e.e_type != ET_EXEC && e.e_type != ET_DYN)
		return "an ELF file, but not a program";
	if (e.e_phentsize != sizeof(Elf64_Phdr) || e.e_phnum == 0 || e.e_phnum > ELF_HEADERS_MAX)
		return "damaged: its program headers have a strange size or number";
	if (e.e_phoff > file_size || file_size - e.e_phoff < e.e_phnum * sizeof(Elf64_Phdr))
		return "truncated: its program headers lie beyond its end";
	out->movable = e.e_type == ET_DYN;
	out->entry = e.e_entry;
	out->header_count = e.e_phnum;
	out->headers_offset = e.e_phoff;
	return NULL;
}

static const char *add_segment(const Elf64_Phdr *p, uint64_t file_size, uint64_t limit, struct elf_image *out)
{
	uint64_t start = p->p_vaddr & PAGE_MASK, end, headers_size = out->header_count * sizeof(Elf64_Phdr);
	struct elf_segment *s;

	if (p->p_memsz == 0)
		return NULL;
	if (out->count == ELF_SEGMENTS_MAX)
		return "damaged: it has too many segments";
	if (p->p_filesz > p->p_memsz)
		return "damaged: a segment is larger in the file than in memory";
	if (p->p_offset > file_size || file_size - p->p_offset < p->p_filesz)
		return "truncated: a segment lies beyond its end";
	if ((p->p_vaddr ^ p->p_offset) & ~PAGE_MASK)
		return "damaged: a segment's address and place in the file do not match";
	if (p->p_vaddr >= limit || limit - p->p_vaddr < p->p_memsz)
		return "damaged: a segment lies outside a program's addresses";
	end = ALIGN_UP(p->p_vaddr + p->p_memsz, PAGE_SIZE); /* the limit is page-aligned: no wrap */
	if (out->count == 0)
		out->low = start;
	else if (start < out->high)
		return "damaged: its segments overlap or are not in order";
	out->high = end;
	s = &out->segments[out->count++];
	*s = (struct elf_segment){ p->p_vaddr, p->p_memsz, p->p_offset, p->p_filesz, 0 };
	s->prot = (p->p_flags & PF_R ? PROT_READ : 0u) | (p->p_flags & PF_W ? PROT_WRITE : 0u) |
		  (p->p_flags & PF_X ? PROT_EXEC : 0u);
	if (p->p_align > out->alignment && (p->p_align & (p->p_align - 1)) == 0)
		out->alignment = p->p_align;
	if (out->headers_offset >= p->p_offset && out->headers_offset - p->p_offset < p->p_filesz &&
	    p->p_filesz - (out->headers_offset - p->p_offset) >= headers_size)
		out->headers = p->p_vaddr + (out->headers_offset - p->p_offset);
	return NULL;
}

const char *elf_read_segments(const void *table, uint64_t file_size, uint64_t limit, struct elf_image *out)
{
	const char *why;

	out->alignment = PAGE_SIZE;
	for (unsigned i = 0; i < out->header_count; i++) {
		Elf64_Phdr p;

		memcpy(&p, (const char *)table + i * sizeof(p), sizeof(p));
		switch (p.p_type) {
		case PT_LOAD:
			why = add_segment(&p, file_size, limit, out);
			if (why)
				return why;
			break;
		case PT_INTERP:
			if (p.p_offset > file_size || file_size - p.p_offset < p.p_filesz)
				return "truncated: the name of its interpreter lies beyond its end";
			if (p.p_filesz < 2 || p.p_filesz > ELF_INTERP_MAX)
				return "damaged: the name of its interpreter has a strange length";
			out->interp_offset = p.p_offset;
			out->interp_size = p.p_filesz;
			break;
		}
	}
	if (out->count == 0)
		return "an ELF file without anything to load";
	if (out->entry < out->low || out->entry >= out->high)
		return "damaged: it starts outside its segments";
	if (out->alignment > 1ul << 30)
		out->alignment = 1ul << 30;
	return NULL;
}
