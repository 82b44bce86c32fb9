/* A kernel without the vDSO, for programs that ask for no clock that it would tell. */
#include <exec/program.h>

__weak uint64_t vdso_map(struct mm *mm)
{
	return 0;
}
