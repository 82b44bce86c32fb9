/* Kernel stacks: slots of an address range, each the stack and as much again unmapped below it. Free ones stay mapped
 * and are used again first; beyond STACKS_KEPT their pages go back, their slots are remembered. */
#include <arch/layout.h>
#include <arch/mmu.h>
#include <core/lock.h>
#include <core/page.h>
#include <core/slab.h>
#include <core/stack.h>
#include <core/thread.h>

COMPONENT("threads", "threads, scheduling, waiting");

#define SLOT_SIZE   (2 * KERNEL_STACK_SIZE)
#define STACK_ORDER 2
#define STACKS_KEPT 32

_Static_assert(KERNEL_STACK_SIZE == PAGE_SIZE << STACK_ORDER, "order of a stack");

/* A free stack holds this in its own first bytes; a slot without pages in an object. */
struct free_stack {
	struct free_stack *next;
	void *stack;
};

static struct spinlock stack_lock = SPINLOCK_INIT(RANK_SLAB);
static struct free_stack *kept, *unmapped; /* stack_lock */
static unsigned kept_count;                /* stack_lock */
static uint64_t next_slot = STACKS_START;  /* stack_lock */

static void *map_slot(void *stack)
{
	struct page *pages = page_alloc(STACK_ORDER, 0);

	if (!pages)
		return NULL;
	if (mmu_map_kernel((uint64_t)stack, page_paddr(pages), KERNEL_STACK_SIZE, MMU_READ | MMU_WRITE) == 0)
		return stack;
	page_put(pages);
	return NULL;
}

void *stack_alloc(void)
{
	irqflags_t flags = spin_lock_irqsave(&stack_lock);
	struct free_stack *f = kept;
	void *stack;

	if (f) {
		kept = f->next;
		kept_count--;
		spin_unlock_irqrestore(&stack_lock, flags);
		return f;
	}
	f = unmapped;
	if (f) {
		unmapped = f->next;
		stack = f->stack;
	} else if (next_slot < STACKS_END) {
		stack = (void *)(next_slot + SLOT_SIZE - KERNEL_STACK_SIZE);
		next_slot += SLOT_SIZE;
	} else {
		stack = NULL;
	}
	spin_unlock_irqrestore(&stack_lock, flags);
	kfree(f);
	return stack ? map_slot(stack) : NULL;
}

void stack_free(void *stack)
{
	irqflags_t flags = spin_lock_irqsave(&stack_lock);
	struct free_stack *f = stack;
	struct page *pages;

	if (kept_count < STACKS_KEPT) {
		f->next = kept;
		kept = f;
		kept_count++;
		spin_unlock_irqrestore(&stack_lock, flags);
		return;
	}
	spin_unlock_irqrestore(&stack_lock, flags);
	pages = page_of(mmu_kernel_paddr((uint64_t)stack));
	mmu_unmap_kernel((uint64_t)stack, KERNEL_STACK_SIZE);
	page_put(pages);
	f = kmalloc(sizeof(*f));
	if (!f)
		return; /* the slot's addresses are lost; there are millions */
	f->stack = stack;
	flags = spin_lock_irqsave(&stack_lock);
	f->next = unmapped;
	unmapped = f;
	spin_unlock_irqrestore(&stack_lock, flags);
}
