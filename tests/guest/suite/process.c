/* The process: identity, start, limits, what the kernel says of itself. */
#define _GNU_SOURCE
#include <elf.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>

#include "suite.h"

extern char **environ;

static int initialised;

__attribute__((constructor)) static void initialise(void)
{
	initialised = 1;
}

void suite_process(void)
{
	unsigned char a[32] = "", b[32] = "", *at_random = (unsigned char *)getauxval(AT_RANDOM);
	char name[17] = "";
	struct utsname uts;
	struct sysinfo info;
	struct rlimit limit;
	uid_t r, e, s;

	is(initialised, 1, "constructors have run");
	ok(getpid() > 0 && getppid() >= 0, "process ids");
	ok(getpid() == syscall(SYS_getpid), "by the call too");
	is(syscall(SYS_gettid), getpid(), "the first thread's id is the process's");
	ok(getresuid(&r, &e, &s) == 0 && r == getuid() && e == geteuid(), "user ids");
	ok(getgid() == getegid(), "group ids");
	if (in_guest())
		is(getuid(), 0, "the user is root");
	is(uname(&uts), 0, "uname");
	ok(!strcmp(uts.sysname, "Linux") && !strcmp(uts.machine, "x86_64"), "as a program expects it");
	ok(atoi(uts.release) >= 5, "with a release that glibc takes");
	is(getauxval(AT_PAGESZ), 4096, "AT_PAGESZ");
	ok(getauxval(AT_PHDR) && getauxval(AT_PHNUM) && getauxval(AT_ENTRY), "AT_PHDR, AT_PHNUM, AT_ENTRY");
	ok(at_random && memcmp(at_random, a, 16), "AT_RANDOM");
	ok(getauxval(AT_EXECFN) && strstr((char *)getauxval(AT_EXECFN), "suite"), "AT_EXECFN");
	is(getauxval(AT_SECURE), 0, "AT_SECURE");
	ok(getauxval(AT_SYSINFO_EHDR) && !memcmp((void *)getauxval(AT_SYSINFO_EHDR), ELFMAG, 4), "a vDSO");
	ok(getenv("PATH") != NULL, "PATH");
	if (in_guest())
		ok(getenv("HOME") && getenv("TERM"), "HOME and TERM");
	is(setenv("WHITTLE_TEST", "1", 1), 0, "setenv");
	ok(sysconf(_SC_NPROCESSORS_ONLN) >= 1, "processors");
	is(sysconf(_SC_PAGESIZE), 4096, "page size");
	ok(sysconf(_SC_OPEN_MAX) >= 256, "descriptors");
	ok(sysinfo(&info) == 0 && info.totalram > 0 && info.freeram <= info.totalram && info.mem_unit > 0, "sysinfo");
	is(getrlimit(RLIMIT_NOFILE, &limit), 0, "getrlimit");
	is(setrlimit(RLIMIT_NOFILE, &limit), 0, "setrlimit of the same");
	limit.rlim_cur = limit.rlim_max;
	is(setrlimit(RLIMIT_NOFILE, &limit), 0, "soft limit up to the hard one");
	limit.rlim_cur = 10;
	limit.rlim_max = 5;
	fails(setrlimit(RLIMIT_NOFILE, &limit), EINVAL, "soft over hard");
	is(prctl(PR_SET_NAME, "a-name"), 0, "PR_SET_NAME");
	ok(prctl(PR_GET_NAME, name) == 0 && !strcmp(name, "a-name"), "PR_GET_NAME");
	fails(prctl(99999), EINVAL, "prctl 99999");
	is(getrandom(a, 32, 0), 32, "getrandom");
	is(getrandom(b, 32, GRND_NONBLOCK), 32, "once more");
	ok(memcmp(a, b, 32), "is different");
	ok(getpriority(PRIO_PROCESS, 0) >= 0, "priority");
	fails(syscall(9999), ENOSYS, "call 9999");
	fails(syscall(-1), ENOSYS, "call -1");
	ok(getpgrp() >= 0, "process group");
}
