/* How lwIP is compiled for Whittle: everything we offer is in, and the linker drops what a kernel does not need.
 *
 * No threads of its own (NO_SYS): the raw interface under one lock (net/lwip/port.h), timers of ours in the place of
 * core/timeouts.c, all memory from kmalloc, so that nothing has a fixed number.
 */
#ifndef NET_LWIP_LWIPOPTS_H
#define NET_LWIP_LWIPOPTS_H

#define NO_SYS                      1
#define SYS_LIGHTWEIGHT_PROT        0 /* the one lock does it */
#define LWIP_NETCONN                0
#define LWIP_SOCKET                 0
#define LWIP_TIMERS                 1
#define LWIP_TIMERS_CUSTOM          1 /* net/lwip/timers.c */
#define LWIP_STATS                  0
#define LWIP_NOASSERT               1
#define LWIP_HOOK_FILENAME          "arch/hooks.h"
#define LWIP_HOOK_IP4_ROUTE_SRC(source, dest) net_route(dest)

/* Memory. */
#define MEM_ALIGNMENT               8
#define MEM_LIBC_MALLOC             1
#define MEMP_MEM_MALLOC             1
#define mem_clib_malloc(n)          kmalloc(n)
#define mem_clib_calloc(n, size)    kzalloc((n) * (size))
#define mem_clib_free(p)            kfree(p)
#define PBUF_LINK_ENCAPSULATION_HLEN 16 /* NETDEV_HEADROOM */
#define LWIP_SUPPORT_CUSTOM_PBUF    1
#define LWIP_PBUF_REF_T             u16_t

/* Interfaces. */
#define LWIP_NETIF_LOOPBACK         0 /* net/inet/loopback.c is an interface like any other */
#define LWIP_HAVE_LOOPIF            0
#define LWIP_NETIF_HWADDRHINT       1
#define LWIP_NETIF_HOSTNAME         1
#define LWIP_NETIF_STATUS_CALLBACK  1
#define LWIP_NETIF_EXT_STATUS_CALLBACK 1 /* net/netlink/notify.c */
#define LWIP_NUM_NETIF_CLIENT_DATA  0
#define LWIP_CHECKSUM_CTRL_PER_NETIF 1
#define LWIP_CHKSUM                 net_checksum
#define LWIP_INLINE_IP_CHKSUM       1

/* IPv4. */
#define LWIP_IPV4                   1
#define IP_FORWARD                  0
#define IP_REASSEMBLY               1
#define IP_REASS_MAX_PBUFS          128
#define IP_FRAG                     1
#define IP_DEFAULT_TTL              64
#define IP_SOF_BROADCAST            1
#define LWIP_ICMP                   1
#define LWIP_RAW                    1
#define LWIP_UDP                    1
#define LWIP_IGMP                   1 /* in a kernel with net/inet/multicast.c */
#define LWIP_MULTICAST_TX_OPTIONS   1
#define LWIP_NETBUF_RECVINFO        0
#define LWIP_ARP                    1
#define ARP_TABLE_SIZE              64
#define ARP_QUEUEING                1
#define ARP_QUEUE_LEN               64
#define ETHARP_SUPPORT_STATIC_ENTRIES 1
#define ETHARP_TABLE_MATCH_NETIF    1
#define LWIP_DHCP                   1
#define DHCP_DOES_ARP_CHECK         0 /* a machine of its own network: 0.5 s of every start is too dear */
#define LWIP_DNS                    1 /* only for what DHCP tells of servers; core/dns.c is not in */
#define LWIP_DHCP_PROVIDE_DNS_SERVERS 3
#define DNS_MAX_SERVERS             3
#define LWIP_DHCP_MAX_DNS_SERVERS   3
#define LWIP_AUTOIP                 0

/* IPv6: in a kernel that has AF_INET6 (net/inet6); absent/lwip_ip6.c stands in for it in others. */
#define LWIP_IPV6                   1
#define LWIP_IPV6_NUM_ADDRESSES     8
#define LWIP_ND6_NUM_PREFIXES       8
#define LWIP_IPV6_DHCP6             0
#define LWIP_ND6_NUM_NEIGHBORS      64
#define LWIP_ND6_NUM_DESTINATIONS   64
#define LWIP_HOOK_IP6_ROUTE(source, dest) net_route6(dest)

/* TCP. Windows are scaled; a segment of the loopback interface may be larger than any of a network's. */
#define LWIP_TCP                    1
#define TCP_MSS                     16344
#define LWIP_WND_SCALE              1
#define TCP_RCV_SCALE               3
#define TCP_WND                     (384 * 1024)
#define TCP_SND_BUF                 (384 * 1024)
#define TCP_WND_UPDATE_THRESHOLD    (16 * 1024) /* a quarter of the window of a peer that does not scale */
#define TCP_SND_QUEUELEN            8192
#define TCP_SNDLOWAT                (64 * 1024)
#define TCP_OVERSIZE                1
#define TCP_QUEUE_OOSEQ             1
#define TCP_OOSEQ_MAX_BYTES         TCP_WND
#define LWIP_TCP_SACK_OUT           1
#define LWIP_TCP_MAX_SACK_NUM       3
#define LWIP_TCP_TIMESTAMPS         0
#define LWIP_TCP_KEEPALIVE          1
#define LWIP_TCP_PCB_NUM_EXT_ARGS   4 /* tells net/inet/stream.c that a control block goes; net/lwip/demux.h's */
#define TCP_LISTEN_BACKLOG          1
#define TCP_MSL                     5000UL /* TIME_WAIT lasts twice this */
#define TCP_LOCAL_PORT_RANGE_START  32768 /* ip_local_port_range, Linux's */
#define TCP_LOCAL_PORT_RANGE_END    60999
#define TCP_ENSURE_LOCAL_PORT_RANGE(n) ((u16_t)(TCP_LOCAL_PORT_RANGE_START + (n) % 28232))
#define UDP_LOCAL_PORT_RANGE_START  TCP_LOCAL_PORT_RANGE_START
#define UDP_LOCAL_PORT_RANGE_END    TCP_LOCAL_PORT_RANGE_END
#define UDP_ENSURE_LOCAL_PORT_RANGE TCP_ENSURE_LOCAL_PORT_RANGE
#define TCP_TMR_INTERVAL            100    /* ms: delayed acknowledgements; time-outs in steps of twice this */
#define LWIP_TCP_RTO_TIME           1000 /* ms, before anything is measured (RFC 6298) */
#define TCP_MAXRTX                  12
#define TCP_SYNMAXRTX               6
#define SO_REUSE                    1
#define SO_REUSE_RXTOALL            1

#endif
