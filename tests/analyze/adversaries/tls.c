/* Its address is in the initial image of thread-local data only. */
#include "hide.h"
static __attribute__((noinline)) long hidden(void) { return enter(148); }
static __thread long (*volatile pointer)(void) = hidden;
int main(void) { return pointer() < 0; }
