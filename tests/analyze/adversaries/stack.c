/* The same on the stack. */
#include "hide.h"
__attribute__((noinline)) static void set(long *to) { __asm__ volatile("movq $148, (%0)" : : "r"(to) : "memory"); }
int main(void) { long number = 39; set(&number); return enter(number) == 0; }
