/* Named pipes: opening an inode of type S_IFIFO (fs/fifo.c; without it, absent/fifo.c says so). */
#ifndef FS_FIFO_H
#define FS_FIFO_H

struct file;
struct inode;

/**
 * fifo_open() - give @f the operations of a pipe's end; waits for the other side as open(2) says.
 * The pipe is shared through inode->private, and lives while it is open. Return: 0, -ENXIO, -ERESTARTSYS, -ENOMEM.
 */
int fifo_open(struct inode *inode, struct file *f);

#endif
