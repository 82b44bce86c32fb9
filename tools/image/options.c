/* The options that say what an image is (options.h). */
#include "options.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

enum { OPTION_ROOT = OPTION_FIRST_FREE + 100, OPTION_COPY, OPTION_ENV_FILE, OPTION_HOSTNAME, OPTION_DNS };

static enum root_place parse_place(const char *arg)
{
	static const char *const places[] = { "embed", "file", "none" };
	struct strings names = { 0 };

	for (unsigned i = 0; i < COUNT(places); i++) {
		if (!strcmp(arg, places[i]))
			return (enum root_place)i;
		strings_add(&names, places[i]);
	}
	fail("--root %s: it is one of embed, file, none%s", arg, nearest(arg, &names));
}

/* As docker has it: NAME=VALUE a line, a NAME alone is taken from the tool's own environment, # begins a comment. */
static void read_env_file(struct image_request *request, const char *path)
{
	struct buf file = { 0 };
	char *rest, *line;
	unsigned number = 0;

	must_read(path, &file);
	if (memchr(file.data ? file.data : "", '\0', file.size))
		fail("--env-file %s: it is not a text file", path);
	for (rest = file.data; (line = strsep(&rest, "\n")) != NULL;) {
		size_t length;

		number++;
		line += strspn(line, " \t");
		length = strlen(line);
		if (length && line[length - 1] == '\r')
			line[--length] = '\0';
		if (!length || *line == '#')
			continue;
		if (*line == '=' || strcspn(line, " \t") < strcspn(line, "="))
			fail("--env-file %s: line %u is not NAME=VALUE", path, number);
		if (strchr(line, '='))
			strings_add(&request->env_file, line);
		else if (getenv(line))
			strings_add(&request->env_file, format("%s=%s", line, getenv(line)));
	}
}

static void check_user(const char *arg)
{
	const char *colon = strchr(arg, ':');
	unsigned long n;

	if (!parse_number(colon ? xstrndup(arg, (size_t)(colon - arg)) : arg, 0, 4294967294ul, &n) ||
	    (colon && !parse_number(colon + 1, 0, 4294967294ul, &n)))
		fail("-u %s: it takes UID or UID:GID, numbers", arg);
}

static void check_hostname(const char *arg)
{
	size_t length = strlen(arg);

	if (!length || length > 64 || arg[strspn(arg, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-")])
		fail("--hostname %s: it takes at most 64 letters, digits, dots and hyphens", arg);
}

static void check_dns(const char *arg)
{
	struct in6_addr address;

	if (inet_pton(AF_INET, arg, &address) != 1 && inet_pton(AF_INET6, arg, &address) != 1)
		fail("--dns %s: it takes an IP address", arg);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct image_request *request = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &request->selection;
		return 0;
	case OPTION_ROOT:
		request->place = parse_place(arg);
		return 0;
	case OPTION_COPY:
		strings_add(&request->copies, arg);
		return 0;
	case 'e':
		strings_add(&request->env, arg);
		return 0;
	case 'w':
		request->directory = arg;
		return 0;
	case 'u':
		check_user(arg);
		request->user = arg;
		return 0;
	case 'f':
		request->described = true; /* parse_options() put its contents before the other words */
		return 0;
	case OPTION_ENV_FILE:
		read_env_file(request, arg);
		return 0;
	case OPTION_HOSTNAME:
		check_hostname(arg);
		request->hostname = arg;
		return 0;
	case OPTION_DNS:
		check_dns(arg);
		if (request->dns.count == 3)
			fail("--dns %s: a program's libc asks three servers at most", arg);
		strings_add(&request->dns, arg);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_option options[] = {
	{ "root", OPTION_ROOT, "WHERE", 0,
	  "the root file system: embed (in the image; the default), file (IMAGE.erofs beside it), none", 0 },
	{ "copy", OPTION_COPY, "HOST:GUEST", 0, "put a file or directory into the root; what a program needs comes along", 0 },
	{ "env", 'e', "NAME=VALUE", 0, "set a variable of the program's environment", 0 },
	{ "env-file", OPTION_ENV_FILE, "FILE", 0, "variables from a file, NAME=VALUE a line; those of -e win", 0 },
	{ "workdir", 'w', "DIR", 0, "the directory that the program starts in (default: /)", 0 },
	{ "user", 'u', "UID[:GID]", 0, "the user that the program runs as (default: 0:0)", 0 },
	{ "hostname", OPTION_HOSTNAME, "NAME", 0, "the machine's name (default: whittle)", 0 },
	{ "dns", OPTION_DNS, "ADDRESS", 0, "a name server, instead of those that DHCP tells of", 0 },
	{ "file", 'f', "FILE", 0,
	  "read options from FILE, JSON: each long option is a key, \"source\" and \"args\" are the other words; IMAGE.json "
	  "is one, too", 0 },
	{ 0 },
};
static const struct argp_child children[] = { { &selection_argp, 0, NULL, 0 }, { 0 } };
const struct argp image_argp = { .options = options, .parser = parse, .children = children };
