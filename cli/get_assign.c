/* Which URL goes to which file, and that no two go to one; see get.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "args.h"
#include "cli.h"
#include "get.h"
#include "names.h"

static int name_item(struct get_options *options, int i)
{
  struct get_item *item = &options->items[i];
  const char *given = i < options->output_count ? options->outputs[i] : NULL;
  if (given || !item->path) {
    free(item->path);
    item->path = given ? cli_need(strdup(given)) : name_from_url(item->url);
    item->by_server = !given && options->server_names;
  }
  if (!item->path)
    return args_complain("get", "'%s' is not a URL", item->url);
  if (!strcmp(item->path, "-")) {
    free(item->path);
    item->path = NULL;
  }
  if (options->resume && !item->path)
    return args_complain("get", "--continue needs a file, not standard output");
  if (options->resume && item->by_server)
    return args_complain("get", "--continue needs to know the file: it does not go with -J");
  return CLI_OK;
}

static int give_sum(struct get_options *options, int i)
{
  const char *text = options->item_sums[i];
  if (sum_parse(text, strlen(text), options->items[i].sum))
    return CLI_OK;
  return args_complain("get", "--sha256 needs 64 hexadecimal digits, not '%s'", text);
}

/* ---- no two of them mix ------------------------------------------------------------------------
 */

static int compare(const void *a, const void *b)
{
  const struct get_item *const *left = a, *const *right = b;
  return strcmp((*left)->path, (*right)->path);
}

/* The item that takes what the other one's part, or what stands beside it, is called. */
static const struct get_item *find_part(const struct get_item **sorted, size_t count,
                                        const struct get_item *item)
{
  static const char *const ends[] = {".part", ".part.etag"};
  const struct get_item **found = NULL;
  for (size_t i = 0; !found && i < sizeof ends / sizeof *ends; i++) {
    struct get_item wanted = {0};
    const struct get_item *key = &wanted;
    if (asprintf(&wanted.path, "%s%s", item->path, ends[i]) < 0)
      cli_need(NULL);
    found = bsearch(&key, sorted, count, sizeof *sorted, compare);
    free(wanted.path);
  }
  return found ? *found : NULL;
}

static int check_sorted(const struct get_item **sorted, size_t count)
{
  for (size_t i = 0; i < count; i++) {
    const struct get_item *item = sorted[i], *other = i ? sorted[i - 1] : NULL;
    if (other && !strcmp(other->path, item->path) && strncmp(item->path, "/dev/", 5) != 0)
      return args_complain("get", "%s and %s would both be stored in %s; name them with -o",
                           other->url, item->url, item->path);
    if ((other = find_part(sorted, count, item)))
      return args_complain("get", "%s would be stored in %s, where %s grows; name it with -o",
                           other->url, other->path, item->path);
  }
  return CLI_OK;
}

static int check_paths(const struct get_options *options)
{
  const struct get_item **sorted = cli_alloc((size_t)options->item_count, sizeof *sorted);
  size_t count = 0;
  int outputs = 0, status = CLI_OK;
  for (int i = 0; i < options->item_count; i++)
    if (!options->items[i].path)
      outputs++;
    else if (!options->items[i].by_server)
      sorted[count++] = &options->items[i];
  qsort(sorted, count, sizeof *sorted, compare);
  if (outputs > 1 && options->parallel > 1)
    status = args_complain("get", "several transfers to standard output need --parallel 1");
  else
    status = check_sorted(sorted, count);
  free(sorted);
  return status;
}

int get_assign(struct get_options *options)
{
  int status = CLI_OK;
  if (!options->item_count)
    return args_complain("get", "there is no URL");
  if (options->output_count > options->item_count)
    return args_complain("get", "there are more -o and -O than URLs");
  if (options->item_sum_count > options->item_count)
    return args_complain("get", "there are more --sha256 than URLs");
  if (options->resume && (options->data || options->accept_errors || options->compressed))
    return args_complain("get",
                         "--continue goes with none of --data, --accept-errors, --compressed");
  for (int i = 0; !status && i < options->item_count; i++)
    status = name_item(options, i);
  for (int i = 0; !status && i < options->item_sum_count; i++)
    status = give_sum(options, i);
  return status ? status : check_paths(options);
}
