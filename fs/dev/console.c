/* The console as programs see it: /dev/console, /dev/tty, and descriptors 0 to 2 (tty_ioctl(4), termios(3)).
 *
 * What arrives and how is stated in include/whittle/console.h. Framed input is a pipe: bytes as they are, an end of file
 * that stays. Otherwise the console is a terminal of the simplest kind: lines with erase and kill, echo, end of file and
 * interrupt characters, or raw. Locking: tty.lock (irqsave) for input; write_lock makes each write one piece.
 * Input that finds no room stays in the device: its driver is asked again when room was made.
 */
#include <asm/ioctls.h>
#include <asm/termbits.h>
#include <asm/termios.h>
#include <core/console.h>
#include <core/param.h>
#include <core/process.h>
#include <core/signal.h>
#include <core/slab.h>
#include <core/wait.h>
#include <fs/dev/devnode.h>
#include <linux/errno.h>
#include <asm/signal.h>
#include <whittle/console.h>

COMPONENT("console-device", "/dev/console and /dev/tty: the program's console");

#define INPUT_SIZE 4096u /* a power of two: the longest line, as in Linux */

static struct {
	struct spinlock lock;      /* RANK_TTY, irqsave: all below */
	struct wait_queue readable;
	unsigned head, tail;       /* bytes written and read so far; tail..head can be read */
	unsigned line_start;       /* where the unfinished line begins (canonical mode); else head */
	bool ended;                /* no input will come */
	unsigned line_ends;        /* end-of-file characters typed on an empty line, not read yet */
	bool escaped;              /* framed: DLE was seen */
	struct ktermios termios;
	struct winsize size;
	int foreground;            /* process group */
} tty = {
	.lock = SPINLOCK_INIT(RANK_TTY),
	.readable = WAIT_QUEUE_INIT(tty.readable),
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
	.size = { .ws_row = 24, .ws_col = 80 },
	.foreground = 1,
};

static char input[INPUT_SIZE]; /* tty.lock: the ring; apart from the rest, so that it takes no room in the image */
static struct mutex write_lock = MUTEX_INIT(write_lock, RANK_PIPE);
static bool framed;          /* set before anything runs */
static bool terminal = true; /* likewise */
void (*console_input_poll)(void);

static int set_stdin(char *value)
{
	if (strcmp(value, "framed"))
		return -EINVAL;
	framed = true;
	terminal = false;
	return 0;
}
BOOT_PARAM(stdin, "whittle.stdin", set_stdin);

static bool terminal_asked;

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
/* The kernel itself edits lines and echoes: nobody at the other end does. */
static inline bool edits(void)
{
	return !framed;
}

size_t console_input_room(void)
{
	return INPUT_SIZE - (READ_ONCE(tty.head) - READ_ONCE(tty.tail));
}

static void put_locked(char c)
{
	if (tty.head - tty.tail < INPUT_SIZE)
		input[tty.head++ % INPUT_SIZE] = c;
}

static void echo(char c)
{
	char text[2] = { '^', (char)(c ^ 0x40) };

	if (c == '\n' || c == '\t' || (uint8_t)c >= ' ')
		console_write_program(&c, 1);
	else if (tty.termios.c_lflag & ECHOCTL)
		console_write_program(text, 2);
}

static void erase_locked(void)
{
	if (tty.head == tty.line_start)
		return;
	tty.head--;
	if (tty.termios.c_lflag & ECHO)
		console_write_program("\b \b", 3);
}

static bool is_char(char c, unsigned which)
{
	return tty.termios.c_cc[which] && (uint8_t)c == tty.termios.c_cc[which];
}

/* A character typed at a terminal. Return: the signal it means, or 0. The lock is held. */
static int type_locked(char c)
{
	tcflag_t l = tty.termios.c_lflag;

	if (c == '\r' && tty.termios.c_iflag & ICRNL)
		c = '\n';
	if (l & ISIG) {
		int signal = is_char(c, VINTR) ? SIGINT : is_char(c, VQUIT) ? SIGQUIT : is_char(c, VSUSP) ? SIGTSTP : 0;

		if (signal) {
			if (l & ECHO)
				echo(c);
			if (!(l & NOFLSH))
				tty.head = tty.tail = tty.line_start = tty.head;
			return signal;
		}
	}
	if (!(l & ICANON)) {
		put_locked(c);
		tty.line_start = tty.head;
		if (l & ECHO)
			echo(c);
		return 0;
	}
	if (is_char(c, VERASE) || c == '\b') {
		erase_locked();
	} else if (is_char(c, VKILL)) {
		while (tty.head != tty.line_start)
			erase_locked();
	} else if (is_char(c, VEOF)) {
		if (tty.head == tty.line_start)
			tty.line_ends++;
		tty.line_start = tty.head;
	} else {
		put_locked(c);
		if (l & ECHO)
			echo(c);
		if (c == '\n')
			tty.line_start = tty.head;
	}
	return 0;
}

static void framed_locked(char c)
{
	if (tty.ended)
		return;
	if (tty.escaped) {
		tty.escaped = false;
		if (c == CONSOLE_DLE)
			put_locked(c);
		else if (c == CONSOLE_EOF)
			tty.ended = true;
	} else if (c == CONSOLE_DLE) {
		tty.escaped = true;
	} else {
		put_locked(c);
	}
	tty.line_start = tty.head;
}

static void send_signal(int signo)
{
	struct process *p = process_by_pid(tty.foreground);
	struct signal_info info = { .signo = signo, .code = 0x80 /* SI_KERNEL */ };

	if (!p)
		return;
	(void)signal_send_process(p, &info); /* a full queue: one is on its way already */
	process_put(p);
}

void console_input(const char *bytes, size_t n)
{
	irqflags_t flags = spin_lock_irqsave(&tty.lock);
	int signal = 0;

	for (size_t i = 0; i < n; i++) {
		if (!edits())
			framed_locked(bytes[i]);
		else
			signal = type_locked(bytes[i]);
	}
	spin_unlock_irqrestore(&tty.lock, flags);
	if (signal)
		send_signal(signal);
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

static bool can_read(void)
{
	return READ_ONCE(tty.line_start) != READ_ONCE(tty.tail) || READ_ONCE(tty.line_ends) || READ_ONCE(tty.ended);
}

/* Take what can be read, a line at most in canonical mode. Return: bytes. */
static size_t take(char *to, size_t n)
{
	irqflags_t flags = spin_lock_irqsave(&tty.lock);
	bool lines = edits() && tty.termios.c_lflag & ICANON, was_full = !console_input_room();
	size_t done = 0;

	while (done < n && tty.tail != tty.line_start) {
		char c = input[tty.tail++ % INPUT_SIZE];

		to[done++] = c;
		if (lines && c == '\n')
			break;
	}
	if (!done && tty.line_ends)
		tty.line_ends--;
	spin_unlock_irqrestore(&tty.lock, flags);
	if (was_full && done && console_input_poll) {
		flags = irq_save();
		console_input_poll();
		irq_restore(flags);
	}
	return done;
}

static ssize_t console_read(struct file *f, struct io *io, off_t *pos)
{
	char bytes[256];
	size_t done = 0;
	int r;

	if (!io->left)
		return 0;
	if (!can_read()) {
		if (f->flags & O_NONBLOCK)
			return -EAGAIN;
		if (edits() && !(tty.termios.c_lflag & ICANON) && !tty.termios.c_cc[VMIN])
			return 0;
		r = wait_event_interruptible(&tty.readable, can_read());
		if (r)
			return r;
	}
	while (io->left) {
		size_t n = take(bytes, MIN(io->left, sizeof(bytes))), moved;

		if (!n)
			break;
		moved = io_put(io, bytes, n);
		done += moved;
		if (moved < n)
			return done ? (ssize_t)done : -EFAULT;
		if (n < sizeof(bytes))
			break;
	}
	return (ssize_t)done;
}

static ssize_t console_write(struct file *f, struct io *io, off_t *pos)
{
	char some[256], *buf = some;
	size_t size = sizeof(some), done = 0;

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
	return EPOLLOUT | EPOLLWRNORM | (can_read() ? EPOLLIN | EPOLLRDNORM : 0);
}

static long console_readable(struct file *f)
{
	return (long)(READ_ONCE(tty.line_start) - READ_ONCE(tty.tail));
}

/* The program's struct termios is the first part of ours, without the speeds. */
static long get_termios(void __user *to)
{
	struct ktermios k;
	irqflags_t flags = spin_lock_irqsave(&tty.lock);

	k = tty.termios;
	spin_unlock_irqrestore(&tty.lock, flags);
	return copy_to_user(to, &k, sizeof(struct termios)) ? -EFAULT : 0;
}

static long set_termios(const void __user *from, bool flush)
{
	struct termios t;
	irqflags_t flags;

	if (copy_from_user(&t, from, sizeof(t)))
		return -EFAULT;
	flags = spin_lock_irqsave(&tty.lock);
	memcpy(&tty.termios, &t, sizeof(t));
	if (flush)
		tty.tail = tty.line_start = tty.head;
	if (!(t.c_lflag & ICANON))
		tty.line_start = tty.head; /* what was an unfinished line can be read now */
	spin_unlock_irqrestore(&tty.lock, flags);
	wait_queue_wake_all(&tty.readable, EPOLLIN);
	return 0;
}
_Static_assert(offsetof(struct termios, c_cc) == offsetof(struct ktermios, c_cc), "struct termios");

static long console_ioctl(struct file *f, unsigned request, unsigned long arg)
{
	uint32_t value;

	if (!is_terminal())
		return -ENOTTY;
	switch (request) {
	case TCGETS:
		return get_termios((void __user *)arg);
	case TCSETS:
	case TCSETSW:
		return set_termios((const void __user *)arg, false);
	case TCSETSF:
		return set_termios((const void __user *)arg, true);
	case TIOCGWINSZ:
		return copy_out((struct winsize __user *)arg, &tty.size);
	case TIOCSWINSZ:
		return copy_in(&tty.size, (const struct winsize __user *)arg);
	case TIOCGPGRP:
	case TIOCGSID:
		return put_user_u32((uint32_t __user *)arg, (uint32_t)tty.foreground);
	case TIOCSPGRP:
		if (get_user_u32(&value, (const uint32_t __user *)arg))
			return -EFAULT;
		tty.foreground = (int)value;
		return 0;
	case TIOCOUTQ:
		return put_user_u32((uint32_t __user *)arg, 0);
	case TCSBRK:
	case TCSBRKP:
	case TCXONC:
	case TCFLSH:
	case TIOCSCTTY:
	case TIOCNOTTY:
		return 0;
	}
	return -ENOTTY;
}

static const struct file_ops console_ops = {
	.read = console_read,
	.write = console_write,
	.poll = console_poll,
	.ioctl = console_ioctl,
	.readable_bytes = console_readable,
};
DEVNODE(console, "console", &console_ops, NULL, 5, 1, 0600);

static int tty_open(struct file *f)
{
	return is_terminal() ? 0 : -ENXIO; /* no terminal controls this process */
}
DEVNODE(tty, "tty", &console_ops, tty_open, 5, 0, 0666);
