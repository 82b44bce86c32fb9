/* Links the kernel again. The bytes of a kernel follow from its components and roots alone, so that whoever has the component
 * set that an image names can tell whether its kernel is what they give, without trusting any hash that the image brings.
 */
#include <string.h>

#include "verify.h"

/* What lies at @address, by the map of the kernel as it should be. */
static const char *place_of(const struct link_map *map, uint64_t address)
{
	for (size_t i = 0; i < map->count; i++) {
		const struct placed *p = &map->placed[i];

		if (address >= p->address && address - p->address < p->size)
			return format("%s of %s", p->section, p->object ? p->object->name : "the link itself");
	}
	return "what fills the gaps";
}

static void compare(struct verification *v, const struct kernel_file *again, const struct link_map *map)
{
	const struct kernel_file *k = &v->kernel;

	for (unsigned i = 0; i < again->ehdr.e_phnum; i++) {
		const Elf64_Phdr *a = &again->ph[i], *b = i < k->ehdr.e_phnum ? &k->ph[i] : NULL;
		const char *x = again->file.data + a->p_offset, *y = b ? k->file.data + b->p_offset : NULL;
		uint64_t at = 0;

		if (a->p_type == PT_NULL)
			continue; /* where the boot area went */
		if (!b || a->p_type != b->p_type || a->p_flags != b->p_flags || a->p_vaddr != b->p_vaddr ||
		    a->p_paddr != b->p_paddr || a->p_filesz != b->p_filesz || a->p_memsz != b->p_memsz) {
			finding(v, "program header %u of the kernel is not the one that its components give", i);
			continue;
		}
		if (a->p_type != PT_LOAD)
			continue;
		while (at < a->p_filesz && x[at] == y[at])
			at++;
		if (at < a->p_filesz)
			finding(v, "the byte at 0x%llx, in %s, is not what the components give", (unsigned long long)(a->p_vaddr + at),
				place_of(map, a->p_vaddr + at));
	}
	if (k->ehdr.e_entry != again->ehdr.e_entry)
		finding(v, "the kernel is not entered where its components are");
}

void verify_link(struct verification *v)
{
	const struct kernel_file *k = &v->kernel;
	const void *id = kernel_file_at(k, k->header.component_set_id, KERNEL_ID_BYTES);
	struct strings roots = { 0 };
	size_t before = v->findings.count, i;
	struct kernel kernel = { 0 };
	struct kernel_file again;
	json_t *root;

	if (!v->manifest)
		return;
	if (!v->set || !id || memcmp(v->set->id, id, KERNEL_ID_BYTES)) {
		note(v, "the components that the kernel was made of are not here: it was not linked again, the manifest's hashes "
			"had to do");
		return;
	}
	json_array_foreach(json_object_get(json_object_get(v->manifest, "kernel"), "roots"), i, root)
		strings_add(&roots, json_string_value(root) ? json_string_value(root) : "?");
	if (!link_again(v->set, &roots, v->exports_all, &kernel) || kernel_file_parse(&again, kernel.file)) {
		finding(v, "the roots that the manifest names do not link");
		return;
	}
	compare(v, &again, &kernel.map);
	v->relinked = v->findings.count == before;
}
