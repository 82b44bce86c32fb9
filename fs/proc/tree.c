/* The tree of /proc and /sys: directories, links and files made of the names in a set (fs/proc/procfile.h).
 *
 * Inodes live as long as somebody holds them: the super is uncached, and a name that nobody holds is looked up anew,
 * by going through the set. A file's text is made under inode->lock and belongs to the open file.
 */
#include <core/log.h>
#include <core/slab.h>
#include <fs/filesystem.h>
#include <fs/files.h>
#include <fs/proc/procfile.h>
#include <linux/errno.h>
#include <linux/magic.h>

COMPONENT("proc", "/proc and its files");

#define NUMBERS_START 0x10000 /* positions in a directory: entries of the set from 2 on, then the numbers */

struct proc_super {
	const struct procfile *begin, *end;
	uint64_t magic;
};

struct proc_inode {
	struct inode inode;
	const struct procfile *file; /* what it is, or some entry below this directory; NULL: the root */
	size_t prefix;               /* bytes of file->name that lead here */
	struct proc_target of;
};

static const struct inode_ops dir_ops, file_inode_ops, link_ops, magic_link_ops;
static const struct file_ops dir_file_ops, file_file_ops;

static struct proc_inode *proc_inode(struct inode *inode)
{
	return container_of(inode, struct proc_inode, inode);
}

/* What of @e's name lies below @dir; NULL: it lies elsewhere. */
static const char *name_below(const struct proc_inode *dir, const struct procfile *e)
{
	size_t i;

	if (!dir->prefix)
		return e->name;
	for (i = 0; i < dir->prefix; i++)
		if (e->name[i] != dir->file->name[i])
			return NULL;
	return e->name[i] == '/' ? e->name + i + 1 : NULL;
}

/* Mostly the first character says no: this is done for the whole set at each lookup. */
static inline bool component_is(const char *component, const char *name, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (component[i] != name[i])
			return false;
	return component[len] == '/' || !component[len];
}

static size_t component_length(const char *name)
{
	const char *p = name;

	while (*p && *p != '/')
		p++;
	return (size_t)(p - name);
}

static bool is_number_component(const char *name)
{
	return *name >= 'A' && *name <= 'Z';
}

/* What stands before the number of such a component. */
static const char *number_prefix(char kind)
{
	return kind == 'C' ? "cpu" : "";
}

/* -1: not a number as /proc writes them, behind the prefix of @kind. */
static int parse_number(char kind, const char *text, size_t len)
{
	const char *prefix = number_prefix(kind);
	int n = 0;

	for (; *prefix; prefix++, text++, len--)
		if (!len || *text != *prefix)
			return -1;
	if (len == 0 || len > 9 || (text[0] == '0' && len > 1))
		return -1;
	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return -1;
		n = n * 10 + (text[i] - '0');
	}
	return n;
}

/* The same file has the same number each time that it is looked up. */
static uint64_t number_of(const struct procfile *file, size_t prefix, const struct proc_target *of)
{
	uint32_t who = (of->process ? (uint32_t)of->process->pid : 0) * 0x10001u + (uint32_t)of->tid * 0x101u + (uint32_t)of->fd;

	return prefix ? (uint64_t)who << 32 | dentry_hash_name(file->name, prefix) : 1;
}

static uint32_t mode_of(const struct procfile *e, const char *component, size_t len)
{
	return component[len] ? S_IFDIR | 0555u : e->mode;
}

static struct proc_inode *make(struct super *s, const struct procfile *e, size_t prefix, uint32_t mode,
			       const struct proc_target *of)
{
	struct proc_inode *p = kmalloc(sizeof(*p));
	struct inode *inode;

	if (!p)
		return NULL;
	inode = &p->inode;
	switch (mode & S_IFMT) {
	case S_IFDIR:
		inode_init(inode, s, &dir_ops, &dir_file_ops, mode);
		inode->nlink = 2;
		break;
	case S_IFLNK:
		inode_init(inode, s, e->follow ? &magic_link_ops : &link_ops, NULL, mode);
		break;
	default:
		inode_init(inode, s, &file_inode_ops, &file_file_ops, mode);
	}
	p->file = e;
	p->prefix = prefix;
	p->of = *of;
	if (of->process) {
		process_get(of->process);
		inode->uid = READ_ONCE(of->process->credentials.euid);
		inode->gid = READ_ONCE(of->process->credentials.egid);
	}
	inode->ino = number_of(e, prefix, of);
	inode->atime_ns = inode->mtime_ns = inode->ctime_ns = inode->btime_ns = inode_now();
	return p;
}

/* @of becomes what number @n below it is. Return: there is such a one; a process then has a reference. */
static bool step(struct proc_target *of, char kind, int n)
{
	switch (kind) {
	case 'P':
		of->process = process_by_pid(n);
		return of->process != NULL;
	case 'T':
		of->tid = n;
		break;
	default:
		of->fd = n;
	}
	return proc_next_number(of, kind, n) == n;
}

/* A link of fd/ shows by its permissions how the file was opened. */
static uint32_t descriptor_mode(const struct proc_target *of)
{
	struct files *files = proc_files(of);
	struct file *f = files ? files_get_file(files, of->fd) : NULL;
	uint32_t mode = S_IFLNK;

	if (f) {
		mode |= (FILE_READABLE(f) ? 0500 : 0) | (FILE_WRITABLE(f) ? 0300 : 0);
		file_put(f);
	}
	files_put_table(files);
	return mode;
}

static int dir_lookup(struct inode *inode, struct dentry *d)
{
	const struct proc_super *tree = inode->super->private;
	struct proc_inode *dir = proc_inode(inode), *p;
	const struct procfile *e, *found = NULL;
	int number = parse_number('P', d->name, d->name_len), cpu = parse_number('C', d->name, d->name_len);
	struct proc_target of = dir->of;
	const char *name = NULL;
	int r = -ENOENT; /* never a negative entry: as in Linux, that is the answer to mkdir(2) too */
	uint32_t mode;
	size_t len = 0;

	for (e = tree->begin; e < tree->end && !found; e++) {
		name = name_below(dir, e);
		if (name && (is_number_component(name) ? (*name == 'C' ? cpu : number) >= 0
						       : component_is(name, d->name, d->name_len)))
			found = e;
	}
	if (!found)
		return r;
	len = component_length(name);
	mode = mode_of(found, name, len);
	if (!is_number_component(name) || step(&of, *name, *name == 'C' ? cpu : number)) {
		if (*name == 'F' && (mode & S_IFMT) == S_IFLNK)
			mode = descriptor_mode(&of);
		p = make(inode->super, found, (size_t)(name + len - found->name), mode, &of);
		if (p)
			dentry_attach(d, &p->inode, false);
		r = p ? 0 : -ENOMEM;
	}
	if (of.process != dir->of.process)
		process_put(of.process);
	return r;
}

/* Is there an entry before @e that shows the same name in @dir? */
static bool shown_before(const struct proc_super *tree, const struct proc_inode *dir, const struct procfile *e)
{
	const char *name = name_below(dir, e), *other;
	size_t len = component_length(name);

	for (const struct procfile *f = tree->begin; f < e; f++) {
		other = name_below(dir, f);
		if (other && component_is(other, name, len))
			return true;
	}
	return false;
}

static int list_numbers(struct proc_inode *dir, const struct procfile *e, const char *name, struct dir_context *ctx)
{
	size_t len = component_length(name), prefix = (size_t)(name + len - e->name);
	unsigned type = mode_of(e, name, len) >> 12 & 15;
	int n = (int)(ctx->pos - NUMBERS_START);
	struct proc_target of = dir->of;
	char text[16];

	while ((n = proc_next_number(&dir->of, *name, n)) >= 0) {
		bool there = step(&of, *name, n), stop = false;
		off_t next = NUMBERS_START + n + 1;

		if (there)
			stop = !ctx->emit(ctx, text, (size_t)format_text(text, sizeof(text), "%s%d", number_prefix(*name), n),
					  number_of(e, prefix, &of), type, next);
		if (of.process != dir->of.process)
			process_put(of.process);
		of.process = dir->of.process;
		if (stop)
			break;
		ctx->pos = next;
		n++;
	}
	return 0;
}

/* Positions: 0 and 1 are "." and "..", 2 on are entries of the set by index, then come numbers. */
static int dir_readdir(struct file *f, struct dir_context *ctx)
{
	struct proc_inode *dir = proc_inode(f->inode);
	const struct proc_super *tree = f->inode->super->private;
	const struct procfile *numbers = NULL;
	const char *name;

	if (ctx->pos == 0) {
		if (!ctx->emit(ctx, ".", 1, f->inode->ino, S_IFDIR >> 12, 1))
			return 0;
		ctx->pos = 1;
	}
	if (ctx->pos == 1) {
		if (!ctx->emit(ctx, "..", 2, f->dentry->parent->inode->ino, S_IFDIR >> 12, 2))
			return 0;
		ctx->pos = 2;
	}
	for (const struct procfile *e = tree->begin; e < tree->end; e++) {
		off_t pos = e - tree->begin + 2;
		size_t len;

		name = name_below(dir, e);
		if (!name)
			continue;
		if (is_number_component(name)) {
			numbers = e;
			continue;
		}
		if (pos < ctx->pos || shown_before(tree, dir, e))
			continue;
		len = component_length(name);
		if (!ctx->emit(ctx, name, len, number_of(e, (size_t)(name + len - e->name), &dir->of),
			       mode_of(e, name, len) >> 12 & 15, pos + 1))
			return 0;
		ctx->pos = pos + 1;
	}
	if (!numbers)
		return 0;
	ctx->pos = MAX(ctx->pos, (off_t)NUMBERS_START);
	return list_numbers(dir, numbers, name_below(dir, numbers), ctx);
}

static void proc_destroy(struct inode *inode)
{
	struct proc_inode *p = proc_inode(inode);

	process_put(p->of.process);
	inode_fini(inode);
	kfree(p);
}

static int getattr(struct inode *inode, struct attributes *out)
{
	out->size = out->blocks = 0;
	out->block_size = 1024;
	return 0;
}

/* O_TRUNC before a write means nothing here; nothing else can be changed. */
static int setattr(struct inode *inode, const struct attribute_change *change)
{
	return change->which & ~(unsigned)CHANGE_SIZE ? -EPERM : 0;
}

static int show(const struct proc_inode *p, struct text *out)
{
	int r = 0;

	out->length = 0;
	out->failed = false;
	if (p->file->show)
		r = p->file->show(out, &p->of);
	else
		text_put(out, p->file->constant, strlen(p->file->constant));
	return !r && out->failed ? -ENOMEM : r;
}

static ssize_t link_read(struct inode *inode, char *buf, size_t size)
{
	struct text out = { NULL, 0, 0, false };
	int r = show(proc_inode(inode), &out);
	size_t n = MIN(out.length, size);

	if (!r)
		memcpy(buf, out.data, n);
	text_free(&out);
	return r ? r : (ssize_t)n;
}

static int link_follow(struct inode *inode, struct path *out)
{
	const struct proc_inode *p = proc_inode(inode);

	return p->file->follow(&p->of, out);
}

static bool writable(const struct procfile *file)
{
	return file->show && file->write; /* without show(), write is `constant` */
}

static int file_open_(struct inode *inode, struct file *f)
{
	const struct procfile *file = proc_inode(inode)->file;
	const struct proc_super *tree = inode->super->private;

	/* As in Linux: what is in /sys, below it and in /proc/sys is not opened for writing if it cannot be, not even by root. */
	if (FILE_WRITABLE(f) && !writable(file) && (tree->magic != PROC_SUPER_MAGIC || !strncmp(file->name, "sys/", 4)))
		return -EACCES;
	f->private = kzalloc(sizeof(struct text));
	return f->private ? 0 : -ENOMEM;
}

static void file_release(struct file *f)
{
	text_free(f->private);
	kfree(f->private);
}

static ssize_t file_read(struct file *f, struct io *io, off_t *pos)
{
	struct text *t = f->private;
	size_t n;
	int r = 0;

	mutex_lock(&f->inode->lock);
	if (!*pos || !t->data)
		r = show(proc_inode(f->inode), t);
	n = r || (uint64_t)*pos >= t->length ? 0 : MIN(t->length - (size_t)*pos, io->left);
	if (n) {
		n = io_put(io, t->data + *pos, n);
		r = n ? 0 : -EFAULT;
		*pos += (off_t)n;
	}
	mutex_unlock(&f->inode->lock);
	return r ? r : (ssize_t)n;
}

static ssize_t file_write(struct file *f, struct io *io, off_t *pos)
{
	const struct proc_inode *p = proc_inode(f->inode);
	char text[256];
	size_t n = io->left;
	int r;

	if (!writable(p->file))
		return -EIO;
	if (n >= sizeof(text))
		return -EINVAL; /* nothing that can be written is so long */
	if (io_get(io, text, n) != n)
		return -EFAULT;
	text[n] = '\0';
	mutex_lock(&f->inode->lock);
	r = p->file->write(&p->of, text, n);
	mutex_unlock(&f->inode->lock);
	if (!r)
		*pos += (off_t)n;
	return r ? r : (ssize_t)n;
}

static const struct inode_ops dir_ops = { .lookup = dir_lookup, .getattr = getattr, .setattr = setattr, .destroy = proc_destroy };
static const struct inode_ops link_ops = {
	.readlink = link_read, .getattr = getattr, .setattr = setattr, .destroy = proc_destroy
};
static const struct inode_ops magic_link_ops = {
	.readlink = link_read, .follow = link_follow, .getattr = getattr, .setattr = setattr, .destroy = proc_destroy
};
static const struct inode_ops file_inode_ops = {
	.open = file_open_, .getattr = getattr, .setattr = setattr, .destroy = proc_destroy
};
static const struct file_ops dir_file_ops = { .seek = dir_seek, .readdir = dir_readdir };
static const struct file_ops file_file_ops = {
	.read = file_read, .write = file_write, .seek = dir_seek, .release = file_release
};

static void statfs(struct super *s, struct statfs_info *out)
{
	const struct proc_super *tree = s->private;

	out->type = tree->magic;
	out->block_size = PAGE_SIZE;
}

static void super_destroy(struct super *s)
{
	kfree(s->private);
}

static const struct super_ops super_ops = { .statfs = statfs, .destroy = super_destroy };

int proc_super(const struct filesystem *type, uint64_t magic, const struct procfile *begin, const struct procfile *end,
	       struct super **out)
{
	const struct proc_target nobody = { NULL, 0, 0 };
	struct proc_super *tree = kmalloc(sizeof(*tree));
	struct super *s = tree ? super_alloc(type, &super_ops, tree) : NULL;
	struct proc_inode *root;

	if (!s) {
		kfree(tree);
		return -ENOMEM;
	}
	*tree = (struct proc_super){ begin, end, magic };
	s->uncached = true;
	root = make(s, NULL, 0, S_IFDIR | 0555, &nobody);
	if (root)
		s->root = dentry_root(&root->inode);
	if (!s->root) {
		super_put(s);
		return -ENOMEM;
	}
	*out = s;
	return 0;
}
