/* The console as programs see it: /dev/console, /dev/tty, and descriptors 0 to 2 (tty_ioctl(4), termios(3)).
 *
 * What arrives and how is stated in include/whittle/console.h. Framed input is a pipe: bytes as they are, an end of file
 * that stays. Otherwise the console is a terminal (fs/tty.c). Locking: the terminal's; write_lock makes each write one
 * piece. Input that finds no room stays in the device: its driver is asked again when room was made.
 */
#include <arch/irqflags.h>
#include <core/console.h>
#include <core/param.h>
#include <core/slab.h>
#include <fs/dev/devnode.h>
#include <fs/tty.h>
#include <linux/errno.h>
#include <whittle/console.h>

COMPONENT("console-device", "/dev/console and /dev/tty: the program's console");

static const struct tty_ops console_tty_ops;
static char input[TTY_INPUT_SIZE];
static uint8_t line_ends[TTY_INPUT_SIZE / 8];

static struct tty tty = {
	TTY_INIT(tty),
	.ops = &console_tty_ops,
	.input = input,
	.line_ends = line_ends,
	.edits = true,
	.size = { .ws_row = 24, .ws_col = 80 },
	.termios = {
		.c_iflag = ICRNL | IXON,
		.c_oflag = OPOST | ONLCR,
		.c_cflag = CS8 | CREAD | B115200 | HUPCL,
		.c_lflag = ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE | IEXTEN,
		.c_cc = {
			[VINTR] = 3, [VQUIT] = 28, [VERASE] = 127, [VKILL] = 21, [VEOF] = 4, [VMIN] = 1,
			[VSTART] = 17, [VSTOP] = 19, [VSUSP] = 26, [VREPRINT] = 18, [VWERASE] = 23, [VLNEXT] = 22,
		},
		.c_ispeed = 115200,
		.c_ospeed = 115200,
	},
};

static struct mutex write_lock = MUTEX_INIT(write_lock, RANK_PIPE);
static bool escaped;         /* tty.lock: framed: DLE was seen */
static bool terminal = true; /* set before anything runs, as the next */
static bool terminal_asked;
void (*console_input_poll)(void);

static int set_stdin(char *value)
{
	if (strcmp(value, "framed"))
		return -EINVAL;
	tty.edits = false; /* nobody at the other end edits or echoes, unless it says so */
	terminal = false;
	return 0;
}
BOOT_PARAM(stdin, "whittle.stdin", set_stdin);

static int set_tty(char *value)
{
	terminal_asked = !strcmp(value, "1");
	return 0;
}
BOOT_PARAM(tty, "whittle.tty", set_tty);

static inline bool is_terminal(void)
{
	return terminal || terminal_asked;
}

size_t console_input_room(void)
{
	return tty_room(&tty);
}

static void framed_locked(char c)
{
	if (tty.ended)
		return;
	if (escaped) {
		escaped = false;
		if (c == CONSOLE_DLE)
			tty_put_raw(&tty, c);
		else if (c == CONSOLE_EOF)
			tty.ended = true;
	} else if (c == CONSOLE_DLE) {
		escaped = true;
	} else {
		tty_put_raw(&tty, c);
	}
}

void console_input(const char *bytes, size_t n)
{
	irqflags_t flags;

	if (tty.edits) {
		tty_input(&tty, bytes, n);
		return;
	}
	flags = spin_lock_irqsave(&tty.lock);
	while (n) {
		const char *mark = memchr(bytes, CONSOLE_DLE, n);
		size_t run = mark ? (size_t)(mark - bytes) : n;

		if (run && !escaped && !tty.ended) {
			tty_put_run(&tty, bytes, run);
		} else {
			run = 1;
			framed_locked(*bytes);
		}
		bytes += run;
		n -= run;
	}
	spin_unlock_irqrestore(&tty.lock, flags);
	if (wait_queue_active(&tty.readable))
		wait_queue_wake_all(&tty.readable, EPOLLIN);
}

void console_input_end(void)
{
	irqflags_t flags = spin_lock_irqsave(&tty.lock);

	tty.ended = true;
	spin_unlock_irqrestore(&tty.lock, flags);
	wait_queue_wake_all(&tty.readable, EPOLLIN | EPOLLHUP);
}

static void echo(struct tty *t, const char *bytes, size_t n)
{
	console_write_program(bytes, n);
}

static void has_room(struct tty *t)
{
	irqflags_t flags;

	if (!console_input_poll)
		return;
	flags = irq_save();
	console_input_poll();
	irq_restore(flags);
}

static ssize_t console_read(struct file *f, struct io *io, off_t *pos)
{
	return tty_read(&tty, f, io);
}

static ssize_t console_write(struct file *f, struct io *io, off_t *pos)
{
	char some[256], *buf = some;
	size_t size = sizeof(some), done = 0;
	int r = tty_wait_writable(&tty, f);

	if (r)
		return r;
	if (io->left > sizeof(some)) {
		buf = kmalloc(PAGE_SIZE);
		size = buf ? PAGE_SIZE : sizeof(some);
		buf = buf ? buf : some;
	}
	mutex_lock(&write_lock);
	while (io->left) {
		size_t want = MIN(io->left, size), n = io_get(io, buf, want);

		done += console_write_program(buf, n);
		if (n < want)
			break;
		if (io->left && thread_signal_pending(current))
			break;
	}
	mutex_unlock(&write_lock);
	if (buf != some)
		kfree(buf);
	return done || !io->left ? (ssize_t)done : -EFAULT;
}

static uint32_t console_poll(struct file *f, struct poll_table *t)
{
	poll_wait(t, &tty.readable);
	return EPOLLOUT | EPOLLWRNORM | (tty_can_read(&tty) ? EPOLLIN | EPOLLRDNORM : 0);
}

static long console_readable(struct file *f)
{
	return (long)(READ_ONCE(tty.line_start) - READ_ONCE(tty.tail));
}

static long console_ioctl(struct file *f, unsigned request, unsigned long arg)
{
	return is_terminal() ? tty_ioctl(&tty, f, request, arg, false) : -ENOTTY;
}

static const struct file_ops console_ops = {
	.read = console_read,
	.write = console_write,
	.poll = console_poll,
	.ioctl = console_ioctl,
	.readable_bytes = console_readable,
};

static int console_open(struct file *f)
{
	if (is_terminal())
		tty_opened(&tty, f);
	return 0;
}
DEVNODE(console, "console", &console_ops, console_open, 5, 1, 0600);

static int open_terminal(struct tty *t, struct file *f)
{
	f->ops = &console_ops;
	return 0;
}

static const struct tty_ops console_tty_ops = { .echo = echo, .has_room = has_room, .open = open_terminal };

/* The terminal that controls the process, whichever that is. */
static int tty_open(struct file *f)
{
	struct process *p = current->process;
	struct tty *t = NULL;
	int r;

	if (!p)
		return -ENXIO;
	mutex_lock(&p->lock);
	if (p->terminal) {
		t = container_of(p->terminal, struct tty, part);
		tty_get(t);
	}
	mutex_unlock(&p->lock);
	if (!t)
		return -ENXIO;
	r = t->ops->open(t, f);
	tty_put(t);
	return r;
}
DEVNODE(tty, "tty", &console_ops, tty_open, 5, 0, 0666);
