/* /proc/PID/io: what a process or a thread has read and written (proc(5)).
 *
 * As in Linux, the first four lines are what calls of the family of read(2) and write(2) moved, whatever the file; those
 * of sockets are not among them. The others are a disk's, for the thread that waited for it.
 */
#include <core/process.h>
#include <fs/proc/procfile.h>
#include <linux/errno.h>

COMPONENT("proc", "/proc and its files");

static int show_io(struct text *out, const struct proc_target *of)
{
	struct io_counts io;

	if (of->tid) {
		struct thread *t = proc_thread(of);

		if (!t)
			return -ESRCH;
		io = t->io;
		thread_put(t);
	} else {
		io = process_io(of->process);
	}
	text_add(out, "rchar: %lu\nwchar: %lu\nsyscr: %lu\nsyscw: %lu\n", (unsigned long)io.read_bytes,
		 (unsigned long)io.written_bytes, (unsigned long)io.reads, (unsigned long)io.writes);
	text_add(out, "read_bytes: %lu\nwrite_bytes: %lu\ncancelled_write_bytes: 0\n", (unsigned long)io.disk_read,
		 (unsigned long)io.disk_written);
	return 0;
}
PROC_PRIVATE(pid_io, "PID/io", show_io);
PROC_PRIVATE(task_io, "PID/task/TID/io", show_io);
