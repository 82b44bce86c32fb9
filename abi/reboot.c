/* reboot(2): the machine ends, or starts anew. As on Linux nothing is written back first: that is sync(2)'s. */
#include <abi/syscall.h>
#include <core/log.h>
#include <core/power.h>
#include <core/process.h>
#include <core/uaccess.h>
#include <linux/capability.h>
#include <linux/reboot.h>

COMPONENT("reboot", "reboot(2): a program ends the machine or starts it anew");

#define WHERE_TO 256u

/* Partial: Ctrl+Alt+Del asks the program to stop in any case; not the start of another kernel, nor sleep. */
long sys_reboot(int magic1, int magic2, unsigned command, const char __user *where)
{
	char text[WHERE_TO];
	ssize_t n;

	if (!(current->process->credentials.cap_effective & 1ull << CAP_SYS_BOOT))
		return -EPERM;
	if ((unsigned)magic1 != LINUX_REBOOT_MAGIC1 ||
	    (magic2 != LINUX_REBOOT_MAGIC2 && magic2 != LINUX_REBOOT_MAGIC2A && magic2 != LINUX_REBOOT_MAGIC2B &&
	     magic2 != LINUX_REBOOT_MAGIC2C))
		return -EINVAL;
	switch (command) {
	case LINUX_REBOOT_CMD_CAD_ON:
	case LINUX_REBOOT_CMD_CAD_OFF:
		return 0;
	case LINUX_REBOOT_CMD_RESTART2:
		n = strncpy_from_user(text, where, sizeof(text));
		if (n < 0)
			return n;
		/* fall through */
	case LINUX_REBOOT_CMD_RESTART:
		log_info("the program starts the machine anew");
		machine_reset();
	case LINUX_REBOOT_CMD_HALT:
	case LINUX_REBOOT_CMD_POWER_OFF:
		log_info("the program ends the machine");
		machine_exit(0);
	default:
		return -EINVAL;
	}
}
SYSCALL(reboot);
