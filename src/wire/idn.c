/* International domain names by libidn2: RFC 5891 with the mappings of UTS 46. Text is UTF-8; what
 * is not UTF-8 is taken to be in the locale's encoding, as libcurl takes all of it. */
#include <idn2.h>

#include "wire/url.h"

static bool is_utf8(struct slice s)
{
  for (size_t i = 0; i < s.n; i++) {
    unsigned char c = (unsigned char)s.p[i];
    unsigned more = c < 0x80 ? 0 : c < 0xc2 ? 4 : c < 0xe0 ? 1 : c < 0xf0 ? 2 : c < 0xf5 ? 3 : 4;
    if (more == 4 || s.n - i <= more)
      return false;
    for (; more; more--)
      if (((unsigned char)s.p[++i] & 0xc0) != 0x80)
        return false;
  }
  return true;
}

static CURLUcode take_over(int rc, char *text, struct buf *out)
{
  CURLUcode code = CURLUE_OK;
  if (rc == IDN2_MALLOC)
    return CURLUE_OUT_OF_MEMORY;
  if (rc != IDN2_OK)
    return CURLUE_BAD_HOSTNAME;
  if (!*text)
    code = CURLUE_BAD_HOSTNAME;
  else if (!sl_buf_str(out, text))
    code = out->nomem ? CURLUE_OUT_OF_MEMORY : CURLUE_TOO_LARGE;
  idn2_free(text);
  return code;
}

/* libidn2 wants a terminated string; a name over 255 bytes cannot become a valid one (RFC 1035) */
enum { NAME_MAX_BYTES = 1023 };

static bool terminated(struct slice name, char dst[NAME_MAX_BYTES + 1])
{
  if (!name.n || name.n > NAME_MAX_BYTES || memchr(name.p, 0, name.n))
    return false;
  memcpy(dst, name.p, name.n);
  dst[name.n] = 0;
  return true;
}

CURLUcode sl_idn_to_ascii(struct slice name, struct buf *out)
{
  char text[NAME_MAX_BYTES + 1], *ascii = NULL;
  int rc;
  if (!terminated(name, text))
    return CURLUE_BAD_HOSTNAME;
  if (is_utf8(name)) {
    rc = idn2_lookup_u8((uint8_t *)text, (uint8_t **)&ascii, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
    if (rc != IDN2_OK && rc != IDN2_MALLOC)
      rc = idn2_lookup_u8((uint8_t *)text, (uint8_t **)&ascii, IDN2_NFC_INPUT | IDN2_TRANSITIONAL);
  } else {
    rc = idn2_lookup_ul(text, &ascii, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
    if (rc != IDN2_OK && rc != IDN2_MALLOC)
      rc = idn2_lookup_ul(text, &ascii, IDN2_NFC_INPUT | IDN2_TRANSITIONAL);
  }
  return take_over(rc, ascii, out);
}

CURLUcode sl_idn_to_utf8(struct slice name, struct buf *out)
{
  char text[NAME_MAX_BYTES + 1], *utf8 = NULL;
  if (!terminated(name, text))
    return CURLUE_BAD_HOSTNAME;
  int rc = idn2_to_unicode_8z8z(text, &utf8, 0);
  return take_over(rc, utf8, out);
}
