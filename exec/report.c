/* What is said when a program ends by a fault: registers, and a backtrace whose addresses `whittle run` can name.
 *
 * The form of addresses is in include/whittle/console.h. Programs seldom keep frame pointers: words on the stack that
 * point into code right behind a call are taken for return addresses, so stale ones may be among them.
 */
#include <arch/backtrace.h>
#include <arch/thread.h>
#include <core/cut.h>
#include <core/log.h>
#include <core/process.h>
#include <core/signal.h>
#include <core/slab.h>
#include <core/uaccess.h>
#include <exec/report.h>
#include <linux/elf.h>
#include <linux/mman.h>
#include <linux/signal.h>
#include <mm/mm.h>

COMPONENT("exec", "loads and starts programs");

#define BACKTRACE_WORDS 512 /* of the stack that are looked at */
#define BACKTRACE_LINES 16
#define HEADERS_MAX     32
#define PLACE_SIZE      320

const char *report_signal_name(int signo)
{
	switch (signo) {
	case SIGHUP:
		return "Hangup";
	case SIGQUIT:
		return "Quit";
	case SIGILL:
		return "Illegal instruction";
	case SIGTRAP:
		return "Trace/breakpoint trap";
	case SIGABRT:
		return "Aborted";
	case SIGBUS:
		return "Bus error";
	case SIGUSR1:
		return "User defined signal 1";
	case SIGUSR2:
		return "User defined signal 2";
	case SIGVTALRM:
		return "Virtual timer expired";
	case SIGPROF:
		return "Profiling timer expired";
	case SIGFPE:
		return "Floating point exception";
	case SIGKILL:
		return "Killed";
	case SIGSEGV:
		return "Segmentation fault";
	case SIGALRM:
		return "Alarm clock";
	case SIGTERM:
		return "Terminated";
	case SIGXCPU:
		return "CPU time limit exceeded";
	case SIGXFSZ:
		return "File size limit exceeded";
	case SIGSYS:
		return "Bad system call";
	case SIGINT:
	case SIGPIPE:
		return NULL; /* shells say nothing */
	default:
		return "Ended by a signal";
	}
}

/* The address in its file's own symbol table of byte @offset of a file whose first page is mapped at @base. */
static bool link_address(uint64_t base, uint64_t offset, uint64_t *out)
{
	Elf64_Ehdr e;
	Elf64_Phdr p;

	if (copy_from_user(&e, (const void __user *)base, sizeof(e)) || memcmp(e.e_ident, ELFMAG, SELFMAG) != 0 ||
	    e.e_phentsize != sizeof(p) || e.e_phnum > HEADERS_MAX)
		return false;
	for (unsigned i = 0; i < e.e_phnum; i++) {
		if (copy_from_user(&p, (const void __user *)(base + e.e_phoff + i * sizeof(p)), sizeof(p)))
			return false;
		if (p.p_type == PT_LOAD && offset >= p.p_offset && offset - p.p_offset < p.p_filesz) {
			*out = p.p_vaddr + (offset - p.p_offset);
			return true;
		}
	}
	return false;
}

/* The mapping that holds @address, if it is a file's code. @r: scratch of the caller. */
static bool code_at(struct mm *mm, uint64_t address, struct mm_range *r)
{
	return address < mm->limit && mm_next_range(mm, address, false, r) && address >= r->start && (r->prot & PROT_EXEC);
}

/* Which file's code @address is, if any. @r: two, scratch of the caller. */
static void describe(struct mm *mm, uint64_t address, struct mm_range r[2], char *text, size_t size)
{
	struct mm_range *first = &r[1];
	uint64_t from = 0, offset, link;

	if (!code_at(mm, address, r) || r->path[0] != '/') {
		format_text(text, size, "%#lx%s%s", address, r->path[0] == '[' ? " " : "", r->path[0] == '[' ? r->path : "");
		return;
	}
	offset = address - r->start + r->offset;
	while (mm_next_range(mm, from, false, first) && !(first->offset == 0 && strcmp(first->path, r->path) == 0))
		from = first->end;
	if (strcmp(first->path, r->path) != 0 || !link_address(first->start, offset, &link))
		format_text(text, size, "%#lx, byte %#lx of %s", address, offset, r->path);
	else
		format_text(text, size, "%#lx (%s+%#lx)", address, r->path, link);
}

void cut_place(uint64_t address, char *text, size_t size)
{
	struct mm_range *r = kzalloc(2 * sizeof(*r));

	if (r)
		describe(current->process->mm, address, r, text, size);
	else
		format_text(text, size, "%#lx", address);
	kfree(r);
}

static void print_place(struct mm *mm, const char *what, uint64_t address, struct mm_range r[2])
{
	char text[PLACE_SIZE];

	describe(mm, address, r, text, sizeof(text));
	log_err("%s %s", what, text);
}

static void print_backtrace(struct mm *mm, uint64_t sp, struct mm_range r[2])
{
	unsigned lines = 0;

	sp &= ~7ull;
	for (unsigned i = 0; i < BACKTRACE_WORDS && lines < BACKTRACE_LINES; i++) {
		uint64_t word;
		uint8_t before[ARCH_CALL_MAX];

		if (get_user_u64(&word, (const uint64_t __user *)(sp + i * 8ull)))
			break;
		if (!code_at(mm, word, r) ||
		    copy_from_user(before, (const void __user *)(word - sizeof(before)), sizeof(before)) ||
		    !arch_is_call(before + sizeof(before)))
			continue;
		print_place(mm, " ", word, r);
		lines++;
	}
}

static const char *reason(const struct signal_info *info)
{
	if (info->signo != SIGSEGV)
		return "";
	switch (info->code) {
	case SEGV_MAPERR:
		return ", where nothing is mapped";
	case SEGV_ACCERR:
		return ", which is not allowed there";
	default:
		return "";
	}
}

void report_fault(const struct trap_frame *frame, const struct signal_info *info)
{
	struct mm *mm = current->process->mm;
	struct mm_range *r = kzalloc(2 * sizeof(*r));
	const char *name = report_signal_name(info->signo);

	log_err("%s[%d]: %s, address %#lx%s", current->name, current->tid, name ? name : "signal",
		(unsigned long)info->value, reason(info));
	arch_frame_print(frame);
	if (!r)
		return;
	print_place(mm, "at", frame_ip(frame), r);
	print_backtrace(mm, frame_sp(frame), r);
	kfree(r);
}
