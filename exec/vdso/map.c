/* Maps the vDSO and, right before it, the page of the clock (core/timekeeping.h) into a program.
 *
 * Both lie in the kernel's image: their pages are borrowed by the mapping, never counted or freed.
 */
#include <arch/layout.h>
#include <core/random.h>
#include <core/timekeeping.h>
#include <exec/program.h>
#include <linux/errno.h>
#include <linux/mman.h>
#include <mm/mm.h>

COMPONENT("vdso", "the page of code that every program gets: clocks without a system call");

extern const char vdso_image[], vdso_image_end[];

#define IMAGE_PAGES ((uint64_t)(vdso_image_end - vdso_image) / PAGE_SIZE)

static int object_page(struct vm_object *o, uint64_t index, bool write, struct vm_page *out)
{
	const char *at = index == 0 ? timekeeping_page.page : vdso_image + (index - 1) * PAGE_SIZE;

	if (index > IMAGE_PAGES || write)
		return -EFAULT;
	*out = (struct vm_page){ .paddr = image_paddr(at) };
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

uint64_t vdso_map(struct mm *mm)
{
	long at = mm_map(mm, 0, (IMAGE_PAGES + 1) * PAGE_SIZE, PROT_READ, MAP_PRIVATE, &object, 0);

	if (at < 0)
		return 0;
	if (mm_map(mm, (uint64_t)at + PAGE_SIZE, IMAGE_PAGES * PAGE_SIZE, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_FIXED,
		   &object, PAGE_SIZE) < 0)
		return 0;
	return (uint64_t)at + PAGE_SIZE;
}
