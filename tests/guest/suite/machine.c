/* What concerns the machine as a whole: the kernel's log, the end of the machine, the state of its clock. */
#include <fcntl.h>
#include <sys/klog.h>
#include <sys/reboot.h>
#include <sys/timex.h>

#include "errnos.h"

#define POWER_OFF 0x4321fedc

static char text[65536];

/* @line begins as syslog(2) gives it: <6>[    0.123456] */
static bool is_line(const char *line)
{
	unsigned level;
	double seconds;

	return sscanf(line, "<%u>[%lf] ", &level, &seconds) == 2;
}

static void nothing(int signo)
{
	(void)signo;
}

static void log_of_kernel(void)
{
	int size = klogctl(10, NULL, 0), n, fd;
	unsigned level, comma = 0;
	unsigned long long number, micros, before = 0;
	char flag;

	ok(size >= 4096, "the log has a size");
	fd = open("/dev/kmsg", O_RDWR | O_NONBLOCK);
	ok(fd >= 0, "/dev/kmsg");
	ok(write(fd, "<5>a line of the suites", 23) == 23, "a line is written");
	n = klogctl(3, text, sizeof(text) - 1);
	ok(n > 0 && n < (int)sizeof(text), "the log is read (%d)", n);
	text[n > 0 ? n : 0] = '\0';
	ok(is_line(text), "its first line is one");
	ok(!in_guest() || strstr(text, "a line of the suites\n"), "the line is there"); /* a host may not take it */
	n = klogctl(3, text, 200);
	text[n > 0 ? n : 0] = '\0';
	ok(!in_guest() || (n > 0 && n <= 200 && is_line(text) && strstr(text, "a line of the suites\n")), "the last of it, whole lines (%d)", n);
	is(klogctl(3, text, 0), 0, "none of it");
	lseek(fd, 0, SEEK_SET);
	for (flag = 0; (n = (int)read(fd, text, sizeof(text) - 1)) > 0; before = number) {
		text[n] = '\0';
		comma += sscanf(text, "%u,%llu,%llu,%c", &level, &number, &micros, &flag) == 4 && flag == '-' && strchr(text, ';') &&
			 (!before || number > before);
		if (strstr(text, ";a line of the suites"))
			break;
	}
	ok(comma > 0 && (!in_guest() || (n > 0 && (level & 7) == 5)), "/dev/kmsg gives records, of which it is one (%u)", comma);
	is(lseek(fd, 0, SEEK_END), 0, "its end");
	fails(read(fd, text, sizeof(text)), EAGAIN, "nothing is there");
	lseek(fd, 0, SEEK_SET);
	fails(read(fd, text, 3), EINVAL, "too small for a record");
	fails(lseek(fd, 5, SEEK_SET), ESPIPE, "a place within it");
	fails(lseek(fd, 0, 77), EINVAL, "from nowhere");
	close(fd);
	OK(SYS_syslog, 0, NULL, 0);
	OK(SYS_syslog, 1, NULL, 0);
	OK(SYS_syslog, 9, NULL, 0);
	NO(EINVAL, SYS_syslog, 3, NULL, 100);
	NO(EINVAL, SYS_syslog, 3, text, -1);
	NO(EFAULT, SYS_syslog, 3, 0xffff888000001000, 100);
	NO(EINVAL, SYS_syslog, 8, NULL, 0);
	NO(EINVAL, SYS_syslog, 8, NULL, 9);
	NO(EINVAL, SYS_syslog, 11, NULL, 0);
	NO(EINVAL, SYS_syslog, -1, NULL, 0);
	if (!in_guest())
		return; /* the host's log and console are its own */
	n = klogctl(2, text, sizeof(text) - 1);
	ok(n > 0 && is_line(text), "what nobody has read");
	is(klogctl(9, NULL, 0), 0, "nothing is left");
	sigaction(SIGALRM, &(struct sigaction){ .sa_handler = nothing }, NULL);
	ualarm(50000, 0);
	fails(klogctl(2, text, sizeof(text)), EINTR, "one waits for more");
	signal(SIGALRM, SIG_DFL);
	is(klogctl(6, NULL, 0) | klogctl(7, NULL, 0) | klogctl(8, NULL, 5), 0, "the console off, on, and another level");
	ok(klogctl(4, text, sizeof(text)) > 0, "read and cleared");
	is(klogctl(3, text, sizeof(text)), 0, "it is empty");
	is(klogctl(5, NULL, 0), 0, "cleared again");
}

static void end_of_machine(void)
{
	NO(EINVAL, SYS_reboot, 1, 2, POWER_OFF, NULL);
	NO(EINVAL, SYS_reboot, 0xfee1dead, 2, POWER_OFF, NULL);
	NO(EINVAL, SYS_reboot, 0xfee1dead, 672274793, 0x12345, NULL);
	NO(EFAULT, SYS_reboot, 0xfee1dead, 672274793, 0xa1b2c3d4, BAD);
	if (in_guest())
		OK(SYS_reboot, 0xfee1dead, 672274793, 0, NULL);
}

static void clock_state(void)
{
	struct timex t = { 0 };
	int r = adjtimex(&t);

	ok(r >= TIME_OK && r <= TIME_ERROR, "adjtimex (%d)", r);
	ok(t.tick >= 9000 && t.tick <= 11000 && t.maxerror >= 0 && llabs(t.time.tv_sec - time(NULL)) <= 1, "what it tells");
	t = (struct timex){ .modes = ADJ_OFFSET_SS_READ };
	OK(SYS_adjtimex, &t);
	t = (struct timex){ 0 };
	OK(SYS_clock_adjtime, CLOCK_REALTIME, &t);
	NO(EOPNOTSUPP, SYS_clock_adjtime, CLOCK_MONOTONIC, &t);
	NO(EINVAL, SYS_clock_adjtime, 77, &t);
	NO(EFAULT, SYS_adjtimex, BAD);
	NO(EFAULT, SYS_clock_adjtime, CLOCK_REALTIME, BAD);
	t.modes = ADJ_SETOFFSET;
	t.time.tv_usec = 1000000;
	NO(EINVAL, SYS_adjtimex, &t);
	NO(EINVAL, SYS_clock_adjtime, CLOCK_REALTIME, &t);
	t.modes = 0x8000;
	NO(EINVAL, SYS_adjtimex, &t);
	t.modes = ADJ_TICK;
	t.tick = 5;
	NO(EINVAL, SYS_adjtimex, &t);
	if (in_guest()) {
		time_t before = time(NULL);

		t = (struct timex){ .modes = ADJ_SETOFFSET | ADJ_NANO, .time = { 100, 5 } };
		ok(adjtimex(&t) >= 0 && time(NULL) - before >= 100, "a step");
		t.time.tv_sec = -100;
		ok(adjtimex(&t) >= 0 && time(NULL) - before < 100, "and back");
		t = (struct timex){ .modes = ADJ_STATUS | ADJ_ESTERROR | ADJ_MAXERROR | ADJ_MICRO, .esterror = 5, .maxerror = 7 };
		is(adjtimex(&t), TIME_OK, "it is said to be right");
		ok(t.esterror == 5 && t.maxerror == 7 && t.status == 0, "which is told again");
		t = (struct timex){ .modes = ADJ_FREQUENCY, .freq = 1 << 16 };
		fails(syscall(SYS_adjtimex, &t), EOPNOTSUPP, "it is not slewed");
		fails(syscall(SYS_clock_adjtime, CLOCK_REALTIME, &t), EOPNOTSUPP, "nor by the other call");
	}
}

static void not_root(void)
{
	struct timex t = { .modes = ADJ_ESTERROR };

	is(seteuid(65534), 0, "as nobody");
	NO(EPERM, SYS_syslog, 4, text, 100);
	NO(EPERM, SYS_syslog, 8, NULL, 5);
	NO(EPERM, SYS_reboot, 0xfee1dead, 672274793, POWER_OFF, NULL);
	NO(EPERM, SYS_adjtimex, &t);
	NO(EPERM, SYS_clock_adjtime, CLOCK_REALTIME, &t);
	t.modes = 0;
	OK(SYS_adjtimex, &t);
	is(seteuid(0), 0, "as root");
}

void suite_machine(void)
{
	log_of_kernel();
	end_of_machine();
	clock_state();
	not_root();
}
