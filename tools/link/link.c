/* Runs ld on the component set: the absent objects first, then the archive, one --require-defined for each root.
 *
 * A kernel says which components it holds and what it lacks, and entries of some sets come with their object (`follow` in
 * a profile); all that is known only after a link, so links are repeated until they tell nothing new: twice as a rule. All but the
 * last leave debugging information out.
 */
#include "link.h"

#include <inttypes.h>
#include <string.h>

#define MOST_LINKS 8

static const char *const ld_flags[] = {
	"ld", "-m", "elf_x86_64", "-pie", "--no-dynamic-linker", "-Bsymbolic", "-z", "text", "-z", "pack-relative-relocs",
	"--gc-sections", "--nmagic", "-z", "noexecstack", "--build-id=none",
};

#define MOST_NAMED 12

/* The symbols that nothing defines, each once: ", " between them. NULL when that is not what went wrong. */
static char *undefined_symbols(const struct buf *errors)
{
	static const char words[] = "undefined reference to `";
	struct strings names = { 0 };
	struct buf text = { 0 };

	for (const char *p = errors->size ? errors->data : ""; (p = strstr(p, words));) {
		p += strlen(words);
		strings_add_once(&names, xstrndup(p, strcspn(p, "'\n")));
	}
	for (size_t i = 0; i < names.count && i < MOST_NAMED; i++)
		buf_printf(&text, "%s%s", i ? ", " : "", names.at[i]);
	if (names.count > MOST_NAMED)
		buf_printf(&text, " and %zu more", names.count - MOST_NAMED);
	return text.data;
}

/* ld's own words are for those who work on the kernel; the first line that says what is wrong is enough here. */
static _Noreturn void ld_failed(const struct buf *errors)
{
	static const char *const telling[] = { "required symbol", "multiple definition", "error:", "ld:" };
	char *undefined = undefined_symbols(errors);

	if (undefined)
		fail("the parts that were asked for do not link, no component defines %s", undefined);
	for (size_t i = 0; i < COUNT(telling); i++) {
		const char *at = errors->size ? strstr(errors->data, telling[i]) : NULL;
		const char *from = at;

		if (!at)
			continue;
		while (from > errors->data && from[-1] != '\n')
			from--;
		fail("the parts that were asked for do not link: %s", xstrndup(from, strcspn(from, "\n")));
	}
	fail("ld failed: %s", first_line(errors));
}

/* Return: ld's exit status; what it says is in @errors. */
static int run_ld(const struct component_set *set, const struct roots *roots, const char *dir, bool debug,
		  struct buf *errors)
{
	struct strings args = { 0 };
	int status;

	for (size_t i = 0; i < COUNT(ld_flags); i++)
		strings_add(&args, ld_flags[i]);
	if (!debug)
		strings_add(&args, "-S");
	strings_add(&args, format("-L%s", set->dir));
	strings_add(&args, format("-T%s/kernel.lds", set->dir));
	strings_add(&args, format("-Map=%s/map", dir));
	strings_add(&args, format("-o%s/kernel", dir));
	strings_add(&args, "--require-defined=whittle_id");
	strings_add(&args, "--require-defined=whittle_names");
	if (roots->export_all)
		strings_add(&args, "-E");
	for (size_t i = 0; i < roots->symbols.count; i++)
		strings_add(&args, format("--require-defined=%s", roots->symbols.at[i]));
	strings_add(&args, format("%s/identity.o", dir));
	for (size_t i = 0; i < set->object_count; i++) {
		if (set->objects[i]->absent)
			strings_add(&args, format("%s/absent/%s", set->dir, set->objects[i]->name));
	}
	strings_add(&args, format("%s/kernel.a", set->dir));
	status = command((const char *const *)args.at, errors);
	if (status == 127 || status < 0)
		fail("ld is not installed (Debian package binutils)");
	return status;
}

/* Adds the entries that come with the objects that are in the kernel. Return: whether there was a new one. */
static bool follow(const struct component_set *set, struct kernel *kernel)
{
	bool more = false;

	for (size_t i = 0; i < set->entry_count; i++) {
		const struct entry *e = &set->entries[i];
		bool present = false;

		if (!strings_has(&kernel->roots.follow, e->set) ||
		    strings_has(&kernel->roots.without, format("%s:%s", e->set, e->name)))
			continue;
		for (size_t j = 0; j < kernel->map.count && !present; j++)
			present = kernel->map.placed[j].object == e->object;
		if (present)
			more |= strings_add_once(&kernel->roots.symbols, e->symbol);
	}
	return more;
}

static bool same(const struct strings *a, const struct strings *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++) {
		if (strcmp(a->at[i], b->at[i]))
			return false;
	}
	return true;
}

bool entry_placed(const struct kernel *kernel, const struct entry *e)
{
	const char *section = format(".set.%s.%s", e->set, e->name);

	for (size_t i = 0; i < kernel->map.count; i++) {
		const struct placed *p = &kernel->map.placed[i];

		if (p->object == e->object && !strcmp(p->section, section))
			return true;
	}
	return false;
}

static void check_without(const struct component_set *set, const struct kernel *kernel)
{
	for (size_t i = 0; i < kernel->roots.without.count; i++) {
		const char *name = kernel->roots.without.at[i];
		const struct entry *e = components_find_entry(set, name);

		if (e ? entry_placed(kernel, e) : strings_has(&kernel->map.components, name))
			fail("%s", why_present(set, kernel, name));
	}
}

/* Links until what the kernel says of itself holds. Return: false when ld refuses, its words are in @errors. */
static bool settle(const struct component_set *set, struct kernel *kernel, struct buf *errors)
{
	char *dir = temp_dir();
	struct strings names = { 0 };
	struct buf cut = { 0 }, cut_next;
	bool settled = false;

	memcpy(kernel->id, set->id, sizeof(kernel->id));
	cut_table(set, kernel, &cut);
	for (unsigned n = 0; !settled; n++) {
		if (n == MOST_LINKS)
			fail("the list of components does not settle after %u links", MOST_LINKS);
		identity_write(path_join(dir, "identity.o"), set->id, &names, &cut);
		if (run_ld(set, &kernel->roots, dir, n > 0, errors))
			return false;
		map_read(set, path_join(dir, "map"), &kernel->map);
		cut_next = (struct buf){ 0 };
		cut_table(set, kernel, &cut_next);
		settled = !follow(set, kernel) && n > 0 && same(&names, &kernel->map.components) && cut.size == cut_next.size &&
			  !memcmp(cut.data, cut_next.data, cut.size);
		names = kernel->map.components;
		cut = cut_next;
	}
	kernel->debug.size = 0;
	must_read(path_join(dir, "kernel"), &kernel->debug);
	strip_kernel(&kernel->debug, &kernel->file);
	return true;
}

void link_kernel(const struct component_set *set, const struct selection *selection, struct kernel *kernel)
{
	struct buf errors = { 0 };

	kernel->roots = roots_select(set, selection);
	if (!settle(set, kernel, &errors))
		ld_failed(&errors);
	check_without(set, kernel);
	if (!selection->fit)
		check_gaps(set, kernel);
}

bool link_again(const struct component_set *set, const struct strings *roots, bool export_all,
		struct kernel *kernel)
{
	struct buf errors = { 0 };

	kernel->roots = (struct roots){ .symbols = *roots, .export_all = export_all };
	return settle(set, kernel, &errors);
}
