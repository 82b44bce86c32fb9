/* A kernel without a layer over its root, for programs that change no files: the root is what the image holds. */
#include <fs/overlay/overlay.h>

__weak int overlay_super(struct super *lower, struct super **out)
{
	*out = lower;
	return 0;
}
