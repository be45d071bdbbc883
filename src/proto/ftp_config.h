/* Settings of FTP. */
#ifndef SL_PROTO_FTP_CONFIG_H
#define SL_PROTO_FTP_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include <curl/curl.h>

struct ftp_config {
  char *ftp_account; /* owned: secrets, strings */
  char *ftpport;     /* set: active mode; "-", an address, host or interface, with ":port[-port]" */
  char *ftp_alternative_to_user;

  struct curl_slist *quote, *postquote, *prequote; /* borrowed */
  curl_chunk_bgn_callback chunk_bgn_function;
  curl_chunk_end_callback chunk_end_function;
  void *chunk_data;
  curl_fnmatch_callback fnmatch_function;
  void *fnmatch_data;

  int32_t accepttimeout_ms;

  uint8_t ftp_create_missing_dirs; /* CURLFTP_CREATE_DIR* */
  uint8_t ftp_filemethod;          /* CURLFTPMETHOD_* */
  uint8_t ftpsslauth;              /* CURLFTPAUTH_* */
  uint8_t ftp_ssl_ccc;             /* CURLFTPSSL_CCC_* */
  bool append, dirlistonly, wildcardmatch;
  bool ftp_use_epsv, ftp_use_eprt, ftp_use_pret, ftp_skip_pasv_ip;
};

#endif
