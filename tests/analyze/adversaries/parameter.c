/* The number is an argument, three calls deep, the last a tail call. */
#include "hide.h"
__attribute__((noinline, noclone)) static long third(int unused, long n) { return enter(n + unused - unused); }
__attribute__((noinline, noclone)) static long second(long n, int unused) { return third(unused, n); }
__attribute__((noinline, noclone)) static long first(long n) { return second(n, 7) + 1; }
int main(void) { return first(148) == 0; }
