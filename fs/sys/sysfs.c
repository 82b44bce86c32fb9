/* The file system "sysfs": what programs look for in /sys, by the mechanism of /proc (fs/proc/procfile.h). */
#include <fs/filesystem.h>
#include <fs/proc/procfile.h>
#include <linux/magic.h>
#include <mm/huge.h>

COMPONENT("sysfs", "/sys and its files");

static int sysfs_mount(const struct filesystem *fs, const char *source, const char *options, struct super **out)
{
	return proc_super(fs, SYSFS_MAGIC, set_begin_sysfile, set_end_sysfile, out);
}
FILESYSTEM(sysfs, sysfs_mount, FILESYSTEM_NODEV);

static int show_huge(struct text *out, const struct proc_target *of)
{
	static const char *const lines[] = { "[always] madvise never\n", "always [madvise] never\n", "always madvise [never]\n" };

	text_add(out, "%s", lines[READ_ONCE(huge_mode)]);
	return 0;
}

static int write_huge(const struct proc_target *of, char *text, size_t n)
{
	return huge_set_mode(text, n && text[n - 1] == '\n' ? n - 1 : n);
}
SYS_WRITABLE(thp_enabled, "kernel/mm/transparent_hugepage/enabled", show_huge, write_huge);

static int show_huge_size(struct text *out, const struct proc_target *of)
{
	text_add(out, "%lu\n", BLOCK_SIZE);
	return 0;
}
SYS_FILE(thp_size, "kernel/mm/transparent_hugepage/hpage_pmd_size", show_huge_size);

SYS_CONSTANT(thp_defrag, "kernel/mm/transparent_hugepage/defrag", "always defer defer+madvise madvise [never]\n");
SYS_CONSTANT(thp_shmem, "kernel/mm/transparent_hugepage/shmem_enabled", "always within_size advise [never] deny force\n");
SYS_DIRECTORY(hugepages, "kernel/mm/hugepages"); /* none are set aside */

/* Where cgroup2 is mounted, if it is in the kernel. */
SYS_DIRECTORY(cgroup, "fs/cgroup");
