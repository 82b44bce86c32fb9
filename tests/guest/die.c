/* die WAY: a program that does what no program may, and ends by its signal. `die list` prints "WAY SIGNAL" for each.
 *
 * `die exit N` ends with a status, `die signal N` by a signal. x86-64 only: privileged instructions are its subject.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define KERNEL 0xffffffff80100000ul

static volatile char sink;

static void null_read(void)
{
	sink = *(volatile char *)(uintptr_t)sink;
}
static void null_call(void)
{
	void (*volatile f)(void) = NULL;

	f();
}
static void kernel_read(void)
{
	sink = *(volatile char *)KERNEL;
}
static void kernel_write(void)
{
	*(volatile char *)KERNEL = 1;
}
static void kernel_jump(void)
{
	((void (*)(void))KERNEL)();
}
static void no_address(void)
{
	sink = *(volatile char *)0x8000000000001234ul;
}
static void no_address_jump(void)
{
	__asm__ volatile("jmp *%0" : : "r"(0x8000000000001234ul));
}
static void code_write(void)
{
	*(volatile char *)(uintptr_t)code_write = 0;
}
static void data_run(void)
{
	static char code[] = { (char)0xc3 };

	((void (*)(void))(uintptr_t)code)();
}
static void stack_run(void)
{
	volatile char code[] = { (char)0xc3 };

	((void (*)(void))(uintptr_t)code)();
}
static int __attribute__((noinline)) recurse(volatile int *n)
{
	volatile char frame[4000];

	frame[0] = (char)*n;
	++*n;
	return recurse(n) + frame[0];
}
static void stack_overflow(void)
{
	volatile int n = 0;

	sink = (char)recurse(&n);
}
static void *overflow_there(void *unused)
{
	stack_overflow();
	return unused;
}
static void thread_stack_overflow(void)
{
	pthread_t t;

	pthread_create(&t, NULL, overflow_there, NULL);
	pthread_join(t, NULL);
}
static void stack_lost(void)
{
	__asm__ volatile("xor %%esp, %%esp\n\tpush %%rax" : : : "memory");
}
static void stack_in_kernel(void)
{
	/* The call is entered with a stack pointer that only the kernel may use; the next push must fault as ours. */
	__asm__ volatile("mov %0, %%rsp\n\tmov $39, %%eax\n\tsyscall\n\tpush %%rax" : : "r"(KERNEL + 0x1000) : "memory");
}
static void op_cli(void)
{
	__asm__ volatile("cli");
}
static void op_hlt(void)
{
	__asm__ volatile("hlt");
}
static void op_in(void)
{
	uint8_t v;

	__asm__ volatile("inb $0x60, %0" : "=a"(v));
}
static void op_out(void)
{
	__asm__ volatile("outb %0, $0x64" : : "a"((uint8_t)0xfe));
}
static void op_out_status(void)
{
	__asm__ volatile("outb %0, %1" : : "a"((uint8_t)0), "d"((uint16_t)0x5e9));
}
static void op_cr3(void)
{
	uint64_t v;

	__asm__ volatile("mov %%cr3, %0" : "=r"(v));
}
static void op_wrmsr(void)
{
	__asm__ volatile("wrmsr" : : "c"(0xc0000082), "a"(0), "d"(0));
}
static void op_lidt(void)
{
	static char at[10];

	__asm__ volatile("lidt %0" : : "m"(at));
}
static void op_swapgs(void)
{
	__asm__ volatile("swapgs");
}
static void op_sysret(void)
{
	__asm__ volatile("sysretq" : : "c"(0) : "r11");
}
static void op_int_0x20(void)
{
	__asm__ volatile("int $0x20");
}
static void op_int_14(void)
{
	__asm__ volatile("int $14");
}
static void op_int3(void)
{
	__asm__ volatile("int3");
}
static void op_ud2(void)
{
	__asm__ volatile("ud2");
}
static void op_div(void)
{
	__asm__ volatile("divl %0" : : "r"(0) : "eax", "edx");
}
static void op_iret(void)
{
	/* To the kernel's segments: #GP in the program. */
	__asm__ volatile("pushq $0x18\n\tpushq $0\n\tpushq $0x202\n\tpushq $0x10\n\tpushq $0\n\tiretq" : : : "memory");
}
static void trap_flag(void)
{
	__asm__ volatile("pushfq\n\torl $0x100, (%%rsp)\n\tpopfq\n\tnop" : : : "memory", "cc");
}
static void trap_flag_syscall(void)
{
	__asm__ volatile("mov $39, %%eax\n\tpushfq\n\torl $0x100, (%%rsp)\n\tpopfq\n\tsyscall\n\tnop"
			 : : : "memory", "cc", "rax", "rcx", "r11");
}
static void odd_flags(void)
{
	/* NT and AC and DF over a call: the kernel takes no harm; then we end as planned. */
	__asm__ volatile("std\n\tpushfq\n\torl $0x44000, (%%rsp)\n\tpopfq\n\tmov $39, %%eax\n\tsyscall\n\tcld\n\tud2"
			 : : : "memory", "cc", "rax", "rcx", "r11");
}
static void mapping_end(void)
{
	FILE *f = fopen("/tmp/die", "w+");
	char *p;

	fputs("short", f);
	fflush(f);
	p = mmap(NULL, 8192, PROT_READ, MAP_SHARED, fileno(f), 0);
	sink = p[5000];
}
static void aborts(void)
{
	abort();
}
static void handler_fails(int sig)
{
	(void)sig;
	null_read();
}
static void fault_in_handler(void)
{
	signal(SIGSEGV, handler_fails);
	null_read();
}
static void bad_altstack(void)
{
	struct sigaction sa = { .sa_handler = handler_fails, .sa_flags = SA_ONSTACK };
	stack_t stack = { .ss_sp = (void *)0x1000, .ss_size = 65536 };

	sigaltstack(&stack, NULL);
	sigaction(SIGSEGV, &sa, NULL);
	null_read();
}
static void bad_sigreturn(void)
{
	__asm__ volatile("mov %0, %%rsp\n\tmov $15, %%eax\n\tsyscall" : : "r"(0x1000ul) : "memory");
}
static void kernel_sigreturn(void)
{
	/* A frame that asks for the kernel's segments and code: it must stay a program. */
	static uint64_t frame[128];

	for (int i = 0; i < 128; i++)
		frame[i] = KERNEL;
	frame[0] = 0;
	__asm__ volatile("mov %0, %%rsp\n\tmov $15, %%eax\n\tsyscall" : : "r"(&frame[1]) : "memory");
}

static const struct {
	const char *name;
	int signal;
	void (*die)(void);
} ways[] = {
	{ "null-read", SIGSEGV, null_read },
	{ "null-call", SIGSEGV, null_call },
	{ "kernel-read", SIGSEGV, kernel_read },
	{ "kernel-write", SIGSEGV, kernel_write },
	{ "kernel-jump", SIGSEGV, kernel_jump },
	{ "no-address", SIGSEGV, no_address },
	{ "no-address-jump", SIGSEGV, no_address_jump },
	{ "code-write", SIGSEGV, code_write },
	{ "data-run", SIGSEGV, data_run },
	{ "stack-run", SIGSEGV, stack_run },
	{ "stack-overflow", SIGSEGV, stack_overflow },
	{ "thread-stack-overflow", SIGSEGV, thread_stack_overflow },
	{ "stack-lost", SIGSEGV, stack_lost },
	{ "stack-in-kernel", SIGSEGV, stack_in_kernel },
	{ "cli", SIGSEGV, op_cli },
	{ "hlt", SIGSEGV, op_hlt },
	{ "in", SIGSEGV, op_in },
	{ "out", SIGSEGV, op_out },
	{ "out-status", SIGSEGV, op_out_status },
	{ "cr3", SIGSEGV, op_cr3 },
	{ "wrmsr", SIGSEGV, op_wrmsr },
	{ "lidt", SIGSEGV, op_lidt },
	{ "swapgs", SIGSEGV, op_swapgs },
	{ "sysret", SIGSEGV, op_sysret },
	{ "int-0x20", SIGSEGV, op_int_0x20 },
	{ "int-14", SIGSEGV, op_int_14 },
	{ "int3", SIGTRAP, op_int3 },
	{ "ud2", SIGILL, op_ud2 },
	{ "div", SIGFPE, op_div },
	{ "iret", SIGSEGV, op_iret },
	{ "trap-flag", SIGTRAP, trap_flag },
	{ "trap-flag-syscall", SIGTRAP, trap_flag_syscall },
	{ "odd-flags", SIGILL, odd_flags },
	{ "mapping-end", SIGBUS, mapping_end },
	{ "abort", SIGABRT, aborts },
	{ "fault-in-handler", SIGSEGV, fault_in_handler },
	{ "bad-altstack", SIGSEGV, bad_altstack },
	{ "bad-sigreturn", SIGSEGV, bad_sigreturn },
	{ "kernel-sigreturn", SIGSEGV, kernel_sigreturn },
};

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "exit"))
		exit(atoi(argv[2]));
	if (argc == 3 && !strcmp(argv[1], "signal")) {
		raise(atoi(argv[2]));
		return 0;
	}
	if (argc == 3 && !strcmp(argv[1], "thread-exit")) {
		/* exit_group by another thread than the first. */
		pthread_t t;

		pthread_create(&t, NULL, (void *(*)(void *))(uintptr_t)exit, (void *)(uintptr_t)atoi(argv[2]));
		pause();
	}
	if (argc == 2 && !strcmp(argv[1], "unknown-call"))
		return syscall(9999) == -1 && syscall(9999) == -1 ? 0 : 1;
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		if (argc == 2 && !strcmp(argv[1], "list"))
			printf("%s %d\n", ways[i].name, ways[i].signal);
		if (argc == 2 && !strcmp(argv[1], ways[i].name)) {
			puts("about to");
			fflush(stdout);
			ways[i].die();
			return 0;
		}
	}
	return argc == 2 && !strcmp(argv[1], "list") ? 0 : 2;
}
