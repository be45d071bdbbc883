/* curl_easy_setopt(): finds the option's row (an index, no search) and does what its kind says. All
 * knowledge of single options is in options.def and, for the few that are more than a stored value,
 * in opt_custom.c.
 *
 * A topic is made the handle's own only if a value really changes, so that programs which set
 * defaults once more do not pay for it. A failed call leaves the settings as they were. */
#include "api/setopt.h"

#include <limits.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include "base/mem.h"
#include "gate/policy.h"
#include "xfer/easy.h"

/* ---- the table ------------------------------------------------------------------------------- */

#define MIN INT64_MIN
#define MAX INT64_MAX

#define TOPIC_io SL_TOPIC_IO
#define TOPIC_http SL_TOPIC_HTTP
#define TOPIC_net SL_TOPIC_NET
#define TOPIC_dns SL_TOPIC_DNS
#define TOPIC_gate SL_TOPIC_GATE
#define TOPIC_tls SL_TOPIC_TLS
#define TOPIC_proxy_tls SL_TOPIC_PROXY_TLS
#define TOPIC_proxy SL_TOPIC_PROXY
#define TOPIC_ftp SL_TOPIC_FTP
#define TOPIC_rtsp SL_TOPIC_RTSP
#define TOPIC_telnet SL_TOPIC_TELNET
#define TOPIC_mail SL_TOPIC_MAIL
#define TOPIC_ssh SL_TOPIC_SSH

#define STRUCT_io struct io_config
#define STRUCT_http struct http_config
#define STRUCT_net struct net_config
#define STRUCT_dns struct dns_config
#define STRUCT_gate struct gate_config
#define STRUCT_tls struct tls_config
#define STRUCT_proxy_tls struct tls_config
#define STRUCT_proxy struct proxy_config
#define STRUCT_ftp struct ftp_config
#define STRUCT_rtsp struct rtsp_config
#define STRUCT_telnet struct telnet_config
#define STRUCT_mail struct mail_config
#define STRUCT_ssh struct ssh_config

#define FIELD(topic, field) ((STRUCT_##topic *)0)->field
#define IS_INT(kind) ((kind) >= SL_OPT_BOOL && (kind) <= SL_OPT_SEC)
#define IS_OWNED(kind) ((kind) >= SL_OPT_STR && (kind) <= SL_OPT_POLICY)
/* INT64_MAX shifted right by this is the largest value of the field's type. */
#define SHIFT(topic, field)                                                                        \
  _Generic(FIELD(topic, field), bool : 55, uint8_t : 55, uint16_t : 47, uint32_t : 31,             \
           int32_t : 32, default : 0)

#define STORED(ID, TYPE, KIND, topic_, field, low_, high_, twin_)                                  \
  [(ID) % 10000 % 9000] = {.low = (low_),                                                          \
                           .high = (high_),                                                        \
                           .id = (ID),                                                             \
                           .offset = offsetof(STRUCT_##topic_, field),                             \
                           .kind = SL_OPT_##KIND,                                                  \
                           .type = CURLOT_##TYPE,                                                  \
                           .topic = TOPIC_##topic_,                                                \
                           .width = sizeof(FIELD(topic_, field)),                                  \
                           .shift = SHIFT(topic_, field),                                          \
                           .twin = (twin_)},
#define PLAIN(ID, TYPE, KIND, ...)                                                                 \
  [(ID) % 10000 % 9000] = {.id = (ID), .kind = (KIND), .type = CURLOT_##TYPE, __VA_ARGS__},

static const struct option_row rows[] = {
  [0] = {.id = 1}, /* there is no option 0, and option 1 is looked for elsewhere */
#define OPT(NAME, TYPE, KIND, topic, field, low, high, dflt)                                       \
  STORED(CURLOPT_##NAME, TYPE, KIND, topic, field, low, high, false)
#define TWIN(NAME, TYPE, KIND, field, low, high, dflt)                                             \
  STORED(CURLOPT_##NAME, TYPE, KIND, tls, field, low, high, true)
#define FUN(NAME, TYPE, f) PLAIN(CURLOPT_##NAME, TYPE, SL_OPT_FUN, .function = sl_opt_custom_##f)
#define GONE(NAME, TYPE, since) PLAIN(CURLOPT_##NAME, TYPE, SL_OPT_GONE, .low = 0)
#define LATER(NAME, TYPE, dflt, needs) PLAIN(CURLOPT_##NAME, TYPE, SL_OPT_LATER, .low = (dflt))
#include "api/options.def"
};

static const struct option_row our_rows[] = {
#define OURS(NAME, TYPE, KIND, topic, field, low, high, dflt)                                      \
  STORED(SLUICEOPT_##NAME, TYPE, KIND, topic, field, low, high, false)
#include "api/options.def"
};

/* ---- checks of the table, while it is compiled ----------------------------------------------- */

enum {
  BASE_LONG = CURLOPTTYPE_LONG,
  BASE_VALUES = CURLOPTTYPE_LONG,
  BASE_OBJECT = CURLOPTTYPE_OBJECTPOINT,
  BASE_STRING = CURLOPTTYPE_OBJECTPOINT,
  BASE_SLIST = CURLOPTTYPE_OBJECTPOINT,
  BASE_CBPTR = CURLOPTTYPE_OBJECTPOINT,
  BASE_FUNCTION = CURLOPTTYPE_FUNCTIONPOINT,
  BASE_OFF_T = CURLOPTTYPE_OFF_T,
  BASE_BLOB = CURLOPTTYPE_BLOB
};

#define KIND_FITS_TYPE(kind, type)                                                                 \
  (IS_INT(kind) ? (type) == CURLOT_LONG || (type) == CURLOT_VALUES || (type) == CURLOT_OFF_T       \
   : (kind) == SL_OPT_BLOB  ? (type) == CURLOT_BLOB                                                \
   : (kind) == SL_OPT_POLICY ? (type) == CURLOT_OBJECT                                             \
   : IS_OWNED(kind)         ? (type) == CURLOT_STRING                                              \
   : (kind) == SL_OPT_SLIST ? (type) == CURLOT_SLIST                                               \
   : (kind) == SL_OPT_FN    ? (type) == CURLOT_FUNCTION                                            \
                            : (type) == CURLOT_CBPTR || (type) == CURLOT_OBJECT)
#define SLOT_FITS_KIND(owned, slot, kind) (((slot) < (owned)) == IS_OWNED(kind))
#define OWNED_io SL_OWNED_IO
#define OWNED_http SL_OWNED_HTTP
#define OWNED_net SL_OWNED_NET
#define OWNED_dns SL_OWNED_DNS
#define OWNED_gate SL_OWNED_GATE
#define OWNED_tls SL_OWNED_TLS
#define OWNED_proxy_tls SL_OWNED_PROXY_TLS
#define OWNED_proxy SL_OWNED_PROXY
#define OWNED_ftp SL_OWNED_FTP
#define OWNED_rtsp SL_OWNED_RTSP
#define OWNED_telnet SL_OWNED_TELNET
#define OWNED_mail SL_OWNED_MAIL
#define OWNED_ssh SL_OWNED_SSH

#define CHECK_NUMBER(ID, TYPE) _Static_assert((ID) / 10000 * 10000 == BASE_##TYPE, #ID);
#define CHECK_STORED(ID, TYPE, KIND, topic, field)                                                 \
  CHECK_NUMBER(ID, TYPE)                                                                           \
  _Static_assert(KIND_FITS_TYPE(SL_OPT_##KIND, CURLOT_##TYPE), #ID);                               \
  _Static_assert(SLOT_FITS_KIND(OWNED_##topic, offsetof(STRUCT_##topic, field) / sizeof(void *),   \
                                SL_OPT_##KIND),                                                    \
                 #ID);                                                                             \
  _Static_assert(sizeof(FIELD(topic, field)) == (64 - SHIFT(topic, field)) / 8, #ID);

#define OPT(NAME, TYPE, KIND, topic, field, low, high, dflt)                                       \
  CHECK_STORED(CURLOPT_##NAME, TYPE, KIND, topic, field)
#define TWIN(NAME, TYPE, KIND, field, low, high, dflt)                                             \
  CHECK_STORED(CURLOPT_##NAME, TYPE, KIND, tls, field)
#define OURS(NAME, TYPE, KIND, topic, field, low, high, dflt)                                      \
  CHECK_STORED(SLUICEOPT_##NAME, TYPE, KIND, topic, field)
#define FUN(NAME, TYPE, function) CHECK_NUMBER(CURLOPT_##NAME, TYPE)
#define GONE(NAME, TYPE, since) CHECK_NUMBER(CURLOPT_##NAME, TYPE)
#define UNKNOWN(NAME, TYPE, since) CHECK_NUMBER(CURLOPT_##NAME, TYPE)
#define LATER(NAME, TYPE, dflt, needs) CHECK_NUMBER(CURLOPT_##NAME, TYPE)
#define ALIAS(NAME, TYPE, CANONICAL)                                                               \
  CHECK_NUMBER(CURLOPT_##NAME, TYPE)                                                               \
  _Static_assert((int)CURLOPT_##NAME == (int)CURLOPT_##CANONICAL, #NAME);
#include "api/options.def"

/* ---- kinds ----------------------------------------------------------------------------------- */

static const void *topic_of(const struct settings *s, unsigned topic)
{
  return topic == SL_TOPIC_IO ? (const void *)&s->io : s->topic[topic];
}

static void *topic_own(struct settings *s, unsigned topic)
{
  return topic == SL_TOPIC_IO ? (void *)&s->io : sl_settings_own(s, topic);
}

/* Writes the low bytes of a number into a field; the sizes are constants, so that each is one
 * instruction. */
static inline void write_number(void *field, unsigned width, int64_t v)
{
  if (width == 1)
    memcpy(field, &(uint8_t){(uint8_t)v}, 1);
  else if (width == 4)
    memcpy(field, &(uint32_t){(uint32_t)v}, 4);
  else if (width == 8)
    memcpy(field, &v, 8);
  else
    memcpy(field, &(uint16_t){(uint16_t)v}, 2);
}

static inline bool is_number(const void *field, unsigned width, int64_t v)
{
  union {
    uint8_t w1;
    uint16_t w2;
    uint32_t w4;
    int64_t w8;
  } now, want = {.w8 = 0};
  now = want;
  memcpy(&now, field, width == 1 ? 1 : width == 2 ? 2 : width == 4 ? 4 : 8);
  write_number(&want, width, v);
  return now.w8 == want.w8;
}

static inline CURLcode put_number(struct settings *s, const struct option_row *row, unsigned topic,
                                  int64_t v)
{
  if (topic == SL_TOPIC_IO) {
    write_number((char *)&s->io + row->offset, row->width, v);
    return CURLE_OK;
  }
  if (is_number((const char *)s->topic[topic] + row->offset, row->width, v))
    return CURLE_OK;
  char *own = sl_settings_own(s, topic);
  if (!own)
    return CURLE_OUT_OF_MEMORY;
  write_number(own + row->offset, row->width, v);
  return CURLE_OK;
}

/* Both or none: what can fail comes before anything is stored. */
static CURLcode put_twin(struct settings *s, const struct option_row *row, int64_t v)
{
  if (is_number((const char *)s->tls + row->offset, row->width, v) &&
      is_number((const char *)s->proxy_tls + row->offset, row->width, v))
    return CURLE_OK;
  if (!sl_settings_own(s, SL_TOPIC_TLS) || !sl_settings_own(s, SL_TOPIC_PROXY_TLS))
    return CURLE_OUT_OF_MEMORY;
  put_number(s, row, SL_TOPIC_TLS, v);
  return put_number(s, row, SL_TOPIC_PROXY_TLS, v);
}

/* Whether the kind takes the number; *v becomes what is to be stored. */
static inline CURLcode check_number(const struct option_row *row, int64_t *v)
{
  bool outside = *v < row->low || *v > row->high;
  switch (row->kind) {
  case SL_OPT_BOOL:
    *v = *v != 0;
    return CURLE_OK;
  case SL_OPT_INT:
    return outside ? CURLE_BAD_FUNCTION_ARGUMENT : CURLE_OK;
  case SL_OPT_MASK:
    outside = *v < row->low;
    *v &= row->high;
    return outside ? CURLE_BAD_FUNCTION_ARGUMENT : CURLE_OK;
  case SL_OPT_CLAMP:
    *v = *v < row->low ? row->low : *v > row->high ? row->high : *v;
    return CURLE_OK;
  case SL_OPT_MS:
    return *v < 0 ? CURLE_BAD_FUNCTION_ARGUMENT : CURLE_OK;
  default: /* SL_OPT_SEC */
    if (outside)
      return CURLE_BAD_FUNCTION_ARGUMENT;
    if (*v > 0)
      *v = *v > INT32_MAX / 1000 ? INT32_MAX : *v * 1000;
    return CURLE_OK;
  }
}

static CURLcode set_number(struct settings *s, const struct option_row *row, int64_t v)
{
  CURLcode code = check_number(row, &v);
  if (code)
    return code;
  int64_t most = INT64_MAX >> row->shift;
  v = v > most ? most : v;
  code = row->twin ? put_twin(s, row, v) : put_number(s, row, row->topic, v);
  if (!code)
    sl_settings_changed(s);
  return code;
}

static CURLcode set_pointer(struct settings *s, const struct option_row *row, void *ptr)
{
  char *own = (char *)&s->io;
  if (row->topic != SL_TOPIC_IO) {
    if (!memcmp((const char *)s->topic[row->topic] + row->offset, &ptr, sizeof ptr))
      return CURLE_OK;
    own = sl_settings_own(s, row->topic);
    if (!own)
      return CURLE_OUT_OF_MEMORY;
  }
  memcpy(own + row->offset, &ptr, sizeof ptr);
  return CURLE_OK;
}

CURLcode sl_setopt_string(struct easy *e, unsigned topic, unsigned i, const char *value, size_t len)
{
  struct settings *s = &e->set;
  char *const *slots = topic_of(s, topic);
  if (!value && !slots[i])
    return CURLE_OK;
  void *own = topic_own(s, topic);
  char *copy = own && value ? sl_memdup0(value, len) : NULL;
  if (!own || (value && !copy))
    return CURLE_OUT_OF_MEMORY;
  sl_settings_put_own(topic, own, i, copy);
  return CURLE_OK;
}

static CURLcode set_string(struct easy *e, const struct option_row *row, const char *value)
{
  if (!value && row->kind == SL_OPT_PATH)
    value = "";
  size_t len = value ? strlen(value) : 0;
  if (len > SL_OPT_STRING_MAX)
    return CURLE_BAD_FUNCTION_ARGUMENT;
  return sl_setopt_string(e, row->topic, row->offset / sizeof(void *), value, len);
}

static CURLcode set_blob(struct easy *e, const struct option_row *row, const struct curl_blob *blob)
{
  struct settings *s = &e->set;
  if (blob && (blob->len > SL_OPT_STRING_MAX || (blob->len && !blob->data)))
    return CURLE_BAD_FUNCTION_ARGUMENT;
  void *own = topic_own(s, row->topic);
  struct curl_blob *copy = own && blob ? sl_settings_blob_copy(blob) : NULL;
  if (!own || (blob && !copy))
    return CURLE_OUT_OF_MEMORY;
  sl_settings_put_own(row->topic, own, row->offset / sizeof(void *), copy);
  return CURLE_OK;
}

static CURLcode set_policy(struct easy *e, const struct option_row *row, struct policy *policy)
{
  if (e->set.gate->policy == policy)
    return CURLE_OK;
  void *own = topic_own(&e->set, row->topic);
  if (!own)
    return CURLE_OUT_OF_MEMORY;
  sl_settings_put_own(row->topic, own, row->offset / sizeof(void *), sl_policy_ref(policy));
  return CURLE_OK;
}

/* What is not built in cannot be switched on, but switching it off works, and so does naming the
 * data of a callback that will not be called. */
static CURLcode set_later(const struct option_row *row, union option_value value)
{
  bool is_default = row->type <= CURLOT_VALUES
                        ? (uint32_t)value.num == (uint32_t)row->low /* ~0 comes in two forms */
                        : !value.ptr;
  return is_default || row->type == CURLOT_CBPTR ? CURLE_OK : CURLE_NOT_BUILT_IN;
}

static CURLcode by_kind(struct easy *e, const struct option_row *row, union option_value value)
{
  switch ((enum opt_kind)row->kind) {
  case SL_OPT_STR:
  case SL_OPT_SECRET:
  case SL_OPT_PATH:
    return set_string(e, row, value.ptr);
  case SL_OPT_BLOB:
    return set_blob(e, row, value.ptr);
  case SL_OPT_POLICY:
    return set_policy(e, row, value.ptr);
  case SL_OPT_SLIST:
  case SL_OPT_FN:
  case SL_OPT_PTR:
    return set_pointer(&e->set, row, value.ptr);
  case SL_OPT_FUN:
    return row->function(e, value);
  case SL_OPT_GONE:
    return CURLE_OK;
  case SL_OPT_LATER:
    return set_later(row, value);
  default:
    return CURLE_UNKNOWN_OPTION;
  }
}

static CURLcode set_other(struct easy *e, const struct option_row *row, union option_value value)
{
  CURLcode code = by_kind(e, row, value);
  if (!code)
    sl_settings_changed(&e->set);
  return code;
}

/* ---- the call -------------------------------------------------------------------------------- */

const struct option_row *sl_setopt_row(CURLoption option)
{
  unsigned number = (unsigned)option % 10000;
  const struct option_row *row = &rows[0];
  if (number < sizeof rows / sizeof *rows)
    row = &rows[number];
  else if (number >= 9000 && number - 9000 < sizeof our_rows / sizeof *our_rows)
    row = &our_rows[number - 9000];
  return row->id == (unsigned)option ? row : NULL;
}

#undef curl_easy_setopt
/* No array of its own but the va_list, which is written by the compiler alone. */
__attribute__((no_stack_protector)) CURLcode curl_easy_setopt(CURL *handle, CURLoption option, ...)
{
  struct easy *e = handle;
  const struct option_row *row = sl_setopt_row(option);
  if (!e || e->magic != SL_EASY_MAGIC) /* sl_easy_of(), without the call */
    return CURLE_BAD_FUNCTION_ARGUMENT;
  if (!row)
    return CURLE_UNKNOWN_OPTION;
  union option_value value;
  va_list ap;
  va_start(ap, option);
  if (row->type <= CURLOT_VALUES)
    value.num = va_arg(ap, long);
  else if (row->type == CURLOT_OFF_T)
    value.num = va_arg(ap, curl_off_t);
  else
    value.ptr = va_arg(ap, void *); /* callbacks too: POSIX has one size for both */
  va_end(ap);
  if (row->kind <= SL_OPT_SEC)
    return set_number(&e->set, row, value.num);
  return set_other(e, row, value);
}
