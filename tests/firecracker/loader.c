/* Hands a kernel over as Firecracker's loader does (its src/vmm/src/arch/x86_64: layout.rs, regs.rs, gdt.rs, mptable.rs,
 * mod.rs; Linux, Documentation/x86/boot.rst, "64-bit Boot Protocol"): the ELF's segments at their physical addresses, the
 * entry point in 64-bit mode, RSI = boot_params at 0x7000, page tables at 0x9000 that map the first GiB onto itself,
 * the command line at 0x20000, an MP table at 0x9fc00, a memory map with the gap below 4 GiB. No ACPI, no firmware.
 *
 * It is itself a PVH guest of QEMU; the kernel is its first module, and its own command line tells what the kernel gets:
 * "CPUS INITRD-BYTES " and then the kernel's command line; the initrd lies behind the kernel in the module. All RAM that Firecracker leaves to chance is filled with 0xcc first.
 */
#include <stddef.h>
#include <stdint.h>

#define PARAMS       0x7000u
#define TABLES       0x9000u
#define COMMAND_LINE 0x20000u
#define MP_TABLE     0x9fc00u
#define LOW_END      0x9fc00u
#define KERNEL       0x100000u
#define INITRD_ALIGN 0x1000u
#define FILL         0xcc

struct start_info {
	uint32_t magic, version, flags, module_count;
	uint64_t modules, command_line, rsdp, memory_map;
	uint32_t memory_map_count, reserved;
};
struct module {
	uint64_t address, size, command_line, reserved;
};
struct memory {
	uint64_t address, size;
	uint32_t type, reserved;
};
struct elf {
	uint8_t ident[16];
	uint16_t type, machine;
	uint32_t version;
	uint64_t entry, phoff, shoff;
	uint32_t flags;
	uint16_t ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
};
struct segment {
	uint32_t type, flags;
	uint64_t offset, vaddr, paddr, filesz, memsz, align;
};

extern const char loader_start[], loader_end[];

uint32_t load(const struct start_info *info);
void *memset(void *to, int byte, size_t n);
void *memcpy(void *to, const void *from, size_t n);

void *memset(void *to, int byte, size_t n)
{
	void *at = to;

	__asm__ volatile("rep stosb" : "+D"(at), "+c"(n) : "a"(byte) : "memory");
	return to;
}

void *memcpy(void *to, const void *from, size_t n)
{
	void *at = to;

	__asm__ volatile("rep movsb" : "+D"(at), "+S"(from), "+c"(n) : : "memory");
	return to;
}

static void fill(uint32_t from, uint32_t to)
{
	__builtin_memset((void *)from, FILL, to - from);
}

static void say(const char *text)
{
	for (; *text; text++)
		__asm__ volatile("outb %b0, %w1" : : "a"(*text), "d"(0x3f8));
}

static void __attribute__((noreturn)) die(const char *why)
{
	say("loader: ");
	say(why);
	say("\n");
	for (;;)
		__asm__ volatile("cli; hlt");
}

static void put8(uint32_t at, uint8_t v)
{
	*(volatile uint8_t *)at = v;
}
static void put16(uint32_t at, uint16_t v)
{
	*(volatile uint16_t *)at = v;
}
static void put32(uint32_t at, uint32_t v)
{
	*(volatile uint32_t *)at = v;
}
static void put64(uint32_t at, uint64_t v)
{
	*(volatile uint64_t *)at = v;
}

static uint8_t sum(uint32_t from, uint32_t n)
{
	uint8_t s = 0;

	while (n--)
		s = (uint8_t)(s + *(uint8_t *)from++);
	return s;
}

/* mptable.rs: the pointer, the header, processors, an ISA bus, an I/O APIC, the sixteen lines, two local interrupts. */
static void make_mp_table(unsigned cpus)
{
	uint32_t table = MP_TABLE + 16, at = table + 44, entries = 0;

	__builtin_memset((void *)MP_TABLE, 0, 1024);
	for (unsigned i = 0; i < cpus; i++, at += 20, entries++) {
		put8(at, 0);
		put8(at + 1, (uint8_t)i);
		put8(at + 2, 0x14);
		put8(at + 3, (uint8_t)(1 | (i ? 0 : 2)));
		put32(at + 4, 0x600);
		put32(at + 8, 0x201);
	}
	put8(at, 1);
	__builtin_memcpy((void *)(at + 2), "ISA   ", 6);
	at += 8, entries++;
	put8(at, 2);
	put8(at + 1, (uint8_t)(cpus + 1));
	put8(at + 2, 0x14);
	put8(at + 3, 1);
	put32(at + 4, 0xfec00000);
	at += 8, entries++;
	for (unsigned i = 0; i < 24; i++, at += 8, entries++) {
		put8(at, 3);
		put8(at + 5, (uint8_t)i);
		put8(at + 6, (uint8_t)(cpus + 1));
		put8(at + 7, (uint8_t)i);
	}
	for (unsigned i = 0; i < 2; i++, at += 8, entries++) {
		put8(at, 4);
		put8(at + 1, i ? 1 : 3);
		put8(at + 6, i ? 0xff : 0);
		put8(at + 7, (uint8_t)i);
	}
	__builtin_memcpy((void *)table, "PCMP", 4);
	put16(table + 4, (uint16_t)(at - table));
	put8(table + 6, 4);
	__builtin_memcpy((void *)(table + 8), "FC      000000000000", 20);
	put16(table + 34, (uint16_t)entries);
	put32(table + 36, 0xfee00000);
	put8(table + 7, (uint8_t)-sum(table, at - table));
	__builtin_memcpy((void *)MP_TABLE, "_MP_", 4);
	put32(MP_TABLE + 4, table);
	put8(MP_TABLE + 8, 1);
	put8(MP_TABLE + 9, 4);
	put8(MP_TABLE + 10, (uint8_t)-sum(MP_TABLE, 16));
}

/* gdt.rs and regs.rs: one GiB in 2 MiB pages. */
static void make_tables(void)
{
	__builtin_memset((void *)TABLES, 0, 0x3000);
	put64(TABLES, (TABLES + 0x1000) | 3);
	put64(TABLES + 0x1000, (TABLES + 0x2000) | 3);
	for (uint32_t i = 0; i < 512; i++)
		put64(TABLES + 0x2000 + 8 * i, ((uint64_t)i << 21) | 0x83);
}

static void add_e820(uint64_t start, uint64_t size)
{
	uint8_t n = *(uint8_t *)(PARAMS + 0x1e8);
	uint32_t at = PARAMS + 0x2d0 + 20u * n;

	put64(at, start);
	put64(at + 8, size);
	put32(at + 16, 1);
	put8(PARAMS + 0x1e8, (uint8_t)(n + 1));
}

static uint32_t copy_segments(const char *file, uint32_t size, uint32_t end)
{
	const struct elf *e = (const void *)file;

	if (size < sizeof(*e) || __builtin_memcmp(e->ident, "\177ELF\2\1", 6))
		die("the module is no 64-bit ELF");
	for (unsigned i = 0; i < e->phnum; i++) {
		const struct segment *s = (const void *)(file + e->phoff + i * e->phentsize);

		if (s->type != 1)
			continue;
		if (s->paddr < KERNEL || s->paddr + s->memsz > end)
			die("a segment of the kernel meets the loader");
		__builtin_memcpy((void *)(uint32_t)s->paddr, file + s->offset, (uint32_t)s->filesz);
	}
	return (uint32_t)e->entry;
}

/* Return: the kernel's entry point. */
uint32_t load(const struct start_info *info)
{
	const struct module *m = (const void *)(uint32_t)info->modules;
	const struct memory *map = (const void *)(uint32_t)info->memory_map;
	const char *words = (const char *)(uint32_t)info->command_line;
	struct memory ram[8];
	uint32_t self = (uint32_t)loader_start, kernel, size, entry, initrd, initrd_size = 0;
	unsigned cpus = 0, count = 0;
	static char line[2048];

	if (info->module_count < 1)
		die("no kernel: give it as the first module");
	kernel = (uint32_t)m[0].address;
	size = (uint32_t)m[0].size;
	for (; *words >= '0' && *words <= '9'; words++)
		cpus = 10 * cpus + (unsigned)(*words - '0');
	words += *words == ' ';
	for (; *words >= '0' && *words <= '9'; words++)
		initrd_size = 10 * initrd_size + (unsigned)(*words - '0');
	words += *words == ' ';
	if (!cpus || initrd_size > size)
		die("its command line is: CPUS INITRD-BYTES KERNEL'S COMMAND LINE");
	for (size_t i = 0; words[i] && i < sizeof(line) - 1; i++)
		line[i] = words[i];
	for (uint32_t i = 0; i < info->memory_map_count && count < 8; i++)
		if (map[i].type == 1 && map[i].address + map[i].size > KERNEL)
			ram[count++] = map[i];
	/* From here on nothing of PVH's is read but the module, which lies at the end of low memory. */
	fill(0x500, LOW_END);
	fill(0xf0000, KERNEL);
	fill(KERNEL, self);
	fill((uint32_t)loader_end, kernel);
	size -= initrd_size;
	initrd = initrd_size ? kernel + size : 0;
	entry = copy_segments((const char *)kernel, size, self);
	if (initrd & (INITRD_ALIGN - 1))
		die("pad the kernel to whole pages before the initrd");
	fill(kernel, kernel + size);
	__builtin_memset((void *)PARAMS, 0, 4096);
	__builtin_memcpy((void *)COMMAND_LINE, line, sizeof(line));
	put16(PARAMS + 0x1fe, 0xaa55);
	put32(PARAMS + 0x202, 0x53726448); /* "HdrS" */
	put8(PARAMS + 0x210, 0xff);
	put32(PARAMS + 0x228, COMMAND_LINE);
	put32(PARAMS + 0x238, sizeof(line));
	put32(PARAMS + 0x230, 0x1000000);
	put32(PARAMS + 0x218, initrd);
	put32(PARAMS + 0x21c, initrd_size);
	add_e820(0, LOW_END);
	for (unsigned i = 0; i < count; i++)
		add_e820(ram[i].address < KERNEL ? KERNEL : ram[i].address,
			 ram[i].address + ram[i].size - (ram[i].address < KERNEL ? KERNEL : ram[i].address));
	make_mp_table(cpus);
	make_tables();
	return entry;
}
