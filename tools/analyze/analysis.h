/* What a program and its libraries can ask of a kernel: the answer of `whittle analyze`. */
#ifndef TOOLS_ANALYZE_ANALYSIS_H
#define TOOLS_ANALYZE_ANALYSIS_H

#include "reach.h"
#include "tools/link/profile.h"
#include "value.h"

/* An instruction that enters the kernel, and which calls it can make. */
struct site {
	uint32_t member, unit;
	uint64_t at;
	const char *unknown; /* not NULL: its number could not be bounded, because of this, at unknown_at of unknown_in */
	uint64_t unknown_at;
	uint32_t unknown_in;
};

/* Something that runs only if it is opened by a name that is computed while the program runs. */
struct unseen {
	uint32_t member;
	uint64_t at;
	const char *reason;
};

/* The values that an argument of a call was seen to have; bounded: it has no others. */
struct argument {
	const char *call, *name;
	bool used, bounded;
	struct value why; /* why it is not bounded */
	int64_t *values;
	size_t count;
};

struct analysis {
	struct reach reach;
	const char *library_path; /* LD_LIBRARY_PATH as the program will have it, or NULL */
	const char *root; /* a directory that stands for /, in which the program and its libraries are found; or NULL */
	struct strings plugins; /* files, and directories of files, that the program may open by name */
	const char *name_service; /* an nsswitch.conf, or NULL: only what glibc has inside (files, dns), as in an image */
	struct strings policies; /* on which the answer rests, besides guards (guards.h) */
	struct site *sites;
	size_t site_count;
	struct unseen *unseen;
	size_t unseen_count;
	uint32_t *calls; /* by number: 1 + the index of a site that makes it, 0 for none */
	struct argument *arguments;
	size_t argument_count;
	struct strings recorded; /* files of recordings (recording.h), whose contents count as found */
	bool only_recorded;      /* and nothing else does */
	struct strings paths;    /* what recordings handed to calls */
	bool complete; /* every site is bounded */
	const char *unproven; /* not NULL: the answer holds as far as this goes */
	void (*progress)(const char *what); /* or NULL */
};

/** analysis_run() - fill @a for the program at @path. Fails with a sentence on what cannot be read. */
void analysis_run(struct analysis *a, const char *path);
/**
 * analysis_for() - the answer that @selection's --fit asks for, of the program at @path, in @a, and what a kernel must hold
 * then. Return: NULL: nothing is cut.
 */
const struct fit *analysis_for(const struct selection *selection, struct analysis *a, const char *path);
/**
 * analysis_fit() - what a kernel for the analyzed program must hold.
 * Return: NULL, after saying why, if the program may ask for anything.
 */
struct fit *analysis_fit(const struct analysis *a, const char *path);
/** analysis_paths() - add the names of all files that the program can ask for to @paths. Return: false: they are not bounded. */
bool analysis_paths(const struct analysis *a, struct strings *paths);
/** analysis_drop_parts() - name in @fit what none of the calls needs. Part of analysis_fit(). */
void analysis_drop_parts(const struct analysis *a, struct fit *fit);
/** analysis_open() - follow what is opened by name, until nothing new is reached. Part of analysis_run(). */
void analysis_open(struct analysis *a);
/** argument_add() - it may have this value. */
void argument_add(struct argument *arg, int64_t value);
/** analysis_arguments() - what the calls that open large parts are asked for. Part of analysis_run(). */
void analysis_arguments(struct analysis *a);
/** analysis_why() - print the way from where the program is entered to a site that makes @call. */
void analysis_why(const struct analysis *a, const char *call);
/** analysis_print() - for people.   analysis_json(): for programs, on standard output. */
void analysis_print(const struct analysis *a, const char *path);
void analysis_json(const struct analysis *a);

#endif
