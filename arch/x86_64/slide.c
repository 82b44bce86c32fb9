/* Where the kernel runs: at a random place of the topmost 512 GiB of addresses, on a boundary of 2 MiB (18 bits). The
 * image stays where the loader put it; its boot page tables are made for that place, and its pointers are moved by
 * what the linker left as RELR (gABI, "SHT_RELR"). `nokaslr` leaves it where it is linked.
 *
 * The first thread's canary (core/canary.c) comes from here, too: nothing else runs without one.
 * Called once by boot.S, on the identity mapping: what is reached here is reached by its physical address, and nothing
 * may be called that holds an address in data. Without RDRAND the time-stamp counter is all the chance there is.
 */
#include <arch/cpu.h>
#include <arch/layout.h>
#include <core/thread.h>
#include <whittle/bootarea.h>

COMPONENT("slide", "random addresses for the kernel");

#define ENTRIES     512u
#define LARGE_SHIFT 21
#define LARGE_BITS  0x83u /* present, writable, 2 MiB */
#define TABLE_BITS  3u
#define LINK_BASE   (KERNEL_START - KERNEL_LOAD)
#define GIB_SHIFT   30
#define TOP_START   0xffffff8000000000ul /* of the topmost entry of the topmost table */
#define TOP_GIBS    511u                 /* the last one ends with what stands for errors */
#define MAPPED_END  (1ul << GIB_SHIFT)   /* of the identity mapping */

extern const uint64_t relr_start[], relr_end[];
extern const char image_end[], bootarea_start[];
extern uint64_t boot_pdpt_kernel[], boot_pd_kernel[];

uint64_t slide_image(paddr_t command_line, paddr_t initrd);

/* The word "nokaslr", before the program's arguments. Quoted blanks do not end a word. */
static bool asks_for_none(const char *text, size_t n)
{
	static const char wanted[] = "nokaslr";
	bool quoted = false, fits = true;
	size_t length = 0;

	for (size_t i = 0; i <= n; i++) {
		char c = i < n && text[i] ? text[i] : ' ';

		if (c == '"')
			quoted = !quoted;
		if (quoted || (c != ' ' && c != '\t' && c != '\n')) {
			fits = fits && length < sizeof(wanted) - 1 && c == wanted[length];
			length++;
			continue;
		}
		if (fits && length == sizeof(wanted) - 1)
			return true;
		if (length == 2 && text[i - 1] == '-' && text[i - 2] == '-')
			return false;
		fits = true;
		length = 0;
		if (i < n && !text[i])
			break;
	}
	return false;
}

/* The same in the parameters of a boot area, if there is a sound one. */
static bool area_asks_for_none(paddr_t at)
{
	const struct bootarea_header *h = (const void *)at;

	if (at >= MAPPED_END - PAGE_SIZE || h->magic != BOOTAREA_MAGIC || h->count > BOOTAREA_MAX ||
	    h->size > MAPPED_END - at)
		return false;
	for (unsigned i = 0; i < h->count; i++) {
		const struct bootarea_item *item = &h->items[i];

		if (item->type == BOOTAREA_PARAMS && item->offset <= h->size && h->size - item->offset >= item->size &&
		    asks_for_none((const char *)h + item->offset, item->size))
			return true;
	}
	return false;
}

static uint64_t chance(void)
{
	uint64_t r = 0;
	bool ok = !(cpuid(1, 0).ecx & (1u << 30));

	for (unsigned tries = 0; tries < 10 && !ok; tries++)
		__asm__ volatile("rdrand %0" : "=r"(r), "=@ccc"(ok));
	r += rdtsc() * 0x9e3779b97f4a7c15ull;
	r = (r ^ r >> 32) * 0xd6e8feb86659fd93ull;
	return r ^ r >> 32;
}

/* Every pointer in the image grows by @slide. An even word says where the next one is, an odd one which of the 63
 * words behind the last are. */
static void move_pointers(uint64_t slide)
{
	uint64_t *at = NULL;

	for (const uint64_t *r = relr_start; r < relr_end; r++) {
		if (!(*r & 1)) {
			at = (uint64_t *)(*r - LINK_BASE);
			*at++ += slide;
			continue;
		}
		for (uint64_t bits = *r >> 1; bits; bits &= bits - 1)
			at[__builtin_ctzl(bits)] += slide;
		at += 63;
	}
}

/* @command_line, @initrd: physical addresses, 0 if there is none. Return: what is added to link-time addresses. */
__no_canary uint64_t slide_image(paddr_t command_line, paddr_t initrd)
{
	uint64_t pages = ((uint64_t)image_end + (1ul << LARGE_SHIFT) - 1) >> LARGE_SHIFT;
	uint64_t gib = (LINK_BASE - TOP_START) >> GIB_SHIFT, page = 0, slide, place;

	if (!(command_line && command_line < MAPPED_END && asks_for_none((const char *)command_line, MAPPED_END - command_line)) &&
	    !area_asks_for_none((paddr_t)bootarea_start) && !(initrd && area_asks_for_none(initrd))) {
		place = chance() % (TOP_GIBS * (ENTRIES - pages));
		gib = place / (ENTRIES - pages);
		page = place % (ENTRIES - pages);
	}
	stack_canary = chance() & ~0xfful;
	for (uint64_t i = 0; i < pages; i++)
		boot_pd_kernel[page + i] = i << LARGE_SHIFT | LARGE_BITS;
	boot_pdpt_kernel[gib] = (uint64_t)boot_pd_kernel | TABLE_BITS;
	slide = TOP_START + (gib << GIB_SHIFT) + (page << LARGE_SHIFT) - LINK_BASE;
	if (slide)
		move_pointers(slide);
	return slide;
}
