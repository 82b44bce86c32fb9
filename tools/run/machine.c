/* The QEMU command line of a machine: microvm or q35, with the devices that the image's kernel has drivers for. */
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

/* Entries are named with '-' or '_'; both mean the same here. */
static bool has_entry(const struct kernel_file *k, const char *set, const char *name)
{
	struct strings entries = kernel_file_entries(k, set);

	for (size_t i = 0; i < entries.count; i++) {
		for (char *p = entries.at[i]; *p; p++)
			*p = *p == '_' ? '-' : *p;
		if (!strcmp(entries.at[i], name))
			return true;
	}
	return false;
}

/* What differs between machines. */
struct machine {
	const char *name;
	const char *options;   /* -M */
	const char *transport; /* the set and the entry by which a kernel finds virtio devices there */
	const char *set;
	const char *suffix;    /* of the names of QEMU's virtio devices */
};
static const struct machine machines[] = {
	{ "microvm", "microvm,rtc=on,acpi=off", "virtio-mmio", "bus", "device" },
	{ "q35", "q35", "virtio-pci", "driver", "pci" },
};

bool machine_known(const char *name)
{
	for (size_t i = 0; i < COUNT(machines); i++)
		if (!strcmp(name, machines[i].name))
			return true;
	return false;
}

/* What --disk FILE,if=NAME can be; the first is what it is without. */
struct disk_kind {
	const char *name, *driver;
	const char *device; /* QEMU's, of a machine with PCI; NULL: the machine's virtio device */
};
static const struct disk_kind disk_kinds[] = {
	{ "virtio", "virtio-blk", NULL },
	{ "nvme", "nvme", "nvme" },
};

/* What --net …,model=NAME can be; the first is what it is without. */
struct card_kind {
	const char *name, *driver;
	bool pci; /* a device of a machine with PCI, named as QEMU does; else the machine's virtio device */
};
static const struct card_kind card_kinds[] = {
	{ "virtio", "virtio-net", false },
	{ "e1000", "e1000", true },
	{ "e1000e", "e1000e", true },
	{ "vmxnet3", "vmxnet3", true },
};

/* Takes ",model=NAME" out of @net. */
static const struct card_kind *take_model(char *net, const char *whole)
{
	char *at = strstr(net, ",model="), *end = at ? at + 1 + strcspn(at + 1, ",") : NULL;

	for (size_t i = 0; at && i < COUNT(card_kinds); i++) {
		size_t n = strlen(card_kinds[i].name);

		if ((size_t)(end - at) != 7 + n || strncmp(at + 7, card_kinds[i].name, n))
			continue;
		memmove(at, end, strlen(end) + 1);
		return &card_kinds[i];
	}
	if (at)
		fail("--net %s: model= takes virtio, e1000, e1000e or vmxnet3; for another card use --qemu-arg", whole);
	return &card_kinds[0];
}

/* Takes ",ro", ",if=NAME" and the older ":ro" off the end of @path. */
static const struct disk_kind *take_disk_options(char *path, const char *disk, bool *ret_read_only)
{
	const struct disk_kind *kind = &disk_kinds[0];
	char *end;

	*ret_read_only = false;
	while ((end = strrchr(path, ',')) && (!strcmp(end, ",ro") || !strncmp(end, ",if=", 4))) {
		size_t i = 0;

		while (end[1] == 'i' && strcmp(end + 4, disk_kinds[i].name))
			if (++i == COUNT(disk_kinds))
				fail("--disk %s: if= takes virtio or nvme; for another disk use --qemu-arg", disk);
		if (end[1] == 'i')
			kind = &disk_kinds[i];
		else
			*ret_read_only = true;
		*end = '\0';
	}
	end = strrchr(path, ':');
	if (end && !strcmp(end, ":ro")) {
		*end = '\0';
		*ret_read_only = true;
	}
	return kind;
}

static bool needs_pci(const struct run_request *request)
{
	bool read_only;

	for (size_t i = 0; i < request->disks.count; i++)
		if (take_disk_options(xstrdup(request->disks.at[i]), request->disks.at[i], &read_only)->device)
			return true;
	for (size_t i = 0; i < request->nets.count; i++)
		if (take_model(xstrdup(request->nets.at[i]), request->nets.at[i])->pci)
			return true;
	return false;
}

/* The one asked for, else the first whose devices the kernel finds. */
static const struct machine *machine_of(const struct run_request *request, const struct kernel_file *k)
{
	for (size_t i = needs_pci(request) && !request->machine; i < COUNT(machines); i++) {
		const struct machine *m = &machines[i];

		if (request->machine ? !strcmp(m->name, request->machine) : has_entry(k, m->set, m->transport))
			return m;
	}
	/* No virtio: what has drivers for a PC's devices is for a PC. */
	return has_entry(k, "bus", "pci") ? &machines[1] : &machines[0];
}

static bool has_driver(const struct machine *m, const struct kernel_file *k, const char *name)
{
	return has_entry(k, m->set, m->transport) && has_entry(k, "driver", name);
}

static void add_device(struct strings *args, const struct machine *m, const char *kind, const char *options)
{
	strings_add(args, "-device");
	strings_add(args, format("%s-%s,%s", kind, m->suffix, options));
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

/* MAC as QEMU takes it: six bytes in hexadecimal with colons between them, not of a group. */
static bool mac_valid(const char *mac)
{
	for (unsigned i = 0; i < 17; i++) {
		if (i % 3 == 2 ? mac[i] != ':' : !mac[i] || !strchr("0123456789abcdefABCDEF", mac[i]))
			return false;
	}
	return !mac[17] && !(strtoul(mac, NULL, 16) & 1);
}

/* One --net: the connection in @ret_netdev, the card and its address in @ret_kind and @ret_mac. Return: false for none. */
static bool parse_net(const struct run_request *request, const char *net, size_t n, struct buf *ret_netdev,
		      const struct card_kind **ret_kind, const char **ret_mac)
{
	char *copy = xstrdup(net), *comma;

	*ret_kind = take_model(copy, net);
	comma = strchr(copy, ',');
	*ret_mac = NULL;
	if (comma) {
		*comma++ = '\0';
		if (strncmp(comma, "mac=", 4) || !mac_valid(comma + 4))
			fail("--net %s: behind a comma stands model=, or mac= and an address like 52:54:00:12:34:56", net);
		*ret_mac = comma + 4;
	}
	if (!strcmp(copy, "none") && !comma)
		return false;
	if (!strcmp(copy, "user")) {
		buf_printf(ret_netdev, "user,id=net%zu", n);
		for (size_t i = 0; n == 0 && i < request->ports.count; i++)
			buf_printf(ret_netdev, ",%s", forward(request->ports.at[i]));
	} else if (!strncmp(copy, "tap=", 4) && copy[4]) {
		buf_printf(ret_netdev, "tap,id=net%zu,ifname=%s,script=no,downscript=no", n, copy + 4);
	} else if (!strncmp(copy, "bridge=", 7) && copy[7]) {
		buf_printf(ret_netdev, "bridge,id=net%zu,br=%s", n, copy + 7);
	} else {
		fail("--net %s: it is user, tap=IF, bridge=BR or none, and ,mac=MAC ,model=NAME", net);
	}
	return true;
}

static void add_network(struct strings *args, const struct run_request *request, const struct machine *m,
			const struct kernel_file *k)
{
	const struct strings *nets = &request->nets;
	bool forwards = false;

	for (size_t i = 0; i < (nets->count ? nets->count : 1); i++) {
		struct buf netdev = { 0 };
		const char *net = nets->count ? nets->at[i] : "user", *mac, *options;
		const struct card_kind *kind;

		if (!parse_net(request, net, i, &netdev, &kind, &mac)) {
			if (nets->count > 1)
				fail("--net none is for a machine without a card, and there is another --net");
			break;
		}
		if (kind->pci && !has_entry(k, "driver", kind->driver))
			fail("--net %s: the kernel of %s has no driver for it (--with %s)", net, request->image, kind->driver);
		if (kind->pci && m == &machines[0])
			fail("--net %s: a machine of type %s has no PCI (--machine q35)", net, m->name);
		if (!kind->pci && !has_driver(m, k, kind->driver)) {
			if (request->ports.count || nets->count)
				fail("%s %s: the kernel of %s has no driver for a network card of %s (--with virtio-net --with %s)",
				     nets->count ? "--net" : "-p", nets->count ? net : request->ports.at[0], request->image, m->name,
				     m->transport);
			return;
		}
		forwards |= i == 0 && !strncmp(net, "user", 4);
		strings_add(args, "-netdev");
		strings_add(args, netdev.data);
		options = format("netdev=net%zu%s%s", i, mac ? ",mac=" : "", mac ? mac : "");
		if (kind->pci) {
			strings_add(args, "-device");
			strings_add(args, format("%s,%s", kind->name, options));
		} else {
			add_device(args, m, "virtio-net", options);
		}
	}
	if (request->ports.count && !forwards)
		fail("-p %s: ports are forwarded by the first --net, when it is user", request->ports.at[0]);
}

/* The n-th of virtio is /dev/vda, /dev/vdb …, of NVMe /dev/nvme0n1, /dev/nvme1n1 … */
static void add_disks(struct strings *args, const struct run_request *request, const struct machine *m,
		      const struct kernel_file *k)
{
	for (size_t i = 0; i < request->disks.count; i++) {
		char *path = xstrdup(request->disks.at[i]);
		bool read_only;
		const struct disk_kind *kind = take_disk_options(path, request->disks.at[i], &read_only);
		struct buf drive = { 0 };

		if (kind->device && !has_entry(k, "driver", kind->driver))
			fail("--disk %s: the kernel of %s has no driver for it (--with %s)", request->disks.at[i], request->image,
			     kind->driver);
		if (kind->device && m == &machines[0])
			fail("--disk %s: a machine of type %s has no PCI (--machine q35)", request->disks.at[i], m->name);
		if (!kind->device && !has_driver(m, k, kind->driver))
			fail("--disk %s: the kernel of %s has no driver for a disk of %s (--with virtio-blk --with %s)", path,
			     request->image, m->name, m->transport);
		if (!file_exists(path))
			fail("--disk %s: there is no such file", path);
		buf_printf(&drive, "if=none,id=disk%zu,format=raw,readonly=%s,file=", i, read_only ? "on" : "off");
		for (const char *p = path; *p; p++)
			buf_printf(&drive, *p == ',' ? ",," : "%c", *p);
		strings_add(args, "-drive");
		strings_add(args, drive.data);
		if (kind->device) {
			strings_add(args, "-device");
			strings_add(args, format("%s,serial=disk%zu,drive=disk%zu", kind->device, i, i));
		} else {
			add_device(args, m, "virtio-blk", format("drive=disk%zu", i));
		}
	}
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

/* The same output in large pieces, and input: the kernel prefers it to the ports. */
static void add_console(struct strings *args, const struct machine *m)
{
	strings_add(args, "-chardev");
	strings_add(args, "stdio,id=fast,signal=off"); /* the channels output and input (pump.c) */
	add_device(args, m, "virtio-serial", "max_ports=1");
	strings_add(args, "-device");
	strings_add(args, "virtconsole,chardev=fast");
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

/* It lies there as long as the tool runs. */
static const char *write_gdb_script(void)
{
	char *path = path_join(temp_dir(), "whittle-gdb.py");

	output_write(path, gdb_script_text(), strlen(gdb_script_text()), 0644);
	outputs_commit();
	return path;
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
	if (request->gdb)
		buf_printf(&text, " nokaslr"); /* gdb knows the kernel's symbols by their link-time addresses */
	if (request->params.size)
		buf_printf(&text, " %s", request->params.data);
	for (size_t i = 0; i < request->appends.count; i++)
		buf_printf(&text, " %s", request->appends.at[i]);
	if (request->program.size)
		buf_printf(&text, " %s", request->program.data);
	return xstrdup(text.data + strspn(text.data, " "));
}

struct strings machine_args(const struct run_request *request, const struct kernel_file *k, struct channels *ch)
{
	const struct machine *m = machine_of(request, k);
	bool kvm = kvm_usable();
	const char *const fixed[] = {
		"qemu-system-x86_64", "-M", m->options, "-accel", kvm ? "kvm" : "tcg", "-cpu", kvm ? "host" : "max",
		"-nodefaults", "-no-user-config", "-display", "none", "-no-reboot", "-global",
		"virtio-mmio.force-legacy=false", /* means nothing to other machines */
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
		ch->fast_input = has_driver(m, k, "virtio-console");
		if (ch->fast_input)
			add_console(&args, m);
		strings_add(&args, "-S"); /* until the tool has seen to the channels (pump.c) */
		strings_add(&args, "-chardev");
		strings_add(&args, format("socket,id=control,fd=%d", ch->control[1]));
		strings_add(&args, "-mon");
		strings_add(&args, "chardev=control,mode=control");
	} else {
		strings_add(&args, "stdio");
	}
	if (has_driver(m, k, "virtio-rng")) {
		strings_add(&args, "-object");
		strings_add(&args, "rng-builtin,id=rng0");
		add_device(&args, m, "virtio-rng", "rng=rng0");
	}
	add_network(&args, request, m, k);
	add_disks(&args, request, m, k);
	if (request->gdb) {
		unsigned port = free_port();

		if (!ch)
			strings_add(&args, "-S");
		strings_add(&args, "-gdb");
		strings_add(&args, format("tcp:127.0.0.1:%u", port));
		warn("waiting for gdb: gdb %s.debug%s -ex 'target remote 127.0.0.1:%u'", request->image,
		     ch ? format(" -x %s", write_gdb_script()) : "", port);
	}
	for (size_t i = 0; i < request->qemu_args.count; i++)
		strings_add(&args, request->qemu_args.at[i]);
	return args;
}
