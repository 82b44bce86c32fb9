/* EROFS on a disk: a window of the kernel's addresses as long as the image, whose stretches are read when they are first
 * looked at, and stay. Inodes, directories, tables and attributes are read through it; contents of files are not.
 *
 * Bits of @present are set under the lock, after the stretch was mapped, and looked at without it.
 * Left out: giving memory back before the file system is unmounted (addresses never are).
 */
#include <arch/mmu.h>
#include <core/log.h>
#include <core/slab.h>
#include <drivers/block.h>
#include <fs/erofs/erofs.h>
#include <linux/errno.h>

COMPONENT("erofs-disk", "EROFS on disks");

/* What a profile names to have this file: the function has a weak default, which would satisfy its own name. */
extern const char erofs_disk[];
const char erofs_disk[] = "erofs-disk";

#define STRETCH_ORDER 3u /* of pages */
#define STRETCH_BYTES (PAGE_SIZE << STRETCH_ORDER)
#define IMAGE_MOST    (64ull << 30) /* bytes: the kernel's addresses for such things are some 256 GiB */

struct disk {
	struct erofs_disk erofs;
	struct block_device *device; /* I */
	uint64_t window;             /* I: address */
	uint64_t size;               /* I: bytes of the image, within the device */
	struct mutex lock;           /* RANK_DISK: reading stretches */
	uint64_t *present;           /* owned; a: a bit for each stretch */
	size_t present_pages;        /* I: of that memory */
};

static bool is_present(const struct disk *d, uint64_t stretch)
{
	return __atomic_load_n(&d->present[stretch / 64], __ATOMIC_ACQUIRE) >> stretch % 64 & 1;
}

static bool load_stretch_locked(struct disk *d, uint64_t stretch)
{
	uint64_t offset = stretch * STRETCH_BYTES, left = d->device->size - offset;
	struct page *pages = page_alloc(STRETCH_ORDER, left < STRETCH_BYTES ? PAGE_ZERO : 0);
	struct block_piece piece = { NULL, (uint32_t)MIN(left, STRETCH_BYTES) };

	if (!pages)
		return false;
	piece.data = page_address(pages);
	if (left < STRETCH_BYTES)
		memset(piece.data, 0, STRETCH_BYTES);
	if (block_transfer(d->device, false, offset, &piece, 1) ||
	    mmu_map_kernel(d->window + offset, page_paddr(pages), STRETCH_BYTES, MMU_READ)) {
		page_put(pages);
		return false;
	}
	/* After the mapping; pairs with is_present(). */
	__atomic_fetch_or(&d->present[stretch / 64], 1ull << stretch % 64, __ATOMIC_RELEASE);
	return true;
}

static bool disk_load(struct erofs_disk *erofs, uint64_t offset, uint64_t n)
{
	struct disk *d = container_of(erofs, struct disk, erofs);
	bool ok = true;

	if (!n)
		return true;
	for (uint64_t s = offset / STRETCH_BYTES; ok && s <= (offset + n - 1) / STRETCH_BYTES; s++) {
		if (likely(is_present(d, s)))
			continue;
		mutex_lock(&d->lock);
		ok = is_present(d, s) || load_stretch_locked(d, s);
		mutex_unlock(&d->lock);
	}
	return ok;
}

static int disk_read(struct erofs_disk *erofs, uint64_t offset, const struct block_piece *pieces, unsigned count)
{
	return block_transfer(container_of(erofs, struct disk, erofs)->device, false, offset, pieces, count) ? -EIO : 0;
}

static void disk_release(struct erofs_disk *erofs)
{
	struct disk *d = container_of(erofs, struct disk, erofs);

	for (uint64_t s = 0; s * STRETCH_BYTES < d->size; s++) {
		struct page *pages;

		if (!is_present(d, s))
			continue;
		pages = page_of(mmu_kernel_paddr(d->window + s * STRETCH_BYTES));
		mmu_unmap_kernel(d->window + s * STRETCH_BYTES, STRETCH_BYTES);
		page_put(pages);
	}
	page_free_run(d->present, d->present_pages);
	kfree(d);
}

/* How long the image says it is; 0: it says nothing of use, and is as long as the super block. */
static int read_size(struct block_device *device, uint64_t *size)
{
	struct erofs_super *sb;
	struct page *page = page_alloc(0, PAGE_ZERO);
	struct block_piece piece = { NULL, PAGE_SIZE };
	int r;

	if (!page)
		return -ENOMEM;
	piece.data = page_address(page);
	sb = (struct erofs_super *)((char *)piece.data + EROFS_SUPER_OFFSET);
	r = device->size < PAGE_SIZE ? -EUCLEAN : block_transfer(device, false, 0, &piece, 1);
	*size = PAGE_SIZE;
	if (!r && sb->magic == EROFS_MAGIC && sb->block_bits <= PAGE_SHIFT)
		*size = MAX((uint64_t)sb->blocks << sb->block_bits, PAGE_SIZE);
	page_put(page);
	return r;
}

int erofs_disk_open(const char *name, struct super **out, const char **why)
{
	struct block_device *device = block_find(name);
	uint64_t stretches, size;
	struct disk *d;
	int r;

	*why = "there is no such disk";
	if (!device)
		return -ENOTBLK;
	*why = "it cannot be read";
	r = read_size(device, &size);
	if (r)
		return r;
	*why = "it is longer than its disk, or than 64 GiB";
	if (size > device->size || size > IMAGE_MOST)
		return -EUCLEAN;
	*why = "memory is short";
	d = kzalloc(sizeof(*d));
	if (!d)
		return -ENOMEM;
	stretches = (size + STRETCH_BYTES - 1) / STRETCH_BYTES;
	d->erofs = (struct erofs_disk){ .load = disk_load, .read = disk_read, .release = disk_release };
	d->device = device;
	d->size = size;
	d->window = mmu_reserve_kernel(stretches * STRETCH_BYTES);
	d->present_pages = (stretches / 8 + sizeof(uint64_t) + PAGE_SIZE - 1) / PAGE_SIZE;
	d->present = page_alloc_run(d->present_pages, PAGE_ZERO);
	if (!d->window || !d->present) {
		if (d->present)
			page_free_run(d->present, d->present_pages);
		kfree(d);
		return -ENOMEM;
	}
	mutex_init(&d->lock, RANK_DISK);
	return erofs_super_open_disk(&d->erofs, (const void *)d->window, size, out, why);
}
