/* What a file of /proc is about: a process that may end at any time, its threads and descriptors (fs/proc/procfile.h). */
#include <core/cpu.h>
#include <core/process.h>
#include <core/signal.h>
#include <fs/files.h>
#include <fs/proc/procfile.h>
#include <linux/errno.h>
#include <mm/mm.h>

COMPONENT("proc", "/proc and its files");

/* A process without threads has given up, or is about to give up, what it owned. */
static bool lock_living(struct process *p)
{
	mutex_lock(&p->lock);
	if (p->thread_count)
		return true;
	mutex_unlock(&p->lock);
	return false;
}

struct mm *proc_mm(const struct proc_target *of)
{
	struct mm *mm = NULL;

	if (lock_living(of->process)) {
		mm = of->process->mm;
		if (mm)
			mm_get(mm);
		mutex_unlock(&of->process->lock);
	}
	return mm;
}

struct files *proc_files(const struct proc_target *of)
{
	struct files *files = NULL;

	if (lock_living(of->process)) {
		files = of->process->files;
		if (files)
			files_get_table(files);
		mutex_unlock(&of->process->lock);
	}
	return files;
}

struct fs_context *proc_fs(const struct proc_target *of)
{
	struct fs_context *fs = NULL;

	if (lock_living(of->process)) {
		fs = of->process->fs;
		if (fs)
			fs_context_get(fs);
		mutex_unlock(&of->process->lock);
	}
	return fs;
}

struct thread *proc_thread(const struct proc_target *of)
{
	struct process *p = of->process;
	struct thread *t = NULL, *it;

	if (!lock_living(p))
		return NULL;
	list_for_each(it, &p->threads, process_node)
		if (of->tid ? it->tid == of->tid : it == p->leader || !t)
			t = it;
	if (t)
		thread_get(t);
	mutex_unlock(&p->lock);
	return t;
}

static bool is_space(char c)
{
	return c == ' ' || c == '\n' || c == '\t';
}

int proc_parse_int(const char *text, int *out)
{
	bool negative;
	int64_t n = 0;

	while (is_space(*text))
		text++;
	negative = *text == '-';
	text += negative;
	if (*text < '0' || *text > '9')
		return -EINVAL;
	for (; *text >= '0' && *text <= '9'; text++) {
		n = n * 10 + (*text - '0');
		if (n > INT32_MAX)
			return -ERANGE;
	}
	while (is_space(*text))
		text++;
	if (*text)
		return -EINVAL;
	*out = (int)(negative ? -n : n);
	return 0;
}

static int next_thread(struct process *p, int from)
{
	struct thread *t;
	int found = -1;

	mutex_lock(&p->lock);
	list_for_each(t, &p->threads, process_node)
		if (t->tid >= from && (found < 0 || t->tid < found))
			found = t->tid;
	mutex_unlock(&p->lock);
	return found;
}

int proc_next_number(const struct proc_target *of, char kind, int from)
{
	struct process *p;
	struct files *files;
	int found = -1;

	switch (kind) {
	case 'P':
		p = process_next(from);
		if (p)
			found = p->pid;
		process_put(p);
		break;
	case 'T':
		found = next_thread(of->process, from);
		break;
	case 'F':
		files = proc_files(of);
		if (files)
			found = files_next(files, from);
		files_put_table(files);
		break;
	case 'C':
		found = from < (int)cpu_count ? from : -1;
		break;
	}
	return found;
}

int proc_show_cpus(struct text *out, const struct proc_target *of)
{
	text_add(out, cpu_count > 1 ? "0-%u\n" : "%u\n", cpu_count - 1);
	return 0;
}
