/* /etc/resolv.conf, for the program's libc: the name servers that whittle.dns= names, else those that ip= or DHCP told of. */
#include "core/init.h"
#include "core/log.h"
#include "core/param.h"
#include "fs/vfs.h"
#include "net/inet/config.h"
#include "net/lwip/port.h"
#include <linux/errno.h>

COMPONENT("inet", "IPv4 and TCP sockets, over lwIP");

/* Given by the command line, as text: an address of IPv4 or IPv6 each. libc takes no more than these. */
static const char *named[INET_SERVERS_MAX];
static unsigned named_count;

static int set_dns(char *value)
{
	for (const char *c = value; *c; c++) {
		if (!strchr("0123456789abcdefABCDEF.:", *c))
			return -EINVAL;
	}
	if (!*value || strlen(value) > 45 || named_count == INET_SERVERS_MAX)
		return -EINVAL;
	named[named_count++] = value;
	return 0;
}
BOOT_PARAM(dns, "whittle.dns", set_dns);

void inet_servers_changed(void)
{
	char text[256];
	size_t n = 0;
	struct file *f;

	for (unsigned i = 0; i < named_count; i++)
		n += (size_t)format_text(text + n, sizeof(text) - n, "nameserver %s\n", named[i]);
	net_lock();
	for (unsigned i = 0; i < INET_SERVERS_MAX; i++) {
		const uint8_t *a = (const uint8_t *)&inet_servers[i];

		if (inet_servers[i] && !named_count)
			n += (size_t)format_text(text + n, sizeof(text) - n, "nameserver %u.%u.%u.%u\n", a[0], a[1], a[2], a[3]);
	}
	net_unlock();
	if (!n)
		return;
	f = file_open(NULL, "/etc/resolv.conf", O_WRONLY | O_CREAT | O_TRUNC, 0644, WALK_FOLLOW);
	if (is_err(f)) {
		log_info("/etc/resolv.conf cannot be written: error %ld", -ptr_err(f));
		return;
	}
	if (file_write_at(f, text, n, 0) != (ssize_t)n)
		log_info("/etc/resolv.conf cannot be written");
	file_put(f);
}

static void inet_write_servers(void)
{
	inet_servers_changed();
}
INITCALL(75, inet_write_servers);
