/* Exceptions and interrupts, from entry.S (Intel SDM 3A, chapter 6).
 *
 * A fault of the program becomes its signal; one inside the copy routines is served as the program's own, or makes the
 * routine return; any other fault of the kernel is our bug, and ends the machine with registers and a backtrace.
 */
#include "offsets.h"
#include <arch/apic.h>
#include <arch/backtrace.h>
#include <arch/cpu.h>
#include <arch/layout.h>
#include <arch/smp.h>
#include <arch/thread.h>
#include <arch/trap.h>
#include <asm/signal.h>
#include <core/backtrace.h>
#include <core/clock.h>
#include <core/irq.h>
#include <core/log.h>
#include <core/sched.h>
#include <core/thread.h>

COMPONENT("traps", "exceptions and interrupts, and the report of a fault");

#define SI_KERNEL   0x80
#define FPE_INTDIV  1
#define FPE_FLTINV  7
#define ILL_ILLOPN  2
#define TRAP_BRKPT  1
#define TRAP_TRACE  2
#define BUS_ADRALN  1

enum vector {
	VECTOR_DE = 0, VECTOR_NMI = 2, VECTOR_BP = 3, VECTOR_OF = 4, VECTOR_BR = 5, VECTOR_UD = 6,
	VECTOR_NM = 7, VECTOR_DF = 8, VECTOR_SS = 12, VECTOR_GP = 13, VECTOR_PF = 14, VECTOR_MF = 16, VECTOR_AC = 17,
	VECTOR_MC = 18, VECTOR_XM = 19,
};

#define PF_PRESENT 1u
#define PF_WRITE 2u
#define PF_USER  4u
#define PF_FETCH 16u

extern const char copy_routines_start[], copy_routines_end[];

void trap_handle(unsigned vector, struct trap_frame *frame);

static const char *const trap_names[] = {
	"divide error", "debug", "NMI", "breakpoint", "overflow", "bound range", "invalid opcode", "no FPU",
	"double fault", "coprocessor overrun", "invalid TSS", "segment not present", "stack fault",
	"general protection fault", "page fault", "reserved", "x87 error", "alignment check", "machine check", "SIMD error",
};

static bool in_copy_routine(const struct trap_frame *f)
{
	return f->rip >= (uint64_t)copy_routines_start && f->rip < (uint64_t)copy_routines_end;
}

static void __noreturn die(unsigned vector, const struct trap_frame *f, uint64_t error)
{
	log_print(LOG_EMERG, "kernel: %s, error %#lx, address %#lx",
		  vector < ARRAY_SIZE(trap_names) ? trap_names[vector] : "unexpected trap", error, read_cr2());
	arch_frame_print(f);
	log_err("the kernel runs at %lx, its symbols are those of %lx", (uint64_t)image_start, KERNEL_START);
	backtrace_print(f->rip, f->rsp);
	panic("fault in the kernel");
}

static void page_fault(struct trap_frame *f, uint64_t error)
{
	uint64_t address = read_cr2();
	bool in_program = frame_in_program(f);
	unsigned access = (error & PF_WRITE ? FAULT_WRITE : 0) | (error & PF_FETCH ? FAULT_EXEC : 0) |
			  (in_program ? FAULT_USER : 0);
	/* From user mode, yet not as the user, and the page is there: nothing to serve. QEMU's IRET does it to a program. */
	bool refused = (f->cs & 3) && (error & (PF_PRESENT | PF_USER)) == PF_PRESENT;
	int code = SI_KERNEL, signo = SIGSEGV;

	if (!in_program && (!in_copy_routine(f) || (f->rflags & RFLAGS_IF) == 0))
		die(VECTOR_PF, f, error);
	irq_enable();
	if ((int64_t)address >= 0 && !refused)
		signo = trap_page_fault(address, access, &code);
	if (signo != 0) {
		if (in_program)
			trap_signal(signo, signo == SIGSEGV && (int64_t)address < 0 ? 1 : code, address);
		else
			f->rip = f->r8; /* copy.S: where to go on */
	}
	irq_disable();
}

static void program_fault(unsigned vector, struct trap_frame *f)
{
	int signo, code = SI_KERNEL;
	uint64_t address = f->rip;

	switch (vector) {
	case VECTOR_DE:
		signo = SIGFPE, code = FPE_INTDIV;
		break;
	case VECTOR_DB:
		signo = SIGTRAP, code = TRAP_TRACE;
		f->rflags &= ~0x100ul;
		break;
	case VECTOR_BP:
		signo = SIGTRAP, code = SI_KERNEL, address = 0;
		break;
	case VECTOR_UD:
		signo = SIGILL, code = ILL_ILLOPN;
		break;
	case VECTOR_MF:
	case VECTOR_XM:
		signo = SIGFPE, code = FPE_FLTINV;
		break;
	case VECTOR_AC:
		signo = SIGBUS, code = BUS_ADRALN;
		break;
	default:
		signo = SIGSEGV, address = 0;
	}
	irq_enable();
	trap_signal(signo, code, address);
	irq_disable();
}

static void interrupt(unsigned vector)
{
	unsigned held = WHITTLE_DEBUG ? lock_interrupt_begin() : 0;

	if (vector == TRAP_TIMER) {
		apic_eoi();
		percpu_ptr(irq_counts)->of[IRQ_COUNT_TIMER]++;
		clock_interrupt();
	} else if (vector < TRAP_LINES_FIRST + TRAP_LINES) {
		irq_dispatch(vector - TRAP_LINES_FIRST);
		apic_eoi();
	} else if (vector == TRAP_RESCHEDULE) {
		apic_eoi();
		percpu_ptr(irq_counts)->of[IRQ_COUNT_RESCHEDULE]++;
		smp_flush_if_asked();
		sched_interrupted();
	}
	if (WHITTLE_DEBUG)
		lock_interrupt_end(held);
}

/* Such a trap runs on a stack that the processor has only one of (entry.S): no other thread may run meanwhile. */
static bool on_own_stack(unsigned vector, const struct trap_frame *f)
{
	return vector == VECTOR_NMI || vector == VECTOR_DF || vector == VECTOR_MC ||
	       (vector == VECTOR_DB && !(f->cs & 3));
}

void trap_handle(unsigned vector, struct trap_frame *frame)
{
	uint64_t error = frame->orig_rax;

	frame->orig_rax = (uint64_t)-1;
	if (vector < TRAP_LINES_FIRST && frame_in_program(frame)) {
		current->arch.trap_vector = vector;
		current->arch.trap_error = (uint32_t)error;
	}
	if (vector == VECTOR_PF) {
		page_fault(frame, error);
	} else if (vector >= TRAP_LINES_FIRST) {
		interrupt(vector);
	} else if (frame_in_program(frame) && vector != VECTOR_NMI && vector != VECTOR_DF && vector != VECTOR_MC) {
		program_fault(vector, frame);
	} else if (vector == VECTOR_GP && in_copy_routine(frame)) {
		frame->rip = frame->r8; /* a non-canonical address */
	} else {
		die(vector, frame, error);
	}
	if (frame->rflags & RFLAGS_IF && percpu_get(preempt_count) == 0 && !on_own_stack(vector, frame))
		sched_preempt();
	if (frame_in_program(frame) && !on_own_stack(vector, frame))
		preempt_check_program();
}
