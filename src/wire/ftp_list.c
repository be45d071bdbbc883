/* Directory listings; see ftp_list.h. */
#include "wire/ftp_list.h"

#include "base/num.h"
#include "base/text.h"

/* The next word, and the blanks behind it gone. */
static struct slice take_word(struct slice *s)
{
  size_t n = 0;
  while (n < s->n && !sl_is_blank(s->p[n]))
    n++;
  struct slice word = slice_head(*s, n);
  while (n < s->n && sl_is_blank(s->p[n]))
    n++;
  *s = slice_from(*s, n);
  return word;
}

/* A name may begin with a blank: only one of them separates it from what stands before. */
static struct slice take_last_word(struct slice *s)
{
  size_t n = 0;
  while (n < s->n && !sl_is_blank(s->p[n]))
    n++;
  struct slice word = slice_head(*s, n);
  *s = slice_from(*s, n + 1);
  return word;
}

static bool take_type(char c, curlfiletype *out)
{
  static const char letters[] = "-dlbcpsD";
  static const curlfiletype types[] = {
      CURLFILETYPE_FILE,        CURLFILETYPE_DIRECTORY, CURLFILETYPE_SYMLINK, CURLFILETYPE_DEVICE_BLOCK,
      CURLFILETYPE_DEVICE_CHAR, CURLFILETYPE_NAMEDPIPE, CURLFILETYPE_SOCKET,  CURLFILETYPE_DOOR};
  const char *at = c ? strchr(letters, c) : NULL;
  if (!at)
    return false;
  *out = types[at - letters];
  return true;
}

/* "rwxr-sr-t": r, w and x for three; s and S, t and T in the place of x say more. */
static bool take_mode(const char *p, unsigned *out)
{
  static const char special[] = "sst";
  unsigned mode = 0;
  for (int i = 0; i < 3; i++, p += 3) {
    char upper = sl_upper(special[i]);
    if ((p[0] != 'r' && p[0] != '-') || (p[1] != 'w' && p[1] != '-'))
      return false;
    if (p[2] != 'x' && p[2] != '-' && p[2] != special[i] && p[2] != upper)
      return false;
    unsigned bits = (p[0] == 'r' ? 4u : 0) | (p[1] == 'w' ? 2u : 0) | (p[2] == 'x' || p[2] == special[i] ? 1u : 0);
    mode |= bits << (6 - 3 * i);
    if (p[2] == special[i] || p[2] == upper)
      mode |= 04000u >> i;
  }
  *out = mode;
  return true;
}

/*   drwxr-xr-x  11 user group   4096 Nov 01  2008 name
 *   lrwxrwxrwx   1 user group      0 Jan  6 04:42 name -> target */
static enum sl_parse unix_line(struct slice s, struct ftp_entry *e)
{
  if (s.n < 11 || !take_type(*s.p, &e->type) || !take_mode(s.p + 1, &e->mode))
    return SL_PARSE_BAD;
  e->perm = slice_of(s.p + 1, 9);
  (void)take_word(&s); /* with what may stand behind the nine: "+", "." */
  if (!sl_num_parse(take_word(&s), INT64_MAX, &e->links))
    return SL_PARSE_BAD;
  e->user = take_word(&s);
  e->group = take_word(&s);
  if (!sl_num_parse(take_word(&s), INT64_MAX, &e->size))
    return SL_PARSE_BAD;
  const char *time = s.p;
  struct slice month = take_word(&s), day = take_word(&s), clock = take_last_word(&s);
  if (month.n != 3 || !day.n || !clock.n)
    return SL_PARSE_BAD;
  e->time = slice_of(time, (size_t)(clock.p + clock.n - time));
  e->name = s;
  e->flags = CURLFINFOFLAG_KNOWN_FILENAME | CURLFINFOFLAG_KNOWN_FILETYPE | CURLFINFOFLAG_KNOWN_PERM |
             CURLFINFOFLAG_KNOWN_SIZE | CURLFINFOFLAG_KNOWN_HLINKCOUNT;
  for (size_t i = 0; e->type == CURLFILETYPE_SYMLINK && i + 4 <= s.n; i++)
    if (!memcmp(s.p + i, " -> ", 4)) {
      e->name = slice_head(s, i);
      e->target = slice_from(s, i + 4);
      break;
    }
  return e->name.n ? SL_PARSE_DONE : SL_PARSE_BAD;
}

/*   04-27-10  05:12AM       <DIR>          name
 *   04-27-10  11:01AM                   35 name */
static enum sl_parse dos_line(struct slice s, struct ftp_entry *e)
{
  const char *start = s.p;
  struct slice date = take_word(&s), clock = take_word(&s);
  if (date.n < 8 || date.p[2] != '-' || clock.n < 6)
    return SL_PARSE_BAD;
  e->time = slice_of(start, (size_t)(clock.p + clock.n - start));
  struct slice size = take_last_word(&s);
  e->type = sl_text_ieq_str(size, "<DIR>") ? CURLFILETYPE_DIRECTORY : CURLFILETYPE_FILE;
  if (e->type == CURLFILETYPE_DIRECTORY)
    while (s.n && sl_is_blank(*s.p))
      s = slice_from(s, 1);
  else if (!sl_num_parse(size, INT64_MAX, &e->size))
    return SL_PARSE_BAD;
  e->name = s;
  e->flags = CURLFINFOFLAG_KNOWN_FILENAME | CURLFINFOFLAG_KNOWN_FILETYPE | CURLFINFOFLAG_KNOWN_SIZE;
  return s.n ? SL_PARSE_DONE : SL_PARSE_BAD;
}

static bool take_fact(struct slice fact, struct ftp_entry *e)
{
  size_t at = slice_find(fact, '=');
  struct slice name = slice_head(fact, at), value = slice_from(fact, at + 1);
  if (sl_text_ieq_str(name, "type")) {
    bool is_dir = sl_text_ieq_str(value, "dir") || sl_text_ieq_str(value, "cdir") || sl_text_ieq_str(value, "pdir");
    e->type = is_dir                              ? CURLFILETYPE_DIRECTORY
              : sl_text_ieq_str(value, "file")    ? CURLFILETYPE_FILE
              : sl_text_istarts(value, SLICE_LIT("OS.unix=slink")) ? CURLFILETYPE_SYMLINK
                                                  : CURLFILETYPE_UNKNOWN;
    e->flags |= CURLFINFOFLAG_KNOWN_FILETYPE;
  } else if (sl_text_ieq_str(name, "size")) {
    if (!sl_num_parse(value, INT64_MAX, &e->size))
      return false;
    e->flags |= CURLFINFOFLAG_KNOWN_SIZE;
  } else if (sl_text_ieq_str(name, "modify")) {
    e->time = value;
  }
  return at < fact.n;
}

/*   type=file;size=35;modify=20100427110100; name */
static enum sl_parse mlsd_line(struct slice s, struct ftp_entry *e)
{
  size_t end = slice_find(s, ' ');
  struct slice facts = slice_head(s, end);
  e->name = slice_from(s, end + 1);
  while (facts.n) {
    size_t at = slice_find(facts, ';');
    if (at == facts.n || !take_fact(slice_head(facts, at), e))
      return SL_PARSE_BAD;
    facts = slice_from(facts, at + 1);
  }
  e->flags |= CURLFINFOFLAG_KNOWN_FILENAME;
  return e->name.n ? SL_PARSE_DONE : SL_PARSE_BAD;
}

enum sl_parse sl_ftp_list_line(struct slice line, struct ftp_entry *out_entry)
{
  struct ftp_entry e = {.type = CURLFILETYPE_UNKNOWN};
  enum sl_parse p;
  if (!line.n || sl_text_istarts(line, SLICE_LIT("total ")))
    return SL_PARSE_MORE;
  if (memchr(line.p, 0, line.n))
    return SL_PARSE_BAD;
  if (sl_is_digit(*line.p))
    p = dos_line(line, &e);
  else if (slice_find(slice_head(line, slice_find(line, ' ')), ';') < slice_find(line, ' '))
    p = mlsd_line(line, &e);
  else
    p = unix_line(line, &e);
  if (p == SL_PARSE_DONE)
    *out_entry = e;
  return p;
}
