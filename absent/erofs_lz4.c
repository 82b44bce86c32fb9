/* Without fs/erofs/compressed.c: files are read as they lie there. */
#include <fs/erofs/erofs.h>
#include <linux/errno.h>

__weak int erofs_compressed_open(struct erofs_inode *e, uint64_t end)
{
	return erofs_unsupported(erofs_of(&e->inode), e->inode.ino,
				 "it is compressed, and that is not in this kernel (mkfs.erofs without -z)");
}

__weak int erofs_compressed_page(struct erofs_inode *e, uint64_t index, char *page)
{
	return -EOPNOTSUPP;
}

__weak void erofs_compressed_close(struct erofs *fs)
{
}
