/* Xen, from inside a guest of type PVH: hypercalls, the shared page, event channels and grants. Facts: Xen's public headers
 * (xen/include/public: arch-x86/xen-x86_64.h, event_channel.h, grant_table.h, hvm/params.h, memory.h, sched.h, vcpu.h).
 *
 * Physical addresses are the guest's own; Xen translates them. x86 only.
 */
#ifndef DRIVERS_XEN_XEN_H
#define DRIVERS_XEN_XEN_H

#include <core/page.h>
#include <core/pvclock.h>

typedef uint16_t domid_t;
#define XEN_DOMID_SELF 0x7ff0u

/** xen_present() - this is a guest of Xen; on the first call that is found out, and the shared page is put in place. */
bool xen_present(void);

enum xen_hypercall {
	XEN_MEMORY_OP = 12, XEN_GRANT_TABLE_OP = 20, XEN_VCPU_OP = 24, XEN_SCHED_OP = 29, XEN_EVENT_CHANNEL_OP = 32,
	XEN_HVM_OP = 34,
};
/** xen_hypercall() - Return: what Xen answers; negative: its errno, which are Linux's. */
long xen_hypercall(enum xen_hypercall which, uint64_t a, uint64_t b, uint64_t c);

enum xen_param {
	XEN_PARAM_CALLBACK = 0, XEN_PARAM_STORE_PFN = 1, XEN_PARAM_STORE_EVENT = 2, XEN_PARAM_CONSOLE_PFN = 17, XEN_PARAM_CONSOLE_EVENT = 18,
};
/** xen_param() - what the domain was built with; 0: nothing. */
uint64_t xen_param(enum xen_param which);
/** xen_map_param() - the page whose number is @which, mapped for good. Context: start-up. NULL: there is none. */
void *xen_map_param(enum xen_param which);

enum xen_space { XEN_SPACE_SHARED_INFO = 0, XEN_SPACE_GRANT_TABLE = 1 };
/** xen_place() - page @index of @space of Xen's takes the place of memory page @p. 0 or negative errno. */
int xen_place(enum xen_space space, uint64_t index, const struct page *p);

/* Of the shared page, which Xen and all processors write: each field is read once. */
#define XEN_VCPUS_SHARED 32u
#define XEN_EVENT_WORDS  64u
struct xen_vcpu_info {
	uint8_t upcall_pending, upcall_mask;
	uint64_t pending_words;   /* a: a bit for each word of pending[] */
	uint64_t reserved[2];
	struct pvclock_time time; /* of this processor's counter */
};
_Static_assert(sizeof(struct xen_vcpu_info) == 64, "vcpu_info");
struct xen_shared {
	struct xen_vcpu_info vcpus[XEN_VCPUS_SHARED];
	uint64_t pending[XEN_EVENT_WORDS]; /* a: a bit for each event channel */
	uint64_t mask[XEN_EVENT_WORDS];    /* a */
	struct pvclock_wall wall;
	uint32_t wall_seconds_high;
};
extern struct xen_shared *xen_shared; /* I, once xen_present() */

/** xen_vcpu() - Xen's number of this processor. Context: preemption off. */
unsigned xen_vcpu(void);

/* Event channels (events.c). A handler runs with interrupts off. */
struct xen_event {
	void (*handle)(void *data);
	void *data;
	uint32_t port; /* 0: none */
};
/** xen_event_bind() - call @e (it stays) for the channel @e->port, which exists. Start-up. 0, -ENOSPC, -ENODEV. */
int xen_event_bind(struct xen_event *e);
/** xen_event_open() - a new channel that @remote may bind to: sets @e->port. Start-up. 0 or negative errno. */
int xen_event_open(struct xen_event *e, domid_t remote);
/** xen_event_close() - no call comes any more, and the channel is gone. */
void xen_event_close(struct xen_event *e);
/** xen_event_send() - the other side gets an event. Context: any. */
void xen_event_send(const struct xen_event *e);
/** xen_event_timer() - this processor's timer of Xen's calls @handle. On each processor, at its start. 0 or negative errno. */
int xen_event_timer(void (*handle)(void *));

/* Grants (grants.c): pages that another domain may map or copy. Context: any. */
#define XEN_GRANT_NONE 0u
/** xen_grant() - @remote may use the page at @page. Return: the reference, XEN_GRANT_NONE: there are none left. */
uint32_t xen_grant(domid_t remote, const void *page, bool read_only);
/** xen_grant_again() - reference @grant, ended by xen_grant_pause(), is for the page at @page now. */
void xen_grant_again(uint32_t grant, domid_t remote, const void *page, bool read_only);
/** xen_grant_pause() - it may not any more; the reference stays the caller's. Return: false: the page is still in use. */
bool xen_grant_pause(uint32_t grant);
/** xen_grant_end() - the same, and the reference is given back; a page still in use stays granted, and is told in the log. */
void xen_grant_end(uint32_t grant);

#endif
