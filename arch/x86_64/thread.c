/* A thread's processor state: its first stack, the switch, FPU registers and segment bases (Intel SDM 1, 13: XSAVE). */
#include "offsets.h"
#include <arch/cpu.h>
#include <core/log.h>
#include <core/slab.h>
#include <core/thread.h>
#include <linux/errno.h>

COMPONENT("cpu", "the processor: set-up, threads' registers, system call entry");

_Static_assert(offsetof(struct thread, work) == THREAD_WORK, "offsets.h");
_Static_assert(sizeof(struct trap_frame) == FRAME_SIZE, "offsets.h");
_Static_assert(offsetof(struct trap_frame, rsp) == FRAME_RSP && offsetof(struct trap_frame, rax) == FRAME_RAX &&
	       offsetof(struct trap_frame, rdi) == FRAME_RDI && offsetof(struct trap_frame, r10) == FRAME_R10 &&
	       offsetof(struct trap_frame, cs) == FRAME_CS && offsetof(struct trap_frame, rip) == FRAME_RIP, "offsets.h");

extern uint64_t syscall_kernel_sp; /* percpu */
struct tss_head {
	uint32_t reserved;
	uint64_t rsp0;
} __attribute__((packed));
extern struct tss_head cpu_tss; /* percpu */

extern const char thread_starts_in_kernel[], thread_starts_in_program[];
void arch_switch_stacks(uint64_t *save_sp, uint64_t load_sp);

#define FPU_ALIGN 64
#define MXCSR_OFFSET 24

/* What arch_switch_stacks() pops. */
struct switch_frame {
	uint64_t r15, r14, r13, r12, rbp, rbx, rip;
};

void arch_fpu_save(void *area)
{
	uint32_t lo = (uint32_t)arch_fpu_features, hi = (uint32_t)(arch_fpu_features >> 32);

	if (cpu_features.xsaveopt)
		__asm__ volatile("xsaveopt64 (%0)" : : "r"(area), "a"(lo), "d"(hi) : "memory");
	else if (cpu_features.xsave)
		__asm__ volatile("xsave64 (%0)" : : "r"(area), "a"(lo), "d"(hi) : "memory");
	else
		__asm__ volatile("fxsave64 (%0)" : : "r"(area) : "memory");
}

void arch_fpu_restore(const void *area)
{
	uint32_t lo = (uint32_t)arch_fpu_features, hi = (uint32_t)(arch_fpu_features >> 32);

	if (cpu_features.xsave)
		__asm__ volatile("xrstor64 (%0)" : : "r"(area), "a"(lo), "d"(hi) : "memory");
	else
		__asm__ volatile("fxrstor64 (%0)" : : "r"(area) : "memory");
}

/* The state after reset as Linux gives it: x87 control 0x37f, MXCSR 0x1f80, all else zero. */
static void fpu_area_reset(void *area)
{
	memset(area, 0, arch_fpu_size);
	*(uint16_t *)area = 0x37f;
	*(uint32_t *)((char *)area + MXCSR_OFFSET) = 0x1f80;
}

static void *fpu_area_alloc(void)
{
	return kmalloc(ALIGN_UP(arch_fpu_size, FPU_ALIGN));
}

void arch_fpu_reset(void)
{
	fpu_area_reset(current->arch.fpu);
	arch_fpu_restore(current->arch.fpu);
}

int arch_thread_init(struct thread *t, bool has_program, void (*entry)(void *), void *argument)
{
	struct switch_frame *f;

	t->arch.stack_top = (uint64_t)t->stack + KERNEL_STACK_SIZE;
	t->frame = (struct trap_frame *)t->arch.stack_top - 1;
	f = (struct switch_frame *)(t->arch.stack_top - 64) - 1;
	*f = (struct switch_frame){
		.r12 = (uint64_t)entry, .r13 = (uint64_t)argument, .rip = (uint64_t)thread_starts_in_kernel
	};
	t->arch.kernel_sp = (uint64_t)f;
	if (has_program) {
		t->arch.fpu = fpu_area_alloc();
		if (!t->arch.fpu)
			return -ENOMEM;
		fpu_area_reset(t->arch.fpu);
	}
	return 0;
}

void arch_thread_free(struct thread *t)
{
	kfree(t->arch.fpu);
}

static uint64_t fs_base_now(const struct thread *t)
{
	uint64_t base = t->arch.fs_base;

	if (cpu_features.fsgsbase)
		__asm__ volatile("rdfsbase %0" : "=r"(base));
	return base;
}

static void fs_base_load(uint64_t base)
{
	if (cpu_features.fsgsbase)
		__asm__ volatile("wrfsbase %0" : : "r"(base));
	else
		wrmsr(MSR_FS_BASE, base);
}

/* The program's GS base lies in KERNEL_GS_BASE while the kernel runs. With FSGSBASE a program may write it itself. */
static uint64_t gs_base_now(const struct thread *t)
{
	return cpu_features.fsgsbase ? rdmsr(MSR_KERNEL_GS_BASE) : t->arch.gs_base;
}

void arch_fs_base_set(uint64_t base)
{
	current->arch.fs_base = base;
	fs_base_load(base);
}
uint64_t arch_fs_base_get(void)
{
	return fs_base_now(current);
}
void arch_gs_base_set(uint64_t base)
{
	current->arch.gs_base = base;
	wrmsr(MSR_KERNEL_GS_BASE, base);
}
uint64_t arch_gs_base_get(void)
{
	return gs_base_now(current);
}

void arch_thread_fork(struct thread *child, const struct trap_frame *frame, uint64_t user_sp, bool set_tls, uint64_t tls)
{
	struct switch_frame *f = (struct switch_frame *)child->frame - 1;

	*child->frame = *frame;
	child->frame->rax = 0;
	if (user_sp)
		child->frame->rsp = user_sp;
	child->arch.fs_base = set_tls ? tls : fs_base_now(current);
	child->arch.gs_base = gs_base_now(current);
	arch_fpu_save(child->arch.fpu);
	*f = (struct switch_frame){ .rip = (uint64_t)thread_starts_in_program };
	child->arch.kernel_sp = (uint64_t)f;
}

/* The canary changes in the midst of it: it has none. */
__no_canary void arch_switch(struct thread *from, struct thread *to)
{
	if (from->arch.fpu) {
		from->arch.fs_base = fs_base_now(from);
		from->arch.gs_base = gs_base_now(from);
		arch_fpu_save(from->arch.fpu);
	}
	if (to->arch.fpu) {
		fs_base_load(to->arch.fs_base);
		if (!from->arch.fpu || to->arch.gs_base != from->arch.gs_base)
			wrmsr(MSR_KERNEL_GS_BASE, to->arch.gs_base);
		arch_fpu_restore(to->arch.fpu);
	}
	percpu_set(stack_canary, to->canary);
	percpu_set(syscall_kernel_sp, to->arch.stack_top);
	percpu_ptr(cpu_tss)->rsp0 = to->arch.stack_top;
	arch_switch_stacks(&from->arch.kernel_sp, to->arch.kernel_sp);
}
