/* TFTP packets; see tftp_msg.h. */
#include "wire/tftp_msg.h"

#include "base/num.h"
#include "base/text.h"

/* ---- reading ---- */

static uint16_t number_at(struct slice packet, size_t at)
{
  return (uint16_t)((unsigned char)packet.p[at] << 8 | (unsigned char)packet.p[at + 1]);
}

static bool take_string(struct slice *rest, struct slice *out)
{
  size_t end = slice_find(*rest, 0);
  if (end == rest->n)
    return false;
  *out = slice_head(*rest, end);
  *rest = slice_from(*rest, end + 1);
  return true;
}

/* RFC 2347: an option may be acknowledged once. */
static bool take_option(struct tftp_msg *m, struct slice name, struct slice value)
{
  int64_t *slot = sl_text_ieq_str(name, "blksize")   ? &m->blksize
                  : sl_text_ieq_str(name, "tsize")   ? &m->tsize
                  : sl_text_ieq_str(name, "timeout") ? &m->timeout_s
                                                     : NULL;
  if (!slot)
    return true; /* unasked for: has no meaning to us */
  return *slot < 0 && sl_num_parse(value, INT64_MAX, slot);
}

static bool take_options(struct tftp_msg *m, struct slice rest)
{
  struct slice name, value;
  m->blksize = m->tsize = m->timeout_s = -1;
  while (rest.n)
    if (!take_string(&rest, &name) || !take_string(&rest, &value) || !take_option(m, name, value))
      return false;
  return true;
}

bool sl_tftp_parse(struct slice packet, struct tftp_msg *out_msg)
{
  struct tftp_msg m = {0};
  uint16_t op = packet.n >= 2 ? number_at(packet, 0) : 0;
  if (op < TFTP_DATA || op > TFTP_OACK || (op != TFTP_OACK && packet.n < TFTP_HEAD))
    return false;
  m.op = (uint8_t)op;
  if (op == TFTP_OACK) {
    m.bad = !take_options(&m, slice_from(packet, 2));
  } else {
    m.number = number_at(packet, 2);
    m.data = slice_from(packet, TFTP_HEAD);
  }
  if (op == TFTP_ERROR)
    m.data = slice_head(m.data, slice_find(m.data, 0));
  *out_msg = m;
  return true;
}

/* ---- writing ---- */

struct out {
  char *p;
  size_t n;
  bool full;
};

static void add(struct out *o, struct slice s)
{
  if (s.n >= TFTP_REQUEST_MAX - o->n) { /* with its zero */
    o->full = true;
    return;
  }
  memcpy(o->p + o->n, s.p ? s.p : "", s.n);
  o->n += s.n;
  o->p[o->n++] = 0;
}

static void add_option(struct out *o, struct slice name, int64_t value)
{
  char digits[SL_NUM_MAX];
  add(o, name);
  add(o, slice_of(digits, sl_num_format(digits, value)));
}

size_t sl_tftp_write_request(char dst[TFTP_REQUEST_MAX], const struct tftp_request *r)
{
  struct out o = {dst, 2, false};
  if (slice_find(r->file, 0) < r->file.n)
    return 0;
  dst[0] = 0;
  dst[1] = r->write ? TFTP_WRQ : TFTP_RRQ;
  add(&o, r->file);
  add(&o, r->netascii ? SLICE_LIT("netascii") : SLICE_LIT("octet"));
  if (r->options) {
    add_option(&o, SLICE_LIT("tsize"), r->tsize);
    add_option(&o, SLICE_LIT("blksize"), r->blksize);
    add_option(&o, SLICE_LIT("timeout"), r->timeout_s);
  }
  return o.full ? 0 : o.n;
}

size_t sl_tftp_write_head(char dst[TFTP_HEAD], enum tftp_op op, uint16_t number)
{
  dst[0] = 0;
  dst[1] = (char)op;
  dst[2] = (char)(number >> 8);
  dst[3] = (char)(number & 0xff);
  return TFTP_HEAD;
}

size_t sl_tftp_write_error(char dst[TFTP_ERROR_MAX], enum tftp_code code, const char *text)
{
  struct slice s = slice_head(slice_str(text), TFTP_ERROR_MAX - TFTP_HEAD - 1);
  sl_tftp_write_head(dst, TFTP_ERROR, (uint16_t)code);
  if (s.n)
    memcpy(dst + TFTP_HEAD, s.p, s.n);
  dst[TFTP_HEAD + s.n] = 0;
  return TFTP_HEAD + s.n + 1;
}
