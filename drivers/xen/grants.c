/* Xen's grant table, version 1 (xen.h; public/grant_table.h): which page of ours which domain may use, by reference.
 *
 * The table lies in pages of Xen's that take the place of ours. grants_lock: the free references, a list through next_free[];
 * an entry itself is its owner's. The first references are reserved for the tools.
 */
#include <core/lock.h>
#include <core/log.h>
#include <core/slab.h>
#include "drivers/xen/xen.h"

COMPONENT("xen-grants", "Xen's grant table: memory that other domains may use");

#define FRAMES_MOST 8u
#define RESERVED    8u

struct grant_entry {
	uint16_t flags;
	domid_t domain;
	uint32_t pfn;
};
_Static_assert(sizeof(struct grant_entry) == 8, "grant_entry_v1");
#define FRAME_ENTRIES (PAGE_SIZE / sizeof(struct grant_entry))
#define GRANT_ACCESS    1u
#define GRANT_READ_ONLY 4u
#define GRANT_IN_USE    (8u | 16u) /* reading, writing */

static struct spinlock grants_lock = SPINLOCK_INIT(RANK_DEVICE);
static struct grant_entry *frames[FRAMES_MOST] __sealed;
static uint16_t *next_free; /* grants_lock */
static uint32_t first_free; /* grants_lock; XEN_GRANT_NONE: none */

static struct grant_entry *entry_of(uint32_t grant)
{
	return &frames[grant / FRAME_ENTRIES][grant % FRAME_ENTRIES];
}

/* As many frames as there can be; drivers hold few references each, and all start when the machine does. */
static void set_up(void)
{
	static bool tried;
	unsigned count = 0;

	if (tried)
		return;
	tried = true;
	next_free = kmalloc_array(FRAMES_MOST * FRAME_ENTRIES, sizeof(*next_free));
	while (next_free && count < FRAMES_MOST) {
		struct page *page = page_alloc(0, PAGE_ZERO);

		if (!page)
			break;
		if (xen_place(XEN_SPACE_GRANT_TABLE, count, page)) {
			page_put(page);
			break;
		}
		frames[count++] = page_address(page);
	}
	if (!count)
		log_err("xen: there is no grant table: no device of Xen's can be used");
	for (uint32_t i = (uint32_t)(count * FRAME_ENTRIES); i-- > RESERVED;) {
		next_free[i] = (uint16_t)first_free;
		first_free = i;
	}
}

void xen_grant_again(uint32_t grant, domid_t remote, const void *page, bool read_only)
{
	struct grant_entry *e = entry_of(grant);

	e->domain = remote;
	e->pfn = (uint32_t)(page_direct_paddr(page) >> PAGE_SHIFT);
	__atomic_store_n(&e->flags, GRANT_ACCESS | (read_only ? GRANT_READ_ONLY : 0), __ATOMIC_RELEASE);
}

uint32_t xen_grant(domid_t remote, const void *page, bool read_only)
{
	irqflags_t flags;
	uint32_t grant;

	set_up();
	flags = spin_lock_irqsave(&grants_lock);
	grant = first_free;
	if (grant != XEN_GRANT_NONE)
		first_free = next_free[grant];
	spin_unlock_irqrestore(&grants_lock, flags);
	if (grant != XEN_GRANT_NONE)
		xen_grant_again(grant, remote, page, read_only);
	return grant;
}

bool xen_grant_pause(uint32_t grant)
{
	struct grant_entry *e = entry_of(grant);
	uint16_t flags = READ_ONCE(e->flags);

	do
		if (flags & GRANT_IN_USE)
			return false;
	while (!__atomic_compare_exchange_n(&e->flags, &flags, 0, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED));
	return true;
}

void xen_grant_end(uint32_t grant)
{
	irqflags_t flags;

	if (grant == XEN_GRANT_NONE)
		return;
	if (!xen_grant_pause(grant)) {
		log_warn("xen: domain %u still uses a page that it was granted", entry_of(grant)->domain);
		return;
	}
	flags = spin_lock_irqsave(&grants_lock);
	next_free[grant] = (uint16_t)first_free;
	first_free = grant;
	spin_unlock_irqrestore(&grants_lock, flags);
}
