/*
 * fetch.c: fetches URLs that come from strangers, one a line on standard input, and tells for each
 * what came of it. It does not connect to anything that is not the public internet, wherever names,
 * redirects and odd ways to write an address lead. See docs/SSRF.md.
 *
 *   cc fetch.c $(pkg-config --cflags --libs sluice) -o fetch
 *   echo http://169.254.169.254/latest/meta-data/ | ./fetch
 *   ./fetch my.policy <urls
 */
#include <sluice/sluice.h>
#include <stdio.h>
#include <string.h>

enum { MOST_BYTES = 5000000, MOST_SECONDS = 20, MOST_REDIRECTS = 5 };

/* A body that goes on for ever ends here. */
static size_t take(char *data, size_t size, size_t n, void *arg)
{
  size_t *bytes = arg;
  (void)data; /* a real service would look at it */
  *bytes += size * n;
  return *bytes > MOST_BYTES ? CURL_WRITEFUNC_ERROR : size * n;
}

/* The preset, or what a file has to say. NULL: it is wrong, and nothing must run without it. */
static struct sluice_policy *load_policy(const char *path)
{
  struct sluice_policy_error error = {.size = sizeof error};
  struct sluice_policy *policy = NULL;
  const char *preset = sluice_policy_preset("public-internet");
  if (path ? sluice_policy_load(path, &policy, &error) : sluice_policy_parse(preset, strlen(preset), &policy, &error))
    fprintf(stderr, "%s:%u:%u: %s\n", path ? path : "preset", error.line, error.column, error.text);
  return policy;
}

static void fetch(CURL *curl, const char *url)
{
  char why[CURL_ERROR_SIZE] = "";
  size_t bytes = 0;
  long status = 0;
  curl_easy_setopt(curl, CURLOPT_URL, url);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &bytes);
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, why);
  CURLcode code = curl_easy_perform(curl);
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, NULL);
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
  if (code)
    printf("%s\t%s\t%s\n", strstr(why, "policy refused") ? "refused" : "failed", *why ? why : curl_easy_strerror(code), url);
  else
    printf("%ld\t%zu bytes\t%s\n", status, bytes, url);
}

int main(int argc, char **argv)
{
  char line[2000];
  curl_global_init(CURL_GLOBAL_DEFAULT);
  struct sluice_policy *policy = load_policy(argc > 1 ? argv[1] : NULL);
  CURL *curl = curl_easy_init();
  if (!policy || !curl)
    return 1;
  /* Another libcurl does not know the option: then there is no guard, and nothing must be fetched. */
  if (curl_easy_setopt(curl, SLUICEOPT_POLICY, policy)) {
    fputs("this libcurl is not Sluice\n", stderr);
    return 1;
  }
  sluice_policy_free(policy); /* the handle has its own reference */
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl, CURLOPT_PROXY, ""); /* not what the environment says */
  curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 1L);
  curl_easy_setopt(curl, CURLOPT_MAXREDIRS, (long)MOST_REDIRECTS);
  curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)MOST_SECONDS);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
  while (fgets(line, sizeof line, stdin)) {
    line[strcspn(line, "\r\n")] = 0;
    fetch(curl, line);
  }
  curl_easy_cleanup(curl);
  curl_global_cleanup();
  return 0;
}
