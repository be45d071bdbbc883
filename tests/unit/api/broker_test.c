/* sluice_broker_*: what an application may do wrong, and the callback in other hands than the gate's. */
#include <errno.h>
#include <netinet/in.h>
#include <sluice/sluice.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "tests/test.h"

static struct curl_sockaddr loopback(int port)
{
  struct curl_sockaddr a = {AF_INET, SOCK_STREAM, IPPROTO_TCP, sizeof(struct sockaddr_in), {0}};
  struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  in.sin_port = htons((uint16_t)port);
  memcpy(&a.addr, &in, sizeof in);
  return a;
}

static int kind(int fd)
{
  int type = -1;
  socklen_t len = sizeof type;
  return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) ? -errno : type;
}

static const char rules[] = "allow any port 80 purpose origin,ftp-data\n";

TEST(gives_sockets)
{
  struct sluice_broker *b = NULL;
  struct sluice_policy *p = NULL;
  struct curl_sockaddr a = loopback(80);
  CHECK_INT(sluice_policy_parse(rules, sizeof rules - 1, &p, NULL), CURLE_OK);
  REQUIRE(sluice_broker_start(p, &b) == CURLE_OK);
  sluice_policy_free(p);
  CHECK(sluice_broker_pid(b) > 0 && sluice_broker_pid(b) != getpid());
  CHECK(sluice_broker_fd(b) >= 0);
  int fd = sluice_broker_opensocket(b, CURLSOCKTYPE_IPCXN, &a);
  CHECK_INT(kind(fd), SOCK_STREAM);
  close(fd);
  fd = sluice_broker_opensocket(b, (curlsocktype)SLUICE_SOCKTYPE_FTP_DATA, &a);
  CHECK_INT(kind(fd), SOCK_STREAM);
  close(fd);
  CHECK_INT(sluice_broker_opensocket(b, (curlsocktype)SLUICE_SOCKTYPE_DNS, &a), CURL_SOCKET_BAD);
  CHECK_INT(errno, EACCES);
  CHECK_INT(sluice_broker_opensocket(b, (curlsocktype)9999, &a), CURL_SOCKET_BAD); /* no purpose is none of these */
  a = loopback(81);
  CHECK_INT(sluice_broker_opensocket(b, CURLSOCKTYPE_IPCXN, &a), CURL_SOCKET_BAD);
  CHECK_INT(errno, EACCES);
  fd = sluice_broker_opensocket(b, CURLSOCKTYPE_ACCEPT, &a); /* no socket: the accepted one stays */
  CHECK(fd >= 0);
  CHECK_INT(kind(fd), -ENOTSOCK);
  close(fd);
  sluice_broker_stop(b);
  CHECK_INT(sluice_broker_opensocket(b, CURLSOCKTYPE_IPCXN, &a), CURL_SOCKET_BAD);
  CHECK_INT(errno, EOWNERDEAD);
  CHECK_INT(sluice_broker_pid(b), -1);
  CHECK_INT(sluice_broker_fd(b), -1);
  curl_global_cleanup();
}

TEST(what_is_no_broker)
{
  char other[512] = "";
  struct curl_sockaddr a = loopback(80);
  struct sluice_broker *no = (struct sluice_broker *)(void *)other, *b = NULL;
  CHECK_INT(sluice_broker_start(NULL, NULL), CURLE_BAD_FUNCTION_ARGUMENT);
  CHECK_INT(sluice_broker_opensocket(NULL, CURLSOCKTYPE_IPCXN, &a), CURL_SOCKET_BAD);
  CHECK_INT(sluice_broker_opensocket(no, CURLSOCKTYPE_IPCXN, &a), CURL_SOCKET_BAD);
  CHECK_INT(errno, EINVAL);
  CHECK_INT(sluice_broker_pid(no), -1);
  CHECK_INT(sluice_broker_fd(NULL), -1);
  sluice_broker_stop(no);
  sluice_broker_stop(NULL);
  REQUIRE(sluice_broker_start(NULL, &b) == CURLE_OK);
  CHECK_INT(sluice_broker_opensocket(b, CURLSOCKTYPE_IPCXN, NULL), CURL_SOCKET_BAD);
  a.addrlen = 4096;
  CHECK_INT(sluice_broker_opensocket(b, CURLSOCKTYPE_IPCXN, &a), CURL_SOCKET_BAD);
  CHECK_INT(errno, EINVAL);
  a = loopback(80);
  a.family = 9999;
  CHECK_INT(sluice_broker_opensocket(b, CURLSOCKTYPE_IPCXN, &a), CURL_SOCKET_BAD);
  CHECK_INT(errno, EAFNOSUPPORT);
  sluice_broker_stop(b);
  curl_global_cleanup();
}

TEST(without_memory)
{
  CURLcode last = CURLE_OK;
  FOR_EACH_FAILING_ALLOC(n)
  {
    struct sluice_broker *b = NULL;
    last = sluice_broker_start(NULL, &b);
    CHECK(last == CURLE_OK ? b != NULL : last == CURLE_OUT_OF_MEMORY && !b);
    sluice_broker_stop(b);
    curl_global_cleanup();
  }
  CHECK_INT(last, CURLE_OK);
}

/* The application's own callback in between, and its own with another's data. */
static int asked;
static curl_socket_t wrapper(void *broker, curlsocktype purpose, struct curl_sockaddr *a)
{
  asked++;
  return sluice_broker_opensocket(broker, purpose, a);
}

TEST(a_callback_around_it)
{
  struct sluice_broker *b = NULL;
  struct sluice_policy *p = NULL;
  char error[CURL_ERROR_SIZE] = "";
  CHECK_INT(sluice_policy_parse("deny any\n", 9, &p, NULL), CURLE_OK);
  REQUIRE(sluice_broker_start(p, &b) == CURLE_OK);
  sluice_policy_free(p);
  CURL *easy = curl_easy_init();
  curl_easy_setopt(easy, CURLOPT_URL, "http://127.0.0.1:9/");
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, error);
  curl_easy_setopt(easy, CURLOPT_PROXY, "");
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, b);
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, wrapper);
  CHECK_INT(curl_easy_perform(easy), CURLE_COULDNT_CONNECT);
  CHECK_INT(asked, 1);
  CHECK_STR(error, "The application refused 127.0.0.1 port 9");
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, sluice_broker_opensocket);
  CHECK_INT(curl_easy_perform(easy), CURLE_COULDNT_CONNECT);
  CHECK_STR(error, "The broker's policy refused 127.0.0.1 port 9 (loopback), policy line 1: deny any");
  sluice_broker_stop(b);
  CHECK_INT(curl_easy_perform(easy), CURLE_COULDNT_CONNECT);
  CHECK_STR(error, "the socket broker has ended");
  curl_easy_cleanup(easy);
  curl_global_cleanup();
}
