/* The script for gdb, tools/run/gdb.py, within the tool. */
#include "run.h"

__asm__(".pushsection .rodata\ngdb_script:\n\t.incbin \"tools/run/gdb.py\"\n\t.byte 0\n\t.popsection");
extern const char gdb_script[] __attribute__((visibility("hidden")));

const char *gdb_script_text(void)
{
	return gdb_script;
}
