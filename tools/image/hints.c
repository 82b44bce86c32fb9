/* Programs that are known to want a second process, which no kernel of ours gives them yet, and what to say to them. */
#include <string.h>

#include "image.h"

static const struct {
	const char *program, *why;
	const char *instead;  /* arguments that make it one process; NULL: there are none */
	const char *words[2]; /* one of them among the arguments: it was said already */
	const char *asked;    /* only with this one among the arguments; NULL: always */
} known[] = {
	{ "nginx", "worker processes", "-g 'daemon off; master_process off;'", { "master_process off" }, NULL },
	{ "redis-server", "saving, rewriting its log", "--save ''", { "--save" }, NULL },
	{ "haproxy", "going to the background, workers", "-db", { "-db", "-d" }, NULL },
	{ "memcached", "going to the background", NULL, { NULL }, "-d" },
	{ "memcached", "going to the background", NULL, { NULL }, "--daemon" },
	{ "lighttpd", "going to the background", "-D", { "-D" }, NULL },
	{ "apache2", "worker processes", "-X", { "-X", "-DONE_PROCESS" }, NULL },
	{ "httpd", "worker processes", "-X", { "-X", "-DONE_PROCESS" }, NULL },
	{ "dnsmasq", "going to the background, TCP queries", "--no-daemon", { "-d", "--no-daemon" }, NULL },
	{ "named", "going to the background", "-f", { "-f", "-g" }, NULL },
	{ "squid", "worker processes", "-N", { "-N" }, NULL },
	{ "postgres", "a process for each connection", NULL, { "--single" }, NULL },
	{ "php-fpm", "worker processes", NULL, { NULL }, NULL },
	{ "sshd", "a process for each connection", NULL, { NULL }, NULL },
	{ "git", "clone starts git-upload-pack", NULL, { NULL }, "clone" },
	{ "git", "fetch starts the other side or a helper", NULL, { NULL }, "fetch" },
	{ "git", "pull starts git-fetch and git-merge", NULL, { NULL }, "pull" },
	{ "git", "push starts the other side or a helper", NULL, { NULL }, "push" },
	{ "git", "gc starts git-repack", NULL, { NULL }, "gc" },
	{ "git", "repack starts git-pack-objects", NULL, { NULL }, "repack" },
	{ "openssl", "speed -multi", NULL, { NULL }, "-multi" },
	{ "make", "commands", NULL, { NULL }, NULL },
	{ "gcc", "the passes of the compiler", NULL, { NULL }, NULL },
	{ "bash", "every command that is not its own", NULL, { NULL }, NULL },
	{ "dash", "every command that is not its own", NULL, { NULL }, NULL },
	{ "sh", "every command that is not its own", NULL, { NULL }, NULL },
};

static bool said(const struct strings *args, const char *word)
{
	/* A letter's option stands alone, -g of nginx has many words behind it. */
	for (size_t i = 0; word && i < args->count; i++) {
		if (*word == '-' ? !strcmp(args->at[i], word) : strstr(args->at[i], word) != NULL)
			return true;
	}
	return false;
}

void image_hint(const char *program, const struct strings *args)
{
	const char *name = path_base(program);

	for (size_t i = 0; i < COUNT(known); i++) {
		if (strcmp(known[i].program, name) || said(args, known[i].words[0]) || said(args, known[i].words[1]))
			continue;
		if (known[i].asked && !strings_has(args, known[i].asked))
			continue;
		if (known[i].instead)
			warn("%s needs fork (%s): try -- %s", name, known[i].why, known[i].instead);
		else
			warn("%s needs fork (%s), which is not in this kernel yet", name, known[i].why);
	}
}
