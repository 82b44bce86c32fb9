/* System calls on memory: mmap(2) to mincore(2). They check what Linux checks and call mm/.
 *
 * Nothing is ever paged out, so that locking memory is filling it in. Left out: huge pages on request, remap_file_pages. */
#include <abi/syscall.h>
#include <core/process.h>
#include <core/uaccess.h>
#include <fs/file.h>
#include <fs/files.h>
#include <linux/mman.h>
#include <mm/mm.h>

COMPONENT("memory-calls", "system calls of memory: mmap and its family");

#define PROT_ALL (PROT_READ | PROT_WRITE | PROT_EXEC)
#define MINCORE_CHUNK 256u

/* Partial: not MAP_HUGETLB; the system chooses huge pages by itself. */
long sys_mmap(unsigned long address, unsigned long length, unsigned long prot, unsigned long flags, unsigned long fd,
	      unsigned long offset);
long sys_munmap(unsigned long address, unsigned long length);
long sys_mprotect(unsigned long address, unsigned long length, unsigned long prot);
long sys_mremap(unsigned long old, unsigned long old_length, unsigned long new_length, unsigned long flags,
		unsigned long target);
long sys_madvise(unsigned long address, unsigned long length, int advice);
long sys_brk(unsigned long address);
long sys_msync(unsigned long address, unsigned long length, int flags);
long sys_mincore(unsigned long address, unsigned long length, unsigned char __user *out);
/* Partial: memory is filled in: nothing is ever paged out. */
long sys_mlock(unsigned long address, unsigned long length);
long sys_mlock2(unsigned long address, unsigned long length, int flags);
long sys_munlock(unsigned long address, unsigned long length);
long sys_mlockall(int flags);
long sys_munlockall(void);

/* Map a file. Linux's checks, in its order. */
static long map_file(unsigned long address, unsigned long length, int prot, int flags, struct file *f,
		     unsigned long offset)
{
	bool shared = (flags & MAP_TYPE) != MAP_PRIVATE;
	struct vm_object *object = NULL;
	long r;

	if (!length || ((flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)) && (address & ~PAGE_MASK)))
		return -EINVAL;
	if (!FILE_READABLE(f) || (shared && (prot & PROT_WRITE) && !FILE_WRITABLE(f)))
		return -EACCES;
	if (shared && !FILE_WRITABLE(f))
		prot |= MM_PROT_NEVER_WRITE;
	if (!f->ops->mmap)
		return -ENODEV;
	r = f->ops->mmap(f, &object, (unsigned)prot & PROT_ALL, (unsigned)flags);
	if (r)
		return r;
	r = mm_map(current->process->mm, address, length, prot, flags, object, offset);
	if (object)
		object->ops->put(object);
	return r;
}

long sys_mmap(unsigned long address, unsigned long length, unsigned long prot, unsigned long flags, unsigned long fd,
	      unsigned long offset)
{
	unsigned long type = flags & MAP_TYPE;
	struct file *f;
	long r;

	if (offset & ~PAGE_MASK)
		return -EINVAL;
	prot &= PROT_ALL;
	if (flags & MAP_ANONYMOUS) {
		if (type != MAP_PRIVATE && type != MAP_SHARED)
			return -EINVAL;
		if (flags & MAP_HUGETLB)
			return -ENOMEM;
		return mm_map(current->process->mm, address, length, (int)prot, (int)flags, NULL, 0);
	}
	f = fd_get((int)fd);
	if (!f)
		return -EBADF;
	r = type >= MAP_SHARED && type <= MAP_SHARED_VALIDATE
		    ? map_file(address, length, (int)prot, (int)flags & ~MAP_GROWSDOWN, f, offset)
		    : -EINVAL;
	file_put(f);
	return r;
}
SYSCALL(mmap);

long sys_munmap(unsigned long address, unsigned long length)
{
	return mm_unmap(current->process->mm, address, length);
}
SYSCALL(munmap);

long sys_mprotect(unsigned long address, unsigned long length, unsigned long prot)
{
	if (prot & ~(unsigned long)(PROT_ALL | PROT_SEM | PROT_GROWSDOWN) && !(address & ~PAGE_MASK) && length)
		return address + ALIGN_UP(length, PAGE_SIZE) <= address ? -ENOMEM : -EINVAL;
	return mm_protect(current->process->mm, address, length, (int)prot);
}
SYSCALL(mprotect);

long sys_mremap(unsigned long old, unsigned long old_length, unsigned long new_length, unsigned long flags,
		unsigned long target)
{
	return mm_remap(current->process->mm, old, old_length, new_length, (int)flags, target);
}
SYSCALL(mremap);

long sys_madvise(unsigned long address, unsigned long length, int advice)
{
	return mm_advise(current->process->mm, address, length, advice);
}
SYSCALL(madvise);

long sys_brk(unsigned long address)
{
	return mm_brk(current->process->mm, address);
}
SYSCALL(brk);

/* What a shared mapping writes is in the file's own pages; those of a disk are carried over to it. */
long sys_msync(unsigned long address, unsigned long length, int flags)
{
	if ((flags & ~(MS_ASYNC | MS_INVALIDATE | MS_SYNC)) || (address & ~PAGE_MASK) ||
	    ((flags & MS_ASYNC) && (flags & MS_SYNC)))
		return -EINVAL;
	if (address + ALIGN_UP(length, PAGE_SIZE) < address)
		return -ENOMEM;
	length = ALIGN_UP(length, PAGE_SIZE); /* to 0, if it is that long: as Linux */
	return flags & MS_SYNC ? mm_sync(current->process->mm, address, length)
			       : mm_mapped(current->process->mm, address, length);
}
SYSCALL(msync);

long sys_mincore(unsigned long address, unsigned long length, unsigned char __user *out)
{
	unsigned long pages = (length >> PAGE_SHIFT) + ((length & ~PAGE_MASK) != 0);
	uint8_t chunk[MINCORE_CHUNK];

	if (address & ~PAGE_MASK)
		return -EINVAL;
	if (length > current->process->mm->limit || address > current->process->mm->limit - length)
		return -ENOMEM;
	if (!user_range_ok(out, pages))
		return -EFAULT;
	while (pages) {
		unsigned long n = MIN(pages, (unsigned long)MINCORE_CHUNK);
		long r = mm_resident(current->process->mm, address, n, chunk);

		if (r)
			return r;
		if (copy_to_user(out, chunk, n))
			return -EFAULT;
		address += n << PAGE_SHIFT;
		out += n;
		pages -= n;
	}
	return 0;
}
SYSCALL(mincore);

long sys_mlock(unsigned long address, unsigned long length)
{
	return mm_lock(current->process->mm, address, length, MM_LOCK);
}
SYSCALL(mlock);

long sys_mlock2(unsigned long address, unsigned long length, int flags)
{
	if (flags & ~MLOCK_ONFAULT)
		return -EINVAL;
	return mm_lock(current->process->mm, address, length, flags ? MM_LOCK_ON_FAULT : MM_LOCK);
}
SYSCALL(mlock2);

long sys_munlock(unsigned long address, unsigned long length)
{
	return mm_lock(current->process->mm, address, length, 0);
}
SYSCALL(munlock);

long sys_mlockall(int flags)
{
	unsigned how = flags & MCL_ONFAULT ? MM_LOCK_ON_FAULT : MM_LOCK;

	if (!flags || flags & ~(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) || flags == MCL_ONFAULT)
		return -EINVAL;
	return mm_lock_all(current->process->mm, flags & MCL_CURRENT ? how : 0, flags & MCL_FUTURE ? how : 0);
}
SYSCALL(mlockall);

long sys_munlockall(void)
{
	return mm_lock_all(current->process->mm, 0, 0);
}
SYSCALL(munlockall);
