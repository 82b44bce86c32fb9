/* Pseudo-terminals (fs/dev/pty.c) and the file system of their names (fs/dev/devpts.c). */
#ifndef FS_DEV_PTY_H
#define FS_DEV_PTY_H

#include <core/kernel.h>

#define PTY_MAJOR 136u
#define PTY_MAX   256u /* minor numbers that follow each other in st_rdev */

/** devpts_add() - /dev/pts/@index comes to be; devpts_remove() - and goes. 0; -ENODEV: not mounted; -ENOMEM. */
int devpts_add(unsigned index);
void devpts_remove(unsigned index);

#endif
