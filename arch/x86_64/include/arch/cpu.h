/* This processor: identification, model-specific registers, ports, control registers (Intel SDM volumes 2 to 4). */
#ifndef ARCH_CPU_H
#define ARCH_CPU_H

struct cpuid {
	uint32_t eax, ebx, ecx, edx;
};

static inline struct cpuid cpuid(uint32_t leaf, uint32_t subleaf)
{
	struct cpuid r;

	__asm__ volatile("cpuid" : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx) : "a"(leaf), "c"(subleaf));
	return r;
}
/** cpuid_hypervisor() - the first leaf of the hypervisor that signs with these 12 characters; 0: it is not this one. */
uint32_t cpuid_hypervisor(const char signature[12]);

static inline uint64_t rdmsr(uint32_t msr)
{
	uint32_t lo, hi;

	__asm__ volatile("rdmsr" : "=a"(lo), "=d"(hi) : "c"(msr));
	return (uint64_t)hi << 32 | lo;
}
static inline void wrmsr(uint32_t msr, uint64_t v)
{
	__asm__ volatile("wrmsr" : : "c"(msr), "a"((uint32_t)v), "d"((uint32_t)(v >> 32)) : "memory");
}
static inline uint64_t rdtsc(void)
{
	uint32_t lo, hi;

	__asm__ volatile("rdtsc" : "=a"(lo), "=d"(hi) : : "memory");
	return (uint64_t)hi << 32 | lo;
}
#define CR_ACCESSORS(n)                                                                            \
	static inline uint64_t read_cr##n(void)                                                    \
	{                                                                                          \
		uint64_t v;                                                                        \
		__asm__ volatile("mov %%cr" #n ", %0" : "=r"(v));                                  \
		return v;                                                                          \
	}                                                                                          \
	static inline void write_cr##n(uint64_t v)                                                 \
	{                                                                                          \
		__asm__ volatile("mov %0, %%cr" #n : : "r"(v) : "memory");                         \
	}
CR_ACCESSORS(0)
CR_ACCESSORS(2)
CR_ACCESSORS(3)
CR_ACCESSORS(4)

#define MSR_APIC_BASE      0x0000001bu
#define MSR_TSC_DEADLINE   0x000006e0u
#define MSR_EFER           0xc0000080u
#define MSR_STAR           0xc0000081u
#define MSR_LSTAR          0xc0000082u
#define MSR_CSTAR          0xc0000083u
#define MSR_FMASK          0xc0000084u
#define MSR_FS_BASE        0xc0000100u
#define MSR_GS_BASE        0xc0000101u
#define MSR_KERNEL_GS_BASE 0xc0000102u

#define EFER_NXE (1ul << 11)

#define CR4_OSFXSR     (1ul << 9)
#define CR4_OSXMMEXCPT (1ul << 10)
#define CR4_UMIP       (1ul << 11)
#define CR4_FSGSBASE   (1ul << 16)
#define CR4_OSXSAVE    (1ul << 18)
#define CR4_SMEP       (1ul << 20)
#define CR4_SMAP       (1ul << 21)
#define CR4_PGE        (1ul << 7)

/* What of this processor is in use; set once by cpu_init_boot(). */
struct cpu_features {
	bool nx, smep, smap, umip, fsgsbase, xsave, xsaveopt, pdpe1gb, rdrand, rdseed, invariant_tsc;
	uint32_t hwcap;     /* CPUID.1:EDX, for AT_HWCAP */
	uint32_t hwcap2;    /* for AT_HWCAP2: bit 1 FSGSBASE */
};
extern struct cpu_features cpu_features;

/** cpu_init_boot() - find the features; on the boot processor, before all else. */
void cpu_init_boot(void);

/* Selectors, Linux's numbers. */
#define KERNEL_CS 0x10
#define KERNEL_DS 0x18
#define USER_DS   0x2b
#define USER_CS   0x33
#define TSS_SEL   0x40

#endif
