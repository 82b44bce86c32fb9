/* Inodes: life, attributes, permission (fs/vfs.h). */
#include <core/clock.h>
#include <core/ref.h>
#include <core/slab.h>
#include <fs/lock.h>
#include <fs/vfs.h>

COMPONENT("vfs", "files, paths, mounts and descriptors");

#define CAP_DAC_OVERRIDE_BIT (1ull << 1)
#define CAP_FOWNER_BIT       (1ull << 3)

int64_t inode_now(void)
{
	return (int64_t)clock_realtime_ns();
}

static struct inode *inode_of_object(struct vm_object *o)
{
	return container_of(o, struct inode, object);
}

static int object_page(struct vm_object *o, uint64_t index, bool write, struct vm_page *out)
{
	struct inode *inode = inode_of_object(o);

	return inode->ops->page ? inode->ops->page(inode, index, write, out) : -EFAULT;
}

static unsigned object_resident(struct vm_object *o, uint64_t index, unsigned count, struct vm_page *out)
{
	struct inode *inode = inode_of_object(o);

	return inode->ops->resident ? inode->ops->resident(inode, index, count, out) : 0;
}

static void object_get(struct vm_object *o)
{
	inode_get(inode_of_object(o));
}

static void object_put(struct vm_object *o)
{
	inode_put(inode_of_object(o));
}

/* The path is that of one of its names, from the first root: good for /proc/self/maps. */
static void object_describe(struct vm_object *o, char *path, size_t size, uint64_t *ino, uint32_t *device)
{
	struct inode *inode = inode_of_object(o);
	struct dentry *d;
	char *buf;

	*ino = inode->ino;
	*device = inode->super->device;
	path[0] = '\0';
	spin_lock(&dentry_lock);
	d = inode->alias;
	if (d)
		dentry_get_locked(d);
	spin_unlock(&dentry_lock);
	if (!d)
		return;
	buf = kmalloc(PATH_LIMIT);
	if (buf) {
		struct path p = { mount_of_super(inode->super), d };
		const char *text = p.mount ? path_text(&p, NULL, buf, PATH_LIMIT) : "";

		if (!is_err(text))
			(void)strscpy(path, text, size); /* cut off if too long */
		if (p.mount)
			mount_put(p.mount);
		kfree(buf);
	}
	dentry_put(d);
}

static const struct vm_object_ops inode_object_ops = {
	.page = object_page,
	.get = object_get,
	.put = object_put,
	.describe = object_describe,
	.resident = object_resident,
};

void inode_init(struct inode *inode, struct super *super, const struct inode_ops *ops, const struct file_ops *file_ops,
		uint32_t mode)
{
	super_get(super);
	*inode = (struct inode){
		.ops = ops,
		.file_ops = file_ops,
		.super = super,
		.refs = 1,
		.mode = mode,
		.nlink = 1,
		.object.ops = &inode_object_ops,
	};
	mutex_init(&inode->lock, (mode & S_IFMT) == S_IFDIR ? RANK_DIRECTORY : RANK_INODE);
	page_cache_init(&inode->pages);
}

void inode_put(struct inode *inode)
{
	if (ref_put(&inode->refs))
		inode->ops->destroy(inode);
}

void inode_fini(struct inode *inode)
{
	(void)page_cache_truncate(&inode->pages, 0); /* how many does not matter */
	if (inode->locks)
		file_locks_free(inode->locks);
	kfree(inode->watches);
	super_put(inode->super);
}

int inode_getattr(struct inode *inode, struct attributes *out)
{
	out->device = inode->super->device;
	out->ino = inode->ino;
	out->rdev = inode->rdev;
	out->size = inode->size;
	out->blocks = (inode->size + 511) / 512;
	out->mode = inode->mode;
	out->nlink = inode->nlink;
	out->uid = inode->uid;
	out->gid = inode->gid;
	out->block_size = PAGE_SIZE;
	out->atime_ns = inode->atime_ns;
	out->mtime_ns = inode->mtime_ns;
	out->ctime_ns = inode->ctime_ns;
	out->btime_ns = inode->btime_ns;
	return inode->ops->getattr ? inode->ops->getattr(inode, out) : 0;
}

void inode_change(struct inode *inode, const struct attribute_change *change)
{
	if (change->which & CHANGE_MODE)
		inode->mode = (inode->mode & S_IFMT) | (change->mode & 07777);
	if (change->which & CHANGE_UID)
		inode->uid = change->uid;
	if (change->which & CHANGE_GID)
		inode->gid = change->gid;
	if (change->which & CHANGE_ATIME)
		inode->atime_ns = change->atime_ns;
	if (change->which & CHANGE_MTIME)
		inode->mtime_ns = change->mtime_ns;
	inode->ctime_ns = inode_now();
}

static bool in_group(const struct credentials *c, uint32_t own, uint32_t gid)
{
	if (own == gid)
		return true;
	for (unsigned i = 0; i < c->group_count; i++)
		if (c->groups[i] == gid)
			return true;
	return false;
}

static int permission(const struct inode *inode, unsigned may, const struct credentials *c, uint32_t uid, uint32_t gid,
		      bool privileged)
{
	uint32_t mode = inode->mode;

	if (privileged)
		return !(may & MAY_EXEC) || inode_is_dir(inode) || mode & 0111 ? 0 : -EACCES;
	if (uid == inode->uid)
		mode >>= 6;
	else if (in_group(c, gid, inode->gid))
		mode >>= 3;
	return (mode & may) == may ? 0 : -EACCES;
}

int inode_permission(const struct inode *inode, unsigned may)
{
	const struct process *p = current->process;
	const struct credentials *c;

	if (!p)
		return 0;
	c = &p->credentials;
	return permission(inode, may, c, c->fsuid, c->fsgid,
			  c->fsuid == 0 || c->cap_effective & CAP_DAC_OVERRIDE_BIT);
}

int inode_permission_real(const struct inode *inode, unsigned may)
{
	const struct credentials *c = &current->process->credentials;

	return permission(inode, may, c, c->uid, c->gid, c->uid == 0);
}

bool inode_owned(const struct inode *inode)
{
	const struct process *p = current->process;

	return !p || p->credentials.fsuid == inode->uid || p->credentials.fsuid == 0 ||
	       p->credentials.cap_effective & CAP_FOWNER_BIT;
}
