/* What the switch of threads saves, and the program's registers as a trap or system call left them. */
#ifndef ARCH_THREAD_H
#define ARCH_THREAD_H

struct arch_thread {
	uint64_t kernel_sp; /* while not running */
	uint64_t stack_top; /* where a system call starts */
	uint64_t tpidr;     /* the program's thread pointer, while not running */
	void *fpu;          /* owned: struct user_fpsimd_state; NULL for kernel threads */
};

struct trap_frame {
	uint64_t x[31], sp, pc, pstate;
	uint64_t orig_x0;   /* x0 at a system call */
	int64_t syscall;    /* its number, or -1 in a trap */
};

static inline uint64_t frame_ip(const struct trap_frame *f)
{
	return f->pc;
}
static inline void frame_set_ip(struct trap_frame *f, uint64_t ip)
{
	f->pc = ip;
}
static inline uint64_t frame_sp(const struct trap_frame *f)
{
	return f->sp;
}
static inline void frame_set_result(struct trap_frame *f, long value)
{
	f->x[0] = (uint64_t)value;
}
static inline long frame_result(const struct trap_frame *f)
{
	return (long)f->x[0];
}
/** frame_in_program() - decided by the interrupted stack pointer, never by the exception level (DESIGN.md). */
static inline bool frame_in_program(const struct trap_frame *f)
{
	return (int64_t)f->sp >= 0;
}

struct thread;
int arch_thread_init(struct thread *t, bool has_program, void (*entry)(void *), void *argument);
void arch_thread_free(struct thread *t);
void arch_thread_fork(struct thread *child, const struct trap_frame *frame, uint64_t user_sp, bool set_tls, uint64_t tls);
void arch_enter_program(uint64_t ip, uint64_t sp) __attribute__((noreturn));
void arch_switch(struct thread *from, struct thread *to);

extern unsigned arch_fpu_size;
extern uint64_t arch_fpu_features;
void arch_fpu_reset(void);
void arch_fpu_save(void *area);
void arch_fpu_restore(const void *area);

#endif
