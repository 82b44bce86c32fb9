/* Which connection a segment belongs to, by a hash: what a segment costs does not depend on how many connections there are.
 *
 * lwIP's tcp_input() walks its lists of connections, and puts what it finds in front. Here it gets lists that begin with
 * the one that the hash knows, or empty ones, and the whole lists back as soon as it has looked (the hook for each
 * segment whose connection or listener was found). So its sources stay as they are: tcp_in.c is compiled with another name
 * for that function, and its macros that enter connections into lists and take them out are ours (lwip/priv/tcp_priv.h).
 * A connection that it frees tells by a call-back. All under the network lock.
 *
 * A connection's links are extra arguments of its control block. The hash is keyed at random, so that nobody outside
 * can choose where a connection falls.
 */
#include "net/lwip/demux.h"
#include "core/random.h"
#include "core/slab.h"
#include "net/lwip/timers.h"
#include "lwip/ip.h"
#include "lwip/memp.h"
#include "lwip/priv/tcp_priv.h"
#include "arch/hooks.h"

COMPONENT("inet", "IPv4 and TCP sockets, over lwIP");

#define FIRST_BUCKETS 64u
#define PORT_FIRST    32768u /* ip_local_port_range, Linux's */
#define PORTS         28232u

static struct tcp_pcb *first_buckets[FIRST_BUCKETS];
static struct tcp_pcb **buckets = first_buckets;
static unsigned bucket_count = FIRST_BUCKETS, entered;
static uint64_t key;

/* While lwIP looks: the whole lists. */
static struct tcp_pcb *whole_active, *whole_waiting;
static bool narrowed;

/* The one that follows in its bucket, and the one before it in its list. */
static struct tcp_pcb **chain(struct tcp_pcb *pcb)
{
	return (struct tcp_pcb **)&pcb->ext_args[TCP_ARG_CHAIN].data;
}
static struct tcp_pcb **before(struct tcp_pcb *pcb)
{
	return (struct tcp_pcb **)&pcb->ext_args[TCP_ARG_BEFORE].data;
}

static inline unsigned bucket_of(const ip_addr_t *remote, u16_t remote_port, u16_t local_port)
{
	uint64_t x = (uint64_t)remote_port << 16 | local_port;

	if (likely(IP_IS_V4(remote))) {
		x |= (uint64_t)ip_2_ip4(remote)->addr << 32;
	} else {
		const u32_t *a = ip_2_ip6(remote)->addr;

		x ^= ((uint64_t)a[0] << 32 | a[1]) * key;
		x ^= (uint64_t)a[2] << 32 | a[3];
	}
	x = (x ^ key) * 0x9e3779b97f4a7c15ull;
	x = (x ^ x >> 29) * key;
	return (unsigned)(x >> 32) & (bucket_count - 1);
}

static struct tcp_pcb **home(struct tcp_pcb *pcb)
{
	return &buckets[bucket_of(&pcb->remote_ip, pcb->remote_port, pcb->local_port)];
}

/* Both ports, as they lie one behind the other. */
_Static_assert(offsetof(struct tcp_pcb, remote_port) == offsetof(struct tcp_pcb, local_port) + 2, "ports of a connection");

static inline uint32_t ports_of(const struct tcp_pcb *pcb)
{
	uint32_t ports;

	__builtin_memcpy(&ports, &pcb->local_port, sizeof(ports));
	return ports;
}

static inline __attribute__((always_inline)) struct tcp_pcb *find(const ip_addr_t *local, u16_t local_port, const ip_addr_t *remote, u16_t remote_port)
{
	struct tcp_pcb *pcb = buckets[bucket_of(remote, remote_port, local_port)];
	uint32_t ports = (uint32_t)remote_port << 16 | local_port;

	for (; pcb; pcb = *chain(pcb))
		if (ports_of(pcb) == ports && ip_addr_cmp(&pcb->remote_ip, remote) && ip_addr_cmp(&pcb->local_ip, local))
			break;
	return pcb;
}

/* One connection a bucket, as far as memory allows. */
static void grow(void)
{
	unsigned old_count = bucket_count;
	struct tcp_pcb **old = buckets, **more = kmalloc_array(bucket_count * 4, sizeof(*more));

	if (!more)
		return;
	memset(more, 0, bucket_count * 4 * sizeof(*more));
	buckets = more;
	bucket_count *= 4;
	for (unsigned i = 0; i < old_count; i++) {
		struct tcp_pcb *pcb = old[i], *next;

		for (; pcb; pcb = next) {
			next = *chain(pcb);
			*chain(pcb) = *home(pcb);
			*home(pcb) = pcb;
		}
	}
	if (old != first_buckets)
		kfree(old);
}

static void forget(struct tcp_pcb *pcb)
{
	struct tcp_pcb **at = home(pcb);

	while (*at && *at != pcb)
		at = chain(*at);
	if (!*at)
		return;
	*at = *chain(pcb);
	*chain(pcb) = NULL;
	entered--;
}

/* lwIP's timer takes it off its list by itself before it frees it: its own links are still as they were then. */
static void freed(u8_t id, void *data)
{
	struct tcp_pcb *pcb = data;

	if (pcb->next)
		*before(pcb->next) = *before(pcb);
	forget(pcb);
}
static const struct tcp_ext_arg_callbacks callbacks = { .destroy = freed };

static bool is_hashed_list(struct tcp_pcb **list)
{
	return list == &tcp_active_pcbs || list == &tcp_tw_pcbs;
}

void net_tcp_enter(struct tcp_pcb **list, struct tcp_pcb *pcb)
{
	pcb->next = *list;
	if (is_hashed_list(list)) {
		if (unlikely(!key)) {
			random_bytes(&key, sizeof(key));
			key |= 1;
		}
		pcb->ext_args[TCP_ARG_SELF].data = pcb;
		pcb->ext_args[TCP_ARG_SELF].callbacks = &callbacks;
		*before(pcb) = NULL;
		if (*list)
			*before(*list) = pcb;
		if (++entered > bucket_count)
			grow();
		*chain(pcb) = *home(pcb);
		*home(pcb) = pcb;
	}
	*list = pcb;
	tcp_timer_needed();
}

void net_tcp_leave(struct tcp_pcb **list, struct tcp_pcb *pcb)
{
	if (is_hashed_list(list)) {
		struct tcp_pcb *last = *before(pcb);

		if (last)
			last->next = pcb->next;
		else
			*list = pcb->next;
		if (pcb->next)
			*before(pcb->next) = last;
		forget(pcb);
	} else {
		for (struct tcp_pcb **at = list; *at; at = &(*at)->next)
			if (*at == pcb) {
				*at = pcb->next;
				break;
			}
	}
	pcb->next = NULL;
}

void net_tcp_found(void)
{
	if (!narrowed)
		return;
	narrowed = false;
	tcp_active_pcbs = whole_active;
	tcp_tw_pcbs = whole_waiting;
}

/* Of several listeners at one address lwIP would take the first: each gets its turn (SO_REUSEPORT). */
static void turn_listeners(u16_t port)
{
	struct tcp_pcb_listen **first = &tcp_listen_pcbs.listen_pcbs, *l = *first;

	if (!l || !l->next || l->local_port != port || ip_addr_isany(&l->local_ip))
		return;
	*first = l->next;
	while (*first)
		first = &(*first)->next;
	*first = l;
	l->next = NULL;
}

void tcp_input(struct pbuf *p, struct netif *from)
{
	const struct tcp_hdr *h = p->payload;
	struct tcp_pcb *pcb = NULL;

	if (likely(p->len >= TCP_HLEN)) {
		u16_t port = lwip_ntohs(h->dest);

		pcb = find(ip_current_dest_addr(), port, ip_current_src_addr(), lwip_ntohs(h->src));
		if (!pcb)
			turn_listeners(port);
	}
	whole_active = tcp_active_pcbs;
	whole_waiting = tcp_tw_pcbs;
	narrowed = true;
	tcp_active_pcbs = pcb;
	tcp_tw_pcbs = NULL;
	if (unlikely(pcb && pcb->state == TIME_WAIT)) {
		tcp_active_pcbs = NULL;
		tcp_tw_pcbs = pcb;
	}
	lwip_tcp_input(p, from);
	if (unlikely(narrowed))
		net_tcp_found();
}

u16_t net_tcp_port(const struct tcp_pcb *pcb, const ip_addr_t *remote, u16_t remote_port)
{
	u16_t at = (u16_t)(net_random() % PORTS);

	for (unsigned n = 0; n < PORTS; n++, at = (u16_t)((at + 1) % PORTS)) {
		u16_t port = (u16_t)(PORT_FIRST + at);
		const struct tcp_pcb_listen *l = tcp_listen_pcbs.listen_pcbs;
		const struct tcp_pcb *b = tcp_bound_pcbs;

		if (find(&pcb->local_ip, port, remote, remote_port))
			continue;
		while (l && l->local_port != port)
			l = l->next;
		while (b && b->local_port != port)
			b = b->next;
		if (!l && !b)
			return port;
	}
	return 0;
}

struct tcp_pcb *net_tcp_find(const ip_addr_t *local, u16_t local_port, const ip_addr_t *remote, u16_t remote_port)
{
	return find(local, local_port, remote, remote_port);
}
