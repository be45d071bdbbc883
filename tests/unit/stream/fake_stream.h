/* A bottom of a stack for tests: a peer that follows a script. It replies when it has heard all
 * that it waits for, in pieces of a given size, and says SL_WAIT before each piece. */
#ifndef TESTS_UNIT_STREAM_FAKE_STREAM_H
#define TESTS_UNIT_STREAM_FAKE_STREAM_H

#include "loop/reactor.h"
#include "stream/stream.h"
#include "tests/test.h"

enum { FAKE_TURNS = 8, FAKE_NEVER = -1 };

struct fake_turn {
  struct slice hears, says;
};
struct fake {
  struct stream s;
  const struct fake_turn *turns; /* up to one that hears nothing, or FAKE_TURNS of them */
  size_t piece;
  size_t turn, heard, said;
  bool closes;                       /* after the last turn; else it stays silent */
  sl_result read_fails, write_fails; /* after the last turn */
  bool wrong;                        /* heard what is not in the script */
  bool blocked_read, blocked_write;  /* the next call goes through */
  bool freed;
  bool many;         /* there are more than FAKE_TURNS */
  size_t most_asked; /* the largest read */
};

static bool fake_over(const struct fake *f)
{
  return (f->turn == FAKE_TURNS && !f->many) || !f->turns[f->turn].hears.n;
}

static void fake_next(struct fake *f)
{
  if (!fake_over(f) && f->heard == f->turns[f->turn].hears.n &&
      f->said == f->turns[f->turn].says.n) {
    f->turn++;
    f->heard = f->said = 0;
  }
}

static sl_result fake_read(struct stream *s, void *dst, size_t cap, size_t *out_n)
{
  struct fake *f = (struct fake *)(void *)s;
  s->want = 0;
  if (cap > f->most_asked)
    f->most_asked = cap;
  fake_next(f);
  bool talks = !fake_over(f) && f->heard == f->turns[f->turn].hears.n;
  f->blocked_read = !f->blocked_read;
  if (f->blocked_read || (!talks && !(fake_over(f) && (f->closes || f->read_fails)))) {
    s->want = WATCH_IN;
    return SL_WAIT;
  }
  if (!talks) {
    *out_n = 0;
    return f->read_fails;
  }
  struct slice rest =
      slice_head(slice_from(f->turns[f->turn].says, f->said), f->piece < cap ? f->piece : cap);
  memcpy(dst, rest.p, rest.n);
  f->said += rest.n;
  *out_n = rest.n;
  fake_next(f);
  return SL_OK;
}

static sl_result fake_write(struct stream *s, struct slice src, size_t *out_n)
{
  struct fake *f = (struct fake *)(void *)s;
  s->want = 0;
  fake_next(f);
  if (fake_over(f) && f->write_fails)
    return f->write_fails;
  f->blocked_write = !f->blocked_write;
  if (f->blocked_write) {
    s->want = WATCH_OUT;
    return SL_WAIT;
  }
  src = slice_head(src, f->piece);
  struct slice expected =
      fake_over(f) ? slice_of("", 0) : slice_from(f->turns[f->turn].hears, f->heard);
  if (src.n > expected.n || memcmp(src.p, expected.p, src.n)) {
    f->wrong = true;
    printf("# the peer did not expect to hear ");
    test_print_bytes(src.p, src.n);
    printf("\n#   but ");
    test_print_bytes(expected.p, expected.n);
    putchar('\n');
    return 1;
  }
  f->heard += src.n;
  *out_n = src.n;
  return SL_OK;
}

static void fake_free(struct stream *s)
{
  ((struct fake *)(void *)s)->freed = true;
}

static const struct stream_ops fake_ops = {
    .name = "fake", .read = fake_read, .write = fake_write, .free = fake_free};

TEST_UNUSED static void fake_init(struct fake *f, const struct fake_turn *turns, size_t piece)
{
  *f = (struct fake){.s = {.ops = &fake_ops, .ready = true}, .turns = turns, .piece = piece};
}

/* Steps until there is a result; FAKE_NEVER: it waits for what does not come. */
TEST_UNUSED static sl_result fake_step(struct stream *top)
{
  for (int i = 0; i < 100000; i++) {
    sl_result rc = sl_stream_step(top);
    if (rc != SL_WAIT)
      return rc;
    if (!CHECK(sl_stream_want(top)))
      return FAKE_NEVER;
  }
  return FAKE_NEVER;
}

/* Reads until the end, a failure or silence; the bytes into dst. */
TEST_UNUSED static size_t fake_drain(struct stream *top, char *dst, size_t cap, size_t piece)
{
  size_t all = 0, n = 0;
  for (int waits = 0; waits < 3 && all < cap;) {
    sl_result rc = sl_stream_read(top, dst + all, piece < cap - all ? piece : cap - all, &n);
    if (rc == SL_WAIT) {
      waits++;
      continue;
    }
    if (rc || !n)
      break;
    all += n;
    waits = 0;
  }
  return all;
}

#endif
