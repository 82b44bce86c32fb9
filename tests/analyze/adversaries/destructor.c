/* It happens after main. */
#include "hide.h"
__attribute__((destructor)) static void late(void) { enter(148); }
int main(void) { return 0; }
