/* An ELF file as the analyzer sees it: bytes at addresses, symbols, versions, relocations, unwind ranges.
 *
 * Read from the program headers and the dynamic section; section headers and symbol tables, its own or those of a
 * separate debug file, only make the result finer. Every offset is checked: a table that is not wholly there is taken
 * as far as it goes, so a hostile file yields less, never a wild access.
 */
#ifndef TOOLS_ANALYZE_BINARY_H
#define TOOLS_ANALYZE_BINARY_H

#include <elf.h>

#include "tools/util/util.h"

struct segment {
	uint64_t start, file_end, end; /* addresses; file_end <= end: the rest is zero */
	uint64_t offset;
	bool execute, write;
};

/* A named range of a section, as far as sections are known. */
struct section {
	const char *name;
	uint64_t start, end;
	bool execute, data; /* data: allocated, with contents */
};

enum symbol_flags { SYMBOL_FUNCTION = 1, SYMBOL_IFUNC = 2, SYMBOL_OBJECT = 4, SYMBOL_HIDDEN_VERSION = 8, SYMBOL_WEAK = 16 };

struct symbol {
	const char *name, *version; /* version: NULL when it has none */
	uint64_t at, size;
	unsigned flags;
	bool defined;
};

enum reloc_kind {
	RELOC_LOCAL,    /* the place holds the address `target` */
	RELOC_SYMBOL,   /* the place holds the address of `symbol` plus target */
	RELOC_RESOLVER, /* the place holds what the function at `target` returns (IRELATIVE) */
	RELOC_COPY,     /* the place receives a copy of the object `symbol` */
};

struct reloc {
	uint64_t place, target;
	uint32_t symbol; /* index into binary.symbols */
	uint8_t kind;
	bool slot; /* GLOB_DAT or JUMP_SLOT: a word of its own */
};

/* What the unwinder knows of a range of code (.eh_frame). */
struct unwind {
	uint64_t start, end;
	uint64_t personality; /* the address of the routine, or of the word that holds it; 0 for none */
	uint64_t lsda;
	bool personality_indirect;
};

struct binary {
	const char *path, *name; /* here; and how people call it */
	struct buf file;
	Elf64_Ehdr ehdr;
	struct segment *segments;
	size_t segment_count;
	struct section *sections;
	size_t section_count;
	struct symbol *symbols; /* the dynamic ones: the index is what relocations name */
	size_t symbol_count;
	struct symbol *locals; /* functions and objects with bounds, from .symtab, its own or of the debug file; by address */
	size_t local_count;
	bool bounded_data; /* `locals` is a whole symbol table: data may be split at its objects */
	struct reloc *relocs; /* by place */
	size_t reloc_count;
	struct unwind *unwinds; /* by start */
	size_t unwind_count;
	uint64_t lsda_steps; /* that binary_lsda_types() took so far, in all tables */
	uint64_t *entries; /* where the loader or kernel enters: e_entry, DT_INIT, the arrays' words are in init_ranges */
	size_t entry_count;
	struct {
		uint64_t start, end;
	} arrays[3]; /* DT_PREINIT_ARRAY, DT_INIT_ARRAY, DT_FINI_ARRAY */
	uint64_t names_start, names_end; /* the dynamic string table */
	uint64_t tls_start, tls_end; /* the initial image of thread-local data */
	uint64_t eh_frame_hdr;
	bool fixed;         /* ET_EXEC: addresses appear in code and data without relocations */
	uint8_t build_id[20];
	size_t build_id_size;
	bool dynamic;
};

/**
 * binary_read() - take @path apart.
 * Return: NULL, or why it cannot be analyzed: a phrase that goes on after the file's name.
 */
const char *binary_read(struct binary *o, const char *path);

/** binary_segment() - the segment with address @at, or NULL. */
const struct segment *binary_segment(const struct binary *o, uint64_t at);
/** binary_bytes() - the file's bytes at address @at, and how many follow in the segment; NULL when it has none there. */
const uint8_t *binary_bytes(const struct binary *o, uint64_t at, uint64_t *ret_rest);
/** binary_word() - a little-endian word of @size (1, 2, 4, 8) bytes. Return: false where the file has none. */
bool binary_word(const struct binary *o, uint64_t at, unsigned size, uint64_t *ret);
/** binary_writable() - the program may write to @at, or it has nothing there. */
bool binary_writable(const struct binary *o, uint64_t at);
/** binary_string() - the string at @at, if it ends inside its segment; else NULL. */
const char *binary_string(const struct binary *o, uint64_t at);
bool binary_is_code(const struct binary *o, uint64_t at);
/** binary_reloc_at() - the relocation of exactly this place, or NULL.   binary_reloc_from(): index of the first >= @at. */
const struct reloc *binary_reloc_at(const struct binary *o, uint64_t at);
size_t binary_reloc_from(const struct binary *o, uint64_t at);
/** binary_local_from() - index of the first of `locals` at or behind @at. */
size_t binary_local_from(const struct binary *o, uint64_t at);
/** binary_function() - the last local or dynamic function that starts at or before @at, or NULL. */
const struct symbol *binary_function(const struct binary *o, uint64_t at);

/** binary_read_unwind() - fill unwinds from .eh_frame_hdr (LSB Core, 10.6). Called by binary_read(). */
void binary_read_unwind(struct binary *o);
/**
 * binary_lsda_types() - the addresses of the type descriptions (or of the words that hold them) that the handlers of an
 * exception table name (Itanium C++ ABI, exception handling tables). Return: how many, in a new array.
 */
size_t binary_lsda_types(struct binary *o, uint64_t lsda, uint64_t **ret);
/** binary_read_locals() - fill locals from .symtab or the file below /usr/lib/debug with the same build-id. */
void binary_read_locals(struct binary *o);

#endif
