/* The curl_mime_* functions: check, then call down. Parts of a tree that is being sent cannot be changed. */
#include <curl/curl.h>

#include "api/guard.h"
#include "xfer/mime.h"
#include "xfer/mime_encode.h"

/* The handle is for applications that need to know what the multipart was made for; it may be any, or none. */
curl_mime *curl_mime_init(CURL *easy)
{
  (void)easy;
  return sl_global_ensure() ? sl_mime_new() : NULL;
}

void curl_mime_free(curl_mime *mime)
{
  sl_mime_free(mime);
}

curl_mimepart *curl_mime_addpart(curl_mime *mime)
{
  return mime ? sl_mime_add(mime) : NULL;
}

static bool is_usable(const curl_mimepart *part)
{
  return part && !sl_mime_busy(part);
}

CURLcode curl_mime_name(curl_mimepart *part, const char *name)
{
  if (!is_usable(part))
    return CURLE_BAD_FUNCTION_ARGUMENT;
  return (CURLcode)sl_mime_text(&part->name, slice_str(name));
}

CURLcode curl_mime_filename(curl_mimepart *part, const char *filename)
{
  if (!is_usable(part))
    return CURLE_BAD_FUNCTION_ARGUMENT;
  return (CURLcode)sl_mime_text(&part->filename, slice_str(filename));
}

CURLcode curl_mime_type(curl_mimepart *part, const char *mimetype)
{
  if (!is_usable(part))
    return CURLE_BAD_FUNCTION_ARGUMENT;
  return (CURLcode)sl_mime_text(&part->type, slice_str(mimetype));
}

/* An unknown encoding removes the one before. */
CURLcode curl_mime_encoder(curl_mimepart *part, const char *encoding)
{
  if (!is_usable(part))
    return CURLE_BAD_FUNCTION_ARGUMENT;
  part->encoding = MIME_NO_ENCODING;
  return !encoding || sl_mime_encoding_find(encoding, &part->encoding) ? CURLE_OK : CURLE_BAD_FUNCTION_ARGUMENT;
}

CURLcode curl_mime_headers(curl_mimepart *part, struct curl_slist *headers, int take_ownership)
{
  if (!is_usable(part))
    return CURLE_BAD_FUNCTION_ARGUMENT;
  sl_mime_headers(part, headers, take_ownership != 0);
  return CURLE_OK;
}

CURLcode curl_mime_data(curl_mimepart *part, const char *data, size_t datasize)
{
  if (!is_usable(part))
    return CURLE_BAD_FUNCTION_ARGUMENT;
  if (!data) {
    sl_mime_clear(part);
    return CURLE_OK;
  }
  return (CURLcode)sl_mime_data(part, data, datasize == CURL_ZERO_TERMINATED ? strlen(data) : datasize, true);
}

CURLcode curl_mime_filedata(curl_mimepart *part, const char *filename)
{
  if (!is_usable(part))
    return CURLE_BAD_FUNCTION_ARGUMENT;
  if (!filename) {
    sl_mime_clear(part);
    return CURLE_OK;
  }
  return (CURLcode)sl_mime_file(part, filename);
}

/* Without a read function there is no content, and freefunc is not remembered. */
CURLcode curl_mime_data_cb(curl_mimepart *part, curl_off_t datasize, curl_read_callback readfunc,
                           curl_seek_callback seekfunc, curl_free_callback freefunc, void *arg)
{
  if (!is_usable(part))
    return CURLE_BAD_FUNCTION_ARGUMENT;
  struct mime_callback cb = {readfunc, seekfunc, freefunc, arg};
  if (readfunc)
    sl_mime_callback(part, &cb, datasize);
  else
    sl_mime_clear(part);
  return CURLE_OK;
}

CURLcode curl_mime_subparts(curl_mimepart *part, curl_mime *subparts)
{
  if (!is_usable(part))
    return CURLE_BAD_FUNCTION_ARGUMENT;
  if (!subparts) {
    sl_mime_clear(part);
    return CURLE_OK;
  }
  return (CURLcode)sl_mime_parts(part, subparts);
}
