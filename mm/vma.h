/* Mappings of one address space: an AVL tree by address that knows the largest gap below each node (mm/vma.c).
 *
 * Locking: the address space's lock, for everything. The tree does not own the nodes.
 */
#ifndef MM_VMA_H
#define MM_VMA_H

#include <arch/mmu.h>

struct vm_object;

#define VMA_LOWEST 65536ul /* no mapping lies below: a NULL pointer with an offset faults */

#define VMA_SHARED    1u
#define VMA_GROWSDOWN 2u
#define VMA_NEVER_WRITE 4u /* mprotect() may not make it writable: its file was opened for reading */
#define VMA_NORESERVE 8u  /* its pages do not count as committed when it becomes writable */
#define VMA_ACCOUNT   16u /* its pages count as committed */
#define VMA_LOCKED    32u /* mlock(2): its pages stay */
#define VMA_HUGE      64u /* huge pages are wanted: MADV_HUGEPAGE */
#define VMA_NOHUGE    128u /* MADV_NOHUGEPAGE */

struct vma {
	struct vma *left, *right, *parent;
	struct vma *prev, *next;  /* neighbours by address */
	uint64_t start, end;      /* bytes, page-aligned */
	uint64_t max_gap;         /* largest gap before a node of this subtree */
	uint32_t height;          /* of this subtree; a leaf has 1 */
	uint8_t prot;             /* PROT_* */
	uint16_t flags;           /* VMA_* */
	mmu_entry bits;           /* an entry with all rights of prot, without an address */
	struct vm_object *object; /* ref; NULL: anonymous */
	uint64_t index;           /* page of the object at start */
};

struct vma_tree {
	struct vma *root;
	struct vma *first;
};

/** vma_find() - the first mapping that ends above @address, or NULL. */
struct vma *vma_find(const struct vma_tree *t, uint64_t address);
/** vma_insert() - @v overlaps no other. */
void vma_insert(struct vma_tree *t, struct vma *v);
void vma_remove(struct vma_tree *t, struct vma *v);
/** vma_move_bounds() - change start and end, without passing a neighbour. */
void vma_move_bounds(struct vma *v, uint64_t start, uint64_t end);
/** vma_find_gap() - the highest address at which @length bytes are free and end at or below @high; 0: none. */
uint64_t vma_find_gap(const struct vma_tree *t, uint64_t length, uint64_t high);

#endif
