/* What pipe has in common with pipe2 (abi/pipe.c). */
#ifndef ABI_PIPE_H
#define ABI_PIPE_H

long pipe_user(int __user *fds, unsigned flags);

#endif
