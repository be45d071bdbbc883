/* The MIME and form functions: not built yet. */
#include <curl/curl.h>

curl_mime *curl_mime_init(CURL *easy)
{
  (void)easy;
  return NULL;
}

void curl_mime_free(curl_mime *mime)
{
  (void)mime;
}

curl_mimepart *curl_mime_addpart(curl_mime *mime)
{
  (void)mime;
  return NULL;
}

CURLcode curl_mime_name(curl_mimepart *part, const char *name)
{
  (void)part;
  (void)name;
  return CURLE_NOT_BUILT_IN;
}

CURLcode curl_mime_filename(curl_mimepart *part, const char *filename)
{
  return curl_mime_name(part, filename);
}

CURLcode curl_mime_type(curl_mimepart *part, const char *mimetype)
{
  return curl_mime_name(part, mimetype);
}

CURLcode curl_mime_encoder(curl_mimepart *part, const char *encoding)
{
  return curl_mime_name(part, encoding);
}

CURLcode curl_mime_filedata(curl_mimepart *part, const char *filename)
{
  return curl_mime_name(part, filename);
}

CURLcode curl_mime_data(curl_mimepart *part, const char *data, size_t datasize)
{
  (void)datasize;
  return curl_mime_name(part, data);
}

CURLcode curl_mime_data_cb(curl_mimepart *part, curl_off_t datasize, curl_read_callback readfunc,
                           curl_seek_callback seekfunc, curl_free_callback freefunc, void *arg)
{
  (void)datasize;
  (void)readfunc;
  (void)seekfunc;
  (void)freefunc;
  (void)arg;
  return curl_mime_name(part, NULL);
}

CURLcode curl_mime_subparts(curl_mimepart *part, curl_mime *subparts)
{
  (void)subparts;
  return curl_mime_name(part, NULL);
}

CURLcode curl_mime_headers(curl_mimepart *part, struct curl_slist *headers, int take_ownership)
{
  (void)headers;
  (void)take_ownership;
  return curl_mime_name(part, NULL);
}

CURLFORMcode curl_formadd(struct curl_httppost **httppost, struct curl_httppost **last_post, ...)
{
  (void)httppost;
  (void)last_post;
  return CURL_FORMADD_DISABLED;
}

void curl_formfree(struct curl_httppost *form)
{
  (void)form;
}

int curl_formget(struct curl_httppost *form, void *arg, curl_formget_callback append)
{
  (void)form;
  (void)arg;
  (void)append;
  return CURL_FORMADD_DISABLED;
}
