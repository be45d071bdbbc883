/* TLS sessions from one process to another: MODE CA FILE URL. Takes in what FILE has, gets URL, writes to FILE what there
 * is then. MODE: "key" or "hash", which the sessions are stored under; "share" is "key" with a share, where one handle
 * transfers and others take in and out; */
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct record {
  size_t key_n, shmac_n, data_n;
};

struct out {
  FILE *file;
  const char *mode;
  int n;
};

static CURLcode store(CURL *curl, void *arg, const char *key, const unsigned char *shmac, size_t shmac_n,
                      const unsigned char *data, size_t data_n, curl_off_t until, int version, const char *alpn,
                      size_t early)
{
  struct out *o = arg;
  int hash = !strcmp(o->mode, "hash");
  struct record r = {hash || !key ? 0 : strlen(key) + 1, shmac_n, data_n};
  (void)curl;
  (void)early;
  if (!o->n++)
    fprintf(stderr, "%x %s %d %s ", (unsigned)version, alpn ? alpn : "-", until > 1700000000, key ? key : "-");
  fwrite(&r, sizeof r, 1, o->file);
  fwrite(key, 1, r.key_n, o->file);
  fwrite(shmac, 1, shmac_n, o->file);
  fwrite(data, 1, data_n, o->file);
  return CURLE_OK;
}

static int take_in(CURL *e, const char *name)
{
  static char key[4096], shmac[4096], data[65536];
  struct record r;
  int n = 0;
  FILE *f = fopen(name, "rb");
  if (!f)
    return 0;
  while (fread(&r, sizeof r, 1, f) == 1 && r.key_n <= sizeof key && r.shmac_n <= sizeof shmac &&
         r.data_n <= sizeof data && fread(key, 1, r.key_n, f) == r.key_n &&
         fread(shmac, 1, r.shmac_n, f) == r.shmac_n && fread(data, 1, r.data_n, f) == r.data_n)
    n += !curl_easy_ssls_import(e, r.key_n ? key : NULL, (unsigned char *)shmac, r.shmac_n, (unsigned char *)data,
                                r.data_n);
  fclose(f);
  return n;
}

static CURL *make(CURLSH *share, const char *ca, const char *url)
{
  CURL *e = curl_easy_init();
  curl_easy_setopt(e, CURLOPT_CAINFO, ca);
  curl_easy_setopt(e, CURLOPT_URL, url);
  curl_easy_setopt(e, CURLOPT_SHARE, share);
  return e;
}

int main(int argc, char **argv)
{
  if (argc < 5)
    return 2;
  struct out o = {NULL, argv[1], 0};
  CURLSH *share = NULL;
  if (!strcmp(argv[1], "share")) {
    share = curl_share_init();
    curl_share_setopt(share, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
  }
  CURL *e = make(share, argv[2], argv[4]), *other = share ? make(share, argv[2], argv[4]) : e;
  fprintf(stderr, "%d in ", take_in(other, argv[3]));
  CURLcode rc = curl_easy_perform(e);
  o.file = fopen(argv[3], "wb");
  CURLcode out = curl_easy_ssls_export(other, store, &o);
  fprintf(stderr, "%d out\n", o.n > 0);
  fclose(o.file);
  curl_easy_cleanup(e);
  if (other != e)
    curl_easy_cleanup(other);
  if (share)
    curl_share_cleanup(share);
  return rc ? (int)rc : (int)out;
}
