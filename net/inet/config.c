/* The parameter ip=, as Linux has it (its Documentation/admin-guide/nfs/nfsroot.rst):
 *
 *     ip=CLIENT:SERVER:GATEWAY:NETMASK:HOSTNAME:DEVICE:AUTOCONF:DNS0:DNS1
 *     ip=dhcp | ip=on | ip=any | ip=off | ip=none
 *
 * Given several times, each names its device. Without it a card asks DHCP, if that is in the kernel. The server (of a
 * root over NFS) and the NTP server are not used.
 */
#include "net/inet/config.h"
#include "core/log.h"
#include "core/param.h"
#include "net/inet/device.h"
#include "lwip/ip4_addr.h"
#include <linux/errno.h>

COMPONENT("inet", "IPv4 and TCP sockets, over lwIP");

#define SETTINGS_MAX 8u
#define FIELDS       10u

enum { CLIENT, SERVER, GATEWAY, NETMASK, HOSTNAME, DEVICE, AUTOCONF, DNS0, DNS1 };

struct setting {
	ip4_addr_t address, mask, gateway;
	char device[8]; /* "": any */
	char *hostname; /* borrowed from the command line; NULL */
	bool off, automatic;
};

static struct setting settings[SETTINGS_MAX];
static unsigned setting_count;

uint32_t inet_servers[INET_SERVERS_MAX];

static bool is_automatic(const char *word)
{
	return !strcmp(word, "dhcp") || !strcmp(word, "on") || !strcmp(word, "any") || !strcmp(word, "both");
}

static bool is_off(const char *word)
{
	return !strcmp(word, "off") || !strcmp(word, "none");
}

/* An address, or nothing where there is none. */
static int address(const char *text, ip4_addr_t *out)
{
	ip4_addr_set_any(out);
	return *text && !ip4addr_aton(text, out) ? -EINVAL : 0;
}

/* The mask of the address's class, where none was given. */
static void default_mask(struct setting *s)
{
	uint8_t first = ip4_addr1(&s->address);

	if (!ip4_addr_isany_val(s->mask))
		return;
	if (first < 128)
		IP4_ADDR(&s->mask, 255, 0, 0, 0);
	else if (first < 192)
		IP4_ADDR(&s->mask, 255, 255, 0, 0);
	else
		IP4_ADDR(&s->mask, 255, 255, 255, 0);
}

static void add_server(const char *text)
{
	ip4_addr_t a;

	if (address(text, &a) || ip4_addr_isany_val(a))
		return;
	for (unsigned i = 0; i < INET_SERVERS_MAX; i++) {
		if (inet_servers[i])
			continue;
		inet_servers[i] = ip4_addr_get_u32(&a);
		return;
	}
}

static int ip_param(char *value)
{
	char *field[FIELDS];
	struct setting s = { 0 };

	if (setting_count == SETTINGS_MAX)
		return -EINVAL;
	for (unsigned i = 0; i < FIELDS; i++) {
		char *colon = strchr(value, ':');

		field[i] = value;
		value = colon ? colon + 1 : value + strlen(value);
		if (colon)
			*colon = '\0';
	}
	if (is_automatic(field[CLIENT]) || is_off(field[CLIENT])) {
		s.automatic = is_automatic(field[CLIENT]);
		s.off = !s.automatic;
	} else {
		if (address(field[CLIENT], &s.address) || address(field[GATEWAY], &s.gateway) ||
		    address(field[NETMASK], &s.mask))
			return -EINVAL;
		s.automatic = ip4_addr_isany_val(s.address) && !is_off(field[AUTOCONF]);
		s.off = ip4_addr_isany_val(s.address) && !s.automatic;
		default_mask(&s);
		strscpy(s.device, field[DEVICE], sizeof(s.device));
		s.hostname = *field[HOSTNAME] ? field[HOSTNAME] : NULL;
		add_server(field[DNS0]);
		add_server(field[DNS1]);
	}
	settings[setting_count++] = s;
	return 0;
}
BOOT_PARAM(ip, "ip", ip_param);

void inet_configure(struct inet_device *d)
{
	struct setting *s = NULL;
	char name[8];

	format_text(name, sizeof(name), "eth%u", d->index);
	for (unsigned i = 0; i < setting_count; i++)
		if (!*settings[i].device || !strcmp(settings[i].device, name))
			s = &settings[i];
	if (s && s->off)
		return;
	netif_set_hostname(&d->netif, s ? s->hostname : NULL);
	if (!s || s->automatic) {
		d->automatic = true;
		return;
	}
	netif_set_addr(&d->netif, &s->address, &s->mask, &s->gateway);
	d->configured = true;
	if (!netif_default)
		netif_set_default(&d->netif);
}
