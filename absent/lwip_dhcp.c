/* A kernel without DHCP: addresses come from ip= alone. */
#include "lwip/dhcp.h"

__weak void dhcp_network_changed(struct netif *netif)
{
}
