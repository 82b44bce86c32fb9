/* What debug builds know of memory: who asked for what is handed out (parameter whittle.allocations), and allocations
 * that fail on demand, the N-th that a thread makes (thread.fail_nth; Linux's /proc/PID/task/TID/fail-nth is the model).
 *
 * A piece is known by its address and kind: a run of pages may be one of the object allocator's objects as well. With
 * a piece goes the stack of who asked, found like a backtrace's (core/backtrace.c). One lock of its own kind, which
 * nothing is called under; interrupts are off, as the allocators are called from there. */
#include <arch/backtrace.h>
#include <arch/irqflags.h>
#include <arch/layout.h>
#include <core/alloc_debug.h>
#include <core/backtrace.h>
#include <core/log.h>
#include <core/page.h>
#include <core/param.h>
#include <core/thread.h>

COMPONENT("allocators", "allocators of pages and of objects");

#if WHITTLE_DEBUG
#define BUCKETS (1u << 14)
#define PIECES  (1u << 17)
#define FRAMES  10u
#define SHOWN   64u /* stacks that a report names at most */

struct piece {
	uintptr_t key;    /* address and kind; 0: free */
	uint32_t next;    /* in its bucket, or of the free ones; 0: the last */
	uint32_t size;
	uint32_t since;   /* how many alloc_mark() there had been */
	uint32_t stack[FRAMES]; /* low halves of addresses in the kernel's text */
};

extern const char text_start[], text_end[];

static struct piece *pieces;      /* NULL: not asked for; [0] is none */
static uint32_t *buckets;
static uint32_t free_piece, used_pieces, marks;
static uint64_t missed;
static bool table_lock;
static long pages_out, objects_out; /* atomic */

static irqflags_t lock_table(void)
{
	irqflags_t irq = irq_save();

	while (__atomic_test_and_set(&table_lock, __ATOMIC_ACQUIRE))
		;
	return irq;
}

static void unlock_table(irqflags_t irq)
{
	__atomic_clear(&table_lock, __ATOMIC_RELEASE);
	irq_restore(irq);
}

/* Not what interrupts ask for on the way. */
bool alloc_fails(void)
{
	struct thread *t = current;

	return t && t->fail_nth && irq_enabled() && --t->fail_nth == 0;
}

static uint32_t *bucket_of(uintptr_t key)
{
	return &buckets[(key * 0x9e3779b97f4a7c15ul) >> 50];
}

static void record_stack(uint32_t *stack)
{
	const struct thread *t = current;
	uintptr_t sp = (uintptr_t)__builtin_frame_address(0), top = t ? t->arch.stack_top : 0;
	unsigned n = 0;

	if (sp >= top || top - sp > 2 * KERNEL_STACK_SIZE)
		return;
	for (sp = ALIGN_UP(sp, 8ul); sp < top && n < FRAMES; sp += 8) {
		uintptr_t word = *(const uintptr_t *)sp;

		if (word > (uintptr_t)text_start + ARCH_CALL_MAX && word <= (uintptr_t)text_end && arch_is_call((const uint8_t *)word))
			stack[n++] = (uint32_t)(image_link_address(word) - 1);
	}
}

static void count(size_t size, enum alloc_kind kind, long sign)
{
	if (kind == ALLOC_PAGES)
		alloc_slabs(-sign * (long)(size / PAGE_SIZE));
	else
		__atomic_fetch_add(&objects_out, sign, __ATOMIC_RELAXED);
}

void alloc_slabs(long pages)
{
	__atomic_fetch_sub(&pages_out, pages, __ATOMIC_RELAXED);
}

void alloc_counts(long *ret_pages, long *ret_objects)
{
	*ret_pages = __atomic_load_n(&pages_out, __ATOMIC_RELAXED);
	*ret_objects = __atomic_load_n(&objects_out, __ATOMIC_RELAXED);
}

void alloc_note(const void *p, size_t size, enum alloc_kind kind)
{
	uintptr_t key = (uintptr_t)p | kind;
	struct piece *new;
	irqflags_t irq;

	if (!p)
		return;
	count(size, kind, 1);
	if (!pieces)
		return;
	irq = lock_table();
	if (free_piece) {
		new = &pieces[free_piece];
		free_piece = new->next;
	} else if (used_pieces + 1 < PIECES) {
		new = &pieces[++used_pieces];
	} else {
		missed++;
		unlock_table(irq);
		return;
	}
	*new = (struct piece){ .key = key, .next = *bucket_of(key), .size = (uint32_t)size, .since = marks };
	record_stack(new->stack);
	*bucket_of(key) = (uint32_t)(new - pieces);
	unlock_table(irq);
}

void alloc_forget(const void *p, size_t size, enum alloc_kind kind)
{
	uintptr_t key = (uintptr_t)p | kind;
	irqflags_t irq;

	count(size, kind, -1);
	if (!pieces)
		return;
	irq = lock_table();
	for (uint32_t *link = bucket_of(key); *link; link = &pieces[*link].next) {
		struct piece *gone = &pieces[*link];
		uint32_t at = *link;

		if (gone->key != key)
			continue;
		*link = gone->next;
		gone->key = 0;
		gone->next = free_piece;
		free_piece = at;
		break;
	}
	unlock_table(irq);
}

void alloc_mark(void)
{
	irqflags_t irq = lock_table();

	marks++;
	unlock_table(irq);
}

/* Pieces that another one shown before has the stack of are counted with that one: @like of @n. */
static unsigned group_of(const struct piece *p, const struct piece *const *like, unsigned n)
{
	unsigned i = 0;

	while (i < n && (memcmp(like[i]->stack, p->stack, sizeof(p->stack)) != 0 || (like[i]->key & 1) != (p->key & 1)))
		i++;
	return i;
}

void alloc_show(void)
{
	static const struct piece *like[SHOWN];
	static unsigned long counts[SHOWN], bytes[SHOWN];
	unsigned long total[2] = { 0 }, number[2] = { 0 }, others = 0;
	unsigned groups = 0;
	irqflags_t irq;

	if (!pieces)
		return;
	irq = lock_table();
	for (uint32_t i = 1; i <= used_pieces; i++) {
		const struct piece *p = &pieces[i];
		unsigned g;

		if (!p->key)
			continue;
		number[p->key & 1]++;
		total[p->key & 1] += p->size;
		if (p->since < marks)
			continue;
		g = group_of(p, like, groups);
		if (g == SHOWN) {
			others++;
			continue;
		}
		if (g == groups) {
			like[groups++] = p;
			counts[g] = bytes[g] = 0;
		}
		counts[g]++;
		bytes[g] += p->size;
	}
	unlock_table(irq);
	log_print(LOG_EMERG, "%lu pieces of pages, %lu KiB; %lu objects, %lu bytes; %lu not seen", number[0], total[0] / 1024,
		  number[1], total[1], missed);
	for (unsigned g = 0; g < groups; g++) {
		log_print(LOG_EMERG, "since the mark: %lu %s, %lu bytes", counts[g], like[g]->key & 1 ? "objects" : "pieces of pages",
			  bytes[g]);
		for (unsigned i = 0; i < FRAMES && like[g]->stack[i]; i++)
			log_print(LOG_EMERG, " [<%016lx>]", 0xffffffff00000000ul | like[g]->stack[i]);
	}
	if (others)
		log_print(LOG_EMERG, "since the mark: %lu others", others);
}

/* A table for all that is handed out from here on. */
static int handle_allocations(char *value)
{
	size_t table = ALIGN_UP(sizeof(struct piece) * PIECES, PAGE_SIZE) / PAGE_SIZE;

	buckets = page_alloc_run(BUCKETS * sizeof(*buckets) / PAGE_SIZE, PAGE_ZERO);
	pieces = buckets ? page_alloc_run(table, PAGE_ZERO) : NULL;
	return 0;
}
BOOT_PARAM(allocations, "whittle.allocations", handle_allocations);
#endif
