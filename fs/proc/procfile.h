/* Files of /proc, /sys and /sys/fs/cgroup: entries of a set, from whose names the directories follow (fs/proc/tree.c).
 *
 *     PROC_FILE(meminfo, "meminfo", show_meminfo);
 *     PROC_FILE(task_stat, "PID/task/TID/stat", show_stat);
 *
 * A component of a name in capitals stands for numbers: PID for processes, TID for threads of the process before it, FD
 * for its descriptors, CPU for processors, "cpu0" and so on. Nothing exists of a file until its name is looked up. Files are read from a text that show()
 * makes when the first byte is read, and anew each time that this happens. No address of the kernel is ever shown.
 */
#ifndef FS_PROC_PROCFILE_H
#define FS_PROC_PROCFILE_H

#include <fs/proc/text.h>
#include <fs/vfs.h>

/* Whom a file is about. */
struct proc_target {
	struct process *process; /* ref of the file's; NULL: the system */
	int tid;                 /* below task/; 0: the whole process */
	int fd;                  /* below fd/ or fdinfo/; below cpuN/ that processor */
};

struct procfile {
	const char *name; /* path below the root */
	/* Write what the file reads as, or what the link reads as, to @out. 0 or -errno. NULL: it is `constant`. The
	 * file's lock (RANK_INODE) is held, for links none. */
	int (*show)(struct text *out, const struct proc_target *of);
	union {
		/* Somebody writes @n bytes, a zero behind them. 0 or -errno; NULL: it cannot be written. The lock is held. */
		int (*write)(const struct proc_target *of, char *text, size_t n);
		/* Of a link, where it leads; NULL: to what it reads as. *@out gets references. */
		int (*follow)(const struct proc_target *of, struct path *out);
		const char *constant;
	};
	uint32_t mode; /* S_IFREG, S_IFLNK or, for one that is empty, S_IFDIR, and permissions */
	uint32_t reserved;
};
SET_DECLARE(procfile, struct procfile, 32);
SET_DECLARE(sysfile, struct procfile, 32);
SET_DECLARE(cgroupfile, struct procfile, 32);

#define PROC_FILE(ident, path, fn)                                                                 \
	SET_ENTRY(procfile, ident, struct procfile) = { .name = path, .show = fn, .mode = S_IFREG | 0444 }
/** PROC_PRIVATE() - one that only its owner reads. */
#define PROC_PRIVATE(ident, path, fn)                                                              \
	SET_ENTRY(procfile, ident, struct procfile) = { .name = path, .show = fn, .mode = S_IFREG | 0400 }
#define PROC_WRITABLE(ident, path, fn, write_fn)                                                   \
	SET_ENTRY(procfile, ident, struct procfile) = {                                            \
		.name = path, .show = fn, .write = write_fn, .mode = S_IFREG | 0644                \
	}
/** PROC_CONSTANT() - one whose text is known now. */
#define PROC_CONSTANT(ident, path, text)                                                           \
	SET_ENTRY(procfile, ident, struct procfile) = { .name = path, .constant = text, .mode = S_IFREG | 0444 }
/** PROC_NUMBER() - one that is a number, evaluated each time. */
#define PROC_NUMBER(ident, path, value)                                                            \
	static int show_##ident(struct text *out, const struct proc_target *of)                    \
	{                                                                                          \
		text_add(out, "%lu\n", (unsigned long)(value));                                    \
		return 0;                                                                          \
	}                                                                                          \
	PROC_FILE(ident, path, show_##ident)
#define PROC_LINK(ident, path, fn, follow_fn)                                                      \
	SET_ENTRY(procfile, ident, struct procfile) = {                                            \
		.name = path, .show = fn, .follow = follow_fn, .mode = S_IFLNK | 0777              \
	}
#define SYS_FILE(ident, path, fn)                                                                  \
	SET_ENTRY(sysfile, ident, struct procfile) = { .name = path, .show = fn, .mode = S_IFREG | 0444 }
#define SYS_WRITABLE(ident, path, fn, write_fn)                                                    \
	SET_ENTRY(sysfile, ident, struct procfile) = {                                             \
		.name = path, .show = fn, .write = write_fn, .mode = S_IFREG | 0644                \
	}
#define SYS_CONSTANT(ident, path, text)                                                            \
	SET_ENTRY(sysfile, ident, struct procfile) = { .name = path, .constant = text, .mode = S_IFREG | 0444 }
#define SYS_DIRECTORY(ident, path)                                                                 \
	SET_ENTRY(sysfile, ident, struct procfile) = { .name = path, .mode = S_IFDIR | 0755 }

/** proc_super() - a file system that shows [@begin, @end). For filesystem.mount(). */
int proc_super(const struct filesystem *type, uint64_t magic, const struct procfile *begin, const struct procfile *end,
	       struct super **out);

/* fs/proc/target.c: what a target still has, each with a reference. NULL: its process has ended. */
struct mm *proc_mm(const struct proc_target *of) __must_check;
struct files *proc_files(const struct proc_target *of) __must_check;
struct fs_context *proc_fs(const struct proc_target *of) __must_check;
/** proc_show_cpus() - the machine's processors as a list: "0", or "0-3"; for PROC_FILE() and its like. */
int proc_show_cpus(struct text *out, const struct proc_target *of);
/** proc_thread() - the thread, or of a whole process its first. */
struct thread *proc_thread(const struct proc_target *of) __must_check;
/** proc_parse_int() - what was written to a file: a decimal number, white space around it. -EINVAL, -ERANGE. */
int proc_parse_int(const char *text, int *out);
/** proc_next_number() - the lowest id from @from on that a component PID, TID, FD or CPU may be now, or -1. */
int proc_next_number(const struct proc_target *of, char kind, int from);

#endif
