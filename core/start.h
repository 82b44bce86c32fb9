/* The way from the loader to the program (core/start.c). */
#ifndef CORE_START_H
#define CORE_START_H

/** start_kernel() - boot_info is filled, boot page tables and stack, interrupts off. Never returns. */
void start_kernel(void) __noreturn;

/* What start_kernel() asks of the architecture (arch/ARCH/cpu.c), besides mmu_kernel_init(). */
void arch_init_tables(void);   /* descriptor tables, traps: faults are reported from here on */
void arch_init_cpu(void);      /* this processor: system calls, FPU, protections */

#endif
