/* The QEMU command line of a machine: microvm, with the devices that the image's kernel has drivers for. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include <whittle/console.h>

#include "run.h"

#define MIB (1024ull * 1024)

static bool kvm_usable(void)
{
	struct buf info = { 0 };
	int fd;

	if (file_read("/proc/cpuinfo", &info) || (!strstr(info.data, " svm") && !strstr(info.data, " vmx")))
		return false;
	fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return false;
	close(fd);
	return true;
}

/* Drivers are named with '-' or '_'; both mean the same here. */
static bool has_driver(const struct kernel_file *k, const char *name)
{
	struct strings drivers = kernel_file_entries(k, "driver");

	for (size_t i = 0; i < drivers.count; i++) {
		for (char *p = drivers.at[i]; *p; p++)
			*p = *p == '_' ? '-' : *p;
		if (!strcmp(drivers.at[i], name))
			return true;
	}
	return false;
}

/* [IP:]HOST:GUEST[/udp|/tcp] as a hostfwd of QEMU; without IP it listens on every address, as docker does. */
static char *forward(const char *port)
{
	char *copy = xstrdup(port), *slash = strchr(copy, '/'), *guest, *host;
	const char *protocol = "tcp", *address = copy;
	unsigned long n;

	if (slash) {
		*slash = '\0';
		protocol = slash + 1;
		if (strcmp(protocol, "tcp") && strcmp(protocol, "udp"))
			fail("-p %s: the protocol is tcp or udp", port);
	}
	guest = strrchr(copy, ':');
	if (!guest)
		fail("-p %s: it takes [IP:]HOST:GUEST[/udp]", port);
	*guest++ = '\0';
	host = strrchr(copy, ':');
	if (host) {
		*host++ = '\0';
	} else {
		host = copy;
		address = "";
	}
	if (!parse_number(host, 1, 65535, &n) || !parse_number(guest, 1, 65535, &n))
		fail("-p %s: a port is a number from 1 to 65535", port);
	return format("hostfwd=%s:%s:%s-:%s", protocol, address, host, guest);
}

static void add_network(struct strings *args, const struct run_request *request, const struct kernel_file *k)
{
	struct buf netdev = { 0 };

	if (!has_driver(k, "virtio-net")) {
		if (request->ports.count)
			fail("-p %s: the kernel of %s has no driver for a network card (--with virtio-net)",
			     request->ports.at[0], request->image);
		return;
	}
	buf_printf(&netdev, "user,id=net0");
	for (size_t i = 0; i < request->ports.count; i++)
		buf_printf(&netdev, ",%s", forward(request->ports.at[i]));
	strings_add(args, "-netdev");
	strings_add(args, netdev.data);
	strings_add(args, "-device");
	strings_add(args, "virtio-net-device,netdev=net0");
}

static void add_port(struct strings *args, const char *name, int fd, unsigned set, unsigned port)
{
	strings_add(args, "-add-fd");
	strings_add(args, format("fd=%d,set=%u", fd, set));
	strings_add(args, "-chardev");
	strings_add(args, format("file,id=%s,path=/dev/fdset/%u,append=on", name, set));
	strings_add(args, "-device");
	strings_add(args, format("isa-debugcon,chardev=%s,iobase=0x%x,readback=0x%x", name, port, CONSOLE_PRESENT));
}

/* The same output in large pieces: the kernel prefers it to the port. */
static void add_console(struct strings *args)
{
	static const char *const words[] = {
		"-chardev", "file,id=fast,path=/dev/fdset/1,append=on", "-device", "virtio-serial-device,max_ports=1",
		"-device", "virtconsole,chardev=fast",
	};

	for (size_t i = 0; i < COUNT(words); i++)
		strings_add(args, words[i]);
}

static unsigned free_port(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t length = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) ||
	    getsockname(fd, (struct sockaddr *)&address, &length))
		fail("no port for gdb: %s", strerror(errno));
	close(fd);
	return ntohs(address.sin_port);
}

/* QEMU starts a kernel that does not fit without a word. */
static void check_memory(const struct run_request *request, const struct kernel_file *k, const char *initrd)
{
	uint64_t need = kernel_file_memory(k);
	struct stat st;

	if (initrd && stat(initrd, &st) == 0)
		need += (uint64_t)st.st_size;
	if (need <= request->memory)
		return;
	fail_status = RUN_NO_MACHINE;
	fail("%s needs more than %llu MiB of memory for itself alone, and the machine has %llu MiB: use -m",
	     request->image, (unsigned long long)(need / MIB), (unsigned long long)(request->memory / MIB));
}

static char *command_line(const struct run_request *request, bool framed)
{
	struct buf text = { 0 };

	buf_printf(&text, "%s", framed ? CONSOLE_STDIN_FRAMED : "");
	if (framed && isatty(STDIN_FILENO) && isatty(STDOUT_FILENO))
		buf_printf(&text, " %s", CONSOLE_TTY);
	if (request->verbose)
		buf_printf(&text, " loglevel=7");
	if (request->params.size)
		buf_printf(&text, " %s", request->params.data);
	for (size_t i = 0; i < request->appends.count; i++)
		buf_printf(&text, " %s", request->appends.at[i]);
	if (request->program.size)
		buf_printf(&text, " %s", request->program.data);
	return xstrdup(text.data + strspn(text.data, " "));
}

struct strings machine_args(const struct run_request *request, const struct kernel_file *k, const struct channels *ch)
{
	bool kvm = kvm_usable();
	const char *const fixed[] = {
		"qemu-system-x86_64", "-M", "microvm,rtc=on", "-accel", kvm ? "kvm" : "tcg", "-cpu", kvm ? "host" : "max",
		"-nodefaults", "-no-user-config", "-display", "none", "-no-reboot", "-global",
		"virtio-mmio.force-legacy=false",
	};
	char *initrd = format("%s.erofs", request->image);
	const void *embedded;
	struct strings args = { 0 };
	size_t size;

	if (!kvm && (request->verbose || isatty(STDERR_FILENO)))
		warn("this machine has no KVM, the processor is emulated");
	if (!file_exists(initrd) || kernel_file_item(k, BOOTAREA_ROOT, &embedded, &size))
		initrd = NULL;
	check_memory(request, k, initrd);
	for (size_t i = 0; i < COUNT(fixed); i++)
		strings_add(&args, fixed[i]);
	strings_add(&args, "-m");
	strings_add(&args, format("%lluk", (unsigned long long)(request->memory / 1024)));
	if (request->processors > 1) {
		strings_add(&args, "-smp");
		strings_add(&args, format("%lu", request->processors));
	}
	strings_add(&args, "-kernel");
	strings_add(&args, request->image);
	if (initrd) {
		strings_add(&args, "-initrd");
		strings_add(&args, initrd);
	}
	strings_add(&args, "-append");
	strings_add(&args, command_line(request, ch));
	strings_add(&args, "-serial");
	if (ch) {
		strings_add(&args, "chardev:com1");
		strings_add(&args, "-chardev");
		strings_add(&args, format("socket,id=com1,fd=%d", ch->serial[1]));
		add_port(&args, "output", ch->output[1], 1, CONSOLE_OUTPUT_PORT);
		add_port(&args, "log", ch->log[1], 2, CONSOLE_LOG_PORT);
		add_port(&args, "status", ch->status[1], 3, CONSOLE_STATUS_PORT);
		if (has_driver(k, "virtio-console"))
			add_console(&args);
		strings_add(&args, "-S"); /* until the tool has seen to the channels (pump.c) */
		strings_add(&args, "-chardev");
		strings_add(&args, format("socket,id=control,fd=%d", ch->control[1]));
		strings_add(&args, "-mon");
		strings_add(&args, "chardev=control,mode=control");
	} else {
		strings_add(&args, "stdio");
	}
	if (has_driver(k, "virtio-rng")) {
		strings_add(&args, "-object");
		strings_add(&args, "rng-builtin,id=rng0");
		strings_add(&args, "-device");
		strings_add(&args, "virtio-rng-device,rng=rng0");
	}
	add_network(&args, request, k);
	if (request->gdb) {
		unsigned port = free_port();

		if (!ch)
			strings_add(&args, "-S");
		strings_add(&args, "-gdb");
		strings_add(&args, format("tcp:127.0.0.1:%u", port));
		warn("waiting for gdb: gdb %s.debug -ex 'target remote 127.0.0.1:%u'", request->image, port);
	}
	for (size_t i = 0; i < request->qemu_args.count; i++)
		strings_add(&args, request->qemu_args.at[i]);
	return args;
}
