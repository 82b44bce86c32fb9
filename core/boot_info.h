/* What the loader told us, whatever its protocol (arch/ARCH/boot_*.c fill it; core/start.c reads it). */
#ifndef CORE_BOOT_INFO_H
#define CORE_BOOT_INFO_H

#define BOOT_MEMORY_MAX 64

struct boot_range {
	paddr_t start;
	uint64_t size; /* bytes */
};

struct boot_info {
	const char *protocol;                          /* "PVH" … */
	unsigned memory_count;
	struct boot_range memory[BOOT_MEMORY_MAX];     /* usable RAM, ascending, page-aligned inwards */
	const char *command_line;                      /* borrowed, "" if none */
	struct boot_range initrd;                      /* size 0 if none */
	paddr_t rsdp;                                  /* ACPI's root pointer, 0 if none */
	struct boot_range reserved[16];                /* what the loader left that must not be overwritten */
	unsigned reserved_count;
};

extern struct boot_info boot_info;

#endif
