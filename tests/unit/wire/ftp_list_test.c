/* wire/ftp_list.c: what listings of several servers mean. */
#include "wire/ftp_list.h"

#include <stdlib.h>

#include "tests/test.h"

/* "type size mode links name|target|time" of a line, in memory of exactly its size. */
static const char *entry(const char *text)
{
  static char out[300];
  struct ftp_entry e;
  size_t n = strlen(text);
  char *copy = malloc(n + !n);
  memcpy(copy, text, n);
  enum sl_parse p = sl_ftp_list_line(slice_of(copy, n), &e);
  if (p == SL_PARSE_DONE)
    snprintf(out, sizeof out, "%d %lld %o %lld %.*s|%.*s|%.*s", e.type, (long long)e.size, e.mode, (long long)e.links,
             (int)e.name.n, e.name.p, (int)e.target.n, e.target.n ? e.target.p : "", (int)e.time.n,
             e.time.n ? e.time.p : "");
  else
    snprintf(out, sizeof out, "%s", p == SL_PARSE_MORE ? "none" : "bad");
  free(copy);
  return out;
}

TEST(lists_of_unix)
{
  CHECK_STR(entry("-rw-r--r--   1 98       98            35 Apr 27 11:01 file.txt"), "0 35 644 1 file.txt||Apr 27 11:01");
  CHECK_STR(entry("drwxrwxrwx  11 u g 4096 Nov 01  2008 a dir"), "1 4096 777 11 a dir||Nov 01  2008");
  CHECK_STR(entry("lrwxrwxrwx 1 u g 0 Jan  6  4:42 link -> file.txt"), "2 0 777 1 link|file.txt|Jan  6  4:42");
  CHECK_STR(entry("d--S--S--t 1 u g 1 May  4  4:31 chmod4"), "1 1 7001 1 chmod4||May  4  4:31");
  CHECK_STR(entry("d--s--s--T 1 u g 1 May  4  4:31 chmod5"), "1 1 7110 1 chmod5||May  4  4:31");
  CHECK_STR(entry("-rw-r--r--+ 1 u g 1 May  4  4:31  leads with a blank"), "0 1 644 1  leads with a blank||May  4  4:31");
}

TEST(lists_of_dos)
{
  CHECK_STR(entry("04-27-10  11:01AM                   35 file.txt"), "0 35 0 0 file.txt||04-27-10  11:01AM");
  CHECK_STR(entry("01-11-10  10:00AM       <DIR>          a dir"), "1 0 0 0 a dir||01-11-10  10:00AM");
}

TEST(lists_of_facts)
{
  CHECK_STR(entry("type=file;size=35;modify=20100427110100; file.txt"), "0 35 0 0 file.txt||20100427110100");
  CHECK_STR(entry("Type=cdir;Unique=1; a dir"), "1 0 0 0 a dir||");
  CHECK_STR(entry("type=file;size=x; f"), "bad");
  CHECK_STR(entry("type=file; "), "bad");
}

TEST(lines_that_are_no_entries)
{
  CHECK_STR(entry("total 20"), "none");
  CHECK_STR(entry(""), "none");
  CHECK_STR(entry("nonsense"), "bad");
  CHECK_STR(entry("-rw-r--r--"), "bad");
  CHECK_STR(entry("-rw-r--r-- 1 u g 1 May  4  4:31"), "bad");
  CHECK_STR(entry("-rw-r--r-- x u g 1 May  4  4:31 f"), "bad");
  CHECK_STR(entry("-rq-r--r-- 1 u g 1 May  4  4:31 f"), "bad");
  CHECK_STR(entry("-rw-r--r-- 1 u g 99999999999999999999 May  4  4:31 f"), "bad");
  CHECK_STR(entry("04-27-10"), "bad");
}
