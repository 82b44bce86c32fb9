/* Huge pages of private anonymous memory (mm/huge.c): when they are made. */
#ifndef MM_HUGE_H
#define MM_HUGE_H

enum huge_mode {
	HUGE_ALWAYS,  /* wherever one fits, while memory is plentiful */
	HUGE_ADVISED, /* where the program asked for them */
	HUGE_NEVER,
};
extern unsigned huge_mode;       /* a: /sys/kernel/mm/transparent_hugepage/enabled, transparent_hugepage= */
extern uint64_t huge_pages_total; /* a: of all address spaces */
/** huge_set_mode() - by its name, "always" "madvise" "never". 0 or -EINVAL. */
int huge_set_mode(const char *name, size_t n);

#endif
