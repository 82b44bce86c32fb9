/* See tests/unit/host/vfs.h. */
#include <core/clock.h>
#include <core/log.h>
#include <core/page.h>
#include <core/param.h>
#include <core/signal.h>
#include <fs/dev/devnode.h>
#include <fs/fifo.h>
#include <fs/filesystem.h>
#include <fs/lock.h>
#include <mm/mm.h>

#include "tests/unit/host/vfs.h"
#include "tests/unit/tap.h"

#define RAM_SIZE (64ul << 20)

char *getenv(const char *name);

struct boot_info boot_info;

/* The set, filled from the file systems that the test names; and an empty one. */
extern const struct filesystem set_filesystem_tmpfs __weak, set_filesystem_erofs __weak;
extern struct filesystem filesystems[2];
struct filesystem filesystems[2] = { { "none", NULL, 0 }, { "none", NULL, 0 } };

__asm__(".globl image_start, image_end\n"
	".set image_start, 0xffffffff80100000\n"
	".set image_end, 0xffffffff80110000\n"
	".hidden set_begin_filesystem\n.hidden set_end_filesystem\n"
	".globl set_begin_filesystem, set_end_filesystem\n"
	".set set_begin_filesystem, filesystems\n.set set_end_filesystem, filesystems + 48\n"
	".hidden set_begin_boot_param\n.hidden set_end_boot_param\n"
	".globl set_begin_boot_param, set_end_boot_param\n"
	".set set_begin_boot_param, boot_info\n.set set_end_boot_param, boot_info\n");

uint64_t clock_realtime_ns(void)
{
	static uint64_t now = 1700000000ull * 1000000000;

	return now += 1000;
}
int fifo_open(struct inode *inode, struct file *f)
{
	return -ENXIO;
}
int device_open(struct inode *inode, struct file *f, unsigned flags)
{
	return -ENXIO;
}
int signal_send_thread(struct thread *t, const struct signal_info *info)
{
	return 0;
}
void file_locks_release_(struct file *f, const void *owner)
{
}
void file_locks_free(struct file_locks *l)
{
}
void mm_object_truncated(struct vm_object *object, uint64_t index)
{
}

void host_vfs_init(void)
{
	host_ram = host_alloc(RAM_SIZE, BLOCK_SIZE);
	boot_info.memory[0] = (struct boot_range){ 0x100000, RAM_SIZE - 0x100000 };
	boot_info.memory_count = 1;
	page_init();
	if (&set_filesystem_tmpfs)
		filesystems[0] = set_filesystem_tmpfs;
	if (&set_filesystem_erofs)
		filesystems[1] = set_filesystem_erofs;
}

const char *host_tmp(const char *name)
{
	static char path[400];

	format_text(path, sizeof(path), "%s/%s", getenv("TMP"), name);
	return path;
}

int host_number(const char *text)
{
	int n = 0;

	while (*text >= '0' && *text <= '9')
		n = n * 10 + *text++ - '0';
	return n;
}
