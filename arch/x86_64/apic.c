/* The local APIC, in x2APIC mode where the processor has it (Intel SDM 3A, 10.12: registers are MSRs, ids have 32 bits), else in
 * xAPIC mode (10.4), and the I/O APICs that machines without tables have at fixed places. `nox2apic` avoids the former.
 *
 * Others are found by tables (ioapic_found()). Lines of all I/O APICs are numbered through, as ACPI's global system
 * interrupts are. The old interrupt controllers are masked from the start (cpu.c). All devices interrupt the boot processor.
 * Left out: remapping of interrupts, so that the boot processor has to have an id below 255.
 */
#include "offsets.h"
#include <arch/apic.h>
#include <arch/cpu.h>
#include <arch/mmu.h>
#include <arch/smp.h>
#include <core/init.h>
#include <core/irq.h>
#include <core/lock.h>
#include <core/log.h>
#include <core/param.h>
#include <linux/errno.h>

COMPONENT("apic", "local APIC and I/O APIC");

_Static_assert(TRAP_LINES == IRQ_LINES, "each line has its vector");

enum lapic_register {
	LAPIC_ID = 0x20, LAPIC_VERSION = 0x30, LAPIC_TPR = 0x80, LAPIC_EOI = 0xb0, LAPIC_SPURIOUS = 0xf0,
	LAPIC_ICR = 0x300, LAPIC_ICR_HIGH = 0x310, LAPIC_LVT_TIMER = 0x320, LAPIC_LVT_LINT0 = 0x350,
	LAPIC_LVT_LINT1 = 0x360, LAPIC_LVT_ERROR = 0x370,
	LAPIC_TIMER_INITIAL = 0x380, LAPIC_TIMER_CURRENT = 0x390, LAPIC_TIMER_DIVIDE = 0x3e0,
};
#define LAPIC_ENABLE    0x100u
#define LVT_MASKED      0x10000u
#define LVT_PERIODIC    0x20000u
#define LVT_DEADLINE    0x40000u
#define LVT_NMI         0x400u
#define DIVIDE_BY_1     0xbu
#define DIVIDE_BY_128   0xau
#define ICR_INIT        0x500u
#define ICR_STARTUP     0x600u
#define ICR_PENDING     0x1000u
#define ICR_ASSERT      0x4000u

#define CPUID_X2APIC     (1u << 21) /* 1 ecx */
#define APIC_BASE_X2APIC 0x400u
#define APIC_BASE_ENABLE 0x800u
#define MSR_X2APIC       0x800u /* register at 16 * n: MSR at n */

enum ioapic_register { IOAPIC_ID = 0, IOAPIC_VERSION = 1, IOAPIC_REDIRECTION = 0x10 };
#define REDIRECTION_MASKED 0x10000u
#define REDIRECTION_LEVEL  0x8000u
#define REDIRECTION_LOW    0x2000u

#define IOAPICS_MAX 4
static const paddr_t ioapic_places[] = { 0xfec00000, 0xfec10000 };

static volatile uint32_t *lapic __sealed; /* NULL in x2APIC mode, or without one */
static bool x2apic __sealed;
static uint32_t boot_processor __sealed; /* its id */
static struct spinlock ioapic_lock = SPINLOCK_INIT(RANK_DEVICE);
static struct ioapic {
	paddr_t place;
	volatile uint32_t *registers; /* select at 0, window at 4 */
	unsigned first_line, lines;
} ioapics[IOAPICS_MAX];

static uint32_t lapic_read(enum lapic_register r)
{
	return x2apic ? (uint32_t)rdmsr(MSR_X2APIC + r / 16) : lapic[r / 4];
}
static void lapic_write(enum lapic_register r, uint32_t v)
{
	if (x2apic)
		wrmsr(MSR_X2APIC + r / 16, v);
	else
		lapic[r / 4] = v;
}

void apic_eoi(void)
{
	lapic_write(LAPIC_EOI, 0);
}
void apic_timer_deadline(void)
{
	lapic_write(LAPIC_LVT_TIMER, LVT_DEADLINE | TRAP_TIMER);
	/* In xAPIC mode the write goes to memory: it must arrive before the first deadline does (10.5.4.1). */
	__asm__ volatile("mfence" : : : "memory");
}
void apic_timer_divide(bool slow)
{
	lapic_write(LAPIC_TIMER_DIVIDE, slow ? DIVIDE_BY_128 : DIVIDE_BY_1);
}
void apic_timer_set(uint32_t initial)
{
	lapic_write(LAPIC_TIMER_INITIAL, initial);
}
void apic_timer_one_shot(void)
{
	lapic_write(LAPIC_LVT_TIMER, TRAP_TIMER);
}
void apic_timer_periodic(uint32_t period)
{
	lapic_write(LAPIC_LVT_TIMER, TRAP_TIMER | LVT_PERIODIC);
	lapic_write(LAPIC_TIMER_INITIAL, period);
}
uint32_t apic_timer_count(void)
{
	return lapic_read(LAPIC_TIMER_CURRENT);
}
bool apic_present(void)
{
	return lapic != NULL || x2apic;
}

static bool no_x2apic;

static int set_no_x2apic(char *value)
{
	no_x2apic = true;
	return 0;
}
BOOT_PARAM(nox2apic, "nox2apic", set_no_x2apic);

static bool no_timer;

static int set_no_timer(char *value)
{
	no_timer = true;
	return 0;
}
BOOT_PARAM(nolapic_timer, "nolapic_timer", set_no_timer);

bool apic_timer_present(void)
{
	return apic_present() && !no_timer;
}

static uint32_t ioapic_read(const struct ioapic *a, unsigned reg)
{
	a->registers[0] = reg;
	return a->registers[4];
}
static void ioapic_write(const struct ioapic *a, unsigned reg, uint32_t v)
{
	a->registers[0] = reg;
	a->registers[4] = v;
}

static void redirect(const struct ioapic *a, unsigned pin, uint32_t low)
{
	ioapic_write(a, IOAPIC_REDIRECTION + pin * 2 + 1, boot_processor << 24);
	ioapic_write(a, IOAPIC_REDIRECTION + pin * 2, low);
}

/* Return: lines that it has. */
static unsigned add_ioapic(struct ioapic *a, paddr_t place, unsigned first_line)
{
	volatile uint32_t *registers = mmu_map_device(place, PAGE_SIZE);
	struct ioapic found = { place, registers, first_line, 0 };
	uint32_t version = registers ? ioapic_read(&found, IOAPIC_VERSION) : 0;

	if ((version & 0xff) == 0 || (version & 0xff) == 0xff)
		return 0; /* nobody there */
	found.lines = MIN((version >> 16 & 0xff) + 1, IRQ_MESSAGES_FIRST - first_line);
	*a = found;
	return found.lines;
}

static void find_ioapics(void)
{
	unsigned line = 0;

	for (unsigned i = 0; i < ARRAY_SIZE(ioapic_places); i++)
		line += add_ioapic(&ioapics[i], ioapic_places[i], line);
}

void ioapic_found(paddr_t place, unsigned first_line)
{
	struct ioapic *a = ioapics;

	while (a < ioapics + IOAPICS_MAX && a->lines && a->place != place)
		a++;
	if (a == ioapics + IOAPICS_MAX || first_line >= IRQ_MESSAGES_FIRST || (a->lines && a->first_line == first_line))
		return;
	a->lines = 0;
	(void)add_ioapic(a, place, first_line); /* none there: none is used */
}

unsigned ioapic_lines(void)
{
	unsigned end = 0;

	for (unsigned i = 0; i < IOAPICS_MAX; i++)
		end = MAX(end, ioapics[i].first_line + ioapics[i].lines);
	return end;
}

int arch_irq_enable(unsigned line, unsigned trigger)
{
	irqflags_t flags;

	for (unsigned i = 0; i < IOAPICS_MAX; i++) {
		const struct ioapic *a = &ioapics[i];

		if (line < a->first_line || line - a->first_line >= a->lines)
			continue;
		flags = spin_lock_irqsave(&ioapic_lock);
		redirect(a, line - a->first_line,
			 (TRAP_LINES_FIRST + line) | (trigger & IRQ_LEVEL ? REDIRECTION_LEVEL : 0) |
				 (trigger & IRQ_LOW ? REDIRECTION_LOW : 0));
		spin_unlock_irqrestore(&ioapic_lock, flags);
		return 0;
	}
	return -EINVAL;
}

void arch_irq_disable(unsigned line)
{
	irqflags_t flags;

	for (unsigned i = 0; i < IOAPICS_MAX; i++) {
		const struct ioapic *a = &ioapics[i];

		if (line < a->first_line || line - a->first_line >= a->lines)
			continue;
		flags = spin_lock_irqsave(&ioapic_lock);
		redirect(a, line - a->first_line, REDIRECTION_MASKED);
		spin_unlock_irqrestore(&ioapic_lock, flags);
	}
}

/* Intel SDM 3A, 10.11: a write to the local APIC's page by a device is an interrupt, here an edge. */
#define MESSAGE_ADDRESS   0xfee00000u
#define MESSAGE_PROCESSOR 12

void arch_irq_message(unsigned line, unsigned cpu, struct irq_message *m)
{
	uint32_t id = cpu ? smp_apic_ids[cpu] : boot_processor;

	/* Only ids of eight bits can be written to a message: the first processor takes the others'. */
	m->address = MESSAGE_ADDRESS | (id <= UINT8_MAX ? id : boot_processor) << MESSAGE_PROCESSOR;
	m->data = TRAP_LINES_FIRST + line;
}

uint32_t apic_id(void)
{
	return x2apic ? lapic_read(LAPIC_ID) : lapic_read(LAPIC_ID) >> 24;
}

static void send(uint32_t id, uint32_t command)
{
	irqflags_t flags;

	if (x2apic) {
		wrmsr(MSR_X2APIC + LAPIC_ICR / 16, (uint64_t)id << 32 | command); /* one write, and always accepted */
		return;
	}
	flags = irq_save();
	while (lapic_read(LAPIC_ICR) & ICR_PENDING)
		cpu_relax();
	lapic_write(LAPIC_ICR_HIGH, id << 24);
	lapic_write(LAPIC_ICR, command);
	irq_restore(flags);
}

void apic_send(uint32_t id, unsigned vector)
{
	send(id, ICR_ASSERT | vector);
}
void apic_send_init(uint32_t id)
{
	send(id, ICR_ASSERT | ICR_INIT);
}
void apic_send_startup(uint32_t id, unsigned page)
{
	send(id, ICR_ASSERT | ICR_STARTUP | page);
}

void apic_init_cpu(void)
{
	if (x2apic)
		wrmsr(MSR_APIC_BASE, rdmsr(MSR_APIC_BASE) | APIC_BASE_ENABLE | APIC_BASE_X2APIC);
	lapic_write(LAPIC_TPR, 0);
	lapic_write(LAPIC_SPURIOUS, LAPIC_ENABLE | TRAP_SPURIOUS);
	lapic_write(LAPIC_LVT_LINT0, LVT_MASKED);
	lapic_write(LAPIC_LVT_LINT1, LVT_NMI);
	lapic_write(LAPIC_TIMER_DIVIDE, DIVIDE_BY_1);
}

static void apic_init(void)
{
	if (!(cpuid(1, 0).edx & (1u << 9))) {
		log_warn("no local APIC: this machine gives no interrupts");
		return;
	}
	/* Firmware may have left it in x2APIC mode, which only a reset ends. */
	x2apic = cpuid(1, 0).ecx & CPUID_X2APIC && (!no_x2apic || rdmsr(MSR_APIC_BASE) & APIC_BASE_X2APIC);
	if (!x2apic)
		lapic = mmu_map_device(rdmsr(MSR_APIC_BASE) & 0xfffffffff000ul, PAGE_SIZE);
	if (!apic_present())
		return;
	apic_init_cpu();
	boot_processor = apic_id();
	log_info("local APIC: %s mode", x2apic ? "x2APIC" : "xAPIC");
	find_ioapics();
}
INITCALL(20, apic_init);
