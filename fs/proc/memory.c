/* What /proc/PID says of memory: mappings, sizes, and the strings that the program was started with (proc(5)). */
#include <core/process.h>
#include <core/slab.h>
#include <fs/proc/procfile.h>
#include <linux/errno.h>
#include <linux/mman.h>
#include <mm/mm.h>

COMPONENT("proc", "/proc and its files");

#define PATH_COLUMN 73 /* where Linux puts it */
#define KIB(pages)  ((pages) * (PAGE_SIZE / 1024))

static void add_range(struct text *out, const struct mm_range *r)
{
	const char *path = r->path[0] ? r->path : r->heap ? "[heap]" : r->stack ? "[stack]" : "";
	size_t start = out->length;

	text_add(out, "%08lx-%08lx %c%c%c%c %08lx %02x:%02x %lu", (unsigned long)r->start, (unsigned long)r->end,
		 r->prot & PROT_READ ? 'r' : '-', r->prot & PROT_WRITE ? 'w' : '-', r->prot & PROT_EXEC ? 'x' : '-',
		 r->shared ? 's' : 'p', (unsigned long)r->offset, r->device >> 8 & 0xfff,
		 (r->device & 0xff) | (r->device >> 12 & ~0xffu), (unsigned long)r->inode);
	if (*path) {
		text_column(out, start, PATH_COLUMN);
		text_escaped(out, path, "\n");
	} else {
		text_put(out, " ", 1);
	}
	text_put(out, "\n", 1);
}

static int each_range(struct text *out, const struct proc_target *of, bool count,
		      void (*add)(struct text *out, const struct mm_range *r))
{
	struct mm_range *range = kmalloc(sizeof(*range));
	struct mm *mm = proc_mm(of);
	uint64_t from = 0;
	int r = -ESRCH;

	if (!range) {
		r = -ENOMEM;
	} else if (mm) {
		for (; mm_next_range(mm, from, count, range); from = range->end)
			add(out, range);
		r = 0;
	}
	if (mm)
		mm_put(mm);
	kfree(range);
	return r;
}

static int show_maps(struct text *out, const struct proc_target *of)
{
	return each_range(out, of, false, add_range);
}
PROC_FILE(pid_maps, "PID/maps", show_maps);
PROC_FILE(task_maps, "PID/task/TID/maps", show_maps);

/* What smaps tells of pages, in its order. A page of the program's own was written by it, or filled with zeroes for it;
 * what it writes to in a shared mapping is the object's. Nobody else maps any of them: its share is the whole. */
struct smaps {
	unsigned long resident, own, dirty, shared_memory, huge;
};

static void smaps_count(struct smaps *s, const struct mm_range *r)
{
	unsigned long rss = KIB(r->resident_pages), own = KIB(r->private_pages);

	s->resident += rss;
	s->own += own;
	s->huge += KIB(r->huge_pages << (BLOCK_SHIFT - PAGE_SHIFT));
	s->dirty += r->shared && r->prot & PROT_WRITE ? rss : own;
	s->shared_memory += r->shared ? rss : 0;
}

static void add_kib(struct text *out, const char *name, unsigned long kib)
{
	text_add(out, "%-16s%8lu kB\n", name, kib);
}

static void add_counts(struct text *out, const struct smaps *s, bool rollup)
{
	static const char *const none[] = { "ShmemPmdMapped:", "FilePmdMapped:", "Shared_Hugetlb:", "Private_Hugetlb:",
					    "Swap:", "SwapPss:", "Locked:" };

	add_kib(out, "Rss:", s->resident);
	add_kib(out, "Pss:", s->resident);
	add_kib(out, "Pss_Dirty:", s->dirty);
	if (rollup) {
		add_kib(out, "Pss_Anon:", s->own);
		add_kib(out, "Pss_File:", s->resident - s->own - s->shared_memory);
		add_kib(out, "Pss_Shmem:", s->shared_memory);
	}
	add_kib(out, "Shared_Clean:", 0);
	add_kib(out, "Shared_Dirty:", 0);
	add_kib(out, "Private_Clean:", s->resident - s->dirty);
	add_kib(out, "Private_Dirty:", s->dirty);
	add_kib(out, "Referenced:", s->resident);
	add_kib(out, "Anonymous:", s->own);
	add_kib(out, "LazyFree:", 0);
	add_kib(out, "AnonHugePages:", s->huge);
	for (unsigned i = 0; i < ARRAY_SIZE(none); i++)
		add_kib(out, none[i], 0);
}

static void add_smaps(struct text *out, const struct mm_range *r)
{
	struct smaps s = { 0 };

	smaps_count(&s, r);
	add_range(out, r);
	add_kib(out, "Size:", (unsigned long)(r->end - r->start) / 1024);
	add_kib(out, "KernelPageSize:", PAGE_SIZE / 1024);
	add_kib(out, "MMUPageSize:", PAGE_SIZE / 1024);
	add_counts(out, &s, false);
	text_add(out, "THPeligible:           0\n");
	text_add(out, "VmFlags:%s%s%s%s mr mw me%s%s \n", r->prot & PROT_READ ? " rd" : "", r->prot & PROT_WRITE ? " wr" : "",
		 r->prot & PROT_EXEC ? " ex" : "", r->shared ? " sh" : "", r->locked ? " lo" : "", r->noreserve ? " nr" : "");
}

static int show_smaps(struct text *out, const struct proc_target *of)
{
	return each_range(out, of, true, add_smaps);
}
PROC_FILE(pid_smaps, "PID/smaps", show_smaps);
PROC_FILE(task_smaps, "PID/task/TID/smaps", show_smaps);

/* The sums, under one line for all of it. */
static int show_smaps_rollup(struct text *out, const struct proc_target *of)
{
	struct mm_range *range = kmalloc(sizeof(*range));
	struct mm *mm = proc_mm(of);
	uint64_t from = 0, start = 0, end = 0;
	struct smaps s = { 0 };
	int r = -ESRCH;

	if (!range) {
		r = -ENOMEM;
	} else if (mm) {
		for (; mm_next_range(mm, from, true, range); from = end = range->end) {
			smaps_count(&s, range);
			if (!from)
				start = range->start;
		}
		*range = (struct mm_range){ .start = start, .end = end, .path = "[rollup]" };
		add_range(out, range);
		add_counts(out, &s, true);
		r = 0;
	}
	if (mm)
		mm_put(mm);
	kfree(range);
	return r;
}
PROC_FILE(pid_smaps_rollup, "PID/smaps_rollup", show_smaps_rollup);
PROC_FILE(task_smaps_rollup, "PID/task/TID/smaps_rollup", show_smaps_rollup);

static int show_statm(struct text *out, const struct proc_target *of)
{
	struct mm *mm = proc_mm(of);
	struct mm_sizes s;

	if (!mm)
		return -ESRCH;
	mm_sizes(mm, &s);
	mm_put(mm);
	text_add(out, "%lu %lu %lu %lu 0 %lu 0\n", (unsigned long)s.total, (unsigned long)s.resident,
		 (unsigned long)(s.resident - s.private), (unsigned long)s.code, (unsigned long)(s.data + s.stack));
	return 0;
}
PROC_FILE(pid_statm, "PID/statm", show_statm);
PROC_FILE(task_statm, "PID/task/TID/statm", show_statm);

/* Bytes of the program's own memory. */
static int add_memory(struct text *out, const struct proc_target *of, uint64_t start, uint64_t end)
{
	struct mm *mm = proc_mm(of);
	char *chunk = kmalloc(PAGE_SIZE);
	int r = mm ? 0 : -ESRCH;

	if (!chunk)
		r = -ENOMEM;
	while (!r && start < end) {
		size_t n = (size_t)MIN(end - start, (uint64_t)PAGE_SIZE);

		r = mm_read(mm, start, chunk, n);
		if (!r)
			text_put(out, chunk, n);
		start += n;
	}
	kfree(chunk);
	if (mm)
		mm_put(mm);
	return r;
}

static int show_cmdline(struct text *out, const struct proc_target *of)
{
	return add_memory(out, of, of->process->arg_start, of->process->arg_end);
}
PROC_FILE(pid_cmdline, "PID/cmdline", show_cmdline);
PROC_FILE(task_cmdline, "PID/task/TID/cmdline", show_cmdline);

static int show_environ(struct text *out, const struct proc_target *of)
{
	return add_memory(out, of, of->process->env_start, of->process->env_end);
}
PROC_PRIVATE(pid_environ, "PID/environ", show_environ);
PROC_PRIVATE(task_environ, "PID/task/TID/environ", show_environ);

static int show_auxv(struct text *out, const struct proc_target *of)
{
	text_put(out, of->process->auxv, of->process->auxv_count * sizeof(of->process->auxv[0]));
	return 0;
}
PROC_PRIVATE(pid_auxv, "PID/auxv", show_auxv);
PROC_PRIVATE(task_auxv, "PID/task/TID/auxv", show_auxv);
