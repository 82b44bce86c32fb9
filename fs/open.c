/* Opening files, and what is done with open ones: open(2), fstat(2), ftruncate(2), kernel reads (fs/vfs.h). */
#include <core/log.h>
#include <core/signal.h>
#include <fs/dev/devnode.h>
#include <fs/fifo.h>
#include <fs/lock.h>
#include <fs/notify.h>
#include <fs/walk.h>
#include <asm/signal.h>
#include <linux/errno.h>
#include <linux/fs.h>
#include <linux/resource.h>

COMPONENT("vfs", "files, paths, mounts and descriptors");

/* An O_PATH file can only be named. */
static const struct file_ops path_file_ops = { .link_name = NULL };

#define OPEN_ONLY ((unsigned)(O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC | O_CLOEXEC)) /* not kept in file->flags */

static int open_allowed(const struct path *p, unsigned flags)
{
	const struct inode *inode = p->dentry->inode;
	unsigned mode = (flags + 1) & (FILE_MAY_READ | FILE_MAY_WRITE), may = 0;

	if (unlikely(inode_is_link(inode)))
		return -ELOOP;
	if (mode & FILE_MAY_WRITE || flags & O_TRUNC) {
		uint32_t type = inode->mode & S_IFMT;

		if (type == S_IFDIR)
			return -EISDIR;
		may |= MAY_WRITE;
		if ((type == S_IFREG) && mount_writable(p->mount))
			return -EROFS;
	}
	if (mode & FILE_MAY_READ)
		may |= MAY_READ;
	return inode_permission(inode, may);
}

/* What opening does beyond the file itself, by kind of inode. */
static int open_inode(struct inode *inode, struct file *f, unsigned flags)
{
	switch (inode->mode & S_IFMT) {
	case S_IFCHR:
	case S_IFBLK:
		return device_open(inode, f, flags);
	case S_IFIFO:
		return fifo_open(inode, f);
	case S_IFSOCK:
		return -ENXIO;
	}
	return inode->ops->open ? inode->ops->open(inode, f) : 0;
}

/* The references of @p move to the file, or are put. @made: just created, whatever its mode says. */
static struct file *open_found(const struct path *p, unsigned flags, bool made)
{
	struct inode *inode = p->dentry->inode;
	struct file *f;
	int r = 0;

	if (unlikely(flags & O_PATH))
		flags &= O_PATH | O_DIRECTORY | O_NOFOLLOW;
	else if (!made)
		r = open_allowed(p, flags);
	if (unlikely(r))
		goto out_put;
	f = file_alloc(flags & O_PATH ? &path_file_ops : inode->file_ops, inode->private,
		       (flags & ~OPEN_ONLY) | O_LARGEFILE);
	if (unlikely(!f)) {
		r = -ENOMEM;
		goto out_put;
	}
	f->inode = inode;
	f->dentry = p->dentry;
	f->mount = p->mount;
	if (unlikely(flags & O_PATH)) {
		f->mode = 0;
		return f;
	}
	if (unlikely(!inode_is_regular(inode) && !inode_is_dir(inode)) || inode->ops->open)
		r = open_inode(inode, f, flags);
	if (!r)
		notify_file(f, IN_OPEN);
	if (!r && unlikely(flags & O_TRUNC) && !made && inode_is_regular(inode)) {
		struct attribute_change change = { .which = CHANGE_SIZE };

		r = vfs_setattr(p, &change);
	}
	if (likely(!r))
		return f;
	f->ops = &path_file_ops; /* was not opened: no release() */
	f->flags |= O_PATH;      /* and nobody is told that it is closed */
	file_put(f);
	return err_ptr(r);
out_put:
	path_put(p);
	return err_ptr(r);
}

struct file *file_open_path(const struct path *p, unsigned flags)
{
	path_get(p);
	return open_found(p, flags, false);
}

/* The dead end of a removed directory takes no entries. */
static bool directory_removed(const struct dentry *dir)
{
	return !(dir->flags & DENTRY_HASHED) && dir->parent != dir;
}

/* Make the file w->last names in the directory w->at, or find it. The directory's lock is held. */
static struct dentry *create_locked(struct walk *w, unsigned flags, uint32_t mode, bool *made)
{
	struct dentry *dir = w->at.dentry, *d;
	int r;

	if (directory_removed(dir))
		return err_ptr(-ENOENT);
	d = dentry_lookup(dir, w->last.name, w->last.len);
	if (is_err(d))
		return d;
	*made = false;
	if (d->inode) {
		if (!(flags & O_EXCL))
			return d;
		r = -EEXIST;
	} else if (w->last.slash) {
		r = -EISDIR;
	} else {
		r = mount_writable(w->at.mount);
		if (!r)
			r = inode_permission(dir->inode, MAY_WRITE | MAY_EXEC);
		if (!r)
			r = dir->inode->ops->create ? dir->inode->ops->create(dir->inode, d, mode, 0) : -EACCES;
		if (!r) {
			notify_name(dir->inode, d, IN_CREATE);
			*made = true;
			return d;
		}
	}
	dentry_put(d);
	return err_ptr(r);
}

static uint32_t without_umask(uint32_t mode)
{
	const struct process *p = current->process;

	return (mode & 07777) & ~(p && p->fs ? READ_ONCE(p->fs->umask) : 0);
}

static struct file *open_create(const struct path *start, const char *name, unsigned flags, uint32_t mode,
				unsigned walk_flags)
{
	struct walk w;
	struct path p;
	struct file *f;
	bool made = false, slash = false;
	int r = walk_parent(&w, start, name, walk_flags);

	mode = S_IFREG | without_umask(mode);
	for (;;) {
		struct dentry *d;

		if (r)
			break;
		if (w.last.special) {
			/* A link of /proc leads to a file itself, and not to a name for it. */
			if (slash || inode_is_dir(w.at.dentry->inode)) {
				r = -EISDIR;
			} else {
				p = w.at;
				path_get(&p);
			}
			break;
		}
		mutex_lock(&w.at.dentry->inode->lock);
		d = create_locked(&w, flags, mode, &made);
		mutex_unlock(&w.at.dentry->inode->lock);
		if (is_err(d)) {
			r = (int)ptr_err(d);
			break;
		}
		if (inode_is_link(d->inode) && !(flags & O_NOFOLLOW)) {
			slash = w.last.slash;
			r = walk_parent_on(&w, d);
			dentry_put(d);
			continue;
		}
		p = (struct path){ w.at.mount, d };
		mount_get(p.mount);
		if (unlikely(d->mounts))
			path_cross(&p);
		break;
	}
	walk_end(&w);
	if (r)
		return err_ptr(r);
	if (inode_is_dir(p.dentry->inode)) {
		path_put(&p);
		return err_ptr(-EISDIR);
	}
	f = open_found(&p, flags, made);
	return f;
}

/* O_TMPFILE: a file that never had a name; made with one that nobody can look up meanwhile. */
static struct file *open_nameless(const struct path *dir, unsigned flags, uint32_t mode)
{
	struct inode *inode = dir->dentry->inode;
	struct path p = { dir->mount, NULL };
	char name[32];
	int r = mount_writable(dir->mount);

	if (!((flags + 1) & FILE_MAY_WRITE))
		return err_ptr(-EINVAL);
	if (!r)
		r = inode_permission(inode, MAY_WRITE | MAY_EXEC);
	if (!r && (!inode->ops->create || !inode->ops->unlink))
		r = -EOPNOTSUPP;
	if (r)
		return err_ptr(r);
	mutex_lock(&inode->lock);
	format_text(name, sizeof(name), "#%lx", (unsigned long)__atomic_load_n(&inode->super->last_ino, __ATOMIC_RELAXED));
	p.dentry = directory_removed(dir->dentry) ? err_ptr(-ENOENT) :
						    dentry_lookup(dir->dentry, name, strlen(name));
	if (is_err(p.dentry))
		r = (int)ptr_err(p.dentry);
	else if (p.dentry->inode)
		r = -EEXIST;
	else
		r = inode->ops->create(inode, p.dentry, S_IFREG | without_umask(mode), 0);
	if (!r) {
		r = inode->ops->unlink(inode, p.dentry);
		dentry_detach(p.dentry);
	}
	mutex_unlock(&inode->lock);
	if (r) {
		if (!is_err(p.dentry))
			dentry_put(p.dentry);
		return err_ptr(r);
	}
	mount_get(p.mount);
	return open_found(&p, flags & ~(unsigned)O_TMPFILE, true);
}

struct file *file_open(const struct path *start, const char *name, unsigned flags, uint32_t mode, unsigned walk_flags)
{
	struct path p;
	int r;

	if ((flags & O_TMPFILE) == O_TMPFILE) {
		struct file *f;

		r = path_walk(start, name, walk_flags | WALK_FOLLOW | WALK_DIRECTORY, &p);
		if (r)
			return err_ptr(r);
		f = open_nameless(&p, flags, mode);
		path_put(&p);
		return f;
	}
	if (flags & O_CREAT && !(flags & O_PATH))
		return flags & O_DIRECTORY ? err_ptr(-EINVAL) : open_create(start, name, flags, mode, walk_flags);
	if (!(flags & O_NOFOLLOW))
		walk_flags |= WALK_FOLLOW;
	if (flags & O_DIRECTORY)
		walk_flags |= WALK_DIRECTORY;
	r = path_walk(start, name, walk_flags, &p);
	return likely(!r) ? open_found(&p, flags, false) : err_ptr(r);
}

void file_drop_path(struct file *f)
{
	struct path p = { f->mount, f->dentry };

	file_lock_closed(f, f);
	path_put(&p);
}

ssize_t file_read_at(struct file *f, void *buf, size_t n, off_t pos)
{
	struct io io;

	if (!f->ops->read)
		return inode_is_dir(f->inode) ? -EISDIR : -EINVAL;
	io_init_kernel(&io, buf, n);
	return f->ops->read(f, &io, &pos);
}

ssize_t file_write_at(struct file *f, const void *buf, size_t n, off_t pos)
{
	struct io io;

	if (!f->ops->write)
		return -EINVAL;
	io_init_kernel(&io, buf, n);
	return f->ops->write(f, &io, &pos);
}

struct vm_object *file_object(struct file *f, unsigned prot, unsigned flags)
{
	struct vm_object *object;
	int r;

	if (f->ops->mmap) {
		r = f->ops->mmap(f, &object, prot, flags);
		return r ? err_ptr(r) : object;
	}
	if (!f->inode || !f->inode->ops->page || !inode_is_regular(f->inode))
		return err_ptr(-ENODEV);
	WRITE_ONCE(f->inode->mapped, true);
	inode_get(f->inode);
	return &f->inode->object;
}

int file_truncate(struct file *f, uint64_t size)
{
	struct attribute_change change = { .which = CHANGE_SIZE, .size = size };
	struct inode *inode = f->inode;
	int r;

	if (!inode || !inode_is_regular(inode) || !inode->ops->setattr)
		return -EINVAL;
	mutex_lock(&inode->lock);
	r = inode->ops->setattr(inode, &change);
	mutex_unlock(&inode->lock);
	if (!r)
		notify_file(f, IN_MODIFY);
	return r;
}

off_t file_seek_within(struct file *f, off_t size, off_t offset, int whence)
{
	off_t to;

	switch (whence) {
	case SEEK_SET:
		to = offset;
		break;
	case SEEK_CUR:
		if (__builtin_add_overflow(f->pos, offset, &to))
			return -EOVERFLOW;
		break;
	case SEEK_END:
		if (__builtin_add_overflow(size, offset, &to))
			return -EOVERFLOW;
		break;
	case SEEK_DATA: /* a file system that knows holes has a seek of its own */
		if (offset < 0 || offset >= size)
			return -ENXIO;
		to = offset;
		break;
	case SEEK_HOLE:
		if (offset < 0 || offset >= size)
			return -ENXIO;
		to = size;
		break;
	default:
		return -EINVAL;
	}
	if (to < 0)
		return -EINVAL;
	f->pos = to;
	return to;
}

off_t file_seek_size(struct file *f, off_t offset, int whence)
{
	return file_seek_within(f, (off_t)READ_ONCE(f->inode->size), offset, whence);
}

int file_size_allowed(uint64_t at, uint64_t *size)
{
	const struct process *p = current->process;
	struct signal_info info = { .signo = SIGXFSZ };
	uint64_t limit = p ? READ_ONCE(p->limits[RLIMIT_FSIZE].soft) : UINT64_MAX;

	if (likely(*size <= limit))
		return 0;
	if (at < limit) {
		*size = limit;
		return 0;
	}
	(void)signal_send_thread(current, &info); /* a full queue: one is pending already */
	return -EFBIG;
}

off_t dir_seek(struct file *f, off_t offset, int whence)
{
	if (whence == SEEK_CUR)
		offset += f->pos;
	else if (whence != SEEK_SET)
		return -EINVAL;
	if (offset < 0)
		return -EINVAL;
	f->pos = offset;
	return offset;
}

int file_getattr(struct file *f, struct attributes *out)
{
	if (f->inode)
		return inode_getattr(f->inode, out);
	*out = (struct attributes){
		.device = 1, /* no mount has it */
		.ino = file_number(f),
		.mode = f->ops->stat_mode ? f->ops->stat_mode : 0600,
		.nlink = 1,
		.block_size = PAGE_SIZE,
	};
	if (out->mode & S_IFMT) { /* a pipe or a socket is its maker's, and there is one process; the rest is root's */
		out->uid = current->process->credentials.euid;
		out->gid = current->process->credentials.egid;
	}
	return 0;
}
