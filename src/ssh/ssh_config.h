/* Settings of SFTP and SCP. A private key's password is that of the TLS topic: CURLOPT_KEYPASSWD(3) is for both. */
#ifndef SL_SSH_SSH_CONFIG_H
#define SL_SSH_SSH_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include <curl/curl.h>

struct ssh_config {
  char *ssh_public_keyfile; /* owned: strings; NULL or "": made from the private key */
  char *ssh_private_keyfile;
  char *ssh_knownhosts;
  char *ssh_host_public_key_md5;
  char *ssh_host_public_key_sha256;

  curl_sshkeycallback ssh_keyfunction;
  void *ssh_keydata;
  curl_sshhostkeycallback ssh_hostkeyfunction;
  void *ssh_hostkeydata;

  uint32_t ssh_auth_types; /* CURLSSH_AUTH_* */
  uint16_t new_file_perms; /* mode bits; file: has the same */
  uint16_t new_directory_perms;
  bool ssh_compression;
};

#endif
