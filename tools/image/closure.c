/* Finds libraries as ld.so(8) of glibc and of musl do, without running anything: DT_RPATH of the library and of those
 * that loaded it, LD_LIBRARY_PATH, DT_RUNPATH, the directories of /etc/ld.so.conf, the defaults; for musl DT_RPATH and
 * DT_RUNPATH of all of them, then /etc/ld-musl-ARCH.path. $ORIGIN stands for the file's directory, here and in the
 * image. Left out: glibc's hwcaps directories (the plain library serves), and what a program opens by dlopen(3).
 */
#include "closure.h"

#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "root.h"

#define MULTIARCH "x86_64-linux-gnu"

static const char *const glibc_defaults[] = { "/lib/" MULTIARCH, "/usr/lib/" MULTIARCH, "/lib64", "/usr/lib64",
					      "/lib",		 "/usr/lib" };
static const char *const musl_defaults[] = { "/lib", "/usr/local/lib", "/usr/lib" };

char *path_normal(const char *path)
{
	struct strings words = { 0 };
	struct buf out = { 0 };
	char *copy = xstrdup(path), *rest, *word;

	for (word = strtok_r(copy, "/", &rest); word; word = strtok_r(NULL, "/", &rest)) {
		if (!strcmp(word, "."))
			continue;
		if (strcmp(word, ".."))
			strings_add(&words, word);
		else if (words.count)
			words.count--;
	}
	for (size_t i = 0; i < words.count; i++)
		buf_printf(&out, "/%s", words.at[i]);
	return words.count ? out.data : xstrdup("/");
}

char *path_absolute(const char *path)
{
	char *cwd = getcwd(NULL, 0);

	return path_normal(*path == '/' ? path : path_join(cwd ? cwd : "/", path));
}

char *closure_here(const struct closure *c, const char *path)
{
	return c->root ? root_resolve(c->root, path) : xstrdup(path);
}

static bool is_here(const struct closure *c, const char *path)
{
	char *host = closure_here(c, path);

	return host && file_exists(host);
}

/* What is searched for one name: pairs of directories, here and in the image. */
struct search {
	struct strings host, guest;
};

static char *replace(const char *text, const char *what, const char *with)
{
	struct buf out = { 0 };
	const char *at;

	for (; (at = strstr(text, what)); text = at + strlen(what)) {
		buf_add(&out, text, (size_t)(at - text));
		buf_printf(&out, "%s", with);
	}
	buf_printf(&out, "%s", text);
	return out.data;
}

static void search_add(struct search *s, const char *host, const char *guest)
{
	if (*host != '/')
		return;
	strings_add(&s->host, path_normal(host));
	strings_add(&s->guest, path_normal(guest));
}

/* $ORIGIN of @file here: loaders take the directory of the file itself, not of a link to it. */
static char *origin(const struct closure *c, const struct needed_file *file)
{
	char *path = realpath(file->host, NULL), *root = c->root ? realpath(c->root, NULL) : NULL;

	if (path && root && !strncmp(path, root, strlen(root)))
		path += strlen(root);
	return path_dir(path ? path : file->host);
}

/* The directories of an RPATH, RUNPATH or LD_LIBRARY_PATH of @file. */
static void search_path(const struct closure *c, struct search *s, const char *path, const struct needed_file *file)
{
	char *copy, *rest, *dir;

	if (!path)
		return;
	copy = xstrdup(path);
	for (dir = strtok_r(copy, ":", &rest); dir; dir = strtok_r(NULL, ":", &rest)) {
		char *plain = replace(replace(dir, "${ORIGIN}", "$ORIGIN"), "${LIB}", "$LIB");

		plain = replace(plain, "$LIB", "lib/" MULTIARCH);
		search_add(s, replace(plain, "$ORIGIN", origin(c, file)),
			   replace(plain, "$ORIGIN", path_dir(file->guest)));
	}
}

static void read_ld_so_conf(const struct closure *c, struct strings *dirs, const char *path, unsigned depth)
{
	struct buf text = { 0 };
	char *rest, *line;

	if (depth > 8 || file_read(path, &text))
		return;
	for (line = strtok_r(text.data, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		line += strspn(line, " \t");
		line[strcspn(line, "#")] = '\0';
		if (*line == '/') {
			strings_add_once(dirs, xstrndup(line, strcspn(line, " \t=")));
		} else if (!strncmp(line, "include", 7) && (line[7] == ' ' || line[7] == '\t')) {
			const char *pattern = line + 7 + strspn(line + 7, " \t");
			glob_t found;

			if (*pattern != '/')
				pattern = path_join(path_dir(path), pattern);
			else if (c->root)
				pattern = path_join(c->root, pattern);
			if (glob(pattern, 0, NULL, &found))
				continue;
			for (size_t i = 0; i < found.gl_pathc; i++)
				read_ld_so_conf(c, dirs, found.gl_pathv[i], depth + 1);
			globfree(&found);
		}
	}
}

static struct needed_file *find_loaded(const struct closure *c, const char *name)
{
	for (size_t i = 0; i < c->count; i++) {
		const struct needed_file *f = c->files[i];

		if ((!strcmp(f->role, "library") || !strcmp(f->role, "interpreter")) && (!strcmp(path_base(f->guest), name) ||
						   (f->elf.soname && !strcmp(f->elf.soname, name))))
			return c->files[i];
	}
	return NULL;
}

static struct needed_file *add_file(struct closure *c, const char *host, const char *guest, const char *role,
				    struct needed_file *loader)
{
	struct needed_file *f = xcalloc(1, sizeof(*f));
	const char *why;

	f->host = xstrdup(host);
	f->guest = path_normal(guest);
	f->role = role;
	f->loader = loader;
	why = program_read(host, &f->elf);
	if (why)
		fail("%s %s", host, why);
	c->files = xrealloc(c->files, c->count + 1, sizeof(f));
	c->files[c->count++] = f;
	return f;
}

/* The first file called @name of the right kind in the directories of @s; its place in the image in @ret_guest. */
static char *find_in(const struct closure *c, const struct search *s, const char *name, char **ret_guest)
{
	for (size_t i = 0; i < s->host.count; i++) {
		char *path = closure_here(c, path_join(s->host.at[i], name));
		struct program probe;

		/* Loaders pass over libraries of another architecture. */
		if (path && file_exists(path) && !program_read(path, &probe)) {
			*ret_guest = path_join(s->guest.at[i], name);
			return path;
		}
	}
	return NULL;
}

static void glibc_search(const struct closure *c, struct needed_file *user, struct search *s)
{
	if (!user->elf.runpath) {
		for (struct needed_file *f = user; f; f = f->loader) {
			if (!f->elf.runpath)
				search_path(c, s, f->elf.rpath, f);
		}
	}
	search_path(c, s, c->library_path, user);
	search_path(c, s, user->elf.runpath, user);
}

static void musl_search(const struct closure *c, struct needed_file *user, struct search *s)
{
	struct buf conf = { 0 };
	char *rest, *dir, *path;

	search_path(c, s, c->library_path, user);
	for (struct needed_file *f = user; f; f = f->loader)
		search_path(c, s, f->elf.runpath ? f->elf.runpath : f->elf.rpath, f);
	path = closure_here(c, "/etc/ld-musl-x86_64.path");
	if (!path || file_read(path, &conf)) {
		for (size_t i = 0; i < COUNT(musl_defaults); i++)
			search_add(s, musl_defaults[i], musl_defaults[i]);
		return;
	}
	for (dir = strtok_r(conf.data, ":\n", &rest); dir; dir = strtok_r(NULL, ":\n", &rest))
		search_add(s, dir, dir);
}

/* glibc looks into ld.so.conf's directories only by its cache, which is not in the image: link to where it looks. */
static char *find_by_conf(struct closure *c, const char *name, char **ret_guest)
{
	struct strings conf = { 0 };
	struct search defaults = { 0 }, extra = { 0 };
	char *host;

	for (size_t i = 0; i < COUNT(glibc_defaults); i++)
		search_add(&defaults, glibc_defaults[i], glibc_defaults[i]);
	host = closure_here(c, "/etc/ld.so.conf");
	if (host)
		read_ld_so_conf(c, &conf, host, 0);
	for (size_t i = 0; i < conf.count; i++)
		search_add(&extra, conf.at[i], conf.at[i]);
	host = find_in(c, &extra, name, ret_guest);
	if (!host)
		return find_in(c, &defaults, name, ret_guest);
	for (size_t i = 0; i < COUNT(glibc_defaults); i++) {
		if (!strcmp(path_dir(*ret_guest), glibc_defaults[i]))
			return host;
	}
	strings_add(&c->links, path_join(file_exists(glibc_defaults[0]) ? glibc_defaults[0] : "/lib64", name));
	strings_add(&c->links, *ret_guest);
	return host;
}

static bool has_file(const struct closure *c, const char *name)
{
	for (size_t i = 0; i < c->count; i++) {
		if (!strcmp(path_base(c->files[i]->guest), name))
			return true;
	}
	return false;
}

/* Where the loader of @user finds the library @name; its place in the image in @ret_guest. */
static char *find_library(struct closure *c, struct needed_file *user, const char *name, bool musl, char **ret_guest)
{
	struct search s = { 0 };
	char *host;

	if (strchr(name, '/')) {
		*ret_guest = xstrdup(name);
		return is_here(c, name) ? closure_here(c, name) : NULL;
	}
	if (musl) {
		musl_search(c, user, &s);
		return find_in(c, &s, name, ret_guest);
	}
	glibc_search(c, user, &s);
	host = find_in(c, &s, name, ret_guest);
	return host || user->elf.library_flags ? host : find_by_conf(c, name, ret_guest);
}

static void add_library(struct closure *c, struct needed_file *user, const char *name, bool musl)
{
	/* musl's loader is its libc, under these names too. */
	static const char *const musl_own[] = { "libc.",  "libpthread.", "librt.",   "libm.",
						"libdl.", "libutil.",	 "libxnet." };
	char *host, *guest = NULL;

	if (find_loaded(c, name))
		return;
	for (size_t i = 0; musl && i < COUNT(musl_own); i++) {
		if (!strncmp(name, musl_own[i], strlen(musl_own[i])))
			return;
	}
	host = find_library(c, user, name, musl, &guest);
	if (host)
		add_file(c, host, guest, "library", user);
	else if (!c->optional)
		fail("%s needs the library %s, which is in no directory that its loader searches", user->host, name);
	else if (!has_file(c, name))
		warn("%s needs the library %s, which is in no directory that a loader searches", user->host, name);
}

static bool imports(const struct closure *c, const char *symbol)
{
	for (size_t i = 0; i < c->count; i++) {
		if (strings_has(&c->files[i]->elf.imports, symbol) && !strstr(c->files[i]->guest, "/libc.so"))
			return true;
	}
	return false;
}

/* @host, and the interpreter that it asks for. */
static struct needed_file *add_start(struct closure *c, const char *host, const char *guest, const char *role)
{
	struct needed_file *file = add_file(c, host, guest, role, NULL);
	const char *interpreter = file->elf.interpreter;

	if (!interpreter)
		return file;
	if (is_here(c, interpreter) && !find_loaded(c, path_base(interpreter)))
		add_file(c, closure_here(c, interpreter), interpreter, "interpreter", file);
	else if (!is_here(c, interpreter) && !c->optional)
		fail("%s needs the interpreter %s, which is not installed", host, interpreter);
	return file;
}

static bool uses_musl(const struct needed_file *file)
{
	while (file->loader)
		file = file->loader;
	return file->elf.interpreter && !strncmp(path_base(file->elf.interpreter), "ld-musl", 7);
}

/* What the files from @first on need, and what that needs. */
static void add_libraries(struct closure *c, size_t first)
{
	for (size_t i = first; i < c->count; i++) {
		struct needed_file *f = c->files[i];

		for (size_t j = 0; j < f->elf.needed.count; j++)
			add_library(c, f, f->elf.needed.at[j], uses_musl(f));
	}
}

void closure_add(struct closure *c, const char *host, const char *guest)
{
	size_t first = c->count;
	struct needed_file *program = add_start(c, host, guest, "program");

	/* glibc opens this one by name when a thread is ended in these ways. */
	if (program->elf.interpreter && !uses_musl(program) && (imports(c, "pthread_exit") || imports(c, "pthread_cancel")))
		strings_add_once(&program->elf.needed, "libgcc_s.so.1");
	add_libraries(c, first);
}

void closure_add_copied(struct closure *c, const struct strings *pairs)
{
	size_t first = c->count;

	c->optional = true;
	for (size_t i = 0; i < pairs->count; i += 2)
		add_start(c, pairs->at[i], pairs->at[i + 1], "copied");
	add_libraries(c, first);
	c->optional = false;
}

struct needed_file *closure_open(struct closure *c, struct needed_file *user, const char *name)
{
	struct needed_file *file = find_loaded(c, path_base(name));
	bool optional = c->optional;
	size_t first = c->count;
	struct program probe;
	char *host, *guest;

	if (file)
		return file;
	host = find_library(c, user, name, uses_musl(c->files[0]), &guest);
	if (!host || program_read(host, &probe))
		return NULL;
	c->optional = true;
	file = add_file(c, host, guest, "library", user);
	add_libraries(c, first);
	c->optional = optional;
	return file;
}
