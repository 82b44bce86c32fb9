/* Starting other processors by the local APIC (Intel SDM 3A, 8.4.4): INIT, then a page to start at. One at a time. */
#include "offsets.h"
#include <arch/apic.h>
#include <arch/cpu.h>
#include <arch/irqflags.h>
#include <arch/layout.h>
#include <arch/mmu.h>
#include <arch/smp.h>
#include <core/clock.h>
#include <core/cpu.h>
#include <core/page.h>
#include <core/start.h>
#include <linux/errno.h>

COMPONENT("smp", "several processors");

extern const char smp_boot_start[], smp_boot_end[];
extern const uint64_t smp_boot_tables[], smp_boot_entry[];
extern const char smp_entry[], boot_pml4[];

void smp_arrived(void) __noreturn;

/* What the processor that is being started finds (smp_boot.S); one at a time. */
uint64_t smp_start_stack, smp_start_base, smp_start_tables;
uint32_t smp_start_efer;

uint32_t arch_cpu_id(void)
{
	return apic_id();
}

static void pause_us(unsigned us)
{
	uint64_t until = clock_monotonic_ns() + us * 1000ul;

	while (clock_monotonic_ns() < until)
		cpu_relax();
}

int arch_cpu_start(uint32_t id, uintptr_t base, void *stack_top)
{
	char *page = page_direct(SMP_BOOT_PAGE);

	smp_apic_ids[0] = smp_apic_ids[0] ? smp_apic_ids[0] : apic_id();
	memcpy(page, smp_boot_start, (size_t)(smp_boot_end - smp_boot_start));
	*(uint64_t *)(page + ((const char *)smp_boot_tables - smp_boot_start)) = image_paddr(boot_pml4);
	*(uint64_t *)(page + ((const char *)smp_boot_entry - smp_boot_start)) = (uint64_t)smp_entry;
	smp_start_stack = (uint64_t)stack_top - 64;
	smp_start_base = base;
	*percpu_of(percpu_base, cpu_count) = base;
	smp_start_tables = percpu_get(mmu_current_root);
	smp_start_efer = cpu_features.nx ? EFER_NXE : 0;
	smp_apic_ids[cpu_count] = id;
	mmu_shootdown = smp_shootdown;
	if (arch_cpu_tables_alloc(cpu_count) != 0)
		return -ENOMEM;
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	apic_send_init(id);
	pause_us(200);
	apic_send_startup(id, SMP_BOOT_PAGE >> PAGE_SHIFT);
	return 0;
}

void arch_cpu_reset(uint32_t id)
{
	apic_send_init(id);
}

void smp_arrived(void)
{
	mmu_cpu_init();
	mmu_switch(NULL);
	arch_init_tables();
	arch_init_cpu();
	apic_init_cpu();
	cpu_arrived();
}
