/* /dev/kmsg: writing a line puts it into the kernel's log; reading gives the log's records, and at their end, where Linux
 * waits for more, the end of the file. */
#include <core/log.h>
#include <core/log_ring.h>
#include <fs/dev/devnode.h>
#include <linux/errno.h>
#include <linux/fs.h>

COMPONENT("dev", "/dev and its files");

#define LINE 512u

/* One record a read: LEVEL,NUMBER,MICROSECONDS,-;TEXT. A record's number is where its line begins in all that was ever written. */
static size_t record(uint64_t at, const char *line, char *to, size_t size)
{
	unsigned long seconds = 0, micros = 0;
	const char *p = line + 3; /* "<6>" of "<6>[    1.234567] text" */

	for (p += *p == '['; *p == ' '; p++)
		;
	for (; *p >= '0' && *p <= '9'; p++)
		seconds = seconds * 10 + (unsigned long)(*p - '0');
	for (p += *p == '.'; *p >= '0' && *p <= '9'; p++)
		micros = micros * 10 + (unsigned long)(*p - '0');
	p += *p == ']';
	p += *p == ' ';
	return (size_t)format_text(to, size, "%c,%lu,%lu,-;%s", line[1], at, seconds * 1000000 + micros, p);
}

static ssize_t kmsg_read(struct file *f, struct io *io, off_t *pos)
{
	char line[LINE + 1], text[LINE + 64];
	uint64_t next = (uint64_t)*pos, at = next;
	size_t n = log_ring_line(&next, line, LINE);

	if (!n)
		return f->flags & O_NONBLOCK ? -EAGAIN : 0;
	line[n] = '\0';
	n = record(MAX(at, next - n), line, text, sizeof(text));
	if (n > io->left)
		return -EINVAL;
	if (io_put(io, text, n) < n)
		return -EFAULT;
	*pos = (off_t)next;
	return (ssize_t)n;
}

static ssize_t kmsg_write(struct file *f, struct io *io, off_t *pos)
{
	char line[LINE];
	size_t n = io_get(io, line, MIN(io->left, sizeof(line) - 1)), rest = io->left;
	const char *text = line;
	enum log_level level = LOG_NOTICE;

	if (!n)
		return rest ? -EFAULT : 0;
	line[n] = '\0';
	if (line[n - 1] == '\n')
		line[n - 1] = '\0';
	if (line[0] == '<' && line[1] >= '0' && line[1] <= '7' && line[2] == '>') {
		level = (enum log_level)(line[1] - '0');
		text = line + 3;
	}
	log_print(level, "%s", text);
	return (ssize_t)(n + rest);
}

static off_t kmsg_seek(struct file *f, off_t offset, int whence)
{
	if (offset)
		return -ESPIPE;
	if (whence == SEEK_SET)
		f->pos = 0;
	else if (whence == SEEK_END)
		f->pos = (off_t)log_ring_end();
	else if (whence == SEEK_DATA) /* what syslog(2) has not cleared */
		f->pos = (off_t)__atomic_load_n(&log_ring_cleared, __ATOMIC_RELAXED);
	else
		return -EINVAL;
	return 0;
}

static const struct file_ops kmsg_ops = { .read = kmsg_read, .write = kmsg_write, .seek = kmsg_seek };
DEVNODE(kmsg, "kmsg", &kmsg_ops, NULL, 1, 11, 0600);
