/* The root file system and what is mounted in it at start (boot parameters root=, ro, rw).
 *
 * The root is the ROOT item of the boot area or of an initrd, or a disk (root=/dev/vda), an EROFS image; over it lies a layer in memory, so that
 * it can be written; with `ro` the layer holds nothing but the mount points that the image lacks, and is then mounted
 * read-only. Without an image the root is an empty tmpfs.
 */
#include <core/boot_area.h>
#include <core/init.h>
#include <core/log.h>
#include <core/param.h>
#include <core/power.h>
#include <core/slab.h>
#include <fs/erofs/erofs.h>
#include <fs/overlay/overlay.h>
#include <fs/filesystem.h>
#include <linux/errno.h>
#include <linux/mount.h>
#include <whittle/console.h>

COMPONENT("root", "the root file system and what is mounted at start");

static bool read_only;

static int set_ro(char *value)
{
	read_only = true;
	return 0;
}
BOOT_PARAM(ro, "ro", set_ro);

static int set_rw(char *value)
{
	read_only = false;
	return 0;
}
BOOT_PARAM(rw, "rw", set_rw);

static const char *root_disk; /* NULL: the root is not on a disk */

static int set_root(char *value)
{
	root_disk = NULL;
	if (!strncmp(value, "/dev/", 5)) {
		root_disk = kstrdup(value);
		return root_disk ? 0 : -ENOMEM;
	}
	return strcmp(value, "bootarea") && strcmp(value, "initrd") && strcmp(value, "tmpfs") ? -EINVAL : 0;
}
BOOT_PARAM(root, "root", set_root);

static struct super *open_root(void)
{
	struct boot_item item;
	struct super *lower, *super;
	const char *why;
	int r;

	if (!root_disk && !boot_area_item(BOOTAREA_ROOT, 0, &item)) {
		const struct filesystem *fs = filesystem_find("tmpfs");

		if (!fs) {
			log_err("there is no root image, and tmpfs is not in this kernel (--with tmpfs)");
			machine_exit(CONSOLE_STATUS_MACHINE);
		}
		r = fs->mount(fs, "", "mode=755", &super);
	} else {
		r = root_disk ? erofs_disk_open(root_disk, &lower, &why) :
				erofs_super_open(item.data, item.size, &lower, &why);
		if (r) {
			log_err("the root image %s%scannot be used: %s", root_disk ? root_disk : "", root_disk ? " " : "", why);
			machine_exit(CONSOLE_STATUS_MACHINE);
		}
		r = overlay_super(lower, &super);
	}
	if (r) {
		log_err("no memory for the root file system");
		machine_exit(CONSOLE_STATUS_MACHINE);
	}
	return super;
}

struct place {
	const char *path, *type, *options;
};

/* In this order: some lie in others. /tmp and /run belong to the upper layer when the root can be written. */
static const struct place places[] = {
	{ "/dev", "devtmpfs", "" },     { "/dev", "fixed_dev", "" },       { "/dev/shm", "tmpfs", "" },
	{ "/dev/pts", "devpts", "" },   { "/proc", "proc", "" },           { "/sys", "sysfs", "" },
	{ "/sys/fs/cgroup", "cgroup2", "" }, { "/tmp", "tmpfs", "mode=1777" }, { "/run", "tmpfs", "mode=755" },
};

static void mount_place(const struct place *p)
{
	struct path at;
	int r;

	if (!filesystem_find(p->type))
		return; /* not in this kernel */
	r = vfs_make(NULL, p->path, S_IFDIR | 0755, 0);
	if (r == -ENOENT)
		return; /* what it lies in is not in this kernel */
	if (r && r != -EEXIST)
		log_warn("%s cannot be made: error %d", p->path, -r);
	r = path_walk(NULL, p->path, WALK_FOLLOW | WALK_DIRECTORY, &at);
	if (!r) {
		r = mount_filesystem(p->type, p->type, &at, 0, p->options);
		path_put(&at);
	}
	if (r)
		log_warn("%s cannot be mounted: error %d", p->path, -r);
}

static void mount_root(void)
{
	struct super *super = open_root();
	int r = mount_add(super, NULL, "root", 0);
	struct path root;

	if (r) {
		log_err("no memory for the root file system");
		machine_exit(CONSOLE_STATUS_MACHINE);
	}
	for (unsigned i = 0; i < ARRAY_SIZE(places); i++) {
		bool layered = !strcmp(places[i].path, "/tmp") || !strcmp(places[i].path, "/run");

		if (!layered || read_only)
			mount_place(&places[i]);
	}
	if (read_only) {
		mount_root_path(&root);
		WRITE_ONCE(root.mount->flags, MS_RDONLY);
		path_put(&root);
		return;
	}
	(void)vfs_make(NULL, "/run", S_IFDIR | 0755, 0);  /* -EEXIST: the image has it, with its own mode */
	(void)vfs_make(NULL, "/tmp", S_IFDIR | 01777, 0); /* likewise */
}
INITCALL(70, mount_root);
