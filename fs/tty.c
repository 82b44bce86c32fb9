/* The line discipline of terminals, and what ioctl(2) asks of them: termios(3), ioctl_tty(2).
 *
 * Input is a ring. In canonical mode bytes become readable a line at a time, and a bit beside each byte says whether a
 * line ends there; an end of file is a zero byte that is marked so and never handed out. Signals for characters go to the
 * process group in the foreground. A terminal controls a session through process->terminal, whose changes are made
 * under that process's lock.
 * Left out: stopping processes that are not in the foreground (SIGTTIN, SIGTTOU), of which there are none with one
 * process; parity and break, case, delays and tabs in output; packet mode.
 */
#include <asm/ioctls.h>
#include <asm/signal.h>
#include <core/log.h>
#include <core/ref.h>
#include <core/signal.h>
#include <core/slab.h>
#include <fs/tty.h>
#include <linux/capability.h>
#include <linux/errno.h>

COMPONENT("tty", "terminals: lines, echo, signals");

#define INDEX(position) ((position) % TTY_INPUT_SIZE)
#define SI_KERNEL_ 0x80
#define TENTH_NS   (NSEC_PER_SEC / 10)

const struct ktermios tty_termios = {
	.c_iflag = ICRNL | IXON,
	.c_oflag = OPOST | ONLCR,
	.c_cflag = CS8 | CREAD | B38400,
	.c_lflag = ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE | IEXTEN,
	.c_cc = {
		[VINTR] = 3, [VQUIT] = 28, [VERASE] = 127, [VKILL] = 21, [VEOF] = 4, [VMIN] = 1, [VSTART] = 17, [VSTOP] = 19,
		[VSUSP] = 26, [VREPRINT] = 18, [VDISCARD] = 15, [VWERASE] = 23, [VLNEXT] = 22,
	},
	.c_ispeed = 38400,
	.c_ospeed = 38400,
};

void tty_init(struct tty *t)
{
	t->part.end = tty_lose_;
	t->refs = 1;
	spin_init(&t->lock, RANK_TTY);
	wait_queue_init(&t->readable);
	wait_queue_init(&t->writable);
}

void tty_put(struct tty *t)
{
	if (ref_put(&t->refs) && t->ops->destroy)
		t->ops->destroy(t);
}

static void signal_group(int group, int signo)
{
	const struct signal_info info = { .signo = signo, .code = SI_KERNEL_ };
	struct process *p;

	for (int pid = 1; group && (p = process_next(pid)); pid++) {
		pid = p->pid;
		if (p->pgid == group)
			(void)signal_send_process(p, &info); /* a full queue: one is on its way already */
		process_put(p);
	}
}

void tty_signal(struct tty *t, int signo)
{
	signal_group(READ_ONCE(t->foreground), signo);
}

/* Input. The lock is held in all of these. */

static void mark(struct tty *t, unsigned position, bool end)
{
	uint8_t bit = (uint8_t)(1u << position % 8), *byte = &t->line_ends[INDEX(position) / 8];

	*byte = (uint8_t)(end ? *byte | bit : *byte & ~bit);
}

static bool is_marked(const struct tty *t, unsigned position)
{
	return t->line_ends[INDEX(position) / 8] >> position % 8 & 1;
}

static bool by_lines(const struct tty *t)
{
	return t->edits && t->termios.c_lflag & ICANON;
}

static void put(struct tty *t, char c, bool end)
{
	if (t->head - t->tail >= TTY_INPUT_SIZE - !end) /* the last place is for the end of a line */
		return;
	t->input[INDEX(t->head)] = c;
	mark(t, t->head++, end);
	if (end || !by_lines(t))
		t->line_start = t->head;
}

void tty_put_raw(struct tty *t, char c)
{
	if (t->head - t->tail == TTY_INPUT_SIZE)
		return;
	t->input[INDEX(t->head)] = c;
	mark(t, t->head++, false);
	t->line_start = t->head;
}

void tty_put_run(struct tty *t, const char *bytes, size_t n)
{
	size_t room = tty_room(t), at = INDEX(t->head), first;

	n = MIN(n, room);
	first = MIN(n, TTY_INPUT_SIZE - at);
	memcpy(t->input + at, bytes, first);
	memcpy(t->input, bytes + first, n - first);
	t->head += (uint32_t)n;
	t->line_start = t->head;
}

/* How many columns the echo of @c has. */
static unsigned columns(const struct tty *t, char c)
{
	if ((uint8_t)c >= ' ' && c != 127)
		return 1;
	return t->termios.c_lflag & ECHOCTL && c != '\t' ? 2 : 0;
}

static void echo(struct tty *t, char c)
{
	char text[2] = { '^', (char)(c ^ 0x40) };

	if (columns(t, c) == 2 && c != '\n')
		t->ops->echo(t, text, 2);
	else
		t->ops->echo(t, &c, 1);
}

static bool continues_utf8(const struct tty *t, char c)
{
	return t->termios.c_iflag & IUTF8 && ((uint8_t)c & 0xc0) == 0x80;
}

/* Take the last character off the unfinished line. Return: it. */
static char erase(struct tty *t, bool visible)
{
	char c;

	do
		c = t->input[INDEX(--t->head)];
	while (continues_utf8(t, c) && t->head != t->line_start);
	for (unsigned i = visible ? columns(t, c) : 0; i; i--)
		t->ops->echo(t, "\b \b", 3);
	return c;
}

static bool in_word(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' || (uint8_t)c >= 0x80;
}

static void erase_word(struct tty *t, bool visible)
{
	bool seen = false;

	while (t->head != t->line_start) {
		bool word = in_word(t->input[INDEX(t->head - 1)]);

		if (seen && !word)
			return;
		seen |= word;
		(void)erase(t, visible);
	}
}

static void erase_line(struct tty *t, char c)
{
	tcflag_t l = t->termios.c_lflag;
	bool visible = l & ECHO && l & ECHOKE && l & ECHOE;

	while (t->head != t->line_start)
		(void)erase(t, visible);
	if (l & ECHO && !visible) {
		echo(t, c);
		if (l & ECHOK)
			t->ops->echo(t, "\n", 1);
	}
}

static void show_again(struct tty *t, char c)
{
	echo(t, c);
	t->ops->echo(t, "\n", 1);
	for (unsigned i = t->line_start; i != t->head; i++)
		echo(t, t->input[INDEX(i)]);
}

static bool is_char(const struct tty *t, char c, unsigned which)
{
	return t->termios.c_cc[which] && (uint8_t)c == t->termios.c_cc[which];
}

static void flush_input(struct tty *t)
{
	t->tail = t->line_start = t->head;
	t->literal = false;
}

static void set_stopped(struct tty *t, bool stopped)
{
	t->stopped = stopped;
	if (!stopped)
		wait_queue_wake_all(&t->writable, EPOLLOUT | EPOLLWRNORM);
}

/* Characters that edit the unfinished line. Return: it was one. */
static bool edit(struct tty *t, char c)
{
	tcflag_t l = t->termios.c_lflag;
	bool visible = l & ECHO && l & ECHOE;

	if (is_char(t, c, VERASE) || (l & IEXTEN && is_char(t, c, VWERASE))) {
		if (t->head != t->line_start && is_char(t, c, VERASE))
			(void)erase(t, visible);
		else if (t->head != t->line_start)
			erase_word(t, visible);
		if (l & ECHO && !(l & ECHOE))
			echo(t, c);
	} else if (is_char(t, c, VKILL)) {
		erase_line(t, c);
	} else if (l & IEXTEN && is_char(t, c, VLNEXT)) {
		t->literal = true;
		if (l & ECHO && l & ECHOCTL)
			t->ops->echo(t, "^\b", 2);
	} else if (l & IEXTEN && is_char(t, c, VREPRINT)) {
		if (l & ECHO)
			show_again(t, c);
	} else if (is_char(t, c, VEOF)) {
		put(t, '\0', true);
	} else {
		return false;
	}
	return true;
}

static void store(struct tty *t, char c)
{
	tcflag_t l = t->termios.c_lflag;
	bool end = by_lines(t) && !t->literal &&
		   (c == '\n' || is_char(t, c, VEOL) || (l & IEXTEN && is_char(t, c, VEOL2)));

	if (l & ECHO || (c == '\n' && l & ECHONL && l & ICANON))
		echo(t, c);
	t->literal = false;
	put(t, c, end);
}

/* Return: the signal that the character means, or 0. */
static int type(struct tty *t, char c)
{
	tcflag_t i = t->termios.c_iflag, l = t->termios.c_lflag;
	int signo;

	if (i & ISTRIP)
		c &= 0x7f;
	if (t->literal) {
		store(t, c);
		return 0;
	}
	if (i & IXON && (is_char(t, c, VSTOP) || is_char(t, c, VSTART))) {
		set_stopped(t, is_char(t, c, VSTOP));
		return 0;
	}
	if (t->stopped && i & IXON && i & IXANY)
		set_stopped(t, false);
	signo = !(l & ISIG) ? 0 : is_char(t, c, VINTR) ? SIGINT : is_char(t, c, VQUIT) ? SIGQUIT : is_char(t, c, VSUSP) ? SIGTSTP : 0;
	if (signo) {
		if (!(l & NOFLSH)) {
			flush_input(t);
			if (t->ops->drop_output)
				t->ops->drop_output(t);
		}
		if (t->stopped)
			set_stopped(t, false);
		if (l & ECHO)
			echo(t, c);
		return signo;
	}
	if (c == '\r' && i & IGNCR)
		return 0;
	if (c == '\r' && i & ICRNL)
		c = '\n';
	else if (c == '\n' && i & INLCR)
		c = '\r';
	if (!(l & ICANON) || !edit(t, c))
		store(t, c);
	return 0;
}

void tty_input(struct tty *t, const char *bytes, size_t n)
{
	uint64_t signals = 0;
	irqflags_t flags = spin_lock_irqsave(&t->lock);

	for (size_t i = 0; i < n; i++) {
		int signo = type(t, bytes[i]);

		if (signo)
			signals |= signal_bit(signo);
	}
	spin_unlock_irqrestore(&t->lock, flags);
	for (; signals; signals &= signals - 1)
		tty_signal(t, __builtin_ctzll(signals) + 1);
	if (wait_queue_active(&t->readable))
		wait_queue_wake_all(&t->readable, EPOLLIN | EPOLLRDNORM);
}

/* Reading. */

bool tty_can_read(const struct tty *t)
{
	return READ_ONCE(t->line_start) != READ_ONCE(t->tail) || READ_ONCE(t->ended) || READ_ONCE(t->hung_up);
}

/* Take what can be read, a line at most if it is by lines. *@ret_more: and there may be more of it. Return: bytes. */
static size_t take(struct tty *t, char *to, size_t n, bool *ret_more)
{
	irqflags_t flags = spin_lock_irqsave(&t->lock);
	bool lines = by_lines(t), was_full = !tty_room(t), end = false;
	size_t done = 0;

	while (!t->edits && done < n && t->tail != t->line_start) {
		size_t at = INDEX(t->tail), run = MIN(TTY_INPUT_SIZE - at, (size_t)(t->line_start - t->tail));

		run = MIN(run, n - done);
		memcpy(to + done, t->input + at, run);
		done += run;
		t->tail += (uint32_t)run;
	}
	while (done < n && t->tail != t->line_start && !end) {
		char c = t->input[INDEX(t->tail)];

		end = lines && is_marked(t, t->tail);
		t->tail++;
		if (!end || c)
			to[done++] = c;
	}
	*ret_more = !end && t->tail != t->line_start;
	spin_unlock_irqrestore(&t->lock, flags);
	if (t->ops->has_room && (was_full || t->edits))
		t->ops->has_room(t);
	return done;
}

/* Until there is something, as VMIN and VTIME say. 0: read what there is; -EAGAIN, -ERESTARTSYS. */
static int wait_for_input(struct tty *t, const struct file *f, size_t wanted)
{
	bool lines = by_lines(t);
	unsigned least = lines || !t->edits ? 1 : (unsigned)MIN((size_t)t->termios.c_cc[VMIN], wanted);
	uint64_t time = lines || !t->edits ? 0 : t->termios.c_cc[VTIME] * TENTH_NS;
	int r;

	if (READ_ONCE(f->flags) & O_NONBLOCK)
		return tty_can_read(t) ? 0 : -EAGAIN;
	if (!least) {
		r = time ? wait_event_interruptible_until(&t->readable, tty_can_read(t), clock_monotonic_ns() + time) : 0;
		return r == -ETIMEDOUT ? 0 : r;
	}
	r = wait_event_interruptible(&t->readable, tty_can_read(t));
	while (!r && least > 1) {
		unsigned had = READ_ONCE(t->line_start) - READ_ONCE(t->tail);

		if (had >= least || READ_ONCE(t->ended) || READ_ONCE(t->hung_up))
			break;
		/* VTIME counts from one byte to the next. */
		r = wait_event_interruptible_until(&t->readable,
						   READ_ONCE(t->line_start) - READ_ONCE(t->tail) > had ||
							   READ_ONCE(t->ended) || READ_ONCE(t->hung_up),
						   time ? clock_monotonic_ns() + time : TIMER_NEVER);
		if (r)
			return 0; /* what came so far */
	}
	return r;
}

ssize_t tty_read(struct tty *t, struct file *f, struct io *io)
{
	char bytes[256];
	size_t done = 0;
	bool more = true;
	int r;

	if (!io->left)
		return 0;
	r = wait_for_input(t, f, io->left);
	if (r)
		return r;
	while (io->left && more) {
		size_t n = take(t, bytes, MIN(io->left, sizeof(bytes)), &more), moved = io_put(io, bytes, n);

		done += moved;
		if (moved < n)
			return done ? (ssize_t)done : -EFAULT;
	}
	return (ssize_t)done;
}

int tty_wait_writable(struct tty *t, const struct file *f)
{
	if (likely(!READ_ONCE(t->stopped)))
		return 0;
	if (READ_ONCE(f->flags) & O_NONBLOCK)
		return -EAGAIN;
	return wait_event_interruptible(&t->writable, !READ_ONCE(t->stopped) || READ_ONCE(t->hung_up));
}

/* Who it controls. */

static bool controls_current(const struct tty *t)
{
	return current->process->terminal == &t->part;
}

/* @p leaves it: process_part.end(). The leader of its session takes it from the session. */
void tty_lose_(struct process *p, struct process_part *part)
{
	struct tty *t = container_of(part, struct tty, part);
	irqflags_t flags;
	int group = 0;

	mutex_lock(&p->lock);
	if (p->terminal != part) {
		mutex_unlock(&p->lock);
		return;
	}
	p->terminal = NULL;
	flags = spin_lock_irqsave(&t->lock);
	if (p->sid == p->pid && t->session == p->sid) {
		group = t->foreground;
		t->session = t->foreground = 0;
	}
	spin_unlock_irqrestore(&t->lock, flags);
	mutex_unlock(&p->lock);
	signal_group(group, SIGHUP);
	signal_group(group, SIGCONT);
	tty_put(t);
}

/* Take it from the session that has it. */
static void take_away(struct tty *t)
{
	int session = READ_ONCE(t->session);
	struct process *p;

	for (int pid = 1; session && (p = process_next(pid)); pid++) {
		pid = p->pid;
		if (p->terminal == &t->part)
			tty_lose_(p, &t->part);
		process_put(p);
	}
}

/* TIOCSCTTY: it becomes the terminal of the caller's session. */
static int acquire(struct tty *t, bool steal)
{
	struct process *p = current->process;
	irqflags_t flags;
	int r = 0;

	if (controls_current(t) && p->sid == p->pid)
		return 0;
	if (t->session && steal && p->credentials.cap_effective & 1ull << CAP_SYS_ADMIN)
		take_away(t);
	mutex_lock(&p->lock);
	flags = spin_lock_irqsave(&t->lock);
	if (p->sid != p->pid || p->terminal || t->session) {
		r = -EPERM;
	} else {
		t->session = p->sid;
		t->foreground = p->pgid;
		p->terminal = &t->part;
		tty_get(t);
	}
	spin_unlock_irqrestore(&t->lock, flags);
	mutex_unlock(&p->lock);
	return r;
}

void tty_opened(struct tty *t, const struct file *f)
{
	const struct process *p = current->process;

	if (p && !(f->flags & O_NOCTTY) && p->sid == p->pid && !p->terminal && !READ_ONCE(t->session) && FILE_READABLE(f))
		(void)acquire(t, false); /* if another was faster it is another's */
}

void tty_hang_up(struct tty *t)
{
	irqflags_t flags = spin_lock_irqsave(&t->lock);

	t->hung_up = true;
	spin_unlock_irqrestore(&t->lock, flags);
	wait_queue_wake_all(&t->readable, EPOLLIN | EPOLLHUP);
	wait_queue_wake_all(&t->writable, EPOLLOUT | EPOLLHUP);
	take_away(t);
}

/* Requests. */

static long set_foreground(struct tty *t, const uint32_t __user *from, bool controls)
{
	struct process *p;
	uint32_t group;
	bool found = false, mine = false;

	if (!controls && !controls_current(t))
		return -ENOTTY;
	if (get_user_u32(&group, from))
		return -EFAULT;
	if ((int)group < 0)
		return -EINVAL;
	for (int pid = 1; !found && (p = process_next(pid)); pid++) {
		pid = p->pid;
		found = p->pgid == (int)group;
		mine = p->sid == current->process->sid;
		process_put(p);
	}
	if (!found)
		return -ESRCH;
	if (!mine)
		return -EPERM;
	WRITE_ONCE(t->foreground, (int)group);
	return 0;
}

/* struct termios is the first part of struct termios2, which is our own. */
_Static_assert(sizeof(struct termios2) == sizeof(struct ktermios), "struct termios2");
_Static_assert(offsetof(struct termios, c_cc) == offsetof(struct ktermios, c_cc), "struct termios");

static long get_termios(struct tty *t, void __user *to, size_t size)
{
	struct ktermios k;
	irqflags_t flags = spin_lock_irqsave(&t->lock);

	k = t->termios;
	spin_unlock_irqrestore(&t->lock, flags);
	return copy_to_user(to, &k, size) ? -EFAULT : 0;
}

static long set_termios(struct tty *t, const void __user *from, size_t size, bool flush)
{
	struct ktermios k = t->termios;
	irqflags_t flags;

	if (copy_from_user(&k, from, size))
		return -EFAULT;
	k.c_cflag = (k.c_cflag & ~(tcflag_t)(CSIZE | PARENB)) | CS8 | CREAD;
	flags = spin_lock_irqsave(&t->lock);
	t->termios = k;
	if (flush)
		flush_input(t);
	if (!by_lines(t))
		t->line_start = t->head; /* what was an unfinished line can be read now */
	if (!(k.c_iflag & IXON) && t->stopped)
		set_stopped(t, false);
	spin_unlock_irqrestore(&t->lock, flags);
	wait_queue_wake_all(&t->readable, EPOLLIN);
	return 0;
}

static long set_size(struct tty *t, const struct winsize __user *from)
{
	struct winsize new;
	irqflags_t flags;
	bool changed;

	if (copy_in(&new, from))
		return -EFAULT;
	flags = spin_lock_irqsave(&t->lock);
	changed = memcmp(&t->size, &new, sizeof(new)) != 0;
	t->size = new;
	spin_unlock_irqrestore(&t->lock, flags);
	if (changed)
		tty_signal(t, SIGWINCH);
	return 0;
}

static long flush(struct tty *t, unsigned long which)
{
	irqflags_t flags;

	if (which != TCIFLUSH && which != TCOFLUSH && which != TCIOFLUSH)
		return -EINVAL;
	flags = spin_lock_irqsave(&t->lock);
	if (which != TCOFLUSH)
		flush_input(t);
	if (which != TCIFLUSH && t->ops->drop_output)
		t->ops->drop_output(t);
	spin_unlock_irqrestore(&t->lock, flags);
	if (t->ops->has_room)
		t->ops->has_room(t);
	return 0;
}

static long flow(struct tty *t, unsigned long how)
{
	irqflags_t flags;
	char c;

	if (how > TCION)
		return -EINVAL;
	flags = spin_lock_irqsave(&t->lock);
	c = (char)t->termios.c_cc[how == TCIOFF ? VSTOP : VSTART];
	if (how == TCOOFF || how == TCOON)
		set_stopped(t, how == TCOOFF);
	else if (c)
		t->ops->echo(t, &c, 1);
	spin_unlock_irqrestore(&t->lock, flags);
	return 0;
}

/* TIOCSTI: as if it had been typed. */
static long type_byte(struct tty *t, const char __user *from)
{
	char c;

	if (!controls_current(t) && !(current->process->credentials.cap_effective & 1ull << CAP_SYS_ADMIN))
		return -EPERM;
	if (copy_from_user(&c, from, 1))
		return -EFAULT;
	tty_input(t, &c, 1);
	return 0;
}

static long session_ioctl(struct tty *t, unsigned request, unsigned long arg, bool controls)
{
	uint32_t __user *word = (uint32_t __user *)arg;

	switch (request) {
	case TIOCSCTTY:
		return acquire(t, arg == 1);
	case TIOCNOTTY:
		if (!controls_current(t))
			return -ENOTTY;
		tty_lose_(current->process, &t->part);
		return 0;
	case TIOCGPGRP:
		if (!controls && !controls_current(t))
			return -ENOTTY;
		return put_user_u32(word, (uint32_t)READ_ONCE(t->foreground));
	case TIOCSPGRP:
		return set_foreground(t, word, controls);
	case TIOCGSID:
		if ((!controls && !controls_current(t)) || !READ_ONCE(t->session))
			return -ENOTTY;
		return put_user_u32(word, (uint32_t)READ_ONCE(t->session));
	default:
		return -ENOTTY;
	}
}

long tty_ioctl(struct tty *t, struct file *f, unsigned request, unsigned long arg, bool controls)
{
	void __user *p = (void __user *)arg;

	switch (request) {
	case TCGETS:
		return get_termios(t, p, sizeof(struct termios));
	case TCGETS2:
		return get_termios(t, p, sizeof(struct termios2));
	case TCSETS:
	case TCSETSW:
	case TCSETSF:
		return set_termios(t, p, sizeof(struct termios), request == TCSETSF);
	case TCSETS2:
	case TCSETSW2:
	case TCSETSF2:
		return set_termios(t, p, sizeof(struct termios2), request == TCSETSF2);
	case TIOCGWINSZ:
		return copy_out((struct winsize __user *)p, &t->size);
	case TIOCSWINSZ:
		return set_size(t, p);
	case TIOCOUTQ:
		return put_user_u32(p, t->ops->output_left ? (uint32_t)t->ops->output_left(t) : 0);
	case TCFLSH:
		return flush(t, arg);
	case TCXONC:
		return flow(t, arg);
	case TIOCSTI:
		return type_byte(t, p);
	case TIOCEXCL:
	case TIOCNXCL:
		WRITE_ONCE(t->exclusive, request == TIOCEXCL);
		return 0;
	case TIOCGEXCL:
		return put_user_u32(p, READ_ONCE(t->exclusive));
	case TIOCGETD:
		return put_user_u32(p, 0); /* N_TTY */
	case TCSBRK:
	case TCSBRKP:
		return 0; /* no line to send a break on; what was written is on its way */
	default:
		return session_ioctl(t, request, arg, controls);
	}
}
