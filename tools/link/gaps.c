/* Finds drivers of a kernel that no device can reach: nothing in it finds devices of their bus.
 *
 * A driver names its bus by a string (drivers/driver.h); what finds devices of bus B is an entry of the set bus, or a driver
 * on another bus, and is called B or B_something: virtio_mmio, virtio_pci. Of a bus that nothing is named after, nothing is
 * said.
 */
#include <gelf.h>
#include <string.h>

#include "link.h"

#define BUS_FIELD sizeof(uint64_t) /* of struct driver */

/* The string that a pointer in a section of @object leads to, by its relocation; NULL: there is none. */
static const char *pointed_at(const struct object *object, const char *section, uint64_t offset)
{
	size_t names;

	if (elf_getshdrstrndx(object->elf, &names))
		return NULL;
	for (Elf_Scn *scn = NULL; (scn = elf_nextscn(object->elf, scn));) {
		GElf_Shdr shdr, target;
		const char *name;
		GElf_Rela rela;

		if (!gelf_getshdr(scn, &shdr) || shdr.sh_type != SHT_RELA ||
		    !gelf_getshdr(elf_getscn(object->elf, shdr.sh_info), &target))
			continue;
		name = elf_strptr(object->elf, names, target.sh_name);
		if (!name || strcmp(name, section))
			continue;
		for (int i = 0; gelf_getrela(elf_getdata(scn, NULL), i, &rela); i++) {
			Elf_Data *symbols = elf_getdata(elf_getscn(object->elf, shdr.sh_link), NULL), *text;
			GElf_Sym sym;
			uint64_t at;

			if (rela.r_offset != offset || !gelf_getsym(symbols, (int)GELF_R_SYM(rela.r_info), &sym))
				continue;
			text = elf_getdata(elf_getscn(object->elf, sym.st_shndx), NULL);
			at = sym.st_value + (uint64_t)rela.r_addend;
			if (!text || !text->d_buf || at >= text->d_size ||
			    !memchr((char *)text->d_buf + at, 0, text->d_size - at))
				return NULL;
			return (char *)text->d_buf + at;
		}
	}
	return NULL;
}

static const char *bus_of(const struct entry *driver)
{
	return pointed_at(driver->object, format(".set.driver.%s", driver->name), BUS_FIELD);
}

static bool finds(const struct entry *e, const char *bus)
{
	size_t length = strlen(bus);
	const char *own;

	if (strncmp(e->name, bus, length) || (e->name[length] && e->name[length] != '_'))
		return false;
	if (!strcmp(e->set, "bus"))
		return true;
	if (strcmp(e->set, "driver"))
		return false;
	own = bus_of(e);
	return own && strcmp(own, bus);
}

static void check_driver(const struct component_set *set, const struct kernel *kernel, const struct entry *driver)
{
	const char *bus = bus_of(driver);
	struct strings finders = { 0 };
	struct buf text = { 0 };

	for (size_t i = 0; bus && i < set->entry_count; i++) {
		const struct entry *e = &set->entries[i];

		if (!finds(e, bus))
			continue;
		if (entry_placed(kernel, e))
			return;
		strings_add_once(&finders, e->object->component->name);
	}
	if (!finders.count)
		return;
	for (size_t i = 0; i < finders.count; i++)
		buf_printf(&text, "%s--with %s", !i ? "" : i + 1 < finders.count ? ", " : " or ", finders.at[i]);
	fail("%s finds no device in this kernel: add %s", driver->object->component->name, text.data);
}

void check_gaps(const struct component_set *set, const struct kernel *kernel)
{
	for (size_t i = 0; i < set->entry_count; i++) {
		const struct entry *e = &set->entries[i];

		if (!strcmp(e->set, "driver") && entry_placed(kernel, e))
			check_driver(set, kernel, e);
	}
}
