/* sys/gss.c with a library of the test's own. */
#include "sys/gss.h"

#include <curl/curl.h>

#include "base/mem.h"
#include "tests/test.h"
#include "tests/unit/sys/fake_gss.h"

static struct buf out, why;

static const struct gss_params plain = {.service = "HTTP", .host = {"a.test", 6}};

static void fresh(const char *user)
{
  sl_gss_use(&fake_library);
  fake_gss.user = user;
  sl_buf_done(&out);
  sl_buf_done(&why);
  sl_buf_init(&out, 1000);
  sl_buf_init(&why, 1000);
}

static void finish(struct gss *g)
{
  sl_gss_free(g);
  CHECK_INT(fake_gss.live, 0);
  sl_buf_done(&out);
  sl_buf_done(&why);
}

TEST(one_token_and_the_peers_proof)
{
  struct gss *g = NULL;
  fresh("alice");
  REQUIRE(sl_gss_new(&plain, &g, &why) == SL_OK);
  CHECK_INT(sl_gss_step(g, SLICE_NONE, &out, &why), SL_OK);
  CHECK_STR(out.p, "1 alice HTTP@a.test");
  CHECK(!sl_gss_complete(g));
  sl_buf_clear(&out);
  CHECK_INT(sl_gss_step(g, SLICE_LIT("done"), &out, &why), SL_OK);
  CHECK_INT(out.n, 0);
  CHECK(sl_gss_complete(g));
  finish(g);
}

TEST(several_tokens)
{
  struct gss *g = NULL;
  fresh("alice");
  REQUIRE(sl_gss_new(&plain, &g, &why) == SL_OK);
  CHECK_INT(sl_gss_step(g, SLICE_NONE, &out, &why), SL_OK);
  sl_buf_clear(&out);
  CHECK_INT(sl_gss_step(g, SLICE_LIT("more"), &out, &why), SL_OK);
  CHECK_STR(out.p, "2 alice HTTP@a.test");
  CHECK(!sl_gss_complete(g));
  finish(g);
}

TEST(delegation_and_bindings)
{
  static const struct {
    uint8_t delegation;
    const char *bindings, *token;
  } rows[] = {
      {0, "", "1 alice x@a.test"},
      {SL_GSS_DELEGATE, "", "1 alice x@a.test delegated"},
      {SL_GSS_DELEGATE_BY_POLICY, "abc", "1 alice x@a.test by policy bound:3"},
      {3, "abcd", "1 alice x@a.test delegated by policy bound:4"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct gss_params p = {"x", SLICE_LIT("a.test"), rows[i].delegation,
                           slice_str(rows[i].bindings)};
    struct gss *g = NULL;
    fresh("alice");
    REQUIRE(sl_gss_new(&p, &g, &why) == SL_OK);
    CHECK_INT(sl_gss_step(g, SLICE_NONE, &out, &why), SL_OK);
    CHECK_STR(out.p, rows[i].token);
    finish(g);
  }
}

TEST(what_fails_says_why)
{
  struct gss *g = NULL;
  struct gss_params odd = {.service = "HTTP", .host = SLICE_LIT("a!")};
  fresh(NULL);
  REQUIRE(sl_gss_new(&plain, &g, &why) == SL_OK);
  CHECK_INT(sl_gss_step(g, SLICE_NONE, &out, &why), CURLE_AUTH_ERROR);
  CHECK_STR(why.p, "gss_init_sec_context() failed: No tickets. Really. Seven");
  finish(g);
  fresh("alice");
  CHECK_INT(sl_gss_new(&odd, &g, &why), CURLE_AUTH_ERROR);
  CHECK_STR(why.p, "gss_import_name() failed: Refused. Really");
  finish(NULL);
  fresh("alice");
  REQUIRE(sl_gss_new(&plain, &g, &why) == SL_OK);
  CHECK_INT(sl_gss_step(g, SLICE_NONE, &out, &why), SL_OK);
  CHECK_INT(sl_gss_step(g, SLICE_LIT("rubbish"), &out, &why), CURLE_AUTH_ERROR);
  CHECK(!sl_gss_complete(g));
  finish(g);
}

TEST(a_token_that_is_too_long)
{
  struct gss *g = NULL;
  fresh("alice");
  out.max = 5;
  REQUIRE(sl_gss_new(&plain, &g, &why) == SL_OK);
  CHECK_INT(sl_gss_step(g, SLICE_NONE, &out, &why), CURLE_TOO_LARGE);
  CHECK(!sl_gss_complete(g));
  finish(g);
}

TEST(identity)
{
  fresh("alice@A.TEST");
  CHECK_INT(sl_gss_identity(&out), SL_OK);
  CHECK_STR(out.p, "alice@A.TEST");
  fresh(NULL);
  CHECK_INT(sl_gss_identity(&out), SL_OK);
  CHECK_INT(out.n, 0);
  fresh("alice");
  fake_gss.nameless = true;
  CHECK_INT(sl_gss_identity(&out), SL_OK);
  fake_gss.nameless = false;
  CHECK_INT(out.n, 0);
  out.max = 3;
  CHECK_INT(sl_gss_identity(&out), CURLE_TOO_LARGE);
  finish(NULL);
}

static sl_result everything(void)
{
  struct gss_params p = {"HTTP", SLICE_LIT("a.test"), 0, SLICE_LIT("abc")};
  struct gss *g = NULL;
  fresh("alice");
  sl_result rc = sl_gss_new(&p, &g, &why);
  if (!rc)
    rc = sl_gss_step(g, SLICE_NONE, &out, &why);
  if (!rc)
    rc = sl_gss_identity(&out);
  finish(g);
  return rc;
}

TEST(memory)
{
  sl_result last = SL_OK;
  FOR_EACH_FAILING_ALLOC(n)
  {
    last = everything();
    CHECK(last == SL_OK || last == SL_NOMEM);
  }
  CHECK_INT(last, SL_OK);
}
