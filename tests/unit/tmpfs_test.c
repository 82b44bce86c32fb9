/* tmpfs: contents against a plain array, names and link counts, and the same over a read-only image (fs/overlay). */
/* UNIT: fs/tmpfs/dir.c fs/tmpfs/file.c fs/notify.c fs/tmpfs/super.c fs/tmpfs/xattr.c fs/overlay/overlay.c fs/erofs/super.c fs/erofs/inode.c fs/erofs/data.c fs/erofs/dir.c fs/erofs/xattr.c absent/erofs_disk.c absent/erofs_lz4.c core/crc32c.c fs/dentry.c fs/inode.c fs/mount.c fs/namespace.c fs/open.c fs/path.c fs/fs_context.c fs/page_cache.c fs/reclaim.c fs/file.c fs/io.c core/page.c core/param.c */
#include <core/log.h>
#include <fs/erofs/erofs.h>
#include <fs/overlay/overlay.h>
#include <fs/tmpfs/tmpfs.h>
#include <linux/falloc.h>
#include <linux/fs.h>

#include "tests/unit/host/vfs.h"
#include "tests/unit/tap.h"

extern long host_fail_after;

#define MODEL_SIZE 300000u

static uint8_t model[MODEL_SIZE], buffer[MODEL_SIZE];

static struct file *open_file(const char *name, unsigned flags)
{
	struct file *f = file_open(NULL, name, flags, 0644, 0);

	return is_err(f) ? NULL : f;
}

/* Through the file's page() as a mapping would see it. */
static bool page_is_right(struct inode *inode, uint64_t index, uint64_t size)
{
	struct vm_page page;
	size_t n = (size_t)MIN(size - (index << PAGE_SHIFT), (uint64_t)PAGE_SIZE);
	const uint8_t *bytes;
	bool right;
	int r = inode->ops->page(inode, index, false, &page);

	if (r)
		return false;
	bytes = page_direct(page.paddr);
	right = !memcmp(bytes, model + (index << PAGE_SHIFT), n);
	for (size_t i = n; i < PAGE_SIZE; i++)
		right = right && !bytes[i];
	if (page.page)
		page_put(page.page);
	return right;
}

/* Random operations on @f, whose contents are model[0..size). */
static void against_model(struct file *f, uint64_t size, const char *what)
{
	struct io io;
	bool right = true;

	for (int round = 0; round < 3000 && right; round++) {
		uint64_t at = host_random() % (MODEL_SIZE - 1), n = host_random() % (round % 3 ? 300 : 20000);
		off_t pos = (off_t)at;

		n = MIN(n, MODEL_SIZE - at);
		switch (host_random() % 7) {
		case 0:
		case 1: /* write */
			for (uint64_t i = 0; i < n; i++)
				buffer[i] = (uint8_t)host_random();
			io_init_kernel(&io, buffer, (size_t)n);
			right = f->ops->write(f, &io, &pos) == (ssize_t)n;
			if (n && at > size)
				memset(model + size, 0, at - size);
			memcpy(model + at, buffer, n);
			if (n)
				size = MAX(size, at + n);
			break;
		case 2: /* truncate */
			if (host_random() % 4) /* near the end, rather than anywhere */
				at = size + at % 5000 < 2500 ? 0 : size + at % 5000 - 2500;
			at = MIN(at, (uint64_t)MODEL_SIZE - 1);
			right = !file_truncate(f, at);
			if (at > size)
				memset(model + size, 0, at - size);
			size = at;
			break;
		case 3: /* punch a hole */
			if (!n || host_random() % 4)
				break;
			right = !f->ops->fallocate(f, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, pos, (off_t)n);
			if (at < size)
				memset(model + at, 0, MIN(n, size - at));
			break;
		case 4: /* a page, as a mapping sees it */
			if (size)
				right = page_is_right(f->inode, at % size >> PAGE_SHIFT, size);
			break;
		default: /* read */
			io_init_kernel(&io, buffer, (size_t)n);
			memset(buffer, 0xee, (size_t)n);
			right = f->ops->read(f, &io, &pos) == (ssize_t)(at < size ? MIN(n, size - at) : 0);
			if (at < size)
				right = right && !memcmp(buffer, model + at, MIN(n, size - at));
		}
		right = right && f->inode->size == size;
	}
	ok(right, "%s: 3000 random operations agree with an array", what);
}

static void contents(void)
{
	struct file *f = open_file("/model", O_RDWR | O_CREAT);
	struct attributes a;
	uint64_t before = page_free_count();

	against_model(f, 0, "tmpfs");
	is(file_truncate(f, 0), 0, "truncate to nothing");
	ok(!inode_getattr(f->inode, &a) && a.blocks == 0, "no blocks are left");
	is(file_write_at(f, "x", 1, 1ll << 40), 1, "a byte far out");
	ok(!inode_getattr(f->inode, &a) && a.size == (1ull << 40) + 1 && a.blocks == 8, "one page is there");
	is(f->ops->seek(f, 0, SEEK_DATA), 1ll << 40, "SEEK_DATA finds it");
	is(f->ops->seek(f, 0, SEEK_HOLE), 0, "SEEK_HOLE finds the hole before it");
	is(file_write_at(f, "x", 1, INT64_MAX), -EFBIG, "a file cannot be larger than a position");
	is(vfs_unlink(NULL, "/model", false), 0, "it is removed while open");
	is(file_write_at(f, "y", 1, 0), 1, "and can still be written");
	file_put(f);
	ok(page_free_count() + 40 >= before, "its pages come back");
}

static void full(void)
{
	struct path at;
	struct file *f;
	char page[PAGE_SIZE] = { 0 };
	ssize_t n = 1;
	off_t pos;

	is(vfs_make(NULL, "/small", S_IFDIR | 0755, 0), 0, "a directory");
	is(path_walk(NULL, "/small", 0, &at), 0, "is found");
	is(mount_filesystem("tmpfs", "none", &at, 0, "size=64k,mode=700"), 0, "a tmpfs of 64 KiB is mounted there");
	path_put(&at);
	f = open_file("/small/file", O_RDWR | O_CREAT);
	for (pos = 0; n > 0; pos += n)
		n = file_write_at(f, page, sizeof(page), pos);
	is(n, -ENOSPC, "it gets full");
	is(f->inode->size, 65536, "at 64 KiB");
	is(file_truncate(f, 100), 0, "truncate");
	is(file_write_at(f, page, sizeof(page), 100), PAGE_SIZE, "and there is room again");
	file_put(f);
	is(path_walk(NULL, "/small", 0, &at), 0, "its root");
	is(mount_remove(&at, 0), 0, "is unmounted");
	path_put(&at);
	is(path_walk(NULL, "/small/file", 0, &at), -ENOENT, "and what it held is gone");
}

static uint32_t links(const char *name)
{
	struct path p;
	uint32_t n;

	if (path_walk(NULL, name, 0, &p))
		return 0;
	n = p.dentry->inode->nlink;
	path_put(&p);
	return n;
}

static int rename(const char *from, const char *to, unsigned flags)
{
	return vfs_rename(NULL, from, NULL, to, flags);
}

static int make_dir(const char *name)
{
	return vfs_make(NULL, name, S_IFDIR | 0755, 0);
}

static int make_file(const char *name)
{
	return vfs_make(NULL, name, S_IFREG | 0644, 0);
}

static void names(const char *under)
{
	struct path p;
	char n[8][64];

	for (unsigned i = 0; i < ARRAY_SIZE(n); i++)
		format_text(n[i], sizeof(n[i]), "%s/%c", under, 'a' + i);
	/* a, b: directories; c, d: files */
	note("in %s", under);
	is(make_dir(n[0]) | make_dir(n[1]) | make_file(n[2]) | make_file(n[3]), 0, "two directories, two files");
	is(make_dir(n[0]), -EEXIST, "once only");
	is(links(n[0]), 2, "a directory has two links");
	is(rename(n[2], n[0], 0), -EISDIR, "a file does not replace a directory");
	is(rename(n[0], n[2], 0), -ENOTDIR, "nor a directory a file");
	is(rename(n[2], n[3], RENAME_NOREPLACE), -EEXIST, "RENAME_NOREPLACE");
	is(rename(n[2], n[3], 0), 0, "a file replaces a file");
	is(path_walk(NULL, n[2], 0, &p), -ENOENT, "whose old name is gone");
	format_text(n[4], sizeof(n[4]), "%s/sub", n[0]);
	format_text(n[5], sizeof(n[5]), "%s/sub/deep", n[0]);
	is(make_dir(n[4]) | make_dir(n[5]), 0, "a tree");
	is(links(n[0]), 3, "a subdirectory is a link");
	is(rename(n[0], n[5], 0), -EINVAL, "no directory goes below itself");
	is(rename(n[1], n[0], 0), -ENOTEMPTY, "nor replaces one that is not empty");
	is(rename(n[0], n[1], 0), 0, "but an empty one");
	is(links(n[1]), 3, "and keeps its links");
	format_text(n[6], sizeof(n[6]), "%s/sub/deep", n[1]);
	is(path_walk(NULL, n[6], 0, &p), 0, "what is below is found");
	path_put(&p);
	is(rename(n[1], n[3], RENAME_EXCHANGE), 0, "RENAME_EXCHANGE of a directory and a file");
	is(links(n[3]), 3, "the directory");
	is(links(n[1]), 1, "the file");
	is(path_walk(NULL, n[1], 0, &p), 0, "the file is found");
	is(vfs_link(&p, NULL, n[2]), 0, "a second name");
	is(links(n[2]), 2, "is counted");
	is(rename(n[1], n[2], 0), 0, "a rename between names of one file");
	is(links(n[1]), 2, "does nothing");
	is(vfs_unlink(NULL, n[1], false) | vfs_unlink(NULL, n[2], false), 0, "both are removed");
	is(p.dentry->inode->nlink, 0, "no link is left");
	is(vfs_link(&p, NULL, n[2]), 0, "a link to what has none (O_TMPFILE)");
	path_put(&p);
	is(vfs_unlink(NULL, n[2], false), 0, "is removed");
	is(vfs_unlink(NULL, n[3], true), -ENOTEMPTY, "rmdir of a tree");
	is(vfs_unlink(NULL, n[3], false), -EISDIR, "unlink of a directory");
	format_text(n[4], sizeof(n[4]), "%s/sub", n[3]);
	format_text(n[5], sizeof(n[5]), "%s/sub/deep", n[3]);
	is(vfs_unlink(NULL, n[5], true) | vfs_unlink(NULL, n[4], true) | vfs_unlink(NULL, n[3], true), 0, "from below");
	is(vfs_symlink("target", NULL, n[0]), 0, "a symbolic link");
	is(vfs_unlink(NULL, n[0], false), 0, "is removed");
}

static unsigned listed;
static char listing[4000];

static bool list_entry_text(struct dir_context *ctx, const char *name, size_t len, uint64_t ino, unsigned type,
			    off_t next)
{
	if (name[0] != '.') {
		memcpy(listing + listed, name, len);
		listed += (unsigned)len;
		listing[listed++] = ' ';
	}
	return true;
}

static const char *list_dir(const char *name)
{
	struct file *f = open_file(name, O_RDONLY | O_DIRECTORY);
	struct dir_context ctx = { .emit = list_entry_text };

	listed = 0;
	if (f) {
		f->ops->readdir(f, &ctx);
		file_put(f);
	}
	listing[listed] = '\0';
	return listing;
}

static uint64_t ino_of(const char *name)
{
	struct path p;
	uint64_t ino;

	if (path_walk(NULL, name, 0, &p))
		return 0;
	ino = p.dentry->inode->ino;
	path_put(&p);
	return ino;
}

/* A root with an image below: /data/large has the model's contents, hard1 and hard2 are one file. */
static void layered(void)
{
	struct super *lower, *super;
	const char *why = "";
	struct path at;
	struct file *f, *g;
	char text[16];
	uint64_t ino;
	void *image;
	size_t size;

	is(host_run("rm -rf $TMP/tree $TMP/image; mkdir -p $TMP/tree/data/sub $TMP/tree/gone && cd $TMP/tree && "
		    "head -c 100003 /dev/urandom > data/large && printf hello > data/hard1 && ln data/hard1 data/hard2 && "
		    "ln -s large data/link && printf x > data/sub/x && printf x > gone/x && "
		    "mkfs.erofs -T0 --all-root -E noinline_data $TMP/image . > /dev/null"), 0, "an image");
	image = host_read_file(host_tmp("image"), &size);
	is(erofs_super_open(image, size, &lower, &why), 0, "is opened %s", why);
	is(overlay_super(lower, &super), 0, "a layer over it");
	is(make_dir("/over"), 0, "a place");
	is(path_walk(NULL, "/over", 0, &at), 0, "is there");
	is(mount_add(super, &at, "over", 0), 0, "is mounted");
	path_put(&at);

	is_text(list_dir("/over/data"), "hard1 hard2 large link sub ", "the image's names");
	ino = ino_of("/over/data/large");
	f = open_file("/over/data/large", O_RDWR);
	is(file_read_at(f, model, sizeof(model), 0), 100003, "what it holds");
	g = open_file("/over/data/link", O_RDONLY);
	is(file_write_at(f, "new", 3, 5000), 3, "a write");
	memcpy(model + 5000, "new", 3);
	ok(file_read_at(g, text, 3, 5000) == 3 && !memcmp(text, "new", 3), "is seen by who opened it before");
	against_model(f, 100003, "over an image");
	is(ino_of("/over/data/large"), (long long)ino, "its number stays");
	file_put(f);
	file_put(g);

	f = open_file("/over/data/hard1", O_RDWR);
	is(file_write_at(f, "J", 1, 0), 1, "a write to one of two names");
	file_put(f);
	g = open_file("/over/data/hard2", O_RDONLY);
	ok(g && file_read_at(g, text, 5, 0) == 5 && !memcmp(text, "Jello", 5), "is seen by the other");
	file_put(g);
	is(links("/over/data/hard2"), 2, "two links");
	is(ino_of("/over/data/hard1"), (long long)ino_of("/over/data/hard2"), "one number");

	is(rename("/over/data/sub", "/over/moved", 0), 0, "a directory of the image is renamed");
	is_text(list_dir("/over/moved"), "x ", "with what is in it");
	is(vfs_unlink(NULL, "/over/gone", true), -ENOTEMPTY, "rmdir of one that is not empty below");
	is(vfs_unlink(NULL, "/over/gone/x", false), 0, "what is below is removed");
	is(vfs_unlink(NULL, "/over/gone", true), 0, "and then the directory");
	is(make_dir("/over/gone"), 0, "made again");
	is_text(list_dir("/over/gone"), "", "it is empty");
	names("/over/data");
	is_text(list_dir("/over"), "data moved gone ", "the root in the end");
}

/* Whatever allocation fails, nothing is lost and nothing breaks. */
static void no_memory(void)
{
	int failed = 0, r = -1;

	for (long n = 0; n < 200 && r; n++) {
		struct file *f;

		host_fail_after = n;
		f = file_open(NULL, "/failing/sub/file", O_RDWR | O_CREAT, 0644, 0);
		r = is_err(f) ? (int)ptr_err(f) : 0;
		if (r == -ENOENT) {
			r = make_dir("/failing");
			r = r && r != -EEXIST ? r : make_dir("/failing/sub");
			r = r ? r : -1;
		} else if (!r) {
			ssize_t w = file_write_at(f, "x", 1, 1 << 24);

			r = w < 0 ? (int)w : vfs_symlink("a longer target than fits into an entry", NULL, "/failing/link");
			file_put(f);
		}
		host_fail_after = -1;
		failed++;
	}
	is(r, 0, "works once %d allocations succeed", failed);
	is(vfs_unlink(NULL, "/failing/link", false) | vfs_unlink(NULL, "/failing/sub/file", false) |
	   vfs_unlink(NULL, "/failing/sub", true) | vfs_unlink(NULL, "/failing", true), 0, "all is there");
}

int main(void)
{
	struct super *super;

	host_vfs_init();
	is(tmpfs_super(filesystem_find("tmpfs"), "", &super), 0, "a tmpfs");
	is(mount_add(super, NULL, "none", 0), 0, "is the root");
	contents();
	full();
	is(make_dir("/names"), 0, "a directory");
	names("/names");
	layered();
	no_memory();
	return tap_done();
}
