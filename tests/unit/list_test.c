/* The ring of core/list.h. UNIT has no source: it is all in the header. */
/* UNIT: */
#include <core/list.h>

#include "tests/unit/tap.h"

struct item {
	int n;
	struct list node;
};

static int digits(struct list *head)
{
	struct item *it;
	int all = 0;

	list_for_each(it, head, node)
		all = all * 10 + it->n;
	return all;
}

int main(void)
{
	struct list head = LIST_INIT(head);
	struct item a = { 1, { NULL, NULL } }, b = { 2, { 0 } }, c = { 3, { 0 } }, *it, *next;

	ok(list_empty(&head), "a new ring is empty");
	list_add(&head, &b.node);
	list_add(&head, &a.node);
	list_add_tail(&head, &c.node);
	is(digits(&head), 123, "first, last and order");
	list_del(&b.node);
	list_del(&b.node);
	is(digits(&head), 13, "deleting twice does no harm");
	list_for_each_safe(it, next, &head, node)
		list_del(&it->node);
	ok(list_empty(&head), "the body of list_for_each_safe may delete");
	return tap_done();
}
