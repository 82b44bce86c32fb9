/* ELF headers: this machine's own programs pass, and each kind of damage is told. */
/* UNIT: exec/elf.c */
#include <exec/elf.h>
#include <linux/elf.h>
#include <linux/mman.h>

#include "tests/unit/tap.h"

#define LIMIT 0x7ffffffff000ul

static char *file;
static size_t size;
static struct elf_image image;

static const char *read_all(uint64_t file_size)
{
	const char *why = elf_check_header(file, size, file_size, EM_X86_64, &image);

	return why ? why : elf_read_segments(file + image.headers_offset, file_size, LIMIT, &image);
}

static Elf64_Ehdr *header(void)
{
	return (Elf64_Ehdr *)file;
}

/* The @n-th program header of a type. */
static Elf64_Phdr *segment(uint32_t type, unsigned n)
{
	Elf64_Phdr *p = (Elf64_Phdr *)(file + header()->e_phoff);

	for (unsigned i = 0; i < header()->e_phnum; i++)
		if (p[i].p_type == type && n-- == 0)
			return &p[i];
	return NULL;
}

/* Put @value in a field, look what is said, and put the old one back. */
#define DAMAGE(field, value, wanted, name)                                                         \
	do {                                                                                       \
		__typeof__(field) old_ = (field);                                                  \
		const char *why_;                                                                  \
		(field) = (__typeof__(field))(value);                                              \
		why_ = read_all(size);                                                             \
		ok(why_ && strncmp(why_, wanted, strlen(wanted)) == 0, "%s: %s", name, why_ ? why_ : "(fine)"); \
		(field) = old_;                                                                    \
	} while (0)

static void sound(void)
{
	static const struct {
		const char *path;
		bool movable, interpreted;
	} programs[] = { { "/bin/sh", true, true }, { "/lib64/ld-linux-x86-64.so.2", true, false } };

	for (unsigned i = 0; i < ARRAY_SIZE(programs); i++) {
		const char *why;

		file = host_read_file(programs[i].path, &size);
		if (!ok(file != NULL, "%s is read", programs[i].path))
			continue;
		why = read_all(size);
		ok(!why, "%s: %s", programs[i].path, why ? why : "is fine");
		ok(image.movable == programs[i].movable, "it can be moved");
		ok((image.interp_size > 0) == programs[i].interpreted, "its interpreter, or none");
		if (image.interp_size)
			is_text(file + image.interp_offset, "/lib64/ld-linux-x86-64.so.2", "its name");
		ok(image.entry >= image.low && image.entry < image.high, "its entry lies in it");
		ok(image.headers >= image.low && image.headers < image.high, "so do its program headers");
		ok(image.count >= 2 && image.segments[0].prot == PROT_READ, "its first segment is read-only");
		for (unsigned s = 0; s < image.count; s++)
			if ((image.segments[s].prot & (PROT_WRITE | PROT_EXEC)) == (PROT_WRITE | PROT_EXEC))
				ok(false, "a segment that is both writable and executable");
		host_free(file);
	}
}

static void damaged(void)
{
	Elf64_Phdr *first, *second, *interp;

	file = host_read_file("/bin/sh", &size);
	if (!ok(file != NULL, "a program to damage"))
		return;
	first = segment(PT_LOAD, 0);
	second = segment(PT_LOAD, 1);
	interp = segment(PT_INTERP, 0);
	DAMAGE(file[1], 'F', "not an ELF", "magic");
	DAMAGE(header()->e_machine, EM_AARCH64, "made for another", "machine");
	DAMAGE(file[EI_CLASS], ELFCLASS32, "made for another", "class");
	DAMAGE(file[EI_DATA], ELFDATA2MSB, "made for another", "byte order");
	DAMAGE(file[EI_VERSION], 9, "of an unknown", "version");
	DAMAGE(header()->e_type, ET_REL, "an ELF file, but", "type");
	DAMAGE(header()->e_phentsize, 55, "damaged", "size of headers");
	DAMAGE(header()->e_phnum, 0, "damaged", "no headers");
	DAMAGE(header()->e_phnum, 60000, "damaged", "too many headers");
	DAMAGE(header()->e_phoff, size, "truncated", "headers beyond the end");
	DAMAGE(header()->e_phoff, ~0ull, "truncated", "headers at the end of the world");
	DAMAGE(first->p_filesz, size + 1, "damaged", "a segment larger than the file");
	DAMAGE(second->p_offset, ~0ull & ~0xfffull, "truncated", "a segment beyond the end");
	DAMAGE(second->p_vaddr, second->p_vaddr + 1, "damaged", "an odd address");
	DAMAGE(second->p_vaddr, first->p_vaddr, "damaged", "segments that overlap");
	DAMAGE(second->p_vaddr, LIMIT, "damaged", "the kernel's addresses");
	DAMAGE(second->p_memsz, ~0ull, "damaged", "a size that wraps");
	DAMAGE(second->p_memsz, LIMIT, "damaged", "a size that leaves the address space");
	DAMAGE(interp->p_filesz, 1, "damaged", "an interpreter without a name");
	DAMAGE(interp->p_filesz, 5000, "damaged", "one with a long name");
	DAMAGE(interp->p_offset, size, "truncated", "one beyond the end");
	for (unsigned i = 0; segment(PT_LOAD, i); i++)
		segment(PT_LOAD, i)->p_memsz = segment(PT_LOAD, i)->p_filesz = 0;
	ok(read_all(size) != NULL, "nothing to load: %s", read_all(size) ? read_all(size) : "(fine)");
	host_free(file);
	file = host_read_file("/bin/sh", &size);
	for (size_t n = 0; n < 64; n++)
		if (!elf_check_header(file, n, n, EM_X86_64, &image))
			ok(false, "%zu bytes are a program", n);
	ok(read_all(1000) != NULL, "a truncated file: %s", read_all(1000) ? read_all(1000) : "(fine)");
	host_free(file);
}

int main(void)
{
	sound();
	damaged();
	return tap_done();
}
