/* Linker sets and components: how a part of the kernel registers itself (DESIGN.md, "How the link works").
 *
 * An entry of set SET is a global symbol set_SET_NAME in a section of its own, .set.SET.NAME. It is in a kernel only
 * if it is a root of the link or something refers to it: nothing here keeps it alive. The linker script puts the
 * entries of a set, sorted by name, between set_begin_SET and set_end_SET. Each set has one element type, whose
 * alignment is stated here so that the stride is sizeof(type): gcc over-aligns large objects otherwise.
 */
#ifndef CORE_SET_H
#define CORE_SET_H

#define SET_STR_(x) #x
#define SET_STR(x)  SET_STR_(x)

/** SET_ENTRY() - define one entry: SET_ENTRY(driver, virtio_net, struct driver) = { .probe = ... }; */
#define SET_ENTRY(set, name, type)                                                                 \
	extern const type set_##set##_##name;                                                      \
	const type set_##set##_##name                                                              \
		__attribute__((section(".set." #set "." #name), aligned(__alignof__(type))))

/**
 * SET_DECLARE() - declare a set once, in the header that defines its element type.
 * @stride: bytes an entry, as link/sets has it. Every entry begins with `const char *name`, so that tools can list it.
 */
#define SET_DECLARE(set, type, stride)                                                             \
	_Static_assert(sizeof(type) == (stride) && __builtin_offsetof(type, name) == 0,            \
		       "link/sets states another stride for " #set);                               \
	extern const type set_begin_##set[] __attribute__((visibility("hidden")));                 \
	extern const type set_end_##set[] __attribute__((visibility("hidden")))

/** set_for_each() - walk a set in order of entry names: set_for_each(driver, d) { ... } with d a const pointer. */
#define set_for_each(set, it)                                                                      \
	for (__typeof__(&set_begin_##set[0]) it = set_begin_##set; it < set_end_##set; it++)

/**
 * COMPONENT() - say to which component this object belongs, in a section that is never loaded.
 * @name: the word that --with and --without take; several files may share it.   @line: what it is, one line.
 * The roots of a component are the set entries that its objects define; one without entries is pulled in by need.
 */
#define COMPONENT(name, line)                                                                      \
	__asm__(".pushsection .whittle.component,\"\",@progbits\n\t.asciz " SET_STR(name)          \
		"\n\t.asciz " SET_STR(line) "\n\t.popsection")

/** NEEDS() - this object needs @symbol in the kernel although no reference says so (ld follows R_*_NONE). */
#define NEEDS(symbol) __asm__(".reloc ., " ARCH_RELOC_NONE ", " #symbol)

#endif
