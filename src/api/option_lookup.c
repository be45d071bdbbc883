/* curl_easy_option_by_name(), _by_id() and _next(): the rows of options.def as libcurl's public
 * list, older names marked as such. The list is sorted by name, since options.def is (a test sees
 * to it). */
#include <curl/curl.h>

#include "base/text.h"

static const struct curl_easyoption list[] = {
#define ROW(NAME, TYPE, flags) {#NAME, CURLOPT_##NAME, CURLOT_##TYPE, flags},
#define OPT(NAME, TYPE, KIND, topic, field, low, high, dflt) ROW(NAME, TYPE, 0)
#define TWIN(NAME, TYPE, KIND, field, low, high, dflt) ROW(NAME, TYPE, 0)
#define FUN(NAME, TYPE, function) ROW(NAME, TYPE, 0)
#define GONE(NAME, TYPE, since) ROW(NAME, TYPE, 0)
#define UNKNOWN(NAME, TYPE, since) ROW(NAME, TYPE, 0)
#define LATER(NAME, TYPE, dflt, needs) ROW(NAME, TYPE, 0)
#define ALIAS(NAME, TYPE, CANONICAL) ROW(NAME, TYPE, CURLOT_FLAG_ALIAS)
#include "api/options.def"
    {NULL, (CURLoption)0, CURLOT_LONG, 0},
};

/* In upper case, as the names in the list are: '_' sorts after the letters. */
static int compare(const char *name, const char *listed)
{
  while (*name && sl_upper(*name) == *listed) {
    name++;
    listed++;
  }
  return (unsigned char)sl_upper(*name) - (unsigned char)*listed;
}

const struct curl_easyoption *curl_easy_option_by_name(const char *name)
{
  size_t low = 0, high = sizeof list / sizeof *list - 1;
  while (name && low < high) {
    size_t mid = (low + high) / 2;
    int order = compare(name, list[mid].name);
    if (!order)
      return &list[mid];
    if (order < 0)
      high = mid;
    else
      low = mid + 1;
  }
  return NULL;
}

const struct curl_easyoption *curl_easy_option_by_id(CURLoption id)
{
  for (const struct curl_easyoption *o = list; o->name; o++) {
    if (o->id == id && !(o->flags & CURLOT_FLAG_ALIAS))
      return o;
  }
  return NULL;
}

const struct curl_easyoption *curl_easy_option_next(const struct curl_easyoption *prev)
{
  if (!prev)
    return list;
  return prev->name && prev[1].name ? prev + 1 : NULL;
}
