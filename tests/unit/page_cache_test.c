/* Pages of files: found, dropped, and given back when memory is short, but those in use, dirty, or looked at lately. */
/* UNIT: fs/page_cache.c fs/reclaim.c core/page.c core/slab.c */
#include <core/init.h>
#include <fs/reclaim.h>
#include <fs/vfs.h>
#include <linux/errno.h>

#include "tests/unit/tap.h"

#define RAM_SIZE (16ul << 20)
#define PAGES    300u

struct boot_info boot_info;
__asm__(".globl image_start, image_end\n.set image_start, 0xffffffff80100000\n.set image_end, 0xffffffff80190000\n");
extern const struct init_entry set_init_fs_reclaim_init;

static struct page_cache cache;
static struct clean_cache clean;

unsigned dentry_shrink(unsigned count)
{
	return 0;
}

static void fill(uint64_t first, unsigned count, uint64_t step)
{
	for (unsigned i = 0; i < count; i++) {
		struct page *p = page_alloc(0, 0);

		if (page_cache_insert(&cache, first + i * step, p))
			ok(false, "page %u is inserted", i);
		page_put(p);
	}
	clean_cache_list(&clean);
}

static bool has(uint64_t index)
{
	struct page *p = page_cache_find(&cache, index);

	if (p)
		page_put(p);
	return p;
}

static size_t evict(uint64_t *at, size_t look, size_t wanted)
{
	return page_cache_evict(&cache, at, &look, wanted);
}

static void eviction(void)
{
	uint64_t at = 0, before = page_free_count();
	struct page *held, *dirty, *used;

	fill(0, PAGES, 1);
	is((long long)page_cache_clean_total(), PAGES, "pages of a cache that can give them back are counted");
	held = page_cache_find(&cache, 3);
	dirty = page_cache_find(&cache, 5);
	dirty->flags |= PAGE_DIRTY;
	page_put(dirty);
	used = page_cache_find(&cache, 64);
	page_cache_used(used);
	page_put(used);
	is((long long)evict(&at, 1000, 10), 10, "ten pages are wanted, and go");
	is((long long)at, 12, "the first that may");
	is((long long)evict(&at, 20, 1000), 20, "twenty may be looked at, and all go");
	is((long long)at, 32, "from where it was left");
	is((long long)evict(&at, 1000, 1000), PAGES - 32 - 1, "all the rest, but the one that was used");
	is((long long)at, 0, "which was the end");
	ok(has(3) && has(5) && has(64) && !has(0) && !has(65) && !has(299), "who is held, dirty or used stays");
	is((long long)evict(&at, 1000, 1000), 1, "the next time round it goes");
	ok(has(3) && has(5) && !has(64), "but the others do not");
	page_put(held);
	dirty->flags &= (uint8_t)~PAGE_DIRTY;
	is((long long)evict(&at, 1000, 1000), 2, "until they may");
	is((long long)cache.count, 0, "then the cache is empty");
	ok(!cache.root, "and has no nodes left");
	fill(0, 1, 1);
	is((long long)evict(&at, 10, 10), 1, "a cache of one page");
	fill(0, 40, 1ull << 30);
	is((long long)evict(&at, 100, 100), 40, "pages far apart");
	ok(!cache.root, "leave nothing behind, either");
	is((long long)page_cache_clean_total(), 0, "nor are they counted");
	ok((int64_t)(before - page_free_count()) < 40, "the memory is back (%lld pages less)", (long long)(before - page_free_count()));
}

/* A file longer than the memory is read from end to end, thrice. */
static void longer_than_memory(void)
{
	uint64_t pages = page_total() * 3;
	bool all = true;

	for (uint64_t i = 0; i < pages; i++) {
		struct page *p = page_alloc(0, 0);

		all &= p && page_cache_insert(&cache, i, p) == 0;
		clean_cache_list(&clean);
		if (!p)
			break;
		page_cache_used(p);
		page_put(p);
	}
	ok(all, "a file three times as long as the memory is read");
	ok(page_available_count() > page_total() / 2, "and nearly all memory is still to be had");
	clean_cache_unlist(&clean);
	(void)page_cache_truncate(&cache, 0);
	is((long long)page_cache_clean_total(), 0, "all of it goes with the file");
}

int main(void)
{
	host_ram = host_alloc(RAM_SIZE, BLOCK_SIZE);
	boot_info.memory[0] = (struct boot_range){ 0x100000, RAM_SIZE - 0x100000 };
	boot_info.memory_count = 1;
	page_init();
	page_cache_init(&cache);
	clean_cache_init(&clean, &cache);
	set_init_fs_reclaim_init.call();
	eviction();
	longer_than_memory();
	is(preempt_count, PREEMPT_NOTHING_WANTED, "preemption is as it was");
	host_free(host_ram);
	return tap_done();
}
