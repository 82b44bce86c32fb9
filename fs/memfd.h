/* Files in memory without a name (fs/memfd.c): memfd_create(2), and their seals. */
#ifndef FS_MEMFD_H
#define FS_MEMFD_H

#include <fs/file.h>

/** memfd_create() - a new file, open for reading and writing. @seals: F_SEAL_* it starts with. err_ptr(-ENOMEM). */
struct file *memfd_create(const char *name, unsigned seals) __must_check;
/** memfd_seals() - the seals of @f, or -EINVAL if it cannot have any. */
int memfd_seals(struct file *f);
/** memfd_add_seals() - 0, -EPERM, -EINVAL. */
int memfd_add_seals(struct file *f, unsigned seals);

#endif
