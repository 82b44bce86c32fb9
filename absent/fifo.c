/* Without fs/pipe.c: a named pipe can be made, but not opened. */
#include <fs/fifo.h>
#include <core/log.h>
#include <linux/errno.h>

__weak int fifo_open(struct inode *inode, struct file *f)
{
	log_once(LOG_WARNING, "named pipes are not in this kernel: --with pipe");
	return -ENXIO;
}
