/* Who the process is: credentials(7), capabilities(7). They are the process's, not the thread's: programs that change
 * one thread's alone are those that libc's own setuid() keeps from it. */
#include <abi/syscall.h>
#include <core/process.h>
#include <core/uaccess.h>
#include <linux/capability.h>

COMPONENT("process-calls", "system calls of the process: identity, limits, sessions");

#define UNCHANGED ((uint32_t)-1)

static struct credentials *mine(void)
{
	return &current->process->credentials;
}

/* Losing uid 0 loses capabilities, as capabilities(7) says under "Effect of user ID changes". */
static void uid_changed(struct credentials *c, bool was_root)
{
	c->fsuid = c->euid;
	if (was_root && c->uid != 0 && c->euid != 0 && c->suid != 0 && !c->keep_caps)
		c->cap_permitted = c->cap_effective = 0;
	else if (c->euid != 0)
		c->cap_effective = 0;
	else
		c->cap_effective = c->cap_permitted;
}

static bool may_set(const struct credentials *c, int cap)
{
	return c->cap_effective >> cap & 1;
}

#define GET_ID(call, field)                                                                        \
	long sys_##call(void)                                                                      \
	{                                                                                          \
		return mine()->field;                                                              \
	}                                                                                          \
	SYSCALL(call)

GET_ID(getuid, uid);
GET_ID(geteuid, euid);
GET_ID(getgid, gid);
GET_ID(getegid, egid);

static bool one_of(uint32_t id, uint32_t a, uint32_t b, uint32_t c)
{
	return id == UNCHANGED || id == a || id == b || id == c;
}

long sys_setresuid(uint32_t uid, uint32_t euid, uint32_t suid)
{
	struct credentials *c = mine();
	bool was_root = c->uid == 0 || c->euid == 0 || c->suid == 0;
	long r = -EPERM;

	mutex_lock(&current->process->lock);
	if (may_set(c, CAP_SETUID) || (one_of(uid, c->uid, c->euid, c->suid) && one_of(euid, c->uid, c->euid, c->suid) &&
				       one_of(suid, c->uid, c->euid, c->suid))) {
		c->uid = uid == UNCHANGED ? c->uid : uid;
		c->euid = euid == UNCHANGED ? c->euid : euid;
		c->suid = suid == UNCHANGED ? c->suid : suid;
		uid_changed(c, was_root);
		r = 0;
	}
	mutex_unlock(&current->process->lock);
	return r;
}
SYSCALL(setresuid);

long sys_setresgid(uint32_t gid, uint32_t egid, uint32_t sgid)
{
	struct credentials *c = mine();
	long r = -EPERM;

	mutex_lock(&current->process->lock);
	if (may_set(c, CAP_SETGID) || (one_of(gid, c->gid, c->egid, c->sgid) && one_of(egid, c->gid, c->egid, c->sgid) &&
				       one_of(sgid, c->gid, c->egid, c->sgid))) {
		c->gid = gid == UNCHANGED ? c->gid : gid;
		c->egid = egid == UNCHANGED ? c->egid : egid;
		c->sgid = sgid == UNCHANGED ? c->sgid : sgid;
		c->fsgid = c->egid;
		r = 0;
	}
	mutex_unlock(&current->process->lock);
	return r;
}
SYSCALL(setresgid);

long sys_setuid(uint32_t uid)
{
	if (uid == UNCHANGED)
		return -EINVAL;
	return may_set(mine(), CAP_SETUID) ? sys_setresuid(uid, uid, uid) : sys_setresuid(UNCHANGED, uid, UNCHANGED);
}
SYSCALL(setuid);

long sys_setgid(uint32_t gid)
{
	if (gid == UNCHANGED)
		return -EINVAL;
	return may_set(mine(), CAP_SETGID) ? sys_setresgid(gid, gid, gid) : sys_setresgid(UNCHANGED, gid, UNCHANGED);
}
SYSCALL(setgid);

/* The saved id follows the effective one if the real one is set, or the effective one becomes another (setreuid(2)). */
long sys_setreuid(uint32_t uid, uint32_t euid)
{
	struct credentials *c = mine();
	uint32_t effective = euid == UNCHANGED ? c->euid : euid;
	bool save = uid != UNCHANGED || (euid != UNCHANGED && euid != c->uid);

	return sys_setresuid(uid, euid, save ? effective : UNCHANGED);
}
SYSCALL(setreuid);

long sys_setregid(uint32_t gid, uint32_t egid)
{
	struct credentials *c = mine();
	uint32_t effective = egid == UNCHANGED ? c->egid : egid;
	bool save = gid != UNCHANGED || (egid != UNCHANGED && egid != c->gid);

	return sys_setresgid(gid, egid, save ? effective : UNCHANGED);
}
SYSCALL(setregid);

static long put_three(uint32_t __user *a, uint32_t __user *b, uint32_t __user *c, uint32_t x, uint32_t y, uint32_t z)
{
	return put_user_u32(a, x) || put_user_u32(b, y) || put_user_u32(c, z) ? -EFAULT : 0;
}

long sys_getresuid(uint32_t __user *uid, uint32_t __user *euid, uint32_t __user *suid)
{
	return put_three(uid, euid, suid, mine()->uid, mine()->euid, mine()->suid);
}
SYSCALL(getresuid);

long sys_getresgid(uint32_t __user *gid, uint32_t __user *egid, uint32_t __user *sgid)
{
	return put_three(gid, egid, sgid, mine()->gid, mine()->egid, mine()->sgid);
}
SYSCALL(getresgid);

/* setfsuid(2) has no error: it returns what was, and a refused change changes nothing. */
long sys_setfsuid(uint32_t uid)
{
	struct credentials *c = mine();
	uint32_t was = c->fsuid;

	if (uid != UNCHANGED && (may_set(c, CAP_SETUID) || one_of(uid, c->uid, c->euid, c->suid)))
		c->fsuid = uid;
	return was;
}
SYSCALL(setfsuid);

long sys_setfsgid(uint32_t gid)
{
	struct credentials *c = mine();
	uint32_t was = c->fsgid;

	if (gid != UNCHANGED && (may_set(c, CAP_SETGID) || one_of(gid, c->gid, c->egid, c->sgid)))
		c->fsgid = gid;
	return was;
}
SYSCALL(setfsgid);

long sys_getgroups(int size, uint32_t __user *list)
{
	const struct credentials *c = mine();

	if (size < 0 || (size && (unsigned)size < c->group_count))
		return -EINVAL;
	if (size && copy_to_user(list, c->groups, c->group_count * sizeof(c->groups[0])))
		return -EFAULT;
	return c->group_count;
}
SYSCALL(getgroups);

long sys_setgroups(size_t size, const uint32_t __user *list)
{
	struct credentials *c = mine();
	uint32_t groups[GROUPS_MAX];

	if (!may_set(c, CAP_SETGID))
		return -EPERM;
	if (size > GROUPS_MAX)
		return -EINVAL;
	if (copy_from_user(groups, list, size * sizeof(groups[0])))
		return -EFAULT;
	mutex_lock(&current->process->lock);
	memcpy(c->groups, groups, size * sizeof(groups[0]));
	c->group_count = (unsigned)size;
	mutex_unlock(&current->process->lock);
	return 0;
}
SYSCALL(setgroups);

/* How many data words a version has; 0: unknown, and the one that is liked best is written back (capget(2)). */
static long cap_words(struct __user_cap_header_struct __user *header, struct __user_cap_header_struct *h, unsigned *words)
{
	if (get_user_u32(&h->version, &header->version))
		return -EFAULT;
	*words = h->version == _LINUX_CAPABILITY_VERSION_1 ? 1 :
		 h->version == _LINUX_CAPABILITY_VERSION_2 || h->version == _LINUX_CAPABILITY_VERSION_3 ? 2 : 0;
	if (*words == 0)
		return put_user_u32(&header->version, _LINUX_CAPABILITY_VERSION_3) ? -EFAULT : -EINVAL;
	if (copy_in(h, header))
		return -EFAULT;
	return h->pid < 0 ? -EINVAL : 0;
}

long sys_capget(struct __user_cap_header_struct __user *header, struct __user_cap_data_struct __user *data)
{
	const struct credentials *c = mine();
	struct __user_cap_header_struct h;
	struct __user_cap_data_struct out[2];
	unsigned words;
	long r = cap_words(header, &h, &words);

	if (r)
		return r == -EINVAL && !data && words == 0 ? 0 : r;
	if (h.pid != 0 && h.pid != current->process->pid && h.pid != current->tid)
		return -ESRCH;
	for (unsigned i = 0; i < 2; i++)
		out[i] = (struct __user_cap_data_struct){ (uint32_t)(c->cap_effective >> 32 * i),
							  (uint32_t)(c->cap_permitted >> 32 * i),
							  (uint32_t)(c->cap_inheritable >> 32 * i) };
	return copy_to_user(data, out, words * sizeof(out[0])) ? -EFAULT : 0;
}
SYSCALL(capget);

long sys_capset(struct __user_cap_header_struct __user *header, const struct __user_cap_data_struct __user *data)
{
	struct credentials *c = mine();
	struct __user_cap_header_struct h;
	struct __user_cap_data_struct in[2] = { { 0, 0, 0 }, { 0, 0, 0 } };
	uint64_t effective, permitted, inheritable;
	unsigned words;
	long r = cap_words(header, &h, &words);

	if (r)
		return r;
	if (h.pid != 0 && h.pid != current->process->pid && h.pid != current->tid)
		return -EPERM;
	if (copy_from_user(in, data, words * sizeof(in[0])))
		return -EFAULT;
	effective = in[0].effective | (uint64_t)in[1].effective << 32;
	permitted = in[0].permitted | (uint64_t)in[1].permitted << 32;
	inheritable = in[0].inheritable | (uint64_t)in[1].inheritable << 32;
	if ((permitted & ~c->cap_permitted) || (effective & ~permitted) ||
	    (inheritable & ~(c->cap_inheritable | c->cap_permitted)))
		return -EPERM;
	mutex_lock(&current->process->lock);
	c->cap_effective = effective;
	c->cap_permitted = permitted;
	c->cap_inheritable = inheritable;
	mutex_unlock(&current->process->lock);
	return 0;
}
SYSCALL(capset);
