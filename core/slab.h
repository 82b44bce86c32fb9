/* Kernel memory by size (core/slab.c): classes of objects cut from pages, free lists per processor.
 *
 * Objects are aligned to 16 bytes, those of a power-of-two size to their size up to a cache line. kfree(NULL) is fine.
 * Context: any, interrupts included. NULL means that memory is short, and every caller has an answer to it.
 */
#ifndef CORE_SLAB_H
#define CORE_SLAB_H

void *kmalloc(size_t size) __must_check __attribute__((malloc, alloc_size(1)));
void *kzalloc(size_t size) __must_check __attribute__((malloc, alloc_size(1)));
/** kmalloc_array() - @n objects of @size bytes; NULL also if the product overflows. */
void *kmalloc_array(size_t n, size_t size) __must_check;
/** krealloc() - move to a new size, contents kept; on NULL the old object is untouched. */
void *krealloc(void *old, size_t size) __must_check;
void kfree(const void *p);
/** kmalloc_usable() - bytes that the object at @p really has. */
size_t kmalloc_usable(const void *p);
char *kstrdup(const char *text) __must_check;

#endif
