/* The first stack of a program: arguments, environment, auxiliary vector (psABI x86-64, 3.4.1; getauxval(3)).
 *
 *     stack_top  8 zero bytes
 *                path, environment, arguments (in order, from low to high), platform, 16 random bytes
 *                auxiliary vector, environment pointers, argument pointers
 *     sp         number of arguments
 *
 * Strings go straight to the program's memory; the words below them are put together in the kernel and copied at once.
 */
#include <arch/elf.h>
#include <arch/signal.h>
#include <core/process.h>
#include <core/random.h>
#include <core/slab.h>
#include <core/uaccess.h>
#include <exec/program.h>
#include <linux/auxvec.h>
#include <linux/elf.h>
#include <linux/errno.h>
#include <linux/mman.h>
#include <linux/resource.h>
#include <mm/mm.h>

COMPONENT("exec", "loads and starts programs");

#define STACK_MAX       (64ull << 20) /* of address space, where RLIMIT_STACK is unlimited */
#define STACK_MIN       (128ull << 10)
#define STACK_GUARD     (1ull << 20) /* nothing is mapped there unless it asks for the place */
#define STACK_BITS      22
#define MMAP_BITS       28
#define CLOCK_TICKS     100 /* sysconf(_SC_CLK_TCK) */
#define STACK_ALIGN     16ull

static uint64_t stack_size(const struct process *p)
{
	return MAX(MIN(p->limits[RLIMIT_STACK].soft, STACK_MAX) & PAGE_MASK, STACK_MIN);
}

void program_lay_out(struct mm *mm)
{
	mm->stack_top = mm->limit - program_random(STACK_BITS);
	mm->mmap_top = mm->stack_top - stack_size(current->process) - STACK_GUARD - program_random(MMAP_BITS);
}

static void aux(struct process *p, uint64_t type, uint64_t value)
{
	p->auxv[p->auxv_count++] = type;
	p->auxv[p->auxv_count++] = value;
}

static void fill_auxv(struct process *p, const struct program_place *place, uint64_t execfn, uint64_t platform, uint64_t random)
{
	const struct credentials *c = &p->credentials;

	p->auxv_count = 0;
	if (place->vdso)
		aux(p, AT_SYSINFO_EHDR, place->vdso);
	aux(p, AT_HWCAP, arch_hwcap());
	aux(p, AT_PAGESZ, PAGE_SIZE);
	aux(p, AT_CLKTCK, CLOCK_TICKS);
	aux(p, AT_PHDR, place->headers);
	aux(p, AT_PHENT, sizeof(Elf64_Phdr));
	aux(p, AT_PHNUM, place->header_count);
	aux(p, AT_BASE, place->interp_base);
	aux(p, AT_FLAGS, 0);
	aux(p, AT_ENTRY, place->entry);
	aux(p, AT_UID, c->uid);
	aux(p, AT_EUID, c->euid);
	aux(p, AT_GID, c->gid);
	aux(p, AT_EGID, c->egid);
	aux(p, AT_SECURE, 0);
	aux(p, AT_RANDOM, random);
	aux(p, AT_HWCAP2, arch_hwcap2());
	aux(p, AT_EXECFN, execfn);
	aux(p, AT_PLATFORM, platform);
	aux(p, AT_MINSIGSTKSZ, arch_signal_stack_min());
	aux(p, AT_NULL, 0);
}

/* Copy strings up from @at, note their addresses. Return: where the next may go, 0: a fault. */
static uint64_t put_strings(uint64_t at, char **strings, unsigned count, uint64_t *addresses)
{
	for (unsigned i = 0; i < count; i++) {
		size_t n = strlen(strings[i]) + 1;

		if (copy_to_user((void __user *)at, strings[i], n))
			return 0;
		addresses[i] = at;
		at += n;
	}
	addresses[count] = 0;
	return at;
}

static uint64_t strings_size(char **strings, unsigned count)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < count; i++)
		n += strlen(strings[i]) + 1;
	return n;
}

long program_stack(struct mm *mm, const struct program_args *args, const struct program_place *place)
{
	struct process *p = current->process;
	uint64_t size = stack_size(p), top = mm->stack_top, random, platform;
	uint64_t arg_size = strings_size(args->argv, args->argc), env_size = strings_size(args->envp, args->envc);
	size_t path_size = strlen(args->path) + 1;
	size_t words_max = 1ul + args->argc + 1 + args->envc + 1 + ARRAY_SIZE(p->auxv), words;
	uint64_t *block, at, sp;
	char bytes[16];
	long r;

	if (arg_size > size / 4 || env_size > size / 4 || words_max * 8 > size / 4)
		return -E2BIG;
	r = mm_map(mm, top - size, size, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_GROWSDOWN | MAP_NORESERVE, NULL, 0);
	if (r < 0)
		return r;
	block = kmalloc_array(words_max, sizeof(*block));
	if (!block)
		return -ENOMEM;

	random_bytes(bytes, sizeof(bytes));
	at = top - 8 - path_size - env_size - arg_size - sizeof(ARCH_ELF_PLATFORM) - sizeof(bytes);
	at = (at - (program_random(8) >> PAGE_SHIFT << 4)) & ~(STACK_ALIGN - 1);
	r = -EFAULT;
	random = at;
	platform = random + sizeof(bytes);
	if (copy_to_user((void __user *)random, bytes, sizeof(bytes)) ||
	    copy_to_user((void __user *)platform, ARCH_ELF_PLATFORM, sizeof(ARCH_ELF_PLATFORM)))
		goto out;
	block[0] = args->argc;
	p->arg_start = platform + sizeof(ARCH_ELF_PLATFORM);
	p->arg_end = p->env_start = put_strings(p->arg_start, args->argv, args->argc, &block[1]);
	if (!p->arg_end)
		goto out;
	p->env_end = put_strings(p->env_start, args->envp, args->envc, &block[1 + args->argc + 1]);
	if (!p->env_end || copy_to_user((void __user *)p->env_end, args->path, path_size))
		goto out;
	fill_auxv(p, place, p->env_end, platform, random);
	words = 1ul + args->argc + 1 + args->envc + 1;
	memcpy(&block[words], p->auxv, p->auxv_count * sizeof(uint64_t));
	words += p->auxv_count;
	sp = (random - words * sizeof(uint64_t)) & ~(STACK_ALIGN - 1);
	if (copy_to_user((void __user *)sp, block, words * sizeof(uint64_t)))
		goto out;
	r = (long)sp;
out:
	kfree(block);
	return r;
}
