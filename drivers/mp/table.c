/* The processors that an MP table names (Intel MultiProcessor Specification 1.4, 4.1 to 4.3.1): what machines without ACPI
 * have, or kernels. QEMU's microvm has one with and without ACPI, SeaBIOS makes one too.
 *
 * Where ACPI's tables have named processors already, it says nothing new. Left out: buses and interrupts, which on such
 * machines are where they have always been; configurations by number (MP 1.4, 5); the table's own checksum. x86 only.
 */
#include <core/cpu.h>
#include <core/init.h>
#include <core/page.h>

COMPONENT("mp-table", "processors as an MP table names them");

struct mp_pointer {
	char signature[4]; /* "_MP_" */
	uint32_t table;
	uint8_t length, revision, checksum, features[5];
};
_Static_assert(sizeof(struct mp_pointer) == 16, "MP floating pointer structure");

struct mp_table {
	char signature[4]; /* "PCMP" */
	uint16_t length;   /* bytes, of this and the entries */
	uint8_t revision, checksum;
	char oem[8], product[12];
	uint32_t oem_table;
	uint16_t oem_size, entries;
	uint32_t local_apic, extended;
};
_Static_assert(sizeof(struct mp_table) == 44, "MP configuration table header");

struct mp_processor {
	uint8_t type, id, version, flags;
	uint32_t signature, features, reserved[2];
};
_Static_assert(sizeof(struct mp_processor) == 20, "MP processor entry");

#define TYPE_PROCESSOR 0 /* they come first */
#define FLAG_ENABLED   1u

/* Where the pointer may be (MP 1.4, 4), but for the extended BIOS data area: the end of base memory, and the BIOS. */
static const struct {
	paddr_t from, to;
} places[] = { { 0x9fc00, 0xa0000 }, { 0xf0000, 0x100000 } };
#define LOW_END 0x100000u

static bool sums_up(const struct mp_pointer *p)
{
	uint8_t sum = 0;

	for (unsigned i = 0; i < sizeof(*p); i++)
		sum = (uint8_t)(sum + ((const uint8_t *)p)[i]);
	return sum == 0;
}

static const struct mp_table *mp_table(void)
{
	for (unsigned i = 0; i < ARRAY_SIZE(places); i++) {
		for (paddr_t at = places[i].from; at < places[i].to; at += sizeof(struct mp_pointer)) {
			const struct mp_pointer *p = page_direct(at);
			const struct mp_table *t;

			if (memcmp(p->signature, "_MP_", 4) || !sums_up(p) || p->table > LOW_END - sizeof(*t))
				continue;
			t = page_direct(p->table);
			if (!memcmp(t->signature, "PCMP", 4) && t->length <= LOW_END - p->table)
				return t;
		}
	}
	return NULL;
}

static void mp_start_processors(void)
{
	const struct mp_table *t = cpu_count > 1 ? NULL : mp_table();
	const struct mp_processor *p = (const struct mp_processor *)(t + 1);
	uint32_t ids[CPU_MAX];
	unsigned count = 0;

	if (!t)
		return;
	for (uint32_t at = sizeof(*t); at + sizeof(*p) <= t->length && p->type == TYPE_PROCESSOR && count < CPU_MAX;
	     at += sizeof(*p), p++)
		if (p->flags & FLAG_ENABLED)
			ids[count++] = p->id;
	if (count > 1)
		cpu_start_others(ids, count);
}
INITCALL(35, mp_start_processors);
