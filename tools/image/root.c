/* Puts the root of an image together in a temporary directory and packs it with mkfs.erofs.
 *
 * Owners, the order of directories and, but for a few (times.h), times do not reach the result: the same input gives the
 * same bytes. Pages of files are not packed inline, so that the kernel can map them where they lie.
 */
#include "root.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* @mtime: its time, or 0. */
static void write_file(const char *path, const void *data, size_t size, mode_t mode, time_t mtime)
{
	const struct timespec times[2] = { { .tv_sec = mtime }, { .tv_sec = mtime } };
	int fd;

	make_dirs(path_dir(path));
	unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		fail("%s: %s", path, strerror(errno));
	for (size_t done = 0; done < size;) {
		ssize_t n = write(fd, (const char *)data + done, size - done);

		if (n < 0)
			fail("%s: %s", path, strerror(errno));
		done += (size_t)n;
	}
	if (fchmod(fd, mode) || futimens(fd, times) || close(fd))
		fail("%s: %s", path, strerror(errno));
}

void root_write(const char *root, const char *path, const char *text)
{
	write_file(path_join(root, path), text, strlen(text), 0644, 0);
}

void root_link(const char *root, const char *path, const char *target)
{
	char *link = path_join(root, path);

	make_dirs(path_dir(link));
	if (symlink(target, link) && errno != EEXIST)
		fail("%s: %s", link, strerror(errno));
}

void root_copy_file(const char *from, const char *to)
{
	struct buf data = { 0 };
	struct stat st;

	must_read(from, &data);
	if (stat(from, &st))
		fail("%s: %s", from, strerror(errno));
	write_file(to, data.data, data.size, st.st_mode & 0111 ? 0755 : 0644, st.st_mtime);
	free(data.data);
}

void root_add_closure(const char *root, const struct closure *closure)
{
	for (size_t i = 0; i < closure->count; i++)
		root_copy_file(closure->files[i]->host, path_join(root, closure->files[i]->guest));
	for (size_t i = 0; i < closure->links.count; i += 2)
		root_link(root, closure->links.at[i], closure->links.at[i + 1]);
}

char *root_new(const char *hostname)
{
	char *root = path_join(temp_dir(), "root");

	make_dirs(path_join(root, "dev")); /* a kernel whose root cannot be changed mounts there, too */
	root_add_basics(root, hostname);
	return root;
}

char *root_from_tar(const char *tar)
{
	char *root = path_join(temp_dir(), "root");
	const char *const argv[] = { "tar", "-C", root, "--no-same-owner", "-pxf", tar, NULL };
	struct buf errors = { 0 };
	int status;

	make_dirs(root);
	status = command(argv, &errors);
	if (status == 127)
		fail("tar is not installed");
	if (status)
		fail("%s cannot be unpacked: %s", tar, first_line(&errors));
	return root;
}

static bool file_is_elf(const char *path)
{
	char magic[4] = "";
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool is = fd >= 0 && read(fd, magic, sizeof(magic)) == sizeof(magic) && !memcmp(magic, "\177ELF", sizeof(magic));

	if (fd >= 0)
		close(fd);
	return is;
}

static void copy_tree(const char *from, const char *to)
{
	const char *const argv[] = { "cp", "-RHT", "--preserve=mode,links,timestamps", from, to, NULL };
	struct buf errors = { 0 };

	make_dirs(path_dir(to));
	if (command(argv, &errors))
		fail("%s cannot be copied: %s", from, first_line(&errors));
}

char *root_from_dir(const char *dir, bool copy)
{
	char *root;

	if (access(dir, R_OK | X_OK))
		fail("%s: %s", dir, strerror(errno));
	if (!copy)
		return xstrdup(dir);
	root = path_join(temp_dir(), "root");
	copy_tree(dir, root);
	return root;
}

/* The ELF files of a directory, in the order of their paths: here, in the image. */
static void find_elf(const char *host, const char *guest, struct strings *pairs)
{
	struct dirent **entries;
	int n = scandir(host, &entries, NULL, alphasort);

	for (int i = 0; i < n; i++) {
		char *path = path_join(host, entries[i]->d_name), *name = path_join(guest, entries[i]->d_name);
		struct program probe;
		struct stat st;

		if (!strcmp(entries[i]->d_name, ".") || !strcmp(entries[i]->d_name, "..") || lstat(path, &st))
			continue;
		if (S_ISDIR(st.st_mode))
			find_elf(path, name, pairs);
		if (!S_ISREG(st.st_mode) || !file_is_elf(path) || program_read(path, &probe))
			continue;
		strings_add(pairs, path);
		strings_add(pairs, name);
	}
}

void root_copy(const char *root, const char *host, const char *guest, struct closure *closure)
{
	struct strings pairs = { 0 };
	struct program probe;
	struct stat st;

	if (stat(host, &st))
		fail("--copy: %s: %s", host, strerror(errno));
	if (guest[strlen(guest) - 1] == '/')
		guest = path_join(guest, path_base(host));
	guest = path_normal(guest);
	if (!S_ISREG(st.st_mode)) {
		copy_tree(host, path_join(root, guest));
		find_elf(host, guest, &pairs);
		closure_add_copied(closure, &pairs);
		return;
	}
	root_copy_file(host, path_join(root, guest));
	if (!program_read(host, &probe) && (probe.interpreter || probe.needed.count))
		closure_add(closure, host, guest);
}

/* Follows @path within @root, links included, never out of it. Return: the place on the host, or NULL. */
static char *resolve(const char *root, const char *path, unsigned depth)
{
	char *copy = xstrdup(path), *rest, *word, *at = xstrdup("/");

	for (word = strtok_r(copy, "/", &rest); word; word = strtok_r(NULL, "/", &rest)) {
		char *next = path_normal(path_join(at, word)), *host = path_join(root, next), target[4096];
		ssize_t n = readlink(host, target, sizeof(target) - 1);

		if (n < 0) {
			if (!file_exists(host))
				return NULL;
			at = next;
			continue;
		}
		if (depth == 40)
			return NULL;
		target[n] = '\0';
		next = path_join(*target == '/' ? "/" : at, target);
		if (*rest)
			next = path_join(next, rest);
		return resolve(root, next, depth + 1);
	}
	return path_join(root, at);
}

char *root_resolve(const char *root, const char *path)
{
	return resolve(root, path, 0);
}

/* What @path of @root, at @host, needs to start is in @root: itself, or the interpreter of a script, and so on. */
static void check_program(const char *root, const char *path, const char *host, const char *shown_as, unsigned depth)
{
	struct program probe;
	struct buf file = { 0 };
	const char *why, *interpreter;

	must_read(host, &file);
	if (file.size > 2 && !memcmp(file.data, "#!", 2) && depth < 4) {
		char *line = file.data + 2 + strspn(file.data + 2, " \t");

		interpreter = xstrndup(line, strcspn(line, " \t\r\n"));
		host = resolve(root, interpreter, 0);
		if (host)
			check_program(root, interpreter, host, shown_as, depth + 1);
	} else {
		why = program_read(host, &probe);
		if (why)
			fail("%s of %s %s", path, shown_as, why);
		interpreter = probe.interpreter;
		host = interpreter ? resolve(root, interpreter, 0) : host;
	}
	if (!host)
		fail("%s of %s needs the interpreter %s, which is not in it", path, shown_as, interpreter);
}

char *root_find_program(const char *root, const char *name, const char *shown_as)
{
	static const char *const path[] = { "/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin" };
	char *found = NULL, *host = NULL;

	if (strchr(name, '/')) {
		found = path_normal(name);
		host = resolve(root, found, 0);
	}
	for (size_t i = 0; !host && !strchr(name, '/') && i < COUNT(path); i++) {
		found = path_join(path[i], name);
		host = resolve(root, found, 0);
	}
	if (!host)
		fail("there is no program %s in %s", name, shown_as);
	check_program(root, found, host, shown_as, 0);
	return found;
}

void root_make_erofs(const char *root, time_t newest, const char *output)
{
	/* -T makes all times the same; without it SOURCE_DATE_EPOCH bounds them, and is the superblock's own. */
	const char *const argv[] = { "mkfs.erofs", "--quiet", "--all-root", "-x-1", "-Enoinline_data",
			       "-U00000000-0000-0000-0000-000000000000", newest ? "--preserve-mtime" : "-T0", output, root,
			       NULL };
	struct buf errors = { 0 };
	int status;

	if (setenv("SOURCE_DATE_EPOCH", format("%lld", (long long)newest), 1))
		fail("%s", strerror(errno));
	status = command(argv, &errors);
	if (status == 127 || status < 0)
		fail("mkfs.erofs is not installed (Debian package erofs-utils)");
	if (status)
		fail("mkfs.erofs cannot pack the root: %s", first_line(&errors));
}
