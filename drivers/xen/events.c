/* Xen's event channels, two-level (xen.h; public/event_channel.h): a word of bits says which words of bits have news.
 *
 * They reach each processor by an interrupt vector of its own choice (HVMOP_set_evtchn_upcall_vector), the same on all, which
 * its local APIC delivers. Channels of devices are handled by the first processor, timers by their own.
 * Left out: the FIFO form (more than 4096 channels).
 */
#include <arch/percpu.h>
#include <core/cpu.h>
#include <core/irq.h>
#include <core/log.h>
#include <core/preempt.h>
#include <linux/errno.h>
#include "drivers/xen/xen.h"

COMPONENT("xen-events", "Xen's event channels");

#define EVENTS_MAX 256u /* channels have the lowest free numbers */

enum { EVENT_BIND_VIRQ = 1, EVENT_CLOSE = 3, EVENT_SEND = 4, EVENT_ALLOC_UNBOUND = 6, EVENT_UNMASK = 9 };
#define HVM_SET_UPCALL_VECTOR 23
#define VIRQ_TIMER            0

static struct xen_event *events[EVENTS_MAX]; /* a */
static unsigned vector __sealed;             /* 0: not yet */

static void handle_word(unsigned word)
{
	uint64_t ready;

	while ((ready = __atomic_load_n(&xen_shared->pending[word], __ATOMIC_ACQUIRE) & ~READ_ONCE(xen_shared->mask[word]))) {
		unsigned bit = (unsigned)__builtin_ctzl(ready), port = word * 64 + bit;
		struct xen_event *e = port < EVENTS_MAX ? __atomic_load_n(&events[port], __ATOMIC_ACQUIRE) : NULL;

		__atomic_fetch_and(&xen_shared->pending[word], ~(1ul << bit), __ATOMIC_ACQ_REL);
		if (e)
			e->handle(e->data);
	}
}

static bool events_interrupt(void *unused)
{
	struct xen_vcpu_info *v = &xen_shared->vcpus[xen_vcpu()];

	while (READ_ONCE(v->upcall_pending)) {
		uint64_t words;

		__atomic_store_n(&v->upcall_pending, 0, __ATOMIC_SEQ_CST);
		words = __atomic_exchange_n(&v->pending_words, 0, __ATOMIC_ACQ_REL);
		for (; words; words &= words - 1)
			handle_word((unsigned)__builtin_ctzl(words));
	}
	return true;
}

static struct irq_handler events_handler = { .handle = events_interrupt, .name = "xen" };

/* Events come to this processor. */
static int start_here(void)
{
	struct {
		uint32_t vcpu;
		uint8_t vector;
	} upcall = { .vector = (uint8_t)vector };
	struct irq_message m;
	int line;

	if (!vector) {
		line = irq_request_message(&events_handler, 0, &m);
		if (line < 0)
			return line;
		upcall.vector = (uint8_t)m.data;
	}
	upcall.vcpu = xen_vcpu();
	if (xen_hypercall(XEN_HVM_OP, HVM_SET_UPCALL_VECTOR, (uintptr_t)&upcall, 0)) {
		log_err("xen: events cannot be had on processor %u", percpu_get(this_cpu));
		return -ENODEV;
	}
	vector = upcall.vector;
	return 0;
}

int xen_event_bind(struct xen_event *e)
{
	uint32_t port = e->port;
	int r = 0;

	if (!port || port >= EVENTS_MAX)
		return -ENOSPC;
	if (!vector)
		r = start_here();
	if (r)
		return r;
	__atomic_store_n(&events[port], e, __ATOMIC_RELEASE);
	return (int)xen_hypercall(XEN_EVENT_CHANNEL_OP, EVENT_UNMASK, (uintptr_t)&port, 0);
}

int xen_event_open(struct xen_event *e, domid_t remote)
{
	struct {
		domid_t domain, remote;
		uint32_t port;
	} o = { XEN_DOMID_SELF, remote, 0 };
	int r = (int)xen_hypercall(XEN_EVENT_CHANNEL_OP, EVENT_ALLOC_UNBOUND, (uintptr_t)&o, 0);

	if (r)
		return r;
	e->port = o.port;
	r = xen_event_bind(e);
	if (r)
		xen_event_close(e);
	return r;
}

void xen_event_close(struct xen_event *e)
{
	if (!e->port)
		return;
	__atomic_fetch_or(&xen_shared->mask[e->port / 64], 1ul << e->port % 64, __ATOMIC_ACQ_REL);
	if (e->port < EVENTS_MAX)
		__atomic_store_n(&events[e->port], NULL, __ATOMIC_RELEASE);
	(void)xen_hypercall(XEN_EVENT_CHANNEL_OP, EVENT_CLOSE, (uintptr_t)&e->port, 0);
	e->port = 0;
}

void xen_event_send(const struct xen_event *e)
{
	uint32_t port = e->port;

	if (port)
		(void)xen_hypercall(XEN_EVENT_CHANNEL_OP, EVENT_SEND, (uintptr_t)&port, 0);
}

int xen_event_timer(void (*handle)(void *))
{
	static struct xen_event timers[CPU_MAX];
	struct xen_event *e = &timers[percpu_get(this_cpu)];
	struct {
		uint32_t virq, vcpu, port;
	} b = { .virq = VIRQ_TIMER };
	int r = start_here();

	if (r)
		return r;
	b.vcpu = xen_vcpu();
	r = (int)xen_hypercall(XEN_EVENT_CHANNEL_OP, EVENT_BIND_VIRQ, (uintptr_t)&b, 0);
	if (r)
		return r;
	*e = (struct xen_event){ .handle = handle, .port = b.port };
	return xen_event_bind(e);
}
