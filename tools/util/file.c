/* Files, temporary ones included, and commands (util.h). Outputs are written whole or not at all: under another name
 * beside the wanted one, renamed together when everything is done, removed when the tool ends before that.
 */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util.h"

static struct strings temp_dirs;
static struct strings output_temps, output_paths;

int file_read(const char *path, struct buf *b)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), error;
	struct stat st;
	ssize_t n;

	if (fd < 0)
		return errno;
	if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode)) {
		close(fd);
		return EISDIR;
	}
	if (st.st_size > 0 && b->capacity - b->size <= (size_t)st.st_size) {
		b->capacity = b->size + (size_t)st.st_size + 65536;
		b->data = xrealloc(b->data, b->capacity, 1);
	}
	for (;;) {
		char chunk[65536];

		n = read(fd, chunk, sizeof(chunk));
		if (n <= 0)
			break;
		buf_add(b, chunk, (size_t)n);
	}
	error = n < 0 ? errno : 0;
	buf_add(b, "", 0);
	close(fd);
	return error;
}

void must_read(const char *path, struct buf *b)
{
	int error = file_read(path, b);

	if (error)
		fail("%s: %s", path, strerror(error));
}

void tool_dirs(char *dirs[2])
{
	char self[4096];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *dir;

	if (n < 0)
		fail("/proc/self/exe: %s", strerror(errno));
	self[n] = '\0';
	dir = path_dir(self);
	dirs[0] = path_join(dir, "components/" TOOL_ARCH);
	dirs[1] = path_join(path_dir(dir), "lib/whittle/" TOOL_ARCH);
}

bool file_exists(const char *path)
{
	return access(path, F_OK) == 0;
}

char *path_join(const char *dir, const char *name)
{
	size_t len = strlen(dir);

	while (*name == '/')
		name++;
	return format("%s%s%s", dir, len && dir[len - 1] == '/' ? "" : "/", name);
}

const char *path_base(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

char *path_dir(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return xstrdup(".");
	return slash == path ? xstrdup("/") : xstrndup(path, (size_t)(slash - path));
}

void make_dirs(const char *path)
{
	char *copy = xstrdup(path);

	for (char *p = copy + 1;; p++) {
		char end = *p;

		if (end && end != '/')
			continue;
		*p = '\0';
		if (mkdir(copy, 0755) && errno != EEXIST)
			fail("%s: %s", copy, strerror(errno));
		if (!end)
			break;
		*p = '/';
	}
	free(copy);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *where)
{
	(void)st;
	(void)type;
	(void)where;
	return remove(path);
}

static void clean_up(void)
{
	for (size_t i = 0; i < output_temps.count; i++)
		unlink(output_temps.at[i]);
	for (size_t i = 0; i < temp_dirs.count; i++)
		nftw(temp_dirs.at[i], remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* The tool holds no lock and has no other thread, so that leaving the ordinary way from here does no harm. */
static void stop(int signal)
{
	clean_up();
	_exit(128 + signal);
}

static void arrange_clean_up(void)
{
	static bool arranged;

	if (arranged)
		return;
	arranged = true;
	atexit(clean_up);
	signal(SIGINT, stop);
	signal(SIGTERM, stop);
	signal(SIGHUP, stop);
}

char *temp_dir(void)
{
	const char *base = getenv("TMPDIR");
	char *path = format("%s/whittle-XXXXXX", base && *base ? base : "/tmp");

	arrange_clean_up();
	if (!mkdtemp(path))
		fail("%s: %s", path, strerror(errno));
	strings_add(&temp_dirs, path);
	return path;
}

char *output_new(const char *path)
{
	char *temp = format("%s/.%s.%d", path_dir(path), path_base(path), (int)getpid());

	arrange_clean_up();
	strings_add(&output_temps, temp);
	strings_add(&output_paths, path);
	return temp;
}

void output_write(const char *path, const void *data, size_t size, unsigned mode)
{
	char *temp = output_new(path);
	int fd = open(temp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);

	if (fd < 0)
		fail("%s: %s", path, strerror(errno));
	for (size_t done = 0; done < size;) {
		ssize_t n = write(fd, (const char *)data + done, size - done);

		if (n < 0)
			fail("%s: %s", path, strerror(errno));
		done += (size_t)n;
	}
	if (close(fd))
		fail("%s: %s", path, strerror(errno));
}

void outputs_commit(void)
{
	struct stat st;

	/* Before the first is renamed: what could still fail then. */
	for (size_t i = 0; i < output_paths.count; i++) {
		if (stat(output_paths.at[i], &st) == 0 && S_ISDIR(st.st_mode))
			fail("%s: %s", output_paths.at[i], strerror(EISDIR));
	}
	while (output_temps.count) {
		char *from = output_temps.at[0], *to = output_paths.at[0];

		if (rename(from, to))
			fail("%s: %s", to, strerror(errno));
		strings_remove(&output_temps, from);
		strings_remove(&output_paths, to);
	}
}

int command(const char *const *argv, struct buf *errors)
{
	int fds[2] = { -1, -1 }, status;
	pid_t pid;

	if (errors && pipe2(fds, O_CLOEXEC))
		fail("pipe: %s", strerror(errno));
	fflush(stdout);
	pid = fork();
	if (pid < 0)
		fail("fork: %s", strerror(errno));
	if (pid == 0) {
		int null = open("/dev/null", O_RDONLY);

		dup2(null, STDIN_FILENO);
		dup2(errors ? fds[1] : STDERR_FILENO, STDOUT_FILENO);
		if (errors)
			dup2(fds[1], STDERR_FILENO);
		setenv("LC_ALL", "C", 1);
		execvp(argv[0], (char *const *)(uintptr_t)argv);
		dprintf(STDERR_FILENO, "%s: %s\n", argv[0], strerror(errno));
		_exit(errno == ENOENT ? 127 : 126);
	}
	if (errors) {
		char chunk[4096];
		ssize_t n;

		close(fds[1]);
		while ((n = read(fds[0], chunk, sizeof(chunk))) > 0)
			buf_add(errors, chunk, (size_t)n);
		buf_add(errors, "", 0);
		close(fds[0]);
	}
	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			return -1;
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
