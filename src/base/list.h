/* Intrusive doubly linked list: a node lives inside the thing that it links. A node that is in no list points to
 * itself, so unlinking twice is harmless. */
#ifndef SL_BASE_LIST_H
#define SL_BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct list {
  struct list *next, *prev;
};

#define LIST_ENTRY(node, type, member) ((type *)(void *)((char *)(node)-offsetof(type, member)))
/* `node` may be unlinked in the body, its neighbour `next_` may not. */
#define LIST_FOR_EACH(node, head)                                                                  \
  for (struct list *node = (head)->next, *next_ = node->next; node != (head);                      \
       node = next_, next_ = node->next)

static inline void sl_list_init(struct list *l)
{
  l->next = l->prev = l;
}
static inline bool sl_list_empty(const struct list *l)
{
  return l->next == l;
}
static inline void sl_list_unlink(struct list *node)
{
  node->prev->next = node->next;
  node->next->prev = node->prev;
  sl_list_init(node);
}
static inline void sl_list_push_back(struct list *head, struct list *node)
{
  node->prev = head->prev;
  node->next = head;
  head->prev->next = node;
  head->prev = node;
}
static inline void sl_list_push_front(struct list *head, struct list *node)
{
  sl_list_push_back(head->next, node);
}
static inline struct list *sl_list_pop_front(struct list *head)
{
  struct list *node = head->next;
  if (node == head)
    return NULL;
  sl_list_unlink(node);
  return node;
}
/* All nodes of `from` move to the end of `to`. */
static inline void sl_list_splice(struct list *to, struct list *from)
{
  if (sl_list_empty(from))
    return;
  from->next->prev = to->prev;
  to->prev->next = from->next;
  from->prev->next = to;
  to->prev = from->prev;
  sl_list_init(from);
}

#endif
