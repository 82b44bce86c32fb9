/* Disks as files: /dev/vda and its like (fs/dev/blockfile.h). Contents go through a page cache, one a disk, which all who
 * open it share; ioctls as in Linux's <linux/fs.h>.
 *
 * A page that is written to is dirty from then on, and stays until it was written back: by fsync, msync, sync, the last
 * close, a thread some seconds later, when there are too many, when memory is short, and when the program ends. Whether a
 * mapping wrote to a page is not asked of page tables: a page is writable there only while it is dirty. Written back in
 * this order: the page is clean, all mappings of it are read-only, it goes out. Whoever writes in between is either in
 * time, or faults and makes it dirty again.
 * O_DIRECT and O_SYNC write back before the call returns; reads are cached all the same.
 * Locking: sync_lock while pages are on their way out; lock while pages are read or discarded; the cache's own for dirty.
 */
#include <core/init.h>
#include <core/log.h>
#include <core/slab.h>
#include <drivers/block.h>
#include <fs/dev/blockfile.h>
#include <fs/dev/devnode.h>
#include <fs/reclaim.h>
#include <linux/capability.h>
#include <linux/errno.h>
#include <linux/fs.h>
#include <linux/mman.h>
#include <mm/mm.h>

COMPONENT("block-files", "disks as files: /dev/vda");

#define AHEAD         16u  /* pages read at once */
#define RECLAIM_TRIES 1000u  /* of a transfer for which there is no memory, as long as some becomes free */
#define DIRTY_SHARE   8u   /* part of memory that may be dirty */
#define WAIT_NS       (5 * NSEC_PER_SEC)

struct disk_file {
	struct vm_object object;
	struct block_device *device; /* I */
	struct page_cache pages;
	struct clean_cache clean;
	struct mutex sync_lock;      /* RANK_WRITE_BACK */
	struct mutex lock;           /* RANK_DISK */
	uint64_t dirty;              /* a: pages */
	uint32_t opens;              /* a */
	bool mapped;                 /* a: was ever mapped */
	int error;                   /* a: of writing back, for the next who asks; 0 or -EIO */
};

static struct wait_queue dirty_wait = WAIT_QUEUE_INIT(dirty_wait); /* the thread waits until something is dirty */

static struct disk_file *disk_of(const struct file *f)
{
	return f->private;
}

static uint64_t dirty_max(void)
{
	return page_total() / DIRTY_SHARE;
}

/* ---- Writing back ---- */

static void set_dirty(struct disk_file *d, uint64_t index, struct page *page)
{
	if (page_cache_set_dirty(&d->pages, index, page) && !__atomic_fetch_add(&d->dirty, 1, __ATOMIC_RELAXED))
		wait_queue_wake(&dirty_wait, 0);
}

/* Dirty pages in a row, from *@index on or behind it, up to @last; they are clean now. Return: how many. */
static unsigned take_dirty(struct disk_file *d, uint64_t *index, uint64_t last, struct page **pages)
{
	uint64_t at;
	unsigned n = 0;

	if (!__atomic_load_n(&d->dirty, __ATOMIC_RELAXED))
		return 0;
	pages[0] = page_cache_take_dirty(&d->pages, *index, last, index);
	while (pages[n] && ++n < BLOCK_PIECES_MAX && *index + n <= last)
		pages[n] = page_cache_take_dirty(&d->pages, *index + n, *index + n, &at);
	__atomic_fetch_sub(&d->dirty, n, __ATOMIC_RELAXED);
	return n;
}

/* Bytes of page @index that the disk has. */
static uint32_t page_bytes(const struct disk_file *d, uint64_t index)
{
	return (uint32_t)MIN(d->device->size - (index << PAGE_SHIFT), PAGE_SIZE);
}

/* Pages @first to @last. Return: how many were written; what fails is noted. */
static size_t write_back(struct disk_file *d, uint64_t first, uint64_t last)
{
	struct block_piece pieces[BLOCK_PIECES_MAX];
	struct page *pages[BLOCK_PIECES_MAX];
	size_t done = 0;
	unsigned n;

	mutex_lock(&d->sync_lock);
	while (first <= last && (n = take_dirty(d, &first, last, pages)) != 0) {
		if (READ_ONCE(d->mapped))
			mm_object_protect(&d->object, first, n);
		for (unsigned i = 0; i < n; i++)
			pieces[i] = (struct block_piece){ page_address(pages[i]), page_bytes(d, first + i) };
		if (block_transfer(d->device, true, first << PAGE_SHIFT, pieces, n))
			WRITE_ONCE(d->error, -EIO);
		for (unsigned i = 0; i < n; i++)
			page_put(pages[i]);
		first += n;
		done += n;
	}
	mutex_unlock(&d->sync_lock);
	return done;
}

/* All of [@first, @last] is at the disk, and lasts. 0 or -EIO. */
static int write_through(struct disk_file *d, uint64_t first, uint64_t last)
{
	int r;

	(void)write_back(d, first, last);
	r = block_flush(d->device);
	return __atomic_exchange_n(&d->error, 0, __ATOMIC_RELAXED) ? -EIO : r;
}

/* The next disk that was opened before, from number *@i on. */
static struct disk_file *next_disk(unsigned *i)
{
	struct block_device *device;

	while ((device = block_at(*i)) != NULL) {
		struct disk_file *d = __atomic_load_n(&device->file, __ATOMIC_ACQUIRE);

		++*i;
		if (d)
			return d;
	}
	return NULL;
}

static uint64_t dirty_pages(void)
{
	struct disk_file *d;
	uint64_t n = 0;

	for (unsigned i = 0; (d = next_disk(&i)) != NULL;)
		n += __atomic_load_n(&d->dirty, __ATOMIC_RELAXED);
	return n;
}

static void sync_all(void)
{
	struct disk_file *d;

	for (unsigned i = 0; (d = next_disk(&i)) != NULL;)
		if (write_back(d, 0, UINT64_MAX))
			(void)block_flush(d->device); /* nobody to tell; the next fsync of who wrote is */
}

static void write_back_thread(void *unused)
{
	for (;;) {
		wait_event(&dirty_wait, dirty_pages());
		(void)thread_sleep_until(clock_monotonic_ns() + WAIT_NS, false);
		sync_all();
	}
}

static size_t reclaim(size_t wanted, enum page_reclaim how)
{
	struct disk_file *d;
	size_t done = 0;

	if (how == PAGE_RECLAIM_WAIT)
		for (unsigned i = 0; (d = next_disk(&i)) != NULL;)
			done += write_back(d, 0, UINT64_MAX);
	return done;
}

/* ---- Pages ---- */

/* Read page @index, and some behind it that are not there. */
static int read_pages(struct disk_file *d, uint64_t index)
{
	uint64_t pages_of_disk = (d->device->size + PAGE_SIZE - 1) >> PAGE_SHIFT;
	struct block_piece pieces[AHEAD];
	struct page *pages[AHEAD];
	unsigned n = 0;
	int r;

	while (n < AHEAD && index + n < pages_of_disk && (!n || page_cache_next(&d->pages, index + n) != index + n)) {
		uint32_t bytes = page_bytes(d, index + n);

		pages[n] = page_alloc(0, bytes < PAGE_SIZE ? PAGE_ZERO : 0);
		if (!pages[n])
			break;
		pieces[n] = (struct block_piece){ page_address(pages[n]), bytes };
		n++;
	}
	r = n ? block_transfer(d->device, false, index << PAGE_SHIFT, pieces, n) : -ENOMEM;
	for (unsigned i = 0; i < n; i++) {
		int inserted = r ? r : page_cache_insert(&d->pages, index + i, pages[i]);

		page_put(pages[i]);
		if (!i && inserted != -EEXIST)
			r = inserted; /* of those behind it does not matter */
	}
	clean_cache_list(&d->clean);
	return r;
}

static int get_page(struct disk_file *d, uint64_t index, struct page **out)
{
	int r = 0;

	while ((*out = page_cache_find(&d->pages, index)) == NULL && !r) {
		mutex_lock(&d->lock);
		if (page_cache_next(&d->pages, index) != index)
			r = read_pages(d, index);
		mutex_unlock(&d->lock);
	}
	if (*out)
		page_cache_used(*out);
	return *out ? 0 : r;
}

static struct disk_file *disk_of_object(struct vm_object *o)
{
	return container_of(o, struct disk_file, object);
}

static int object_page(struct vm_object *o, uint64_t index, bool write, struct vm_page *out)
{
	struct disk_file *d = disk_of_object(o);
	struct page *page;
	int r;

	if (index >= (d->device->size + PAGE_SIZE - 1) >> PAGE_SHIFT)
		return -EFAULT;
	/* Who faults lets go of its locks, and has pages written back. */
	if (write && __atomic_load_n(&d->dirty, __ATOMIC_RELAXED) > dirty_max())
		return -ENOMEM;
	r = get_page(d, index, &page);
	if (r)
		return r;
	if (write)
		set_dirty(d, index, page);
	*out = (struct vm_page){ page_paddr(page), page };
	return 0;
}

static unsigned object_resident(struct vm_object *o, uint64_t index, unsigned count, struct vm_page *out)
{
	struct disk_file *d = disk_of_object(o);
	unsigned n = 0;

	while (n < count && (out[n].page = page_cache_find(&d->pages, index + n)) != NULL) {
		out[n].paddr = page_paddr(out[n].page);
		n++;
	}
	return n;
}

static int object_sync(struct vm_object *o, uint64_t index, uint64_t count)
{
	return write_through(disk_of_object(o), index, index + count - 1);
}

/* A disk stays. */
static void object_get(struct vm_object *o)
{
}

static void object_describe(struct vm_object *o, char *path, size_t size, uint64_t *inode, uint32_t *device)
{
	format_text(path, size, "/dev/%s", disk_of_object(o)->device->name);
}

static const struct vm_object_ops object_ops = {
	.page = object_page,
	.resident = object_resident,
	.sync = object_sync,
	.get = object_get,
	.put = object_get,
	.describe = object_describe,
};

/* ---- The file ---- */

/* O_DIRECT: whole sectors only. */
static bool aligned(const struct file *f, const struct io *io, off_t pos)
{
	return !(f->flags & O_DIRECT) || !(((uint64_t)pos | io->left) % BLOCK_SECTOR);
}

/* Bytes from @at on, below the disk's end, that are in one page. */
static size_t part_of_page(const struct disk_file *d, uint64_t at, const struct io *io)
{
	size_t n = MIN(PAGE_SIZE - at % PAGE_SIZE, io->left);

	return (size_t)MIN((uint64_t)n, d->device->size - at);
}

static ssize_t block_read(struct file *f, struct io *io, off_t *pos)
{
	struct disk_file *d = disk_of(f);
	uint64_t at = (uint64_t)*pos, size = d->device->size;
	unsigned tries = RECLAIM_TRIES;
	size_t done = 0;
	int r = 0;

	if (!aligned(f, io, *pos))
		return -EINVAL;
	while (io->left && at < size) {
		size_t offset = at % PAGE_SIZE, n = part_of_page(d, at, io), moved;
		struct page *page;

		r = get_page(d, at >> PAGE_SHIFT, &page);
		if (r == -ENOMEM && tries-- && page_reclaim_wait())
			continue;
		if (r)
			break;
		moved = io_put(io, (char *)page_address(page) + offset, n);
		page_put(page);
		at += moved;
		done += moved;
		if (moved < n) {
			r = -EFAULT;
			break;
		}
	}
	*pos = (off_t)at;
	return done ? (ssize_t)done : r;
}

/* The program's @page becomes page @index. 0 or -EIO. */
static int put_page(struct disk_file *d, uint64_t index, struct page *page)
{
	struct block_piece piece = { page_address(page), PAGE_SIZE };
	struct page *there;
	int r;

	while ((r = page_cache_insert(&d->pages, index, page)) == -EEXIST) {
		there = page_cache_find(&d->pages, index);
		if (!there)
			continue;
		page_copy(page_address(there), page_address(page));
		set_dirty(d, index, there);
		page_put(there);
		return 0;
	}
	if (!r) {
		set_dirty(d, index, page);
		clean_cache_list(&d->clean);
		return 0;
	}
	mutex_lock(&d->lock); /* no memory for the cache's node: past the cache, then */
	r = block_transfer(d->device, true, index << PAGE_SHIFT, &piece, 1);
	mutex_unlock(&d->lock);
	return r ? -EIO : 0;
}

/* A whole page, which need not be read before. Return: bytes moved; -ENOMEM: none; -EIO. */
static ssize_t write_whole(struct disk_file *d, struct io *io, uint64_t index)
{
	struct page *page = page_alloc(0, 0), *there;
	size_t moved;
	int r;

	if (!page)
		return -ENOMEM;
	moved = io_get(io, page_address(page), PAGE_SIZE);
	if (moved == PAGE_SIZE) {
		r = put_page(d, index, page);
	} else {
		/* The program's bytes end in the middle, and what is behind stays. */
		r = !moved || get_page(d, index, &there) ? -EFAULT : 0;
		if (!r) {
			memcpy(page_address(there), page_address(page), moved);
			set_dirty(d, index, there);
			page_put(there);
		}
	}
	page_put(page);
	return r ? r : (ssize_t)moved;
}

static ssize_t write_part(struct disk_file *d, struct io *io, uint64_t at, size_t n)
{
	struct page *page;
	size_t moved;
	int r = get_page(d, at >> PAGE_SHIFT, &page);

	if (r)
		return r;
	moved = io_get(io, (char *)page_address(page) + at % PAGE_SIZE, n);
	if (moved)
		set_dirty(d, at >> PAGE_SHIFT, page);
	page_put(page);
	return moved ? (ssize_t)moved : -EFAULT;
}

static ssize_t block_write(struct file *f, struct io *io, off_t *pos)
{
	struct disk_file *d = disk_of(f);
	uint64_t at = (uint64_t)*pos, size = d->device->size, from = at;
	unsigned tries = RECLAIM_TRIES;
	ssize_t r = 0;

	if (d->device->read_only)
		return -EPERM;
	if (!aligned(f, io, *pos))
		return -EINVAL;
	if (at >= size && io->left)
		return -ENOSPC;
	while (io->left && at < size) {
		size_t n = part_of_page(d, at, io);

		if (__atomic_load_n(&d->dirty, __ATOMIC_RELAXED) > dirty_max())
			(void)write_back(d, 0, UINT64_MAX);
		r = n == PAGE_SIZE ? write_whole(d, io, at >> PAGE_SHIFT) : write_part(d, io, at, n);
		if (r == -ENOMEM && tries-- && page_reclaim_wait())
			continue;
		if (r < 0)
			break;
		at += (uint64_t)r;
	}
	if (at > from && f->flags & (O_DIRECT | O_DSYNC)) {
		int written = f->flags & O_DSYNC ? write_through(d, from >> PAGE_SHIFT, (at - 1) >> PAGE_SHIFT) : 0;

		if (!(f->flags & O_DSYNC))
			(void)write_back(d, from >> PAGE_SHIFT, (at - 1) >> PAGE_SHIFT);
		if (written || __atomic_exchange_n(&d->error, 0, __ATOMIC_RELAXED))
			return -EIO;
	}
	*pos = (off_t)at;
	return at > from ? (ssize_t)(at - from) : r;
}

static off_t block_seek(struct file *f, off_t offset, int whence)
{
	return file_seek_within(f, (off_t)disk_of(f)->device->size, offset, whence);
}

static int block_fsync(struct file *f, bool data_only)
{
	return write_through(disk_of(f), 0, UINT64_MAX);
}

static int block_mmap(struct file *f, struct vm_object **object, unsigned prot, unsigned flags)
{
	struct disk_file *d = disk_of(f);

	if (d->device->read_only && prot & PROT_WRITE && (flags & MAP_TYPE) != MAP_PRIVATE)
		return -EACCES;
	WRITE_ONCE(d->mapped, true);
	*object = &d->object;
	return 0;
}

/* Sectors that are not needed any more read as anything; pages that show them are let go. */
static int discard(struct disk_file *d, uint64_t offset, uint64_t n)
{
	uint64_t first = offset >> PAGE_SHIFT, last = (offset + n - 1) >> PAGE_SHIFT;
	int r;

	(void)write_back(d, first, last); /* its first and last page may have something else as well */
	if (READ_ONCE(d->mapped))
		mm_object_truncated(&d->object, first);
	mutex_lock(&d->lock);
	for (uint64_t i = first; (i = page_cache_next(&d->pages, i)) <= last; i++)
		(void)page_cache_remove(&d->pages, i);
	r = block_discard(d->device, offset, n);
	mutex_unlock(&d->lock);
	return r == -EROFS ? -EPERM : r;
}

static long discard_range(struct file *f, const uint64_t __user *arg)
{
	struct disk_file *d = disk_of(f);
	uint64_t range[2];

	if (!FILE_WRITABLE(f))
		return -EBADF;
	if (!d->device->discard_max)
		return -EOPNOTSUPP;
	if (copy_from_user(range, arg, sizeof(range)))
		return -EFAULT;
	if ((range[0] | range[1]) % BLOCK_SECTOR || !range[1] || range[0] > d->device->size ||
	    range[1] > d->device->size - range[0])
		return -EINVAL;
	return discard(d, range[0], range[1]);
}

static long put_number(unsigned long arg, uint64_t value, size_t size)
{
	return copy_to_user((void __user *)arg, &value, size) ? -EFAULT : 0; /* little-endian */
}

static long block_ioctl(struct file *f, unsigned cmd, unsigned long arg)
{
	struct disk_file *d = disk_of(f);

	switch (cmd) {
	case BLKGETSIZE64:
		return put_number(arg, d->device->size, sizeof(uint64_t));
	case BLKGETSIZE:
		return put_number(arg, d->device->size / BLOCK_SECTOR, sizeof(unsigned long));
	case BLKSSZGET:
	case BLKPBSZGET:
	case BLKIOMIN:
		return put_number(arg, BLOCK_SECTOR, sizeof(int));
	case BLKBSZGET:
		return put_number(arg, PAGE_SIZE, sizeof(int));
	case BLKROGET:
		return put_number(arg, d->device->read_only, sizeof(int));
	case BLKFLSBUF:
		if (!(current->process->credentials.cap_effective >> CAP_SYS_ADMIN & 1))
			return -EACCES;
		return write_through(d, 0, UINT64_MAX);
	case BLKDISCARD:
		return discard_range(f, (const uint64_t __user *)arg);
	}
	return -ENOTTY;
}

static void block_release(struct file *f)
{
	struct disk_file *d = disk_of(f);

	if (__atomic_sub_fetch(&d->opens, 1, __ATOMIC_ACQ_REL) == 0 && write_back(d, 0, UINT64_MAX))
		(void)block_flush(d->device); /* who wants to know calls fsync */
}

static const struct file_ops block_ops = {
	.read = block_read,
	.write = block_write,
	.seek = block_seek,
	.mmap = block_mmap,
	.fsync = block_fsync,
	.ioctl = block_ioctl,
	.release = block_release,
};

/* ---- Disks ---- */

static struct mutex make_lock = MUTEX_INIT(make_lock, RANK_WRITE_BACK); /* making struct disk_file, and the thread */

static struct disk_file *make_disk(struct block_device *device)
{
	struct disk_file *d = kzalloc(sizeof(*d));

	if (!d)
		return NULL;
	d->object.ops = &object_ops;
	d->device = device;
	page_cache_init(&d->pages);
	clean_cache_init(&d->clean, &d->pages);
	mutex_init(&d->sync_lock, RANK_WRITE_BACK);
	mutex_init(&d->lock, RANK_DISK);
	__atomic_store_n(&device->file, d, __ATOMIC_RELEASE);
	return d;
}

static void start_thread(void)
{
	static bool started; /* make_lock */
	struct thread *t = started ? NULL : thread_create("writeback", NULL, write_back_thread, NULL);

	if (!t)
		return; /* without it, less is written back, that is all */
	started = true;
	thread_start(t);
	thread_put(t);
}

static int block_open(struct inode *inode, struct file *f)
{
	unsigned minor = (unsigned)((inode->rdev & 0xff) | (inode->rdev >> 12 & ~0xfful));
	struct block_device *device = block_at(minor / BLOCK_MINORS);
	struct disk_file *d;

	if ((inode->rdev >> 8 & 0xfff) != BLOCK_MAJOR || minor % BLOCK_MINORS || !device)
		return -ENXIO;
	mutex_lock(&make_lock);
	d = device->file ? device->file : make_disk(device);
	if (d && FILE_WRITABLE(f))
		start_thread();
	mutex_unlock(&make_lock);
	if (!d)
		return -ENOMEM;
	__atomic_add_fetch(&d->opens, 1, __ATOMIC_RELAXED);
	f->ops = &block_ops;
	f->private = d;
	return 0;
}

static bool block_describe(unsigned index, const char **name, uint32_t *rdev)
{
	const struct block_device *device = block_at(index);

	if (!device)
		return false;
	*name = device->name;
	*rdev = DEVNODE_NUMBER(BLOCK_MAJOR, index * BLOCK_MINORS);
	return true;
}
SET_ENTRY(blockfile, disks, struct blockfile) = { "disks", block_describe, block_open, sync_all };

static struct page_reclaimer reclaimer = { .reclaim = reclaim };

static void block_files_init(void)
{
	page_reclaim_register(&reclaimer);
}
INITCALL(12, block_files_init);
