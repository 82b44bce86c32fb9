/* clone(2), for the older calls that are said by it (abi/legacy). */
#ifndef ABI_CLONE_H
#define ABI_CLONE_H

long sys_clone(unsigned long flags, unsigned long sp, int32_t __user *parent_tid, int32_t __user *child_tid,
	       unsigned long tls);

#endif
