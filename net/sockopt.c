/* Options of SOL_SOCKET, socket(7): the socket layer keeps them, families look at them or are told.
 *
 * Each option is one word, so that setting one needs no lock.
 */
#include <asm/socket.h>
#include <linux/time_types.h>
#include <net/socket.h>

COMPONENT("sockets", "sockets, whatever their family");

#define BUFFER_MAX         212992u /* /proc/sys/net/core/[rw]mem_max: what a program can ask for, before doubling */
#define SEND_BUFFER_MIN    4608u
#define RECEIVE_BUFFER_MIN 2304u

/* Options that are one bit of socket->options. Return: the bit, 0 for others. */
static uint32_t option_bit(int option)
{
	switch (option) {
	case SO_DEBUG:
		return SOCKET_OPTION_DEBUG;
	case SO_REUSEADDR:
		return SOCKET_OPTION_REUSEADDR;
	case SO_REUSEPORT:
		return SOCKET_OPTION_REUSEPORT;
	case SO_KEEPALIVE:
		return SOCKET_OPTION_KEEPALIVE;
	case SO_BROADCAST:
		return SOCKET_OPTION_BROADCAST;
	case SO_OOBINLINE:
		return SOCKET_OPTION_OOBINLINE;
	case SO_PASSCRED:
		return SOCKET_OPTION_PASSCRED;
	case SO_DONTROUTE:
		return SOCKET_OPTION_DONTROUTE;
	case SO_TIMESTAMP_OLD:
		return SOCKET_OPTION_TIMESTAMP;
	case SO_TIMESTAMPNS_OLD:
		return SOCKET_OPTION_TIMESTAMPNS;
	case SO_NO_CHECK:
		return SOCKET_OPTION_NOCHECK;
	default:
		return 0;
	}
}

static int set_timeout(uint64_t *out, const void *value, unsigned len)
{
	struct __kernel_sock_timeval t;

	if (len < sizeof(t))
		return -EINVAL;
	memcpy(&t, value, sizeof(t));
	if (t.tv_usec < 0 || t.tv_usec >= 1000000)
		return -EDOM;
	if (t.tv_sec < 0)
		WRITE_ONCE(*out, 1); /* at once */
	else if (t.tv_sec >= INT64_MAX / (int64_t)NSEC_PER_SEC / 2)
		WRITE_ONCE(*out, 0);
	else
		WRITE_ONCE(*out, (uint64_t)t.tv_sec * NSEC_PER_SEC + (uint64_t)t.tv_usec * 1000);
	return 0;
}

static uint32_t buffer_size(int wanted, uint32_t least, uint32_t most)
{
	uint32_t n = MIN((uint32_t)wanted, most) * 2;

	return MAX(n, least);
}

static int set_common(struct socket *s, int option, const void *value, unsigned len)
{
	uint32_t bit = option_bit(option);
	struct linger linger;
	int number;

	switch (option) {
	case SO_RCVTIMEO_OLD:
	case SO_RCVTIMEO_NEW:
		return set_timeout(&s->receive_timeout_ns, value, len);
	case SO_SNDTIMEO_OLD:
	case SO_SNDTIMEO_NEW:
		return set_timeout(&s->send_timeout_ns, value, len);
	case SO_LINGER:
		if (len < sizeof(linger))
			return -EINVAL;
		memcpy(&linger, value, sizeof(linger));
		s->linger = linger;
		return 0;
	}
	if (len < sizeof(number))
		return bit || option == SO_SNDBUF || option == SO_RCVBUF ? -EINVAL : -ENOPROTOOPT;
	memcpy(&number, value, sizeof(number));
	if (bit) {
		if (number)
			__atomic_or_fetch(&s->options, bit, __ATOMIC_RELAXED);
		else
			__atomic_and_fetch(&s->options, ~bit, __ATOMIC_RELAXED);
		return 0;
	}
	switch (option) {
	case SO_SNDBUF:
		WRITE_ONCE(s->send_buffer, buffer_size(number, SEND_BUFFER_MIN, BUFFER_MAX));
		return 0;
	case SO_SNDBUFFORCE:
		WRITE_ONCE(s->send_buffer, buffer_size(MAX(number, 0), SEND_BUFFER_MIN, INT32_MAX / 2));
		return 0;
	case SO_RCVBUF:
		WRITE_ONCE(s->receive_buffer, buffer_size(number, RECEIVE_BUFFER_MIN, BUFFER_MAX));
		return 0;
	case SO_RCVBUFFORCE:
		WRITE_ONCE(s->receive_buffer, buffer_size(MAX(number, 0), RECEIVE_BUFFER_MIN, INT32_MAX / 2));
		return 0;
	case SO_RCVLOWAT:
		WRITE_ONCE(s->receive_low, number < 0 ? INT32_MAX : (uint32_t)MAX(number, 1));
		return 0;
	case SO_PRIORITY:
		WRITE_ONCE(s->priority, (uint32_t)number);
		return 0;
	case SO_MARK:
		WRITE_ONCE(s->mark, (uint32_t)number);
		return 0;
	default:
		return -ENOPROTOOPT;
	}
}

int socket_setsockopt(struct socket *s, int level, int option, const void *value, unsigned len)
{
	if (level == SOL_SOCKET) {
		int error = set_common(s, option, value, len);

		if (error != -ENOPROTOOPT) {
			if (!error && s->ops->option_changed)
				s->ops->option_changed(s, option);
			return error;
		}
	}
	if (s->ops->setsockopt)
		return s->ops->setsockopt(s, level, option, value, len);
	return s->family == AF_UNIX && level != SOL_SOCKET ? -EOPNOTSUPP : -ENOPROTOOPT;
}

/* Return: the value's length; -ENOPROTOOPT: not one of these. */
static int get_common(struct socket *s, int option, void *value)
{
	uint32_t bit = option_bit(option);
	struct __kernel_sock_timeval t;
	uint64_t ns;
	int number;

	switch (option) {
	case SO_RCVTIMEO_OLD:
	case SO_RCVTIMEO_NEW:
	case SO_SNDTIMEO_OLD:
	case SO_SNDTIMEO_NEW:
		ns = option == SO_RCVTIMEO_OLD || option == SO_RCVTIMEO_NEW ? s->receive_timeout_ns : s->send_timeout_ns;
		t.tv_sec = (int64_t)(ns / NSEC_PER_SEC);
		t.tv_usec = (int64_t)(ns % NSEC_PER_SEC / 1000);
		memcpy(value, &t, sizeof(t));
		return sizeof(t);
	case SO_LINGER:
		memcpy(value, &s->linger, sizeof(s->linger));
		return sizeof(s->linger);
	case SO_TYPE:
		number = s->type;
		break;
	case SO_PROTOCOL:
		number = s->protocol;
		break;
	case SO_DOMAIN:
		number = s->family;
		break;
	case SO_ERROR:
		number = -socket_take_error(s);
		break;
	case SO_ACCEPTCONN:
		number = s->listening;
		break;
	case SO_SNDBUF:
		number = (int)s->send_buffer;
		break;
	case SO_RCVBUF:
		number = (int)s->receive_buffer;
		break;
	case SO_RCVLOWAT:
		number = (int)s->receive_low;
		break;
	case SO_SNDLOWAT:
		number = 1;
		break;
	case SO_PRIORITY:
		number = (int)s->priority;
		break;
	case SO_MARK:
		number = (int)s->mark;
		break;
	default:
		if (!bit)
			return -ENOPROTOOPT;
		number = (s->options & bit) != 0;
	}
	memcpy(value, &number, sizeof(number));
	return sizeof(number);
}

/* Linux asks the families whose the level is: these two say that it is not theirs. */
static bool has_level(const struct socket *s, int level)
{
	if (s->family == AF_INET)
		return level == SOL_SOCKET || level == SOL_IP || (s->type == SOCK_STREAM && level == SOL_TCP) ||
		       (s->type == SOCK_DGRAM && level == SOL_UDP) || s->type == SOCK_RAW;
	return s->family != AF_UNIX || level == SOL_SOCKET;
}

int socket_getsockopt(struct socket *s, int level, int option, void *value, unsigned len)
{
	int n;

	if (level == SOL_SOCKET) {
		n = get_common(s, option, value);
		if (n != -ENOPROTOOPT)
			return n;
	}
	n = s->ops->getsockopt ? s->ops->getsockopt(s, level, option, value, len) : -ENOPROTOOPT;
	return n == -ENOPROTOOPT && !has_level(s, level) ? -EOPNOTSUPP : n;
}
