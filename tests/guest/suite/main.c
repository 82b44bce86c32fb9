/* suite [NAME…]: run the suites named, or all, and print TAP. --list: say which there are. */
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <sys/stat.h>

#include "suite.h"

static const struct {
	const char *name;
	void (*run)(void);
} suites[] = {
	{ "process", suite_process },
	{ "process_edges", suite_process_edges },
	{ "memory", suite_memory },
	{ "files", suite_files },
	{ "files_edges", suite_files_edges },
	{ "root", suite_root },
	{ "time", suite_time },
	{ "signals", suite_signals },
	{ "threads", suite_threads },
	{ "ipc", suite_ipc },
	{ "unix", suite_unix },
	{ "ipc_edges", suite_ipc_edges },
	{ "sysv", suite_sysv },
	{ "sysv_sem", suite_sysv_sem },
	{ "sched", suite_sched },
	{ "machine", suite_machine },
	{ "mqueue", suite_mqueue },
	{ "futex", suite_futex },
	{ "cpu_time", suite_cpu_time },
	{ "mounts", suite_mounts },
	{ "aio", suite_aio },
	{ "pty", suite_pty },
	{ "inotify", suite_inotify },
	{ "various", suite_various },
	{ "ipc_stress", suite_ipc_stress },
	{ "procfs", suite_procfs },
	{ "net", suite_net },
	{ "net6", suite_net6 },
	{ "net_edges", suite_net_edges },
	{ "net_errors", suite_net_errors },
	{ "errnos_files", suite_errnos_files },
	{ "errnos_process", suite_errnos_process },
	{ "codes", suite_codes },
	{ "errnos_net", suite_errnos_net },
	{ "badptr", suite_badptr },
};

static pthread_mutex_t points_lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned points, failures;
static const char *current = "";
static char directory[64];

static bool point(bool condition, const char *name, va_list args)
{
	pthread_mutex_lock(&points_lock);
	printf("%sok %u - %s: ", condition ? "" : "not ", ++points, current);
	vprintf(name, args);
	putchar('\n');
	failures += !condition;
	pthread_mutex_unlock(&points_lock);
	return condition;
}

bool ok(bool condition, const char *name, ...)
{
	va_list args;

	va_start(args, name);
	point(condition, name, args);
	va_end(args);
	return condition;
}

bool is(long long got, long long wanted, const char *name, ...)
{
	va_list args;

	va_start(args, name);
	if (!point(got == wanted, name, args))
		printf("#   got %lld (%#llx), wanted %lld (%#llx)\n", got, got, wanted, wanted);
	va_end(args);
	return got == wanted;
}

bool fails(long long got, int error, const char *name, ...)
{
	int saved = errno;
	bool as_wanted = got == -1 && saved == error;
	va_list args;

	va_start(args, name);
	if (!point(as_wanted, name, args))
		printf("#   got %lld errno %d (%s), wanted errno %d (%s)\n", got, saved, strerror(saved), error,
		       strerror(error));
	va_end(args);
	return as_wanted;
}

long long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000ll + t.tv_nsec / 1000000;
}

void sleep_ms(long ms)
{
	struct timespec t = { ms / 1000, ms % 1000 * 1000000 };

	while (nanosleep(&t, &t) && errno == EINTR)
		;
}

const char *scratch(const char *name)
{
	static char paths[4][320];
	static unsigned turn;
	char *path = paths[turn++ % 4];

	snprintf(path, sizeof(paths[0]), "%s/%s", directory, name);
	return path;
}

bool in_guest(void)
{
	return access("/suite.root", F_OK) == 0;
}

int write_whole_file(const char *path, const void *data, size_t size)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	bool whole = fd >= 0 && write(fd, data, size) == (ssize_t)size;

	if (fd >= 0)
		close(fd);
	return whole ? 0 : -1;
}

sigjmp_buf fault_escape;
void *volatile fault_address;
volatile int fault_code;
static const int fault_signals[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP };
enum { FAULT_SIGNALS = sizeof(fault_signals) / sizeof(fault_signals[0]) };
static struct sigaction fault_old[FAULT_SIGNALS];
static char fault_stack[65536];
static stack_t fault_old_stack;

static void on_fault(int sig, siginfo_t *info, void *context)
{
	(void)context;
	fault_address = info->si_addr;
	fault_code = info->si_code;
	siglongjmp(fault_escape, sig);
}

void fault_catch(void)
{
	struct sigaction sa = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK };
	stack_t stack = { .ss_sp = fault_stack, .ss_size = sizeof(fault_stack) };

	sigaltstack(&stack, &fault_old_stack);
	for (int i = 0; i < FAULT_SIGNALS; i++)
		sigaction(fault_signals[i], &sa, &fault_old[i]);
}

void fault_release(void)
{
	for (int i = 0; i < FAULT_SIGNALS; i++)
		sigaction(fault_signals[i], &fault_old[i], NULL);
	sigaltstack(&fault_old_stack, NULL);
}

int main(int argc, char **argv)
{
	char command[100];

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc == 2 && !strcmp(argv[1], "--list")) {
		for (size_t i = 0; i < sizeof(suites) / sizeof(suites[0]); i++)
			puts(suites[i].name);
		return 0;
	}
	mkdir("/tmp", 0777);
	snprintf(directory, sizeof(directory), "/tmp/suite-XXXXXX");
	if (!mkdtemp(directory)) {
		perror(directory);
		return 2;
	}
	for (size_t i = 0; i < sizeof(suites) / sizeof(suites[0]); i++) {
		bool wanted = argc == 1;

		for (int a = 1; a < argc; a++)
			wanted |= !strcmp(argv[a], suites[i].name);
		current = suites[i].name;
		if (wanted)
			suites[i].run();
	}
	if (!in_guest()) {
		snprintf(command, sizeof(command), "rm -rf %s", directory);
		failures += system(command) != 0;
	}
	printf("1..%u\n", points);
	return failures ? 1 : 0;
}
