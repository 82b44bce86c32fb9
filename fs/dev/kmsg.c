/* /dev/kmsg: writing a line puts it into the kernel's log; reading gives the text of the log so far. */
#include <core/log.h>
#include <core/log_ring.h>
#include <fs/dev/devnode.h>
#include <linux/errno.h>
#include <linux/fs.h>

COMPONENT("dev", "/dev and its files");

#define LINE 512u

static ssize_t kmsg_read(struct file *f, struct io *io, off_t *pos)
{
	char text[LINE];
	size_t n = 0, moved;
	uint64_t next = log_ring_read((uint64_t)*pos, text, MIN(sizeof(text), io->left), &n);

	if (!n)
		return f->flags & O_NONBLOCK ? -EAGAIN : 0;
	moved = io_put(io, text, n);
	if (!moved)
		return -EFAULT;
	*pos = (off_t)(next - (n - moved));
	return (ssize_t)moved;
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
	if (whence != SEEK_SET || offset)
		return -EINVAL;
	f->pos = 0;
	return 0;
}

static const struct file_ops kmsg_ops = { .read = kmsg_read, .write = kmsg_write, .seek = kmsg_seek };
DEVNODE(kmsg, "kmsg", &kmsg_ops, NULL, 1, 11, 0600);
