/* EROFS images from anyone: whatever an image says, nothing outside it is read and every walk of it ends. */
/* UNIT: fs/erofs/super.c fs/erofs/inode.c fs/erofs/data.c fs/erofs/dir.c fs/erofs/xattr.c fs/erofs/compressed.c fs/erofs/lz4.c absent/erofs_disk.c core/crc32c.c fs/dentry.c fs/inode.c fs/mount.c fs/namespace.c fs/open.c fs/path.c fs/fs_context.c fs/page_cache.c fs/reclaim.c fs/file.c fs/notify.c fs/io.c fs/tmpfs/dir.c fs/tmpfs/file.c fs/tmpfs/super.c fs/tmpfs/xattr.c core/page.c core/param.c */
#include <core/log.h>
#include <core/slab.h>
#include <core/page.h>
#include <fs/erofs/erofs.h>

#include "tests/unit/host/vfs.h"
#include "tests/unit/tap.h"

enum { VISITS = 60, NAMES = 12, SUPER = 1024 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned visits;

struct names {
	struct dir_context ctx;
	unsigned count, emitted;
	char name[NAMES][NAME_LIMIT + 1];
};

static bool note_name(struct dir_context *ctx, const char *name, size_t len, uint64_t ino, unsigned type, off_t next)
{
	struct names *n = container_of(ctx, struct names, ctx);

	assert(len > 0 && len <= NAME_LIMIT);
	if (n->count < NAMES) {
		memcpy(n->name[n->count], name, len);
		n->name[n->count++][len] = '\0';
	}
	return ++n->emitted < 2000;
}

static void read_some(struct file *f)
{
	static char buf[10000];
	uint64_t size = f->inode->size;
	struct vm_page page;

	(void)!file_read_at(f, buf, sizeof(buf), 0);
	(void)!file_read_at(f, buf, sizeof(buf), (off_t)(size / 2));
	(void)!file_read_at(f, buf, sizeof(buf), size > 100 ? (off_t)(size - 100) : 0);
	(void)!file_read_at(f, buf, sizeof(buf), INT64_MAX - 5000);
	if (size && erofs_page(f->inode, (size - 1) / PAGE_SIZE, false, &page) == 0 && page.page)
		page_put(page.page);
}

static void visit(const struct path *at, unsigned depth)
{
	static char value[300];
	struct inode *inode = at->dentry->inode;
	struct file *f;
	struct names *n;
	char list[300];
	ssize_t r;

	if (++visits > VISITS)
		return;
	r = erofs_xattr_list(inode, list, sizeof(list));
	for (ssize_t i = 0; i < r; i += (ssize_t)strlen(list + i) + 1)
		(void)!erofs_xattr_get(inode, list + i, value, sizeof(value));
	(void)!erofs_xattr_get(inode, "user.nosuch", value, sizeof(value));
	f = file_open_path(at, O_RDONLY);
	if (is_err(f))
		return;
	if (!inode_is_dir(inode)) {
		if (inode_is_regular(inode))
			read_some(f);
		file_put(f);
		return;
	}
	n = kzalloc(sizeof(*n));
	n->ctx.emit = note_name;
	(void)!f->ops->readdir(f, &n->ctx);
	file_put(f);
	for (unsigned i = 0; i < n->count && depth < 5; i++) {
		struct path below;

		if (strcmp(n->name[i], ".") == 0 || strcmp(n->name[i], "..") == 0 ||
		    path_walk(at, n->name[i], i % 2 ? WALK_FOLLOW : 0, &below))
			continue;
		if (below.dentry->inode && below.dentry->inode->super == inode->super) /* a link may lead out */
			visit(&below, depth + 1);
		path_put(&below);
	}
	kfree(n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool ready;
	struct super *super;
	struct path root;
	const char *why;
	uint8_t *image;

	if (!ready) {
		const struct filesystem *tmpfs;

		host_vfs_init();
		tmpfs = filesystem_find("tmpfs");
		if (tmpfs->mount(tmpfs, "root", "", &super) || mount_add(super, NULL, "root", 0) ||
		    vfs_make(NULL, "/at", S_IFDIR | 0755, 0))
			panic("no root");
		ready = true;
	}
	image = host_alloc(size, 8);
	memcpy(image, data, size);
	/* A checksum would keep the fuzzer out; what it protects is checked all the same. */
	if (size > SUPER + 16)
		image[SUPER + 8] &= 0xfe;
	if (erofs_super_open(image, size, &super, &why) == 0) {
		if (path_walk(NULL, "/at", 0, &root))
			panic("no place");
		if (mount_add(super, &root, "image", 0))
			panic("no mount");
		path_put(&root);
		visits = 0;
		if (path_walk(NULL, "/at", 0, &root) == 0) {
			visit(&root, 0);
			if (mount_remove(&root, true))
				panic("no unmount");
			path_put(&root);
		}
		dentry_shrink(~0u);
	}
	host_free(image);
	return 0;
}
