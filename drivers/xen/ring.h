/* The head of a ring of Xen's devices (public/io/ring.h): requests go one way, responses the other, in the same entries. Both
 * sides say from which index on they want to be told. Entries follow; how many is a power of two. The indices run on.
 */
#ifndef DRIVERS_XEN_RING_H
#define DRIVERS_XEN_RING_H

struct xen_ring {
	uint32_t requests_put, request_event, responses_put, response_event;
	uint8_t reserved[48];
};
_Static_assert(sizeof(struct xen_ring) == 64, "sring");

static inline void xen_ring_init(struct xen_ring *r)
{
	*r = (struct xen_ring){ .request_event = 1, .response_event = 1 };
}
/** xen_ring_put_request() - requests are there below @put. Return: the other side wants to be told. */
static inline bool xen_ring_put_request(struct xen_ring *r, uint32_t put)
{
	uint32_t before = r->requests_put;

	__atomic_store_n(&r->requests_put, put, __ATOMIC_RELEASE);
	__atomic_thread_fence(__ATOMIC_SEQ_CST); /* pairs with the other side's, after it has set its event */
	return put - READ_ONCE(r->request_event) < put - before;
}
/** xen_ring_responses() - responses are there below this. */
static inline uint32_t xen_ring_responses(const struct xen_ring *r)
{
	return __atomic_load_n(&r->responses_put, __ATOMIC_ACQUIRE);
}
/** xen_ring_ask_responses() - all below @taken are taken; tell of the next. Return: it is there already. */
static inline bool xen_ring_ask_responses(struct xen_ring *r, uint32_t taken)
{
	WRITE_ONCE(r->response_event, taken + 1);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return xen_ring_responses(r) != taken;
}

#endif
