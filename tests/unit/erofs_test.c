/* EROFS: images by mkfs.erofs, of several shapes, hold what their directories held; broken ones are refused. */
/* UNIT: fs/erofs/super.c fs/erofs/inode.c fs/erofs/data.c fs/erofs/dir.c fs/erofs/xattr.c fs/erofs/compressed.c fs/erofs/lz4.c absent/erofs_disk.c core/crc32c.c fs/dentry.c fs/inode.c fs/mount.c fs/namespace.c fs/open.c fs/path.c fs/fs_context.c fs/page_cache.c fs/reclaim.c fs/file.c fs/notify.c fs/io.c core/page.c core/param.c */
#include <core/log.h>
#include <fs/erofs/erofs.h>

#include "tests/unit/host/vfs.h"
#include "tests/unit/tap.h"

static struct super *mounted;

static bool open_image(const void *image, size_t size)
{
	const char *why = NULL;
	int r = erofs_super_open(image, size, &mounted, &why);

	if (r)
		note("%s (%d)", why, r);
	return r == 0;
}

static size_t read_file(const char *name, char *buf, size_t size)
{
	struct file *f = file_open(NULL, name, O_RDONLY, 0, 0);
	ssize_t n;

	if (is_err(f))
		return (size_t)ptr_err(f);
	n = file_read_at(f, buf, size, 0);
	file_put(f);
	return (size_t)n;
}

static unsigned seen;

static bool count_entry(struct dir_context *ctx, const char *name, size_t len, uint64_t ino, unsigned type, off_t next)
{
	seen++;
	return true;
}

static void holds(const char *options)
{
	static char buf[2000000], command[400];
	struct dir_context ctx = { .emit = count_entry };
	struct path p;
	size_t size, n;
	char *image;
	struct file *f;
	bool right = true;

	format_text(command, sizeof(command), "mkfs.erofs -T0 --all-root %s $TMP/image $TMP/tree > $TMP/log 2>&1", options);
	is(host_run(command), 0, "mkfs.erofs %s", options);
	image = host_read_file(host_tmp("image"), &size);
	if (!ok(image && open_image(image, size), "its image is opened"))
		return;
	is(mount_add(mounted, NULL, "image", 0), 0, "and mounted");
	n = read_file("/small", buf, sizeof(buf));
	ok(n == 6 && memcmp(buf, "small\n", 6) == 0, "a small file");
	is((long)read_file("/empty", buf, sizeof(buf)), 0, "an empty one");
	n = read_file("/large", buf, sizeof(buf));
	is((long)n, 1000003, "a large one");
	for (size_t i = 0; i < n; i++)
		right &= buf[i] == (char)('a' + (i / 100 + i) % 26);
	ok(right, "byte for byte");
	n = read_file("/sparse", buf, sizeof(buf));
	ok(n == 100004 && buf[0] == 0 && buf[99999] == 0 && memcmp(buf + 100000, "end\n", 4) == 0, "one with a hole");
	right = true;
	for (int i = 1; i <= 500; i++) {
		char name[64];

		format_text(name, sizeof(name), "/many/a-name-that-is-not-short-%d", i);
		n = read_file(name, buf, sizeof(buf));
		buf[n] = '\0';
		right &= (long)n > 0 && host_number(buf) == i;
	}
	ok(right, "each of 500 files");
	is((long)read_file("/many/a-name-that-is-not-short-501", buf, 10), -ENOENT, "and no other");
	is((long)read_file("/many/a", buf, 10), -ENOENT, "nor one before them");
	is((long)read_file("/many/z", buf, 10), -ENOENT, "nor behind them");
	f = file_open(NULL, "/many", O_RDONLY | O_DIRECTORY, 0, 0);
	seen = 0;
	ok(!is_err(f) && f->ops->readdir(f, &ctx) == 0, "the directory is listed");
	is(seen, 502, "all its entries");
	if (!is_err(f))
		file_put(f);
	is(path_walk(NULL, "/link", WALK_FOLLOW, &p), 0, "a symbolic link");
	is((long)p.dentry->inode->size, 6, "leads to its file");
	path_put(&p);
	is(path_walk(NULL, "/hard", 0, &p), 0, "a second name");
	is(p.dentry->inode->nlink, 2, "is counted");
	path_put(&p);
	is(path_walk(NULL, "/deep/er/and/deeper/file", 0, &p), 0, "a deep path");
	is(p.dentry->inode->mode, S_IFREG | 0751, "a mode");
	path_put(&p);
}

static void broken(void)
{
	size_t size;
	char *image;

	is(host_run("mkfs.erofs -T0 --all-root -E noinline_data $TMP/image $TMP/tree > $TMP/log 2>&1"), 0, "an image to break");
	image = host_read_file(host_tmp("image"), &size);
	if (!image)
		return;
	ok(!open_image(image, 100), "100 bytes are refused");
	ok(!open_image(image, size / 2), "half an image is refused");
	image[1024] ^= 1;
	ok(!open_image(image, size), "a wrong magic is refused");
	image[1024] ^= 1;
	image[1024 + 40] ^= 1;
	ok(!open_image(image, size), "a wrong checksum is refused");
	image[1024 + 40] ^= 1;
	memset(image + 4096, 0, size - 4096);
	ok(!open_image(image, size) || true, "an image of zeroes behind the super block does no harm");
	host_free(image);
}

int main(void)
{
	host_vfs_init();
	host_run("mkdir -p $TMP/tree/many $TMP/tree/deep/er/and/deeper && cd $TMP/tree && echo small > small && : > empty && "
		 "LC_ALL=C awk 'BEGIN { for (i = 0; i < 1000003; i++) printf \"%c\", 97 + (int(i / 100) + i) % 26 }' > large && "
		 "truncate -s 100000 sparse && echo end >> sparse && "
		 "for i in $(seq 500); do echo $i > many/a-name-that-is-not-short-$i; done && ln -s small link && "
		 "echo hard > hard && ln hard hard2 && echo x > deep/er/and/deeper/file && chmod 751 deep/er/and/deeper/file");
	holds("-E noinline_data");
	holds("");
	holds("-E force-inode-extended");
	holds("--chunksize=4096");
	holds("-zlz4");
	holds("-zlz4hc,12 -C65536");
	holds("-zlz4 -E legacy-compress");
	holds("-zlz4hc -C16384 -E force-inode-extended");
	broken();
	return tap_done();
}
