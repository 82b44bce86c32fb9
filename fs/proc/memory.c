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

/* Without a swap or per-page share counts there is no more to tell. A page of the program's own was written
 * by it, or filled with zeroes for it. */
static void add_smaps(struct text *out, const struct mm_range *r)
{
	unsigned long rss = KIB(r->resident_pages), own = KIB(r->private_pages);

	add_range(out, r);
	text_add(out, "Size:           %8lu kB\nKernelPageSize: %8lu kB\nMMUPageSize:    %8lu kB\nRss:            %8lu kB\n",
		 (unsigned long)(r->end - r->start) / 1024, PAGE_SIZE / 1024, PAGE_SIZE / 1024, rss);
	text_add(out, "Private_Dirty:  %8lu kB\nAnonymous:      %8lu kB\nAnonHugePages:  %8lu kB\nSwap:           %8u kB\n",
		 own, own, KIB(r->huge_pages << (BLOCK_SHIFT - PAGE_SHIFT)), 0);
	text_add(out, "VmFlags:%s%s%s%s mr mw me%s%s\n", r->prot & PROT_READ ? " rd" : "", r->prot & PROT_WRITE ? " wr" : "",
		 r->prot & PROT_EXEC ? " ex" : "", r->shared ? " sh" : "", r->locked ? " lo" : "", r->noreserve ? " nr" : "");
}

static int show_smaps(struct text *out, const struct proc_target *of)
{
	return each_range(out, of, true, add_smaps);
}
PROC_FILE(pid_smaps, "PID/smaps", show_smaps);

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

static int show_auxv(struct text *out, const struct proc_target *of)
{
	text_put(out, of->process->auxv, of->process->auxv_count * sizeof(of->process->auxv[0]));
	return 0;
}
PROC_PRIVATE(pid_auxv, "PID/auxv", show_auxv);
