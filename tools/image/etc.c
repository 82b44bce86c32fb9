/* What programs expect to find in a root besides themselves: directories, the small files that a libc looks up, and what
 * this machine has of time zone, names of services and certificates. An image may bring its own of each by --copy.
 *
 * Certificates are 200 KiB, so only a program gets them that could look for them: one that, or a library of which, holds
 * the name of their directory. Left out: users of this machine, and whatever tells which machine it is.
 */
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "root.h"

static const struct {
	const char *path;
	mode_t mode;
} dirs[] = {
	{ "/dev", 0755 },     { "/proc", 0755 },    { "/sys", 0755 },	    { "/tmp", 01777 },	   { "/run", 0755 },
	{ "/run/lock", 01777 }, { "/root", 0700 },  { "/home", 0755 },	    { "/etc", 0755 },	   { "/usr/bin", 0755 },
	{ "/var/tmp", 01777 }, { "/var/lib", 0755 }, { "/var/cache", 0755 }, { "/var/log", 0755 },
};

static const struct {
	const char *path, *text;
} files[] = {
	/* Those of Debian's own users that servers change to. */
	{ "/etc/passwd", "root:x:0:0:root:/root:/bin/sh\ndaemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin\n"
			 "bin:x:2:2:bin:/bin:/usr/sbin/nologin\nmail:x:8:8:mail:/var/mail:/usr/sbin/nologin\n"
			 "proxy:x:13:13:proxy:/bin:/usr/sbin/nologin\nwww-data:x:33:33:www-data:/var/www:/usr/sbin/nologin\n"
			 "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n" },
	{ "/etc/group", "root:x:0:\ndaemon:x:1:\nbin:x:2:\nsys:x:3:\nadm:x:4:\ntty:x:5:\ndisk:x:6:\nmail:x:8:\nproxy:x:13:\n"
			"www-data:x:33:\nusers:x:100:\nnogroup:x:65534:\n" },
	{ "/etc/nsswitch.conf", "passwd: files\ngroup: files\nshadow: files\nhosts: files dns\nnetworks: files\n"
				"services: files\nprotocols: files\n" },
	/* Where QEMU's user-mode network answers; the kernel writes what DHCP tells. */
	{ "/etc/resolv.conf", "nameserver 10.0.2.3\n" },
	{ "/etc/protocols", "ip\t0\tIP\nicmp\t1\tICMP\ntcp\t6\tTCP\nudp\t17\tUDP\nipv6\t41\tIPv6\nipv6-icmp\t58\tIPv6-ICMP\n" },
};

/* Relative: what --copy puts behind one stays in the root. */
static const struct {
	const char *path, *target;
} links[] = {
	{ "/etc/mtab", "../proc/self/mounts" }, { "/var/run", "../run" }, { "/var/lock", "../run/lock" },
};

static const char *const of_host[] = { "/etc/localtime", "/etc/timezone", "/etc/services", "/etc/ld-musl-x86_64.path" };
static const char *const of_host_tls[] = { "/etc/ssl/certs/ca-certificates.crt", "/etc/ssl/openssl.cnf" };
static const char *const of_host_tls_links[] = { "/usr/lib/ssl/cert.pem", "/usr/lib/ssl/certs", "/usr/lib/ssl/openssl.cnf" };

void root_add_basics(const char *root, const char *hostname)
{
	const char *name = hostname ? hostname : "whittle";
	char *line = format("%s\n", name), *hosts = format("127.0.0.1 localhost %s\n::1 localhost ip6-localhost\n", name);

	for (size_t i = 0; i < COUNT(dirs); i++) {
		char *path = path_join(root, dirs[i].path);

		make_dirs(path);
		if (chmod(path, dirs[i].mode))
			fail("%s: its mode cannot be set", path);
	}
	for (size_t i = 0; i < COUNT(links); i++)
		root_link(root, links[i].path, links[i].target);
	for (size_t i = 0; i < COUNT(files); i++)
		root_write(root, files[i].path, files[i].text);
	root_write(root, "/etc/hostname", line);
	root_write(root, "/etc/hosts", hosts);
}

static void add_absent(const char *root, const char *path)
{
	struct stat st;

	if (file_exists(path) && lstat(path_join(root, path), &st))
		root_copy_file(path, path_join(root, path));
}

static void add_absent_link(const char *root, const char *path)
{
	char target[4096];
	ssize_t n = readlink(path, target, sizeof(target));

	if (n > 0 && (size_t)n < sizeof(target))
		root_link(root, path, xstrndup(target, (size_t)n));
}

static bool looks_for_certificates(const struct closure *closure)
{
	for (size_t i = 0; i < closure->count; i++) {
		struct buf file = { 0 };
		bool found;

		must_read(closure->files[i]->host, &file);
		found = memmem(file.data, file.size, "/ssl/certs", 10) != NULL;
		free(file.data);
		if (found)
			return true;
	}
	return false;
}

void root_add_of_host(const char *root, const struct closure *closure)
{
	for (size_t i = 0; i < COUNT(of_host); i++)
		add_absent(root, of_host[i]);
	if (!looks_for_certificates(closure))
		return;
	for (size_t i = 0; i < COUNT(of_host_tls); i++)
		add_absent(root, of_host_tls[i]);
	for (size_t i = 0; i < COUNT(of_host_tls_links); i++)
		add_absent_link(root, of_host_tls_links[i]);
}
