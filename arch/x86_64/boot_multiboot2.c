/* What multiboot2 hands over (Multiboot2 Specification version 2.0, 3.4 to 3.6), read into struct boot_info.
 * Single-threaded, boot tables: the information has to lie in the first GiB, where GRUB puts it (lowest place first).
 * GRUB has left UEFI's boot services; nothing of its run-time services is used. */
#include "offsets.h"
#include <arch/cpu.h>
#include <arch/layout.h>
#include <core/boot_info.h>
#include <core/page.h>
#include <core/start.h>

COMPONENT("boot-multiboot2", "entry by multiboot2: GRUB on BIOS and UEFI");

enum tag_type {
	TAG_END = 0,
	TAG_COMMAND_LINE = 1,
	TAG_MODULE = 3,
	TAG_MEMORY = 6,
	TAG_RSDP_OLD = 14, /* a copy of ACPI 1.0's */
	TAG_RSDP_NEW = 15,
};

struct tag {
	uint32_t type, size;
	uint8_t data[];
};

struct tag_module {
	uint32_t start, end;
};

struct tag_memory {
	uint32_t entry_size, entry_version;
};

struct memory_entry {
	uint64_t address, size;
	uint32_t type, reserved;
};
_Static_assert(sizeof(struct memory_entry) == 24, "multiboot2's memory map entry");

#define MEMORY_RAM 1u

void start_multiboot2(uint32_t info) __noreturn;

static void read_memory(const struct tag *tag)
{
	const struct tag_memory *map = (const void *)tag->data;
	struct boot_info *b = &boot_info;

	if (map->entry_size < sizeof(struct memory_entry))
		return;
	for (uint32_t at = sizeof(*tag) + sizeof(*map); tag->size - at >= map->entry_size && b->memory_count < BOOT_MEMORY_MAX;
	     at += map->entry_size) {
		const struct memory_entry *e = (const void *)((const char *)tag + at);
		uint64_t start = ALIGN_UP(e->address, PAGE_SIZE);
		uint64_t end = ALIGN_DOWN(e->address + e->size, PAGE_SIZE);

		if (e->type == MEMORY_RAM && start < end)
			b->memory[b->memory_count++] = (struct boot_range){ start, end - start };
	}
}

void start_multiboot2(uint32_t info)
{
	const uint32_t *head = page_direct(info);
	struct boot_info *b = &boot_info;
	uint32_t total = *head;

	cpu_init_boot();
	b->protocol = "multiboot2";
	b->command_line = "";
	b->reserved[b->reserved_count++] = (struct boot_range){ info, total };
	b->reserved[b->reserved_count++] = (struct boot_range){ SMP_BOOT_PAGE, PAGE_SIZE };
	for (uint32_t at = 8; at <= total && total - at >= sizeof(struct tag);) {
		const struct tag *tag = (const void *)((const char *)head + at);
		const struct tag_module *module = (const void *)tag->data;

		if (tag->type == TAG_END || tag->size < sizeof(*tag) || tag->size > total - at)
			break;
		if (tag->type == TAG_COMMAND_LINE)
			b->command_line = (const char *)tag->data;
		else if (tag->type == TAG_MODULE && !b->initrd.size && module->end > module->start)
			b->initrd = (struct boot_range){ module->start, module->end - module->start };
		else if (tag->type == TAG_MEMORY)
			read_memory(tag);
		else if (tag->type == TAG_RSDP_NEW || (tag->type == TAG_RSDP_OLD && !b->rsdp))
			b->rsdp = info + at + sizeof(*tag);
		at += ALIGN_UP(tag->size, 8u);
	}
	start_kernel();
}
