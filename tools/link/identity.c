/* Writes the object that tells a kernel which components it was made of, with libelf: a relink needs no assembler.
 *
 * Two read-only sections, each with one global symbol that the link requires; the linker script puts them where the
 * kernel header points (include/whittle/kernel_header.h). And the table of what was cut (include/whittle/cut.h), which is
 * in the kernel if something asks it.
 */
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <string.h>
#include <unistd.h>

#include "link.h"

static const char section_names[] = "\0.whittle.id\0.whittle.names\0.whittle.cut\0.shstrtab\0.symtab\0.strtab";
static const char symbol_names[] = "\0whittle_id\0whittle_names\0whittle_cut";

static Elf_Scn *add_section(Elf *elf, const char *name, GElf_Word type, GElf_Xword flags, const void *data, size_t size)
{
	Elf_Scn *scn = elf_newscn(elf);
	Elf_Data *d = scn ? elf_newdata(scn) : NULL;
	GElf_Shdr shdr;
	const char *p = section_names + 1;

	if (!d || !gelf_getshdr(scn, &shdr))
		fail("libelf: %s", elf_errmsg(-1));
	while (strcmp(p, name))
		p += strlen(p) + 1;
	shdr.sh_name = (GElf_Word)(p - section_names);
	shdr.sh_type = type;
	shdr.sh_flags = flags;
	gelf_update_shdr(scn, &shdr);
	d->d_buf = (void *)(uintptr_t)data;
	d->d_size = size;
	d->d_align = type == SHT_SYMTAB ? 8 : flags & SHF_WRITE ? 4 : 1;
	d->d_type = type == SHT_SYMTAB ? ELF_T_SYM : ELF_T_BYTE;
	return scn;
}

static Elf64_Sym symbol(const char *name, Elf_Scn *scn, size_t size)
{
	Elf64_Sym sym = { .st_info = ELF64_ST_INFO(STB_GLOBAL, STT_OBJECT), .st_size = size };
	const char *p = symbol_names + 1;

	while (strcmp(p, name))
		p += strlen(p) + 1;
	sym.st_name = (Elf64_Word)(p - symbol_names);
	sym.st_shndx = (Elf64_Half)elf_ndxscn(scn);
	return sym;
}

void identity_write(const char *path, const uint8_t id[32], const struct strings *names, const struct buf *cut)
{
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	Elf *elf = fd < 0 ? NULL : elf_begin(fd, ELF_C_WRITE, NULL);
	Elf64_Ehdr *ehdr;
	Elf64_Shdr *shdr;
	Elf64_Sym symbols[4] = { { 0 } };
	struct buf text = { 0 };
	Elf_Scn *id_scn, *names_scn, *cut_scn, *symtab, *strtab;

	if (!elf || !(ehdr = elf64_newehdr(elf)))
		fail("%s: %s", path, fd < 0 ? strerror(errno) : elf_errmsg(-1));
	for (size_t i = 0; i < names->count; i++)
		buf_add(&text, names->at[i], strlen(names->at[i]) + 1);
	buf_add(&text, "", 0);
	ehdr->e_ident[EI_DATA] = ELFDATA2LSB;
	ehdr->e_type = ET_REL;
	ehdr->e_machine = EM_X86_64;
	ehdr->e_version = EV_CURRENT;
	id_scn = add_section(elf, ".whittle.id", SHT_PROGBITS, SHF_ALLOC, id, 32);
	names_scn = add_section(elf, ".whittle.names", SHT_PROGBITS, SHF_ALLOC, text.data, text.size);
	cut_scn = add_section(elf, ".whittle.cut", SHT_PROGBITS, SHF_ALLOC | SHF_WRITE, cut->data, cut->size);
	strtab = add_section(elf, ".strtab", SHT_STRTAB, 0, symbol_names, sizeof(symbol_names));
	symbols[1] = symbol("whittle_id", id_scn, 32);
	symbols[2] = symbol("whittle_names", names_scn, text.size);
	symbols[3] = symbol("whittle_cut", cut_scn, cut->size);
	symtab = add_section(elf, ".symtab", SHT_SYMTAB, 0, symbols, sizeof(symbols));
	shdr = elf64_getshdr(symtab);
	shdr->sh_link = (Elf64_Word)elf_ndxscn(strtab);
	shdr->sh_info = 1;
	shdr->sh_entsize = sizeof(Elf64_Sym);
	ehdr->e_shstrndx = (Elf64_Half)elf_ndxscn(
		add_section(elf, ".shstrtab", SHT_STRTAB, 0, section_names, sizeof(section_names)));
	if (elf_update(elf, ELF_C_WRITE) < 0)
		fail("%s: %s", path, elf_errmsg(-1));
	elf_end(elf);
	close(fd);
}
