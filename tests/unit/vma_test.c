/* The tree of mappings against a plain list: order, balance, gaps. */
/* UNIT: mm/vma.c */
#include <mm/vma.h>

#include "tests/unit/tap.h"

#define SPAN  400u /* pages of the address space that is played in */
#define HIGH  (VMA_LOWEST + SPAN * PAGE_SIZE)

static struct vma *at_page[SPAN]; /* who covers it */

static uint64_t address(unsigned page)
{
	return VMA_LOWEST + page * PAGE_SIZE;
}

static unsigned page_number(uint64_t va)
{
	return (unsigned)((va - VMA_LOWEST) / PAGE_SIZE);
}

/* Return: height of the subtree, or -1 if something is wrong in it. */
static int check_subtree(const struct vma *v, uint64_t *max_gap)
{
	uint64_t left_gap = 0, right_gap = 0, own;
	int left, right;

	if (!v) {
		*max_gap = 0;
		return 0;
	}
	left = check_subtree(v->left, &left_gap);
	right = check_subtree(v->right, &right_gap);
	own = v->start - (v->prev ? v->prev->end : VMA_LOWEST);
	*max_gap = MAX(left_gap, right_gap);
	*max_gap = MAX(own, *max_gap);
	if (left < 0 || right < 0 || left > right + 1 || right > left + 1)
		return -1;
	if (v->max_gap != *max_gap || (int)v->height != 1 + MAX(left, right))
		return -1;
	if ((v->left && (v->left->parent != v || v->left->start >= v->start)) ||
	    (v->right && (v->right->parent != v || v->right->start <= v->start)))
		return -1;
	return 1 + MAX(left, right);
}

static bool tree_good(const struct vma_tree *t)
{
	uint64_t gap;
	const struct vma *before = NULL;

	if (check_subtree(t->root, &gap) < 0 || (t->root && t->root->parent))
		return false;
	for (const struct vma *v = t->first; v; v = v->next) {
		if (v->prev != before || (before && before->end > v->start))
			return false;
		before = v;
	}
	return true;
}

static bool list_good(const struct vma_tree *t)
{
	const struct vma *v = t->first;

	for (unsigned i = 0; i < SPAN; i++) {
		while (v && v->end <= address(i))
			v = v->next;
		if (at_page[i] != (v && v->start <= address(i) ? v : NULL))
			return false;
	}
	return true;
}

static uint64_t gap_by_search(uint64_t length, uint64_t high)
{
	for (uint64_t at = high - length; at >= VMA_LOWEST && at < high; at -= PAGE_SIZE) {
		bool good = true;

		for (uint64_t p = at; p < at + length; p += PAGE_SIZE)
			good &= !at_page[page_number(p)];
		if (good)
			return at;
	}
	return 0;
}

static void cover(struct vma *v, struct vma *by)
{
	for (uint64_t p = v->start; p < v->end; p += PAGE_SIZE)
		at_page[page_number(p)] = by;
}

static void remove_one(struct vma_tree *t, struct vma *v)
{
	cover(v, NULL);
	vma_remove(t, v);
	host_free(v);
}

static void add_one(struct vma_tree *t, uint64_t start, unsigned pages)
{
	struct vma *v = host_alloc(sizeof(*v), 8);

	v->start = start;
	v->end = start + pages * PAGE_SIZE;
	vma_insert(t, v);
	cover(v, v);
}

int main(void)
{
	struct vma_tree tree = { 0 };
	bool good = true, same = true, gaps = true, finds = true;

	is((long long)vma_find_gap(&tree, PAGE_SIZE, HIGH), (long long)(HIGH - PAGE_SIZE), "an empty tree is one gap");
	is((long long)vma_find_gap(&tree, HIGH, HIGH), 0, "more than there is has no place");
	for (unsigned round = 0; round < 20000; round++) {
		unsigned page = host_random() % SPAN, pages = 1 + host_random() % 8;
		uint64_t high = address(1 + host_random() % SPAN), place;
		struct vma *v = at_page[page];

		if (v && host_random() % 4) {
			remove_one(&tree, v);
		} else if (v && v->end - v->start > PAGE_SIZE) {
			cover(v, NULL);
			vma_move_bounds(v, v->start + (round & 1) * PAGE_SIZE, v->end - (~round & 1) * PAGE_SIZE);
			cover(v, v);
		} else if (!v) {
			unsigned room = 0;

			while (room < pages && page + room < SPAN && !at_page[page + room])
				room++;
			add_one(&tree, address(page), room);
		}
		if (round % 7 == 0)
			good &= tree_good(&tree);
		if (round % 50 == 0)
			same &= list_good(&tree);
		place = vma_find_gap(&tree, pages * PAGE_SIZE, high);
		gaps &= place == gap_by_search(pages * PAGE_SIZE, high);
		v = vma_find(&tree, address(page));
		finds &= at_page[page] ? v == at_page[page] : !v || v->start > address(page);
	}
	ok(good, "the tree stays balanced, ordered, and knows its gaps");
	ok(same, "its list has what was put in");
	ok(gaps, "the highest gap that fits is found, below any limit");
	ok(finds, "an address finds its mapping");
	while (tree.first)
		remove_one(&tree, tree.first);
	ok(!tree.root, "emptied");
	return tap_done();
}
