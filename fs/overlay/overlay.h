/* A tmpfs that starts out as a copy of another file system: what makes a read-only root writable (fs/overlay/overlay.c). */
#ifndef FS_OVERLAY_H
#define FS_OVERLAY_H

#include <fs/vfs.h>

extern const char overlay_present[];

/** overlay_super() - @lower's reference moves, also on failure. Return: 0 with one reference in *@out. */
int overlay_super(struct super *lower, struct super **out);

#endif
