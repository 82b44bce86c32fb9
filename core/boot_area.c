/* The boot area behind the image, and the initrd (include/whittle/bootarea.h). Read at start, on one processor, through
 * the direct map. Every number in them is checked before it is used: the loader's bytes are not ours. */
#include <core/boot_area.h>
#include <core/boot_info.h>
#include <core/log.h>
#include <core/page.h>
#include <core/power.h>
#include <whittle/console.h>

COMPONENT("start", "the way from the loader to the program");

#define EROFS_SUPER_OFFSET 1024
#define EROFS_SUPER_MAGIC  0xe0f5e1e2u

extern const char bootarea_start[];

struct area {
	const struct bootarea_header *header; /* NULL: none */
	paddr_t paddr;
	uint64_t size;
};

static struct area image_area, initrd_area;
static struct boot_range bare_root; /* an initrd that is an EROFS image itself */

static bool in_memory(paddr_t start, uint64_t size)
{
	for (unsigned i = 0; i < boot_info.memory_count; i++) {
		const struct boot_range *m = &boot_info.memory[i];

		if (start >= m->start && start - m->start <= m->size && m->size - (start - m->start) >= size)
			return true;
	}
	return false;
}

static void __noreturn refuse(const char *what, const char *wrong)
{
	log_err("%s %s", what, wrong);
	machine_exit(CONSOLE_STATUS_MACHINE);
}

/* Is what lies at @paddr a boot area? Then all of it must be sound. @room: bytes it may take, 0 if unknown. */
static bool area_read(struct area *a, paddr_t paddr, uint64_t room, const char *what)
{
	const struct bootarea_header *h = page_direct(paddr);
	uint64_t items;

	if (!in_memory(paddr, sizeof(*h)) || h->magic != BOOTAREA_MAGIC)
		return false;
	items = h->count * (uint64_t)sizeof(struct bootarea_item);
	if (h->version != BOOTAREA_VERSION || h->count > BOOTAREA_MAX)
		refuse(what, "has a boot area of another version: rebuild it with this kernel's whittle");
	if (!in_memory(paddr, h->size))
		refuse(what, "does not fit into memory: give the machine more (-m)");
	if (h->size < sizeof(*h) + items || (room && h->size > room))
		refuse(what, "is truncated: its boot area is longer than what was loaded");
	for (unsigned i = 0; i < h->count; i++)
		if (h->items[i].offset > h->size || h->size - h->items[i].offset < h->items[i].size)
			refuse(what, "is damaged: an item of its boot area lies outside of it");
	*a = (struct area){ h, paddr, h->size };
	return true;
}

static void reserve(paddr_t start, uint64_t size)
{
	struct boot_info *b = &boot_info;

	if (b->reserved_count == ARRAY_SIZE(b->reserved))
		panic("more than %zu reserved ranges", ARRAY_SIZE(b->reserved));
	b->reserved[b->reserved_count++] = (struct boot_range){ start, size };
}

/* What is to stay in memory: all but a manifest, which is for tools, where that is what the area ends with. */
static uint64_t area_kept(const struct area *a)
{
	const struct bootarea_item *last = a->header->count ? &a->header->items[a->header->count - 1] : NULL;

	return last && last->type == BOOTAREA_MANIFEST && last->offset % PAGE_SIZE == 0 ? last->offset : a->size;
}

void boot_area_init(void)
{
	const struct boot_range *initrd = &boot_info.initrd;

	if (area_read(&image_area, image_paddr(bootarea_start), 0, "the image"))
		reserve(image_area.paddr, area_kept(&image_area));
	if (initrd->size == 0)
		return;
	if (!in_memory(initrd->start, initrd->size))
		refuse("the initrd", "does not lie in memory: give the machine more (-m)");
	reserve(initrd->start, initrd->size);
	if (area_read(&initrd_area, initrd->start, initrd->size, "the initrd"))
		return;
	if (initrd->size < EROFS_SUPER_OFFSET + 4 ||
	    *(const uint32_t *)page_direct(initrd->start + EROFS_SUPER_OFFSET) != EROFS_SUPER_MAGIC)
		refuse("the initrd", "is neither a boot area nor an EROFS image");
	bare_root = *initrd;
}

bool boot_area_item(enum bootarea_type type, unsigned index, struct boot_item *out)
{
	const struct area *areas[] = { &image_area, &initrd_area };

	for (unsigned a = 0; a < ARRAY_SIZE(areas); a++) {
		for (unsigned i = 0; areas[a]->header && i < areas[a]->header->count; i++) {
			const struct bootarea_item *item = &areas[a]->header->items[i];

			if (item->type != type || index-- > 0)
				continue;
			*out = (struct boot_item){ type, (const char *)areas[a]->header + item->offset,
						   areas[a]->paddr + item->offset, item->size };
			return true;
		}
	}
	if (type == BOOTAREA_ROOT && index == 0 && bare_root.size) {
		*out = (struct boot_item){ type, page_direct(bare_root.start), bare_root.start, bare_root.size };
		return true;
	}
	return false;
}
