/* pkey_alloc(2), pkey_free(2), pkey_mprotect(2) on a processor that has no protection keys, as ours never says it has.
 *
 * Linux answers all that names a key with EINVAL then; the key -1 stands for none, and is plain mprotect(2).
 */
#include <abi/syscall.h>
#include <linux/errno.h>

COMPONENT("memory-calls", "system calls of memory: mmap and its family");

long sys_mprotect(unsigned long address, unsigned long length, unsigned long prot);
long sys_pkey_alloc(unsigned long flags, unsigned long rights);
long sys_pkey_free(int key);
long sys_pkey_mprotect(unsigned long address, unsigned long length, unsigned long prot, int key);

long sys_pkey_alloc(unsigned long flags, unsigned long rights)
{
	return -EINVAL;
}
SYSCALL(pkey_alloc);

long sys_pkey_free(int key)
{
	return -EINVAL;
}
SYSCALL(pkey_free);

long sys_pkey_mprotect(unsigned long address, unsigned long length, unsigned long prot, int key)
{
	return key == -1 ? sys_mprotect(address, length, prot) : -EINVAL;
}
SYSCALL(pkey_mprotect);
