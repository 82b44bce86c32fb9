/* The tree of mappings: AVL by address (Knuth 3, 6.2.3), augmented by the largest gap in front of a subtree's nodes.
 *
 * Neighbours are linked as well, so that a gap is known without a search. No recursion but in vma_find_gap(), whose
 * depth is the tree's height. */
#include <mm/vma.h>

COMPONENT("mm", "address spaces: mappings, page faults, copy on write");

static uint32_t height_of(const struct vma *v)
{
	return v ? v->height : 0;
}

static uint64_t own_gap(const struct vma *v)
{
	return v->start - (v->prev ? v->prev->end : VMA_LOWEST);
}

/* Compute what @v knows of its subtree. Return: it has changed. */
static bool refresh(struct vma *v)
{
	uint32_t height = 1 + MAX(height_of(v->left), height_of(v->right));
	uint64_t gap = own_gap(v);

	if (v->left)
		gap = MAX(gap, v->left->max_gap);
	if (v->right)
		gap = MAX(gap, v->right->max_gap);
	if (v->height == height && v->max_gap == gap)
		return false;
	v->height = height;
	v->max_gap = gap;
	return true;
}

static void replace_child(struct vma_tree *t, struct vma *parent, struct vma *old, struct vma *new)
{
	if (!parent)
		t->root = new;
	else if (parent->left == old)
		parent->left = new;
	else
		parent->right = new;
	if (new)
		new->parent = parent;
}

/* The right child takes the place of @v. Return: that child. */
static struct vma *rotate_left(struct vma_tree *t, struct vma *v)
{
	struct vma *up = v->right;

	replace_child(t, v->parent, v, up);
	v->right = up->left;
	if (v->right)
		v->right->parent = v;
	up->left = v;
	v->parent = up;
	refresh(v);
	refresh(up);
	return up;
}

static struct vma *rotate_right(struct vma_tree *t, struct vma *v)
{
	struct vma *up = v->left;

	replace_child(t, v->parent, v, up);
	v->left = up->right;
	if (v->left)
		v->left->parent = v;
	up->right = v;
	v->parent = up;
	refresh(v);
	refresh(up);
	return up;
}

/* Make the tree balanced and its numbers right again from @v up, below which something changed. */
static void rebalance(struct vma_tree *t, struct vma *v)
{
	while (v) {
		uint32_t left = height_of(v->left), right = height_of(v->right);

		if (left > right + 1) {
			if (height_of(v->left->left) < height_of(v->left->right))
				rotate_left(t, v->left);
			v = rotate_right(t, v);
		} else if (right > left + 1) {
			if (height_of(v->right->right) < height_of(v->right->left))
				rotate_right(t, v->right);
			v = rotate_left(t, v);
		} else if (!refresh(v)) {
			return;
		}
		v = v->parent;
	}
}

/* The gap before @v has changed. */
static void gap_changed(struct vma *v)
{
	while (v && refresh(v))
		v = v->parent;
}

struct vma *vma_find(const struct vma_tree *t, uint64_t address)
{
	struct vma *v = t->root, *found = NULL;

	while (v) {
		if (v->end > address) {
			found = v;
			if (v->start <= address)
				break;
			v = v->left;
		} else {
			v = v->right;
		}
	}
	return found;
}

void vma_insert(struct vma_tree *t, struct vma *v)
{
	struct vma *parent = NULL, *prev = NULL, **link = &t->root;

	while (*link) {
		parent = *link;
		if (v->start < parent->start) {
			link = &parent->left;
		} else {
			prev = parent;
			link = &parent->right;
		}
	}
	v->left = v->right = NULL;
	v->parent = parent;
	*link = v;
	v->prev = prev;
	v->next = prev ? prev->next : t->first;
	if (prev)
		prev->next = v;
	else
		t->first = v;
	if (v->next)
		v->next->prev = v;
	v->height = 1;
	v->max_gap = own_gap(v);
	rebalance(t, parent);
	gap_changed(v->next);
}

void vma_remove(struct vma_tree *t, struct vma *v)
{
	struct vma *from;

	if (v->prev)
		v->prev->next = v->next;
	else
		t->first = v->next;
	if (v->next)
		v->next->prev = v->prev;
	if (v->left && v->right) {
		struct vma *s = v->next; /* the leftmost node on the right: has no left child */

		from = s->parent == v ? s : s->parent;
		if (s->parent != v) {
			replace_child(t, s->parent, s, s->right);
			s->right = v->right;
			s->right->parent = s;
		}
		s->left = v->left;
		s->left->parent = s;
		replace_child(t, v->parent, v, s);
		s->height = v->height;
		s->max_gap = v->max_gap;
	} else {
		from = v->parent;
		replace_child(t, v->parent, v, v->left ? v->left : v->right);
	}
	rebalance(t, from);
	if (v->next)
		rebalance(t, v->next);
}

void vma_move_bounds(struct vma *v, uint64_t start, uint64_t end)
{
	bool start_moves = start != v->start, end_moves = end != v->end;

	v->start = start;
	v->end = end;
	if (start_moves)
		gap_changed(v);
	if (end_moves)
		gap_changed(v->next);
}

/* The highest place in the gaps before the nodes of @v's subtree. */
static uint64_t gap_below(const struct vma *v, uint64_t length, uint64_t high)
{
	while (v && v->max_gap >= length) {
		uint64_t bottom = v->prev ? v->prev->end : VMA_LOWEST, top = MIN(v->start, high);

		/* To the right all lies above this node's end. */
		if (v->right && v->end < high && high - v->end >= length) {
			uint64_t found = gap_below(v->right, length, high);

			if (found)
				return found;
		}
		if (top > bottom && top - bottom >= length)
			return top - length;
		v = v->left;
	}
	return 0;
}

uint64_t vma_find_gap(const struct vma_tree *t, uint64_t length, uint64_t high)
{
	const struct vma *last = t->root;
	uint64_t bottom;

	while (last && last->right)
		last = last->right;
	bottom = last ? last->end : VMA_LOWEST;
	if (high > bottom && high - bottom >= length)
		return high - length;
	return gap_below(t->root, length, high);
}
