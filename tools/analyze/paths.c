/* Which files a program can name: the strings that paths of its calls can be. Bounded only where all of the program is one
 * object, as an address of one object says nothing of another's, and where each is a text that nothing writes to.
 */
#include <string.h>

#include "analysis.h"
#include "calls.h"
#include "resolve.h"

/* Registers of paths, in the order of the call's arguments; 0 (%rax) ends them. */
static const struct {
	const char *call;
	int reg[3];
} takers[] = {
	{ "open", { RDI } }, { "creat", { RDI } }, { "stat", { RDI } }, { "lstat", { RDI } }, { "access", { RDI } },
	{ "readlink", { RDI } }, { "mkdir", { RDI } }, { "mknod", { RDI } }, { "rmdir", { RDI } }, { "unlink", { RDI } },
	{ "rename", { RDI, RSI } }, { "link", { RDI, RSI } }, { "symlink", { RDI, RSI } }, { "chmod", { RDI } },
	{ "chown", { RDI } }, { "lchown", { RDI } }, { "utime", { RDI } }, { "utimes", { RDI } }, { "futimesat", { RSI } },
	{ "truncate", { RDI } }, { "chdir", { RDI } }, { "chroot", { RDI } }, { "statfs", { RDI } }, { "execve", { RDI } },
	{ "execveat", { RSI } }, { "acct", { RDI } }, { "swapon", { RDI } }, { "swapoff", { RDI } }, { "uselib", { RDI } },
	{ "mount", { RDI, RSI } }, { "umount2", { RDI } }, { "pivot_root", { RDI, RSI } }, { "quotactl", { RSI } },
	{ "setxattr", { RDI } }, { "lsetxattr", { RDI } }, { "getxattr", { RDI } }, { "lgetxattr", { RDI } },
	{ "listxattr", { RDI } }, { "llistxattr", { RDI } }, { "removexattr", { RDI } }, { "lremovexattr", { RDI } },
	{ "inotify_add_watch", { RSI } }, { "openat", { RSI } }, { "openat2", { RSI } }, { "mkdirat", { RSI } },
	{ "mknodat", { RSI } }, { "fchownat", { RSI } }, { "newfstatat", { RSI } }, { "unlinkat", { RSI } },
	{ "renameat", { RSI, R10 } }, { "renameat2", { RSI, R10 } }, { "linkat", { RSI, R10 } }, { "symlinkat", { RDI, RDX } },
	{ "readlinkat", { RSI } }, { "fchmodat", { RSI } }, { "faccessat", { RSI } }, { "faccessat2", { RSI } },
	{ "utimensat", { RSI } }, { "statx", { RSI } }, { "name_to_handle_at", { RSI } }, { "fanotify_mark", { R8 } },
	{ "open_tree", { RSI } }, { "move_mount", { RSI, R10 } }, { "fspick", { RSI } }, { "mount_setattr", { RSI } },
	/* Names of files that are no path argument of theirs, or cannot be followed. */
	{ "open_by_handle_at", { -1 } }, { "bind", { -1 } }, { "connect", { -1 } }, { "sendto", { -1 } },
	{ "sendmsg", { -1 } }, { "sendmmsg", { -1 } }, { "io_submit", { -1 } }, { "io_uring_setup", { -1 } },
	{ "recvmsg", { -1 } }, { "recvmmsg", { -1 } }, { "pidfd_getfd", { -1 } }, { "clone", { -1 } }, { "clone3", { -1 } },
	{ "fork", { -1 } }, { "vfork", { -1 } }, { "fsconfig", { -1 } }, { "quotactl_fd", { -1 } }, { "mq_open", { -1 } },
};

/* A text in the file that no segment lets the program write to, else NULL. */
static const char *constant_text(const struct binary *o, uint64_t at)
{
	return binary_writable(o, at) ? NULL : binary_string(o, at);
}

static bool add_paths(const struct analysis *a, const struct site *site, int reg, struct strings *paths)
{
	struct value v;

	if (reg < 0)
		return false;
	v = resolve_at(&a->reach, site->member, site->at, reg);
	if (v.unknown || v.input_count || v.stack || v.word)
		return false;
	for (unsigned i = 0; i < v.number_count; i++) {
		const char *text;

		if (!v.numbers[i])
			continue; /* EFAULT */
		text = constant_text(&a->reach.members[site->member].o, (uint64_t)v.numbers[i]);
		if (!text)
			return false;
		strings_add_once(paths, text);
	}
	return true;
}

bool analysis_paths(const struct analysis *a, struct strings *paths)
{
	if (!a->complete || a->reach.count != 1)
		return false;
	for (size_t s = 0; s < a->site_count; s++) {
		const struct site *site = &a->sites[s];
		struct value numbers = resolve_at(&a->reach, site->member, site->at, RAX);

		for (unsigned j = 0; j < numbers.number_count; j++) {
			const char *call = calls_name((long)(uint32_t)numbers.numbers[j]);

			for (size_t i = 0; call && i < COUNT(takers); i++) {
				if (strcmp(takers[i].call, call))
					continue;
				for (unsigned k = 0; k < COUNT(takers[i].reg) && takers[i].reg[k]; k++) {
					if (!add_paths(a, site, takers[i].reg[k], paths))
						return false;
				}
			}
		}
	}
	return true;
}
