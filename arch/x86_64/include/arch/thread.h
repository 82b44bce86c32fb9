/* What the switch of threads saves, and the program's registers as a trap or system call left them. */
#ifndef ARCH_THREAD_H
#define ARCH_THREAD_H

/* Offsets of the first fields are known to entry.S (checked in thread.c). */
struct arch_thread {
	uint64_t kernel_sp;     /* while not running */
	uint64_t stack_top;     /* where a system call starts */
	uint64_t fs_base;       /* while not running: programs may write FS base themselves */
	uint64_t gs_base;       /* the program's, as arch_prctl(ARCH_SET_GS) set it */
	void *fpu;              /* owned: FXSAVE or XSAVE area; NULL for kernel threads */
	uint32_t trap_vector, trap_error; /* of the program's last fault, for its signal's frame */
};

/* Pushed by entry.S in this order, last field first; orig_rax is the call's number, or -1 in a trap. */
struct trap_frame {
	uint64_t r15, r14, r13, r12, rbp, rbx;
	uint64_t r11, r10, r9, r8, rax, rcx, rdx, rsi, rdi;
	uint64_t orig_rax;      /* system call: its number; trap: vector << 32 | error code, made negative */
	uint64_t rip, cs, rflags, rsp, ss;
};

static inline uint64_t frame_ip(const struct trap_frame *f)
{
	return f->rip;
}
static inline void frame_set_ip(struct trap_frame *f, uint64_t ip)
{
	f->rip = ip;
}
static inline uint64_t frame_sp(const struct trap_frame *f)
{
	return f->rsp;
}
static inline void frame_set_result(struct trap_frame *f, long value)
{
	f->rax = (uint64_t)value;
}
static inline long frame_result(const struct trap_frame *f)
{
	return (long)f->rax;
}
/**
 * frame_in_program() - decided by the interrupted stack pointer (DESIGN.md), as kernel privilege may be the program's,
 * too. What runs in user mode is the program's whatever it has put into its stack pointer.
 */
static inline bool frame_in_program(const struct trap_frame *f)
{
	return (f->cs & 3) || (int64_t)f->rsp >= 0;
}

/** arch_thread_init() - make a new thread start in entry(argument) on its kernel stack. */
struct thread;
int arch_thread_init(struct thread *t, bool has_program, void (*entry)(void *), void *argument);
void arch_thread_free(struct thread *t);
/** arch_thread_fork() - the registers of @frame and the current FPU state become @child's, which returns 0 there. */
void arch_thread_fork(struct thread *child, const struct trap_frame *frame, uint64_t user_sp, bool set_tls, uint64_t tls);
/** arch_enter_program() - first entry: registers cleared, FPU reset; the current thread's kernel stack is abandoned. */
void arch_enter_program(uint64_t ip, uint64_t sp) __attribute__((noreturn));
/** arch_switch() - save @from, run @to. Interrupts off. Returns on @from's stack, later. */
void arch_switch(struct thread *from, struct thread *to);

/* FPU registers as an XSAVE area, or FXSAVE where the processor has no more (arch_fpu_features 0). */
extern unsigned arch_fpu_size;      /* bytes of an area, which is aligned to 64 */
extern uint64_t arch_fpu_features;  /* XCR0 */
void arch_fpu_reset(void);          /* to the state of a new program */
void arch_fpu_save(void *area);
void arch_fpu_restore(const void *area);

/* The program's segment bases of the current thread, for arch_prctl(2). The caller checked that they are canonical. */
void arch_fs_base_set(uint64_t base);
uint64_t arch_fs_base_get(void);
void arch_gs_base_set(uint64_t base);
uint64_t arch_gs_base_get(void);

#endif
