/* ASCII text without a locale: protocols are ASCII whatever setlocale() says. */
#ifndef SL_BASE_TEXT_H
#define SL_BASE_TEXT_H

#include "base/slice.h"

extern const unsigned char sl_lower_table[256]; /* A-Z to a-z, all else unchanged */

static inline char sl_lower(char c)
{
  return (char)sl_lower_table[(unsigned char)c];
}
static inline char sl_upper(char c)
{
  return c >= 'a' && c <= 'z' ? (char)(c - 32) : c;
}
static inline bool sl_is_digit(char c)
{
  return c >= '0' && c <= '9';
}
static inline bool sl_is_alpha(char c)
{
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
static inline bool sl_is_alnum(char c)
{
  return sl_is_digit(c) || sl_is_alpha(c);
}
static inline bool sl_is_blank(char c)
{
  return c == ' ' || c == '\t';
}
static inline bool sl_is_space(char c)
{
  return c == ' ' || (c >= '\t' && c <= '\r');
}
static inline bool sl_is_ctrl(char c)
{
  return (unsigned char)c < 32 || c == 127;
}
/* 0-15, or -1 */
static inline int sl_hex_value(char c)
{
  return sl_is_digit(c)           ? c - '0'
         : (c >= 'a' && c <= 'f') ? c - 'a' + 10
         : (c >= 'A' && c <= 'F') ? c - 'A' + 10
                                  : -1;
}

bool sl_text_ieq(struct slice a, struct slice b);          /* equal, case ignored */
bool sl_text_ieq_str(struct slice a, const char *b);
bool sl_text_istarts(struct slice s, struct slice prefix); /* starts with, case ignored */
bool sl_text_iends(struct slice s, struct slice suffix);
struct slice sl_text_trim(struct slice s);                 /* without blanks (SP, HTAB, CR, LF) at both ends */
void sl_text_lower(char *p, size_t n);                     /* in place */

/* Takes the next token up to `sep` (or the end) off *rest, trimmed. False when *rest is used up. */
bool sl_text_next(struct slice *rest, char sep, struct slice *out_token);

/* True if the comma-separated list has the token, case ignored (RFC 9110 5.6.1). */
bool sl_text_list_has(struct slice list, const char *token);

#endif
