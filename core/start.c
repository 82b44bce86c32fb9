/* From the loader's protocol to the first thread, and from there through the initcalls to the program.
 *
 * Order: consoles, so that whatever follows can speak; the boot area's and the loader's parameters; memory; threads.
 * All on the boot processor, interrupts off until the first thread runs.
 */
#include <arch/mmu.h>
#include <core/boot_area.h>
#include <core/boot_info.h>
#include <core/console.h>
#include <core/init.h>
#include <core/log.h>
#include <core/page.h>
#include <core/param.h>
#include <core/sched.h>
#include <core/slab.h>
#include <core/start.h>
#include <core/thread.h>

COMPONENT("start", "the way from the loader to the program");

struct boot_info boot_info;

const char *param_command_line;

/* @text, which gets changed, and is noted in param_command_line before that. */
static void parse_text(const char *text, size_t n)
{
	size_t before = param_command_line ? strlen(param_command_line) + 1 : 0;
	char *copy = kmalloc(n + 1), *all = kmalloc(before + n + 1);

	if (!copy || !all)
		panic("no memory for the parameters");
	memcpy(copy, text, n);
	copy[n] = '\0';
	if (before) {
		memcpy(all, param_command_line, before - 1);
		all[before - 1] = ' ';
	}
	memcpy(all + before, copy, n + 1);
	kfree(param_command_line);
	param_command_line = all;
	param_parse(copy);
}

/* The boot area's parameters first, an initrd's next, the loader's last: the later wins. */
static void parse_parameters(void)
{
	struct boot_item item;

	for (unsigned i = 0; boot_area_item(BOOTAREA_PARAMS, i, &item); i++)
		parse_text(item.data, item.size);
	parse_text(boot_info.command_line, strlen(boot_info.command_line));
}

static void first_thread(void *unused)
{
	init_run();
}

void start_kernel(void)
{
	struct thread *t;

	console_setup();
	arch_init_tables();
	boot_area_init();
	page_init();
	mmu_kernel_init();
	arch_init_cpu();
	sched_init();
	parse_parameters();
	t = thread_create("init", NULL, first_thread, NULL);
	if (!t)
		panic("no memory for the first thread");
	thread_start(t);
	sched_idle();
}
