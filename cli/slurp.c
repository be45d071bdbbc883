/* Whole files; see slurp.h. */
#include "slurp.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

enum { FIRST_ROOM = 16384 };

static char *read_all(FILE *file, size_t max, size_t *out_size)
{
  size_t room = FIRST_ROOM, used = 0, got;
  char *bytes = cli_need(malloc(room));
  errno = 0;
  while ((got = fread(bytes + used, 1, room - used - 1, file)) > 0) {
    used += got;
    if (used > max) {
      errno = EFBIG;
      break;
    }
    if (used + 1 == room)
      bytes = cli_need(realloc(bytes, room *= 2));
  }
  if (used > max || ferror(file)) {
    free(bytes);
    return NULL;
  }
  bytes[used] = 0;
  *out_size = used;
  return bytes;
}

char *slurp(const char *path, size_t max, size_t *out_size)
{
  if (!strcmp(path, "-"))
    return read_all(stdin, max, out_size);
  FILE *file = fopen(path, "rbe");
  if (!file)
    return NULL;
  char *bytes = read_all(file, max, out_size);
  int kept = errno;
  fclose(file);
  errno = kept;
  return bytes;
}

char *slurp_line(char **text)
{
  static const char blanks[] = " \t\r\v\f";
  if (!**text)
    return NULL;
  char *line = *text + strspn(*text, blanks), *end = strchr(line, '\n');
  size_t length = end ? (size_t)(end - line) : strlen(line);
  *text = line + length + (end != NULL);
  while (length && strchr(blanks, line[length - 1]))
    length--;
  line[length] = 0;
  return line;
}
