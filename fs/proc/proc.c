/* The file system "proc", and the links that lead from its root to who asks. */
#include <core/process.h>
#include <fs/filesystem.h>
#include <fs/proc/procfile.h>
#include <linux/magic.h>

COMPONENT("proc", "/proc and its files");

static int proc_mount(const struct filesystem *fs, const char *source, const char *options, struct super **out)
{
	return proc_super(fs, PROC_SUPER_MAGIC, set_begin_procfile, set_end_procfile, out);
}
FILESYSTEM(proc, proc_mount, FILESYSTEM_NODEV);

static int show_self(struct text *out, const struct proc_target *of)
{
	text_add(out, "%d", current->process ? current->process->pid : 0);
	return 0;
}
PROC_LINK(self, "self", show_self, NULL);

static int show_thread_self(struct text *out, const struct proc_target *of)
{
	text_add(out, "%d/task/%d", current->process ? current->process->pid : 0, current->tid);
	return 0;
}
PROC_LINK(thread_self, "thread-self", show_thread_self, NULL);
