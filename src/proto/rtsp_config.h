/* Settings of RTSP. The session and the sequence numbers are written by transfers as well: CURLOPT_RTSP_SESSION_ID(3). */
#ifndef SL_PROTO_RTSP_CONFIG_H
#define SL_PROTO_RTSP_CONFIG_H

#include <stdint.h>

#include <curl/curl.h>

struct rtsp_config {
  char *rtsp_session_id; /* owned: strings */
  char *rtsp_stream_uri;
  char *rtsp_transport;

  curl_write_callback interleavefunction; /* NULL: the write callback */
  void *interleavedata;

  int32_t rtsp_request;                       /* CURL_RTSPREQ_* */
  int32_t rtsp_client_cseq, rtsp_server_cseq; /* of the next request; 0 becomes 1 */
  int32_t cseq_recv;                          /* of the last response */
};

#endif
