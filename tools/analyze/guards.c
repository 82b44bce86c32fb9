/* Each guard names a way in glibc, what alone opens it, and the functions on whose code the argument rests. It holds
 * only where these functions have the shape that was read when the argument was made (their instructions without the
 * addresses in them, hashed): another build of glibc is taken without the guard, which costs calls and loses nothing.
 *
 * "policy": a guard that rests on how a program is started, not on what it can do; the report says so.
 */
#include "guards.h"

#include <stdlib.h>
#include <string.h>

#include "shape.h"

enum { MOST_NAMES = 12 };

static const struct guard {
	const char *object; /* the beginning of its name */
	const char *reason;
	const char *from[MOST_NAMES], *to[MOST_NAMES];
	const char *unless[MOST_NAMES];
	const char *rests_on[MOST_NAMES];
	const char *shape;
} guards[] = {
	{
		/* pthread_mutex_init() copies the protocol from the attributes, which start without one. */
		.object = "libc.so",
		.reason = "no mutex has a priority ceiling: nothing calls pthread_mutexattr_setprotocol()",
		.from = { "__pthread_mutex_lock_full", "__pthread_mutex_unlock_full", "__pthread_mutex_trylock",
			  "__pthread_mutex_clocklock_common", "pthread_mutex_timedlock", "__pthread_mutex_cond_lock_full",
			  "__pthread_mutex_timedlock", "pthread_mutex_trylock", "pthread_mutex_init" },
		.to = { "__pthread_tpp_change_priority", "__pthread_current_priority", "__init_sched_fifo_prio" },
		.unless = { "pthread_mutexattr_setprotocol", "pthread_mutex_setprioceiling" },
		.rests_on = { "pthread_mutex_init", "pthread_mutexattr_init", "__pthread_mutex_lock_full",
			      "__pthread_mutex_unlock_full" },
		.shape = "ac13ded5108acee1",
	},
	{
		/* It begins with "if (thread_rpc_vars == NULL) return", and __rpc_thread_variables() alone sets that. */
		.object = "libc.so",
		.reason = "a thread has nothing of RPC to clean up: nothing calls Sun RPC's functions",
		.from = { "__libc_thread_freeres" },
		.to = { "__rpc_thread_destroy" },
		.unless = { "__rpc_thread_variables" },
		.rests_on = { "__rpc_thread_destroy", "__rpc_thread_variables", "__libc_thread_freeres" },
		.shape = "254b580ce759fabe",
	},
	{
		/* Attributes are NULL or were zeroed by posix_spawnattr_init(); only setflags() puts flags in. */
		.object = "libc.so",
		.reason = "posix_spawn() is asked for no attributes: nothing calls posix_spawnattr_setflags()",
		.from = { "__spawni_child" },
		.to = { "setsid", "setpgid", "sched_setparam", "sched_setscheduler" },
		.unless = { "posix_spawnattr_setflags" },
		.rests_on = { "__spawni_child", "posix_spawnattr_init", "posix_spawnattr_setflags", "__spawni", "__spawnix" },
		.shape = "971283ba03adafdf",
	},
	{
		.object = "libc.so",
		.reason = "posix_spawn() is asked for no change of directory, closefrom or terminal",
		.from = { "__spawni_child" },
		.to = { "chdir", "fchdir", "tcsetpgrp", "closefrom", "__closefrom_fallback", "close_range" },
		.unless = { "posix_spawn_file_actions_addchdir_np", "posix_spawn_file_actions_addfchdir_np",
			    "posix_spawn_file_actions_addclosefrom_np", "posix_spawn_file_actions_addtcsetpgrp_np" },
		.rests_on = { "__spawni_child", "posix_spawn_file_actions_init", "posix_spawn_file_actions_adddup2",
			      "posix_spawn_file_actions_addopen", "posix_spawn_file_actions_addclose" },
		.shape = "b4c793c00a750d7c",
	},
	{
		/* Every look-up of hosts and networks goes through these; users, groups and services have no module dns. */
		.object = "libc.so",
		.reason = "nothing looks up hosts or networks, which alone have the service dns",
		.from = { "module_load_builtin" },
		.to = { "__nss_dns_functions" },
		.unless = { "getaddrinfo", "gethostbyname", "gethostbyname_r", "gethostbyname2", "gethostbyname2_r",
			    "gethostbyaddr", "gethostbyaddr_r", "getnetbyname_r", "getnetbyaddr_r", "gethostent_r",
			    "getnetent_r", "__nss_configure_lookup" },
		.rests_on = { "module_load_builtin", "__nss_dns_functions" },
		.shape = "3fb50a301c2f9f8a",
	},
	{
		.object = "libc.so",
		.reason = "threads are started without scheduling attributes: nothing calls pthread_attr_setsched… or …setaffinity_np()",
		.from = { "create_thread", "start_thread", "__pthread_create_2_1" },
		.to = { "sched_setscheduler", "sched_setaffinity", "__sched_setaffinity_new" },
		.unless = { "pthread_attr_setschedparam", "pthread_attr_setschedpolicy", "pthread_attr_setinheritsched",
			    "pthread_attr_setaffinity_np", "pthread_setattr_default_np" },
		.rests_on = { "__pthread_create_2_1", "create_thread", "__pthread_attr_init" },
		.shape = "f509a09428befe82",
	},
	{
		.object = "ld-linux",
		.reason = "policy: the loader is not started as a program of its own",
		.from = { "dl_main" },
		.to = { "_dl_print_diagnostics", "_dl_help", "_dl_usage", "_dl_version", "rtld_chain_load" },
		.rests_on = { "dl_main" },
		.shape = "1af62ec7df7a1583",
	},
	{
		.object = "libc.so",
		.reason = "policy: the kernel has clone3, without which clone is called",
		.from = { "__clone_internal" },
		.to = { "clone" },
		.rests_on = { "__clone_internal" },
		.shape = "cea7c855ca8a1f54",
	},
	{
		.object = "ld-linux",
		.reason = "policy: LD_PROFILE is not set",
		.from = { "dl_main", "dl_open_worker_begin", "_dl_relocate_object" },
		.to = { "_dl_start_profile" },
		.rests_on = { "_dl_start_profile" },
		.shape = "331172553d37e67c",
	},
};

/* Sites inside a function whose other sites stay. */
static const struct site_guard {
	const char *object, *function, *call, *reason, *shape;
} site_guards[] = {
	{ "libc.so", "faccessat", "faccessat", "policy: the kernel has faccessat2, without which this is called", "099a9f5367b78924" },
};

/* The unit that begins where a symbol of this name, local or exported, says. */
static bool unit_named(const struct member *m, const char *name, size_t *ret)
{
	for (size_t i = 0; i < m->o.local_count; i++) {
		const struct symbol *s = &m->o.locals[i];

		if (!strcmp(s->name, name) || (!strncmp(s->name, "__GI_", 5) && !strcmp(s->name + 5, name)))
			return units_index(&m->u, s->at, ret);
	}
	return false;
}

static bool shape_is(struct member *m, const struct guard *g)
{
	struct buf text = { 0 };

	for (unsigned i = 0; i < MOST_NAMES && g->rests_on[i]; i++) {
		size_t unit;

		if (!unit_named(m, g->rests_on[i], &unit))
			return false;
		shape_add(m, unit, &text);
	}
	if (!strcmp(shape_hash(&text), g->shape))
		return true;
	strings_add_once(&m->not_known, format("%s (shape %s)", g->reason, shape_hash(&text)));
	return false;
}

static void add_cut(struct member *m, size_t from, size_t to, uint32_t guard)
{
	m->cuts = xrealloc(m->cuts, m->cut_count + 1, sizeof(*m->cuts));
	m->cuts[m->cut_count++] = (struct cut){ .from = (uint32_t)from, .to = (uint32_t)to, .guard = guard };
}

void guards_find(struct member *m)
{
	if (!m->o.bounded_data)
		return;
	for (uint32_t g = 0; g < COUNT(guards); g++) {
		if (strncmp(m->o.name, guards[g].object, strlen(guards[g].object)) || !shape_is(m, &guards[g]))
			continue;
		for (unsigned i = 0; i < MOST_NAMES && guards[g].from[i]; i++) {
			for (unsigned j = 0; j < MOST_NAMES && guards[g].to[j]; j++) {
				size_t from, to;

				if (unit_named(m, guards[g].from[i], &from) && unit_named(m, guards[g].to[j], &to))
					add_cut(m, from, to, g);
			}
		}
	}
}

bool guards_cut(const struct member *m, size_t from, size_t to, uint32_t *ret_guard)
{
	for (size_t i = 0; i < m->cut_count; i++) {
		if (m->cuts[i].from == from && m->cuts[i].to == to) {
			*ret_guard = m->cuts[i].guard;
			return !guards_open(m, *ret_guard);
		}
	}
	return false;
}

bool guards_open(const struct member *m, uint32_t guard)
{
	for (unsigned i = 0; i < MOST_NAMES && guards[guard].unless[i]; i++) {
		size_t unit;

		if (unit_named(m, guards[guard].unless[i], &unit) && m->u.at[unit].reached)
			return true;
	}
	return false;
}

const char *guards_reason(uint32_t guard)
{
	return guards[guard].reason;
}

const char *guards_site(struct member *m, uint64_t at, const char *call)
{
	for (size_t i = 0; i < COUNT(site_guards); i++) {
		const struct site_guard *g = &site_guards[i];
		struct buf text = { 0 };
		size_t unit;

		if (strcmp(g->call, call) || strncmp(m->o.name, g->object, strlen(g->object)) || !m->o.bounded_data ||
		    !unit_named(m, g->function, &unit) || at < m->u.at[unit].start || at >= m->u.at[unit].end)
			continue;
		shape_add(m, unit, &text);
		if (!strcmp(shape_hash(&text), g->shape))
			return g->reason;
		strings_add_once(&m->not_known, format("%s (shape %s)", g->reason, shape_hash(&text)));
	}
	return NULL;
}
