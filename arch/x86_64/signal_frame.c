/* The frame on which a signal handler runs, bit for bit Linux's (asm/ucontext.h, asm/sigcontext.h; psABI x86-64, 3.4).
 *
 * From high to low addresses: the interrupted stack, its red zone, the FPU state (XSAVE format, announced by two magic
 * words around it), struct rt_signal_frame. Programs look into all of it, so nothing is left out. rt_sigreturn(2) trusts
 * none of it: registers that could reach the kernel are kept or refused.
 */
#include <arch/layout.h>
#include <arch/signal.h>
#include <core/preempt.h>
#include <core/signal.h>
#include <core/slab.h>
#include <core/uaccess.h>
#include <linux/signal.h>

/* These need linux/signal.h before them. */
#include <asm/sigcontext.h>
#include <asm/ucontext.h>

COMPONENT("signals", "signals: queues, handlers, frames on the program's stack");

struct rt_signal_frame {
	uint64_t return_address;
	struct ucontext uc;
	struct siginfo info;
};
_Static_assert(offsetof(struct rt_signal_frame, uc) == 8, "Linux's struct rt_sigframe");
_Static_assert(sizeof(struct ucontext) == 304 && sizeof(struct siginfo) == 128, "Linux's struct rt_sigframe");

#define RED_ZONE      128
#define FXSAVE_SIZE   512u
#define XSAVE_HEADER  64u
#define SW_BYTES_AT   464u /* of the FXSAVE area: struct _fpx_sw_bytes */
#define MXCSR_AT      24u
#define MXCSR_MASK    0xffffu

#define EFLAGS_TF      0x100u
#define EFLAGS_DF      0x400u
#define EFLAGS_RF      0x10000u
#define EFLAGS_PROGRAM 0x50dd5u /* what a program may set: CF PF AF ZF SF TF DF OF RF AC */

static unsigned fpu_frame_size(void)
{
	return arch_fpu_size + (arch_fpu_features ? FP_XSTATE_MAGIC2_SIZE : 0);
}

unsigned arch_signal_stack_min(void)
{
	return (unsigned)sizeof(struct rt_signal_frame) + fpu_frame_size() + RED_ZONE + 64 + 16;
}

/* Copy the FPU state to @to. The thread's own area serves as buffer: a switch in between writes the same there. */
static int save_fpu(char __user *to)
{
	char *area = current->arch.fpu;
	struct _fpx_sw_bytes sw = { 0 };

	preempt_disable();
	arch_fpu_save(area);
	preempt_enable();
	if (copy_to_user(to, area, arch_fpu_size))
		return -EFAULT;
	if (arch_fpu_features) {
		sw.magic1 = FP_XSTATE_MAGIC1;
		sw.extended_size = fpu_frame_size();
		sw.xfeatures = arch_fpu_features;
		sw.xstate_size = arch_fpu_size;
		if (put_user_u32((uint32_t __user *)(to + arch_fpu_size), FP_XSTATE_MAGIC2))
			return -EFAULT;
	}
	return copy_out(to + SW_BYTES_AT, &sw);
}

/* Load the FPU from a frame. What XRSTOR would refuse is put right here, as it would fault in the kernel. */
static int restore_fpu(const char __user *from)
{
	char *area = current->arch.fpu, *copy;
	struct _fpx_sw_bytes sw;
	uint32_t magic2 = 0, mxcsr;
	uint64_t header[XSAVE_HEADER / 8] = { 0 };
	bool extended = false;

	if (!from) {
		arch_fpu_reset();
		return 0;
	}
	if (copy_in(&sw, from + SW_BYTES_AT))
		return -EFAULT;
	if (arch_fpu_features && sw.magic1 == FP_XSTATE_MAGIC1 && sw.xstate_size == arch_fpu_size)
		extended = !get_user_u32(&magic2, (const uint32_t __user *)(from + sw.xstate_size)) &&
			   magic2 == FP_XSTATE_MAGIC2;
	copy = kzalloc(arch_fpu_size);
	if (!copy)
		return -ENOMEM;
	if (copy_from_user(copy, from, extended ? arch_fpu_size : FXSAVE_SIZE)) {
		kfree(copy);
		return -EFAULT;
	}
	memcpy(&mxcsr, copy + MXCSR_AT, sizeof(mxcsr));
	mxcsr &= MXCSR_MASK;
	memcpy(copy + MXCSR_AT, &mxcsr, sizeof(mxcsr));
	if (arch_fpu_features) {
		if (extended)
			memcpy(&header[0], copy + FXSAVE_SIZE, 8);
		else
			header[0] = 3; /* x87 and SSE */
		header[0] &= arch_fpu_features;
		memcpy(copy + FXSAVE_SIZE, header, sizeof(header));
	}
	preempt_disable();
	memcpy(area, copy, arch_fpu_size);
	arch_fpu_restore(area);
	preempt_enable();
	kfree(copy);
	return 0;
}

/* Where the frame goes: the alternate stack, if there is one, it is wanted, and the program is not on it already. */
static uint64_t stack_for(const struct trap_frame *f, const struct signal_action *a)
{
	const struct signal_thread *s = current->signal;
	uint64_t sp = f->rsp - RED_ZONE;

	if ((a->flags & SA_ONSTACK) && s->stack_size && f->rsp - s->stack_start - 1 >= s->stack_size)
		sp = s->stack_start + s->stack_size;
	return sp;
}

static void fill_context(struct ucontext *uc, const struct trap_frame *f, uint64_t fpu, uint64_t mask)
{
	const struct signal_thread *s = current->signal;
	struct sigcontext *c = &uc->uc_mcontext;

	uc->uc_flags = UC_SIGCONTEXT_SS | UC_STRICT_RESTORE_SS | (arch_fpu_features ? UC_FP_XSTATE : 0);
	uc->uc_link = NULL;
	uc->uc_stack = (stack_t){ (void *)s->stack_start, (int)s->stack_flags, s->stack_size };
	if (s->stack_size && f->rsp - s->stack_start - 1 < s->stack_size)
		uc->uc_stack.ss_flags |= SS_ONSTACK;
	memcpy(&uc->uc_sigmask, &mask, sizeof(mask));
	c->r8 = f->r8;
	c->r9 = f->r9;
	c->r10 = f->r10;
	c->r11 = f->r11;
	c->r12 = f->r12;
	c->r13 = f->r13;
	c->r14 = f->r14;
	c->r15 = f->r15;
	c->rdi = f->rdi;
	c->rsi = f->rsi;
	c->rbp = f->rbp;
	c->rbx = f->rbx;
	c->rdx = f->rdx;
	c->rax = f->rax;
	c->rcx = f->rcx;
	c->rsp = f->rsp;
	c->rip = f->rip;
	c->eflags = f->rflags;
	c->cs = (uint16_t)f->cs;
	c->gs = c->fs = 0;
	c->ss = (uint16_t)f->ss;
	c->err = current->arch.trap_error;
	c->trapno = current->arch.trap_vector;
	c->oldmask = mask;
	c->cr2 = s->fault_address;
	c->fpstate = (struct _fpstate *)fpu;
	memset(c->reserved1, 0, sizeof(c->reserved1));
}

int arch_signal_frame(struct trap_frame *f, const struct siginfo *info, const struct signal_action *a, uint64_t mask)
{
	uint64_t sp = stack_for(f, a), fpu, frame;
	struct rt_signal_frame out;

	/* x86-64 has no other way back. IRETQ to where no program can be would fault in the kernel. */
	if (!(a->flags & SA_RESTORER) || a->handler >= USER_LIMIT)
		return -EFAULT;
	fpu = (sp - fpu_frame_size()) & ~63ull;
	/* The handler finds the stack as a called function does: 16-aligned before the return address was pushed. */
	frame = ((fpu - sizeof(out)) & ~15ull) - 8;
	if (save_fpu((char __user *)fpu))
		return -EFAULT;
	out.return_address = a->restorer;
	fill_context(&out.uc, f, fpu, mask);
	out.info = *info;
	if (copy_out((void __user *)frame, &out))
		return -EFAULT;
	f->rsp = frame;
	f->rip = a->handler;
	f->rdi = (uint64_t)info->si_signo;
	f->rsi = frame + offsetof(struct rt_signal_frame, info);
	f->rdx = frame + offsetof(struct rt_signal_frame, uc);
	f->rax = 0; /* variadic handlers: no vector registers */
	f->rflags &= ~(uint64_t)(EFLAGS_DF | EFLAGS_RF | EFLAGS_TF);
	return 0;
}

int arch_signal_return(struct trap_frame *f, uint64_t *mask)
{
	const struct rt_signal_frame __user *from = (const void __user *)(f->rsp - 8);
	struct signal_thread *s = current->signal;
	struct ucontext uc;
	const struct sigcontext *c = &uc.uc_mcontext;
	int r;

	if (copy_in(&uc, &from->uc))
		return -EFAULT;
	if (c->rip >= USER_LIMIT || c->rsp >= USER_LIMIT)
		return -EFAULT;
	r = restore_fpu((const char __user *)c->fpstate);
	if (r)
		return r;
	memcpy(mask, &uc.uc_sigmask, sizeof(*mask));
	if (!(uc.uc_stack.ss_flags & ~(SS_ONSTACK | SS_DISABLE | (int)SS_AUTODISARM))) {
		s->stack_start = (uint64_t)uc.uc_stack.ss_sp;
		s->stack_size = uc.uc_stack.ss_flags & SS_DISABLE ? 0 : uc.uc_stack.ss_size;
		s->stack_flags = (uint32_t)uc.uc_stack.ss_flags & ~(uint32_t)SS_ONSTACK;
	}
	f->r8 = c->r8;
	f->r9 = c->r9;
	f->r10 = c->r10;
	f->r11 = c->r11;
	f->r12 = c->r12;
	f->r13 = c->r13;
	f->r14 = c->r14;
	f->r15 = c->r15;
	f->rdi = c->rdi;
	f->rsi = c->rsi;
	f->rbp = c->rbp;
	f->rbx = c->rbx;
	f->rdx = c->rdx;
	f->rax = c->rax;
	f->rcx = c->rcx;
	f->rsp = c->rsp;
	f->rip = c->rip;
	f->rflags = (f->rflags & ~(uint64_t)EFLAGS_PROGRAM) | (c->eflags & EFLAGS_PROGRAM);
	f->orig_rax = ~0ull; /* no call to make again */
	return 0;
}
