/* Behind a tail call. */
#include "hide.h"
static __attribute__((noinline)) long hidden(void) { return enter(148); }
__attribute__((noinline, optimize("O2"))) long behind(int n) { return n > 9 ? 0 : hidden(); }
int main(int argc, char **argv) { (void)argv; return behind(argc) < 0; }
