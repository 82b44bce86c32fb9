/* This processor: its features, descriptor tables, and the registers that make system calls and protections work
 * (Intel SDM 3A, chapters 2, 3 and 7.7; AMD APM 2, 6.1.1). Each processor runs arch_init_cpu() once.
 */
#include "offsets.h"
#include <arch/cpu.h>
#include <arch/layout.h>
#include <arch/mmu.h>
#include <arch/port.h>
#include <arch/smp.h>
#include <arch/thread.h>
#include <core/cpu.h>
#include <core/log.h>
#include <core/page.h>
#include <core/power.h>
#include <core/preempt.h>
#include <core/slab.h>
#include <core/start.h>
#include <linux/errno.h>

COMPONENT("cpu", "the processor: set-up, threads' registers, system call entry");

struct cpu_features cpu_features __sealed;
unsigned arch_fpu_size __sealed;
uint64_t arch_fpu_features __sealed;

PERCPU(uintptr_t, percpu_base) = 0;
PERCPU(uint32_t, preempt_count) = PREEMPT_NOTHING_WANTED;
PERCPU(uint32_t, this_cpu) = 0;
PERCPU(uint64_t, syscall_user_sp) = 0;
PERCPU(uint64_t, syscall_kernel_sp) = 0;
PERCPU(uint64_t, uaccess_limit) = 0;

#define HYPERVISOR_FIRST 0x40000000u
#define HYPERVISOR_LAST  0x40010000u
#define HYPERVISOR_STEP  0x100u

/* One hypervisor may answer for several: each has leaves of its own, behind those of the one before. */
uint32_t cpuid_hypervisor(const char signature[12])
{
	if (!(cpuid(1, 0).ecx >> 31))
		return 0;
	for (uint32_t leaf = HYPERVISOR_FIRST; leaf < HYPERVISOR_LAST; leaf += HYPERVISOR_STEP) {
		struct cpuid c = cpuid(leaf, 0);
		uint32_t said[3] = { c.ebx, c.ecx, c.edx };

		if (!memcmp(said, signature, sizeof(said)))
			return leaf;
		if (leaf == HYPERVISOR_FIRST && (c.eax < leaf || c.eax > leaf + HYPERVISOR_STEP * HYPERVISOR_STEP))
			return 0; /* no hypervisor's leaves */
	}
	return 0;
}

struct tss {
	uint32_t reserved0;
	uint64_t rsp[3];
	uint64_t reserved1;
	uint64_t ist[7];
	uint64_t reserved2;
	uint16_t reserved3;
	uint16_t io_map;
} __attribute__((packed));
_Static_assert(sizeof(struct tss) == 104, "64-bit TSS");

struct gdt {
	uint64_t entry[10];
};

PERCPU(struct tss, cpu_tss) = { .io_map = sizeof(struct tss) };
PERCPU(struct gdt, cpu_gdt) = { {
	[KERNEL_CS >> 3] = 0x00af9b000000ffff,
	[KERNEL_DS >> 3] = 0x00cf93000000ffff,
	[0x20 >> 3] = 0x00cffb000000ffff, /* 32-bit user code: SYSRET counts from here */
	[USER_DS >> 3] = 0x00cff3000000ffff,
	[USER_CS >> 3] = 0x00affb000000ffff,
} };

struct idt_entry {
	uint16_t offset_low, selector;
	uint8_t ist, type;
	uint16_t offset_middle;
	uint32_t offset_high, reserved;
};
_Static_assert(sizeof(struct idt_entry) == 16, "IDT entry");

static struct idt_entry idt[TRAP_VECTORS] __sealed;

#define TRAP_STACKS_ORDER 3
_Static_assert(4 * TRAP_STACK_SIZE == PAGE_SIZE << TRAP_STACKS_ORDER, "order of the trap stacks");

/* The vectors that have a stack of their own on each processor; the topmost word of a stack is its GS base. Each lies
 * above as much that is not mapped. The boot processor's have no such neighbours until there are final page tables. */
static const uint8_t own_stack[] = { VECTOR_DB, 2, 8, 18 };
static char boot_trap_stacks[ARRAY_SIZE(own_stack)][TRAP_STACK_SIZE] __aligned(TRAP_STACK_SIZE);
static char *trap_stacks[CPU_MAX] __sealed; /* where the lowest one's lower neighbour begins; NULL: not mapped yet */
#define TRAP_STACK_STRIDE (2 * TRAP_STACK_SIZE)

extern const char trap_stubs[];
extern const char syscall_entry[];
extern const uint32_t copy_smap_sites[], copy_smap_sites_end[];
extern char copy_base[];

struct table_pointer {
	uint16_t limit;
	uint64_t base;
} __attribute__((packed));

static void find_features(void)
{
	struct cpu_features *f = &cpu_features;
	uint32_t max = cpuid(0, 0).eax;
	uint32_t max_extended = cpuid(0x80000000u, 0).eax;
	struct cpuid one = cpuid(1, 0);
	struct cpuid seven = max >= 7 ? cpuid(7, 0) : (struct cpuid){ 0 };
	struct cpuid extended = max_extended >= 0x80000001u ? cpuid(0x80000001u, 0) : (struct cpuid){ 0 };

	f->hwcap = one.edx;
	f->rdrand = one.ecx & (1u << 30);
	f->xsave = one.ecx & (1u << 26);
	f->fsgsbase = seven.ebx & (1u << 0);
	f->smep = seven.ebx & (1u << 7);
	f->smap = seven.ebx & (1u << 20);
	f->rdseed = seven.ebx & (1u << 18);
	f->umip = seven.ecx & (1u << 2);
	f->nx = extended.edx & (1u << 20);
	f->pdpe1gb = extended.edx & (1u << 26);
	if (max_extended >= 0x80000007u)
		f->invariant_tsc = cpuid(0x80000007u, 0).edx & (1u << 8);
	f->hwcap2 = f->fsgsbase ? 2 : 0;
	if (f->xsave && max >= 13)
		f->xsaveopt = cpuid(13, 1).eax & 1;
}

/* Before the kernel's text is sealed: SMAP's instructions go where no-ops hold their place. */
static void patch_smap_sites(void)
{
	for (const uint32_t *site = copy_smap_sites; site < copy_smap_sites_end; site++) {
		char *at = copy_base + (*site & 0x7fffffff);

		memcpy(at, *site >> 31 ? "\x0f\x01\xca" : "\x0f\x01\xcb", 3); /* CLAC, STAC */
	}
}

/* The old interrupt controllers (Intel 8259A): where firmware used them, their first lines are vectors of exceptions. */
static void mask_old_controllers(void)
{
	outb(0x21, 0xff);
	outb(0xa1, 0xff);
}

void cpu_init_boot(void)
{
	mask_old_controllers();
	find_features();
	if (cpu_features.smap)
		patch_smap_sites();
}

static void set_gate(unsigned vector, unsigned ist)
{
	uint64_t handler = (uint64_t)trap_stubs + vector * 16;

	idt[vector] = (struct idt_entry){
		.offset_low = (uint16_t)handler,
		.selector = KERNEL_CS,
		.ist = (uint8_t)ist,
		.type = vector == 3 || vector == 4 ? 0xee : 0x8e, /* INT3 and INTO are the program's to use */
		.offset_middle = (uint16_t)(handler >> 16),
		.offset_high = (uint32_t)(handler >> 32),
	};
}

static void set_trap_stacks(void)
{
	struct tss *tss = percpu_ptr(cpu_tss);
	char *mapped = trap_stacks[percpu_get(this_cpu)];

	for (unsigned i = 0; i < ARRAY_SIZE(own_stack); i++) {
		char *stack = mapped ? mapped + i * TRAP_STACK_STRIDE + TRAP_STACK_SIZE : boot_trap_stacks[i];
		uint64_t *top = (uint64_t *)(stack + TRAP_STACK_SIZE) - 1;

		*top = percpu_get(percpu_base);
		tss->ist[i] = (uint64_t)(top - 1);
	}
}

static char *map_trap_stacks(paddr_t pages)
{
	uint64_t start = mmu_reserve_kernel(ARRAY_SIZE(own_stack) * TRAP_STACK_STRIDE + TRAP_STACK_SIZE);

	start = ALIGN_UP(start, (uint64_t)TRAP_STACK_SIZE);
	for (unsigned i = 0; i < ARRAY_SIZE(own_stack) && start; i++)
		if (mmu_map_kernel(start + i * TRAP_STACK_STRIDE + TRAP_STACK_SIZE, pages + i * TRAP_STACK_SIZE,
				   TRAP_STACK_SIZE, MMU_READ | MMU_WRITE) != 0)
			return NULL;
	return (char *)start;
}

void arch_init_tables(void)
{
	struct tss *tss = percpu_ptr(cpu_tss);
	struct gdt *gdt = percpu_ptr(cpu_gdt);
	uint64_t base = (uint64_t)tss;
	struct table_pointer gdtr = { sizeof(*gdt) - 1, (uint64_t)gdt };
	struct table_pointer idtr = { sizeof(idt) - 1, (uint64_t)idt };

	for (unsigned vector = 0; vector < TRAP_VECTORS; vector++)
		set_gate(vector, 0);
	for (unsigned i = 0; i < ARRAY_SIZE(own_stack); i++)
		set_gate(own_stack[i], i + 1);
	set_trap_stacks();
	gdt->entry[TSS_SEL >> 3] = (sizeof(*tss) - 1) | (base & 0xffffff) << 16 | 0x89ull << 40 |
				   (base >> 24 & 0xff) << 56;
	gdt->entry[(TSS_SEL >> 3) + 1] = base >> 32;
	__asm__ volatile("lgdt %0" : : "m"(gdtr));
	__asm__ volatile("lidt %0" : : "m"(idtr));
	__asm__ volatile("ltr %w0" : : "r"(TSS_SEL));
	__asm__ volatile("mov %0, %%ss" : : "r"(KERNEL_DS));
	__asm__ volatile("mov %0, %%ds; mov %0, %%es" : : "r"(0));
}

int arch_cpu_tables_alloc(unsigned cpu)
{
	struct page *pages = page_alloc(TRAP_STACKS_ORDER, 0);

	trap_stacks[cpu] = pages ? map_trap_stacks(page_paddr(pages)) : NULL;
	return trap_stacks[cpu] ? 0 : -ENOMEM; /* the processor does not start: what it took is not used again */
}

#define XSAVE_HEADER_END 576u

/* Return: XSAVE can be used. Its area is as long as its parts (Intel SDM 1, 13.4.3), and as the processor says it is for what
 * XCR0 selects. Where the two differ, XCR0 is not what we wrote: KVM on QEMU's emulation of AMD's SVM, for one. */
static bool enable_xsave(void)
{
	struct cpuid d = cpuid(13, 0);
	/* x87, SSE, AVX, AVX-512, PKRU excluded: protection keys are not offered. */
	uint64_t wanted = (d.eax | (uint64_t)d.edx << 32) & 0xe7;
	unsigned size = XSAVE_HEADER_END;

	if ((wanted & 0xe0) != 0xe0)
		wanted &= ~0xe0ull;
	__asm__ volatile("xsetbv" : : "c"(0), "a"((uint32_t)wanted), "d"((uint32_t)(wanted >> 32)));
	for (unsigned part = 2; wanted >> part; part++) {
		struct cpuid p = wanted >> part & 1 ? cpuid(13, part) : (struct cpuid){ 0 };

		size = MAX(size, p.ebx + p.eax);
	}
	if (cpuid(13, 0).ebx != size)
		return false;
	arch_fpu_features = wanted;
	arch_fpu_size = size;
	return true;
}

void arch_init_cpu(void)
{
	const struct cpu_features *f = &cpu_features;
	uint64_t cr4 = read_cr4() | CR4_OSFXSR | CR4_OSXMMEXCPT | CR4_PGE;

	cr4 |= (f->fsgsbase ? CR4_FSGSBASE : 0) | (f->smep ? CR4_SMEP : 0) | (f->smap ? CR4_SMAP : 0) |
	       (f->umip ? CR4_UMIP : 0) | (f->xsave ? CR4_OSXSAVE : 0);
	if (!trap_stacks[percpu_get(this_cpu)]) {
		trap_stacks[0] = map_trap_stacks(image_paddr(boot_trap_stacks));
		if (!trap_stacks[0])
			panic("too little memory for the processor's stacks");
		set_trap_stacks();
	}
	write_cr4(cr4);
	write_cr0((read_cr0() & ~0xcull) | 2); /* FPU: no emulation, no lazy switch, monitor */
	arch_fpu_size = 512;
	if (f->xsave && !enable_xsave()) {
		log_info("XSAVE is not used: this processor does not agree with itself about its size");
		cpu_features.xsave = cpu_features.xsaveopt = false;
		write_cr4(cr4 & ~CR4_OSXSAVE);
	}
	wrmsr(MSR_STAR, (uint64_t)0x23 << 48 | (uint64_t)KERNEL_CS << 32);
	wrmsr(MSR_LSTAR, (uint64_t)syscall_entry);
	wrmsr(MSR_FMASK, 0x47700); /* AC NT IOPL DF IF TF */
	wrmsr(MSR_KERNEL_GS_BASE, 0);
}

void arch_halt(void)
{
	static const struct table_pointer none = { 0, 0 };

	/* A triple fault: emulators end or reset, and a real machine resets. */
	__asm__ volatile("lidt %0; int3" : : "m"(none));
	for (;;)
		__asm__ volatile("cli; hlt");
}
