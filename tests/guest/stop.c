/* stop default|handle|ignore: says "ready" and waits to be ended, by SIGTERM as its argument says. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static volatile sig_atomic_t told;

static void note(int signo)
{
	told = signo;
}

int main(int argc, char **argv)
{
	const char *how = argc > 1 ? argv[1] : "default";
	struct sigaction action = { .sa_handler = strcmp(how, "handle") ? SIG_IGN : note };

	if (strcmp(how, "default"))
		sigaction(SIGTERM, &action, NULL);
	printf("ready\n");
	fflush(stdout);
	while (!told)
		pause();
	printf("goodbye\n");
	return 7;
}
