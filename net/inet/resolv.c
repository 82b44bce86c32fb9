/* /etc/resolv.conf: the name servers that ip= or DHCP told of, for the program's libc. */
#include "core/init.h"
#include "core/log.h"
#include "fs/vfs.h"
#include "net/inet/config.h"
#include "net/lwip/port.h"

COMPONENT("inet", "IPv4 and TCP sockets, over lwIP");

void inet_servers_changed(void)
{
	char text[256];
	size_t n = 0;
	struct file *f;

	net_lock();
	for (unsigned i = 0; i < INET_SERVERS_MAX; i++) {
		const uint8_t *a = (const uint8_t *)&inet_servers[i];

		if (inet_servers[i])
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
