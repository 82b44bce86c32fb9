/* $XDG_CACHE_HOME/whittle/units (or ~/.cache/whittle/units), one file an object, named by a SHA-256 over everything that
 * units_find() reads: the tool's own build-id (another tool finds other units), the file, the bounds that a debug file
 * gave. A build-id alone would not do, anybody can write one into a file.
 *
 * A file: struct head, then units, references, doors and named addresses as they are in memory. It is written under
 * another name and renamed, so that readers see whole ones and the last of several writers wins; one whose sizes or sum
 * are wrong counts as not there. Whatever fails here costs time only. The oldest go when all take more than MOST_BYTES.
 */
#include "cache.h"

#include <dirent.h>
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Smaller files are decoded as fast as they are read. */
enum { LEAST_SIZE = 32768 };
#define MOST_BYTES (1ull << 30)
#define MAGIC	   0x31737469656c7477ull

struct head {
	uint64_t magic, sum;
	uint8_t key[32];
	uint64_t units, refs, doors, named;
};

/* Against damage, not against forgers: who writes to this folder may as well replace the tool. */
static uint64_t sum(uint64_t seed, const void *data, size_t size)
{
	const uint8_t *p = data;
	uint64_t s[4] = { seed, 1, 2, 3 }, word;

	for (; size >= 32; size -= 32, p += 32) {
		for (unsigned i = 0; i < 4; i++) {
			memcpy(&word, p + 8 * i, 8);
			s[i] = (s[i] ^ word) * 0x9e3779b97f4a7c15ull;
			s[i] ^= s[i] >> 29;
		}
	}
	for (; size; size--, p++)
		s[0] = (s[0] ^ *p) * 0x9e3779b97f4a7c15ull;
	for (unsigned i = 1; i < 4; i++)
		s[0] = ((s[0] ^ s[i]) * 0xbf58476d1ce4e5b9ull) ^ (s[0] >> 31);
	return s[0];
}

/* The build-id of the first object, which is the program itself. */
static int own_id(struct dl_phdr_info *info, size_t size, void *out)
{
	(void)size;
	for (unsigned i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *ph = &info->dlpi_phdr[i];
		uint64_t at = 0;

		while (ph->p_type == PT_NOTE && at + sizeof(ElfW(Nhdr)) <= ph->p_memsz) {
			const char *note = (const char *)(uintptr_t)(info->dlpi_addr + ph->p_vaddr + at);
			ElfW(Nhdr) n;

			memcpy(&n, note, sizeof(n));
			if (n.n_type == NT_GNU_BUILD_ID && n.n_namesz == 4)
				buf_add(out, note + sizeof(n) + 4, n.n_descsz);
			at += sizeof(n) + ((n.n_namesz + 3) & ~3u) + ((n.n_descsz + 3) & ~3u);
		}
	}
	return 1;
}

/* Return: false if the tool does not know itself. */
static bool make_key(const struct binary *o, uint8_t key[32])
{
	struct buf all = { 0 };
	uint8_t digest[32];

	dl_iterate_phdr(own_id, &all);
	if (!all.size)
		return false;
	sha256(o->file.data, o->file.size, digest);
	buf_add(&all, digest, sizeof(digest));
	buf_add(&all, &o->bounded_data, sizeof(o->bounded_data));
	for (size_t i = 0; i < o->local_count; i++) {
		uint64_t bounds[] = { o->locals[i].at, o->locals[i].size, o->locals[i].flags };

		buf_add(&all, bounds, sizeof(bounds));
	}
	sha256(all.data, all.size, key);
	free(all.data);
	return true;
}

/* Make it and what is above it. Return: its name, or NULL. */
static char *folder(void)
{
	const char *base = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
	char *path = base && *base == '/' ? xstrdup(base) : home && *home == '/' ? path_join(home, ".cache") : NULL;

	if (!path)
		return NULL;
	mkdir(path, 0700);
	path = path_join(path, "whittle");
	mkdir(path, 0700);
	path = path_join(path, "units");
	return mkdir(path, 0700) && access(path, W_OK) ? NULL : path;
}

/* The next @count things of @size bytes at @at of the file, copied, so that they may grow and be freed. */
static void *take(const struct buf *file, size_t *at, size_t count, size_t size)
{
	void *p = xcalloc(count, size);

	if (count)
		memcpy(p, file->data + *at, count * size);
	*at += count * size;
	return p;
}

static bool load(const char *path, const uint8_t key[32], struct units *u)
{
	struct buf file = { 0 };
	struct head h;
	size_t at = sizeof(h);
	uint64_t size;

	if (file_read(path, &file) || file.size < sizeof(h)) {
		free(file.data);
		return false;
	}
	memcpy(&h, file.data, sizeof(h));
	size = sizeof(h);
	if (h.magic != MAGIC || memcmp(h.key, key, sizeof(h.key)) || (h.units | h.refs | h.doors | h.named) >> 40 ||
	    (size += h.units * sizeof(*u->at) + h.refs * sizeof(*u->refs) + (h.doors + h.named) * 8) != file.size ||
	    h.sum != sum(size, file.data + sizeof(h), file.size - sizeof(h))) {
		free(file.data);
		return false;
	}
	*u = (struct units){ .count = h.units, .ref_count = h.refs, .door_count = h.doors, .named_count = h.named };
	u->at = take(&file, &at, h.units, sizeof(*u->at));
	u->refs = take(&file, &at, h.refs, sizeof(*u->refs));
	u->doors = take(&file, &at, h.doors, sizeof(*u->doors));
	u->named = take(&file, &at, h.named, sizeof(*u->named));
	free(file.data);
	return true;
}

static void store(const char *path, const uint8_t key[32], const struct units *u)
{
	char *temp = format("%s.%d", path, (int)getpid());
	struct buf file = { 0 };
	struct head h = { .magic = MAGIC, .units = u->count, .refs = u->ref_count, .doors = u->door_count, .named = u->named_count };
	int fd = open(temp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	size_t done = 0;
	ssize_t n = 1;

	if (fd < 0)
		return;
	memcpy(h.key, key, sizeof(h.key));
	buf_add(&file, &h, sizeof(h));
	buf_add(&file, u->at, u->count * sizeof(*u->at));
	buf_add(&file, u->refs, u->ref_count * sizeof(*u->refs));
	buf_add(&file, u->doors, u->door_count * sizeof(*u->doors));
	buf_add(&file, u->named, u->named_count * sizeof(*u->named));
	h.sum = sum(file.size, file.data + sizeof(h), file.size - sizeof(h));
	memcpy(file.data, &h, sizeof(h));
	while (done < file.size && (n = write(fd, file.data + done, file.size - done)) > 0)
		done += (size_t)n;
	if (close(fd) || done < file.size || rename(temp, path))
		unlink(temp);
	free(file.data);
	free(temp);
}

struct old {
	char *path;
	uint64_t size;
	time_t used;
};

static int by_use(const void *a, const void *b)
{
	const struct old *x = a, *y = b;

	return x->used < y->used ? -1 : x->used > y->used;
}

static void drop_oldest(const char *dir)
{
	DIR *d = opendir(dir);
	struct old *all = NULL;
	size_t count = 0;
	uint64_t total = 0;

	for (struct dirent *e; d && (e = readdir(d));) {
		char *path = path_join(dir, e->d_name);
		struct stat st;

		if (lstat(path, &st) || !S_ISREG(st.st_mode))
			continue;
		all = xrealloc(all, count + 1, sizeof(*all));
		all[count++] = (struct old){ .path = path, .size = (uint64_t)st.st_size, .used = st.st_mtime };
		total += (uint64_t)st.st_size;
	}
	if (d)
		closedir(d);
	sort(all, count, sizeof(*all), by_use);
	for (size_t i = 0; i < count && total > MOST_BYTES; i++) {
		unlink(all[i].path);
		total -= all[i].size;
	}
	free(all);
}

void cache_units(const struct binary *o, struct units *u)
{
	char *dir = o->file.size < LEAST_SIZE ? NULL : folder(), *path;
	uint8_t key[32];

	if (!dir || !make_key(o, key)) {
		units_find(o, u);
		return;
	}
	path = path_join(dir, hex(key, sizeof(key)));
	if (load(path, key, u)) {
		utimensat(AT_FDCWD, path, NULL, 0); /* used now: not the oldest */
		return;
	}
	units_find(o, u);
	store(path, key, u);
	drop_oldest(dir);
}
