/* /sys/devices/system/cpu: the processors, and how they lie together (Linux: Documentation/admin-guide/cputopology.rst).
 *
 * All are cores of one package, with a thread each, as /proc/cpuinfo says. Left out: caches, frequencies, idle states,
 * taking processors off.
 */
#include <core/clock.h>
#include <core/cpu.h>
#include <fs/proc/procfile.h>

COMPONENT("sysfs", "/sys and its files");

#define CPU_FILE(ident, file, fn) SYS_FILE(ident, "devices/system/cpu/CPU/topology/" file, fn)

SYS_FILE(cpu_online, "devices/system/cpu/online", proc_show_cpus);
SYS_FILE(cpu_possible, "devices/system/cpu/possible", proc_show_cpus);
SYS_FILE(cpu_present, "devices/system/cpu/present", proc_show_cpus);
SYS_CONSTANT(cpu_offline, "devices/system/cpu/offline", "\n");
SYS_CONSTANT(cpu_isolated, "devices/system/cpu/isolated", "\n");
SYS_CONSTANT(cpu_smt_active, "devices/system/cpu/smt/active", "0\n");
SYS_CONSTANT(cpu_smt_control, "devices/system/cpu/smt/control", "notsupported\n");

static int show_kernel_max(struct text *out, const struct proc_target *of)
{
	text_add(out, "%u\n", CPU_MAX - 1);
	return 0;
}
SYS_FILE(cpu_kernel_max, "devices/system/cpu/kernel_max", show_kernel_max);

/* The same processors as bits, four a digit. */
static int show_mask(struct text *out, const struct proc_target *of)
{
	text_add(out, "%0*x\n", (int)(cpu_count + 3) / 4, (1u << cpu_count) - 1);
	return 0;
}
CPU_FILE(cpu_core_siblings, "core_siblings", show_mask);
CPU_FILE(cpu_package_cpus, "package_cpus", show_mask);
CPU_FILE(cpu_core_siblings_list, "core_siblings_list", proc_show_cpus);
CPU_FILE(cpu_package_cpus_list, "package_cpus_list", proc_show_cpus);

static int show_own_mask(struct text *out, const struct proc_target *of)
{
	text_add(out, "%0*x\n", (int)(cpu_count + 3) / 4, 1u << of->fd);
	return 0;
}
CPU_FILE(cpu_thread_siblings, "thread_siblings", show_own_mask);
CPU_FILE(cpu_core_cpus, "core_cpus", show_own_mask);

static int show_own(struct text *out, const struct proc_target *of)
{
	text_add(out, "%d\n", of->fd);
	return 0;
}
CPU_FILE(cpu_core_id, "core_id", show_own);
CPU_FILE(cpu_thread_siblings_list, "thread_siblings_list", show_own);
CPU_FILE(cpu_core_cpus_list, "core_cpus_list", show_own);

static int show_zero(struct text *out, const struct proc_target *of)
{
	text_put(out, "0\n", 2);
	return 0;
}
CPU_FILE(cpu_package_id, "physical_package_id", show_zero);
CPU_FILE(cpu_die_id, "die_id", show_zero);

/* redis and others warn of a slow one. */
static int show_clocksource(struct text *out, const struct proc_target *of)
{
	text_add(out, "%s\n", clock_source_name());
	return 0;
}
SYS_FILE(clocksource_current, "devices/system/clocksource/clocksource0/current_clocksource", show_clocksource);

static int show_clocksources(struct text *out, const struct proc_target *of)
{
	set_for_each(clocksource, c)
		text_add(out, "%s ", c->name);
	text_put(out, "\n", 1);
	return 0;
}
SYS_FILE(clocksource_available, "devices/system/clocksource/clocksource0/available_clocksource", show_clocksources);

/* All memory and all processors are one node. */
SYS_CONSTANT(node_online, "devices/system/node/online", "0\n");
SYS_CONSTANT(node_possible, "devices/system/node/possible", "0\n");
SYS_CONSTANT(node_has_cpu, "devices/system/node/has_cpu", "0\n");
SYS_CONSTANT(node_has_memory, "devices/system/node/has_memory", "0\n");
SYS_CONSTANT(node_has_normal_memory, "devices/system/node/has_normal_memory", "0\n");
SYS_CONSTANT(node0_distance, "devices/system/node/node0/distance", "10\n");
SYS_FILE(node0_cpumap, "devices/system/node/node0/cpumap", show_mask);
SYS_FILE(node0_cpulist, "devices/system/node/node0/cpulist", proc_show_cpus);
