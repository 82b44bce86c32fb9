/* From the answer of an analysis to what a kernel must hold: calls, codes, families and kinds of sockets. A set whose
 * argument is not bounded stays whole; so does everything when a site is not bounded.
 */
#include <linux/futex.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "analysis.h"
#include "calls.h"

enum { TYPE_MASK = 0xf }; /* of a socket's type: the rest are flags */

static struct fit_set *add_set(struct fit *fit, const char *set, bool bounded)
{
	struct fit_set *s = &fit->sets[fit->count++];

	*s = (struct fit_set){ .set = set, .bounded = bounded };
	return s;
}

static void add_number(struct fit_set *s, int64_t number)
{
	s->numbers = xrealloc(s->numbers, s->count + 1, sizeof(number));
	s->numbers[s->count++] = number;
}

static const struct argument *argument(const struct analysis *a, const char *call, const char *name)
{
	for (size_t i = 0; i < a->argument_count; i++) {
		if (!strcmp(a->arguments[i].call, call) && !strcmp(a->arguments[i].name, name))
			return &a->arguments[i];
	}
	return NULL;
}

static void add_values(struct fit_set *s, const struct argument *arg, int64_t mask)
{
	if (!arg->used)
		return;
	s->bounded &= arg->bounded;
	for (size_t i = 0; i < arg->count; i++)
		add_number(s, arg->values[i] & mask);
}

static bool has(const struct fit_set *s, int64_t number)
{
	for (size_t i = 0; s->bounded && i < s->count; i++) {
		if (s->numbers[i] == number)
			return true;
	}
	return !s->bounded;
}

/* Parts that a profile asks for and a program without such sockets does not need. */
static void drop_unused(struct fit *fit, const struct fit_set *families, const struct fit_set *types,
			const struct fit_set *protocols)
{
	static const char *const network[] = { "inet", "inet6", "udp", "raw", "dhcp", "driver:virtio_net", "inet_multicast" };
	bool inet = has(families, AF_INET), inet6 = has(families, AF_INET6);

	for (size_t i = 0; !inet && !inet6 && i < COUNT(network); i++)
		strings_add(&fit->unused, network[i]);
	if (!inet6)
		strings_add_once(&fit->unused, "inet6");
	if (!has(types, SOCK_DGRAM))
		strings_add_once(&fit->unused, "udp");
	/* Datagrams of ICMP, ping's, are of the same part. */
	if (!has(types, SOCK_RAW) &&
	    (!has(types, SOCK_DGRAM) || (!has(protocols, IPPROTO_ICMP) && !has(protocols, IPPROTO_ICMPV6))))
		strings_add_once(&fit->unused, "raw");
	if (!has(families, AF_NETLINK)) {
		strings_add(&fit->unused, "netlink");
		strings_add(&fit->unused, "sock-diag");
	}
}

struct fit *analysis_fit(const struct analysis *a, const char *path)
{
	struct fit *fit = xcalloc(1, sizeof(*fit));
	struct fit_set *calls, *families, *types, protocols = { .set = "protocols", .bounded = true };

	fit->unproven = a->unproven;
	if (!a->complete) {
		warn("%s may make any system call, so nothing is cut (whittle analyze says where from)", path);
		return NULL;
	}
	calls = add_set(fit, "syscall", true);
	for (unsigned i = 0; i < calls_limit(); i++) {
		if (a->calls[i])
			add_number(calls, i);
	}
	add_values(add_set(fit, "fcntl", true), argument(a, "fcntl", "command"), UINT32_MAX);
	add_values(add_set(fit, "prctl", true), argument(a, "prctl", "option"), UINT32_MAX);
	add_values(add_set(fit, "ioctl", true), argument(a, "ioctl", "request"), UINT32_MAX);
	families = add_set(fit, "socket_family", true);
	add_values(families, argument(a, "socket", "family"), UINT32_MAX);
	add_values(families, argument(a, "socketpair", "family"), UINT32_MAX);
	types = add_set(fit, "inet_protocol", true);
	types->mask = UINT16_MAX; /* the protocol stands above */
	add_values(types, argument(a, "socket", "type"), TYPE_MASK);
	add_values(add_set(fit, "futex", true), argument(a, "futex", "operation"), FUTEX_CMD_MASK);
	add_values(&protocols, argument(a, "socket", "protocol"), UINT32_MAX);
	drop_unused(fit, families, types, &protocols);
	analysis_drop_parts(a, fit);
	return fit;
}

const struct fit *analysis_for(const struct selection *selection, struct analysis *a, const char *path)
{
	a->recorded = selection->recorded;
	a->only_recorded = !strcmp(selection->fit_mode, "recorded");
	if (a->only_recorded && !a->recorded.count)
		fail("--fit recorded goes by recordings: name one with --recorded FILE (`whittle run --record FILE' writes it)");
	analysis_run(a, path);
	if (a->unproven)
		warn("unproven: %s", a->unproven);
	return analysis_fit(a, path);
}
