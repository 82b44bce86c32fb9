/* Makes an image (image.h): root, kernel, boot area, manifest. Everything in it follows from the input alone: no time,
 * no name of this machine, no order of a directory, no place of what was named by a relative path.
 */
#include "image.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "params.h"
#include "times.h"
#include "tools/analyze/analysis.h"
#include "tools/elf/kernel_file.h"
#include "tools/verbs.h"
#include "tools/verify/verify.h"

/* What was found out about the source, for the boot area and the manifest. */
struct contents {
	char *source;           /* on this machine */
	char *program;          /* its path in the image */
	struct strings args;    /* after the program */
	struct closure closure; /* of PROGRAM and --copy */
	size_t start_count;     /* files of the closure that PROGRAM needs to start; the others are copied */
	char *root;             /* a directory */
	const char *unproven;   /* how far it holds that the kernel has what the program needs, or NULL */
	bool root_is_ours;      /* to change, as it is a copy */
	struct buf erofs;
};

char *image_default_name(const struct image_request *request)
{
	char *name = path_normal(request->source), *dot;

	name = xstrdup(path_base(name));
	dot = strstr(name, ".tar");
	if (dot && dot != name)
		*dot = '\0';
	return format("%s.img", *name ? name : "root");
}

/* Programs of the system keep their path; one of a private directory goes to /usr/bin, whose name tells nothing. */
static bool of_system(const char *path)
{
	static const char *const system_dirs[] = { "/bin/", "/sbin/", "/usr/", "/opt/", "/lib/", "/lib64/" };

	for (size_t i = 0; i < COUNT(system_dirs); i++) {
		if (!strncmp(path, system_dirs[i], strlen(system_dirs[i])))
			return true;
	}
	return false;
}

static char *guest_path(const char *host)
{
	char *path = path_absolute(host);

	return of_system(path) ? path : format("/usr/bin/%s", path_base(path));
}

/* How the manifest names a file of this machine: from where the tool was started, if it lies below, so that the same
 * files in two folders make the same image; else from the root. */
static const char *told_path(const char *host)
{
	const char *path = path_absolute(host), *here = path_absolute(".");
	size_t length = strlen(here);

	if (of_system(path) || length < 2 || strncmp(path, here, length) || path[length] != '/')
		return path;
	return path + length + 1;
}

/* A bare name that is no file here is looked for in PATH, as a shell does. */
static char *find_source(const char *name)
{
	const char *path = getenv("PATH");
	char *copy, *rest, *dir;

	if (file_exists(name) || strchr(name, '/') || !path)
		return xstrdup(name);
	copy = xstrdup(path);
	for (dir = strtok_r(copy, ":", &rest); dir; dir = strtok_r(NULL, ":", &rest)) {
		char *found = path_join(dir, name);

		if (access(found, X_OK) == 0)
			return found;
	}
	return xstrdup(name);
}

static bool is_tar(const char *path)
{
	static const struct {
		size_t at;
		const char *magic;
	} magics[] = { { 257, "ustar" }, { 0, "\x1f\x8b" }, { 0, "\xfd" "7zXZ" }, { 0, "BZh" }, { 0, "\x28\xb5\x2f\xfd" } };
	struct buf file = { 0 };

	must_read(path, &file);
	for (size_t i = 0; i < COUNT(magics); i++) {
		size_t length = strlen(magics[i].magic);

		if (file.size >= magics[i].at + length && !memcmp(file.data + magics[i].at, magics[i].magic, length))
			return true;
	}
	free(file.data);
	return false;
}

static void copy_all(const struct image_request *request, struct contents *c, struct closure *closure)
{
	for (size_t i = 0; i < request->copies.count; i++) {
		const char *text = request->copies.at[i], *colon = strchr(text, ':');

		if (!colon || colon[1] != '/')
			fail("--copy %s: it takes HOST:GUEST, and GUEST is a path that begins with /", text);
		root_copy(c->root, xstrndup(text, (size_t)(colon - text)), colon + 1, closure);
	}
}

static void gather_program(const struct image_request *request, const char *source, struct contents *c)
{
	for (size_t i = 0; i < request->env.count; i++) {
		if (!strncmp(request->env.at[i], "LD_LIBRARY_PATH=", 16))
			c->closure.library_path = request->env.at[i] + 16;
	}
	c->program = guest_path(source);
	closure_add(&c->closure, source, c->program);
	c->start_count = c->closure.count;
	c->root_is_ours = true;
	c->root = root_new(request->hostname);
	copy_all(request, c, &c->closure);
	root_add_closure(c->root, &c->closure);
	root_add_of_host(c->root, &c->closure);
	for (char **arg = request->args; arg && *arg; arg++)
		strings_add(&c->args, *arg);
}

static void gather_tree(const struct image_request *request, const char *source, bool dir, struct contents *c)
{
	struct closure copied = { 0 };

	if (!request->args || !request->args[0])
		fail("%s is a root file system: say which program of it to start, after --", source);
	c->root_is_ours = !dir || request->copies.count || times_matter(source);
	c->root = dir ? root_from_dir(source, c->root_is_ours) : root_from_tar(source);
	copy_all(request, c, &copied);
	root_add_closure(c->root, &copied);
	c->program = root_find_program(c->root, request->args[0], source);
	for (char **arg = request->args + 1; *arg; arg++)
		strings_add(&c->args, *arg);
}

static void gather(const struct image_request *request, struct contents *c)
{
	char *source = c->source = find_source(request->source);
	mode_t mask = umask(022);
	struct stat st;

	if (stat(source, &st))
		fail("%s: %s", source, strerror(errno));
	if (S_ISDIR(st.st_mode))
		gather_tree(request, source, true, c);
	else if (!S_ISREG(st.st_mode))
		fail("%s is neither a program nor a directory nor a tar file", source);
	else if (is_tar(source))
		gather_tree(request, source, false, c);
	else
		gather_program(request, source, c);
	umask(mask);
	if (request->place != ROOT_NONE) {
		char *packed = path_join(temp_dir(), "root.erofs");

		root_make_erofs(c->root, c->root_is_ours ? times_settle(c->root) : 0, packed);
		must_read(packed, &c->erofs);
	}
}

void image_params(const struct image_request *request, struct buf *text)
{
	for (size_t i = 0; i < request->env_file.count; i++)
		params_add(text, format("whittle.env=%s", request->env_file.at[i]));
	for (size_t i = 0; i < request->env.count; i++) {
		if (!strchr(request->env.at[i], '=') || request->env.at[i][0] == '=')
			fail("-e %s: it takes NAME=VALUE", request->env.at[i]);
		params_add(text, format("whittle.env=%s", request->env.at[i]));
	}
	if (request->directory && *request->directory != '/')
		fail("-w %s: the directory is a path that begins with /", request->directory);
	if (request->directory)
		params_add(text, format("whittle.cwd=%s", request->directory));
	if (request->user)
		params_add(text, format("whittle.user=%s", request->user));
	if (request->hostname)
		params_add(text, format("whittle.hostname=%s", request->hostname));
	for (size_t i = 0; i < request->dns.count; i++)
		params_add(text, format("whittle.dns=%s", request->dns.at[i]));
}

static void add_item(struct buf *area, enum bootarea_type type, const struct buf *data)
{
	struct bootarea_item item = { .type = type, .size = data->size };
	struct bootarea_header header;

	memcpy(&header, area->data, sizeof(header));
	buf_align(area, type == BOOTAREA_PARAMS ? 8 : BOOTAREA_ALIGN);
	item.offset = area->size;
	memcpy(area->data + sizeof(header) + header.count++ * sizeof(item), &item, sizeof(item));
	memcpy(area->data, &header, sizeof(header));
	buf_add(area, data->data, data->size);
}

/* The manifest comes last, on pages of its own: a kernel needs nothing from it and takes the memory. */
static void make_bootarea(const struct image_request *request, const struct contents *c, const struct buf *told,
			  struct buf *area)
{
	struct bootarea_header header = { .magic = BOOTAREA_MAGIC, .version = BOOTAREA_VERSION };
	static const struct bootarea_item empty[3];
	struct buf params = { 0 };

	image_params(request, &params);
	params_add(&params, "--");
	params_add(&params, c->program);
	for (size_t i = 0; i < c->args.count; i++)
		params_add(&params, c->args.at[i]);
	buf_add(area, &header, sizeof(header));
	buf_add(area, empty, (request->place == ROOT_EMBED ? 3 : 2) * sizeof(empty[0]));
	add_item(area, BOOTAREA_PARAMS, &params);
	if (request->place == ROOT_EMBED)
		add_item(area, BOOTAREA_ROOT, &c->erofs);
	add_item(area, BOOTAREA_MANIFEST, told);
	buf_align(area, BOOTAREA_ALIGN);
	memcpy(&header, area->data, sizeof(header));
	header.size = area->size;
	memcpy(area->data, &header, sizeof(header));
}

static json_t *strings_json(const struct strings *l)
{
	json_t *array = json_array();

	for (size_t i = 0; i < l->count; i++)
		json_array_append_new(array, json_string(l->at[i]));
	return array;
}

static json_t *manifest(const struct image_request *request, const struct contents *c, const struct kernel *kernel,
			json_t *kernel_part)
{
	uint8_t digest[32];
	static const char *const places[] = { "embed", "file", "none" };
	json_t *libraries = json_array(), *m;
	struct strings env = { 0 }, copies = { 0 };

	for (size_t i = 0; i < c->closure.count; i++) {
		const struct needed_file *f = c->closure.files[i];

		json_array_append_new(libraries, json_pack("{s:s, s:s, s:s}", "path", f->guest, "role", f->role, "from",
							   told_path(f->host)));
	}
	for (size_t i = 0; i < request->env_file.count; i++)
		strings_add(&env, request->env_file.at[i]);
	for (size_t i = 0; i < request->env.count; i++)
		strings_add(&env, request->env.at[i]);
	for (size_t i = 0; i < request->copies.count; i++) {
		const char *guest = strchr(request->copies.at[i], ':');
		char *host = xstrndup(request->copies.at[i], (size_t)(guest - request->copies.at[i]));

		strings_add(&copies, format("%s%s", told_path(host), guest));
	}
	m = json_pack("{s:s, s:s, s:s, s:s, s:s, s:o, s:o, s:o}", "tool", "whittle " TOOL_VERSION, "arch", TOOL_ARCH,
		      "component_set_id", hex(kernel->id, sizeof(kernel->id)), "source", told_path(c->source), "program",
		      c->program, "args", strings_json(&c->args), "env", strings_json(&env), "copy", strings_json(&copies));
	if (request->directory)
		json_object_set_new(m, "workdir", json_string(request->directory));
	if (request->user)
		json_object_set_new(m, "user", json_string(request->user));
	if (request->hostname)
		json_object_set_new(m, "hostname", json_string(request->hostname));
	if (request->dns.count)
		json_object_set_new(m, "dns", strings_json(&request->dns));
	json_object_set_new(m, "for", request->selection.profiles.count
						   ? strings_json(&request->selection.profiles)
						   : json_pack("[s]", "all"));
	if (request->selection.fit_mode)
		json_object_set_new(m, "fit", json_string(request->selection.fit_mode));
	if (request->selection.recorded.count)
		json_object_set_new(m, "recorded", strings_json(&request->selection.recorded));
	if (c->unproven)
		json_object_set_new(m, "unproven", json_string(c->unproven));
	json_object_set_new(m, "with", strings_json(&request->selection.with));
	json_object_set_new(m, "without", strings_json(&request->selection.without));
	if (request->selection.export_all)
		json_object_set_new(m, "export", json_string("all"));
	json_object_set_new(m, "components", strings_json(&kernel->map.components));
	json_object_set_new(m, "root", json_string(places[request->place]));
	json_object_set_new(m, "sizes",
			    json_pack("{s:I, s:I}", "kernel", (json_int_t)kernel->file.size, "root", (json_int_t)c->erofs.size));
	json_object_set_new(m, "kernel", kernel_part);
	if (request->place != ROOT_NONE) {
		sha256(c->erofs.data, c->erofs.size, digest);
		json_object_set_new(m, "root_sha256", json_string(hex(digest, sizeof(digest))));
	}
	json_object_set_new(m, "libraries", libraries);
	json_object_set_new(m, "files", root_list(c->root));
	return m;
}

/* What a kernel cut to the program must hold. What is copied may be opened by name. */
static const struct fit *find_fit(const struct image_request *request, const struct contents *c, struct analysis *a)
{
	if (!request->selection.fit_mode)
		return NULL;
	if (!c->start_count)
		fail("--fit %s is for a program; %s is a root file system", request->selection.fit_mode, c->source);
	for (size_t i = c->start_count; i < c->closure.count; i++)
		strings_add(&a->plugins, c->closure.files[i]->host);
	a->library_path = c->closure.library_path;
	return analysis_for(&request->selection, a, c->source);
}

/* Nothing is written that `whittle verify` would refuse. The program was analyzed if the kernel is cut to it. */
static void prove(const struct component_set *set, const struct kernel_file *file, const struct analysis *a)
{
	struct verification v = { .kernel = *file, .set = set };

	verify_kernel(&v);
	if (a->calls)
		verify_program(&v, a);
	for (size_t i = 0; i < v.findings.count; i++)
		warn("%s", v.findings.at[i]);
	if (v.findings.count)
		fail("the image is not written, as it would not be what it should be: %zu finding%s", v.findings.count,
		     v.findings.count > 1 ? "s" : "");
}

void image_make(const struct image_request *request, const char *output)
{
	struct selection selection = request->selection;
	const struct component_set *set;
	struct contents c = { 0 };
	struct analysis a = { 0 };
	struct kernel kernel = { 0 };
	struct kernel_file file;
	struct buf area = { 0 }, map = { 0 }, told = { 0 };
	const char *why;

	gather(request, &c);
	image_hint(c.program, &c.args);
	selection.fit = find_fit(request, &c, &a);
	c.unproven = selection.fit ? selection.fit->unproven : NULL;
	set = components_load();
	link_kernel(set, &selection, &kernel);
	why = kernel_file_parse(&file, kernel.file);
	if (why)
		fail("the kernel that was linked cannot be used: %s", why);
	buf_printf(&told, "%s\n",
		   json_dumps(manifest(request, &c, &kernel, manifest_kernel(set, &kernel, &file)), JSON_COMPACT));
	make_bootarea(request, &c, &told, &area);
	kernel_file_add_bootarea(&file, &area);
	prove(set, &file, &a);
	map_write(&kernel.map, path_base(output), &map);
	output_write(output, file.file.data, file.file.size, 0755);
	output_write(format("%s.debug", output), kernel.debug.data, kernel.debug.size, 0644);
	output_write(format("%s.map", output), map.data, map.size, 0644);
	output_write(format("%s.json", output), told.data, told.size, 0644);
	if (request->place == ROOT_FILE)
		output_write(format("%s.erofs", output), c.erofs.data, c.erofs.size, 0644);
}
