/* The page allocator over a small machine's memory: with holes, an image and a boot area in the way. */
/* UNIT: core/page.c */
#include <core/deferred.h>
#include <core/page.h>
#include <core/preempt.h>
#include <whittle/bootarea.h>

#include "tests/unit/tap.h"

#define RAM_SIZE   (64ul << 20)
#define IMAGE      0x100000ul
#define IMAGE_SIZE 0x90000ul

struct boot_info boot_info;

/* The image's bounds, as the linker script would give them. */
__asm__(".globl image_start, image_end\n"
	".set image_start, 0xffffffff80100000\n"
	".set image_end, 0xffffffff80190000\n");

static uint8_t owner[RAM_SIZE / PAGE_SIZE]; /* by page: 0: nobody's, 1: not RAM, 2: allocated */

static void occupy(paddr_t start, uint64_t size)
{
	for (paddr_t p = start; p < start + size; p += PAGE_SIZE)
		owner[p / PAGE_SIZE] = 1;
}

/* Return: no page of [@start, @start + @count pages) was in use already. */
static bool claim(paddr_t start, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		size_t at = start / PAGE_SIZE + i;

		if (at >= ARRAY_SIZE(owner) || owner[at])
			return false;
		owner[at] = 2;
	}
	memset(page_direct(start), 0xa5, count * PAGE_SIZE);
	return true;
}

static void unclaim(paddr_t start, size_t count)
{
	memset(&owner[start / PAGE_SIZE], 0, count);
}

static void set_up(void)
{
	struct bootarea_header *area;

	host_ram = host_alloc(RAM_SIZE, BLOCK_SIZE);
	memset(host_ram, 0x77, RAM_SIZE);
	boot_info.memory[0] = (struct boot_range){ 0, 0x9fc00 };
	boot_info.memory[1] = (struct boot_range){ 0x100000, RAM_SIZE - 0x100000 - 0x20000 };
	boot_info.memory_count = 2;
	boot_info.initrd = (struct boot_range){ (40ul << 20) + 0x1234, 5ul << 20 };
	boot_info.reserved[0] = (struct boot_range){ 0x9000, 100 };
	boot_info.reserved_count = 1;
	area = page_direct(IMAGE + IMAGE_SIZE);
	*area = (struct bootarea_header){ .magic = BOOTAREA_MAGIC, .version = 1, .size = 3u << 20 };
	occupy(0, PAGE_SIZE);
	occupy(0x9000, PAGE_SIZE);
	occupy(0x9f000, 0x100000 - 0x9f000);
	occupy(IMAGE, IMAGE_SIZE + (3u << 20));
	occupy(40ul << 20, (5ul << 20) + 0x2000);
	occupy(RAM_SIZE - 0x20000, 0x20000);
	page_init();
}

static void single_pages(void)
{
	static struct page *pages[RAM_SIZE / PAGE_SIZE];
	uint64_t free = page_free_count();
	size_t n = 0;
	bool good = true;

	while ((pages[n] = page_alloc(0, PAGE_ATOMIC)) != NULL) {
		good &= pages[n]->refs == 1 && page_of(page_paddr(pages[n])) == pages[n];
		good &= claim(page_paddr(pages[n]), 1);
		n++;
	}
	ok(good, "every page is handed out once, and is free RAM");
	note("%zu of %llu pages", n, (unsigned long long)page_total());
	ok(n + 4 * 32 + 8 >= page_total() && n <= page_total(), "little is lost to descriptors");
	ok(page_free_count() == 0, "none is left");
	for (size_t i = n; i > 0; i--) {
		size_t j = host_random() % i;
		struct page *p = pages[j];

		pages[j] = pages[i - 1];
		unclaim(page_paddr(p), 1);
		page_put(p);
	}
	ok(free - page_free_count() <= 4 * 32, "freed in any order, all are free again but descriptors");
}

static void orders(void)
{
	struct {
		struct page *page;
		unsigned order;
	} held[64] = { 0 };
	uint64_t free = page_free_count();
	bool good = true;

	for (unsigned round = 0; round < 20000; round++) {
		unsigned i = host_random() % ARRAY_SIZE(held);

		if (held[i].page) {
			unclaim(page_paddr(held[i].page), 1ul << held[i].order);
			page_put(held[i].page);
			held[i].page = NULL;
		} else {
			unsigned order = host_random() % (PAGE_ORDER_MAX + 1);
			struct page *p = page_alloc(order, 0);

			if (!p)
				continue;
			held[i].page = p;
			held[i].order = order;
			good &= (page_paddr(p) & ((PAGE_SIZE << order) - 1)) == 0;
			good &= claim(page_paddr(p), 1ul << order);
		}
	}
	for (unsigned i = 0; i < ARRAY_SIZE(held); i++)
		if (held[i].page) {
			unclaim(page_paddr(held[i].page), 1ul << held[i].order);
			page_put(held[i].page);
		}
	ok(good, "pieces of every order are aligned and do not overlap");
	ok((int64_t)(free - page_free_count()) <= 4 * 32, "pieces of every order come back");
}

static void runs(void)
{
	struct {
		void *run;
		size_t count;
	} held[24] = { 0 };
	bool good = true;

	for (unsigned round = 0; round < 5000; round++) {
		unsigned i = host_random() % ARRAY_SIZE(held);

		if (held[i].run) {
			unclaim(page_direct_paddr(held[i].run), held[i].count);
			page_free_run(held[i].run, held[i].count);
			held[i].run = NULL;
		} else {
			size_t count = 1 + host_random() % (host_random() % 8 ? 200 : 2000);
			void *run = page_alloc_run(count, 0);

			if (!run)
				continue;
			held[i].run = run;
			held[i].count = count;
			good &= claim(page_direct_paddr(run), count);
		}
	}
	for (unsigned i = 0; i < ARRAY_SIZE(held); i++)
		if (held[i].run) {
			unclaim(page_direct_paddr(held[i].run), held[i].count);
			page_free_run(held[i].run, held[i].count);
		}
	ok(good, "runs of any length do not overlap");
	ok(page_alloc_run(RAM_SIZE / PAGE_SIZE, 0) == NULL, "a run longer than the memory is refused");
	ok(page_alloc_run(SIZE_MAX / PAGE_SIZE, 0) == NULL, "so is one that overflows");
	{
		void *run = page_alloc_run(8 * BLOCK_PAGES, PAGE_ZERO);

		ok(run && !((uintptr_t)run & (BLOCK_SIZE - 1)), "blocks join again when all their pages are free");
		ok(run && ((char *)run)[0] == 0 && ((char *)run)[8 * BLOCK_SIZE - 1] == 0, "PAGE_ZERO zeroes all of it");
		page_free_run(run, 8 * BLOCK_PAGES);
	}
}

extern struct deferred *host_deferred;
static size_t given;
static struct page *cached[1000];

static size_t give_back(size_t wanted, enum page_reclaim how)
{
	size_t n = 0;

	while (n < wanted && given < ARRAY_SIZE(cached) && cached[given]) {
		page_put(cached[given++]);
		n++;
	}
	return n;
}

static void reclaim(void)
{
	static struct page_reclaimer reclaimer = { .reclaim = give_back };
	static struct page *pages[RAM_SIZE / PAGE_SIZE];
	size_t n = 0;

	for (unsigned i = 0; i < ARRAY_SIZE(cached); i++)
		cached[i] = page_alloc(0, 0);
	page_reclaim_register(&reclaimer);
	while ((pages[n] = page_alloc(0, PAGE_ATOMIC)) != NULL)
		n++;
	is((long long)given, 0, "PAGE_ATOMIC does not reclaim");
	ok(host_deferred != NULL, "but leaves it to be done");
	host_deferred->call(host_deferred);
	ok(given > 0 && given < ARRAY_SIZE(cached), "which gives some pages (%zu)", given);
	ok((pages[n++] = page_alloc(0, 0)) != NULL, "a cache gives way when memory is short");
	while ((pages[n] = page_alloc(0, 0)) != NULL)
		n++;
	is((long long)given, ARRAY_SIZE(cached), "until it has no more");
	while (n)
		page_put(pages[--n]);
}

int main(void)
{
	set_up();
	single_pages();
	orders();
	runs();
	reclaim();
	is(preempt_count, PREEMPT_NOTHING_WANTED, "preemption is as it was");
	host_free(host_ram);
	return tap_done();
}
