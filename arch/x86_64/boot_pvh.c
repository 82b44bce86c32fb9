/* What PVH hands over (Xen's hvm_start_info, version 1), read into struct boot_info. Single-threaded, boot tables. */
#include "offsets.h"
#include <arch/cpu.h>
#include <arch/layout.h>
#include <core/boot_info.h>
#include <core/page.h>
#include <core/start.h>

COMPONENT("boot-pvh", "entry by PVH: QEMU, Xen, Cloud Hypervisor");

struct hvm_start_info {
	uint32_t magic, version, flags, module_count;
	uint64_t modules, command_line, rsdp, memory_map;
	uint32_t memory_map_count, reserved;
};
_Static_assert(sizeof(struct hvm_start_info) == 56, "hvm_start_info");

struct hvm_module {
	uint64_t address, size, command_line, reserved;
};

struct hvm_memory {
	uint64_t address, size;
	uint32_t type, reserved;
};
_Static_assert(sizeof(struct hvm_memory) == 24, "hvm_memmap_table_entry");

#define HVM_START_MAGIC 0x336ec578u
#define HVM_MEMORY_RAM  1u

void start_pvh(uint32_t start_info) __noreturn;

void start_pvh(uint32_t start_info)
{
	const struct hvm_start_info *info = page_direct(start_info);
	const struct hvm_memory *map = page_direct(info->memory_map);
	struct boot_info *b = &boot_info;

	cpu_init_boot();
	b->protocol = "PVH";
	b->command_line = info->command_line ? page_direct(info->command_line) : "";
	b->reserved[b->reserved_count++] = (struct boot_range){ info->command_line, strlen(b->command_line) + 1 };
	b->rsdp = info->rsdp;
	b->reserved[b->reserved_count++] = (struct boot_range){ SMP_BOOT_PAGE, PAGE_SIZE };
	if (info->magic == HVM_START_MAGIC && info->module_count > 0) {
		const struct hvm_module *module = page_direct(info->modules);

		b->initrd = (struct boot_range){ module->address, module->size };
	}
	for (uint32_t i = 0; i < info->memory_map_count && b->memory_count < BOOT_MEMORY_MAX; i++) {
		uint64_t start = ALIGN_UP(map[i].address, PAGE_SIZE);
		uint64_t end = ALIGN_DOWN(map[i].address + map[i].size, PAGE_SIZE);

		if (map[i].type == HVM_MEMORY_RAM && start < end)
			b->memory[b->memory_count++] = (struct boot_range){ start, end - start };
	}
	start_kernel();
}
