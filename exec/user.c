/* whittle.user=UID[:GID]: who the first program is, as credentials(7) has it for a process that was never root.
 *
 * Without a GID the group is 0, as in docker. What the program was given open (its console) becomes its user's, so that it
 * can open it again as /dev/stdout. Single-threaded: before the program starts.
 */
#include <core/param.h>
#include <core/process.h>
#include <exec/program.h>
#include <fs/vfs.h>
#include <linux/errno.h>

COMPONENT("exec", "loads and starts programs");

static uint32_t user, group;

static int parse_id(const char *text, uint32_t *out)
{
	uint64_t value;

	if (param_number(text, &value) || value >= UINT32_MAX)
		return -EINVAL;
	*out = (uint32_t)value;
	return 0;
}

static int set_user(char *value)
{
	char *colon = strchr(value, ':');
	uint32_t uid, gid = 0;
	int r;

	if (colon)
		*colon = '\0';
	r = parse_id(value, &uid);
	if (colon) {
		*colon = ':';
		r = r ? r : parse_id(colon + 1, &gid);
	}
	if (r)
		return r;
	user = uid;
	group = gid;
	return 0;
}
BOOT_PARAM(user, "whittle.user", set_user);

void program_become_user(struct process *p, struct file *console)
{
	struct credentials *c = &p->credentials;

	if (!user && !group)
		return;
	if (console) {
		console->inode->uid = user;
		console->inode->gid = group;
	}
	c->uid = c->euid = c->suid = c->fsuid = user;
	c->gid = c->egid = c->sgid = c->fsgid = group;
	c->group_count = 0;
	if (user)
		c->cap_effective = c->cap_permitted = c->cap_inheritable = 0;
}
