/* open(2) of a FIFO, fifo(7): the inode keeps the pipe while some file of it is open. */
#include <fs/fifo.h>
#include <fs/pipe.h>
#include <fs/vfs.h>

COMPONENT("base", "Pipes and FIFOs");

int fifo_open(struct inode *inode, struct file *f)
{
	return pipe_open_fifo((struct pipe **)&inode->private, f);
}
