/* Address spaces against a model: random calls on a window of pages, with the real page tables in an array of RAM. */
/* UNIT: mm/map.c mm/commit.c mm/huge.c mm/fault.c mm/reclaim.c mm/entries.c mm/space.c mm/shared.c mm/vma.c core/page.c core/slab.c arch/x86_64/mmu.c */
#include <arch/trap.h>
#include <asm/signal.h>
#include <core/init.h>
#include <core/page.h>
#include <core/process.h>
#include <linux/errno.h>
#include <linux/mman.h>
#include <linux/resource.h>
#include <mm/commit.h>
#include <mm/huge.h>
#include <mm/internal.h>
#include <mm/mm.h>

#include "tests/unit/tap.h"

#define RAM_SIZE (48ul << 20)
#define WINDOW   0x7f1234000000ul
#define SPAN     96u /* pages */
#define RW       (PROT_READ | PROT_WRITE)

struct boot_info boot_info;
uint64_t uaccess_limit;
extern const struct init_entry set_init_mm_reclaim_init;

__asm__(".globl image_start, image_end, text_start, rodata_start, relro_start, relro_end, data_start, boot_tables, boot_stack\n"
	".set boot_tables, 0xffffffff80188000\n"
	".set boot_stack, 0xffffffff80189000\n"
	".set image_start, 0xffffffff80100000\n"
	".set image_end, 0xffffffff80190000\n"
	".set text_start, 0xffffffff80100000\n"
	".set rodata_start, 0xffffffff80150000\n"
	".set relro_start, 0xffffffff80160000\n"
	".set relro_end, 0xffffffff80170000\n"
	".set data_start, 0xffffffff80170000\n");

uint64_t clock_monotonic_ns(void)
{
	return 0;
}
int thread_sleep_until(uint64_t deadline_ns, bool interruptible)
{
	return 0;
}

/* ---- An object as a file system would have: even pages are borrowed, odd ones of a cache ---- */

struct test_object {
	struct vm_object object;
	int refs;
	uint64_t pages;
	struct page *page[SPAN];
	bool told_of_write;
	bool has_resident;
};

static int object_page(struct vm_object *o, uint64_t index, bool write, struct vm_page *out)
{
	struct test_object *t = container_of(o, struct test_object, object);

	if (index >= t->pages)
		return -EFAULT;
	t->told_of_write |= write;
	out->paddr = page_paddr(t->page[index]);
	out->page = index & 1 ? t->page[index] : NULL;
	if (out->page)
		page_get(out->page);
	return 0;
}
static unsigned object_resident(struct vm_object *o, uint64_t index, unsigned count, struct vm_page *out)
{
	unsigned n = 0;

	while (n < count && object_page(o, index + n, false, &out[n]) == 0)
		n++;
	return n;
}
static void object_get(struct vm_object *o)
{
	container_of(o, struct test_object, object)->refs++;
}
static void object_put(struct vm_object *o)
{
	container_of(o, struct test_object, object)->refs--;
}
static void object_describe(struct vm_object *o, char *path, size_t size, uint64_t *inode, uint32_t *device)
{
	strscpy(path, "/file", size);
	*inode = 42;
}
static const struct vm_object_ops object_ops = {
	.page = object_page, .get = object_get, .put = object_put, .describe = object_describe, .resident = object_resident,
};
static struct test_object file = { .object = { &object_ops }, .refs = 1, .pages = SPAN };

static uint8_t file_byte(uint64_t index)
{
	return (uint8_t)(index * 7 + 1);
}

/* ---- A program that touches memory ---- */

static struct process process;
static struct thread thread = { .process = &process };
static struct mm *mm;

static int touch(uint64_t address, bool write, uint8_t **at)
{
	int code = 0;
	mmu_entry *e = mmu_entry_at(&mm->mmu, address, false);

	if (!e || !(*e & MMU_ENTRY_PRESENT) || (write && !mmu_entry_writable(*e))) {
		int r = trap_page_fault(address, FAULT_USER | (write ? FAULT_WRITE : 0), &code);

		if (r)
			return r;
	}
	e = mmu_entry_at(&mm->mmu, address, false);
	*at = (uint8_t *)page_direct(mmu_entry_paddr(*e)) + (address & ~PAGE_MASK);
	return *e & MMU_ENTRY_PRESENT ? 0 : -1;
}

static int store(uint64_t address, uint8_t value)
{
	uint8_t *at;
	int r = touch(address, true, &at);

	if (r == 0)
		*at = value;
	return r;
}

static int load(uint64_t address)
{
	uint8_t *at;
	int r = touch(address, false, &at);

	return r ? -r : *at;
}

/* ---- The model ---- */

static struct model {
	bool mapped, from_file, grown;
	int prot;
	uint8_t value;
} model[2 * SPAN];

static uint64_t va(unsigned page)
{
	return WINDOW + page * PAGE_SIZE;
}

static bool matches(unsigned page)
{
	const struct model *m = &model[page];
	int got = load(va(page) + 123);

	if (!m->mapped || !m->prot)
		return got == -SIGSEGV;
	return got == m->value;
}

static void random_call(void)
{
	unsigned page = host_random() % SPAN, pages = MIN(1 + host_random() % 12, SPAN - page);
	uint8_t value = (uint8_t)host_random();
	int prot = (int[]){ RW, PROT_READ, PROT_NONE, RW }[host_random() % 4];
	bool all = true;
	long r;

	for (unsigned i = page; i < page + pages; i++)
		all &= model[i].mapped;
	switch (host_random() % 10) {
	case 0:
	case 1:
		r = mm_map(mm, va(page), pages * PAGE_SIZE, prot, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, NULL, 0);
		for (unsigned i = page; i < page + pages && r > 0; i++)
			model[i] = (struct model){ .mapped = true, .prot = prot };
		break;
	case 2:
		r = mm_map(mm, va(page), pages * PAGE_SIZE, prot, MAP_PRIVATE | MAP_FIXED, &file.object, page * PAGE_SIZE);
		for (unsigned i = page; i < page + pages && r > 0; i++)
			model[i] = (struct model){ .mapped = true, .from_file = true, .prot = prot, .value = file_byte(i) };
		break;
	case 3:
		if (mm_unmap(mm, va(page), pages * PAGE_SIZE) == 0)
			memset(&model[page], 0, pages * sizeof(model[0]));
		break;
	case 4:
		r = mm_protect(mm, va(page), pages * PAGE_SIZE, prot);
		for (unsigned i = page; i < page + pages && model[i].mapped; i++)
			model[i].prot = prot;
		if (all != (r == 0))
			model[page].value ^= 0xff; /* seen by the next comparison */
		break;
	case 5:
		if (mm_advise(mm, va(page), pages * PAGE_SIZE, MADV_DONTNEED) == 0 || true)
			for (unsigned i = page; i < page + pages; i++)
				model[i].value = model[i].from_file ? file_byte(i) : 0;
		break;
	case 6: /* there and back again */
		if (!all)
			break;
		r = mm_remap(mm, va(page), PAGE_SIZE, PAGE_SIZE, MREMAP_MAYMOVE | MREMAP_FIXED, va(SPAN + 7));
		if (r > 0)
			r = mm_remap(mm, va(SPAN + 7), PAGE_SIZE, PAGE_SIZE, MREMAP_MAYMOVE | MREMAP_FIXED, va(page));
		if (r < 0)
			model[page].value ^= 0xff;
		break;
	default:
		r = store(va(page) + 123, value);
		if (r == 0)
			model[page].value = value;
		if ((r == 0) != (model[page].mapped && (model[page].prot & PROT_WRITE)))
			model[page].value ^= 0xff;
	}
}

/* Are the counts kept with the changes those that a walk finds? */
static bool counts_good(void)
{
	struct mm_range r = { 0 };
	uint64_t resident = 0, private = 0;
	struct mm_sizes s;

	mm_sizes(mm, &s);
	while (mm_next_range(mm, r.end, true, &r)) {
		resident += r.resident_pages;
		private += r.private_pages;
	}
	return s.resident == resident && s.private == private;
}

static void against_model(void)
{
	bool same = true, whole = true;

	for (unsigned round = 0; round < 30000; round++) {
		random_call();
		same &= matches(host_random() % SPAN);
		if (round % 100 == 0)
			for (unsigned i = 0; i < SPAN; i++)
				whole &= matches(i);
	}
	ok(counts_good(), "pages are counted as they come and go");
	ok(same, "what was called last is seen");
	ok(whole, "and nothing else has changed");
	for (unsigned i = 0; i < SPAN; i++) {
		const uint8_t *bytes = page_address(file.page[i]);

		whole &= bytes[123] == file_byte(i);
	}
	ok(whole, "private writes never reach the file");
}

static void places(void)
{
	long a = mm_map(mm, 0, 3 * PAGE_SIZE, RW, MAP_PRIVATE | MAP_ANONYMOUS, NULL, 0);
	long b = mm_map(mm, 0, 100, RW, MAP_PRIVATE | MAP_ANONYMOUS, NULL, 0), c;
	uint64_t count = mm->map_count;

	is(a, (long)(mm->mmap_top - 3 * PAGE_SIZE), "the first mapping ends at mmap_top");
	is(b, a - (long)PAGE_SIZE, "the next lies below");
	is(mm_map(mm, 0, 100, RW, MAP_PRIVATE | MAP_ANONYMOUS, NULL, 0), b - (long)PAGE_SIZE, "and so on");
	is((long)mm->map_count, (long)count, "neighbours that are alike are one");
	is(mm_map(mm, 0, 0, RW, MAP_PRIVATE | MAP_ANONYMOUS, NULL, 0), -EINVAL, "length 0");
	is(mm_map(mm, 0, SIZE_MAX, RW, MAP_PRIVATE | MAP_ANONYMOUS, NULL, 0), -ENOMEM, "a length that overflows");
	is(mm_map(mm, 0, 1ul << 40, RW, MAP_PRIVATE | MAP_ANONYMOUS, NULL, 0), -ENOMEM, "much more than the memory");
	c = mm_map(mm, 0, 1ul << 40, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, NULL, 0);
	ok(c > 0 && mm_unmap(mm, (uint64_t)c, 1ul << 40) == 0, "unless none is reserved");
	is(mm_map(mm, (uint64_t)b, 1, RW, MAP_PRIVATE | MAP_FIXED_NOREPLACE, NULL, 0), -EEXIST, "MAP_FIXED_NOREPLACE");
	is(mm_map(mm, 4096, 1, RW, MAP_PRIVATE | MAP_FIXED, NULL, 0), -EPERM, "nothing at the bottom");
	is(mm_map(mm, mm->limit, 1, RW, MAP_PRIVATE | MAP_FIXED, NULL, 0), -ENOMEM, "nothing in the kernel's half");
	is(mm_unmap(mm, (uint64_t)b + 1, 100), -EINVAL, "unmap: not aligned");
	is(mm_protect(mm, 0x10000, 4096, RW), -ENOMEM, "mprotect of a hole");
	is(mm_map(mm, 0, 4096, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, NULL, 0), 0x7ffff000, "MAP_32BIT");
	is(mm_remap(mm, (uint64_t)a, PAGE_SIZE, PAGE_SIZE * 600, 0, 0), -ENOMEM, "mremap where there is no room");
	is(store((uint64_t)a, 9), 0, "a page is written");
	b = mm_remap(mm, (uint64_t)a, PAGE_SIZE, PAGE_SIZE * 600, MREMAP_MAYMOVE, 0);
	ok(b > 0 && b != a, "mremap that may move");
	is(load((uint64_t)b), 9, "takes its pages along");
	is(load((uint64_t)b + 599 * PAGE_SIZE), 0, "and has more");
	is(load((uint64_t)a), -SIGSEGV, "the old place is empty");
	is(mm_remap(mm, (uint64_t)b, 600 * PAGE_SIZE, PAGE_SIZE, 0, 0), b, "mremap that shrinks");
	is(load((uint64_t)b + PAGE_SIZE), -SIGSEGV, "gives the rest back");
}

static void sharing(void)
{
	long a = mm_map(mm, 0, 4 * PAGE_SIZE, RW, MAP_SHARED | MAP_ANONYMOUS, NULL, 0), b;
	struct page *p;
	mmu_entry *e;

	is(store((uint64_t)a + PAGE_SIZE, 5), 0, "shared memory is written");
	is(mm_advise(mm, (uint64_t)a, 4 * PAGE_SIZE, MADV_DONTNEED), 0, "its translations are dropped");
	is(load((uint64_t)a + PAGE_SIZE), 5, "what was written stays");
	is(mm_unmap(mm, (uint64_t)a, 4 * PAGE_SIZE), 0, "unmapped");

	file.told_of_write = false;
	a = mm_map(mm, 0, 4 * PAGE_SIZE, RW, MAP_SHARED, &file.object, 0);
	is(load((uint64_t)a + PAGE_SIZE + 123), file_byte(1), "a shared mapping of a file is read");
	ok(!file.told_of_write, "the file is not told of a read");
	is(store((uint64_t)a + PAGE_SIZE + 5, 77), 0, "it is written");
	ok(file.told_of_write, "the file is told of the write");
	is(((uint8_t *)page_address(file.page[1]))[5], 77, "which is in its page");
	mm_object_truncated(&file.object, 1);
	file.pages = 1;
	is(load((uint64_t)a + 123), file_byte(0), "after a truncation, what is left can be read");
	is(load((uint64_t)a + PAGE_SIZE), -SIGBUS, "and the rest is SIGBUS");
	file.pages = SPAN;
	b = mm_map(mm, 0, PAGE_SIZE, PROT_READ | MM_PROT_NEVER_WRITE, MAP_SHARED, &file.object, 0);
	is(mm_protect(mm, (uint64_t)b, PAGE_SIZE, RW), -EACCES, "a file opened for reading stays so");

	/* Two address spaces that share a private page, as fork will make them: by count alone. */
	a = mm_map(mm, 0, PAGE_SIZE, RW, MAP_PRIVATE | MAP_ANONYMOUS, NULL, 0);
	is(store((uint64_t)a, 1), 0, "a private page");
	e = mmu_entry_at(&mm->mmu, (uint64_t)a, false);
	p = page_of(mmu_entry_paddr(*e));
	page_get(p);
	*e = mmu_entry_read_only(*e);
	is(store((uint64_t)a, 2), 0, "written while another holds it");
	is(*(uint8_t *)page_address(p), 1, "the other's is as it was");
	is(load((uint64_t)a), 2, "this one has a copy");
	is(p->refs, 1, "and the count is right");
	page_put(p);
}

static void stack_and_heap(void)
{
	uint64_t top = 0x7f0000000000ul;

	process.limits[RLIMIT_STACK] = (struct resource_limit){ 64 * PAGE_SIZE, 64 * PAGE_SIZE };
	is(mm_map(mm, top - PAGE_SIZE, PAGE_SIZE, RW, MAP_PRIVATE | MAP_FIXED | MAP_GROWSDOWN, NULL, 0),
	   (long)(top - PAGE_SIZE), "a stack");
	is(store(top - 60 * PAGE_SIZE, 1), 0, "grows where it is touched");
	is(store(top - 65 * PAGE_SIZE, 1), SIGSEGV, "up to its limit");
	process.limits[RLIMIT_STACK].soft = 1000 * PAGE_SIZE;
	ok(mm_map(mm, top - 400 * PAGE_SIZE, PAGE_SIZE, RW, MAP_PRIVATE | MAP_FIXED, NULL, 0) > 0, "a neighbour below");
	is(store(top - 200 * PAGE_SIZE, 1), SIGSEGV, "to which it keeps its distance");

	mm->brk_start = mm->brk = 0x555500000123ul;
	is(mm_brk(mm, 0), 0x555500000123l, "brk(0) tells where the heap ends");
	is(mm_brk(mm, 0x555500005001ul), 0x555500005001l, "the heap grows");
	is(store(0x555500005000ul, 3), 0, "and can be used");
	is(mm_brk(mm, 0x555500001001ul), 0x555500001001l, "it shrinks");
	is(load(0x555500005000ul), -SIGSEGV, "and is gone");
}

/* ---- Huge pages: random calls on four regions, every page looked at ---- */

#define REGIONS  4u
#define WIDE     (REGIONS * BLOCK_PAGES)
#define WIDE_AT  0x7f2200000000ul

static struct {
	bool mapped;
	int prot;
	uint8_t value;
} wide[WIDE + BLOCK_PAGES];

/* Without a fault: what another processor would see. */
static bool wide_store(unsigned page, uint8_t value)
{
	uint64_t address = WIDE_AT + page * PAGE_SIZE;
	mmu_entry *huge = huge_at(mm, address);
	int code;

	if (!huge || !mmu_entry_writable(*huge)) {
		if (trap_page_fault(address, FAULT_USER | FAULT_WRITE, &code) != 0)
			return false;
		huge = huge_at(mm, address);
	}
	return mm_write(mm, address + 7, &value, 1) == 0;
}

static bool wide_matches(void)
{
	for (unsigned i = 0; i < WIDE + BLOCK_PAGES; i++) {
		uint8_t got = 0;
		int r = mm_read(mm, WIDE_AT + i * PAGE_SIZE + 7, &got, 1);
		bool readable = wide[i].mapped && wide[i].prot;

		if ((r == 0) != readable || (readable && got != wide[i].value)) {
			note("page %u: %d, %u; %s, %u expected", i, r, got, readable ? "readable" : "not", wide[i].value);
			return false;
		}
	}
	return true;
}

static void wide_call(void)
{
	unsigned first = host_random() % WIDE, n = 1 + host_random() % (host_random() % 2 ? 700 : 20);
	int prot = (int[]){ RW, PROT_READ, PROT_NONE, RW }[host_random() % 4];
	uint64_t address, bytes, to;
	long r;

	if (host_random() % 3 == 0)
		first &= ~(BLOCK_PAGES - 1);
	if (host_random() % 3 == 0)
		n = BLOCK_PAGES;
	n = MIN(n, WIDE - first);
	address = WIDE_AT + first * PAGE_SIZE;
	bytes = n * PAGE_SIZE;
	switch (host_random() % 10) {
	case 0:
	case 1:
		if (mm_map(mm, address, bytes, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, NULL, 0) > 0)
			for (unsigned i = first; i < first + n; i++)
				wide[i] = (__typeof__(wide[0])){ true, RW, 0 };
		break;
	case 2:
		if (mm_unmap(mm, address, bytes) == 0)
			memset(&wide[first], 0, n * sizeof(wide[0]));
		break;
	case 3:
		r = mm_protect(mm, address, bytes, prot);
		for (unsigned i = first; i < first + n && wide[i].mapped; i++)
			wide[i].prot = prot;
		break;
	case 4:
		(void)mm_advise(mm, address, bytes, MADV_DONTNEED);
		for (unsigned i = first; i < first + n; i++)
			wide[i].value = 0;
		break;
	case 5: /* there and back again, by a way off the block's bounds now and then */
		for (unsigned i = first; i < first + n; i++)
			if (!wide[i].mapped || wide[i].prot != wide[first].prot)
				return;
		to = WIDE_AT + (REGIONS + 2) * BLOCK_SIZE + (host_random() % 2 ? first % BLOCK_PAGES * PAGE_SIZE : PAGE_SIZE);
		r = mm_remap(mm, address, bytes, bytes, MREMAP_MAYMOVE | MREMAP_FIXED, to);
		if (r > 0 && mm_remap(mm, to, bytes, bytes, MREMAP_MAYMOVE | MREMAP_FIXED, address) < 0)
			wide[first].value ^= 0xff;
		break;
	case 6:
		(void)mm_advise(mm, address, bytes, MADV_COLLAPSE);
		break;
	default:
		for (unsigned i = first; i < first + n; i += 1 + host_random() % 100) {
			uint8_t value = (uint8_t)host_random();

			if (wide_store(i, value) != (wide[i].mapped && wide[i].prot & PROT_WRITE))
				wide[i].value ^= 0xff;
			else if (wide[i].mapped && wide[i].prot & PROT_WRITE)
				wide[i].value = value;
		}
	}
}

static void huge_pages(void)
{
	uint64_t before, own, made = 0;
	bool good = true;
	long a;

	huge_mode = HUGE_ALWAYS;
	page_free_run(page_alloc_run(BLOCK_PAGES, 0), BLOCK_PAGES); /* blocks join */
	(void)mm_unmap(mm, WIDE_AT, (WIDE + BLOCK_PAGES) * PAGE_SIZE);
	before = page_free_count();
	own = mm->anon_pages;
	a = mm_map(mm, WIDE_AT, 2 * BLOCK_SIZE, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, NULL, 0);
	is(a, (long)WIDE_AT, "two regions");
	wide_store(5, 1);
	is((long long)mm->huge_pages, 1, "the first write makes a huge page");
	is((long long)(mm->anon_pages - own), BLOCK_PAGES, "of the program's own");
	is((long long)(before - page_free_count()) / BLOCK_PAGES, 1, "of a block");
	is(mm_advise(mm, WIDE_AT + 3 * PAGE_SIZE, PAGE_SIZE, MADV_DONTNEED), 0, "a page of it is dropped");
	is((long long)mm->huge_pages, 0, "which splits it");
	is(load(WIDE_AT + 5 * PAGE_SIZE + 7), 1, "its contents stay");
	is(mm_advise(mm, WIDE_AT, BLOCK_SIZE, MADV_COLLAPSE), 0, "MADV_COLLAPSE");
	is((long long)mm->huge_pages, 1, "makes one again");
	is(mm_advise(mm, WIDE_AT, BLOCK_SIZE, MADV_FREE), 0, "MADV_FREE of it");
	ok(page_reclaim_wait() && mm->huge_pages == 0, "takes it when memory is short");
	is(mm_advise(mm, WIDE_AT, 2 * BLOCK_SIZE, MADV_NOHUGEPAGE), 0, "MADV_NOHUGEPAGE");
	wide_store(BLOCK_PAGES, 1);
	is((long long)mm->huge_pages, 0, "makes none");
	is(mm_advise(mm, WIDE_AT, BLOCK_SIZE, MADV_COLLAPSE), -EINVAL, "nor does MADV_COLLAPSE");
	huge_mode = HUGE_ADVISED;
	is(mm_advise(mm, WIDE_AT, BLOCK_SIZE, MADV_HUGEPAGE), 0, "MADV_HUGEPAGE");
	wide_store(BLOCK_PAGES - 1, 9);
	is((long long)mm->huge_pages, 1, "is what is asked");
	is(mm_unmap(mm, WIDE_AT + BLOCK_SIZE / 2, BLOCK_SIZE), 0, "unmapped from its middle on");
	(void)mm_unmap(mm, WIDE_AT, 2 * BLOCK_SIZE);
	huge_mode = HUGE_ALWAYS;
	memset(wide, 0, sizeof(wide));
	for (unsigned i = 0; i < 4000 && good; i++) {
		wide_call();
		made = MAX(made, mm->huge_pages);
		if (i % 10 == 0)
			good = wide_matches();
	}
	ok(good, "random calls on huge pages and parts of them");
	ok(made >= 1, "of which there were up to %llu at a time", (unsigned long long)made);
	(void)mm_unmap(mm, WIDE_AT, (WIDE + 4 * BLOCK_PAGES) * PAGE_SIZE);
	is((long long)mm->huge_pages, 0, "none are left");
	is((long long)huge_pages_total, 0, "nowhere");
	ok((int64_t)(before - page_free_count()) < 40, "and the memory is back (%lld pages less)", (long long)(before - page_free_count()));
	huge_mode = HUGE_ADVISED;
}

/* Promises are kept count of, whatever happens to mappings. */
static uint64_t committed_now(void)
{
	uint64_t n = 0;

	for (const struct vma *v = mm->tree.first; v; v = v->next)
		if (v->flags & VMA_ACCOUNT)
			n += (v->end - v->start) >> PAGE_SHIFT;
	return n;
}

static void promises(void)
{
	uint64_t before = commit_pages, pages = page_total();
	long a, b;

	is((long long)commit_pages, (long long)committed_now(), "what is committed is what mappings say");
	a = mm_map(mm, 0, 100 * PAGE_SIZE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, NULL, 0);
	is((long long)(commit_pages - before), 0, "what cannot be written is not promised");
	is(mm_protect(mm, (uint64_t)a + 10 * PAGE_SIZE, 20 * PAGE_SIZE, RW), 0, "a part becomes writable");
	is((long long)(commit_pages - before), 20, "and is");
	b = mm_remap(mm, (uint64_t)a + 12 * PAGE_SIZE, 4 * PAGE_SIZE, 9 * PAGE_SIZE, MREMAP_MAYMOVE, 0);
	is((long long)(commit_pages - before), 25, "moved, it is longer by five");
	is((long long)committed_now(), (long long)commit_pages, "which mappings say as well");
	(void)mm_unmap(mm, (uint64_t)a, 100 * PAGE_SIZE);
	(void)mm_unmap(mm, (uint64_t)b, 9 * PAGE_SIZE);
	is((long long)(commit_pages - before), 0, "unmapped, it is given back");
	a = mm_map(mm, 0, 50 * PAGE_SIZE, RW, MAP_SHARED | MAP_ANONYMOUS, NULL, 0);
	is((long long)(commit_pages - before), 50, "shared memory is promised");
	(void)mm_unmap(mm, (uint64_t)a, 50 * PAGE_SIZE);
	is((long long)(commit_pages - before), 0, "once");

	commit_mode = COMMIT_NEVER;
	is(mm_map(mm, 0, pages / 2 * PAGE_SIZE, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, NULL, 0), -ENOMEM,
	   "never more than is allowed, reserved or not");
	a = mm_map(mm, 0, pages / 4 * PAGE_SIZE, RW, MAP_PRIVATE | MAP_ANONYMOUS, NULL, 0);
	ok(a > 0, "a quarter is");
	is(mm_remap(mm, (uint64_t)a, pages / 4 * PAGE_SIZE, pages * PAGE_SIZE, MREMAP_MAYMOVE, 0), -ENOMEM, "it cannot grow");
	is((long long)(commit_pages - before), (long long)(pages / 4), "what was refused is not counted");
	(void)mm_unmap(mm, (uint64_t)a, pages / 4 * PAGE_SIZE);
	commit_mode = COMMIT_ALWAYS;
	a = mm_map(mm, 0, pages * 10 * PAGE_SIZE, RW, MAP_PRIVATE | MAP_ANONYMOUS, NULL, 0);
	ok(a > 0, "or all that is asked for");
	(void)mm_unmap(mm, (uint64_t)a, pages * 10 * PAGE_SIZE);
	commit_mode = COMMIT_GUESS;
	is(mm_map(mm, 0, RAM_SIZE, RW, MAP_PRIVATE | MAP_ANONYMOUS, NULL, 0), -ENOMEM, "by guess, not more than the machine has");
	a = mm_map(mm, 0, RAM_SIZE - 0x100000, RW, MAP_PRIVATE | MAP_ANONYMOUS, NULL, 0);
	ok(a > 0, "what lies there already being part of it");
	(void)mm_unmap(mm, (uint64_t)a, RAM_SIZE - 0x100000);
	is((long long)commit_pages, (long long)before, "all of it is given back");
}

static void limits(void)
{
	struct resource_limit none = { UINT64_MAX, UINT64_MAX };
	long a;

	process.limits[RLIMIT_AS].soft = (mm->total_pages + 10) * PAGE_SIZE;
	is(mm_map(mm, 0, 11 * PAGE_SIZE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, NULL, 0), -ENOMEM, "RLIMIT_AS");
	a = mm_map(mm, 0, 10 * PAGE_SIZE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, NULL, 0);
	ok(a > 0, "up to it");
	is(mm_map(mm, (uint64_t)a, 10 * PAGE_SIZE, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, NULL, 0), a,
	   "what makes way does not count");
	is(mm_remap(mm, (uint64_t)a, 10 * PAGE_SIZE, 11 * PAGE_SIZE, MREMAP_MAYMOVE, 0), -ENOMEM, "mremap counts");
	process.limits[RLIMIT_AS] = none;
	process.limits[RLIMIT_DATA].soft = mm->data_pages * PAGE_SIZE;
	is(mm_map(mm, 0, PAGE_SIZE, RW, MAP_PRIVATE | MAP_ANONYMOUS, NULL, 0), -ENOMEM, "RLIMIT_DATA");
	(void)mm_protect(mm, (uint64_t)a, 10 * PAGE_SIZE, PROT_READ);
	process.limits[RLIMIT_DATA].soft = mm->data_pages * PAGE_SIZE;
	is(mm_protect(mm, (uint64_t)a, PAGE_SIZE, RW), -ENOMEM, "counts what becomes writable");
	process.limits[RLIMIT_DATA] = none;
	process.limits[RLIMIT_MEMLOCK].soft = 0;
	is(mm_lock(mm, (uint64_t)a, PAGE_SIZE, MM_LOCK), -EPERM, "RLIMIT_MEMLOCK of 0");
	process.limits[RLIMIT_MEMLOCK].soft = 4 * PAGE_SIZE;
	is(mm_lock(mm, (uint64_t)a + 5, 4 * PAGE_SIZE, MM_LOCK), -ENOMEM, "of 4 pages, and 5 are wanted");
	is(mm_lock(mm, (uint64_t)a, 4 * PAGE_SIZE, MM_LOCK), 0, "4 are locked");
	is(mm_lock(mm, (uint64_t)a, 4 * PAGE_SIZE, MM_LOCK), 0, "twice is once");
	is((long long)mm->locked_pages, 4, "as counted");
	is(mm_map(mm, 0, PAGE_SIZE, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED, NULL, 0), -EAGAIN, "MAP_LOCKED is refused");
	is(mm_advise(mm, (uint64_t)a, PAGE_SIZE, MADV_DONTNEED), -EINVAL, "locked memory is needed");
	is(mm_lock(mm, (uint64_t)a + PAGE_SIZE, 2 * PAGE_SIZE, 0), 0, "unlocked in the middle");
	is((long long)mm->locked_pages, 2, "two are left");
	is(mm_lock_all(mm, 0, 0), 0, "munlockall");
	is((long long)mm->locked_pages, 0, "none are left");
	is(mm_lock(mm, 0x20000, PAGE_SIZE, 0), -ENOMEM, "where nothing is");
	process.limits[RLIMIT_MEMLOCK] = none;
	is(mm_lock_all(mm, 0, MM_LOCK), 0, "mlockall(MCL_FUTURE)");
	(void)mm_unmap(mm, (uint64_t)a, 10 * PAGE_SIZE);
	a = mm_map(mm, 0, 3 * PAGE_SIZE, RW, MAP_PRIVATE | MAP_ANONYMOUS, NULL, 0);
	is((long long)mm->locked_pages, 3, "locks what is mapped from then on");
	ok(mmu_entry_at(&mm->mmu, (uint64_t)a + PAGE_SIZE, false) && *mmu_entry_at(&mm->mmu, (uint64_t)a + PAGE_SIZE, false),
	   "and fills it in");
	(void)mm_unmap(mm, (uint64_t)a, 3 * PAGE_SIZE);
	is((long long)mm->locked_pages, 0, "until it is unmapped");
	(void)mm_lock_all(mm, 0, 0);
}

/* MADV_FREE: pages go when memory is short, but those that were written to since, and only once. */
static void lazily(void)
{
	long a = mm_map(mm, 0, 8 * PAGE_SIZE, RW, MAP_PRIVATE | MAP_ANONYMOUS, NULL, 0);
	uint64_t before;
	uint8_t *at;

	for (unsigned i = 0; i < 8; i++)
		(void)store((uint64_t)a + i * PAGE_SIZE, (uint8_t)(i + 1));
	is(mm_advise(mm, (uint64_t)a, 6 * PAGE_SIZE, MADV_FREE), 0, "MADV_FREE of six pages out of eight");
	is(load((uint64_t)a + PAGE_SIZE), 2, "they are there as long as there is memory");
	(void)touch((uint64_t)a + 2 * PAGE_SIZE, true, &at);
	*at = 99; /* the processor marks the entry */
	mmu_entry_set_dirty(mmu_entry_at(&mm->mmu, (uint64_t)a + 2 * PAGE_SIZE, false));
	is(mm_write(mm, (uint64_t)a + 3 * PAGE_SIZE, "w", 1), 0, "the kernel writes to one");
	(void)mm_protect(mm, (uint64_t)a + 4 * PAGE_SIZE, PAGE_SIZE, PROT_READ);
	before = page_free_count();
	ok(page_reclaim_wait(), "memory is short");
	is((long long)(page_free_count() - before), 4, "four pages go");
	is(load((uint64_t)a), 0, "the first has zeroes now");
	is(load((uint64_t)a + 2 * PAGE_SIZE), 99, "what was written to since has not");
	is(load((uint64_t)a + 3 * PAGE_SIZE), 'w', "nor what the kernel wrote to");
	is(load((uint64_t)a + 6 * PAGE_SIZE), 7, "nor what was not given");
	(void)store((uint64_t)a, 5);
	(void)page_reclaim_wait();
	is(load((uint64_t)a), 5, "a page that came anew stays");
	(void)mm_unmap(mm, (uint64_t)a, 8 * PAGE_SIZE);
	a = mm_map(mm, 0, PAGE_SIZE, RW, MAP_SHARED | MAP_ANONYMOUS, NULL, 0);
	is(mm_advise(mm, (uint64_t)a, PAGE_SIZE, MADV_FREE), -EINVAL, "MADV_FREE is for private memory");
	(void)mm_unmap(mm, (uint64_t)a, PAGE_SIZE);
}

static void exhaustion(void)
{
	uint64_t pages = page_total();
	long a = mm_map(mm, 0, pages * PAGE_SIZE, RW, MAP_PRIVATE | MAP_ANONYMOUS, NULL, 0);
	int r = 0;

	for (uint64_t i = 0; i < pages && r == 0; i++)
		r = store((uint64_t)a + i * PAGE_SIZE, 1);
	is(r, SIGKILL, "who touches more than there is ends");
	is(mm_unmap(mm, (uint64_t)a, pages * PAGE_SIZE), 0, "what it had is given back");
}

/* Random calls with next to no memory: they may fail, but lose nothing. */
static void shortage(void)
{
	static struct page *hog[RAM_SIZE / PAGE_SIZE];
	uint64_t before = page_free_count();

	for (unsigned round = 0; round < 300; round++) {
		size_t n = 0;

		while ((hog[n] = page_alloc(0, PAGE_ATOMIC)) != NULL)
			n++;
		for (unsigned left = host_random() % 30; left && n; left--)
			page_put(hog[--n]);
		for (unsigned i = 0; i < 60; i++)
			random_call();
		while (n)
			page_put(hog[--n]);
	}
	(void)mm_unmap(mm, va(0), 2 * SPAN * PAGE_SIZE);
	memset(model, 0, sizeof(model));
	ok((int64_t)(before - page_free_count()) < 64, "calls that fail for want of memory lose none (%lld pages less)",
	   (long long)(before - page_free_count()));
	against_model();
}

int main(void)
{
	char text[300] = "across a page boundary", back[300];
	uint64_t free;

	host_ram = host_alloc(RAM_SIZE, BLOCK_SIZE);
	boot_info.memory[0] = (struct boot_range){ 0x100000, RAM_SIZE - 0x100000 };
	boot_info.memory_count = 1;
	page_init();
	current_thread = (uintptr_t)&thread;
	for (unsigned i = 0; i < RESOURCE_LIMITS; i++)
		process.limits[i] = (struct resource_limit){ UINT64_MAX, UINT64_MAX };
	for (unsigned i = 0; i < SPAN; i++) {
		file.page[i] = page_alloc(0, 0);
		memset(page_address(file.page[i]), file_byte(i), PAGE_SIZE);
	}
	process.mm = mm = mm_create();
	exhaustion();
	mm_put(mm);
	free = page_free_count(); /* every block was split by now */
	process.mm = mm = mm_create();
	mm->mmap_top = 0x7f8000000000ul;
	places();
	sharing();
	stack_and_heap();
	set_init_mm_reclaim_init.call();
	promises();
	limits();
	lazily();
	huge_pages();
	against_model();
	is((long long)commit_pages, (long long)committed_now(), "what is committed is what mappings say, still");
	(void)mm_unmap(mm, va(0), 2 * SPAN * PAGE_SIZE);
	memset(model, 0, sizeof(model));
	shortage();
	exhaustion();
	(void)mm_unmap(mm, va(0), 2 * SPAN * PAGE_SIZE);
	is(mm_map(mm, va(0), 2 * PAGE_SIZE, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, NULL, 0), (long)va(0), "two pages");
	is(mm_write(mm, va(1) - 10, text, sizeof(text)), 0, "mm_write");
	is(mm_read(mm, va(1) - 10, back, sizeof(back)), 0, "mm_read");
	is_text(back, text, "what was written is read");
	is(mm_write(mm, va(2) - 10, text, sizeof(text)), -EFAULT, "beyond the end: -EFAULT");
	mm_put(mm);
	is((long long)commit_pages, 0, "nothing is committed any more");
	is(file.refs, 1, "the file has its references back");
	ok((int64_t)(free - page_free_count()) < 16, "and the machine its memory (%lld pages less)", (long long)(free - page_free_count()));
	for (unsigned i = 0; i < SPAN; i++)
		if (file.page[i]->refs != 1)
			ok(false, "page %u has %u references", i, file.page[i]->refs);
	host_free(host_ram);
	return tap_done();
}
