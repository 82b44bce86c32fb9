/* Mounts as the process sees them: mounts and mountinfo (proc(5)), getmntent(3)'s form. */
#include <core/slab.h>
#include <fs/filesystem.h>
#include <fs/proc/procfile.h>
#include <linux/errno.h>
#include <linux/mount.h>

COMPONENT("proc", "/proc and its files");

#define SPECIAL " \t\n\\" /* bytes that would end a field */

/* The mount that comes after the one numbered @after, with a reference; the list is in order of numbers. */
static struct mount *next_mount(int after)
{
	struct mount *m, *found = NULL;

	spin_lock(&dentry_lock);
	list_for_each(m, &mount_list, node) {
		if (m->id > after) {
			found = m;
			mount_get(m);
			break;
		}
	}
	spin_unlock(&dentry_lock);
	return found;
}

/* Where it is mounted, with references; the first mount is nowhere. */
static void point_of(struct mount *m, struct path *point)
{
	spin_lock(&dentry_lock);
	*point = (struct path){ m->parent, m->point };
	if (m->parent)
		path_get(point);
	spin_unlock(&dentry_lock);
}

static void add_place(struct text *out, const struct path *point, const struct path *root, char *buf)
{
	const char *text = point->mount ? path_text(point, root, buf, PATH_LIMIT) : "/";

	text_escaped(out, is_err(text) ? "?" : text, SPECIAL);
}

static void add_options(struct text *out, uint32_t flags, bool read_only)
{
	text_add(out, "%s%s%s%s%s", flags & MS_RDONLY || read_only ? "ro" : "rw", flags & MS_NOSUID ? ",nosuid" : "",
		 flags & MS_NODEV ? ",nodev" : "", flags & MS_NOEXEC ? ",noexec" : "",
		 flags & MS_NOATIME ? ",noatime" : "");
}

/* /dev/x /place type options 0 0 */
static void add_mount(struct text *out, struct mount *m, const struct path *point, const struct path *root, char *buf)
{
	text_escaped(out, m->source, SPECIAL);
	text_put(out, " ", 1);
	add_place(out, point, root, buf);
	text_add(out, " %s ", m->super->type->name);
	add_options(out, READ_ONCE(m->flags), m->super->read_only);
	text_add(out, " 0 0\n");
}

/* id parent major:minor / /place options - type source super-options */
static void add_mountinfo(struct text *out, struct mount *m, const struct path *point, const struct path *root,
			  char *buf)
{
	uint32_t device = m->super->device;

	text_add(out, "%d %d %u:%u / ", m->id, point->mount ? point->mount->id : m->id, device >> 8 & 0xfff,
		 (device & 0xff) | (device >> 12 & ~0xffu));
	add_place(out, point, root, buf);
	text_put(out, " ", 1);
	add_options(out, READ_ONCE(m->flags), false);
	text_add(out, " - %s ", m->super->type->name);
	text_escaped(out, m->source, SPECIAL);
	text_add(out, " %s\n", m->super->read_only ? "ro" : "rw");
}

static int each_mount(struct text *out, const struct proc_target *of,
		      void (*add)(struct text *out, struct mount *m, const struct path *point,
				  const struct path *root, char *buf))
{
	struct fs_context *fs = proc_fs(of);
	char *buf = kmalloc(PATH_LIMIT);
	struct path point;
	struct mount *m;
	int r = !buf ? -ENOMEM : fs ? 0 : -EINVAL, id = 0;

	while (!r && (m = next_mount(id)) != NULL) {
		id = m->id;
		point_of(m, &point);
		add(out, m, &point, &fs->root, buf);
		if (point.mount)
			path_put(&point);
		mount_put(m);
	}
	kfree(buf);
	fs_context_put(fs);
	return r;
}

static int show_mounts(struct text *out, const struct proc_target *of)
{
	return each_mount(out, of, add_mount);
}
PROC_FILE(pid_mounts, "PID/mounts", show_mounts);
PROC_FILE(task_mounts, "PID/task/TID/mounts", show_mounts);

static int show_mountinfo(struct text *out, const struct proc_target *of)
{
	return each_mount(out, of, add_mountinfo);
}
PROC_FILE(pid_mountinfo, "PID/mountinfo", show_mountinfo);
PROC_FILE(task_mountinfo, "PID/task/TID/mountinfo", show_mountinfo);

static int show_mounts_link(struct text *out, const struct proc_target *of)
{
	text_add(out, "self/mounts");
	return 0;
}
PROC_LINK(mounts, "mounts", show_mounts_link, NULL);
