/* Segments, the dynamic section, dynamic symbols with their versions, relocations (System V ABI, chapter 5; the x86-64
 * supplement; the gABI's RELR; the GNU extensions: hash table, symbol versions).
 */
#include "binary.h"

#include <stdlib.h>
#include <string.h>

enum {
	MOST_NAME = 65536,
	MOST_HEADERS = 65536 / sizeof(Elf64_Phdr), /* Linux starts nothing with more (fs/binfmt_elf.c, load_elf_phdrs()) */
};

static bool inside(const struct binary *o, uint64_t offset, uint64_t size)
{
	return offset <= o->file.size && o->file.size - offset >= size;
}

const struct segment *binary_segment(const struct binary *o, uint64_t at)
{
	for (size_t i = 0; i < o->segment_count; i++) {
		if (at >= o->segments[i].start && at < o->segments[i].end)
			return &o->segments[i];
	}
	return NULL;
}

const uint8_t *binary_bytes(const struct binary *o, uint64_t at, uint64_t *ret_rest)
{
	const struct segment *s = binary_segment(o, at);

	if (!s || at >= s->file_end)
		return NULL;
	*ret_rest = s->file_end - at;
	return (const uint8_t *)o->file.data + s->offset + (at - s->start);
}

bool binary_word(const struct binary *o, uint64_t at, unsigned size, uint64_t *ret)
{
	uint64_t rest;
	const uint8_t *p = binary_bytes(o, at, &rest);

	*ret = 0;
	if (!p || rest < size)
		return false;
	memcpy(ret, p, size);
	return true;
}

bool binary_writable(const struct binary *o, uint64_t at)
{
	const struct segment *s = binary_segment(o, at);

	return !s || s->write;
}

const char *binary_string(const struct binary *o, uint64_t at)
{
	uint64_t rest;
	const char *p = (const char *)binary_bytes(o, at, &rest);

	if (!p)
		return NULL;
	/* Bounded, so that a file whose every symbol names one endless string does not cost its square. */
	if (rest > MOST_NAME)
		rest = MOST_NAME;
	return strnlen(p, rest) < rest ? p : NULL;
}

static const struct section *section_at(const struct binary *o, uint64_t at)
{
	size_t low = 0, high = o->section_count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (o->sections[middle].start <= at)
			low = middle + 1;
		else
			high = middle;
	}
	return low && at < o->sections[low - 1].end ? &o->sections[low - 1] : NULL;
}

bool binary_is_code(const struct binary *o, uint64_t at)
{
	const struct segment *s = binary_segment(o, at);
	const struct section *section;

	if (!s || !s->execute || at >= s->file_end)
		return false;
	if (!o->section_count)
		return true;
	/* Old links put read-only data and headers into the executable segment. */
	section = section_at(o, at);
	return !section || section->execute;
}

size_t binary_reloc_from(const struct binary *o, uint64_t at)
{
	size_t low = 0, high = o->reloc_count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (o->relocs[middle].place < at)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct reloc *binary_reloc_at(const struct binary *o, uint64_t at)
{
	size_t i = binary_reloc_from(o, at);

	return i < o->reloc_count && o->relocs[i].place == at ? &o->relocs[i] : NULL;
}

/* The dynamic section's values, by tag. */
struct dynamic {
	uint64_t strtab, strsz, symtab, hash, gnu_hash, versym, verneed, verneednum, verdef, verdefnum;
	uint64_t rela, relasz, jmprel, pltrelsz, relr, relrsz;
};

static const char *name_at(const struct binary *o, const struct dynamic *d, uint64_t offset)
{
	return d->strtab && offset < d->strsz ? binary_string(o, d->strtab + offset) : NULL;
}

/* Segments that share addresses, or that show the file's bytes over and over, are in no program: which of them counts
 * would be a guess, and a small file would be as large as one likes.
 */
static const char *check_segments(const struct binary *o)
{
	uint64_t total = 0;

	for (size_t i = 0; i < o->segment_count; i++) {
		for (size_t j = 0; j < i; j++) {
			if (o->segments[i].start < o->segments[j].end && o->segments[j].start < o->segments[i].end)
				return "is damaged: two of its segments share addresses";
		}
		total += o->segments[i].file_end - o->segments[i].start;
	}
	return total / 2 > o->file.size ? "is damaged: its segments hold more than twice what the file does" : NULL;
}

static const char *read_segments(struct binary *o)
{
	const Elf64_Ehdr *e = &o->ehdr;

	if (e->e_phnum > MOST_HEADERS)
		return "is damaged: it has more program headers than Linux takes";
	if (!inside(o, e->e_phoff, (uint64_t)e->e_phnum * sizeof(Elf64_Phdr)))
		return "is truncated: its program headers lie beyond its end";
	o->segments = xcalloc(e->e_phnum, sizeof(*o->segments));
	for (unsigned i = 0; i < e->e_phnum; i++) {
		Elf64_Phdr ph;

		memcpy(&ph, o->file.data + e->e_phoff + i * sizeof(ph), sizeof(ph));
		if (ph.p_type == PT_TLS) {
			o->tls_start = ph.p_vaddr;
			o->tls_end = ph.p_vaddr + ph.p_filesz;
		}
		if (ph.p_type == PT_GNU_EH_FRAME)
			o->eh_frame_hdr = ph.p_vaddr;
		if (ph.p_type != PT_LOAD || !ph.p_memsz)
			continue;
		if (!inside(o, ph.p_offset, ph.p_filesz))
			return format("is truncated: segment %u ends beyond its end", i);
		if (ph.p_filesz > ph.p_memsz || ph.p_vaddr + ph.p_memsz < ph.p_vaddr)
			return format("is damaged: segment %u has more in the file than in memory", i);
		o->segments[o->segment_count++] = (struct segment){
			.start = ph.p_vaddr,
			.file_end = ph.p_vaddr + ph.p_filesz,
			.end = ph.p_vaddr + ph.p_memsz,
			.offset = ph.p_offset,
			.execute = ph.p_flags & PF_X,
			.write = ph.p_flags & PF_W,
		};
	}
	return o->segment_count ? check_segments(o) : "is an ELF file without segments, which nothing can start";
}

static void read_sections(struct binary *o)
{
	const Elf64_Ehdr *e = &o->ehdr;
	Elf64_Shdr names;

	if (!e->e_shnum || e->e_shentsize != sizeof(Elf64_Shdr) || e->e_shstrndx >= e->e_shnum ||
	    !inside(o, e->e_shoff, (uint64_t)e->e_shnum * sizeof(Elf64_Shdr)))
		return;
	memcpy(&names, o->file.data + e->e_shoff + e->e_shstrndx * sizeof(names), sizeof(names));
	if (names.sh_type != SHT_STRTAB || !inside(o, names.sh_offset, names.sh_size))
		return;
	o->sections = xcalloc(e->e_shnum, sizeof(*o->sections));
	for (unsigned i = 1; i < e->e_shnum; i++) {
		const char *text = o->file.data + names.sh_offset;
		Elf64_Shdr sh;

		memcpy(&sh, o->file.data + e->e_shoff + i * sizeof(sh), sizeof(sh));
		if (!(sh.sh_flags & SHF_ALLOC) || (sh.sh_flags & SHF_TLS && sh.sh_type == SHT_NOBITS) || !sh.sh_size ||
		    sh.sh_name >= names.sh_size || sh.sh_addr + sh.sh_size < sh.sh_addr ||
		    strnlen(text + sh.sh_name, names.sh_size - sh.sh_name) == names.sh_size - sh.sh_name)
			continue;
		/* Only what lies where a segment puts it is believed: nothing else reads section headers. */
		if (!binary_segment(o, sh.sh_addr) || !binary_segment(o, sh.sh_addr + sh.sh_size - 1))
			continue;
		o->sections[o->section_count++] = (struct section){
			.name = text + sh.sh_name,
			.start = sh.sh_addr,
			.end = sh.sh_addr + sh.sh_size,
			.execute = sh.sh_flags & SHF_EXECINSTR,
			.data = sh.sh_type != SHT_NOBITS,
		};
	}
}

static int by_start(const void *a, const void *b)
{
	const struct section *x = a, *y = b;

	return x->start < y->start ? -1 : x->start > y->start;
}

/* In order, and none inside another: of two that overlap the first stays. */
static void order_sections(struct binary *o)
{
	size_t kept = 0;

	sort(o->sections, o->section_count, sizeof(*o->sections), by_start);
	for (size_t i = 0; i < o->section_count; i++) {
		if (!kept || o->sections[i].start >= o->sections[kept - 1].end)
			o->sections[kept++] = o->sections[i];
	}
	o->section_count = kept;
}

static int by_place(const void *a, const void *b)
{
	const struct reloc *x = a, *y = b;

	return x->place < y->place ? -1 : x->place > y->place;
}

static void add_entry(struct binary *o, uint64_t at)
{
	o->entries = xrealloc(o->entries, o->entry_count + 1, sizeof(*o->entries));
	o->entries[o->entry_count++] = at;
}

static void read_tags(struct binary *o, uint64_t at, uint64_t count, struct dynamic *d)
{
	for (uint64_t i = 0; i < count; i++) {
		uint64_t tag, value;

		if (!binary_word(o, at + i * 16, 8, &tag) || !binary_word(o, at + i * 16 + 8, 8, &value) || tag == DT_NULL)
			return;
		switch (tag) {
		case DT_STRTAB: d->strtab = value; break;
		case DT_STRSZ: d->strsz = value; break;
		case DT_SYMTAB: d->symtab = value; break;
		case DT_HASH: d->hash = value; break;
		case DT_GNU_HASH: d->gnu_hash = value; break;
		case DT_VERSYM: d->versym = value; break;
		case DT_VERNEED: d->verneed = value; break;
		case DT_VERNEEDNUM: d->verneednum = value; break;
		case DT_VERDEF: d->verdef = value; break;
		case DT_VERDEFNUM: d->verdefnum = value; break;
		case DT_RELA: d->rela = value; break;
		case DT_RELASZ: d->relasz = value; break;
		case DT_JMPREL: d->jmprel = value; break;
		case DT_PLTRELSZ: d->pltrelsz = value; break;
		case DT_RELR: d->relr = value; break;
		case DT_RELRSZ: d->relrsz = value; break;
		case DT_INIT:
		case DT_FINI: add_entry(o, value); break;
		case DT_PREINIT_ARRAY: o->arrays[0].start = value; break;
		case DT_PREINIT_ARRAYSZ: o->arrays[0].end = value; break;
		case DT_INIT_ARRAY: o->arrays[1].start = value; break;
		case DT_INIT_ARRAYSZ: o->arrays[1].end = value; break;
		case DT_FINI_ARRAY: o->arrays[2].start = value; break;
		case DT_FINI_ARRAYSZ: o->arrays[2].end = value; break;
		}
	}
}

/* How many dynamic symbols there are: only the hash tables tell. */
static uint64_t count_symbols(const struct binary *o, const struct dynamic *d)
{
	uint64_t buckets, first, bloom, word, last = 0, chains;

	if (d->hash && binary_word(o, d->hash + 4, 4, &word))
		return word;
	if (!d->gnu_hash || !binary_word(o, d->gnu_hash, 4, &buckets) || !binary_word(o, d->gnu_hash + 4, 4, &first) ||
	    !binary_word(o, d->gnu_hash + 8, 4, &bloom))
		return d->strtab > d->symtab ? (d->strtab - d->symtab) / sizeof(Elf64_Sym) : 0;
	for (uint64_t i = 0; i < buckets; i++) {
		if (!binary_word(o, d->gnu_hash + 16 + bloom * 8 + i * 4, 4, &word))
			break;
		if (word > last)
			last = word;
	}
	if (last < first)
		return first;
	chains = d->gnu_hash + 16 + bloom * 8 + buckets * 4;
	while (binary_word(o, chains + (last - first) * 4, 4, &word) && !(word & 1))
		last++;
	return last + 1;
}

/* The names of version indices, of what is needed and of what is defined. */
static void read_versions(const struct binary *o, const struct dynamic *d, const char **names)
{
	uint64_t at = d->verneed, next, word, name;
	uint64_t left = o->file.size / sizeof(Elf64_Vernaux); /* more entries there cannot be without some that overlap */

	for (uint64_t i = 0; d->verneed && i < d->verneednum && left; i++, at += next, left--) {
		uint64_t aux, count, step;

		if (!binary_word(o, at + 2, 2, &count) || !binary_word(o, at + 8, 4, &aux) ||
		    !binary_word(o, at + 12, 4, &next))
			break;
		aux += at;
		for (uint64_t j = 0; j < count && left; j++, aux += step, left--) {
			if (!binary_word(o, aux + 6, 2, &word) || !binary_word(o, aux + 8, 4, &name) ||
			    !binary_word(o, aux + 12, 4, &step))
				break;
			names[word & 0x7fff] = name_at(o, d, name);
			if (!step)
				break;
		}
		if (!next)
			break;
	}
	at = d->verdef;
	for (uint64_t i = 0; d->verdef && i < d->verdefnum && left; i++, at += next, left--) {
		uint64_t aux, flags;

		if (!binary_word(o, at + 2, 2, &flags) || !binary_word(o, at + 4, 2, &word) ||
		    !binary_word(o, at + 12, 4, &aux) || !binary_word(o, at + 16, 4, &next) ||
		    !binary_word(o, at + aux, 4, &name))
			break;
		if (!(flags & VER_FLG_BASE))
			names[word & 0x7fff] = name_at(o, d, name);
		if (!next)
			break;
	}
}

static unsigned symbol_flags(unsigned info)
{
	unsigned flags = ELF64_ST_BIND(info) == STB_WEAK ? SYMBOL_WEAK : 0;

	switch (ELF64_ST_TYPE(info)) {
	case STT_FUNC: return flags | SYMBOL_FUNCTION;
	case STT_GNU_IFUNC: return flags | SYMBOL_FUNCTION | SYMBOL_IFUNC;
	case STT_OBJECT: return flags | SYMBOL_OBJECT;
	default: return flags;
	}
}

static void read_symbols(struct binary *o, const struct dynamic *d)
{
	uint64_t count = d->symtab ? count_symbols(o, d) : 0, rest, word;
	const uint8_t *table = binary_bytes(o, d->symtab, &rest);
	const char **versions;

	if (!table)
		return;
	if (count > rest / sizeof(Elf64_Sym))
		count = rest / sizeof(Elf64_Sym);
	versions = xcalloc(0x8000, sizeof(*versions));
	read_versions(o, d, versions);
	o->symbols = xcalloc(count, sizeof(*o->symbols));
	o->symbol_count = count;
	for (uint64_t i = 0; i < count; i++) {
		struct symbol *s = &o->symbols[i];
		Elf64_Sym sym;

		memcpy(&sym, table + i * sizeof(sym), sizeof(sym));
		s->name = name_at(o, d, sym.st_name);
		if (!s->name)
			s->name = "";
		s->at = sym.st_value;
		s->size = sym.st_size;
		s->flags = symbol_flags(sym.st_info);
		s->defined = sym.st_shndx != SHN_UNDEF && sym.st_shndx != SHN_ABS &&
			     ELF64_ST_TYPE(sym.st_info) != STT_TLS && ELF64_ST_BIND(sym.st_info) != STB_LOCAL;
		if (d->versym && binary_word(o, d->versym + i * 2, 2, &word)) {
			s->version = versions[word & 0x7fff];
			if (word & 0x8000)
				s->flags |= SYMBOL_HIDDEN_VERSION;
		}
	}
	free(versions);
}

static void add_reloc(struct binary *o, size_t *capacity, struct reloc r)
{
	if (o->reloc_count == *capacity) {
		*capacity = *capacity ? *capacity * 2 : 1024;
		o->relocs = xrealloc(o->relocs, *capacity, sizeof(r));
	}
	o->relocs[o->reloc_count++] = r;
}

static void read_rela(struct binary *o, uint64_t at, uint64_t size, size_t *capacity)
{
	uint64_t rest;
	const uint8_t *table = binary_bytes(o, at, &rest);

	if (!table)
		return;
	if (size > rest)
		size = rest;
	for (uint64_t i = 0; i + sizeof(Elf64_Rela) <= size; i += sizeof(Elf64_Rela)) {
		struct reloc r = { 0 };
		Elf64_Rela rela;

		memcpy(&rela, table + i, sizeof(rela));
		r.place = rela.r_offset;
		r.target = (uint64_t)rela.r_addend;
		r.symbol = ELF64_R_SYM(rela.r_info);
		if (r.symbol >= o->symbol_count && r.symbol)
			continue;
		switch (ELF64_R_TYPE(rela.r_info)) {
		case R_X86_64_RELATIVE:
			r.kind = RELOC_LOCAL;
			break;
		case R_X86_64_IRELATIVE:
			r.kind = RELOC_RESOLVER;
			break;
		case R_X86_64_GLOB_DAT:
		case R_X86_64_JUMP_SLOT:
			r.slot = true;
			r.target = 0;
			r.kind = RELOC_SYMBOL;
			break;
		case R_X86_64_64:
		case R_X86_64_32:
		case R_X86_64_PC32:
			r.kind = RELOC_SYMBOL;
			break;
		case R_X86_64_COPY:
			r.kind = RELOC_COPY;
			break;
		default: /* thread-local data and sizes carry no address */
			continue;
		}
		if (r.kind == RELOC_SYMBOL && !r.symbol)
			r.kind = RELOC_LOCAL;
		add_reloc(o, capacity, r);
	}
}

static void read_relr(struct binary *o, uint64_t at, uint64_t size, size_t *capacity)
{
	uint64_t place = 0, entry, target;

	for (uint64_t i = 0; i + 8 <= size && o->reloc_count <= o->file.size / 4 && binary_word(o, at + i, 8, &entry); i += 8) {
		if (!(entry & 1)) {
			place = entry;
			if (binary_word(o, place, 8, &target))
				add_reloc(o, capacity, (struct reloc){ .place = place, .target = target });
			place += 8;
			continue;
		}
		for (unsigned bit = 1; bit < 64; bit++) {
			uint64_t p = place + (bit - 1) * 8;

			if (entry >> bit & 1 && binary_word(o, p, 8, &target))
				add_reloc(o, capacity, (struct reloc){ .place = p, .target = target });
		}
		place += 63 * 8;
	}
}

/* Tables for the loader and the unwinder hold addresses that the program itself never follows. */
static bool for_the_loader(const struct binary *o, const struct dynamic *d, uint64_t at)
{
	static const char *const names[] = { ".rela", ".dynsym", ".dynamic", ".gnu.", ".eh_frame", ".note", ".hash" };
	const struct section *section = section_at(o, at);

	if ((at >= d->rela && at < d->rela + d->relasz) || (at >= d->jmprel && at < d->jmprel + d->pltrelsz) ||
	    (at >= d->symtab && at < d->strtab) || (at >= d->strtab && at < d->strtab + d->strsz))
		return true;
	for (size_t j = 0; section && j < COUNT(names); j++) {
		if (!strncmp(section->name, names[j], strlen(names[j])))
			return true;
	}
	return false;
}

/* A fixed program holds addresses as plain words: each word of its data that could be one counts as one. */
static void read_plain_words(struct binary *o, const struct dynamic *d, size_t *capacity)
{
	for (size_t i = 0; i < o->segment_count; i++) {
		const struct segment *s = &o->segments[i];

		for (uint64_t at = (s->start + 3) & ~3ull; at + 8 <= s->file_end; at += 4) {
			uint64_t word;

			if (s->execute && o->section_count && binary_is_code(o, at))
				continue;
			if (binary_word(o, at, 8, &word) && binary_segment(o, word) && !for_the_loader(o, d, at))
				add_reloc(o, capacity, (struct reloc){ .place = at, .target = word });
		}
	}
}

/* A static program's IRELATIVE relocations are found by symbols, __rela_iplt_start; without them by .rela.* sections. */
static void read_static_rela(struct binary *o, size_t *capacity)
{
	for (size_t i = 0; i < o->section_count; i++) {
		const struct section *s = &o->sections[i];

		if (!strncmp(s->name, ".rela.", 6))
			read_rela(o, s->start, s->end - s->start, capacity);
	}
}

static void read_notes(struct binary *o)
{
	for (unsigned i = 0; i < o->ehdr.e_phnum; i++) {
		Elf64_Phdr ph;
		Elf64_Nhdr n;

		memcpy(&ph, o->file.data + o->ehdr.e_phoff + i * sizeof(ph), sizeof(ph));
		if (ph.p_type != PT_NOTE || !inside(o, ph.p_offset, ph.p_filesz))
			continue;
		for (uint64_t at = 0; at + sizeof(n) <= ph.p_filesz;) {
			uint64_t name, desc;

			memcpy(&n, o->file.data + ph.p_offset + at, sizeof(n));
			name = at + sizeof(n);
			desc = name + (((uint64_t)n.n_namesz + 3) & ~3ull);
			if (desc > ph.p_filesz || ph.p_filesz - desc < n.n_descsz)
				break;
			if (n.n_type == NT_GNU_BUILD_ID && n.n_namesz == 4 && n.n_descsz <= sizeof(o->build_id) &&
			    !memcmp(o->file.data + ph.p_offset + name, "GNU", 4)) {
				memcpy(o->build_id, o->file.data + ph.p_offset + desc, n.n_descsz);
				o->build_id_size = n.n_descsz;
			}
			at = desc + (((uint64_t)n.n_descsz + 3) & ~3ull);
		}
	}
}

static const char *check_header(struct binary *o)
{
	const Elf64_Ehdr *e = &o->ehdr;

	if (o->file.size < SELFMAG || memcmp(o->file.data, ELFMAG, SELFMAG))
		return "is not an ELF file";
	if (o->file.size < sizeof(*e))
		return "is truncated: its ELF header is not complete";
	memcpy(&o->ehdr, o->file.data, sizeof(o->ehdr));
	if (e->e_machine != EM_X86_64 || e->e_ident[EI_CLASS] != ELFCLASS64 || e->e_ident[EI_DATA] != ELFDATA2LSB)
		return "is not for x86-64, the only machine whose code is analyzed";
	if ((e->e_type != ET_EXEC && e->e_type != ET_DYN) || !e->e_phnum || e->e_phentsize != sizeof(Elf64_Phdr))
		return "is not a program or a shared library";
	return NULL;
}

const char *binary_read(struct binary *o, const char *path)
{
	struct dynamic d = { 0 };
	size_t capacity = 0, kept = 0;
	const char *why;
	int error;

	*o = (struct binary){ .path = path, .name = path_base(path) };
	error = file_read(path, &o->file);
	if (error)
		return format("cannot be read: %s", strerror(error));
	why = check_header(o);
	if (!why)
		why = read_segments(o);
	if (why)
		return why;
	o->fixed = o->ehdr.e_type == ET_EXEC;
	read_sections(o);
	order_sections(o);
	read_notes(o);
	if (o->ehdr.e_entry)
		add_entry(o, o->ehdr.e_entry);
	for (unsigned i = 0; i < o->ehdr.e_phnum; i++) {
		Elf64_Phdr ph;

		memcpy(&ph, o->file.data + o->ehdr.e_phoff + i * sizeof(ph), sizeof(ph));
		if (ph.p_type == PT_DYNAMIC) {
			o->dynamic = true;
			read_tags(o, ph.p_vaddr, ph.p_memsz / sizeof(Elf64_Dyn), &d);
		}
	}
	for (unsigned i = 0; i < COUNT(o->arrays); i++)
		o->arrays[i].end += o->arrays[i].start;
	o->names_start = d.strtab;
	o->names_end = d.strtab + d.strsz;
	read_symbols(o, &d);
	read_rela(o, d.rela, d.relasz, &capacity);
	read_rela(o, d.jmprel, d.pltrelsz, &capacity);
	read_relr(o, d.relr, d.relrsz, &capacity);
	if (!o->dynamic)
		read_static_rela(o, &capacity);
	if (o->reloc_count > o->file.size / 4)
		return "is damaged: it relocates more words than it has";
	if (o->fixed)
		read_plain_words(o, &d, &capacity);
	sort(o->relocs, o->reloc_count, sizeof(*o->relocs), by_place);
	for (size_t i = 0; i < o->reloc_count; i++) {
		/* A word and a relocation of one place: the relocation, which is never RELOC_LOCAL there, is the truth. */
		if (kept && o->relocs[kept - 1].place == o->relocs[i].place) {
			if (o->relocs[i].kind != RELOC_LOCAL)
				o->relocs[kept - 1] = o->relocs[i];
			continue;
		}
		o->relocs[kept++] = o->relocs[i];
	}
	o->reloc_count = kept;
	binary_read_locals(o);
	binary_read_unwind(o);
	return NULL;
}
