/* Overcommit as in Linux (Documentation/mm/overcommit-accounting.rst): what is counted, and what is refused.
 *
 * Counted are pages of private writable mappings, unless they were mapped without reserve, and of shared memory. There is
 * no swap. Locking: none, the counter is atomic: two at the same time may pass the limit by what one of them asks for.
 */
#include <core/boot_info.h>
#include <core/page.h>
#include <core/process.h>
#include <linux/capability.h>
#include <linux/errno.h>
#include <mm/commit.h>
#include <mm/mm.h>

COMPONENT("mm", "address spaces: mappings, page faults, copy on write");

#define ADMIN_RESERVE (8ul << 20 >> PAGE_SHIFT)   /* pages that only the privileged are promised; or 3 % of memory */
#define USER_RESERVE  (128ul << 20 >> PAGE_SHIFT) /* pages that one program is not promised; or 3 % of what it has */

unsigned commit_mode = COMMIT_GUESS, commit_ratio = 50;
uint64_t commit_kib, commit_pages;

uint64_t commit_limit(void)
{
	uint64_t kib = READ_ONCE(commit_kib);

	return kib ? kib >> (PAGE_SHIFT - 10) : page_total() * READ_ONCE(commit_ratio) / 100;
}

static uint64_t allowed(const struct mm *mm)
{
	const struct process *p = current->process;
	uint64_t limit = commit_limit(), keep = 0;

	if (p && !(p->credentials.cap_effective >> CAP_SYS_ADMIN & 1))
		keep += MIN(page_total() / 32, ADMIN_RESERVE);
	if (mm)
		keep += MIN(mm->total_pages / 32, USER_RESERVE);
	return limit - MIN(limit, keep);
}

/* All of memory: a root that lies in it would be page cache in Linux, and counts there. */
static uint64_t machine_pages(void)
{
	uint64_t bytes = 0;

	for (unsigned i = 0; i < boot_info.memory_count; i++)
		bytes += boot_info.memory[i].size;
	return bytes >> PAGE_SHIFT;
}

int commit_charge(const struct mm *mm, uint64_t pages)
{
	unsigned mode = READ_ONCE(commit_mode);
	uint64_t now;

	if (mode == COMMIT_GUESS && pages > machine_pages())
		return -ENOMEM;
	now = __atomic_add_fetch(&commit_pages, pages, __ATOMIC_RELAXED);
	if (mode != COMMIT_NEVER || (now >= pages && now < allowed(mm)))
		return 0;
	commit_move(-(int64_t)pages);
	return -ENOMEM;
}
