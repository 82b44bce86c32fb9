/* How many ROP gadgets a kernel has: different runs of at most five instructions that end in a return, from any byte of its
 * executable segments, by their text. Jumps and calls end a run, so none is in it.
 */
#include <capstone/capstone.h>
#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LONGEST = 24, INSTRUCTIONS = 5, TEXT = 512 };

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The text of the run from @p to the return that begins @n bytes on, or false if it is none. */
static int run_text(csh cs, const unsigned char *p, size_t n, char *text)
{
	cs_insn *insn;
	size_t count = cs_disasm(cs, p, n + 1, 0, INSTRUCTIONS, &insn), at = 0, used = 0;
	int good = 0;

	for (size_t i = 0; i < count; i++) {
		int ends = insn[i].id == X86_INS_RET;

		if (!ends && (cs_insn_group(cs, &insn[i], CS_GRP_JUMP) || cs_insn_group(cs, &insn[i], CS_GRP_CALL) ||
			      cs_insn_group(cs, &insn[i], CS_GRP_INT)))
			break;
		used += (size_t)snprintf(text + used, used < TEXT ? TEXT - used : 0, "%s %s;", insn[i].mnemonic, insn[i].op_str);
		if (used >= TEXT)
			break;
		at += insn[i].size;
		if (ends) {
			good = at == n + 1;
			break;
		}
	}
	if (count)
		cs_free(insn, count);
	return good;
}

int main(int argc, char **argv)
{
	FILE *f = argc == 2 ? fopen(argv[1], "rb") : NULL;
	static unsigned char file[64 << 20];
	size_t size = f ? fread(file, 1, sizeof(file), f) : 0, count = 0, room = 0, different = 0;
	const Elf64_Ehdr *e = (const Elf64_Ehdr *)file;
	char **texts = NULL;
	csh cs;

	if (size < sizeof(*e) || memcmp(e->e_ident, ELFMAG, SELFMAG) || cs_open(CS_ARCH_X86, CS_MODE_64, &cs)) {
		fprintf(stderr, "usage: gadgets KERNEL\n");
		return 2;
	}
	cs_option(cs, CS_OPT_DETAIL, CS_OPT_ON);
	for (unsigned i = 0; i < e->e_phnum; i++) {
		const Elf64_Phdr *ph = (const Elf64_Phdr *)(file + e->e_phoff) + i;

		if (ph->p_type != PT_LOAD || !(ph->p_flags & PF_X) || ph->p_offset > size || size - ph->p_offset < ph->p_filesz)
			continue;
		for (size_t at = 0; at < ph->p_filesz; at++) {
			const unsigned char *p = file + ph->p_offset + at;

			for (size_t n = 0; *p == 0xc3 && n <= LONGEST && n <= at; n++) {
				char text[TEXT];

				if (!run_text(cs, p - n, n, text))
					continue;
				if (count == room) {
					room = room ? 2 * room : 4096;
					texts = realloc(texts, room * sizeof(*texts));
				}
				if (!texts || !(texts[count++] = strdup(text)))
					return 2;
			}
		}
	}
	qsort(texts, count, sizeof(*texts), by_text);
	for (size_t i = 0; i < count; i++)
		different += !i || strcmp(texts[i], texts[i - 1]);
	printf("%zu\n", different);
	return 0;
}
