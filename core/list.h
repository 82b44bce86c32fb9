/* A doubly linked ring with a head. The caller owns the nodes and does the locking. */
#ifndef CORE_LIST_H
#define CORE_LIST_H

struct list {
	struct list *next, *prev;
};

#define LIST_INIT(head) { &(head), &(head) }

static inline void list_init(struct list *head)
{
	head->next = head->prev = head;
}
static inline bool list_empty(const struct list *head)
{
	return head->next == head;
}
static inline void list_insert_(struct list *node, struct list *prev, struct list *next)
{
	node->next = next;
	node->prev = prev;
	next->prev = node;
	prev->next = node;
}
/** list_add() - insert right behind @head: first. */
static inline void list_add(struct list *head, struct list *node)
{
	list_insert_(node, head, head->next);
}
/** list_add_tail() - insert right before @head: last. */
static inline void list_add_tail(struct list *head, struct list *node)
{
	list_insert_(node, head->prev, head);
}
/** list_del() - take @node out; it points to itself afterwards, so that a second call does no harm. */
static inline void list_del(struct list *node)
{
	node->prev->next = node->next;
	node->next->prev = node->prev;
	list_init(node);
}

#define list_entry(node, type, member) container_of(node, type, member)
#define list_first(head, type, member) list_entry((head)->next, type, member)
#define list_last(head, type, member)  list_entry((head)->prev, type, member)

#define list_for_each(it, head, member)                                                            \
	for (it = list_first(head, __typeof__(*it), member); &it->member != (head);                \
	     it = list_first(&it->member, __typeof__(*it), member))

/** list_for_each_safe() - the same where the body may take @it out and free it; @tmp is a second cursor. */
#define list_for_each_safe(it, tmp, head, member)                                                  \
	for (it = list_first(head, __typeof__(*it), member),                                       \
	    tmp = list_first(&it->member, __typeof__(*it), member);                                \
	     &it->member != (head);                                                                \
	     it = tmp, tmp = list_first(&tmp->member, __typeof__(*it), member))

#endif
