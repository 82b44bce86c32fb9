/* Programs that are known to want a second process, which no kernel of ours gives them yet, and what to say to them. */
#include <string.h>

#include "image.h"

static const struct {
	const char *program, *why;
	const char *instead;     /* arguments that make it one process; NULL: there are none */
	const char *words[2];    /* one of them among the arguments: it was said already */
} known[] = {
	{ "nginx", "worker processes", "-g 'daemon off; master_process off;'", { "master_process off" } },
	{ "apache2", "worker processes", "-X", { "-X", "-DONE_PROCESS" } },
	{ "httpd", "worker processes", "-X", { "-X", "-DONE_PROCESS" } },
	{ "lighttpd", "going to the background", "-D", { "-D" } },
	{ "dnsmasq", "going to the background, TCP queries", "--no-daemon", { "-d", "--no-daemon" } },
	{ "named", "going to the background", "-f", { "-f", "-g" } },
	{ "squid", "worker processes", "-N", { "-N" } },
	{ "postgres", "a process for each connection", "--single", { "--single" } },
	{ "php-fpm", "worker processes", NULL, { NULL } },
	{ "sshd", "a process for each connection", NULL, { NULL } },
	{ "make", "commands", NULL, { NULL } },
	{ "gcc", "the passes of the compiler", NULL, { NULL } },
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
		if (known[i].instead)
			warn("%s needs fork (%s): try -- %s", name, known[i].why, known[i].instead);
		else
			warn("%s needs fork (%s), which is not in this kernel yet", name, known[i].why);
	}
}
