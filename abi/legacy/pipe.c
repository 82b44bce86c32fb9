/* pipe(2). */
#include <abi/pipe.h>
#include <abi/syscall.h>

COMPONENT("pipe", "pipes and FIFOs");

long sys_pipe(int __user *fds)
{
	return pipe_user(fds, 0);
}
SYSCALL(pipe);
