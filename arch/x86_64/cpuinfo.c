/* /proc/cpuinfo of x86-64: what CPUID says of this processor (Intel SDM 2A; AMD APM 3, E). Names of features are those
 * that programs look for; a feature is listed if the processor has it, and, where the kernel must turn it on, it did.
 */
#include <arch/cpu.h>
#include <arch/cpuinfo.h>
#include <core/clock.h>
#include <core/cpu.h>
#include <core/log.h>
#include <core/timekeeping.h>

COMPONENT("proc", "/proc and its files");

/* Names of a register's bits from 0 on, one space between, "-" for one that is not shown. */
static const char leaf_1_edx[] = "fpu vme de pse tsc msr pae mce cx8 apic - sep mtrr pge mca cmov pat pse36 pn clflush - dts "
				 "acpi mmx fxsr sse sse2 ss ht tm ia64 pbe";
static const char leaf_1_ecx[] = "pni pclmulqdq dtes64 monitor ds_cpl vmx smx est tm2 ssse3 cid sdbg fma cx16 xtpr pdcm - pcid "
				 "dca sse4_1 sse4_2 x2apic movbe popcnt tsc_deadline_timer aes xsave - avx f16c rdrand hypervisor";
static const char leaf_7_ebx[] = "fsgsbase tsc_adjust - bmi1 hle avx2 - smep bmi2 erms invpcid rtm cqm - mpx rdt_a avx512f "
				 "avx512dq rdseed adx smap avx512ifma - clflushopt clwb intel_pt avx512pf avx512er avx512cd "
				 "sha_ni avx512bw avx512vl";
static const char leaf_7_ecx[] = "- avx512vbmi umip - - waitpkg avx512_vbmi2 - gfni vaes vpclmulqdq avx512_vnni avx512_bitalg "
				 "tme avx512_vpopcntdq - - - - - - - rdpid - - cldemote - movdiri movdir64b";
static const char leaf_7_edx[] = "- - - - fsrm - - - avx512_vp2intersect - md_clear - - - serialize";
static const char extended_ecx[] = "lahf_lm cmp_legacy svm extapic cr8_legacy abm sse4a misalignsse 3dnowprefetch osvw ibs xop "
				   "skinit wdt - lwp fma4 tce - nodeid_msr - tbm topoext perfctr_core perfctr_nb";
static const char extended_edx[] = "- - - - - - - - - - - syscall - - - - - - - mp nx - mmxext - - fxsr_opt pdpe1gb rdtscp - lm "
				   "3dnowext 3dnow";

struct out {
	char *to;
	size_t size, length;
};

static void add(struct out *o, const char *format, ...) __printf(2, 3);
static void add(struct out *o, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	o->length += (size_t)format_text_va(o->to + o->length, o->size - o->length, format, args);
	va_end(args);
	o->length = MIN(o->length, o->size - 1);
}

static void add_names(struct out *o, const char *names, uint32_t bits)
{
	while (*names) {
		const char *end = names;

		while (*end && *end != ' ')
			end++;
		if (bits & 1 && *names != '-')
			add(o, " %.*s", (int)(end - names), names);
		bits >>= 1;
		names = *end ? end + 1 : end;
	}
}

static void add_flags(struct out *o, uint32_t max, uint32_t max_extended)
{
	const struct cpu_features *f = &cpu_features;
	const struct cpuid one = cpuid(1, 0), none = { 0, 0, 0, 0 };
	struct cpuid seven = max >= 7 ? cpuid(7, 0) : none;
	const struct cpuid extended = max_extended >= 0x80000001u ? cpuid(0x80000001u, 0) : none;

	seven.ebx &= ~((f->fsgsbase ? 0 : 1u << 0) | (f->smep ? 0 : 1u << 7) | (f->smap ? 0 : 1u << 20));
	add(o, "flags\t\t:");
	add_names(o, leaf_1_edx, one.edx);
	add_names(o, extended_edx, extended.edx);
	add_names(o, leaf_1_ecx, one.ecx);
	add_names(o, extended_ecx, extended.ecx);
	add_names(o, leaf_7_ebx, seven.ebx);
	add_names(o, leaf_7_ecx, seven.ecx);
	add_names(o, leaf_7_edx, seven.edx);
	if (f->xsaveopt)
		add(o, " xsaveopt");
	if (f->invariant_tsc)
		add(o, " constant_tsc nonstop_tsc");
	add(o, "\n");
}

/* The vendor's twelve letters, the model's 48. */
static void add_vendor(struct out *o)
{
	const struct cpuid c = cpuid(0, 0);
	const uint32_t word[3] = { c.ebx, c.edx, c.ecx };

	add(o, "vendor_id\t: %.12s\n", (const char *)word);
}

static void add_model_name(struct out *o, uint32_t max_extended)
{
	struct cpuid part[3];
	const char *name = (const char *)part;

	if (max_extended < 0x80000004u) {
		add(o, "model name\t: unknown\n");
		return;
	}
	for (uint32_t i = 0; i < 3; i++)
		part[i] = cpuid(0x80000002u + i, 0);
	while (*name == ' ' && name < (const char *)part + 47)
		name++;
	add(o, "model name\t: %.*s\n", (int)((const char *)(part + 3) - name), name);
}

/* The time stamp counter's frequency, where it is the clock; it is the processor's nominal one. */
static void add_frequency(struct out *o)
{
	const struct timekeeping *t = &timekeeping_page.t;
	uint64_t khz;

	if (!t->vdso || !t->mult)
		return;
	khz = (NSEC_PER_SEC << 32) / t->mult / 1000;
	add(o, "cpu MHz\t\t: %lu.%03lu\n", (unsigned long)(khz / 1000), (unsigned long)(khz % 1000));
}

size_t arch_cpuinfo(unsigned cpu, char *to, size_t size)
{
	struct out o = { to, size, 0 };
	const uint32_t max = cpuid(0, 0).eax, max_extended = cpuid(0x80000000u, 0).eax;
	const struct cpuid one = cpuid(1, 0);
	uint32_t family = one.eax >> 8 & 15, model = one.eax >> 4 & 15, bits = 36 | 48 << 8;

	if (family == 6 || family == 15)
		model |= one.eax >> 12 & 0xf0;
	if (family == 15)
		family += one.eax >> 20 & 0xff;
	add(&o, "processor\t: %u\n", cpu);
	add_vendor(&o);
	add(&o, "cpu family\t: %u\nmodel\t\t: %u\n", family, model);
	add_model_name(&o, max_extended);
	add(&o, "stepping\t: %u\n", one.eax & 15);
	add_frequency(&o);
	add(&o, "physical id\t: 0\nsiblings\t: %u\ncore id\t\t: %u\ncpu cores\t: %u\napicid\t\t: %u\n", cpu_count, cpu,
	    cpu_count, cpu);
	add(&o, "fpu\t\t: yes\nfpu_exception\t: yes\ncpuid level\t: %u\nwp\t\t: yes\n", max);
	add_flags(&o, max, max_extended);
	add(&o, "clflush size\t: %u\ncache_alignment\t: %u\n", (one.ebx >> 8 & 0xff) * 8, (one.ebx >> 8 & 0xff) * 8);
	if (max_extended >= 0x80000008u)
		bits = cpuid(0x80000008u, 0).eax;
	/* The kernel's page tables have four levels, whatever the processor could do. */
	add(&o, "address sizes\t: %u bits physical, %u bits virtual\npower management:\n\n", bits & 0xff,
	    MIN(bits >> 8 & 0xff, 48u));
	return o.length;
}
