/* Maps the vDSO into a program: right before it the page of the clock (core/timekeeping.h), and before that one of the
 * host's (core/pvclock.h) where the clock reads it. The pages are borrowed by the mapping, never counted or freed.
 *
 * The clock's page lies in the kernel's image; the vDSO, which is no whole page, is copied out of it once.
 */
#include <core/clock.h>
#include <arch/layout.h>
#include <core/init.h>
#include <core/page.h>
#include <core/random.h>
#include <core/timekeeping.h>
#include <exec/program.h>
#include <linux/errno.h>
#include <linux/mman.h>
#include <mm/mm.h>

COMPONENT("vdso", "the page of code that every program gets: clocks without a system call");

extern const char vdso_image[], vdso_image_end[];

enum { HOST_INDEX, DATA_INDEX, CODE_INDEX }; /* pages of the object */
#define IMAGE_SIZE  ((size_t)(vdso_image_end - vdso_image))
#define IMAGE_PAGES (ALIGN_UP(IMAGE_SIZE, PAGE_SIZE) / PAGE_SIZE)

static char *image; /* I */

static paddr_t page_at(uint64_t index)
{
	switch (index) {
	case HOST_INDEX:
		return clock_host_page;
	case DATA_INDEX:
		return image_paddr(timekeeping_page.page);
	default:
		return page_direct_paddr(image + (index - CODE_INDEX) * PAGE_SIZE);
	}
}

static int object_page(struct vm_object *o, uint64_t index, bool write, struct vm_page *out)
{
	if (index >= CODE_INDEX + IMAGE_PAGES || write || (index == HOST_INDEX && !clock_host_page))
		return -EFAULT;
	*out = (struct vm_page){ .paddr = page_at(index) };
	return 0;
}

static void object_keep(struct vm_object *o)
{
}

static void object_describe(struct vm_object *o, char *path, size_t size, uint64_t *inode, uint32_t *device)
{
	(void)strscpy(path, "[vdso]", size);
}

static const struct vm_object_ops object_ops = {
	.page = object_page, .get = object_keep, .put = object_keep, .describe = object_describe,
};
static struct vm_object object = { &object_ops };

static void vdso_init(void)
{
	image = page_alloc_run(IMAGE_PAGES, PAGE_ZERO);
	if (image)
		memcpy(image, vdso_image, IMAGE_SIZE);
}
INITCALL(80, vdso_init);

uint64_t vdso_map(struct mm *mm)
{
	uint64_t first = clock_host_page ? HOST_INDEX : DATA_INDEX, code;
	long at = !image ? -ENOMEM : mm_map(mm, 0, (CODE_INDEX - first + IMAGE_PAGES) * PAGE_SIZE, PROT_READ, MAP_PRIVATE,
					    &object, first * PAGE_SIZE);

	if (at < 0)
		return 0;
	code = (uint64_t)at + (CODE_INDEX - first) * PAGE_SIZE;
	if (mm_map(mm, code, IMAGE_PAGES * PAGE_SIZE, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_FIXED, &object,
		   CODE_INDEX * PAGE_SIZE) < 0)
		return 0;
	return code;
}
