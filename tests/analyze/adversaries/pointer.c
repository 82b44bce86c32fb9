/* The number is given to a function that is called by pointer. */
#include "hide.h"
__attribute__((noinline)) static long call(long n) { return enter(n); }
static long (*volatile by)(long) = call;
int main(void) { return by(148) == 0; }
