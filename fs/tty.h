/* Terminals: the line discipline between what is typed and what is read (fs/tty.c; termios(3), ioctl_tty(2)).
 *
 * A terminal is a struct tty within what carries its bytes: the console (fs/dev/console.c) or one side of a
 * pseudo-terminal (fs/dev/pty.c). Its lock is all that is taken for input, because that may come in interrupts.
 */
#ifndef FS_TTY_H
#define FS_TTY_H

#include <asm/termbits.h>
#include <asm/termios.h>
#include <core/process.h>
#include <core/ref.h>
#include <fs/file.h>

#define TTY_INPUT_SIZE 4096u /* a power of two: the longest line, as in Linux */

struct tty;

struct tty_ops {
	/* Show what is echoed. The lock is held. */
	void (*echo)(struct tty *t, const char *bytes, size_t n);
	/* Input was read, so that there is room for more. NULL: nobody waits for that. */
	void (*has_room)(struct tty *t);
	/* Output that the other side has not read yet: how much, and forget it. NULL: it is gone at once. */
	size_t (*output_left)(struct tty *t);
	void (*drop_output)(struct tty *t);
	/* It is opened as /dev/tty. */
	int (*open)(struct tty *t, struct file *f);
	/* The last reference is gone. NULL: there is always one. */
	void (*destroy)(struct tty *t);
};

struct tty {
	const struct tty_ops *ops;   /* I */
	struct process_part part;    /* what a process that it controls has of it; holds a reference */
	uint32_t refs;               /* atomic */
	char *input;                 /* I: the ring, owned by whoever made it; TTY_INPUT_SIZE */
	uint8_t *line_ends;          /* I: a bit for each byte of it: a line ends there; TTY_INPUT_SIZE / 8 */
	bool edits;                  /* I: lines are edited and echoed here, not at the other end */
	struct spinlock lock;        /* RANK_TTY, irqsave: all below */
	struct wait_queue readable, writable;
	unsigned head, tail;         /* bytes written and read so far; tail..line_start can be read */
	unsigned line_start;         /* where the unfinished line begins; not a line at a time: head */
	bool literal;                /* the next character means only itself (VLNEXT) */
	bool stopped;                /* output waits: VSTOP, TCOOFF */
	bool ended;                  /* no input will come, reads end */
	bool hung_up;                /* the other side is gone: nothing can be written either */
	bool exclusive;              /* TIOCEXCL */
	struct ktermios termios;
	struct winsize size;
	int session, foreground;     /* whose it is, and the process group that signals go to; 0: nobody's */
};

extern const struct ktermios tty_termios; /* as terminals begin */

void tty_lose_(struct process *p, struct process_part *part);
/* The same as tty_init(), for one that is there before anything runs. */
#define TTY_INIT(t)                                                                                \
	.part = { tty_lose_ }, .refs = 1, .lock = SPINLOCK_INIT(RANK_TTY), .readable = WAIT_QUEUE_INIT((t).readable), \
	.writable = WAIT_QUEUE_INIT((t).writable)
/** tty_init() - the lists and locks of one whose ops, memory and termios are set; one reference. */
void tty_init(struct tty *t);
static inline void tty_get(struct tty *t)
{
	ref_get(&t->refs);
}
void tty_put(struct tty *t);
/** tty_room() - bytes that can be typed. */
static inline size_t tty_room(const struct tty *t)
{
	return TTY_INPUT_SIZE - (READ_ONCE(t->head) - READ_ONCE(t->tail));
}
/** tty_input() - bytes were typed; what finds no room is lost. Context: any. */
void tty_input(struct tty *t, const char *bytes, size_t n);
/** tty_put_raw() - a byte as it is, which can be read at once; the lock is held. */
void tty_put_raw(struct tty *t, char c);
/** tty_put_run() - bytes as they are, of a terminal that does not edit; what finds no room is lost. The lock is held. */
void tty_put_run(struct tty *t, const char *bytes, size_t n);
bool tty_can_read(const struct tty *t);
ssize_t tty_read(struct tty *t, struct file *f, struct io *io);
/** tty_wait_writable() - until output is not stopped. 0, -EAGAIN, -ERESTARTSYS. */
int tty_wait_writable(struct tty *t, const struct file *f);
/** tty_ioctl() - @controls: asked by way of the other side, which may look at what is not the caller's terminal. */
long tty_ioctl(struct tty *t, struct file *f, unsigned request, unsigned long arg, bool controls);
/** tty_hang_up() - the other side is gone: reads end, and who it controlled is told (SIGHUP). May sleep. */
void tty_hang_up(struct tty *t);
/** tty_opened() - a leader of a session without a terminal gets this one, unless O_NOCTTY. May sleep. */
void tty_opened(struct tty *t, const struct file *f);
/** tty_signal() - to the process group in the foreground. Context: any. */
void tty_signal(struct tty *t, int signo);

#endif
