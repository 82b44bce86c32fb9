/* What the image and the loader brought along (core/boot_area.c, include/whittle/bootarea.h): the boot area behind the
 * kernel, and an initrd, which may be a boot area or a bare EROFS image. */
#ifndef CORE_BOOT_AREA_H
#define CORE_BOOT_AREA_H

#include <whittle/bootarea.h>

struct boot_item {
	enum bootarea_type type;
	const void *data; /* in the direct map; stays for good */
	paddr_t paddr;
	size_t size;
};

/** boot_area_init() - find and check them, and put their memory on boot_info.reserved. Before page_init(). */
void boot_area_init(void);
/** boot_area_item() - the @index-th item of a type: those of the boot area first, the initrd's next. */
bool boot_area_item(enum bootarea_type type, unsigned index, struct boot_item *out);

#endif
