/* What the system calls itself (uname(2), /proc/version, /proc/sys/kernel): one definition for all who say it. */
#ifndef CORE_UNAME_H
#define CORE_UNAME_H

#include <linux/utsname.h>

/* nodename and domainname are changed by sethostname(2) and setdomainname(2); the rest: I. */
extern struct new_utsname system_names;

#endif
