/* Debug builds only (core/alloc_debug.c): who has what memory, and allocations that fail when they are told to.
 *
 * The allocators call these where they hand out and take back; a kernel without DEBUG=1 has none of it.
 */
#ifndef CORE_ALLOC_DEBUG_H
#define CORE_ALLOC_DEBUG_H

enum alloc_kind { ALLOC_PAGES, ALLOC_OBJECT };

/** alloc_fails() - the allocation that is being made is the one that current->fail_nth counts down to. */
bool alloc_fails(void);
/** alloc_note() - @p, @size bytes, is handed out to the callers on this stack; NULL is fine. */
void alloc_note(const void *p, size_t size, enum alloc_kind kind);
/** alloc_forget() - and given back; @size as before, of objects 0. */
void alloc_forget(const void *p, size_t size, enum alloc_kind kind);
/** alloc_slabs() - so many more pages, or less, are cut into objects: they are not counted as pages. */
void alloc_slabs(long pages);
/** What is handed out now. Context: any. */
void alloc_counts(long *ret_pages, long *ret_objects);
/** alloc_mark() - alloc_show() shows what is handed out from here on. */
void alloc_mark(void);
/** alloc_show() - log what was handed out since alloc_mark() and is still out, by who asked for it. */
void alloc_show(void);

#endif
