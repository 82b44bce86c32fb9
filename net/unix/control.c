/* Descriptors and credentials that travel with a message: unix(7), "Ancillary messages" (net/unix/unix.h). */
#include <core/process.h>
#include <core/slab.h>
#include <asm/socket.h>
#include <fs/files.h>
#include <linux/capability.h>
#include <net/unix/unix.h>

COMPONENT("unix", "AF_UNIX sockets");

#define RIGHTS_MAX 253u /* descriptors in one message; Linux's SCM_MAX_FD */

static struct unix_rights *rights_alloc(unsigned count)
{
	struct unix_rights *r = kmalloc(sizeof(*r) + count * sizeof(r->files[0]));

	if (r)
		r->count = 0;
	return r;
}

static void rights_free(struct unix_rights *r)
{
	if (!r)
		return;
	while (r->count)
		file_put(r->files[--r->count]);
	kfree(r);
}

/* All SCM_RIGHTS of a message become one. */
static int add_rights(struct unix_control *out, const struct cmsghdr *c)
{
	unsigned count = (unsigned)(control_data_len(c) / sizeof(int)), had = out->rights ? out->rights->count : 0;
	const int *fds = control_data(c);
	struct unix_rights *r;

	if (!count)
		return 0;
	if (count > RIGHTS_MAX || had + count > RIGHTS_MAX)
		return -EINVAL;
	r = rights_alloc(had + count);
	if (!r)
		return -ENOMEM;
	if (had) {
		memcpy(r->files, out->rights->files, had * sizeof(r->files[0]));
		r->count = had;
		kfree(out->rights);
	}
	out->rights = r;
	for (unsigned i = 0; i < count; i++) {
		struct file *f = fd_get(fds[i]);

		if (!f)
			return -EBADF;
		r->files[r->count++] = f;
	}
	return 0;
}

/* A program may claim only what it is, unless it is privileged. */
static int set_credentials(struct unix_control *out, const struct cmsghdr *c)
{
	const struct process *p = current->process;
	const struct credentials *own = &p->credentials;
	struct ucred claimed;

	if (c->cmsg_len != CMSG_HEADER + sizeof(claimed))
		return -EINVAL;
	memcpy(&claimed, control_data(c), sizeof(claimed));
	if (claimed.pid != p->pid && !(own->cap_effective & 1ull << CAP_SYS_ADMIN))
		return -EPERM;
	if (claimed.uid != own->uid && claimed.uid != own->euid && claimed.uid != own->suid &&
	    !(own->cap_effective & 1ull << CAP_SETUID))
		return -EPERM;
	if (claimed.gid != own->gid && claimed.gid != own->egid && claimed.gid != own->sgid &&
	    !(own->cap_effective & 1ull << CAP_SETGID))
		return -EPERM;
	out->has_credentials = true;
	out->credentials = claimed;
	return 0;
}

int unix_control_parse(const struct socket_msg *m, struct unix_control *out)
{
	int error = 0;

	*out = (struct unix_control){ .rights = NULL };
	for (const struct cmsghdr *c = socket_next_control(m, NULL); c && !error; c = socket_next_control(m, c)) {
		if (c->cmsg_level != SOL_SOCKET)
			continue;
		if (c->cmsg_type == SCM_RIGHTS)
			error = add_rights(out, c);
		else if (c->cmsg_type == SCM_CREDENTIALS)
			error = set_credentials(out, c);
		else
			error = -EINVAL;
	}
	if (error)
		unix_control_free(out);
	return error;
}

void unix_control_free(struct unix_control *c)
{
	rights_free(c->rights);
	c->rights = NULL;
}

/* As many descriptors as there is room for; what does not fit is lost to the receiver (MSG_CTRUNC). */
static void deliver_rights(struct socket_msg *m, const struct unix_rights *r)
{
	size_t room = m->control_len > CMSG_HEADER ? (m->control_len - CMSG_HEADER) / sizeof(int) : 0;
	unsigned fits = (unsigned)MIN((size_t)r->count, m->control_out ? room : 0), done = 0;
	int numbers[RIGHTS_MAX];

	while (done < fits) {
		int fd = fd_reserve(m->flags & MSG_CMSG_CLOEXEC, 0);

		if (fd < 0)
			break;
		numbers[done++] = fd;
	}
	if (done < r->count)
		m->flags_out |= MSG_CTRUNC;
	if (!done)
		return;
	socket_put_control(m, SOL_SOCKET, SCM_RIGHTS, numbers, done * sizeof(int));
	for (unsigned i = 0; i < done; i++) {
		file_get(r->files[i]);
		fd_fill(numbers[i], r->files[i]);
	}
}

void unix_control_deliver(struct unix_sock *u, struct socket_msg *m, const struct unix_control *c)
{
	if (u->socket->options & SOCKET_OPTION_PASSCRED) {
		const struct ucred *cred = c && c->has_credentials ? &c->credentials : &u->peer_credentials;

		socket_put_control(m, SOL_SOCKET, SCM_CREDENTIALS, cred, sizeof(*cred));
	}
	if (c && c->rights)
		deliver_rights(m, c->rights);
}
