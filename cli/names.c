/* File names; see names.h. */
#include "names.h"

#include <curl/curl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cli.h"
#include "columns.h"

static const char nameless[] = "index.html";
enum { NAME_BYTES = 240 }; /* 255 is what file systems take */

/* bytes[length] is overwritten. */
static char *clean_name(char *bytes, size_t length)
{
  for (size_t i = 0; i < length; i++)
    if (bytes[i] == '/' || (unsigned char)bytes[i] < ' ' || bytes[i] == 127)
      bytes[i] = '_';
  if (length > NAME_BYTES)
    for (length = NAME_BYTES; length && ((unsigned char)bytes[length] & 0xc0) == 0x80;)
      length--;
  bytes[length] = 0;
  bool bad = !bytes[0] || !strcmp(bytes, ".") || !strcmp(bytes, "..");
  return cli_need(strdup(bad ? nameless : bytes));
}

static CURLU *parse(const char *url)
{
  CURLU *parts = curl_url();
  if (parts && !curl_url_set(parts, CURLUPART_URL, url,
                             CURLU_GUESS_SCHEME | CURLU_NON_SUPPORT_SCHEME | CURLU_PATH_AS_IS))
    return parts;
  curl_url_cleanup(parts);
  return NULL;
}

char *name_from_url(const char *url)
{
  CURLU *parts = parse(url);
  char *path = NULL, *name = NULL;
  if (parts && !curl_url_get(parts, CURLUPART_PATH, &path, 0)) {
    const char *slash = strrchr(path, '/');
    int length = 0;
    char *decoded = curl_easy_unescape(NULL, slash ? slash + 1 : path, 0, &length);
    if (decoded)
      name = clean_name(decoded, (size_t)length);
    curl_free(decoded);
  }
  curl_free(path);
  curl_url_cleanup(parts);
  return name;
}

char *name_shown(const char *url)
{
  CURLU *parts = parse(url);
  char *password = NULL, *shown = NULL, *text = NULL;
  if (parts && !curl_url_get(parts, CURLUPART_PASSWORD, &password, 0) &&
      !curl_url_set(parts, CURLUPART_PASSWORD, "***", 0) &&
      !curl_url_get(parts, CURLUPART_URL, &shown, 0))
    text = cli_need(strdup(shown));
  curl_free(password);
  curl_free(shown);
  curl_url_cleanup(parts);
  return text ? text : cli_need(strdup(url));
}

/* ---- Content-Disposition ------------------------------------------------------------------------
 */

struct parameter {
  const char *name;
  size_t name_length;
  char *value; /* from malloc(), without quotes and escapes */
};

/* The next one from *at, which stands behind a semicolon, and past the next semicolon. */
static bool next_parameter(const char **at, struct parameter *out)
{
  const char *from = *at + strspn(*at, " \t;");
  size_t length = strcspn(from, "=; \t"), used = 0;
  if (!*from)
    return false;
  *out = (struct parameter){from, length, cli_alloc(strlen(from) + 1, 1)};
  from += length;
  from += strspn(from, " \t");
  if (*from == '=') {
    from++;
    from += strspn(from, " \t");
    bool quoted = *from == '"';
    from += quoted;
    while (*from && (quoted ? *from != '"' : !strchr("; \t", *from))) {
      if (quoted && *from == '\\' && from[1])
        from++;
      out->value[used++] = *from++;
    }
  }
  *at = from + strcspn(from, ";");
  return true;
}

/* UTF-8'en'percent%20encoded, RFC 8187. Other character sets are passed over. NULL: it is not so.
 */
static char *decode_extended(const char *value, int *out_length)
{
  static const char charset[] = "UTF-8'";
  if (strncasecmp(value, charset, sizeof charset - 1) != 0)
    return NULL;
  const char *quote = strchr(value + sizeof charset - 1, '\'');
  return quote ? curl_easy_unescape(NULL, quote + 1, 0, out_length) : NULL;
}

/* Only the last part counts, whichever system's slashes these are; and no name of a hidden file,
 * which others may read as their settings. */
static char *served_name(char *bytes, size_t length)
{
  size_t start = length;
  while (start && bytes[start - 1] != '/' && bytes[start - 1] != '\\')
    start--;
  if (start == length)
    return NULL;
  if (bytes[start] == '.')
    bytes[start] = '_';
  char *name = clean_name(bytes + start, length - start);
  columns_clean(name);
  return name;
}

char *name_from_disposition(const char *value)
{
  struct parameter parameter;
  char *plain = NULL, *extended = NULL;
  const char *at = value + strcspn(value, ";");
  while (next_parameter(&at, &parameter)) {
    const char *name = parameter.name;
    int length = 0;
    char *decoded;
    if (parameter.name_length == 8 && !strncasecmp(name, "filename", 8) && !plain)
      plain = served_name(parameter.value, strlen(parameter.value));
    else if (parameter.name_length == 9 && !strncasecmp(name, "filename*", 9) && !extended &&
             (decoded = decode_extended(parameter.value, &length))) {
      extended = served_name(decoded, (size_t)length);
      curl_free(decoded);
    }
    free(parameter.value);
  }
  if (!extended)
    return plain;
  free(plain);
  return extended;
}
