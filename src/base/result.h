/* One internal result everywhere: SL_OK, SL_WAIT, or the CURLcode (a positive number) that the
 * transfer is to report. base/ knows no curl types, hence the plain int. */
#ifndef SL_BASE_RESULT_H
#define SL_BASE_RESULT_H

typedef int sl_result;

enum {
  SL_OK = 0,
  SL_WAIT = -1, /* nothing more can be done now; try again when the watched descriptor is ready */
  SL_BROKEN = 2, /* CURLE_FAILED_INIT: a bug of ours that was noticed */
  SL_NOMEM = 27 /* CURLE_OUT_OF_MEMORY, and these two are the codes that base/ itself has to know */
};

/* What a sans-I/O codec says of the bytes that it was given. */
enum sl_parse { SL_PARSE_DONE, SL_PARSE_MORE, SL_PARSE_BAD };

#endif
