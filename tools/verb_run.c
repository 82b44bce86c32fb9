/* whittle run: start an image, or a program, in a virtual machine, as a filter. Ends with the program's status. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include <whittle/console.h>

#include "tools/image/options.h"
#include "tools/image/params.h"
#include "tools/run/run.h"

#define DEFAULT_MEMORY (512ull << 20)
#define LEAST_MEMORY   (1ull << 20)
#define DEFAULT_STOP_MS 10000
#define MOST_PROCESSORS 16

enum { OPTION_APPEND = OPTION_FIRST_FREE, OPTION_GDB, OPTION_DRY_RUN, OPTION_QEMU_ARG, OPTION_MACHINE, OPTION_DISK, OPTION_NET,
       OPTION_STOP_TIMEOUT, OPTION_STRACE, OPTION_MISSING, OPTION_RECORD };

struct options {
	struct image_request image;
	struct run_request run;
	unsigned long stop_seconds; /* 0: not said */
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct options *options = state->input;
	struct run_request *run = &options->run;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &options->image;
		return 0;
	case 'p':
		strings_add(&run->ports, arg);
		return 0;
	case 'm':
		if (!parse_size(arg, &run->memory) || run->memory < LEAST_MEMORY)
			fail("-m %s: it takes a size like 64M or 1G, at least 1M", arg);
		return 0;
	case 'c':
		if (!parse_number(arg, 1, MOST_PROCESSORS, &run->processors))
			fail("-c %s: it takes a number of processors from 1 to %d", arg, MOST_PROCESSORS);
		return 0;
	case 'v':
		run->verbose = true;
		return 0;
	case OPTION_APPEND:
		strings_add(&run->appends, arg);
		return 0;
	case OPTION_STOP_TIMEOUT:
		if (!parse_number(arg, 1, 100000, &options->stop_seconds))
			fail("--stop-timeout %s: it takes seconds, from 1 to 100000", arg);
		return 0;
	case OPTION_STRACE:
		run->strace = true;
		return 0;
	case OPTION_MISSING:
		run->missing = true;
		return 0;
	case OPTION_RECORD:
		run->record = arg;
		return 0;
	case OPTION_GDB:
		run->gdb = true;
		return 0;
	case OPTION_DRY_RUN:
		run->dry_run = true;
		return 0;
	case OPTION_MACHINE:
		if (!machine_known(arg))
			fail("--machine %s: it is microvm or q35", arg);
		run->machine = arg;
		return 0;
	case OPTION_DISK:
		strings_add(&run->disks, arg);
		return 0;
	case OPTION_NET:
		strings_add(&run->nets, arg);
		return 0;
	case OPTION_QEMU_ARG:
		strings_add(&run->qemu_args, arg);
		return 0;
	case ARGP_KEY_ARG:
		if (options->image.source)
			fail("%s comes after the image: arguments for the program stand after --", arg);
		options->image.source = arg;
		return 0;
	case ARGP_KEY_END:
		if (!options->image.source)
			fail("say what to run: an image or a program (whittle run --help)");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_option own[] = {
	{ "publish", 'p', "[IP:]HOST:GUEST[/udp]", 0, "let connections to a port of this machine reach the program", 0 },
	{ "memory", 'm', "SIZE", 0, "memory of the machine (default: 512M)", 0 },
	{ "cpus", 'c', "CPUS", 0, "processors of the machine, 1 to 16 (default: 1)", 0 },
	{ "machine", OPTION_MACHINE, "microvm|q35", 0, "kind of machine (default: what the kernel has drivers for)", 0 },
	{ "disk", OPTION_DISK, "FILE[,if=virtio|nvme][,ro]", 0, "a raw disk image: /dev/vda, or /dev/nvme0n1; the next one /dev/vdb …", 0 },
	{ "net", OPTION_NET, "user|tap=IF|bridge=BR|none[,mac=MAC][,model=virtio|e1000|e1000e|vmxnet3]", 0,
	  "a network card and what it is connected to (default: user); may be given several times", 0 },
	{ "stop-timeout", OPTION_STOP_TIMEOUT, "SECONDS", 0,
	  "how long the program may take to end after SIGTERM or Ctrl-C (default: 10)", 0 },
	{ "strace", OPTION_STRACE, NULL, 0, "print each system call on stderr, as strace does", 0 },
	{ "missing", OPTION_MISSING, NULL, 0, "at the end, print the paths that the program sought and did not find", 0 },
	{ "record", OPTION_RECORD, "FILE", 0,
	  "at the end, write what the program used: calls, families, codes, paths (for --recorded)", 0 },
	{ "append", OPTION_APPEND, "PARAMS", 0, "more kernel parameters; they win over those in the image", 0 },
	{ "gdb", OPTION_GDB, NULL, 0, "wait for gdb before the first instruction, and say how to start it", 0 },
	{ "dry-run", OPTION_DRY_RUN, NULL, 0, "print the QEMU command line and do not run it", 0 },
	{ "qemu-arg", OPTION_QEMU_ARG, "ARG", 0, "one more argument for QEMU", 0 },
	{ "verbose", 'v', NULL, 0, "show all kernel messages, not only warnings", 0 },
	{ 0 },
};
static const struct argp_child children[] = { { &image_argp, 0, "For a PROGRAM, as for whittle build:", 10 }, { 0 } };
const struct argp run_argp = {
	.options = own,
	.parser = parse,
	.children = children,
	.args_doc = "IMAGE|PROGRAM [-- ARGS...]",
	.doc = "Start an image in QEMU; a PROGRAM is packed into one first. What the program writes goes to stdout, stdin goes to "
	       "the program, kernel messages go to stderr.\v"
	       "ARGS replace the program's arguments. The exit status is the program's, 128 + N when signal N ended it, 125 when "
	       "the tool failed, 126 when the machine could not start, 127 when the program is not in the image. SIGTERM "
	       "and Ctrl-C send SIGTERM to the program, and SIGKILL when it has not ended in time; a second one ends the machine at "
	       "once.",
};

/* The image to start: the file itself, or one made of it for this run. */
static const char *get_image(struct options *options, struct kernel_file *k)
{
	struct image_request *request = &options->image;
	struct buf file = { 0 };
	struct stat st;
	char *path;

	if (stat(request->source, &st) == 0 && S_ISREG(st.st_mode)) {
		must_read(request->source, &file);
		if (!kernel_file_parse(k, file)) {
			if (request->described)
				return request->source;
			if (request->copies.count || request->place != ROOT_EMBED || request->selection.profiles.count ||
			    request->selection.with.count || request->selection.without.count)
				fail("%s is an image already: what it holds is said to whittle build", request->source);
			return request->source;
		}
		/* An image that is damaged is still no program. */
		if (file_exists(format("%s.map", request->source)) && file_exists(format("%s.json", request->source)))
			fail("%s is not a Whittle kernel or image: %s", request->source, kernel_file_parse(k, file));
	}
	path = path_join(temp_dir(), path_base(image_default_name(request)));
	image_make(request, path);
	outputs_commit();
	kernel_file_open(k, path);
	return path;
}

static void program_params(struct options *options, const struct kernel_file *k)
{
	const void *params;
	size_t size;
	char *program = NULL;

	if (kernel_file_item(k, BOOTAREA_PARAMS, &params, &size))
		program = params_program(params, size);
	params_add(&options->run.program, "--");
	if (program)
		params_add(&options->run.program, program);
	else if (!options->image.args[0])
		fail("%s says no program: give one, and its arguments, after --", options->image.source);
	for (char **arg = options->image.args; *arg; arg++)
		params_add(&options->run.program, *arg);
}

static void open_channels(struct channels *ch)
{
	int *pipes[] = { ch->output, ch->log, ch->status, ch->errors }, input[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ch->serial) ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ch->control))
		fail("socketpair: %s", strerror(errno));
	for (size_t i = 0; i < COUNT(pipes); i++) {
		if (pipe2(pipes[i], O_CLOEXEC))
			fail("pipe: %s", strerror(errno));
	}
	if (pipe2(input, O_CLOEXEC) || fcntl(input[1], F_SETFL, O_NONBLOCK))
		fail("pipe: %s", strerror(errno));
	ch->input[0] = input[1]; /* the one that leads the other way */
	ch->input[1] = input[0];
	ch->fast_input = false;
}

/* --stop-timeout, else whittle.stop= of --append, which has the last word within the machine. */
static void stop_time(struct options *options, const struct kernel_file *k)
{
	struct strings params = kernel_file_entries(k, "boot_param");
	struct run_request *run = &options->run;

	if (!strings_has(&params, CONSOLE_STOP))
		return;
	run->stop_ms = DEFAULT_STOP_MS;
	if (options->stop_seconds) {
		run->stop_ms = options->stop_seconds * 1000;
		params_add(&run->params, format(CONSOLE_STOP "=%lus", options->stop_seconds));
	}
	for (size_t i = 0; i < run->appends.count; i++) {
		const char *at = strstr(run->appends.at[i], CONSOLE_STOP "=");
		char *end;

		if (!at)
			continue;
		run->stop_ms = strtoull(at + strlen(CONSOLE_STOP "="), &end, 10);
		if (strncmp(end, "ms", 2))
			run->stop_ms *= 1000;
		run->stop_ms += 1;
	}
}

static void trace_param(struct options *options, const struct kernel_file *k)
{
	struct strings params = kernel_file_entries(k, "boot_param");
	struct run_request *run = &options->run;

	if (run->record && !strings_has(&params, "whittle.record"))
		fail("the kernel of %s cannot record (--with strace)", options->image.source);
	if (run->record && access(path_dir(run->record), W_OK))
		fail("--record %s: %s", run->record, strerror(errno));
	if (run->record)
		params_add(&run->params, "whittle.record=1");
	if (!run->strace && !run->missing)
		return;
	if (!strings_has(&params, "whittle.strace"))
		fail("the kernel of %s cannot print system calls (--with strace)", options->image.source);
	params_add(&run->params, run->strace ? "whittle.strace=1" : "whittle.strace=missing");
	run->directory = options->image.directory;
}

static void print_command(const struct strings *args)
{
	for (size_t i = 0; i < args->count; i++) {
		const char *arg = args->at[i];

		if (i)
			putchar(' ');
		if (!arg[strspn(arg, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=.,:/@%")] && *arg) {
			printf("%s", arg);
			continue;
		}
		putchar('\'');
		for (; *arg; arg++)
			*arg == '\'' ? (void)printf("'\\''") : (void)putchar(*arg);
		putchar('\'');
	}
	putchar('\n');
}

int verb_run(int argc, char **argv)
{
	struct options options = { .run.memory = DEFAULT_MEMORY, .run.processors = 1 };
	struct kernel_file k;
	struct channels ch;
	struct strings args;
	bool made;

	fail_status = RUN_TOOL_FAILED;
	parse_options(&run_argp, argc, argv, &options.image.args, &options);
	options.run.image = get_image(&options, &k);
	made = options.run.image != options.image.source;
	if (!made) {
		image_params(&options.image, &options.run.params);
		if (options.image.args)
			program_params(&options, &k);
	}
	stop_time(&options, &k);
	trace_param(&options, &k);
	if (options.run.dry_run) {
		args = machine_args(&options.run, &k, NULL);
		print_command(&args);
		return 0;
	}
	open_channels(&ch);
	args = machine_args(&options.run, &k, &ch);
	return machine_run(&options.run, &args, &ch);
}
