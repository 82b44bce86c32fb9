/* The function that enters stands only in a table of pointers. */
#include "hide.h"
static long hidden(void) { return enter(148); }
static long plain(void) { return 0; }
static long (*const table[])(void) = { plain, hidden };
int main(int argc, char **argv) { (void)argv; return table[argc & 1]() == 0; }
