/* EROFS: files compressed by LZ4 (Linux, Documentation/filesystems/erofs.rst, "on-disk compression", and erofs_fs.h).
 *
 * A file is cut into extents, each compressed into one or more blocks. The index has an entry for each 4 KiB of the file:
 * a head says where in them an extent starts and which block holds it, others how far back the head is. The extent that
 * was decoded last is kept: who reads on finds the rest of it there. Left out: algorithms other than LZ4, tails and
 * fragments packed elsewhere, blocks of other sizes.
 */
#include <core/page.h>
#include <core/slab.h>
#include <drivers/block.h>
#include <fs/erofs/erofs.h>
#include <fs/erofs/lz4.h>
#include <linux/errno.h>

COMPONENT("erofs-lz4", "EROFS images that are compressed by LZ4");

/* What a profile names to have this file: the functions have weak defaults, which would satisfy their own names. */
extern const char erofs_lz4[];
const char erofs_lz4[] = "erofs-lz4";

#define CLUSTER_BITS 12u
#define CLUSTER      (1u << CLUSTER_BITS)
#define EXTENT_MOST  (2u << 20) /* bytes of a file in one extent; mkfs.erofs makes up to 1 MiB */
#define BLOCKS_MOST  256u       /* of an extent */

/* Behind the inode, 8-byte aligned. */
struct map_header {
	uint32_t fragment;
	uint16_t advise;
	uint8_t algorithms;   /* of heads of kind 1: bits 0 to 3, of kind 2: bits 4 to 7 */
	uint8_t cluster_bits; /* bits 0 to 2: beyond 12 */
};
_Static_assert(sizeof(struct map_header) == 8, "EROFS map header");

#define ADVISE_COMPACT_2B  0x01u
#define ADVISE_BIG         0x06u /* extents of several blocks, by heads of kind 1, of kind 2 */
#define ADVISE_INTERLACED  0x10u
#define ADVISE_KNOWN       0x17u
#define FULL_INDEX_PADDING 8u

struct full_entry {
	uint16_t advise; /* bits 0 and 1: kind */
	uint16_t offset;
	union {
		uint32_t block;
		uint16_t delta[2];
	};
};
_Static_assert(sizeof(struct full_entry) == 8, "EROFS full index entry");

enum kind { KIND_PLAIN = 0, KIND_HEAD1 = 1, KIND_NONHEAD = 2, KIND_HEAD2 = 3 };
#define BLOCK_COUNT (1u << 11) /* in the first entry behind a head: the rest is how many blocks its extent has */

struct cluster {
	enum kind kind;
	uint32_t offset; /* heads: where the extent starts in it */
	uint32_t back;   /* others: clusters back to the head, or to one that knows */
	uint32_t blocks; /* others: blocks of the extent, if it says; else 0 */
	uint32_t block;  /* heads: where its data is */
};

/* The extent that was decoded last. */
struct erofs_decoded {
	struct mutex lock;     /* RANK_DECODE: all of it */
	uint64_t nid;
	uint64_t start, end;   /* bytes of the file; equal: nothing */
	uint8_t *bytes, *in;   /* owned: runs of @pages, and of @in_pages for what a disk has */
	size_t pages, in_pages;
};

static uint64_t cluster_count(const struct erofs_inode *e)
{
	return (e->inode.size + CLUSTER - 1) >> CLUSTER_BITS;
}

static void set_delta(struct cluster *c, uint32_t delta)
{
	c->kind = KIND_NONHEAD;
	c->blocks = delta & BLOCK_COUNT ? delta & ~BLOCK_COUNT : 0;
	c->back = delta & BLOCK_COUNT ? 1 : delta;
}

static int load_full(struct erofs_inode *e, uint64_t number, struct cluster *c)
{
	struct full_entry f;
	const void *at = erofs_at(erofs_of(&e->inode),
				  e->tail + sizeof(struct map_header) + FULL_INDEX_PADDING + number * sizeof(f), sizeof(f));

	if (!at)
		return -EUCLEAN;
	memcpy(&f, at, sizeof(f));
	*c = (struct cluster){ .kind = f.advise & 3, .offset = f.offset, .block = f.block };
	if (c->kind == KIND_NONHEAD)
		set_delta(c, f.delta[0]);
	return 0;
}

/* Entry @i of a pack of entries of @bits bits: its low 12 bits, and its kind. */
static uint32_t packed(const uint8_t *pack, unsigned i, unsigned bits, enum kind *kind)
{
	uint32_t v;

	memcpy(&v, pack + i * bits / 8, sizeof(v));
	v >>= i * bits % 8;
	*kind = v >> CLUSTER_BITS & 3;
	return v & (CLUSTER - 1);
}

/* Blocks taken by the heads of a pack before entry @i: its last word says where the first of them is. */
static int blocks_before(const uint8_t *pack, unsigned i, unsigned bits, bool big, uint32_t *blocks)
{
	enum kind kind;
	int at = (int)i;

	*blocks = big ? 0 : 1;
	while (at > 0) {
		uint32_t low = packed(pack, (unsigned)--at, bits, &kind);

		if (kind != KIND_NONHEAD) {
			++*blocks;
		} else if (!big) {
			at -= (int)low;
			*blocks += at >= 0;
		} else if (low & BLOCK_COUNT) {
			at--;
			*blocks += low & ~BLOCK_COUNT;
		} else if (low <= 1) {
			return -EUCLEAN;
		} else {
			at -= (int)low - 2;
		}
	}
	return 0;
}

/* Entries of 4 bytes up to a boundary of 32, then of 2 bytes by sixteens if the file says so, then of 4 bytes. */
static int load_compact(struct erofs_inode *e, uint64_t number, struct cluster *c)
{
	uint64_t at = e->tail + sizeof(struct map_header), first = (32 - at % 32) / 4 % 8, short_ones = 0;
	uint64_t total = cluster_count(e);
	unsigned shift = 2, entries, bits, i;
	const uint8_t *pack;
	enum kind kind;
	uint32_t low, word;

	if (e->advise & ADVISE_COMPACT_2B && first < total)
		short_ones = ALIGN_DOWN(total - first, (uint64_t)16);
	if (number >= first) {
		at += first * 4;
		number -= first;
		if (number < short_ones) {
			shift = 1;
		} else {
			at += short_ones * 2;
			number -= short_ones;
		}
	}
	at += number << shift;
	entries = shift == 2 ? 2 : 16;
	bits = ((entries << shift) - 4) * 8 / entries;
	i = (unsigned)(at % (entries << shift)) >> shift;
	pack = erofs_at(erofs_of(&e->inode), ALIGN_DOWN(at, (uint64_t)(entries << shift)), entries << shift);
	if (!pack)
		return -EUCLEAN;
	low = packed(pack, i, bits, &kind);
	*c = (struct cluster){ .kind = kind, .offset = low };
	if (kind != KIND_NONHEAD) {
		if (blocks_before(pack, i, bits, e->advise & ADVISE_BIG, &c->block))
			return -EUCLEAN;
		memcpy(&word, pack + (entries << shift) - 4, sizeof(word));
		c->block += word;
		return 0;
	}
	if (!(low & BLOCK_COUNT) && i + 1 == entries) { /* the last says how far the next head is: the one before knows */
		low = packed(pack, i - 1, bits, &kind);
		low = (kind != KIND_NONHEAD ? 0 : low & BLOCK_COUNT ? 1 : low) + 1;
	}
	set_delta(c, low);
	return 0;
}

static int load(struct erofs_inode *e, uint64_t number, struct cluster *c)
{
	if (number >= cluster_count(e))
		return -EUCLEAN;
	return e->layout == EROFS_COMPRESSED_FULL ? load_full(e, number, c) : load_compact(e, number, c);
}

struct extent {
	uint64_t start, end;    /* bytes of the file */
	uint64_t block;
	uint32_t blocks;
	bool plain;
};

static int find_extent(struct erofs_inode *e, uint64_t at, struct extent *x)
{
	uint64_t number = at >> CLUSTER_BITS, next;
	struct cluster c, behind = { 0 };
	int r = load(e, number, &c);

	if (!r && c.kind != KIND_NONHEAD && (at & (CLUSTER - 1)) < c.offset)
		r = number ? load(e, --number, &c) : -EUCLEAN;
	while (!r && c.kind == KIND_NONHEAD) {
		if (!c.back || c.back > number)
			return -EUCLEAN;
		number -= c.back;
		r = load(e, number, &c);
	}
	if (r)
		return r;
	*x = (struct extent){ .start = (number << CLUSTER_BITS) + c.offset, .end = e->inode.size, .block = c.block,
			      .blocks = 1, .plain = c.kind == KIND_PLAIN };
	if (c.offset >= CLUSTER || (c.kind == KIND_HEAD2 && e->second_algorithm))
		return -EUCLEAN;
	for (next = number + 1; next < cluster_count(e) && next - number <= EXTENT_MOST / CLUSTER; next++) {
		r = load(e, next, &behind);
		if (r)
			return r;
		if (behind.kind != KIND_NONHEAD) {
			x->end = (next << CLUSTER_BITS) + behind.offset;
			break;
		}
		if (next == number + 1 && behind.blocks && e->advise & ADVISE_BIG)
			x->blocks = behind.blocks;
	}
	if (x->start > at || x->end <= at || x->end > e->inode.size || x->end - x->start > EXTENT_MOST ||
	    x->blocks > BLOCKS_MOST)
		return -EUCLEAN;
	return 0;
}

static int decode(struct erofs_inode *e, const struct extent *x, const uint8_t *in, uint8_t *out)
{
	size_t in_size = x->blocks * CLUSTER, size = x->end - x->start, skip = 0;

	if (x->plain) {
		size_t first = e->advise & ADVISE_INTERLACED ? x->start % CLUSTER : 0;

		if (size > CLUSTER)
			return -EUCLEAN;
		for (size_t i = 0; i < size; i++)
			out[i] = in[(first + i) % CLUSTER];
		return 0;
	}
	while (skip < CLUSTER && !in[skip]) /* the data ends with the last block, zeroes come first */
		skip++;
	return lz4_decode(in + skip, in_size - skip, out, size) == (ssize_t)size ? 0 : -EUCLEAN;
}

/* Make *@bytes, of *@have pages, hold @pages. What there is stays: when memory is short there may be no more of it, least
 * of all in one piece, and who has it may wait for the lock that is held here. */
static bool room(uint8_t **bytes, size_t *have, size_t pages)
{
	uint8_t *more;

	if (pages <= *have)
		return true;
	more = page_alloc_run(pages, 0);
	if (!more)
		return false;
	if (*bytes)
		page_free_run(*bytes, *have);
	*bytes = more;
	*have = pages;
	return true;
}

static int decode_extent_locked(struct erofs_inode *e, struct erofs_decoded *d, const struct extent *x)
{
	struct erofs *fs = erofs_of(&e->inode);
	size_t pages = (x->end - x->start + PAGE_SIZE - 1) / PAGE_SIZE;
	uint64_t where = x->block << CLUSTER_BITS;
	struct block_piece piece = { NULL, x->blocks * CLUSTER };
	int r = 0;

	d->start = d->end = 0;
	if (!erofs_within(fs, where, piece.length))
		return -EUCLEAN;
	if (!room(&d->bytes, &d->pages, pages) || (fs->disk && !room(&d->in, &d->in_pages, x->blocks)))
		return -ENOMEM;
	if (fs->disk) {
		piece.data = d->in;
		r = fs->disk->read(fs->disk, where, &piece, 1);
	}
	if (!r)
		r = decode(e, x, fs->disk ? d->in : fs->image + where, d->bytes);
	if (!r) {
		d->nid = e->inode.ino;
		d->start = x->start;
		d->end = x->end;
	}
	return r;
}

int erofs_compressed_page(struct erofs_inode *e, uint64_t index, char *page)
{
	struct erofs *fs = erofs_of(&e->inode);
	struct erofs_decoded *d = fs->decoded;
	uint64_t at = index << PAGE_SHIFT, end = MIN(at + PAGE_SIZE, e->inode.size);
	struct extent x;
	int r = 0;

	mutex_lock(&d->lock);
	while (!r && at < end) {
		if (d->nid != e->inode.ino || at < d->start || at >= d->end) {
			r = find_extent(e, at, &x);
			if (!r)
				r = decode_extent_locked(e, d, &x);
		}
		if (!r) {
			uint64_t n = MIN(end, d->end) - at;

			memcpy(page, d->bytes + (at - d->start), n);
			page += n;
			at += n;
		}
	}
	mutex_unlock(&d->lock);
	return r == -EUCLEAN ? erofs_damaged(fs, e->inode.ino, "its compressed data") : r;
}

/* One for each file system, made when its first compressed file is met. */
static int make_decoded(struct erofs *fs)
{
	struct erofs_decoded *d, *none = NULL;

	if (__atomic_load_n(&fs->decoded, __ATOMIC_ACQUIRE))
		return 0;
	d = kzalloc(sizeof(*d));
	if (!d)
		return -ENOMEM;
	mutex_init(&d->lock, RANK_DECODE);
	if (!__atomic_compare_exchange_n(&fs->decoded, &none, d, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
		kfree(d);
	return 0;
}

int erofs_compressed_open(struct erofs_inode *e, uint64_t end)
{
	struct erofs *fs = erofs_of(&e->inode);
	struct map_header h;
	const void *at;

	e->tail = ALIGN_UP(end, (uint64_t)8);
	at = erofs_at(fs, e->tail, sizeof(h));
	if (!at)
		return erofs_damaged(fs, e->inode.ino, "its index lies outside");
	memcpy(&h, at, sizeof(h));
	e->advise = h.advise;
	e->second_algorithm = h.algorithms >> 4;
	if (h.advise & ~ADVISE_KNOWN || h.algorithms & 15 || h.cluster_bits || !fs->zero_padding ||
	    fs->block_bits != CLUSTER_BITS)
		return erofs_unsupported(fs, e->inode.ino, "it is compressed in a way that is not read (mkfs.erofs -zlz4 is)");
	return make_decoded(fs);
}

void erofs_compressed_close(struct erofs *fs)
{
	if (!fs->decoded)
		return;
	if (fs->decoded->bytes)
		page_free_run(fs->decoded->bytes, fs->decoded->pages);
	if (fs->decoded->in)
		page_free_run(fs->decoded->in, fs->decoded->in_pages);
	kfree(fs->decoded);
}
