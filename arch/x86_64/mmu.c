/* Page tables for x86-64 (Intel SDM 3A, 4.5 4-level paging, 4.10 translation caches).
 *
 * Tables are pages of their own, written through the direct map. The kernel's half is shared by all address spaces: its
 * topmost entries are complete after mmu_kernel_init() and copied into each.
 * Locking: kernel_lock for the kernel's half; the address space's lock, held by callers, for the program's.
 * Left out: 5-level paging, process-context identifiers. */
#include <arch/layout.h>
#include <arch/mmu.h>
#include <core/init.h>
#include <core/lock.h>
#include <core/log.h>
#include <core/page.h>
#include <linux/errno.h>
#include <whittle/bootarea.h>

COMPONENT("page-tables", "page tables: the kernel's and an address space's");

#define LARGE     MMU_ENTRY_LARGE
#define GLOBAL    256ul
#define TABLE     (MMU_ENTRY_PRESENT | MMU_WRITE | MMU_USER)
#define LEVELS    4u
#define ENTRIES   512u
#define FLUSH_MAX 32u /* pages; beyond, all translations of the program go at once */

#define EFER      0xc0000080u
#define EFER_NXE  (1u << 11)
#define CR0_WP    (1ul << 16)
#define CR4_PGE   (1ul << 7)
#define CPUID_NX  (1u << 20) /* 0x80000001 edx */
#define CPUID_1G  (1u << 26)

PERCPU(paddr_t, mmu_current_root);

uint64_t mmu_nx __sealed;
void (*mmu_shootdown)(const struct mmu *m, enum mmu_shoot what) __sealed;

static struct mmu kernel_mmu __sealed;                     /* kernel_lock: its tables' entries */
static struct spinlock kernel_lock = SPINLOCK_INIT(RANK_VMAP);
static uint64_t reserve_next = VMAP_START;                 /* kernel_lock */
static bool has_1g_pages __sealed;

extern char text_start[], rodata_start[], relro_start[], relro_end[], data_start[], image_end[], boot_tables[], boot_stack[];

static unsigned level_shift(unsigned level)
{
	return PAGE_SHIFT + 9 * level;
}

static mmu_entry *table_entry(paddr_t table, uint64_t va, unsigned level)
{
	return (mmu_entry *)page_direct(table) + ((va >> level_shift(level)) & (ENTRIES - 1));
}

static paddr_t table_create(void)
{
	struct page *p = page_alloc(0, PAGE_ZERO | PAGE_ATOMIC);

	return p ? page_paddr(p) : 0;
}

/* The entry of @va at @level, or NULL. */
static inline __attribute__((always_inline)) mmu_entry *walk(paddr_t root, uint64_t va, unsigned level, bool create)
{
	paddr_t table = root;

	for (unsigned l = LEVELS - 1; l > level; l--) {
		mmu_entry *e = table_entry(table, va, l);

		if (unlikely(!*e)) {
			paddr_t made = create ? table_create() : 0;

			if (!made)
				return NULL;
			*e = made | TABLE;
		}
		if (unlikely(*e & LARGE))
			return NULL;
		table = *e & MMU_ENTRY_PADDR;
	}
	return table_entry(table, va, level);
}

/* ---- Programs ---- */

int mmu_init(struct mmu *m)
{
	struct page *p = page_alloc(0, PAGE_ZERO);

	if (!p)
		return -ENOMEM;
	m->root = page_paddr(p);
	m->leaf_region = UINT64_MAX;
	memcpy((mmu_entry *)page_direct(m->root) + ENTRIES / 2, (mmu_entry *)page_direct(kernel_mmu.root) + ENTRIES / 2,
	       ENTRIES / 2 * sizeof(mmu_entry));
	return 0;
}

void mmu_fini(struct mmu *m)
{
	page_put(page_of(m->root));
	m->root = 0;
}

void mmu_switch(const struct mmu *m)
{
	paddr_t root = m ? m->root : kernel_mmu.root;

	percpu_set(mmu_current_root, root);
	__asm__ volatile("mov %0, %%cr3" : : "r"(root) : "memory");
}

mmu_entry *mmu_entry_walk_(struct mmu *m, uint64_t va, bool create)
{
	mmu_entry *e = walk(m->root, va, 0, create);

	if (e) {
		m->leaf_region = va >> level_shift(1);
		m->leaf = (mmu_entry *)((uintptr_t)e & PAGE_MASK);
	}
	return e;
}

mmu_entry *mmu_region_at(struct mmu *m, uint64_t va, bool create)
{
	return walk(m->root, va, 1, create);
}

mmu_entry *mmu_region_table(mmu_entry e)
{
	return page_direct(e & MMU_ENTRY_PADDR);
}

mmu_entry mmu_region_entry(const mmu_entry *table)
{
	return page_direct_paddr(table) | TABLE;
}

mmu_entry *mmu_entry_next(struct mmu *m, uint64_t *va, uint64_t end)
{
	uint64_t at = *va;

	while (at < end) {
		paddr_t table = m->root;
		unsigned level = LEVELS - 1;

		while (level > 0) {
			mmu_entry e = *table_entry(table, at, level);

			if (!e)
				break;
			if (unlikely(e & LARGE)) {
				*va = at;
				return table_entry(table, at, level);
			}
			table = e & MMU_ENTRY_PADDR;
			level--;
		}
		if (level == 0) {
			*va = at;
			return table_entry(table, at, 0);
		}
		at = (at | ((1ul << level_shift(level)) - 1)) + 1;
	}
	return NULL;
}

/* Unhook what lies in [@start, @end) below the table @table of @level, which spans from @base; the tables go to @freed. */
static void unhook_below(paddr_t table, unsigned level, uint64_t base, uint64_t start, uint64_t end, struct list *freed)
{
	mmu_entry *entries = page_direct(table);
	uint64_t span = 1ul << level_shift(level);
	unsigned first = start > base ? (unsigned)((start - base) >> level_shift(level)) : 0;

	for (unsigned i = first; i < ENTRIES; i++) {
		uint64_t at = base + i * span;
		paddr_t below = entries[i] & MMU_ENTRY_PADDR;

		if (at >= end)
			break;
		if (!below)
			continue;
		if (level > 1)
			unhook_below(below, level - 1, at, start, end, freed);
		if (at >= start && end - at >= span) {
			entries[i] = 0;
			list_add(freed, &page_of(below)->list);
		}
	}
}

static void flush_here(uint64_t va)
{
	__asm__ volatile("invlpg (%0)" : : "r"(va) : "memory");
}

/* Write CR3 anew: everything but global translations is forgotten. */
static void flush_all_here(void)
{
	uint64_t cr3;

	__asm__ volatile("mov %%cr3, %0\n\tmov %0, %%cr3" : "=&r"(cr3) : : "memory");
}

/* Without PGE for a moment, global translations go, too. */
void mmu_flush_here(void)
{
	uint64_t cr4;

	__asm__ volatile("mov %%cr4, %0" : "=r"(cr4));
	__asm__ volatile("mov %0, %%cr4" : : "r"(cr4 & ~CR4_PGE) : "memory");
	__asm__ volatile("mov %0, %%cr4" : : "r"(cr4) : "memory");
}

void mmu_forget_tables(struct mmu *m)
{
	m->leaf_region = UINT64_MAX;
	if (m->root == percpu_get(mmu_current_root))
		flush_all_here();
	if (unlikely(mmu_shootdown))
		mmu_shootdown(m, MMU_SHOOT_TABLES);
}

/* Tables are freed only after every processor has forgotten them, those that idle too: what a processor remembers of the
 * upper levels it may follow at any time, for an access that never happens. */
void mmu_free_tables(struct mmu *m, uint64_t start, uint64_t end)
{
	struct list freed = LIST_INIT(freed);

	m->leaf_region = UINT64_MAX;
	unhook_below(m->root, LEVELS - 1, 0, start, end, &freed);
	if (list_empty(&freed))
		return;
	mmu_forget_tables(m);
	while (!list_empty(&freed)) {
		struct page *table = list_first(&freed, struct page, list);

		list_del(&table->list);
		page_put(table);
	}
}

void mmu_clear(struct mmu *m)
{
	mmu_free_tables(m, 0, 1ul << 47);
}

void mmu_flush_page(struct mmu *m, uint64_t va)
{
	if (m->root == percpu_get(mmu_current_root))
		flush_here(va);
	if (unlikely(mmu_shootdown))
		mmu_shootdown(m, MMU_SHOOT_PAGES);
}

void mmu_flush_range(struct mmu *m, uint64_t start, uint64_t end)
{
	if (m->root == percpu_get(mmu_current_root)) {
		if (end - start > FLUSH_MAX * PAGE_SIZE)
			flush_all_here();
		else
			for (uint64_t va = start; va < end; va += PAGE_SIZE)
				flush_here(va);
	}
	if (unlikely(mmu_shootdown))
		mmu_shootdown(m, MMU_SHOOT_PAGES);
}

/* ---- The kernel ---- */

/* Map with the largest pages that fit, up to @max_level. Nothing is mapped there yet. */
static int map_pages(uint64_t va, paddr_t pa, size_t n, mmu_entry bits, unsigned max_level)
{
	while (n) {
		unsigned level = max_level;
		mmu_entry *e;
		size_t count;

		while (level && (((va | pa) & ((1ul << level_shift(level)) - 1)) || n < 1ul << level_shift(level)))
			level--;
		e = walk(kernel_mmu.root, va, level, true);
		if (!e)
			return -ENOMEM;
		count = MIN(ENTRIES - ((va >> level_shift(level)) & (ENTRIES - 1)), n >> level_shift(level));
		/* Small pages stop where a large one could begin. */
		if (level < max_level) {
			uint64_t next = ALIGN_UP(va + 1, 1ul << level_shift(level + 1));

			count = MIN(count, (next - va) >> level_shift(level));
		}
		for (size_t i = 0; i < count; i++) {
			e[i] = pa | bits | (level ? LARGE : 0);
			pa += 1ul << level_shift(level);
		}
		va += count << level_shift(level);
		n -= count << level_shift(level);
	}
	return 0;
}

int mmu_map_kernel(uint64_t va, paddr_t pa, size_t n, unsigned access)
{
	mmu_entry bits = mmu_entry_touched(mmu_entry_make(0, access)) | GLOBAL;
	irqflags_t irq = spin_lock_irqsave(&kernel_lock);
	int r = map_pages(va, pa, n, bits, 0);

	spin_unlock_irqrestore(&kernel_lock, irq);
	return r;
}

void mmu_unmap_kernel(uint64_t va, size_t n)
{
	irqflags_t irq = spin_lock_irqsave(&kernel_lock);

	for (uint64_t at = va; at < va + n; at += PAGE_SIZE) {
		mmu_entry *e = walk(kernel_mmu.root, at, 0, false);

		if (e)
			*e = 0;
		flush_here(at);
	}
	spin_unlock_irqrestore(&kernel_lock, irq);
	if (unlikely(mmu_shootdown))
		mmu_shootdown(NULL, MMU_SHOOT_TABLES);
}

paddr_t mmu_kernel_paddr(uint64_t va)
{
	return mmu_entry_paddr(*walk(kernel_mmu.root, va, 0, false));
}

uint64_t mmu_reserve_kernel(size_t n)
{
	irqflags_t irq = spin_lock_irqsave(&kernel_lock);
	uint64_t va = 0;

	n = ALIGN_UP(n, PAGE_SIZE);
	if (kernel_mmu.root && n <= VMAP_END - reserve_next) {
		va = reserve_next;
		reserve_next += n;
	}
	spin_unlock_irqrestore(&kernel_lock, irq);
	return va;
}

volatile void *mmu_map_device(paddr_t pa, size_t n)
{
	paddr_t start = ALIGN_DOWN(pa, PAGE_SIZE), end = ALIGN_UP(pa + n, PAGE_SIZE);
	uint64_t va = mmu_reserve_kernel(end - start);

	if (!va || mmu_map_kernel(va, start, end - start, MMU_READ | MMU_WRITE | MMU_UNCACHED) != 0)
		return NULL;
	return (volatile void *)(va + (pa - start));
}

static uint32_t cpuid_extended_edx(void)
{
	uint32_t a = 0x80000000u, b, c, d = 0;

	__asm__ volatile("cpuid" : "+a"(a), "=b"(b), "=c"(c), "=d"(d));
	if (a < 0x80000001u)
		return 0;
	a = 0x80000001u;
	__asm__ volatile("cpuid" : "+a"(a), "=b"(b), "=c"(c), "=d"(d));
	return d;
}

void mmu_cpu_init(void)
{
	uint64_t cr;
	uint32_t low, high;

	if (mmu_nx) {
		__asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(EFER));
		__asm__ volatile("wrmsr" : : "a"(low | EFER_NXE), "d"(high), "c"(EFER));
	}
	__asm__ volatile("mov %%cr0, %0" : "=r"(cr));
	__asm__ volatile("mov %0, %%cr0" : : "r"(cr | CR0_WP) : "memory");
	__asm__ volatile("mov %%cr4, %0" : "=r"(cr));
	__asm__ volatile("mov %0, %%cr4" : : "r"(cr | CR4_PGE) : "memory");
}

/* Physical addresses where what may be written through the direct map changes: from text to relro it may not, data
 * behind it may, the boot area may not, what follows may. */
static void image_bounds(paddr_t bounds[4])
{
	const struct bootarea_header *area;

	bounds[0] = image_paddr(text_start);
	bounds[1] = image_paddr(data_start);
	bounds[2] = ALIGN_UP(image_paddr(image_end), PAGE_SIZE);
	bounds[3] = bounds[2];
	area = page_direct(bounds[2]);
	if (area->magic == BOOTAREA_MAGIC && area->version == BOOTAREA_VERSION && area->size < 1ul << 40)
		bounds[3] = ALIGN_UP(bounds[2] + area->size, PAGE_SIZE);
}

/* Map [@start, @end) of physical memory at its place in the direct map. */
static int map_direct(paddr_t start, paddr_t end, const paddr_t bounds[4], unsigned max_level)
{
	mmu_entry rw = mmu_entry_touched(mmu_entry_make(0, MMU_READ | MMU_WRITE)) | GLOBAL;
	mmu_entry ro = mmu_entry_touched(mmu_entry_make(0, MMU_READ)) | GLOBAL;

	while (start < end) {
		paddr_t next = end;
		unsigned part = 0;
		int r;

		while (part < 4 && start >= bounds[part])
			part++;
		if (part < 4)
			next = MIN(end, bounds[part]);
		r = map_pages(DIRECT_MAP_START + start, start, next - start, part == 1 || part == 3 ? ro : rw, max_level);
		if (r)
			return r;
		start = next;
	}
	return 0;
}

static int map_all_memory(void)
{
	paddr_t bounds[4], done = 0;
	unsigned max_level = has_1g_pages ? 2 : 1;

	image_bounds(bounds);
	for (unsigned i = 0; i < boot_info.memory_count; i++) {
		paddr_t start = MAX(ALIGN_DOWN(boot_info.memory[i].start, BLOCK_SIZE), done);
		paddr_t end = ALIGN_UP(boot_info.memory[i].start + boot_info.memory[i].size, BLOCK_SIZE);

		if (start >= end)
			continue;
		if (map_direct(start, end, bounds, max_level))
			return -ENOMEM;
		done = end;
	}
	return 0;
}

static int map_image_part(const char *start, const char *end, unsigned access)
{
	uint64_t va = ALIGN_DOWN((uint64_t)start, PAGE_SIZE);

	return map_pages(va, image_paddr((const void *)va), ALIGN_UP((uint64_t)end, PAGE_SIZE) - va,
			 mmu_entry_touched(mmu_entry_make(0, access)) | GLOBAL, 0);
}

static int map_image(void)
{
	int r = map_image_part(text_start, rodata_start, MMU_READ | MMU_EXEC);

	if (!r)
		r = map_image_part(rodata_start, relro_start, MMU_READ);
	if (!r)
		r = map_image_part(relro_start, boot_tables, MMU_READ | MMU_WRITE);
	/* The boot page tables are not needed here any more: not mapped, they guard the boot stack. */
	if (!r)
		r = map_image_part(boot_stack, image_end, MMU_READ | MMU_WRITE);
	return r;
}

void mmu_kernel_init(void)
{
	uint32_t features = cpuid_extended_edx();

	mmu_nx = features & CPUID_NX ? 1ul << 63 : 0;
	has_1g_pages = features & CPUID_1G;
	mmu_cpu_init();
	kernel_mmu.root = table_create();
	/* The table below the top entry of VMAP is made now, so that all address spaces share it. */
	if (!kernel_mmu.root || map_all_memory() || map_image() || !walk(kernel_mmu.root, VMAP_START, 2, true))
		panic("too little memory for page tables");
	mmu_switch(NULL);
}

void mmu_seal_relro(void)
{
	for (uint64_t va = (uint64_t)relro_start; va < (uint64_t)relro_end; va += PAGE_SIZE) {
		mmu_entry *e = walk(kernel_mmu.root, va, 0, false);

		*e &= ~(uint64_t)(MMU_WRITE | MMU_ENTRY_DIRTY);
		flush_here(va);
	}
}
INITCALL(89, mmu_seal_relro);
