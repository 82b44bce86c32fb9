/* The times of files in an image (times.h; docs/decisions/image-times.md).
 *
 * A compiled Python file (PEP 552: magic, flags, the source's time and size, 32 bits each) is used only while the source
 * has that time. A source keeps its time where its compiled form agrees with it; what is stale here stays stale.
 */
#include "times.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/util/util.h"

enum { PYC_FLAGS = 4, PYC_TIME = 8, PYC_SIZE = 12, PYC_HEADER = 16 };

static uint32_t le32(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/* Whether @compiled is of a source with the time and the size of @st. */
static bool is_of(const char *compiled, const struct stat *st)
{
	uint8_t header[PYC_HEADER];
	int fd = open(compiled, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return false;
	n = read(fd, header, sizeof(header));
	close(fd);
	return n == sizeof(header) && !le32(header + PYC_FLAGS) && le32(header + PYC_TIME) == (uint32_t)st->st_mtime &&
	       le32(header + PYC_SIZE) == (uint32_t)st->st_size;
}

/* DIR/NAME.py is compiled to DIR/__pycache__/NAME.TAG.pyc, or DIR/NAME.pyc beside it. */
static bool keeps_time(const char *path, const struct stat *st)
{
	const char *base = path_base(path);
	size_t length = strlen(base);
	char *cache = format("%s/__pycache__", path_dir(path));
	struct dirent *entry;
	bool found;
	DIR *dir;

	if (length < 4 || strcmp(base + length - 3, ".py") || st->st_mtime <= 0)
		return false;
	found = is_of(format("%sc", path), st);
	dir = found ? NULL : opendir(cache);
	while (dir && !found && (entry = readdir(dir)))
		found = !strncmp(entry->d_name, base, length - 2) && is_of(path_join(cache, entry->d_name), st);
	if (dir)
		closedir(dir);
	return found;
}

static int matters(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)ftw;
	return kind == FTW_F && keeps_time(path, st);
}

bool times_matter(const char *dir)
{
	return nftw(dir, matters, 64, FTW_PHYS) > 0;
}

static time_t newest; /* of those that are kept: nftw() hands nothing along */

static int settle(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	const time_t seconds = kind == FTW_F && keeps_time(path, st) ? st->st_mtime : 0;
	const struct timespec times[2] = { { .tv_sec = seconds }, { .tv_sec = seconds } };

	(void)ftw;
	if (newest < seconds)
		newest = seconds;
	return utimensat(AT_FDCWD, path, times, AT_SYMLINK_NOFOLLOW);
}

time_t times_settle(const char *root)
{
	newest = 0;
	if (nftw(root, settle, 64, FTW_PHYS))
		fail("%s: the times of its files cannot be set: %s", root, strerror(errno));
	return newest;
}
