/* Interrupt lines and their handlers. Lists change under irq_lock, and are walked with interrupts off: on one
 * processor that is enough, on several the walker takes the lock too. */
#include <arch/percpu.h>
#include <core/cpu.h>
#include <core/irq.h>
#include <core/lock.h>
#include <linux/errno.h>

COMPONENT("irq", "interrupt lines");

static struct spinlock irq_lock = SPINLOCK_INIT(RANK_DEVICE);
static struct irq_handler *handlers[IRQ_LINES];
PERCPU(struct irq_counts, irq_counts) = { { 0 } };

/* Where the lines of the old controllers are, if not at the same numbers: line + 1; 0: the same. Start-up only. */
static uint8_t isa_lines[16] __sealed;
static uint64_t low_lines __sealed; /* a bit for each line that is active low */

unsigned irq_isa(unsigned irq)
{
	return irq < ARRAY_SIZE(isa_lines) && isa_lines[irq] ? isa_lines[irq] - 1u : irq;
}

void irq_isa_override(unsigned irq, unsigned line, bool low)
{
	if (irq >= ARRAY_SIZE(isa_lines) || line >= IRQ_MESSAGES_FIRST)
		return;
	isa_lines[irq] = (uint8_t)(line + 1);
	low_lines = low ? low_lines | 1ul << line : low_lines & ~(1ul << line);
}

int irq_request(unsigned line, unsigned trigger, struct irq_handler *h)
{
	irqflags_t flags;

	if (line >= IRQ_MESSAGES_FIRST)
		return -EINVAL;
	flags = spin_lock_irqsave(&irq_lock);
	h->next = handlers[line];
	__atomic_store_n(&handlers[line], h, __ATOMIC_RELEASE);
	spin_unlock_irqrestore(&irq_lock, flags);
	return arch_irq_enable(line, trigger | (low_lines >> line & 1 ? IRQ_LOW : 0));
}

int irq_request_message(struct irq_handler *h, unsigned cpu, struct irq_message *m)
{
	irqflags_t flags = spin_lock_irqsave(&irq_lock);
	int r = -ENOSPC;

	for (int line = IRQ_MESSAGES_FIRST; line < IRQ_LINES; line++) {
		if (handlers[line])
			continue;
		h->next = NULL;
		__atomic_store_n(&handlers[line], h, __ATOMIC_RELEASE);
		arch_irq_message((unsigned)line, cpu, m);
		r = line;
		break;
	}
	spin_unlock_irqrestore(&irq_lock, flags);
	return r;
}

void irq_release(unsigned line, struct irq_handler *h)
{
	irqflags_t flags = spin_lock_irqsave(&irq_lock);
	bool last;

	for (struct irq_handler **at = &handlers[line]; *at; at = &(*at)->next) {
		if (*at == h) {
			*at = h->next;
			break;
		}
	}
	last = !handlers[line];
	spin_unlock_irqrestore(&irq_lock, flags);
	if (last)
		arch_irq_disable(line);
}

uint32_t irq_counted(unsigned cpu, unsigned which)
{
	/* Bases are known only where there are several. */
	const struct irq_counts *c = cpu_count > 1 ? percpu_of(irq_counts, cpu) : percpu_ptr(irq_counts);

	return READ_ONCE(c->of[which]);
}

const char *irq_name(unsigned line)
{
	irqflags_t flags = spin_lock_irqsave(&irq_lock);
	const char *name = handlers[line] ? handlers[line]->name ? handlers[line]->name : "" : NULL;

	spin_unlock_irqrestore(&irq_lock, flags);
	return name;
}

void irq_dispatch(unsigned line)
{
	percpu_ptr(irq_counts)->of[line]++;
	for (struct irq_handler *h = __atomic_load_n(&handlers[line], __ATOMIC_ACQUIRE); h; h = h->next)
		h->handle(h->data);
}
