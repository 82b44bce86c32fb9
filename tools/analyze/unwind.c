/* .eh_frame: which ranges are functions, which routine handles their exceptions, and where the handlers' types are.
 * Linux Standard Base Core 5.0, 10.6 (exception frames) and the table that .eh_frame_hdr points to; the pointer
 * encodings of DWARF as that section lists them.
 */
#include <stdlib.h>
#include <string.h>

#include "binary.h"

enum { PE_OMIT = 0xff, PE_PCREL = 0x10, PE_INDIRECT = 0x80 };

struct reader {
	const struct binary *o;
	uint64_t at, end;
	bool bad;
};

static uint64_t word(struct reader *r, unsigned size)
{
	uint64_t value = 0;

	if (r->bad || r->end - r->at < size || !binary_word(r->o, r->at, size, &value))
		r->bad = true;
	r->at += size;
	return value;
}

static uint64_t uleb(struct reader *r, bool is_signed)
{
	uint64_t value = 0, byte;
	unsigned shift = 0;

	do {
		byte = word(r, 1);
		if (shift < 64)
			value |= (byte & 0x7f) << shift;
		shift += 7;
	} while (byte & 0x80 && !r->bad);
	if (is_signed && shift < 64 && byte & 0x40)
		value |= ~0ull << shift;
	return value;
}

static uint64_t encoded(struct reader *r, unsigned encoding)
{
	uint64_t at = r->at, value;

	if (encoding == PE_OMIT)
		return 0;
	switch (encoding & 0xf) {
	case 0x0: value = word(r, 8); break;
	case 0x1: value = uleb(r, false); break;
	case 0x2: value = word(r, 2); break;
	case 0x3: value = word(r, 4); break;
	case 0x4: value = word(r, 8); break;
	case 0x9: value = uleb(r, true); break;
	case 0xa: value = (uint64_t)(int16_t)word(r, 2); break;
	case 0xb: value = (uint64_t)(int32_t)word(r, 4); break;
	case 0xc: value = word(r, 8); break;
	default: r->bad = true; return 0;
	}
	if (!value)
		return 0;
	return (encoding & 0x70) == PE_PCREL ? at + value : value;
}

struct cie {
	uint64_t at, personality;
	uint8_t fde_encoding, lsda_encoding, personality_encoding;
	bool augmented, bad;
};

static struct cie read_cie(const struct binary *o, uint64_t at)
{
	struct reader r = { .o = o, .at = at, .end = at + 4 };
	struct cie c = { .at = at, .lsda_encoding = PE_OMIT };
	const char *augmentation;
	uint64_t version, length = word(&r, 4);

	r.end = at + 4 + length;
	word(&r, 4);
	version = word(&r, 1);
	augmentation = binary_string(o, r.at);
	if (r.bad || !augmentation || strlen(augmentation) > 8) {
		c.bad = true;
		return c;
	}
	r.at += strlen(augmentation) + 1;
	uleb(&r, false);
	uleb(&r, true);
	if (version == 1)
		word(&r, 1);
	else
		uleb(&r, false);
	if (*augmentation == 'z') {
		c.augmented = true;
		uleb(&r, false);
		augmentation++;
	}
	for (; *augmentation; augmentation++) {
		if (*augmentation == 'R') {
			c.fde_encoding = (uint8_t)word(&r, 1);
		} else if (*augmentation == 'L') {
			c.lsda_encoding = (uint8_t)word(&r, 1);
		} else if (*augmentation == 'P') {
			c.personality_encoding = (uint8_t)word(&r, 1);
			c.personality = encoded(&r, c.personality_encoding & (uint8_t)~PE_INDIRECT);
		} else if (*augmentation != 'S' && *augmentation != 'B') {
			break;
		}
	}
	c.bad = r.bad;
	return c;
}

static int by_start(const void *a, const void *b)
{
	const struct unwind *x = a, *y = b;

	return x->start < y->start ? -1 : x->start > y->start;
}

void binary_read_unwind(struct binary *o)
{
	struct reader r = { .o = o, .at = o->eh_frame_hdr, .end = o->eh_frame_hdr + 64 };
	uint64_t at, capacity = 0, encodings;
	struct cie cie = { .bad = true };

	if (!o->eh_frame_hdr)
		return;
	word(&r, 1);
	encodings = word(&r, 1);
	word(&r, 2);
	at = encoded(&r, (unsigned)encodings);
	if (r.bad || !at)
		return;
	for (;;) {
		struct reader entry = { .o = o, .at = at, .end = at + 8 };
		uint64_t length = word(&entry, 4), back = word(&entry, 4), start, size, lsda = 0;

		if (entry.bad || !length || length == 0xffffffff)
			break;
		at += 4 + length;
		if (!back)
			continue;
		entry.end = at;
		if (cie.bad || cie.at != entry.at - 4 - back)
			cie = read_cie(o, entry.at - 4 - back);
		if (cie.bad)
			continue;
		start = encoded(&entry, cie.fde_encoding);
		size = encoded(&entry, cie.fde_encoding & 0xf);
		if (cie.augmented) {
			uleb(&entry, false);
			lsda = encoded(&entry, cie.lsda_encoding);
		}
		if (entry.bad || !size || !binary_is_code(o, start))
			continue;
		if (o->unwind_count == capacity) {
			capacity = capacity ? capacity * 2 : 256;
			o->unwinds = xrealloc(o->unwinds, capacity, sizeof(*o->unwinds));
		}
		o->unwinds[o->unwind_count++] = (struct unwind){
			.start = start,
			.end = start + size,
			.personality = cie.personality,
			.personality_indirect = cie.personality_encoding & PE_INDIRECT,
			.lsda = lsda,
		};
	}
	sort(o->unwinds, o->unwind_count, sizeof(*o->unwinds), by_start);
}

/* A step through exception tables. Those of a real file are gone through once each; tables that overlap so that they take
 * many times the file's size would never come to an end.
 */
static void count_step(struct binary *o)
{
	if (++o->lsda_steps / 64 > o->file.size)
		fail("%s is damaged: its exception tables overlap again and again", o->path);
}

/* The largest type index that an action of the table names, by following the actions of each call site. */
static uint64_t largest_type(struct binary *o, uint64_t actions, uint64_t action)
{
	uint64_t largest = 0;

	for (unsigned steps = 0; action && steps < 1000; steps++) {
		struct reader a = { .o = o, .at = actions + action - 1, .end = ~0ull };
		uint64_t filter = uleb(&a, true), here = a.at, next = uleb(&a, true);

		count_step(o);
		if (a.bad)
			break;
		if ((int64_t)filter > 0 && filter > largest)
			largest = filter;
		if (!next)
			break;
		action = here + next - actions + 1;
	}
	return largest;
}

size_t binary_lsda_types(struct binary *o, uint64_t lsda, uint64_t **ret)
{
	struct reader r = { .o = o, .at = lsda, .end = ~0ull };
	uint64_t encoding = word(&r, 1), types, base, largest = 0, sites_end, size, limit;
	size_t count = 0;
	unsigned site_encoding;

	*ret = NULL;
	if (encoding != PE_OMIT)
		encoded(&r, (unsigned)encoding);
	types = word(&r, 1);
	if (r.bad || types == PE_OMIT)
		return 0;
	base = uleb(&r, false);
	base += r.at;
	site_encoding = (unsigned)word(&r, 1);
	sites_end = uleb(&r, false);
	sites_end += r.at;
	while (!r.bad && r.at < sites_end) {
		uint64_t action;

		count_step(o);
		encoded(&r, site_encoding);
		encoded(&r, site_encoding);
		encoded(&r, site_encoding);
		action = uleb(&r, false);
		limit = largest_type(o, sites_end, action);
		if (limit > largest)
			largest = limit;
	}
	switch (types & 0xf) {
	case 0x2:
	case 0xa: size = 2; break;
	case 0x3:
	case 0xb: size = 4; break;
	default: size = 8; break;
	}
	for (uint64_t i = 1; i <= largest && i * size <= base; i++) {
		struct reader t = { .o = o, .at = base - i * size, .end = base };
		uint64_t at = encoded(&t, (unsigned)types & ~PE_INDIRECT);

		count_step(o);
		if (t.bad)
			break;
		if (at && !(count & (count + 1)))
			*ret = xrealloc(*ret, (count + 1) * 2, sizeof(**ret));
		if (at)
			(*ret)[count++] = at;
	}
	return count;
}
