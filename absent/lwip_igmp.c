/* A kernel without membership in multicast groups (net/inet/multicast.c): their options are not known. */
#include "net/inet/inet.h"
#include "lwip/igmp.h"
#include <linux/errno.h>

__weak int inet_group_option(struct socket *s, struct inet_options *o, int level, int option, const void *value, unsigned len)
{
	return -ENOPROTOOPT;
}

__weak void inet_leave_groups(struct inet_options *o)
{
}

__weak void igmp_init(void)
{
}

__weak void igmp_tmr(void)
{
}

__weak err_t igmp_start(struct netif *netif)
{
	return ERR_OK;
}

__weak err_t igmp_stop(struct netif *netif)
{
	return ERR_OK;
}

__weak void igmp_report_groups(struct netif *netif)
{
}

__weak struct igmp_group *igmp_lookfor_group(struct netif *netif, const ip4_addr_t *address)
{
	return NULL;
}

__weak void igmp_input(struct pbuf *p, struct netif *from, const ip4_addr_t *to)
{
	pbuf_free(p);
}
