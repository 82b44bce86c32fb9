/* What Linux's boot protocol hands over (Documentation/x86/zero-page.rst), read into struct boot_info. Single-threaded,
 * boot tables: everything has to lie in the first GiB, as loaders put it. */
#include "offsets.h"
#include <arch/cpu.h>
#include <arch/layout.h>
#include <asm/bootparam.h>
#include <core/boot_info.h>
#include <core/page.h>
#include <core/start.h>

COMPONENT("boot-linux", "entry by Linux's 64-bit boot protocol: Firecracker");

#define E820_RAM 1u

void start_linux(uint32_t params) __noreturn;

void start_linux(uint32_t params)
{
	const struct boot_params *p = page_direct(params);
	struct boot_info *b = &boot_info;
	paddr_t command_line = p->hdr.cmd_line_ptr;

	cpu_init_boot();
	b->protocol = "Linux, 64-bit";
	b->command_line = command_line ? page_direct(command_line) : "";
	b->reserved[b->reserved_count++] = (struct boot_range){ command_line, strlen(b->command_line) + 1 };
	b->reserved[b->reserved_count++] = (struct boot_range){ SMP_BOOT_PAGE, PAGE_SIZE };
	b->rsdp = p->acpi_rsdp_addr;
	b->initrd = (struct boot_range){ p->hdr.ramdisk_image | (uint64_t)p->ext_ramdisk_image << 32,
					 p->hdr.ramdisk_size | (uint64_t)p->ext_ramdisk_size << 32 };
	for (uint32_t i = 0; i < p->e820_entries && i < E820_MAX_ENTRIES_ZEROPAGE && b->memory_count < BOOT_MEMORY_MAX; i++) {
		const struct boot_e820_entry *e = &p->e820_table[i];
		uint64_t start = ALIGN_UP(e->addr, PAGE_SIZE);
		uint64_t end = ALIGN_DOWN(e->addr + e->size, PAGE_SIZE);

		if (e->type == E820_RAM && start < end)
			b->memory[b->memory_count++] = (struct boot_range){ start, end - start };
	}
	start_kernel();
}
