/* See telnet.h. */
#include "proto/telnet.h"

#include <curl/curl.h>

#include "base/num.h"
#include "base/text.h"

enum { IS = 0, SEND = 1, VAR = 0, VALUE = 1 };

/* RFC 1143 7. We never ask for the end of an option, so WANTNO and the queues do not occur. */
enum { NO, YES, WANTYES };

static const struct {
  uint8_t code;
  const char *name;
} options[TELNET_OPTIONS] = {
    [TELNET_BINARY] = {0, "BINARY"},       [TELNET_ECHO] = {1, "ECHO"},
    [TELNET_SGA] = {3, "SUPPRESS GO AHEAD"}, [TELNET_TTYPE] = {24, "TERM TYPE"},
    [TELNET_NAWS] = {31, "NAWS"},          [TELNET_XDISPLOC] = {35, "XDISPLOC"},
    [TELNET_NEW_ENVIRON] = {39, "NEW-ENVIRON"},
};

#define BIT(option) (uint8_t)(1u << (option))

/* TELNET_OPTIONS: none of them. */
static unsigned option_of(uint8_t code)
{
  unsigned i = 0;
  while (i < TELNET_OPTIONS && options[i].code != code)
    i++;
  return i;
}

const char *sl_telnet_option_name(uint8_t code)
{
  unsigned i = option_of(code);
  return i < TELNET_OPTIONS ? options[i].name : NULL;
}

void sl_telnet_init(struct telnet *t, struct buf *out)
{
  *t = (struct telnet){.out = out};
  t->us.yes = TELNET_WILL;
  t->us.no = TELNET_WONT;
  t->us.ask = BIT(TELNET_BINARY) | BIT(TELNET_SGA);
  t->us.may = t->us.ask | BIT(TELNET_NAWS);
  t->him.yes = TELNET_DO;
  t->him.no = TELNET_DONT;
  t->him.ask = BIT(TELNET_BINARY) | BIT(TELNET_SGA);
  t->him.may = t->him.ask | BIT(TELNET_ECHO);
  sl_buf_init(&t->ttype, 2 * TELNET_VALUE_MAX);
  sl_buf_init(&t->xdisploc, 2 * TELNET_VALUE_MAX);
  sl_buf_init(&t->env, TELNET_ENV_MAX);
}

void sl_telnet_done(struct telnet *t)
{
  sl_buf_done(&t->ttype);
  sl_buf_done(&t->xdisploc);
  sl_buf_done(&t->env);
}

/* ---- CURLOPT_TELNETOPTIONS ---- */

static bool has_ctrl(struct slice s)
{
  for (size_t i = 0; i < s.n; i++)
    if (sl_is_ctrl(s.p[i]))
      return true;
  return false;
}

static void offer(struct telnet *t, unsigned option)
{
  t->us.may |= BIT(option);
  t->us.ask |= BIT(option);
}

/* RFC 1572. Its four codes are control characters, which neither names nor values have. */
bool sl_telnet_setenv(struct telnet *t, struct slice name, struct slice value)
{
  if (!name.n || has_ctrl(name) || has_ctrl(value))
    return false;
  offer(t, TELNET_NEW_ENVIRON);
  sl_buf_char(&t->env, VAR);
  sl_telnet_escape(name, &t->env);
  if (!value.p)
    return !t->env.full;
  sl_buf_char(&t->env, VALUE);
  sl_telnet_escape(value, &t->env);
  return !t->env.full;
}

/* "VARIABLE,value" */
static bool set_variable(struct telnet *t, struct slice text)
{
  size_t n = slice_find(text, ',');
  return sl_telnet_setenv(t, slice_head(text, n), n < text.n ? slice_from(text, n + 1) : SLICE_NONE);
}

static bool set_text(struct telnet *t, unsigned option, struct slice text, struct buf *dst)
{
  sl_buf_clear(dst);
  offer(t, option);
  return text.n <= TELNET_VALUE_MAX && !has_ctrl(text) && (sl_telnet_escape(text, dst) || dst->nomem);
}

/* "80x24" */
static bool set_window(struct telnet *t, struct slice text)
{
  int64_t width, height;
  if (!sl_num_take(&text, UINT16_MAX, &width) || !text.n || sl_lower(*text.p) != 'x' ||
      !sl_num_parse(slice_from(text, 1), UINT16_MAX, &height))
    return false;
  t->width = (uint16_t)width;
  t->height = (uint16_t)height;
  offer(t, TELNET_NAWS);
  return true;
}

/* Anything but 1 switches it off, as in libcurl. */
static void set_binary(struct telnet *t, struct slice text)
{
  bool on = slice_eq(text, SLICE_LIT("1"));
  uint8_t *sets[] = {&t->us.may, &t->us.ask, &t->him.may, &t->him.ask};
  for (size_t i = 0; i < sizeof sets / sizeof *sets; i++)
    *sets[i] = (uint8_t)((*sets[i] & ~BIT(TELNET_BINARY)) | (on ? BIT(TELNET_BINARY) : 0));
}

sl_result sl_telnet_set(struct telnet *t, struct slice text)
{
  size_t n = slice_find(text, '=');
  struct slice name = slice_head(text, n), value = slice_from(text, n + 1);
  bool good = true;
  if (!name.n || !value.n)
    return CURLE_SETOPT_OPTION_SYNTAX;
  if (sl_text_ieq_str(name, "TTYPE"))
    good = set_text(t, TELNET_TTYPE, value, &t->ttype);
  else if (sl_text_ieq_str(name, "XDISPLOC"))
    good = set_text(t, TELNET_XDISPLOC, value, &t->xdisploc);
  else if (sl_text_ieq_str(name, "NEW_ENV"))
    good = set_variable(t, value);
  else if (sl_text_ieq_str(name, "WS"))
    good = set_window(t, value);
  else if (sl_text_ieq_str(name, "BINARY"))
    set_binary(t, value);
  else
    return CURLE_UNKNOWN_OPTION;
  if (t->ttype.nomem || t->xdisploc.nomem || t->env.nomem)
    return SL_NOMEM;
  return good ? SL_OK : CURLE_SETOPT_OPTION_SYNTAX;
}

/* ---- what is said ---- */

static void say(struct telnet *t, uint8_t verb, uint8_t code)
{
  char command[3] = {(char)TELNET_IAC, (char)verb, (char)code};
  sl_buf_append(t->out, command, sizeof command);
}

static void say_end(struct telnet *t)
{
  static const char end[2] = {(char)TELNET_IAC, (char)TELNET_SE};
  sl_buf_append(t->out, end, sizeof end);
}

static void say_is(struct telnet *t, unsigned option, const struct buf *value)
{
  say(t, TELNET_SB, options[option].code);
  sl_buf_char(t->out, IS);
  sl_buf_add(t->out, sl_buf_peek(value));
  say_end(t);
}

/* RFC 1073: 16 bits each. */
static void say_window(struct telnet *t)
{
  char size[4] = {(char)(t->width >> 8), (char)t->width, (char)(t->height >> 8), (char)t->height};
  say(t, TELNET_SB, options[TELNET_NAWS].code);
  sl_telnet_escape(slice_of(size, sizeof size), t->out);
  say_end(t);
}

/* ---- what is agreed on ---- */

/* On this side the peer wants it, or is ready for it (`on`); or it does not. */
static void hear(struct telnet *t, struct telnet_side *side, uint8_t code, bool on)
{
  unsigned i = option_of(code);
  bool known = i < TELNET_OPTIONS;
  uint8_t was = known ? side->state[i] : NO;
  bool is = on && known && side->may >> i & 1;
  if (was == NO ? on : was == YES && !on) /* else it is no change, or the answer to what we have said */
    say(t, is ? side->yes : side->no, code);
  if (!known)
    return;
  side->state[i] = is ? YES : NO;
  t->in.binary = t->him.state[TELNET_BINARY] == YES;
  if (is && was != YES && side == &t->us && i == TELNET_NAWS)
    say_window(t);
}

/* Once, when the peer has shown that it negotiates. */
static void ask_for_ours(struct telnet *t)
{
  t->begun = true;
  for (unsigned i = 0; i < TELNET_OPTIONS; i++) {
    struct telnet_side *sides[] = {&t->us, &t->him};
    for (int k = 0; k < 2; k++)
      if (sides[k]->ask >> i & 1 && sides[k]->state[i] == NO) {
        sides[k]->state[i] = WANTYES;
        say(t, sides[k]->yes, options[i].code);
      }
  }
}

static void answer(struct telnet *t, const struct telnet_got *sub)
{
  unsigned i = option_of(sub->option);
  if (i == TELNET_OPTIONS || t->us.state[i] != YES || !sub->data.n || *sub->data.p != SEND)
    return;
  if (i == TELNET_TTYPE)
    say_is(t, i, &t->ttype);
  else if (i == TELNET_XDISPLOC)
    say_is(t, i, &t->xdisploc);
  else if (i == TELNET_NEW_ENVIRON)
    say_is(t, i, &t->env);
}

void sl_telnet_heed(struct telnet *t, enum telnet_kind kind, const struct telnet_got *got)
{
  if (kind == TELNET_SUB)
    answer(t, got);
  if (kind != TELNET_OPTION)
    return;
  bool of_him = got->verb == TELNET_WILL || got->verb == TELNET_WONT;
  hear(t, of_him ? &t->him : &t->us, got->option, got->verb == TELNET_WILL || got->verb == TELNET_DO);
  if (!t->begun)
    ask_for_ours(t);
}
