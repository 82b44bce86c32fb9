/* The number goes through a variable that another function sets by its address. */
#include "hide.h"
static long number;
__attribute__((noinline)) static void set(long *to) { *to = 74 * 2; }
int main(void) { set(&number); return enter(number) == 0; }
