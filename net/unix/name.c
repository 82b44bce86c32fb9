/* AF_UNIX addresses: unix(7), "Address format" (net/unix/unix.h).
 *
 * A path is a socket inode, whose private pointer leads to who is bound to it; abstract names are in one list. Both
 * under unix_lock; path walks are done before it is taken.
 */
#include <core/process.h>
#include <core/log.h>
#include <core/ref.h>
#include <core/slab.h>
#include <net/unix/unix.h>

COMPONENT("unix", "AF_UNIX sockets");

#define PATH_OFFSET offsetof(struct sockaddr_un, sun_path)

static struct list abstract_names = LIST_INIT(abstract_names); /* of unix_sock.name_node; unix_lock */
static uint32_t last_autobind;                                  /* unix_lock */

void unix_address_put(struct unix_address *a)
{
	if (a && ref_put(&a->refs))
		kfree(a);
}

unsigned unix_name_of(const struct unix_sock *u, struct sockaddr_storage *out)
{
	const struct unix_address *a = u ? __atomic_load_n(&u->address, __ATOMIC_ACQUIRE) : NULL;

	if (!a) {
		out->ss_family = AF_UNIX;
		return PATH_OFFSET;
	}
	memcpy(out, &a->sun, MIN(a->len, (unsigned)sizeof(a->sun)));
	return a->len;
}

static int address_check(const struct sockaddr *addr, unsigned len)
{
	if (len < PATH_OFFSET || len > sizeof(struct sockaddr_un) || addr->sa_family != AF_UNIX)
		return -EINVAL;
	return 0;
}

/* The path of an address, ended by a zero, which it need not have. */
static void address_path(const struct sockaddr *addr, unsigned len, char path[UNIX_PATH_MAX + 1])
{
	memcpy(path, addr->sa_data, len - PATH_OFFSET);
	path[len - PATH_OFFSET] = '\0';
}

static struct unix_address *address_create(const struct sockaddr *addr, unsigned len)
{
	struct unix_address *a = kzalloc(sizeof(*a));

	if (!a)
		return NULL;
	a->refs = 1;
	a->len = len;
	memcpy(&a->sun, addr, len);
	return a;
}

/* Sockets of different types may have the same abstract name. */
static struct unix_sock *find_abstract(const struct sockaddr *addr, unsigned len, int type)
{
	struct unix_sock *u;

	debug_assert(mutex_held(&unix_lock));
	list_for_each(u, &abstract_names, name_node)
		if (u->socket->type == type && u->address->len == len && !memcmp(&u->address->sun, addr, len))
			return u;
	return NULL;
}

static int bind_abstract(struct unix_sock *u, const struct sockaddr *addr, unsigned len)
{
	struct unix_address *a;

	debug_assert(mutex_held(&unix_lock));
	if (u->address)
		return -EINVAL;
	if (find_abstract(addr, len, u->socket->type))
		return -EADDRINUSE;
	a = address_create(addr, len);
	if (!a)
		return -ENOMEM;
	__atomic_store_n(&u->address, a, __ATOMIC_RELEASE);
	list_add(&abstract_names, &u->name_node);
	return 0;
}

static int bind_path(struct unix_sock *u, const struct sockaddr *addr, unsigned len)
{
	char name[UNIX_PATH_MAX + 1];
	struct unix_address *a;
	struct path path;
	int error;

	address_path(addr, len, name);
	a = address_create(addr, len);
	if (!a)
		return -ENOMEM;
	a->len = (unsigned)(PATH_OFFSET + strlen(name) + 1); /* Linux tells the length with the zero */
	if (READ_ONCE(u->address)) {
		error = -EINVAL;
		goto out_address;
	}
	error = vfs_make(NULL, name, S_IFSOCK | 0777, 0);
	if (error) {
		error = error == -EEXIST ? -EADDRINUSE : error;
		goto out_address;
	}
	error = path_walk(NULL, name, 0, &path);
	if (error)
		goto out_address;
	mutex_lock(&unix_lock);
	if (u->address) {
		error = -EINVAL;
	} else {
		path.dentry->inode->private = u;
		u->path = path;
		__atomic_store_n(&u->address, a, __ATOMIC_RELEASE);
	}
	mutex_unlock(&unix_lock);
	if (!error)
		return 0;
	path_put(&path);
out_address:
	unix_address_put(a);
	return error;
}

/* A name that nobody has: a zero and five hexadecimal digits. */
int unix_autobind(struct unix_sock *u)
{
	static const char digits[] = "0123456789abcdef";
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int error = 0;

	mutex_lock(&unix_lock);
	for (unsigned tries = 0; !u->address && tries <= 0xfffff; tries++) {
		uint32_t number = ++last_autobind;

		for (int i = 0; i < 5; i++)
			sun.sun_path[5 - i] = digits[number >> 4 * i & 15];
		error = bind_abstract(u, (const struct sockaddr *)&sun, PATH_OFFSET + 6);
		if (error != -EADDRINUSE)
			break;
	}
	mutex_unlock(&unix_lock);
	return error;
}

int unix_bind(struct socket *s, const struct sockaddr *addr, unsigned len)
{
	struct unix_sock *u = s->private;
	int error = address_check(addr, len);

	if (error)
		return error;
	if (len == PATH_OFFSET)
		return READ_ONCE(u->address) ? -EINVAL : unix_autobind(u);
	if (addr->sa_data[0])
		return bind_path(u, addr, len);
	mutex_lock(&unix_lock);
	error = bind_abstract(u, addr, len);
	mutex_unlock(&unix_lock);
	return error;
}

static struct unix_sock *find_path(const struct sockaddr *addr, unsigned len)
{
	char name[UNIX_PATH_MAX + 1];
	struct unix_sock *u = NULL;
	struct inode *inode;
	struct path path;
	int error;

	address_path(addr, len, name);
	error = path_walk(NULL, name, WALK_FOLLOW, &path);
	if (error)
		return err_ptr(error);
	inode = path.dentry->inode;
	error = inode_permission(inode, MAY_WRITE);
	if (!error && (inode->mode & S_IFMT) == S_IFSOCK) {
		mutex_lock(&unix_lock);
		u = inode->private;
		if (u)
			unix_get(u);
		mutex_unlock(&unix_lock);
	}
	path_put(&path);
	if (error)
		return err_ptr(error);
	return u ? u : err_ptr(-ECONNREFUSED);
}

struct unix_sock *unix_find(const struct sockaddr *addr, unsigned len, int type)
{
	struct unix_sock *u;
	int error = address_check(addr, len);

	if (error)
		return err_ptr(error);
	if (len == PATH_OFFSET)
		return err_ptr(-EINVAL);
	if (addr->sa_data[0]) {
		u = find_path(addr, len);
		if (is_err(u))
			return u;
	} else {
		mutex_lock(&unix_lock);
		u = find_abstract(addr, len, type);
		if (u)
			unix_get(u);
		mutex_unlock(&unix_lock);
		if (!u)
			return err_ptr(-ECONNREFUSED);
	}
	if (u->socket->type == type)
		return u;
	unix_put(u);
	return err_ptr(-EPROTOTYPE);
}

/* The socket is released: its name leads nowhere from now on. The address stays for those who received from it. */
void unix_unbind(struct unix_sock *u)
{
	struct path path;

	mutex_lock(&unix_lock);
	list_del(&u->name_node);
	path = u->path;
	if (path.dentry) {
		if (path.dentry->inode && path.dentry->inode->private == u)
			path.dentry->inode->private = NULL;
		u->path = (struct path){ NULL, NULL };
	}
	mutex_unlock(&unix_lock);
	if (path.dentry)
		path_put(&path);
}
