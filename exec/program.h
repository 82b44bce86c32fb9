/* Loading a program into the current process (exec/load.c, exec/stack.c), and the machine's first one (exec/start.c). */
#ifndef EXEC_PROGRAM_H
#define EXEC_PROGRAM_H

#include <exec/elf.h>

struct file;
struct mm;
struct process;

/* What a program is given. Kernel memory, borrowed. */
struct program_args {
	const char *path; /* as it was named: AT_EXECFN */
	unsigned argc, envc;
	char **argv, **envp;
};

/* Where it lies, as its auxiliary vector says. */
struct program_place {
	uint64_t entry;          /* of the program */
	uint64_t start;          /* where to begin: the program's entry, or its interpreter's */
	uint64_t headers;        /* AT_PHDR */
	unsigned header_count;
	uint64_t interp_base;    /* AT_BASE, 0 without */
	uint64_t vdso;           /* AT_SYSINFO_EHDR, 0 without */
};

/**
 * program_load() - map the program named by @args (a script's interpreter in its place), its interpreter, the vDSO and a
 * stack into the current process's empty address space.
 * Return: 0 with where to start and the stack pointer; or -errno, and *@why says what is wrong with which file.
 */
int program_load(const struct program_args *args, uint64_t *ip, uint64_t *sp, char *why, size_t why_size);

/** program_lay_out() - decide where an empty address space has its stack, and mmap(2) its mappings. */
void program_lay_out(struct mm *mm);
/** program_stack() - make the stack and put arguments, environment and auxiliary vector on it. Return: sp or -errno. */
long program_stack(struct mm *mm, const struct program_args *args, const struct program_place *place);

/** vdso_map() - map the vDSO and its data. Return: address of its ELF header, 0 if there is no memory. */
uint64_t vdso_map(struct mm *mm);

/** program_become_user() - @p gets the ids of whittle.user=, and @console (or NULL) their owner. Before @p runs. */
void program_become_user(struct process *p, struct file *console);

/** program_random() - a page-aligned number below 1 << (@bits + 12), 0 where norandmaps was given. */
uint64_t program_random(unsigned bits);

#endif
