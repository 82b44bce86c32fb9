/* Kernel memory by size: objects keep what is written, do not overlap, and all pages come back. */
/* UNIT: core/slab.c core/page.c */
#include <core/page.h>
#include <core/slab.h>

#include "tests/unit/tap.h"

#define RAM_SIZE (32ul << 20)
#define HELD     600u

struct boot_info boot_info;

__asm__(".globl image_start, image_end\n"
	".set image_start, 0xffffffff80100000\n"
	".set image_end, 0xffffffff80190000\n");

static struct {
	unsigned char *p;
	size_t size;
	unsigned char mark;
} held[HELD];

static bool check_and_free(unsigned i)
{
	bool good = true;

	for (size_t k = 0; k < held[i].size; k++)
		good &= held[i].p[k] == held[i].mark;
	kfree(held[i].p);
	held[i].p = NULL;
	return good;
}

static size_t random_size(void)
{
	switch (host_random() % 8) {
	case 0:
		return host_random() % 100000;
	case 1:
		return host_random() % 5000;
	default:
		return host_random() % 600;
	}
}

static void churn(unsigned rounds)
{
	bool kept = true, aligned = true, usable = true;

	for (unsigned round = 0; round < rounds; round++) {
		unsigned i = host_random() % HELD;

		if (held[i].p) {
			kept &= check_and_free(i);
			continue;
		}
		held[i].size = random_size();
		held[i].p = kmalloc(held[i].size);
		if (!held[i].p)
			continue;
		held[i].mark = (unsigned char)round;
		aligned &= ((uintptr_t)held[i].p & 15) == 0;
		if (held[i].size >= 64 && (held[i].size & (held[i].size - 1)) == 0)
			aligned &= ((uintptr_t)held[i].p & 63) == 0;
		usable &= kmalloc_usable(held[i].p) >= held[i].size;
		memset(held[i].p, held[i].mark, held[i].size);
	}
	for (unsigned i = 0; i < HELD; i++)
		if (held[i].p)
			kept &= check_and_free(i);
	ok(kept, "objects keep what was written to them");
	ok(aligned, "objects are aligned");
	ok(usable, "objects are as large as asked");
}

static void sizes(void)
{
	bool good = true;

	for (size_t size = 0; size < 9000; size++) {
		char *p = kmalloc(size);

		good &= p && kmalloc_usable(p) >= size && kmalloc_usable(p) <= size * 2 + 16;
		kfree(p);
	}
	ok(good, "no size wastes more than half");
}

static void large(void)
{
	char *p = kmalloc(5ul << 20), *q;

	ok(p != NULL, "5 MiB in one piece");
	memset(p, 1, 5ul << 20);
	q = krealloc(p, 7ul << 20);
	ok(q && q[0] == 1 && q[(5ul << 20) - 1] == 1, "krealloc keeps the contents");
	kfree(q);
	ok(!kmalloc(64ul << 20), "more than there is: NULL");
	ok(!kmalloc(SIZE_MAX / 2 - 5) && !kmalloc_array(SIZE_MAX / 2, 3), "sizes that overflow: NULL");
	p = kzalloc(3000);
	ok(p && p[0] == 0 && p[2999] == 0, "kzalloc zeroes");
	kfree(p);
	p = kstrdup("whittle");
	is_text(p, "whittle", "kstrdup");
	kfree(p);
	kfree(NULL);
}

static void exhaust(void)
{
	void **first = NULL;
	size_t n = 0;

	for (;;) {
		void **p = kmalloc(200);

		if (!p)
			break;
		*p = first;
		first = p;
		n++;
	}
	ok(n > RAM_SIZE / 280, "nearly all memory can be had in small objects (%zu)", n);
	while (first) {
		void *next = *first;

		kfree(first);
		first = next;
	}
}

int main(void)
{
	uint64_t free;

	host_ram = host_alloc(RAM_SIZE, BLOCK_SIZE);
	boot_info.memory[0] = (struct boot_range){ 0x100000, RAM_SIZE - 0x100000 };
	boot_info.memory_count = 1;
	page_init();
	free = page_free_count();
	churn(100000);
	sizes();
	large();
	exhaust();
	churn(20000);
	note("%lld pages stay with the slabs", (long long)(free - page_free_count()));
	ok(free - page_free_count() < 80, "empty slabs are given back");
	host_free(host_ram);
	return tap_done();
}
