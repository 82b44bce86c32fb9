/* The number of this machine's generation (Microsoft, "Virtual Machine Generation ID"; QEMU, docs/specs/vmgenid): 16 bytes that
 * the host changes when the machine goes on from a snapshot, which may do so more than once. Random numbers then begin anew.
 *
 * Where they are, a table of its own says in a named number, VGIA, from whose value on they lie at a fixed offset: QEMU's way.
 * Left out: hosts where only AML computes the address; the notification, since whoever draws numbers looks first. */
#include <core/init.h>
#include <core/log.h>
#include <core/page.h>
#include <core/random.h>
#include "drivers/acpi/tables.h"

COMPONENT("vmgenid", "VM generation ID: a restored machine draws other random numbers");

#define GUID_AT 40u

/* AML (ACPI 6.4, 20.2.5.1): NameOp, the name, the prefix of four bytes. */
static const char name_of_address[] = { 0x08, 'V', 'G', 'I', 'A', 0x0c };

static paddr_t address_in(const struct acpi_header *t)
{
	for (uint32_t at = sizeof(*t); at + sizeof(name_of_address) + 4 <= t->length; at++)
		if (!memcmp((const char *)t + at, name_of_address, sizeof(name_of_address)))
			return acpi_get(t, at + sizeof(name_of_address), 4);
	return 0;
}

static void vmgenid_start(void)
{
	const struct acpi_header *t = acpi_table_of("SSDT", "VMGENID\0");
	paddr_t at = t ? address_in(t) : 0;

	if (!at)
		return;
	random_generation = acpi_memory(at + GUID_AT, 16);
	if (random_generation)
		log_info("vmgenid: random numbers begin anew when the machine is restored");
}
INITCALL(40, vmgenid_start);
