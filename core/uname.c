/* What the system calls itself (core/uname.h). The release is Linux's whose interface programs find here. */
#include <arch/elf.h>
#include <core/param.h>
#include <core/uname.h>
#include <linux/errno.h>

COMPONENT("uname", "the names of the system and of the machine (uname)");

struct new_utsname system_names = {
	.sysname = "Linux",
	.nodename = "whittle",
	.release = "6.1.0-whittle",
	.version = "#1 Whittle",
	.machine = ARCH_ELF_PLATFORM,
	.domainname = "(none)",
};

static int set_hostname(char *value)
{
	if (!*value || strlen(value) >= sizeof(system_names.nodename))
		return -EINVAL;
	memcpy(system_names.nodename, value, strlen(value) + 1);
	return 0;
}
BOOT_PARAM(hostname, "whittle.hostname", set_hostname);
