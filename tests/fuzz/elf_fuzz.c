/* ELF headers from anyone: what passes has segments that lie in the file, in the address space, in order. */
/* UNIT: exec/elf.c */
#include <core/log.h>
#include <exec/elf.h>

#define LIMIT 0x7ffffffff000ul
#define MACHINE 62 /* EM_X86_64 */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct elf_image image;
	uint64_t before = 0;

	if (elf_check_header(data, MIN(size, (size_t)ELF_HEAD_SIZE), size, MACHINE, &image))
		return 0;
	assert(image.headers_offset <= size && size - image.headers_offset >= image.header_count * 56ull);
	if (elf_read_segments(data + image.headers_offset, size, LIMIT, &image))
		return 0;
	assert(image.count >= 1 && image.count <= ELF_SEGMENTS_MAX);
	for (unsigned i = 0; i < image.count; i++) {
		const struct elf_segment *s = &image.segments[i];

		assert(s->file_size <= s->memory_size && s->offset <= size && size - s->offset >= s->file_size);
		assert(s->address < LIMIT && LIMIT - s->address >= s->memory_size);
		assert((s->address & PAGE_MASK) >= before);
		assert(s->address >= image.low && s->address + s->memory_size <= image.high);
		before = s->address + s->memory_size;
	}
	assert(image.interp_size <= ELF_INTERP_MAX && image.interp_offset <= size &&
	       size - image.interp_offset >= image.interp_size);
	assert((image.alignment & (image.alignment - 1)) == 0 && image.alignment >= PAGE_SIZE);
	return 0;
}
