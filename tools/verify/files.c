/* The root of an image, unpacked by erofs-utils, against the manifest's list. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tools/image/root.h"
#include "verify.h"

static const char *text(const json_t *o, const char *key)
{
	const char *t = json_string_value(json_object_get(o, key));

	return t ? t : "";
}

/* A list of files as an object, by path. */
static json_t *by_path(const json_t *list)
{
	json_t *all = json_object(), *file;
	size_t i;

	json_array_foreach((json_t *)(uintptr_t)list, i, file)
		json_object_set(all, text(file, "path"), file);
	return all;
}

static void write_packed(const char *path, const struct buf *erofs)
{
	FILE *f = fopen(path, "we");

	if (!f || fwrite(erofs->data, 1, erofs->size, f) != erofs->size || fclose(f))
		fail("%s: %s", path, strerror(errno));
}

static void compare(struct verification *v, const json_t *file, const json_t *told)
{
	const char *path = text(file, "path");

	v->files++;
	if (!told)
		finding(v, "%s is in the image, and was not packed", path);
	else if (strcmp(text(file, "link"), text(told, "link")))
		finding(v, "%s leads to %s, and led to %s when it was packed", path, text(file, "link"), text(told, "link"));
	else if (strcmp(text(file, "type"), text(told, "type")) || !*text(file, "sha256") != !*text(told, "sha256"))
		finding(v, "%s is not of the type that was packed", path);
	else if (strcmp(text(file, "sha256"), text(told, "sha256")))
		finding(v, "%s is not the file that was packed: its SHA-256 is %.12s…, not %.12s…", path, text(file, "sha256"),
			text(told, "sha256"));
}

static bool take_root(struct verification *v, struct buf *erofs)
{
	const char *place = manifest_text(v, "root");
	const void *data;
	size_t size;

	if (kernel_file_item(&v->kernel, BOOTAREA_ROOT, &data, &size)) {
		buf_add(erofs, data, size);
		return true;
	}
	if (!strcmp(place, "file") && !file_read(format("%s.erofs", v->path), erofs))
		return true;
	if (!strcmp(place, "file"))
		finding(v, "%s.erofs, the root of the image, is not beside it", v->path);
	else
		finding(v, "it has no root, so nothing is known of its program");
	return false;
}

void verify_files(struct verification *v)
{
	json_t *told = by_path(json_object_get(v->manifest, "files")), *found, *file;
	struct buf erofs = { 0 }, errors = { 0 };
	char *dir = path_join(temp_dir(), "root"), *packed = path_join(temp_dir(), "erofs");
	const char *path;
	const char *const argv[] = { "fsck.erofs", format("--extract=%s", dir), "--no-preserve-owner", packed, NULL };
	size_t before = v->findings.count;
	uint8_t digest[32];
	int status;

	if (!v->manifest || !take_root(v, &erofs))
		return;
	write_packed(packed, &erofs);
	status = command(argv, &errors);
	if (status == 127 || status < 0)
		fail("fsck.erofs is not installed (Debian package erofs-utils)");
	if (status) {
		finding(v, "its root cannot be unpacked: %s", first_line(&errors));
		return;
	}
	found = by_path(root_list(dir));
	json_object_foreach(found, path, file)
		compare(v, file, json_object_get(told, path));
	json_object_foreach(told, path, file) {
		if (!json_object_get(found, path))
			finding(v, "%s was packed, and is not in the image", path);
	}
	sha256(erofs.data, erofs.size, digest);
	if (v->findings.count == before && strcmp(hex(digest, sizeof(digest)), manifest_text(v, "root_sha256")))
		finding(v, "the root is not the one that was packed, though its files have the same bytes");
	if (v->findings.count == before)
		v->root = dir;
}
