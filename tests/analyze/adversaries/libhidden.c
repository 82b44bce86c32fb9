/* The library of the programs that say LIBRARY. */
#include "hide.h"
long hidden(long n);
long hidden(long n) { return enter(n); }
