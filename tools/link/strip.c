/* Strips a linked kernel: everything up to the last byte that is loaded stays where it is, program headers (also the
 * spare one) included; what follows (symbols, DWARF, section headers) goes. Unlike strip(1) it moves nothing.
 */
#include <elf.h>
#include <string.h>

#include "link.h"

void strip_kernel(const struct buf *debug, struct buf *out)
{
	Elf64_Ehdr ehdr;
	size_t end;

	if (debug->size < sizeof(ehdr))
		fail("ld wrote no kernel");
	memcpy(&ehdr, debug->data, sizeof(ehdr));
	end = ehdr.e_phoff + (size_t)ehdr.e_phnum * sizeof(Elf64_Phdr);
	for (unsigned i = 0; i < ehdr.e_phnum; i++) {
		Elf64_Phdr ph;

		memcpy(&ph, debug->data + ehdr.e_phoff + i * sizeof(ph), sizeof(ph));
		if (ph.p_type == PT_LOAD && ph.p_offset + ph.p_filesz > end)
			end = ph.p_offset + ph.p_filesz;
	}
	if (end > debug->size)
		fail("ld wrote a kernel whose segments lie beyond its end");
	ehdr.e_shoff = 0;
	ehdr.e_shnum = 0;
	ehdr.e_shstrndx = 0;
	out->size = 0;
	buf_add(out, debug->data, end);
	memcpy(out->data, &ehdr, sizeof(ehdr));
}
