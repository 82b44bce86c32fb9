/* Questions about interfaces, netdevice(7): names, addresses, flags. lo is 1, eth0 is 2, and so on. */
#include "net/inet/device.h"
#include "net/inet/inet.h"
#include "net/lwip/port.h"
#include "core/log.h"
#include "core/uaccess.h"
#include "lwip/ip4_addr.h"
#include <linux/if.h>
#include <linux/if_arp.h>
#include <linux/sockios.h>

COMPONENT("inet", "IPv4 and TCP sockets, over lwIP");

/* What is told of one interface. */
struct interface {
	char name[IFNAMSIZ];
	int index;
	bool loopback;
	short flags;
	int mtu;
	uint32_t address, mask;
	uint8_t hardware[6];
};

static void describe(struct interface *i, const struct netif *n, int index)
{
	i->index = index;
	i->loopback = index == LOOPBACK_INDEX;
	i->mtu = i->loopback ? 65536 : n->mtu;
	i->address = ip4_addr_get_u32(netif_ip4_addr(n));
	i->mask = ip4_addr_get_u32(netif_ip4_netmask(n));
	i->flags = (short)(i->loopback ? IFF_UP | IFF_LOOPBACK | IFF_RUNNING :
				   (netif_is_up(n) ? IFF_UP : 0) | IFF_BROADCAST | IFF_MULTICAST |
				   (netif_is_link_up(n) ? IFF_RUNNING : 0));
	__builtin_memcpy(i->hardware, n->hwaddr, sizeof(i->hardware));
	if (i->loopback)
		__builtin_memset(i->hardware, 0, sizeof(i->hardware));
}

/* The interface number @index, from 1. */
static bool by_index(int index, struct interface *out)
{
	bool found = false;
	int at = LOOPBACK_INDEX;

	if (index == LOOPBACK_INDEX) {
		strscpy(out->name, "lo", sizeof(out->name));
		net_lock();
		describe(out, &loopback, index);
		net_unlock();
		return true;
	}
	net_lock();
	for_each_inet_device(d) {
		if (++at != index)
			continue;
		describe(out, &d->netif, index);
		format_text(out->name, sizeof(out->name), "eth%u", d->index);
		found = true;
	}
	net_unlock();
	return found;
}

static bool by_name(const char *name, struct interface *out)
{
	for (int index = LOOPBACK_INDEX; by_index(index, out); index++)
		if (!strncmp(out->name, name, IFNAMSIZ))
			return true;
	return false;
}

static void put_address(struct sockaddr *to, uint32_t address)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_addr = { address } };

	_Static_assert(sizeof(in) == sizeof(*to), "struct sockaddr");
	__builtin_memcpy(to, &in, sizeof(in));
}

/* SIOCGIFCONF: all that have an address. */
static long list_all(void __user *arg)
{
	struct ifconf conf;
	struct ifreq one;
	struct interface i;
	int done = 0;

	if (copy_in(&conf, arg))
		return -EFAULT;
	for (int index = LOOPBACK_INDEX; by_index(index, &i); index++) {
		if (!i.address)
			continue;
		if (conf.ifc_buf) {
			if (conf.ifc_len - done < (int)sizeof(one))
				break;
			one = (struct ifreq){ 0 };
			__builtin_memcpy(one.ifr_name, i.name, IFNAMSIZ);
			put_address(&one.ifr_addr, i.address);
			if (copy_to_user(conf.ifc_buf + done, &one, sizeof(one)))
				return -EFAULT;
		}
		done += (int)sizeof(one);
	}
	conf.ifc_len = done;
	return copy_out(arg, &conf);
}

long inet_ioctl(unsigned cmd, unsigned long arg)
{
	void __user *p = (void __user *)arg;
	struct interface i = { 0 };
	struct ifreq r;

	if (cmd == SIOCGIFCONF)
		return list_all(p);
	if (cmd < SIOCGIFNAME || cmd > SIOCSIFTXQLEN || cmd == SIOCSIFLINK)
		return -ENOTTY;
	if (copy_in(&r, p))
		return -EFAULT;
	r.ifr_name[IFNAMSIZ - 1] = '\0';
	if (cmd == SIOCGIFNAME ? !by_index(r.ifr_ifindex, &i) : !by_name(r.ifr_name, &i))
		return -ENODEV;
	switch (cmd) {
	case SIOCGIFNAME: __builtin_memcpy(r.ifr_name, i.name, IFNAMSIZ); break;
	case SIOCGIFINDEX: r.ifr_ifindex = i.index; break;
	case SIOCGIFFLAGS: r.ifr_flags = i.flags; break;
	case SIOCGIFMTU: r.ifr_mtu = i.mtu; break;
	case SIOCGIFMETRIC: r.ifr_metric = 0; break;
	case SIOCGIFTXQLEN: r.ifr_qlen = 1000; break;
	case SIOCGIFADDR:
	case SIOCGIFNETMASK:
	case SIOCGIFBRDADDR:
	case SIOCGIFDSTADDR:
		if (!i.address)
			return -EADDRNOTAVAIL;
		put_address(&r.ifr_addr, cmd == SIOCGIFNETMASK ? i.mask :
					 cmd == SIOCGIFBRDADDR ? (i.loopback ? 0 : i.address | ~i.mask) : i.address);
		break;
	case SIOCGIFHWADDR:
		r.ifr_hwaddr.sa_family = i.loopback ? ARPHRD_LOOPBACK : ARPHRD_ETHER;
		__builtin_memset(r.ifr_hwaddr.sa_data, 0, sizeof(r.ifr_hwaddr.sa_data));
		__builtin_memcpy(r.ifr_hwaddr.sa_data, i.hardware, sizeof(i.hardware));
		break;
	default: return cmd % 2 ? -ENOTTY : -EPERM; /* even ones set; the configuration comes from ip= and DHCP */
	}
	return copy_out(p, &r);
}
