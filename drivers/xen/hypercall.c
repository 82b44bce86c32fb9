/* What all of Xen's drivers stand on (xen.h): is it there, hypercalls, parameters of the domain, pages of Xen's.
 *
 * A hypercall is the instruction that the processor's maker gave: VMMCALL with AMD's, VMCALL with all others'. The shared page
 * takes the place of a page of memory, which the machine then has less.
 */
#include <arch/cpu.h>
#include <arch/mmu.h>
#include <arch/percpu.h>
#include <core/cpu.h>
#include <core/log.h>
#include <core/preempt.h>
#include <linux/errno.h>
#include "drivers/xen/xen.h"

COMPONENT("xen", "Xen: hypercalls and pages");

struct xen_shared *xen_shared __sealed;

static uint32_t leaves __sealed;  /* CPUID's first of Xen's */
static bool amd __sealed;

#define LEAF_HVM          4u
#define HVM_VCPU_ID_KNOWN (1u << 3)

long xen_hypercall(enum xen_hypercall which, uint64_t a, uint64_t b, uint64_t c)
{
	long r = which;

	if (amd)
		__asm__ volatile("vmmcall" : "+a"(r), "+D"(a), "+S"(b), "+d"(c) : : "memory");
	else
		__asm__ volatile("vmcall" : "+a"(r), "+D"(a), "+S"(b), "+d"(c) : : "memory");
	return r;
}

struct hvm_param {
	domid_t domain;
	uint16_t reserved;
	uint32_t index;
	uint64_t value;
};
enum { HVM_SET_PARAM = 0, HVM_GET_PARAM = 1 };

uint64_t xen_param(enum xen_param which)
{
	struct hvm_param p = { .domain = XEN_DOMID_SELF, .index = which };

	return xen_hypercall(XEN_HVM_OP, HVM_GET_PARAM, (uintptr_t)&p, 0) ? 0 : p.value;
}

void *xen_map_param(enum xen_param which)
{
	uint64_t pfn = xen_param(which), at = pfn ? mmu_reserve_kernel(PAGE_SIZE) : 0;

	if (!at || mmu_map_kernel(at, pfn << PAGE_SHIFT, PAGE_SIZE, MMU_READ | MMU_WRITE))
		return NULL;
	return (void *)at;
}

struct add_to_physmap {
	domid_t domain;
	uint16_t size;
	uint32_t space;
	uint64_t index, pfn;
};
#define MEMORY_ADD_TO_PHYSMAP 7

int xen_place(enum xen_space space, uint64_t index, const struct page *page)
{
	struct add_to_physmap p = {
		.domain = XEN_DOMID_SELF, .space = space, .index = index, .pfn = page_paddr(page) >> PAGE_SHIFT,
	};

	return (int)xen_hypercall(XEN_MEMORY_OP, MEMORY_ADD_TO_PHYSMAP, (uintptr_t)&p, 0);
}

/* The shared page is of the form for 64-bit guests from when one sets how it is called back: not at all (events.c). */
static void choose_form(void)
{
	struct hvm_param p = { .domain = XEN_DOMID_SELF, .index = XEN_PARAM_CALLBACK };

	(void)xen_hypercall(XEN_HVM_OP, HVM_SET_PARAM, (uintptr_t)&p, 0);
}

bool xen_present(void)
{
	static bool tried;
	struct page *page;
	struct cpuid maker;

	if (tried)
		return xen_shared;
	tried = true;
	leaves = cpuid_hypervisor("XenVMMXenVMM");
	if (!leaves)
		return false;
	maker = cpuid(0, 0);
	amd = maker.ecx == 0x444d4163 || maker.ecx == 0x656e6975; /* Authenti"cAMD", HygonGen"uine" */
	choose_form();
	page = page_alloc(0, PAGE_ZERO);
	if (!page || xen_place(XEN_SPACE_SHARED_INFO, 0, page)) {
		log_err("xen: there is no shared page: nothing of Xen's can be used");
		return false;
	}
	xen_shared = page_address(page);
	for (unsigned i = 0; i < XEN_EVENT_WORDS; i++)
		xen_shared->mask[i] = UINT64_MAX;
	return true;
}

unsigned xen_vcpu(void)
{
	static uint8_t numbers[CPU_MAX]; /* by processor, plus one; 0: not asked yet. Each writes its own */
	unsigned cpu = percpu_get(this_cpu);

	if (unlikely(!numbers[cpu])) {
		struct cpuid c = cpuid(leaves + LEAF_HVM, 0);

		numbers[cpu] = (uint8_t)(1 + (c.eax & HVM_VCPU_ID_KNOWN && c.ebx < XEN_VCPUS_SHARED ? c.ebx : 0));
	}
	return numbers[cpu] - 1u;
}
