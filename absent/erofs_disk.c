/* Without fs/erofs/disk.c: images lie in memory. */
#include <fs/erofs/erofs.h>
#include <linux/errno.h>

__weak int erofs_disk_open(const char *name, struct super **out, const char **why)
{
	*why = "disks are not in this kernel: --for virtio-pci, virtio-mmio, or all";
	return -ENOTBLK;
}
