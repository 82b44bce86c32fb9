/* Names in directories and their cache (fs/vfs.h).
 *
 * dentry_lock covers every list and link here. A child holds a reference to its parent. An entry without references
 * stays in the cache, in the list of unused ones, oldest first, of which only so many are kept; a kept one (DENTRY_KEPT)
 * has a reference of its own. Entries die outside the lock: inodes are put there, which may sleep.
 */
#include <core/log.h>
#include <core/ref.h>
#include <core/slab.h>
#include <fs/notify.h>
#include <fs/vfs.h>
#include <linux/errno.h>

COMPONENT("vfs", "files, paths, mounts and descriptors");

#define BUCKETS_FIRST 128u
#define UNUSED_MAX    2048u /* cached entries that nobody holds: some 300 KiB */
#define DT_UNKNOWN_   0u

struct spinlock dentry_lock = SPINLOCK_INIT(RANK_DENTRY);

static struct dentry *buckets_first[BUCKETS_FIRST];
static struct dentry **buckets = buckets_first; /* dentry_lock, as all below */
static uint32_t bucket_mask = BUCKETS_FIRST - 1;
static uint32_t hashed_count;
static struct list unused_list = LIST_INIT(unused_list);
static uint32_t unused_count;
static uint64_t last_position = 2; /* behind "." and ".." */

uint32_t dentry_hash_name(const char *name, size_t len)
{
	uint32_t hash = 0;

	for (size_t i = 0; i < len; i++)
		hash = DENTRY_HASH_STEP(hash, name[i]);
	return hash;
}

static inline uint32_t hash_in(const struct dentry *dir, uint32_t name_hash)
{
	return (name_hash ^ (uint32_t)((uintptr_t)dir >> 4)) * 0x85ebca6bu;
}
static inline struct dentry **bucket_of(uint32_t hash)
{
	return &buckets[(hash >> 8) & bucket_mask];
}

/* Names are short: this is what memcmp() would do, without the call. */
static inline bool same_name(const char *a, const char *b, size_t len)
{
	uint64_t x, y;

	if (len >= 8) {
		for (size_t i = 0; i + 8 <= len; i += 8) {
			memcpy(&x, a + i, 8);
			memcpy(&y, b + i, 8);
			if (x != y)
				return false;
		}
		memcpy(&x, a + len - 8, 8);
		memcpy(&y, b + len - 8, 8);
		return x == y;
	}
	for (size_t i = 0; i < len; i++)
		if (a[i] != b[i])
			return false;
	return true;
}

struct dentry *dentry_find_locked(struct dentry *dir, const char *name, size_t len, uint32_t name_hash)
{
	uint32_t hash = hash_in(dir, name_hash);
	struct dentry *d;

	for (d = *bucket_of(hash); d; d = d->hash_next)
		if (d->hash == hash && d->parent == dir && d->name_len == len && same_name(d->name, name, len))
			break;
	return d;
}

/* Twice the buckets, so that chains stay short; without memory they grow longer, that is all. */
static void buckets_grow_locked(void)
{
	uint32_t old_count = bucket_mask + 1, count = old_count * 2;
	struct dentry **old = buckets, **now = kmalloc(count * sizeof(*now));

	if (!now)
		return;
	memset(now, 0, count * sizeof(*now));
	buckets = now;
	bucket_mask = count - 1;
	for (uint32_t i = 0; i < old_count; i++) {
		struct dentry *d, *next;

		for (d = old[i]; d; d = next) {
			struct dentry **b = bucket_of(d->hash);

			next = d->hash_next;
			d->hash_next = *b;
			*b = d;
		}
	}
	if (old != buckets_first)
		kfree(old);
}

static void dentry_hash_locked(struct dentry *d)
{
	struct dentry **b;

	if (d->flags & DENTRY_HASHED)
		return;
	if (unlikely(++hashed_count > (bucket_mask + 1) * 2))
		buckets_grow_locked();
	d->hash = hash_in(d->parent, dentry_hash_name(d->name, d->name_len));
	b = bucket_of(d->hash);
	d->hash_next = *b;
	*b = d;
	d->flags |= DENTRY_HASHED;
	d->position = ++last_position;
	list_add_tail(&d->parent->children, &d->sibling);
}

static void dentry_unhash_locked(struct dentry *d)
{
	struct dentry **b;

	if (!(d->flags & DENTRY_HASHED))
		return;
	for (b = bucket_of(d->hash); *b != d; b = &(*b)->hash_next)
		;
	*b = d->hash_next;
	d->flags &= (uint8_t)~DENTRY_HASHED;
	hashed_count--;
	list_del(&d->sibling);
}

static struct dentry *dentry_alloc(struct dentry *parent, const char *name, size_t len)
{
	struct dentry *d = kmalloc(sizeof(*d));
	char *text;

	if (!d)
		return NULL;
	text = len < sizeof(d->short_name) ? d->short_name : kmalloc(len + 1);
	if (!text) {
		kfree(d);
		return NULL;
	}
	memcpy(text, name, len);
	text[len] = '\0';
	d->name = text;
	d->name_len = (uint16_t)len;
	d->hash_next = NULL;
	d->parent = parent ? parent : d;
	d->inode = NULL;
	d->refs = 1;
	d->flags = 0;
	d->type = DT_UNKNOWN_;
	d->mounts = 0;
	list_init(&d->children);
	list_init(&d->sibling);
	list_init(&d->unused);
	d->position = 0;
	d->private = 0;
	if (parent)
		dentry_get(parent);
	return d;
}

static uint8_t type_of_mode(uint32_t mode)
{
	return (uint8_t)((mode & S_IFMT) >> 12); /* DT_* are made so */
}

struct dentry *dentry_root(struct inode *inode)
{
	struct dentry *d = dentry_alloc(NULL, "/", 1);

	if (!d) {
		inode_put(inode);
		return NULL;
	}
	d->inode = inode;
	d->type = type_of_mode(inode->mode);
	inode->alias = d;
	return d;
}

void dentry_reuse_(struct dentry *d)
{
	list_del(&d->unused);
	d->flags &= (uint8_t)~DENTRY_UNUSED;
	unused_count--;
}

/* @d has no reference: out of every list, onto the chain of the dead; its parent may follow it. */
static void dentry_kill_locked(struct dentry *d, struct dentry **dead)
{
	for (;;) {
		struct dentry *parent = d->parent;

		if (d->flags & DENTRY_UNUSED)
			dentry_reuse_(d);
		dentry_unhash_locked(d);
		if (d->inode && d->inode->alias == d)
			d->inode->alias = NULL;
		d->hash_next = *dead;
		*dead = d;
		if (parent == d || !ref_put(&parent->refs))
			return;
		d = parent; /* only this child held it */
	}
}

static void dentry_bury(struct dentry *dead)
{
	while (dead) {
		struct dentry *next = dead->hash_next;

		if (dead->inode) {
			if (!READ_ONCE(dead->inode->nlink))
				notify_inode(dead->inode, IN_DELETE_SELF);
			inode_put(dead->inode);
		}
		if (dead->name != dead->short_name)
			kfree(dead->name);
		kfree(dead);
		dead = next;
	}
}

/* Give up a reference under the lock. */
static void dentry_put_locked(struct dentry *d, struct dentry **dead)
{
	if (!ref_put(&d->refs))
		return;
	if (!(d->flags & DENTRY_HASHED) || d->parent->inode->super->uncached) {
		dentry_kill_locked(d, dead);
		return;
	}
	d->flags |= DENTRY_UNUSED;
	list_add_tail(&unused_list, &d->unused);
	if (++unused_count > UNUSED_MAX)
		dentry_kill_locked(list_first(&unused_list, struct dentry, unused), dead);
}

void dentry_put(struct dentry *d)
{
	uint32_t refs = __atomic_load_n(&d->refs, __ATOMIC_RELAXED);
	struct dentry *dead = NULL;

	while (likely(refs > 1))
		if (likely(__atomic_compare_exchange_n(&d->refs, &refs, refs - 1, true, __ATOMIC_RELEASE,
						       __ATOMIC_RELAXED)))
			return;
	spin_lock(&dentry_lock);
	dentry_put_locked(d, &dead);
	spin_unlock(&dentry_lock);
	dentry_bury(dead);
}

unsigned dentry_shrink(unsigned count)
{
	struct dentry *dead = NULL;
	unsigned done = 0;

	spin_lock(&dentry_lock);
	while (done < count && !list_empty(&unused_list)) {
		dentry_kill_locked(list_first(&unused_list, struct dentry, unused), &dead);
		done++;
	}
	spin_unlock(&dentry_lock);
	dentry_bury(dead);
	return done;
}

int dentry_populate(struct dentry *dir)
{
	struct inode *inode = dir->inode;
	int r;

	if (dir->flags & DENTRY_COMPLETE || !inode->ops->populate)
		return 0;
	r = inode->ops->populate(inode, dir);
	if (!r) {
		spin_lock(&dentry_lock);
		dir->flags |= DENTRY_COMPLETE;
		spin_unlock(&dentry_lock);
	}
	return r;
}

struct dentry *dentry_lookup(struct dentry *dir, const char *name, size_t len)
{
	struct inode *inode = dir->inode;
	struct dentry *d;
	int r;

	r = dentry_populate(dir);
	if (r)
		return err_ptr(r);
	spin_lock(&dentry_lock);
	d = dentry_find_locked(dir, name, len, dentry_hash_name(name, len));
	if (d)
		dentry_get_locked(d);
	spin_unlock(&dentry_lock);
	if (d) {
		r = d->flags & DENTRY_LAZY ? inode->ops->instantiate(inode, d) : 0;
		if (r) {
			dentry_put(d);
			return err_ptr(r);
		}
		return d;
	}
	d = dentry_alloc(dir, name, len);
	if (!d)
		return err_ptr(-ENOMEM);
	if (dir->flags & DENTRY_COMPLETE)
		return d;
	r = inode->ops->lookup ? inode->ops->lookup(inode, d) : 0;
	if (r) {
		dentry_put(d);
		return err_ptr(r);
	}
	spin_lock(&dentry_lock);
	dentry_hash_locked(d);
	spin_unlock(&dentry_lock);
	return d;
}

struct dentry *dentry_resolve(struct dentry *dir, const char *name, size_t len)
{
	struct dentry *d;

	mutex_lock(&dir->inode->lock);
	d = dentry_lookup(dir, name, len);
	mutex_unlock(&dir->inode->lock);
	if (!is_err(d) && !d->inode) {
		dentry_put(d);
		return err_ptr(-ENOENT);
	}
	return d;
}

void dentry_attach(struct dentry *d, struct inode *inode, bool keep)
{
	spin_lock(&dentry_lock);
	d->inode = inode;
	d->type = type_of_mode(inode->mode);
	d->flags &= (uint8_t)~DENTRY_LAZY;
	inode->alias = d;
	if (keep) {
		d->flags |= DENTRY_KEPT;
		dentry_get(d);
	}
	dentry_hash_locked(d);
	spin_unlock(&dentry_lock);
}

int dentry_add_lazy(struct dentry *dir, const char *name, size_t len, unsigned type, uint64_t what)
{
	struct dentry *d = dentry_alloc(dir, name, len);
	int r = 0;

	if (!d)
		return -ENOMEM;
	d->type = (uint8_t)type;
	d->private = what;
	spin_lock(&dentry_lock);
	if (dentry_find_locked(dir, name, len, dentry_hash_name(name, len))) {
		r = -EEXIST;
	} else {
		d->flags = DENTRY_LAZY | DENTRY_KEPT;
		dentry_hash_locked(d);
	}
	spin_unlock(&dentry_lock);
	if (r)
		dentry_put(d);
	return r;
}

struct dentry *dentry_add(struct dentry *dir, const char *name, struct inode *inode)
{
	struct dentry *d = dentry_alloc(dir, name, strlen(name));

	if (!d) {
		inode_put(inode);
		return NULL;
	}
	dentry_attach(d, inode, true);
	dentry_put(d); /* kept */
	return d;
}

struct dentry *dentry_nameless(struct dentry *parent, const char *name, struct inode *inode)
{
	struct dentry *d = dentry_alloc(parent, name, strlen(name));

	if (!d) {
		inode_put(inode);
		return NULL;
	}
	d->inode = inode;
	d->type = type_of_mode(inode->mode);
	spin_lock(&dentry_lock);
	inode->alias = d;
	spin_unlock(&dentry_lock);
	return d;
}

void dentry_detach(struct dentry *d)
{
	struct dentry *dead = NULL;

	spin_lock(&dentry_lock);
	dentry_unhash_locked(d);
	if (d->flags & DENTRY_KEPT) {
		d->flags &= (uint8_t)~DENTRY_KEPT;
		dentry_put_locked(d, &dead);
	}
	spin_unlock(&dentry_lock);
	dentry_bury(dead);
}

static void swap_names(struct dentry *a, struct dentry *b)
{
	bool a_short = a->name == a->short_name, b_short = b->name == b->short_name;
	const char *a_name = a->name, *b_name = b->name;
	char text[sizeof(a->short_name)];
	uint16_t len = a->name_len;

	memcpy(text, a->short_name, sizeof(text));
	memcpy(a->short_name, b->short_name, sizeof(text));
	memcpy(b->short_name, text, sizeof(text));
	a->name = b_short ? a->short_name : b_name;
	b->name = a_short ? b->short_name : a_name;
	a->name_len = b->name_len;
	b->name_len = len;
}

void dentry_move(struct dentry *d, struct dentry *target, bool exchange)
{
	struct dentry *dead = NULL, *parent;

	spin_lock(&dentry_lock);
	dentry_unhash_locked(d);
	dentry_unhash_locked(target);
	swap_names(d, target);
	parent = d->parent; /* each brings its reference along */
	d->parent = target->parent;
	target->parent = parent;
	dentry_hash_locked(d);
	if (exchange) {
		dentry_hash_locked(target);
	} else if (target->flags & DENTRY_KEPT) {
		target->flags &= (uint8_t)~DENTRY_KEPT;
		dentry_put_locked(target, &dead);
	}
	spin_unlock(&dentry_lock);
	dentry_bury(dead);
}

bool dentry_is_below(struct dentry *d, struct dentry *ancestor)
{
	bool below = true;

	spin_lock(&dentry_lock);
	while (d != ancestor) {
		if (d->parent == d) {
			below = false;
			break;
		}
		d = d->parent;
	}
	spin_unlock(&dentry_lock);
	return below;
}

bool dentry_has_children(struct dentry *dir)
{
	struct dentry *d;
	bool any = false;

	spin_lock(&dentry_lock);
	list_for_each(d, &dir->children, sibling) {
		any = d->inode || d->flags & DENTRY_LAZY;
		if (any)
			break;
	}
	spin_unlock(&dentry_lock);
	return any;
}

/* The directory's lock is held, so that entries stay: only the list itself needs dentry_lock. */
static int readdir_locked(struct dentry *dir, struct dir_context *ctx)
{
	struct dentry *d, *next;
	int r = dentry_populate(dir);

	if (r)
		return r;
	if (ctx->pos == 0) {
		if (!ctx->emit(ctx, ".", 1, dir->inode->ino, type_of_mode(S_IFDIR), 1))
			return 0;
		ctx->pos = 1;
	}
	if (ctx->pos == 1) {
		if (!ctx->emit(ctx, "..", 2, dir->parent->inode->ino, type_of_mode(S_IFDIR), 2))
			return 0;
		ctx->pos = 2;
	}
	spin_lock(&dentry_lock);
	list_for_each(d, &dir->children, sibling)
		if ((off_t)d->position > ctx->pos)
			break;
	spin_unlock(&dentry_lock);
	while (&d->sibling != &dir->children) {
		bool there = d->inode || d->flags & DENTRY_LAZY;

		if (there && !ctx->emit(ctx, d->name, d->name_len, d->inode ? d->inode->ino : d->private, d->type,
					(off_t)d->position))
			break;
		ctx->pos = (off_t)d->position;
		spin_lock(&dentry_lock);
		next = list_first(&d->sibling, struct dentry, sibling);
		spin_unlock(&dentry_lock);
		d = next;
	}
	return 0;
}

int dentry_readdir(struct file *f, struct dir_context *ctx)
{
	int r;

	mutex_lock(&f->inode->lock);
	r = readdir_locked(f->dentry, ctx);
	mutex_unlock(&f->inode->lock);
	return r;
}

void dentry_discard_tree(struct dentry *root)
{
	struct dentry *d = root;

	spin_lock(&dentry_lock);
	for (;;) {
		struct dentry *dead = NULL;

		while (!list_empty(&d->children))
			d = list_first(&d->children, struct dentry, sibling);
		if (d == root)
			break;
		if (d->flags & DENTRY_UNUSED) {
			dentry_kill_locked(d, &dead);
		} else {
			dentry_unhash_locked(d);
			if (d->flags & DENTRY_KEPT) {
				d->flags &= (uint8_t)~DENTRY_KEPT;
				dentry_put_locked(d, &dead);
			}
		}
		spin_unlock(&dentry_lock);
		dentry_bury(dead);
		spin_lock(&dentry_lock);
		d = root;
	}
	spin_unlock(&dentry_lock);
}
