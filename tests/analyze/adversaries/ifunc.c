/* It happens while the loader asks which function to take. */
#include "hide.h"
static int chosen(void) { return 0; }
static void *choose(void) { enter(148); return (void *)chosen; }
int pick(void) __attribute__((ifunc("choose")));
int main(void) { return pick(); }
