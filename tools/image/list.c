/* Lists the files of a root for the manifest (root.h), in the order of their paths. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "root.h"

static json_t *describe(const char *host, const char *guest, const struct stat *st)
{
	json_t *o = json_pack("{s:s}", "path", guest);
	char target[4096];
	struct buf data = { 0 };
	uint8_t digest[32];
	ssize_t n;

	switch (st->st_mode & S_IFMT) {
	case S_IFREG:
		must_read(host, &data);
		sha256(data.data, data.size, digest);
		json_object_set_new(o, "size", json_integer((json_int_t)data.size));
		json_object_set_new(o, "sha256", json_string(hex(digest, sizeof(digest))));
		free(data.data);
		break;
	case S_IFLNK:
		n = readlink(host, target, sizeof(target) - 1);
		target[n < 0 ? 0 : n] = '\0';
		json_object_set_new(o, "link", json_string(target));
		break;
	case S_IFDIR:
		json_object_set_new(o, "type", json_string("directory"));
		break;
	default:
		json_object_set_new(o, "type", json_string("special"));
	}
	return o;
}

static void list(json_t *files, const char *host, const char *guest)
{
	struct dirent **entries;
	int n = scandir(host, &entries, NULL, alphasort);

	if (n < 0)
		fail("%s: %s", host, strerror(errno));
	for (int i = 0; i < n; i++) {
		char *path = path_join(host, entries[i]->d_name), *name = path_join(guest, entries[i]->d_name);
		struct stat st;

		if (!strcmp(entries[i]->d_name, ".") || !strcmp(entries[i]->d_name, ".."))
			continue;
		if (lstat(path, &st))
			fail("%s: %s", path, strerror(errno));
		json_array_append_new(files, describe(path, name, &st));
		if (S_ISDIR(st.st_mode))
			list(files, path, name);
	}
}

json_t *root_list(const char *root)
{
	json_t *files = json_array();

	list(files, root, "/");
	return files;
}
