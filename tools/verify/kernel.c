/* The image as a whole: the boot area, the manifest in it and the one beside it, who the kernel says it is. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "tools/image/params.h"
#include "verify.h"

static char *sentence(const char *fmt, va_list args)
{
	char *text;

	if (vasprintf(&text, fmt, args) < 0)
		fail("out of memory");
	return text;
}

void finding(struct verification *v, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	strings_add_once(&v->findings, sentence(fmt, args));
	va_end(args);
}

void note(struct verification *v, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	strings_add_once(&v->notes, sentence(fmt, args));
	va_end(args);
}

const char *manifest_text(const struct verification *v, const char *key)
{
	const char *text = json_string_value(json_object_get(v->manifest, key));

	return text ? text : "";
}

static void check_items(struct verification *v)
{
	const struct kernel_file *k = &v->kernel;
	struct bootarea_header h;
	const void *p = kernel_file_at(k, k->header.bootarea, sizeof(h));

	if (!p) {
		finding(v, "it has no boot area: a kernel alone says nothing of a program");
		return;
	}
	memcpy(&h, p, sizeof(h));
	if (h.magic != BOOTAREA_MAGIC || h.version != BOOTAREA_VERSION || h.count > BOOTAREA_MAX ||
	    !kernel_file_at(k, k->header.bootarea, h.size)) {
		finding(v, "its boot area is damaged: the kernel would refuse it");
		return;
	}
	for (uint32_t i = 0; i < h.count; i++) {
		struct bootarea_item item;

		p = kernel_file_at(k, k->header.bootarea + sizeof(h) + i * sizeof(item), sizeof(item));
		if (p)
			memcpy(&item, p, sizeof(item));
		if (!p || item.offset > h.size || h.size - item.offset < item.size)
			finding(v, "item %u of its boot area lies outside of it", i);
		else if (item.type < BOOTAREA_PARAMS || item.type > BOOTAREA_MANIFEST)
			finding(v, "item %u of its boot area is of the type %u, which nothing knows", i, item.type);
		else if (item.type == BOOTAREA_MODULE)
			finding(v, "its boot area holds a module, and this kernel loads none");
		for (uint32_t j = 0; p && j < i; j++) {
			struct bootarea_item other;

			memcpy(&other, kernel_file_at(k, k->header.bootarea + sizeof(h) + j * sizeof(other), sizeof(other)),
			       sizeof(other));
			if (other.type == item.type)
				finding(v, "items %u and %u of its boot area are of one type: only the first counts", j, i);
		}
	}
}

static void read_manifest(struct verification *v)
{
	struct buf beside = { 0 };
	json_error_t error;
	const void *data;
	size_t size;

	if (!kernel_file_item(&v->kernel, BOOTAREA_MANIFEST, &data, &size)) {
		finding(v, "it has no manifest, so nothing is known of what was packed");
		return;
	}
	v->manifest = json_loadb(data, size, JSON_REJECT_DUPLICATES, &error);
	if (!json_is_object(v->manifest)) {
		finding(v, "its manifest cannot be read: line %d: %s", error.line, error.text);
		v->manifest = NULL;
		return;
	}
	if (v->path && !file_read(format("%s.json", v->path), &beside) &&
	    (beside.size != size || memcmp(beside.data, data, size)))
		finding(v, "%s.json is not the manifest that is in the image", v->path);
}

static void check_identity(struct verification *v)
{
	const struct kernel_file *k = &v->kernel;
	const void *id = kernel_file_at(k, k->header.component_set_id, KERNEL_ID_BYTES), *params;
	struct strings names = kernel_file_components(k), told = { 0 };
	const char *program = "";
	size_t i, size;
	json_t *name;

	if (!id || strcmp(hex(id, KERNEL_ID_BYTES), manifest_text(v, "component_set_id")))
		finding(v, "the kernel was made of the component set %.12s, and the manifest says %.12s",
			id ? hex(id, KERNEL_ID_BYTES) : "?", manifest_text(v, "component_set_id"));
	json_array_foreach(json_object_get(v->manifest, "components"), i, name)
		strings_add(&told, json_string_value(name) ? json_string_value(name) : "?");
	for (i = 0; i < names.count; i++) {
		if (!strings_has(&told, names.at[i]))
			finding(v, "the kernel says that it holds the component %s, which the manifest does not name", names.at[i]);
	}
	for (i = 0; i < told.count; i++) {
		if (!strings_has(&names, told.at[i]))
			finding(v, "the manifest names the component %s, which the kernel does not say it holds", told.at[i]);
	}
	if (kernel_file_item(k, BOOTAREA_PARAMS, &params, &size))
		program = params_program(params, size);
	if (!program || strcmp(program, manifest_text(v, "program")))
		finding(v, "the image starts %s, and the manifest says %s", program && *program ? program : "nothing",
			manifest_text(v, "program"));
}

void verify_kernel(struct verification *v)
{
	check_items(v);
	read_manifest(v);
	if (v->manifest)
		check_identity(v);
	verify_segments(v);
	verify_tables(v);
}
