/* A peer that sends what the input says, to a listener with an open connection and to a UDP socket, while the program
 * reads, writes and closes: no access out of bounds, no use after free, nothing left behind.
 *
 * Segments of TCP get ports and a sequence number near the right one, or nothing would ever be looked at. Checksums
 * are not looked at: the card vouches for them.
 */
/* UNIT: fs/io.c net/inet/stream.c net/inet/stream_io.c net/inet/stream_defer.c net/inet/stream_options.c net/inet/stream_urgent.c net/inet/dgram.c net/inet/inet.c net/inet/options.c net/inet/packet.c net/inet/tap.c net/inet/ioctl.c net/inet/device.c net/inet/loopback.c net/inet/config.c net/lwip/port.c net/lwip/checksum.c net/lwip/timers.c net/lwip/demux.c build/src/lwip/src/core/def.c net/lwip/pseudo.c build/src/lwip/src/core/ip.c build/src/lwip/src/core/mem.c build/src/lwip/src/core/memp.c build/src/lwip/src/core/netif.c build/src/lwip/src/core/pbuf.c net/inet/icmp_error.c net/inet/error_queue.c build/src/lwip/src/core/tcp.c build/src/lwip/src/core/tcp_in.c build/src/lwip/src/core/tcp_out.c build/src/lwip/src/core/udp.c build/src/lwip/src/core/ipv4/etharp.c build/src/lwip/src/core/ipv4/icmp.c build/src/lwip/src/core/ipv4/ip4.c build/src/lwip/src/core/ipv4/ip4_addr.c build/src/lwip/src/core/ipv4/ip4_frag.c build/src/lwip/src/netif/ethernet.c build/src/lwip/src/core/ipv6/ip6_addr.c absent/lwip_dhcp.c absent/lwip_ip6.c absent/lwip_igmp.c */
#include "core/log.h"
#include "core/slab.h"
#include "core/timer.h"
#include "net/inet/config.h"
#include "net/inet/device.h"
#include "net/inet/stream.h"
#include "net/lwip/port.h"
#include "lwip/etharp.h"
#include "lwip/ip4_frag.h"
#include "lwip/priv/tcp_priv.h"
#include "lwip/prot/ethernet.h"
#include "lwip/prot/udp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define PORT      7u
#define PEER_PORT 1000u

/* The rest of the kernel, as far as it is asked. */
static uint64_t now;
uint64_t clock_monotonic_ns(void)
{
	return now;
}
void timer_arm(struct timer *t, uint64_t expires_ns)
{
}
bool timer_cancel(struct timer *t)
{
	return false;
}
void deferred_raise(struct deferred *d)
{
}
bool cut_report(const char *set, uint32_t number, const char *error)
{
	return false;
}
static uint32_t random_state = 1;
void random_bytes(void *to, size_t n)
{
	for (size_t i = 0; i < n; i++)
		((uint8_t *)to)[i] = (uint8_t)((random_state = random_state * 1664525 + 1013904223) >> 24);
}
void wait_queue_wake(struct wait_queue *q, uint32_t events)
{
}
long (*socket_interface_ioctl)(unsigned cmd, unsigned long arg);
struct socket *socket_alloc(int family, int type, int protocol)
{
	struct socket *s = kzalloc(sizeof(*s));

	if (s) {
		list_init(&s->wait.entries);
		s->receive_buffer = SOCKET_BUFFER_DEFAULT;
		s->receive_low = 1;
	}
	return s;
}
void socket_free(struct socket *s)
{
	if (s->ops)
		s->ops->release(s);
	kfree(s);
}
void socket_put_control(struct socket_msg *m, int level, int type, const void *data, size_t n)
{
}
const struct cmsghdr *socket_next_control(const struct socket_msg *m, const struct cmsghdr *prev)
{
	return NULL;
}
uint64_t clock_realtime_ns(void)
{
	return now;
}
void thread_mark_waiting(void)
{
}
void thread_unmark_waiting(void)
{
}
int wait_sleep(uint64_t deadline_ns, bool interruptible)
{
	now = deadline_ns;
	return -110;
}
int (put_user_u32)(uint32_t *to, uint32_t value)
{
	*to = value;
	return 0;
}
/* An empty set: sockets are made by their kinds themselves. */
__asm__(".pushsection .rodata\n\t.globl set_begin_inet_protocol, set_end_inet_protocol\n"
	"set_begin_inet_protocol:\nset_end_inet_protocol:\n\t.quad 0\n\t.popsection");
extern const struct inet_protocol set_inet_protocol_tcp, set_inet_protocol_udp;

/* A card that is done with each frame at once. */
static int card_send(struct netdev *n, const struct netdev_piece *pieces, unsigned count, unsigned headroom,
		     const struct netdev_offload *offload, void *cookie)
{
	volatile uint8_t sum = 0;

	for (unsigned i = 0; i < count; i++)
		for (uint32_t k = 0; k < pieces[i].length; k++)
			sum += ((uint8_t *)pieces[i].data)[k];
	if (headroom)
		memset((char *)pieces[0].data - 12, 0, 12);
	netdev_sent(cookie);
	return 0;
}
static void card_flush(struct netdev *n)
{
}
static bool card_poll(struct netdev *n)
{
	return false;
}
static const struct netdev_ops card_ops = { .send = card_send, .flush = card_flush, .poll = card_poll };
static struct netdev card = { .ops = &card_ops, .name = "card", .address = { 2, 0, 0, 0, 0, 1 }, .mtu = 1500, .link = true };

extern const struct init_entry {
	const char *name;
	void (*call)(void);
	uint64_t reserved;
} set_init_inet_loopback_init;

static ip4_addr_t own, peer;
static char bytes[70000];

static void frame(const void *data, size_t n)
{
	char *buffer = kmalloc(NETDEV_BUFFER_SIZE);
	size_t at = NETDEV_BUFFER_HEAD + 14;

	n = MIN(n, NETDEV_BUFFER_SIZE - at);
	memcpy(buffer + at, data, n);
	net_lock();
	if (!netdev_receive(&card, &(struct netdev_received){ buffer, buffer + at, (uint32_t)n }, 1, true))
		kfree(buffer);
	net_unlock();
}

struct __attribute__((packed)) packet {
	struct eth_hdr eth;
	struct ip_hdr ip;
	uint8_t rest[1800];
};

static void packet(uint8_t protocol, const void *header, size_t header_size, const uint8_t *data, size_t n, uint16_t fragment)
{
	struct packet p = { .eth = { .type = PP_HTONS(ETHTYPE_IP) } };

	n = MIN(n, 1400ul);
	memcpy(&p.eth.dest, card.address, 6);
	IPH_VHL_SET(&p.ip, 4, 5);
	IPH_LEN_SET(&p.ip, lwip_htons((uint16_t)(20 + header_size + n)));
	IPH_OFFSET_SET(&p.ip, lwip_htons(fragment));
	IPH_PROTO_SET(&p.ip, protocol);
	p.ip.src.addr = peer.addr;
	p.ip.dest.addr = own.addr;
	memcpy(p.rest, header, header_size);
	memcpy(p.rest + header_size, data, n);
	frame(&p, sizeof(p.eth) + sizeof(p.ip) + header_size + n);
}

/* A segment whose numbers are @seq and @ack away from what the connection, if there is one, waits for. */
static void segment(uint8_t flags, int8_t seq, int8_t ack, uint16_t window, unsigned options, const uint8_t *data, size_t n)
{
	struct tcp_pcb *c = tcp_active_pcbs ? tcp_active_pcbs : tcp_tw_pcbs;
	struct tcp_hdr h = { .src = PP_HTONS(PEER_PORT), .dest = PP_HTONS(PORT), .wnd = lwip_htons(window) };

	options = MIN(options, (unsigned)MIN(n / 4, 10ul));
	if (c) {
		h.src = lwip_htons(c->remote_port);
		h.dest = lwip_htons(c->local_port);
		h.seqno = lwip_htonl(c->rcv_nxt + (uint32_t)seq * 100);
		h.ackno = lwip_htonl(c->snd_nxt + (uint32_t)ack * 100);
	}
	TCPH_HDRLEN_FLAGS_SET(&h, 5 + options, flags & 0x3f);
	packet(IP_PROTO_TCP, &h, sizeof(h), data, n, 0);
}

static struct socket *open(const struct inet_protocol *kind)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = lwip_htons(PORT) };
	struct socket *s = socket_alloc(AF_INET, kind->type, kind->protocol);

	s->options = SOCKET_OPTION_REUSEADDR;
	assert(!kind->create(s, kind->protocol));
	s->ops->bind(s, (void *)&at, sizeof(at));
	return s;
}

static void start(void)
{
	static bool started;
	ip4_addr_t mask;

	if (started)
		return;
	started = true;
	IP4_ADDR(&own, 10, 0, 2, 15);
	IP4_ADDR(&peer, 10, 0, 2, 2);
	IP4_ADDR(&mask, 255, 255, 255, 0);
	set_init_inet_loopback_init.call();
	netdev_register(&card);
	net_lock();
	netif_set_addr(&inet_devices->netif, &own, &mask, &peer);
	netif_set_default(&inet_devices->netif);
	etharp_add_static_entry(&peer, &(struct eth_addr){ { 2, 0, 0, 0, 0, 2 } });
	net_unlock();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct socket *listener, *udp, *c = NULL;
	struct socket_msg m = { .flags = MSG_DONTWAIT | MSG_NOSIGNAL };
	struct io io;

	start();
	listener = open(&set_inet_protocol_tcp);
	assert(!listener->ops->listen(listener, 4));
	udp = open(&set_inet_protocol_udp);
	while (size >= 8) {
		size_t n = MIN((size_t)data[7] * 8, size - 8);
		const uint8_t *rest = data + 8;

		switch (data[0] % 14) {
		case 0:
		case 1:
		case 2: segment(data[1], (int8_t)data[2], (int8_t)data[3], (uint16_t)(data[4] | data[5] << 8), data[6] & 15, rest, n); break;
		case 3: segment(TCP_ACK | TCP_PSH, 0, 0, 60000, 0, rest, n); break;
		case 4: frame(rest, n); break;
		case 5: packet(data[1], rest, 0, rest, n, (uint16_t)(data[2] | data[3] << 8)); break;
		case 6: {
			struct udp_hdr h = { PP_HTONS(9), PP_HTONS(PORT), lwip_htons((uint16_t)(8 + n)), 0 };

			packet(IP_PROTO_UDP, &h, sizeof(h), rest, n, 0);
			break;
		}
		case 7:
			if (!c)
				listener->ops->accept(listener, &c);
			break;
		case 8:
			io_init_kernel(&io, bytes, data[1] * 256u);
			if (c)
				c->ops->recvmsg(c, &io, &m);
			break;
		case 9:
			io_init_kernel(&io, bytes, data[1] * 64u + data[2]);
			if (c)
				c->ops->sendmsg(c, &io, &m);
			break;
		case 10:
			io_init_kernel(&io, bytes, sizeof(bytes));
			udp->ops->recvmsg(udp, &io, &m);
			break;
		case 11:
			if (c)
				c->ops->shutdown(c, data[1] % 3);
			break;
		case 12:
			if (c) {
				socket_free(c);
				c = NULL;
			}
			break;
		case 13:
			net_lock();
			for (unsigned i = 0; i < data[1]; i++)
				tcp_tmr();
			ip_reass_tmr();
			net_unlock();
			break;
		}
		data += 8 + n;
		size -= 8 + n;
	}
	if (c)
		socket_free(c);
	socket_free(udp);
	socket_free(listener);
	net_lock();
	while (tcp_active_pcbs)
		tcp_abort(tcp_active_pcbs);
	while (tcp_tw_pcbs)
		tcp_abort(tcp_tw_pcbs);
	for (unsigned i = 0; i < 64; i++)
		ip_reass_tmr();
	net_unlock();
	return 0;
}
