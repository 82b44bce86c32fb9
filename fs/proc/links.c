/* Links of /proc/PID that lead to files whatever they are called: exe, cwd, root, and each descriptor (proc(5)).
 *
 * A descriptor without a path (a pipe, a socket) has a name to read, but nothing that could be opened anew: ENXIO.
 */
#include <core/slab.h>
#include <fs/files.h>
#include <fs/proc/procfile.h>
#include <linux/errno.h>

COMPONENT("proc", "/proc and its files");

static int add_path(struct text *out, const struct path *p)
{
	char *buf = kmalloc(PATH_LIMIT), *text;
	int r = -ENOMEM;

	if (buf) {
		text = path_text(p, current->process ? &current->process->fs->root : NULL, buf, PATH_LIMIT);
		r = is_err(text) ? (int)ptr_err(text) : 0;
		if (!r)
			text_put(out, text, strlen(text));
	}
	kfree(buf);
	return r;
}

static int show_followed(struct text *out, const struct proc_target *of,
			 int (*follow)(const struct proc_target *of, struct path *to))
{
	struct path p;
	int r = follow(of, &p);

	if (r)
		return r;
	r = add_path(out, &p);
	path_put(&p);
	return r;
}

static int follow_exe(const struct proc_target *of, struct path *out)
{
	struct path root;
	int r = -ENOENT;

	if (of->process->executable) {
		mount_root_path(&root);
		r = path_walk(&root, of->process->executable, 0, out);
		path_put(&root);
	}
	return r;
}

static int show_exe(struct text *out, const struct proc_target *of)
{
	if (!of->process->executable)
		return -ENOENT;
	text_add(out, "%s", of->process->executable);
	return 0;
}
PROC_LINK(pid_exe, "PID/exe", show_exe, follow_exe);
PROC_LINK(task_exe, "PID/task/TID/exe", show_exe, follow_exe);

static int place(const struct proc_target *of, bool root, struct path *out)
{
	struct fs_context *fs = proc_fs(of);

	if (!fs)
		return -ENOENT;
	spin_lock(&dentry_lock);
	*out = root ? fs->root : fs->cwd;
	path_get(out);
	spin_unlock(&dentry_lock);
	fs_context_put(fs);
	return 0;
}

static int follow_cwd(const struct proc_target *of, struct path *out)
{
	return place(of, false, out);
}

static int show_cwd(struct text *out, const struct proc_target *of)
{
	return show_followed(out, of, follow_cwd);
}
PROC_LINK(pid_cwd, "PID/cwd", show_cwd, follow_cwd);
PROC_LINK(task_cwd, "PID/task/TID/cwd", show_cwd, follow_cwd);

static int follow_root(const struct proc_target *of, struct path *out)
{
	return place(of, true, out);
}

static int show_root(struct text *out, const struct proc_target *of)
{
	return show_followed(out, of, follow_root);
}
PROC_LINK(pid_root, "PID/root", show_root, follow_root);
PROC_LINK(task_root, "PID/task/TID/root", show_root, follow_root);

static struct file *descriptor(const struct proc_target *of)
{
	struct files *files = proc_files(of);
	struct file *f = files ? files_get_file(files, of->fd) : NULL;

	files_put_table(files);
	return f;
}

static int follow_fd(const struct proc_target *of, struct path *out)
{
	struct file *f = descriptor(of);
	int r = 0;

	if (!f)
		return -ENOENT;
	if (f->dentry) {
		*out = (struct path){ f->mount, f->dentry };
		path_get(out);
	} else {
		r = -ENXIO;
	}
	file_put(f);
	return r;
}

static int show_fd(struct text *out, const struct proc_target *of)
{
	struct file *f = descriptor(of);
	int r = 0;

	if (!f)
		return -ENOENT;
	if (f->dentry) {
		r = add_path(out, &(struct path){ f->mount, f->dentry });
	} else {
		const char *name = f->ops->link_name ? f->ops->link_name : "anon_inode:[unknown]";

		text_add(out, name, (unsigned long)file_number(f));
	}
	file_put(f);
	return r;
}
PROC_LINK(pid_fd, "PID/fd/FD", show_fd, follow_fd);
PROC_LINK(task_fd, "PID/task/TID/fd/FD", show_fd, follow_fd);

static int show_fdinfo(struct text *out, const struct proc_target *of)
{
	struct file *f = descriptor(of);
	struct files *files = proc_files(of);
	struct attributes a;
	int r = -ENOENT;

	if (f && files) {
		r = file_getattr(f, &a);
		text_add(out, "pos:\t%ld\nflags:\t0%o\nmnt_id:\t%d\nino:\t%lu\n", (long)READ_ONCE(f->pos),
			 f->flags | (files_cloexec(files, of->fd) ? O_CLOEXEC : 0u), f->mount ? f->mount->id : 0,
			 (unsigned long)a.ino);
	}
	if (f)
		file_put(f);
	files_put_table(files);
	return r;
}
PROC_FILE(pid_fdinfo, "PID/fdinfo/FD", show_fdinfo);
PROC_FILE(task_fdinfo, "PID/task/TID/fdinfo/FD", show_fdinfo);
