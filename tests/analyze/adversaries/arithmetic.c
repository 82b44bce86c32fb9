/* The number is computed. */
#include "hide.h"
int main(int argc, char **argv) { (void)argv; return enter(argc * 148) == 0; }
