/* TCP_DEFER_ACCEPT (tcp(7)): a listener shows a connection only when it has data, or has ended, or after a time.
 *
 * Until then it hangs from its listener, and counts as one that waits for accept(). All under the network lock.
 */
#include "net/inet/stream.h"
#include "lwip/priv/tcp_priv.h"

COMPONENT("inet", "IPv4 and TCP sockets, over lwIP");

#define FIRST_ANSWER_S 1u   /* TCP_TIMEOUT_INIT: when a SYN is answered again, then twice as late each time */
#define LAST_ANSWER_S  120u /* TCP_RTO_MAX */
#define ANSWERS_MAX    255u

uint32_t stream_defer_seconds(int wanted)
{
	uint32_t seconds = FIRST_ANSWER_S, step = FIRST_ANSWER_S;

	if (wanted <= 0)
		return 0;
	for (unsigned n = 1; seconds < (uint32_t)wanted && n < ANSWERS_MAX; n++) {
		step = MIN(2 * step, LAST_ANSWER_S);
		seconds += step;
	}
	return seconds;
}

void stream_show(struct stream *listener, struct stream *st)
{
	if (listener->accept_tail)
		listener->accept_tail->next = st;
	else
		listener->accept_head = st;
	listener->accept_tail = st;
	if (listener->socket)
		socket_wake(listener->socket, EPOLLIN);
}

void stream_defer(struct stream *listener, struct stream *st)
{
	st->deferred_at = listener;
	st->deferred_since = tcp_ticks;
	st->next = listener->deferred;
	listener->deferred = st;
}

void stream_undefer(struct stream *st)
{
	struct stream **at = &st->deferred_at->deferred;

	while (*at != st)
		at = &(*at)->next;
	*at = st->next;
	st->next = NULL;
	st->deferred_at = NULL;
}

bool stream_defer_over(const struct stream *st)
{
	return (uint64_t)(tcp_ticks - st->deferred_since) * TCP_SLOW_INTERVAL >= (uint64_t)st->options.defer_accept * 1000u;
}
