/* Maps a program, its interpreter and a stack into the current process (execve(2) without the replacing).
 *
 * Segments are mappings of the file's own pages: those of a root in memory are used where they lie. A text file that
 * begins with "#!" names the program to load in its place. Nothing that the file says is believed before exec/elf.c
 * has checked it; faults while the last page of a segment is cleared are the file's fault.
 */
#include <arch/elf.h>
#include <core/log.h>
#include <core/param.h>
#include <core/process.h>
#include <core/random.h>
#include <core/slab.h>
#include <core/uaccess.h>
#include <exec/program.h>
#include <fs/vfs.h>
#include <linux/elf.h>
#include <linux/errno.h>
#include <linux/mman.h>
#include <mm/mm.h>

COMPONENT("exec", "loads and starts programs");

#define SCRIPT_DEPTH   4
#define SCRIPT_LINE    256
#define BASE_MOVABLE   0x555555554000ull /* where Linux puts programs that can be moved: two thirds of the space */
#define BASE_BITS      28
#define BRK_BITS       13

static bool fixed_addresses;

static int set_fixed_addresses(char *value)
{
	fixed_addresses = true;
	return 0;
}
BOOT_PARAM(norandmaps, "norandmaps", set_fixed_addresses);

uint64_t program_random(unsigned bits)
{
	uint64_t r;

	if (fixed_addresses)
		return 0;
	random_bytes(&r, sizeof(r));
	return (r & ((1ull << bits) - 1)) << PAGE_SHIFT;
}

/* One file that is being loaded. */
struct load {
	struct mm *mm;
	char *why;
	size_t why_size;
	struct file *file;
	const char *name;
	struct elf_image image;
	uint64_t bias; /* address in memory less link-time address */
};

static int __printf(3, 4) fail(struct load *l, int error, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	format_text_va(l->why, l->why_size, format, args);
	va_end(args);
	return error;
}

static int open_program(struct load *l, const char *name)
{
	l->name = name;
	l->file = file_open(NULL, name, O_RDONLY, 0, 0);
	if (is_err(l->file)) {
		int error = (int)ptr_err(l->file);

		l->file = NULL;
		return fail(l, error, "%s: %s", name,
			    error == -ENOENT ? "not in the root file system" : "cannot be opened");
	}
	if (!l->file->inode || !inode_is_regular(l->file->inode))
		return fail(l, -EACCES, "%s: not a file", name);
	if (inode_permission(l->file->inode, MAY_EXEC))
		return fail(l, -EACCES, "%s: not executable", name);
	return 0;
}

/* Headers of the opened file; @head: its first @n bytes. */
static int read_image(struct load *l, const char *head, size_t n)
{
	uint64_t file_size = l->file->inode->size;
	const char *wrong = elf_check_header(head, n, file_size, ARCH_ELF_MACHINE, &l->image);
	size_t table_size = l->image.header_count * sizeof(Elf64_Phdr);
	char *table;

	if (wrong)
		return fail(l, -ENOEXEC, "%s: %s", l->name, wrong);
	if (l->image.headers_offset <= n && n - l->image.headers_offset >= table_size) {
		wrong = elf_read_segments(head + l->image.headers_offset, file_size, l->mm->limit, &l->image);
	} else {
		table = kmalloc(table_size);
		if (!table)
			return -ENOMEM;
		if (file_read_at(l->file, table, table_size, (off_t)l->image.headers_offset) != (ssize_t)table_size)
			wrong = "its program headers cannot be read";
		else
			wrong = elf_read_segments(table, file_size, l->mm->limit, &l->image);
		kfree(table);
	}
	return wrong ? fail(l, -ENOEXEC, "%s: %s", l->name, wrong) : 0;
}

static int map_segment(struct load *l, struct vm_object *object, const struct elf_segment *s)
{
	uint64_t start = (l->bias + s->address) & PAGE_MASK;
	uint64_t file_end = l->bias + s->address + s->file_size, page_end = start;
	uint64_t memory_end = ALIGN_UP(l->bias + s->address + s->memory_size, PAGE_SIZE);
	long r;

	if (s->file_size) {
		page_end = ALIGN_UP(file_end, PAGE_SIZE);
		r = mm_map(l->mm, start, page_end - start, (int)s->prot, MAP_PRIVATE | MAP_FIXED, object,
			   s->offset & PAGE_MASK);
		if (r < 0)
			return (int)r;
		/* What the file has behind the segment must not be seen where zeroes belong. */
		if (s->memory_size > s->file_size && file_end < page_end && (s->prot & PROT_WRITE) &&
		    clear_user((void __user *)file_end, page_end - file_end))
			return -EFAULT;
	}
	if (memory_end > page_end) {
		r = mm_map(l->mm, page_end, memory_end - page_end, (int)s->prot, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
			   NULL, 0);
		if (r < 0)
			return (int)r;
	}
	return 0;
}

/* Where a movable image goes. Nothing else runs in this address space yet, so a hole stays one. */
static long choose_base(struct load *l, bool interpreter)
{
	uint64_t span = l->image.high - l->image.low;
	long at;

	if (!l->image.movable)
		return 0;
	if (!interpreter)
		return (long)ALIGN_UP(BASE_MOVABLE + program_random(BASE_BITS), l->image.alignment);
	at = mm_map(l->mm, 0, span + l->image.alignment - PAGE_SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
		    NULL, 0);
	if (at >= 0)
		(void)mm_unmap(l->mm, (uint64_t)at, span + l->image.alignment - PAGE_SIZE);
	return at < 0 ? at : (long)ALIGN_UP((uint64_t)at, l->image.alignment);
}

static int map_image(struct load *l, bool interpreter)
{
	struct vm_object *object = file_object(l->file, PROT_READ | PROT_EXEC, MAP_PRIVATE);
	long base = choose_base(l, interpreter);
	int r = 0;

	if (is_err(object))
		return fail(l, (int)ptr_err(object), "%s: its file system cannot map files", l->name);
	if (base < 0 || (uint64_t)base >= l->mm->limit || l->mm->limit - (uint64_t)base < l->image.high - l->image.low) {
		r = -ENOMEM;
	} else {
		l->bias = l->image.movable ? (uint64_t)base - l->image.low : 0;
		for (unsigned i = 0; i < l->image.count && r == 0; i++)
			r = map_segment(l, object, &l->image.segments[i]);
	}
	object->ops->put(object);
	if (r == -ENOMEM)
		return fail(l, r, "%s: does not fit into memory: give the machine more (-m)", l->name);
	return r ? fail(l, r, "%s: cannot be mapped (error %d)", l->name, -r) : 0;
}

/* The interpreter that @program names is loaded by @l. */
static int load_interpreter(struct load *l, const struct load *program, struct program_place *place)
{
	size_t n = program->image.interp_size;
	char *name = kmalloc(n), *head = kmalloc(ELF_HEAD_SIZE);
	ssize_t got;
	int r = -ENOMEM;

	if (!name || !head)
		goto out;
	if (file_read_at(program->file, name, n, (off_t)program->image.interp_offset) != (ssize_t)n || name[n - 1] != '\0') {
		r = fail(l, -ENOEXEC, "%s: damaged: the name of its interpreter does not end", program->name);
		goto out;
	}
	r = open_program(l, name);
	if (r) {
		if (r == -ENOENT)
			r = fail(l, -ELIBBAD, "%s: its interpreter %s is not in the root file system", program->name, name);
		goto out;
	}
	got = file_read_at(l->file, head, ELF_HEAD_SIZE, 0);
	r = got < 0 ? fail(l, (int)got, "%s: cannot be read", name) : read_image(l, head, (size_t)got);
	if (!r)
		r = map_image(l, true);
	if (!r) {
		place->interp_base = l->bias;
		place->start = l->bias + l->image.entry;
	}
out:
	kfree(name);
	kfree(head);
	return r == -ENOEXEC ? -ELIBBAD : r;
}

static void note_ranges(struct load *l)
{
	struct mm *mm = l->mm;
	uint64_t end = l->bias + l->image.high;

	for (unsigned i = 0; i < l->image.count; i++) {
		const struct elf_segment *s = &l->image.segments[i];
		uint64_t start = l->bias + s->address;

		if (s->prot & PROT_EXEC) {
			mm->code_start = start;
			mm->code_end = start + s->file_size;
		} else if (s->prot & PROT_WRITE) {
			mm->data_start = start;
			mm->data_end = start + s->file_size;
		}
	}
	mm->brk_start = mm->brk = end + program_random(BRK_BITS);
}

static char *path_of(const struct file *f)
{
	const struct path at = { f->mount, f->dentry };
	char *buf = kmalloc(PATH_LIMIT), *text, *copy = NULL;

	if (!buf)
		return NULL;
	text = path_text(&at, NULL, buf, PATH_LIMIT);
	if (!is_err(text))
		copy = kstrdup(text);
	kfree(buf);
	return copy;
}

static void set_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	(void)strscpy(current->name, slash ? slash + 1 : path, sizeof(current->name));
}

static int load_elf(struct load *l, const struct program_args *args, const char *head, size_t n, uint64_t *ip, uint64_t *sp)
{
	struct process *p = current->process;
	struct program_place place = { 0 };
	struct load interp = { .mm = l->mm, .why = l->why, .why_size = l->why_size };
	long r = read_image(l, head, n);

	if (r)
		return (int)r;
	r = map_image(l, false);
	if (r)
		return (int)r;
	note_ranges(l);
	place.entry = place.start = l->bias + l->image.entry;
	place.headers = l->image.headers ? l->bias + l->image.headers : 0;
	place.header_count = l->image.header_count;
	if (l->image.interp_size) {
		r = load_interpreter(&interp, l, &place);
		if (interp.file)
			file_put(interp.file);
		if (r)
			return (int)r;
	}
	place.vdso = vdso_map(l->mm);
	r = program_stack(l->mm, args, &place);
	if (r < 0)
		return fail(l, (int)r, "%s: %s", l->name,
			    r == -E2BIG ? "its arguments and environment are too long" : "no memory for its stack");
	*ip = place.start;
	*sp = (uint64_t)r;
	kfree(p->executable);
	p->executable = path_of(l->file);
	return 0;
}

/* "#!interpreter one-argument": a new list of arguments, in one piece with the line. NULL: no memory. */
static char **script_arguments(const struct program_args *args, char *line, unsigned *ret_count)
{
	char *interp = line, *arg, **v, *copy;
	size_t n;
	unsigned count = 0;

	while (*interp == ' ' || *interp == '\t')
		interp++;
	for (n = strlen(interp); n && (interp[n - 1] == ' ' || interp[n - 1] == '\t' || interp[n - 1] == '\r'); n--)
		interp[n - 1] = '\0';
	for (arg = interp; *arg && *arg != ' ' && *arg != '\t'; arg++)
		;
	if (*arg) {
		*arg++ = '\0';
		while (*arg == ' ' || *arg == '\t')
			arg++;
	}
	v = kmalloc((args->argc + 4ul) * sizeof(*v) + SCRIPT_LINE);
	if (!v)
		return NULL;
	copy = (char *)(v + args->argc + 4);
	(void)strscpy(copy, interp, SCRIPT_LINE);
	v[count++] = copy;
	if (*arg) {
		copy += strlen(copy) + 1;
		(void)strscpy(copy, arg, SCRIPT_LINE - (size_t)(copy - v[0]));
		v[count++] = copy;
	}
	v[count++] = (char *)(uintptr_t)args->path;
	for (unsigned i = 1; i < args->argc; i++)
		v[count++] = args->argv[i];
	v[count] = NULL;
	*ret_count = count;
	return v;
}

static int load_by_name(const struct program_args *args, unsigned depth, uint64_t *ip, uint64_t *sp, char *why, size_t why_size)
{
	struct load l = { .mm = current->process->mm, .why = why, .why_size = why_size };
	char *head = kzalloc(ELF_HEAD_SIZE), *end, **v;
	struct program_args inner = *args;
	ssize_t n;
	int r;

	if (!head)
		return -ENOMEM;
	r = open_program(&l, args->path);
	if (r)
		goto out;
	n = file_read_at(l.file, head, ELF_HEAD_SIZE, 0);
	if (n < 0) {
		r = fail(&l, (int)n, "%s: cannot be read", args->path);
	} else if (n > 2 && head[0] == '#' && head[1] == '!') {
		head[SCRIPT_LINE - 1] = '\0'; /* behind what was read there are zeroes */
		end = strchr(head, '\n');
		if (!end)
			end = head + strlen(head);
		if (end == head + SCRIPT_LINE - 1 || depth == 0) {
			r = fail(&l, depth ? -ENOEXEC : -ELOOP, "%s: its first line names no usable interpreter", args->path);
			goto out;
		}
		*end = '\0';
		v = script_arguments(args, head + 2, &inner.argc);
		if (!v) {
			r = -ENOMEM;
			goto out;
		}
		inner.path = v[0];
		inner.argv = v;
		r = load_by_name(&inner, depth - 1, ip, sp, why, why_size);
		kfree(v);
	} else {
		set_name(args->path);
		r = load_elf(&l, args, head, (size_t)n, ip, sp);
	}
out:
	kfree(head);
	if (l.file)
		file_put(l.file);
	return r;
}

int program_load(const struct program_args *args, uint64_t *ip, uint64_t *sp, char *why, size_t why_size)
{
	int r;

	(void)format_text(why, why_size, "%s: not enough memory", args->path);
	program_lay_out(current->process->mm);
	r = load_by_name(args, SCRIPT_DEPTH, ip, sp, why, why_size);
	return r;
}
