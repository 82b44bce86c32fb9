/* Files in memory without a name: memfd_create(2). They live in a tmpfs that is mounted nowhere.
 *
 * Seals (F_ADD_SEALS) are a word of the inode that tmpfs looks at. Not done: F_SEAL_WRITE does not look for writable
 * mappings that are there already (Linux: -EBUSY).
 */
#include <core/slab.h>
#include <fs/memfd.h>
#include <fs/tmpfs/tmpfs.h>
#include <linux/errno.h>

COMPONENT("memfd", "files in memory without a name (memfd)");

static struct mount *hidden; /* mount_lock: made at the first use, never given up */

static struct mount *hidden_mount(void)
{
	struct super *super;

	mutex_lock(&mount_lock);
	if (!hidden && !tmpfs_super(filesystem_find("tmpfs"), "", &super))
		hidden = mount_detached(super);
	mutex_unlock(&mount_lock);
	return hidden;
}

struct file *memfd_create(const char *name, unsigned seals)
{
	struct mount *m = hidden_mount();
	struct tmpfs_inode *t = m ? tmpfs_inode_new(m->super, S_IFREG | 0777) : NULL;
	struct path p = { m, NULL };
	struct file *f;

	if (!t)
		return err_ptr(-ENOMEM);
	t->inode.nlink = 0;
	t->seals = seals;
	p.dentry = dentry_nameless(m->root, name, &t->inode);
	if (!p.dentry)
		return err_ptr(-ENOMEM);
	f = file_open_path(&p, O_RDWR);
	dentry_put(p.dentry);
	return f;
}

static struct tmpfs_inode *sealable(struct file *f)
{
	return f->inode && f->inode->ops == &tmpfs_file_inode_ops ? tmpfs_inode(f->inode) : NULL;
}

int memfd_seals(struct file *f)
{
	struct tmpfs_inode *t = sealable(f);

	return t ? (int)READ_ONCE(t->seals) : -EINVAL;
}

int memfd_add_seals(struct file *f, unsigned seals)
{
	struct tmpfs_inode *t = sealable(f);
	int r = 0;

	if (!t || seals & ~(unsigned)(F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_FUTURE_WRITE))
		return -EINVAL;
	if (!FILE_WRITABLE(f))
		return -EPERM;
	mutex_lock(&t->inode.lock);
	if (t->seals & F_SEAL_SEAL)
		r = -EPERM;
	else
		t->seals |= seals;
	mutex_unlock(&t->inode.lock);
	return r;
}
