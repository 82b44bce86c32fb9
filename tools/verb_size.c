#include "verbs.h"
int verb_size(int argc, char **argv){(void)argc;(void)argv;return 2;}
