/* Running an image in QEMU: what machine, what passes in and out (include/whittle/console.h). */
#ifndef TOOLS_RUN_RUN_H
#define TOOLS_RUN_RUN_H

#include "tools/analyze/recording.h"
#include "tools/elf/kernel_file.h"

enum run_status { RUN_TOOL_FAILED = 125, RUN_NO_MACHINE = 126 };

/* What is asked by the command line. */
struct run_request {
	const char *image;
	uint64_t memory;           /* bytes */
	unsigned long processors;
	struct strings ports;      /* [IP:]HOST:GUEST[/udp] */
	struct strings appends;    /* kernel parameters, as text */
	struct strings qemu_args;
	struct strings disks;      /* FILE[:ro], or FILE[,if=virtio][,ro] */
	struct strings nets;       /* user|tap=IF|bridge=BR|none[,mac=MAC]; empty: user */
	const char *machine;       /* NULL: what suits the kernel */
	struct buf params;         /* what the tool itself passes, quoted */
	struct buf program;        /* "-- PROGRAM ARGS", quoted, or empty */
	uint64_t stop_ms;          /* how long the program may take to end when asked to; 0: the kernel cannot ask it */
	const char *directory;     /* that the program starts in, or NULL: / */
	bool gdb, dry_run, verbose;
	bool strace, missing;      /* show system calls; say which paths were not found */
	const char *record;        /* write what the program used to this file, or NULL */
};

/* The ends of what connects the tool to QEMU; QEMU's own are inherited under these numbers. */
struct channels {
	int serial[2], output[2], log[2], status[2], errors[2], control[2], input[2]; /* [0] ours, [1] QEMU's */
	bool fast_input; /* the program's input goes by @input, not by @serial */
};

/**
 * machine_args() - the command line of QEMU for @request; fails when the image cannot fit.
 * @ch: NULL for a command that a person may start: everything passes over its standard input and output.
 */
struct strings machine_args(const struct run_request *request, const struct kernel_file *k, struct channels *ch);
/** machine_known() - it is the name of a machine that machine_args() can describe. */
bool machine_known(const char *name);
/** machine_run() - start it, pass everything to and fro until it ends. Return: what the tool exits with. */
int machine_run(const struct run_request *request, const struct strings *args, struct channels *ch);

/** names_load() - symbols of @image's kernel and programs, from IMAGE.debug and IMAGE.json, when first needed. */
struct names *names_new(const char *image);
/** names_line() - @line with the name of each address in it added after it. */
char *names_line(struct names *names, const char *line);

/** gdb_script_text() - commands for gdb that show threads and mappings. */
const char *gdb_script_text(void);

/* What --strace, --missing and --record make of the kernel's lines (abi/strace.c, abi/record.c). */
struct trace {
	const struct run_request *request;
	struct strings missing; /* paths */
	struct recording seen;
};
/** trace_line() - @line with the text of its error added; NULL: it is not to be shown. */
char *trace_line(struct trace *trace, char *line);
/** trace_report() - what --missing says at the end, on stderr; writes the file of --record. */
void trace_report(const struct trace *trace);

#endif
