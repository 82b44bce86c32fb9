/* The number comes from a table by an index that is known only at run time. */
#include "hide.h"
static const short numbers[] = { 39, 148, 102, 104 };
int main(int argc, char **argv) { (void)argv; return enter(numbers[argc & 3]) == 0; }
