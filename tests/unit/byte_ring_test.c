/* The queue of bytes behind pipes and stream sockets, against a plain array. */
/* UNIT: fs/byte_ring.c fs/io.c core/page.c */
#include <core/page.h>
#include <fs/byte_ring.h>

#include "tests/unit/tap.h"

#define RAM_SIZE (16ul << 20)
#define LARGE    300000u

struct boot_info boot_info;

__asm__(".globl image_start, image_end\n"
	".set image_start, 0xffffffff80100000\n"
	".set image_end, 0xffffffff80110000\n");

static uint8_t model[LARGE], data[LARGE], back[LARGE];
static size_t model_used;

static void put(struct byte_ring *r, size_t n)
{
	struct io io;
	ssize_t got;

	for (size_t i = 0; i < n; i++)
		data[i] = (uint8_t)host_random();
	io_init_kernel(&io, data, n);
	got = byte_ring_write(r, &io, n);
	if (got > 0) {
		memcpy(model + model_used, data, (size_t)got);
		model_used += (size_t)got;
	}
}

static bool take(struct byte_ring *r, size_t n)
{
	struct io io;
	size_t wanted = MIN(n, model_used);
	ssize_t got;
	bool same;

	io_init_kernel(&io, back, n);
	got = byte_ring_read(r, &io, n);
	same = got == (ssize_t)wanted && memcmp(back, model, wanted) == 0;
	memmove(model, model + wanted, model_used - wanted);
	model_used -= wanted;
	return same;
}

static bool look(struct byte_ring *r, size_t skip, size_t n)
{
	struct io io;
	size_t wanted;

	skip = MIN(skip, model_used);
	wanted = MIN(n, model_used - skip);
	io_init_kernel(&io, back, n);
	return byte_ring_peek(r, &io, skip, n) == (ssize_t)wanted && memcmp(back, model + skip, wanted) == 0;
}

int main(void)
{
	struct byte_ring r;
	uint64_t free_before;
	bool same = true, sizes = true, looks = true, fits = true;
	struct io io;

	host_ram = host_alloc(RAM_SIZE, BLOCK_SIZE);
	boot_info.memory[0] = (struct boot_range){ 0x100000, RAM_SIZE - 0x100000 };
	boot_info.memory_count = 1;
	page_init();
	free_before = page_free_count();

	is(byte_ring_init(&r, 65536), 0, "a ring of 64 KiB");
	is(byte_ring_room(&r), 65536, "has room for them");
	put(&r, 100000);
	is(model_used, 65536, "takes no more");
	ok(take(&r, 100000), "gives them back in order");
	is(r.used, 0, "and is empty");
	ok(page_free_count() + 1 >= free_before, "then it keeps one page at most");

	for (int round = 0; round < 20000; round++) {
		size_t n = host_random() % (host_random() % 4 ? 200 : 20000);

		switch (host_random() % 5) {
		case 0:
		case 1:
			put(&r, n);
			break;
		case 2:
		case 3:
			same &= take(&r, n);
			break;
		default:
			looks &= look(&r, host_random() % 5000, n);
		}
		if (round % 500 == 0) {
			uint32_t capacity = (1 + host_random() % 32) * 4096;
			int error = byte_ring_resize(&r, capacity);

			fits &= error == (model_used > capacity ? -EBUSY : 0);
		}
		sizes &= r.used == model_used && byte_ring_room(&r) == r.capacity - r.used;
	}
	ok(same, "reads give what was written, in order");
	ok(looks, "so do peeks, from anywhere");
	ok(sizes, "it knows how much it holds");
	ok(fits, "it is resized whenever its contents fit");
	byte_ring_drop(&r, r.used);
	model_used = 0;
	io_init_user(&io, NULL, 10);
	is(byte_ring_write(&r, &io, 10), -EFAULT, "a bad pointer of a program is -EFAULT");
	is(r.used, 0, "and leaves nothing behind");
	byte_ring_fini(&r);
	is((long long)page_free_count(), (long long)free_before, "all pages come back");
	return tap_done();
}
