/* curl_slist: lists of strings that applications build. They know only the head, so appending walks
 * to the end. */
#include <curl/curl.h>

#include "base/mem.h"

struct curl_slist *curl_slist_append(struct curl_slist *list, const char *data)
{
  if (!data)
    return NULL;
  struct curl_slist *item = sl_malloc(sizeof(*item));
  if (!item)
    return NULL;
  item->data = sl_strdup(data);
  item->next = NULL;
  if (!item->data) {
    sl_free(item);
    return NULL;
  }
  if (!list)
    return item;
  struct curl_slist *last = list;
  while (last->next)
    last = last->next;
  last->next = item;
  return list;
}

void curl_slist_free_all(struct curl_slist *list)
{
  while (list) {
    struct curl_slist *next = list->next;
    sl_free(list->data);
    sl_free(list);
    list = next;
  }
}
