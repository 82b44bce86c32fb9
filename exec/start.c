/* The machine's program: finds out which it is, makes its process, starts it; and ends the machine when it ends.
 *
 * Parameters: what is behind "--" is the program and its arguments; init=PATH names the program, and what is behind "--"
 * are then its arguments; whittle.env=NAME=VALUE and whittle.cwd=DIR;
 * whittle.user= is in exec/user.c. A name without a slash is looked for in PATH.
 * It is process 1, but an ordinary one: signals that it does not handle end it.
 */
#include <core/init.h>
#include <core/log.h>
#include <core/param.h>
#include <core/power.h>
#include <core/process.h>
#include <core/sched.h>
#include <core/signal.h>
#include <core/slab.h>
#include <exec/program.h>
#include <exec/report.h>
#include <fs/dev/blockfile.h>
#include <fs/files.h>
#include <fs/vfs.h>
#include <linux/errno.h>
#include <mm/mm.h>
#include <whittle/console.h>

COMPONENT("exec", "loads and starts programs");

#define ENVIRONMENT_MAX 256u
#define STATUS_NOT_EXECUTABLE 126
#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

static char *environment[ENVIRONMENT_MAX];
static unsigned environment_count;
static const char *start_directory = "/", *init_path;
static struct process *first_process;

/* What holds unless parameters say otherwise; not initialised data: the array is too long for that. */
static void begin_environment(void)
{
	static char path[] = "PATH=" DEFAULT_PATH, home[] = "HOME=/root", term[] = "TERM=linux";

	if (environment_count)
		return;
	environment[0] = path;
	environment[1] = home;
	environment[2] = term;
	environment_count = 3;
}

static int set_environment(char *value)
{
	const char *equals = strchr(value, '=');
	size_t n;

	if (!equals || equals == value)
		return -EINVAL;
	n = (size_t)(equals - value) + 1;
	begin_environment();
	for (unsigned i = 0; i < environment_count; i++) {
		if (strncmp(environment[i], value, n) == 0) {
			environment[i] = value;
			return 0;
		}
	}
	if (environment_count == ENVIRONMENT_MAX)
		return -EINVAL;
	environment[environment_count++] = value;
	return 0;
}
BOOT_PARAM(whittle_env, "whittle.env", set_environment);

static int set_directory(char *value)
{
	start_directory = value;
	return *value == '/' ? 0 : -EINVAL;
}
BOOT_PARAM(whittle_cwd, "whittle.cwd", set_directory);

static int set_init(char *value)
{
	init_path = value;
	return *value ? 0 : -EINVAL;
}
BOOT_PARAM(init, "init", set_init);

static void __noreturn __printf(2, 3) give_up(int status, const char *format, ...)
{
	char text[256];
	va_list args;

	va_start(args, format);
	format_text_va(text, sizeof(text), format, args);
	va_end(args);
	log_err("%s", text);
	machine_exit(status);
}

/* A name without a slash, in the directories of PATH. Return: kmalloc'ed, or NULL: in none of them. */
static char *search_path(const char *name)
{
	const char *dir = DEFAULT_PATH, *end;
	char *full = kmalloc(PATH_LIMIT);

	for (unsigned i = 0; i < environment_count; i++) {
		if (strncmp(environment[i], "PATH=", 5) == 0)
			dir = environment[i] + 5;
	}
	for (; full; dir = end + 1) {
		struct path at;

		end = strchr(dir, ':');
		if (!end)
			end = dir + strlen(dir);
		format_text(full, PATH_LIMIT, "%.*s/%s", (int)(end - dir), dir, name);
		if (end > dir && path_walk(NULL, full, WALK_FOLLOW, &at) == 0) {
			path_put(&at);
			return full;
		}
		if (!*end)
			break;
	}
	kfree(full);
	return NULL;
}

/* Return: borrowed, while the descriptors have it; or NULL. */
static struct file *open_console(struct files *files)
{
	struct file *f = file_open(NULL, "/dev/console", O_RDWR, 0, 0);

	if (is_err(f)) {
		log_warn("/dev/console cannot be opened (error %ld): the program has no input and output", -ptr_err(f));
		return NULL;
	}
	for (int fd = 0; fd < 3; fd++) {
		file_get(f);
		if (files_install_at(files, fd, f, false))
			file_put(f);
	}
	file_put(f);
	return f;
}

static struct process *make_process(void)
{
	struct process *p = process_create();

	if (!p)
		return NULL;
	p->mm = mm_create();
	p->signals = signal_process_create();
	p->files = files_create();
	p->fs = fs_context_create();
	return p->mm && p->signals && p->files && p->fs ? p : NULL; /* what there is goes down with the machine */
}

/* The program's thread, in the kernel, until it enters the program. */
static void program_thread(void *unused)
{
	struct process *p = current->process;
	struct program_args args = { .envp = environment };
	char why[256], *found = NULL;
	uint64_t ip, sp;
	struct path dir;
	int r;

	begin_environment();
	args.envc = environment_count;
	args.argc = param_program_arg_count;
	args.argv = param_program_args;
	if (init_path) {
		/* Linux gives init= the words behind "--" as arguments. */
		args.argc = param_program_arg_count + 1;
		args.argv = kmalloc_array(args.argc + 1ul, sizeof(char *));
		if (!args.argv)
			give_up(CONSOLE_STATUS_MACHINE, "not enough memory to start %s", init_path);
		args.argv[0] = (char *)(uintptr_t)init_path;
		memcpy(&args.argv[1], param_program_args, param_program_arg_count * sizeof(char *));
	} else if (args.argc == 0) {
		give_up(CONSOLE_STATUS_NOTFOUND, "no program is named: append '-- PROGRAM ARGUMENTS' or init=PROGRAM");
	}
	args.path = args.argv[0];
	if (!strchr(args.path, '/')) {
		found = search_path(args.path);
		if (!found)
			give_up(CONSOLE_STATUS_NOTFOUND, "%s: not in PATH in the root file system", args.path);
		args.path = found;
	}
	if (start_directory[1]) {
		r = path_walk(NULL, start_directory, WALK_FOLLOW | WALK_DIRECTORY, &dir);
		if (r)
			give_up(CONSOLE_STATUS_MACHINE, "whittle.cwd=%s: not a directory of the root file system", start_directory);
		fs_context_set_cwd(p->fs, &dir);
		path_put(&dir);
	}
	program_become_user(p, open_console(p->files));
	r = program_load(&args, &ip, &sp, why, sizeof(why));
	if (r)
		give_up(r == -ENOENT || r == -ENOTDIR ? CONSOLE_STATUS_NOTFOUND :
			r == -ENOMEM ? CONSOLE_STATUS_MACHINE : STATUS_NOT_EXECUTABLE, "%s", why);
	if (init_path)
		kfree(args.argv);
	kfree(found);
	arch_enter_program(ip, sp);
}

static void program_start(void)
{
	struct process *p = make_process();
	struct thread *t = p ? thread_create("init", p, program_thread, NULL) : NULL;

	if (!t)
		give_up(CONSOLE_STATUS_MACHINE, "not enough memory to start a program");
	first_process = p;
	thread_start(t);
}
INITCALL(90, program_start);

/* What the shell would say of a program that a signal ended, and its $?. */
static int exit_code(const struct process *p)
{
	int signo = p->exit_status & 0x7f;

	if (!signo)
		return (p->exit_status >> 8) & 0xff;
	if (report_signal_name(signo))
		log_err("%s: %s", p->executable ? p->executable : "program", report_signal_name(signo));
	return 128 + signo;
}

void process_ended(struct process *p)
{
	if (p->aio)
		p->aio->end(p, p->aio);
	if (p->terminal && p != first_process)
		p->terminal->end(p, p->terminal);
	files_put_table(p->files);
	fs_context_put(p->fs);
	p->files = NULL;
	p->fs = NULL;
	if (p == first_process) {
		block_files_sync();
		machine_exit(exit_code(p));
	}
	sched_set_active_mm(NULL);
	mm_put(p->mm);
	p->mm = NULL;
}
