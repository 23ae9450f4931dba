/* SPDX-License-Identifier: EUPL-1.2
 * A doubly linked ring of links that lie inside what they link. */
#ifndef BASE_LIST_H
#define BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct list {
	struct list *prev, *next;
};

static inline void list_init(struct list *l) { l->prev = l->next = l; }
static inline bool list_empty(const struct list *l) { return l->next == l; }
static inline bool list_linked(const struct list *l) { return l->next && l->next != l; }

static inline void list_insert_before(struct list *at, struct list *l)
{
	l->prev = at->prev;
	l->next = at;
	at->prev->next = l;
	at->prev = l;
}

static inline void list_push(struct list *head, struct list *l) { list_insert_before(head, l); }
static inline void list_push_front(struct list *head, struct list *l) { list_insert_before(head->next, l); }

static inline void list_remove(struct list *l)
{
	l->prev->next = l->next;
	l->next->prev = l->prev;
	list_init(l);
}

#define list_item(link, type, member) ((type *)(void *)((char *)(link) - offsetof(type, member)))
#define list_each(it, head) for (struct list *it = (head)->next; it != (head); it = it->next)
/* it may be removed while walking */
#define list_each_safe(it, next_, head) \
	for (struct list *it = (head)->next, *next_ = it->next; it != (head); it = next_, next_ = it->next)

#endif
