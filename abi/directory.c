/* Working directory and root, umask, getdents64(2). */
#include <abi/directory.h>
#include <abi/path_at.h>
#include <abi/syscall.h>
#include <core/process.h>
#include <core/slab.h>
#include <core/uaccess.h>
#include <fs/files.h>
#include <fs/notify.h>
#include <linux/fcntl.h>

COMPONENT("file-calls", "system calls on files, directories and descriptors");

long sys_getcwd(char __user *to, size_t size)
{
	struct fs_context *fs = current->process->fs;
	struct path root, cwd;
	char *buf = kmalloc(PATH_LIMIT), *text;
	size_t n;
	long r;

	if (!buf)
		return -ENOMEM;
	spin_lock(&dentry_lock);
	root = fs->root;
	cwd = fs->cwd;
	path_get(&root);
	path_get(&cwd);
	spin_unlock(&dentry_lock);
	if (!(cwd.dentry->flags & DENTRY_HASHED) && cwd.dentry->parent != cwd.dentry)
		text = err_ptr(-ENOENT); /* it was removed */
	else
		text = path_text(&cwd, &root, buf, PATH_LIMIT);
	path_put(&root);
	path_put(&cwd);
	if (is_err(text)) {
		r = ptr_err(text);
	} else {
		n = strlen(text) + 1;
		r = n > size ? -ERANGE : copy_to_user(to, text, n) ? -EFAULT : (long)n;
	}
	kfree(buf);
	return r;
}
SYSCALL(getcwd);

static long enter(struct path *p, bool root)
{
	struct fs_context *fs = current->process->fs;
	long r = inode_permission(p->dentry->inode, MAY_EXEC);

	if (!r && root)
		fs_context_set_root(fs, p);
	else if (!r)
		fs_context_set_cwd(fs, p);
	path_put(p);
	return r;
}

static long find_directory(const char __user *name, struct path *out)
{
	struct path_at p;
	long r = path_at_get(&p, AT_FDCWD, name);

	if (r)
		return r;
	r = path_walk(p.start, p.name, WALK_FOLLOW | WALK_DIRECTORY, out);
	path_at_put(&p);
	return r;
}

long sys_chdir(const char __user *name)
{
	struct path p;
	long r = find_directory(name, &p);

	return r ? r : enter(&p, false);
}
SYSCALL(chdir);

long sys_fchdir(int fd)
{
	struct file *f = fd_get(fd);
	struct path p;

	if (!f)
		return -EBADF;
	if (!f->inode || !inode_is_dir(f->inode)) {
		file_put(f);
		return -ENOTDIR;
	}
	p = (struct path){ f->mount, f->dentry };
	path_get(&p);
	file_put(f);
	return enter(&p, false);
}
SYSCALL(fchdir);

long sys_chroot(const char __user *name)
{
	struct path p;
	long r = find_directory(name, &p);

	if (!r && current->process->credentials.euid != 0) {
		path_put(&p);
		r = -EPERM;
	}
	return r ? r : enter(&p, true);
}
SYSCALL(chroot);

long sys_umask(uint32_t mask)
{
	return (long)__atomic_exchange_n(&current->process->fs->umask, mask & 0777, __ATOMIC_RELAXED);
}
SYSCALL(umask);

static long read_entries(int fd, struct dir_context *ctx)
{
	struct file *f = fd_get(fd);
	long r;

	if (!f)
		return -EBADF;
	if (!f->ops->readdir) {
		r = READ_ONCE(f->flags) & O_PATH ? -EBADF : -ENOTDIR;
	} else {
		mutex_lock(&f->pos_lock);
		ctx->pos = f->pos;
		r = f->ops->readdir(f, ctx);
		f->pos = ctx->pos;
		mutex_unlock(&f->pos_lock);
		notify_file(f, IN_ACCESS);
	}
	file_put(f);
	return r;
}

bool directory_put(struct directory_reading *r, const void *entry, size_t size)
{
	if (size > r->left) {
		if (!r->done)
			r->error = -EINVAL;
		return false;
	}
	if (copy_to_user(r->to + r->done, entry, size)) {
		r->error = -EFAULT;
		return false;
	}
	r->done += size;
	r->left -= size;
	return true;
}

long directory_read(int fd, bool (*emit)(struct dir_context *, const char *, size_t, uint64_t, unsigned, off_t), void __user *to,
		    unsigned size)
{
	struct directory_reading r = { .ctx = { .emit = emit }, .to = to, .left = size <= INT32_MAX ? size : 0 };
	long error = read_entries(fd, &r.ctx);

	if (r.done)
		return (long)r.done;
	return error ? error : r.error;
}

struct dirent64 {
	uint64_t ino;
	int64_t next;
	uint16_t size;
	uint8_t type;
	char name[];
};
#define NAME_AT offsetof(struct dirent64, name)

static bool emit(struct dir_context *ctx, const char *name, size_t len, uint64_t ino, unsigned type, off_t next)
{
	struct directory_reading *r = container_of(ctx, struct directory_reading, ctx);
	size_t size = ALIGN_UP(NAME_AT + len + 1, 8ul);
	union {
		struct dirent64 d;
		char bytes[ALIGN_UP(NAME_AT + NAME_LIMIT + 1, 8ul)];
	} buf;

	buf.d.ino = ino;
	buf.d.next = next;
	buf.d.size = (uint16_t)size;
	buf.d.type = (uint8_t)type;
	memcpy(buf.d.name, name, len);
	memset(buf.d.name + len, 0, size - NAME_AT - len);
	return directory_put(r, &buf, size);
}

long sys_getdents64(int fd, void __user *to, unsigned size)
{
	return directory_read(fd, emit, to, size);
}
SYSCALL(getdents64);
