/* Numbers that entry.S shares with C; trap.c and thread.c assert that they are true. */
#ifndef ARCH_X86_64_OFFSETS_H
#define ARCH_X86_64_OFFSETS_H

#define FRAME_R10    56
#define FRAME_R9     64
#define FRAME_R8     72
#define FRAME_RAX    80
#define FRAME_RDX    96
#define FRAME_RSI    104
#define FRAME_RDI    112
#define FRAME_RIP    128
#define FRAME_CS     136
#define FRAME_RFLAGS 144
#define FRAME_RSP    152
#define FRAME_SIZE   168

#define THREAD_WORK 48

#define TRAP_STACK_SIZE 8192 /* of #DB, NMI, #DF, #MC; aligned to its size */

/* Vectors: 32 exceptions, the lines of interrupt controllers, the processor's own. */
#define VECTOR_DB         1
#define TRAP_LINES_FIRST  32
#define TRAP_LINES        80
#define TRAP_TIMER        112
#define TRAP_RESCHEDULE   113
#define TRAP_SPURIOUS     127
#define TRAP_VECTORS      128

/* A page below 1 MiB where other processors start (smp_boot.S); never handed out. */
#define SMP_BOOT_PAGE 0x8000

#define MSR_GS_BASE_NUMBER 0xc0000101
#define RFLAGS_AC          0x40000
#define RFLAGS_IF          0x200

#ifdef __ASSEMBLER__
#define USER_DS            0x2b
#define USER_CS            0x33
#define ENOSYS             38
#define SYSCALL_TABLE_SIZE 512
#endif

#endif
