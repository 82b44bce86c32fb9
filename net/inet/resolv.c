/* /etc/resolv.conf, for the program's libc: the name servers that whittle.dns= names, else those that ip=, DHCP and routers of IPv6
 * told of. It is written before the program starts, and by a thread when there are others.
 */
#include "core/init.h"
#include "core/log.h"
#include "core/param.h"
#include "core/thread.h"
#include "core/wait.h"
#include "fs/vfs.h"
#include "net/inet/config.h"
#include "net/inet/device.h"
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
	unsigned count = 0;
	size_t n = 0;
	struct file *f;

	for (unsigned i = 0; i < named_count; i++)
		n += (size_t)format_text(text + n, sizeof(text) - n, "nameserver %s\n", named[i]);
	net_lock();
	for (unsigned i = 0; i < INET_SERVERS_MAX; i++) {
		const uint8_t *a = (const uint8_t *)&inet_servers[i];

		if (!inet_servers[i] || named_count)
			continue;
		n += (size_t)format_text(text + n, sizeof(text) - n, "nameserver %u.%u.%u.%u\n", a[0], a[1], a[2], a[3]);
		count++;
	}
	if (!named_count)
		n += inet6_server_lines(text + n, sizeof(text) - n, INET_SERVERS_MAX - count);
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

static struct wait_queue touched_wait = WAIT_QUEUE_INIT(touched_wait);
static bool touched; /* atomic */

void inet_servers_touched(void)
{
	__atomic_store_n(&touched, true, __ATOMIC_RELEASE);
	wait_queue_wake_all(&touched_wait, 0);
}

static void follow_servers(void *argument)
{
	for (;;) {
		wait_event(&touched_wait, READ_ONCE(touched));
		if (__atomic_exchange_n(&touched, false, __ATOMIC_ACQ_REL))
			inet_servers_changed();
	}
}

static void inet_write_servers(void)
{
	struct thread *t;

	inet_servers_changed();
	t = inet_devices && !named_count ? thread_create("resolv", NULL, follow_servers, NULL) : NULL;
	if (t) {
		thread_start(t);
		thread_put(t);
	}
}
INITCALL(75, inet_write_servers);
