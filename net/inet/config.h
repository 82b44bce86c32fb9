/* How interfaces get their addresses (config.c: the parameter ip=; dhcp.c), and who answers names. */
#ifndef NET_INET_CONFIG_H
#define NET_INET_CONFIG_H

struct inet_device;

#define INET_SERVERS_MAX 3

/** inet_configure() - @d is new: give it the address that ip= says, or leave it to DHCP. Network lock held. */
void inet_configure(struct inet_device *d);

/* Name servers, as IPv4 addresses in network order; 0: none. Network lock. */
extern uint32_t inet_servers[INET_SERVERS_MAX];
/** inet_servers_changed() - write /etc/resolv.conf (net/inet/resolv.c); from a thread, no lock held. */
void inet_servers_changed(void);
/** inet_servers_touched() - have that done: there are others. Context: any. */
void inet_servers_touched(void);
/** inet6_server_lines() - a line of resolv.conf for each of IPv6, @most of them (net/inet6). Return: bytes. Network lock held. */
size_t inet6_server_lines(char *out, size_t size, unsigned most);

#endif
