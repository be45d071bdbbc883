/* `sluice check`: what an egress policy says of addresses and URLs; `sluice policy`: the presets.
 * Nothing is connected or resolved: of names only localhost is known, as its two addresses. */
#include "check.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <errno.h>
#include <sluice/sluice.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "args.h"
#include "cli.h"
#include "columns.h"

enum option { POLICY, PRESET, PORT, PROTO, PURPOSE, HELP, OPTIONS };

static const struct args_row rows[OPTIONS] = {
    [POLICY] = {'p', "policy", "FILE", "ask the policy in this file"},
    [PRESET] = {0, "preset", "NAME", "ask a policy that comes with Sluice: public-internet"},
    [PORT] = {0, "port", "N", "of addresses without a URL, default 443"},
    [PROTO] = {0, "proto", "NAME", "tcp (default) or udp"},
    [PURPOSE] = {0, "purpose", "NAME",
                 "origin (default), proxy, dns, doh, ftp-data,\n"
                 "ftp-listen or accept"},
    [HELP] = {'h', "help", NULL, "this text"},
};

struct check {
  struct sluice_policy *policy;
  const char *place; /* file or preset, before the line number */
  unsigned port;
  int protocol, purpose;
  bool denied, wrong;
};

/* An address with what stands around it. */
union address {
  struct sockaddr sa;
  struct sockaddr_in in;
  struct sockaddr_in6 in6;
  struct sockaddr_un un;
};

void check_help(void)
{
  fputs("usage: sluice check --policy FILE|--preset NAME [OPTION...] ADDRESS|URL...\n\n"
        "Tells what an egress policy says of an address (10.0.0.1, ::1, unix:/PATH) or of the\n"
        "address in a URL, without connecting; - reads them from standard input, one a line.\n"
        "One line each, with tabs: what was asked, allow or deny, class, place of the rule.\n\n",
        stdout);
  args_help(rows, OPTIONS, stdout);
  fputs("\nExit status: 0 all are allowed, 1 one is denied, 2 the policy or the command line is\n"
        "wrong, or a name was asked, which has no address yet.\n",
        stdout);
}

void policy_help(void)
{
  fputs("usage: sluice policy preset NAME\n\n"
        "Prints a policy that comes with Sluice, to start from: public-internet.\n",
        stdout);
}

/* What was asked comes from anywhere: it must not make columns or lines of its own, nor move a cursor. */
static void print_asked(const char *asked, FILE *out)
{
  char *text = cli_need(strdup(asked));
  columns_clean(text);
  fputs(text, out);
  free(text);
}

static int wrong(struct check *check, const char *asked, const char *why)
{
  fputs("sluice check: ", stderr);
  print_asked(asked, stderr);
  fprintf(stderr, ": %s\n", why);
  check->wrong = true;
  return CLI_USAGE;
}

static int ask(struct check *check, const char *asked, const union address *address,
               unsigned length, const char *scheme)
{
  struct sluice_policy_verdict verdict = {.size = sizeof verdict};
  struct sluice_policy_question question = {.size = sizeof question,
                                            .address = &address->sa,
                                            .address_len = length,
                                            .protocol = check->protocol,
                                            .purpose = check->purpose,
                                            .scheme = scheme};
  CURLcode code = sluice_policy_check(check->policy, &question, &verdict);
  if (code)
    return wrong(check, asked, curl_easy_strerror(code));
  print_asked(asked, stdout);
  printf("\t%s\t%s\t%s", verdict.allow ? "allow" : "deny", verdict.address_class, check->place);
  if (verdict.line)
    printf(":%u\n", verdict.line);
  else
    printf(": %s\n", verdict.rule);
  if (!verdict.allow)
    check->denied = true;
  return CLI_OK;
}

static bool read_ip(const char *text, unsigned port, union address *out, unsigned *out_length)
{
  char host[INET6_ADDRSTRLEN + 1];
  size_t n = strcspn(text, "%"); /* the interface changes nothing */
  memset(out, 0, sizeof *out);
  if (text[0] == '[' && n && text[n - 1] == ']')
    text++, n -= 2;
  if (n >= sizeof host)
    return false;
  memcpy(host, text, n);
  host[n] = 0;
  if (inet_pton(AF_INET6, host, &out->in6.sin6_addr) == 1) {
    out->in6.sin6_family = AF_INET6;
    out->in6.sin6_port = htons((uint16_t)port);
    *out_length = sizeof out->in6;
    return true;
  }
  if (text[n] || inet_pton(AF_INET, host, &out->in.sin_addr) != 1)
    return false;
  out->in.sin_family = AF_INET;
  out->in.sin_port = htons((uint16_t)port);
  *out_length = sizeof out->in;
  return true;
}

static int ask_unix(struct check *check, const char *asked, const char *path)
{
  union address address;
  size_t n = strlen(path);
  memset(&address, 0, sizeof address);
  if (!n || n >= sizeof address.un.sun_path)
    return wrong(check, asked, "the path of a Unix socket has 1 to 107 bytes");
  address.un.sun_family = AF_UNIX;
  memcpy(address.un.sun_path, path, n);
  if (path[0] == '@') /* an abstract name: its length counts, and there is no zero behind it */
    address.un.sun_path[0] = 0;
  unsigned length = (unsigned)(offsetof(struct sockaddr_un, sun_path) + n + (path[0] != '@'));
  return ask(check, asked, &address, length, NULL);
}

/* The host of a URL, in the form that is connected to: 127.1 and full-width digits are addresses, too. NULL: see *code. */
static char *host_of(CURLU *url, CURLUcode *code)
{
  char *host = NULL, *plain = NULL;
  *code = curl_url_get(url, CURLUPART_HOST, &host, CURLU_PUNYCODE);
  if (!*code)
    *code = curl_url_set(url, CURLUPART_HOST, host, 0);
  if (!*code)
    *code = curl_url_get(url, CURLUPART_HOST, &plain, 0);
  curl_free(host);
  return plain;
}

static bool is_localhost(const char *host)
{
  static const char name[] = "localhost";
  size_t n = strlen(host), own = sizeof name - 1;
  if (n && host[n - 1] == '.')
    n--;
  return n >= own && !strncasecmp(host + n - own, name, own) && (n == own || host[n - own - 1] == '.');
}

static int ask_host(struct check *check, const char *asked, const char *host, unsigned port,
                    const char *scheme)
{
  union address address;
  unsigned length;
  if (is_localhost(host)) {
    int status = ask_host(check, asked, "127.0.0.1", port, scheme);
    return status ? status : ask_host(check, asked, "::1", port, scheme);
  }
  if (!read_ip(host, port, &address, &length))
    return wrong(check, asked, "a name is not resolved here; ask for its addresses");
  return ask(check, asked, &address, length, scheme);
}

static int ask_url(struct check *check, const char *asked, const char *text, bool has_scheme)
{
  CURLU *url = cli_need(curl_url());
  char *host = NULL, *port = NULL, *scheme = NULL;
  int status;
  CURLUcode code = curl_url_set(url, CURLUPART_URL, text, CURLU_NON_SUPPORT_SCHEME);
  if (!code)
    host = host_of(url, &code);
  if (!code)
    code = curl_url_get(url, CURLUPART_SCHEME, &scheme, 0);
  if (code) {
    status = wrong(check, asked, curl_url_strerror(code));
  } else {
    unsigned number = check->port;
    if (has_scheme && !curl_url_get(url, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT))
      number = (unsigned)strtoul(port, NULL, 10);
    status = ask_host(check, asked, host, number, has_scheme ? scheme : NULL);
  }
  curl_free(host);
  curl_free(port);
  curl_free(scheme);
  curl_url_cleanup(url);
  return status;
}

/* Without a scheme it is a host alone, and its port is --port's. */
static int ask_word(struct check *check, const char *asked)
{
  union address address;
  unsigned length;
  char url[300];
  if (read_ip(asked, check->port, &address, &length))
    return ask(check, asked, &address, length, NULL);
  if (strlen(asked) > 255 || asked[strcspn(asked, "/?#@:")])
    return wrong(check, asked, "this is no address, and no URL");
  snprintf(url, sizeof url, "http://%s/", asked);
  return ask_url(check, asked, url, false);
}

static void ask_one(struct check *check, const char *asked)
{
  if (!strncmp(asked, "unix:", 5))
    ask_unix(check, asked, asked + 5);
  else if (strstr(asked, "://"))
    ask_url(check, asked, asked, true);
  else
    ask_word(check, asked);
}

/* One a line; empty lines are passed over. */
static void ask_input(struct check *check)
{
  char *line = NULL;
  size_t room = 0;
  ssize_t n;
  while ((n = getline(&line, &room, stdin)) >= 0) {
    while (n > 0 && strchr("\r\n \t", line[n - 1]))
      line[--n] = 0;
    if (memchr(line, 0, (size_t)n))
      wrong(check, line, "a zero byte");
    else if (n)
      ask_one(check, line);
  }
  if (ferror(stdin))
    wrong(check, "standard input", strerror(errno));
  free(line);
}

static int read_port(const char *text, unsigned *out_port)
{
  char *end;
  unsigned long value = strtoul(text, &end, 10);
  if (text[0] < '0' || text[0] > '9' || *end || value > 65535)
    return args_complain("check", "--port needs a number from 0 to 65535, not '%s'", text);
  *out_port = (unsigned)value;
  return CLI_OK;
}

static int read_proto(const char *text, int *out_protocol)
{
  if (strcmp(text, "tcp") && strcmp(text, "udp"))
    return args_complain("check", "--proto needs tcp or udp, not '%s'", text);
  *out_protocol = text[0] == 'u' ? IPPROTO_UDP : IPPROTO_TCP;
  return CLI_OK;
}

static int read_purpose(const char *text, int *out_purpose)
{
  static const struct {
    const char *name;
    int value;
  } all[] = {{"origin", CURLSOCKTYPE_IPCXN},         {"proxy", SLUICE_SOCKTYPE_PROXY},
             {"dns", SLUICE_SOCKTYPE_DNS},           {"doh", SLUICE_SOCKTYPE_DOH},
             {"ftp-data", SLUICE_SOCKTYPE_FTP_DATA}, {"ftp-listen", SLUICE_SOCKTYPE_FTP_LISTEN},
             {"accept", CURLSOCKTYPE_ACCEPT}};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++)
    if (!strcmp(text, all[i].name)) {
      *out_purpose = all[i].value;
      return CLI_OK;
    }
  return args_complain("check", "there is no purpose '%s'", text);
}

int check_read_policy(const char *command, const char *value, bool preset, struct sluice_policy **policy)
{
  struct sluice_policy_error error = {.size = sizeof error};
  CURLcode code;
  if (*policy)
    return args_complain(command, "one policy, please: --policy FILE or --preset NAME");
  if (preset) {
    const char *text = sluice_policy_preset(value);
    if (!text)
      return args_complain(command, "there is no preset '%s'; there is public-internet", value);
    code = sluice_policy_parse(text, strlen(text), policy, &error);
  } else {
    errno = 0;
    code = sluice_policy_load(value, policy, &error);
  }
  if (!code)
    return CLI_OK;
  if (code == CURLE_FILE_COULDNT_READ_FILE && errno)
    fprintf(stderr, "sluice %s: %s: %s\n", command, value, strerror(errno));
  else if (error.line)
    fprintf(stderr, "sluice %s: %s:%u:%u: %s\n", command, value, error.line, error.column, error.text);
  else
    fprintf(stderr, "sluice %s: %s: %s\n", command, value, error.text);
  return CLI_USAGE;
}

static int take_option(struct check *check, int option, const char *value)
{
  switch (option) {
  case POLICY:
  case PRESET:
    check->place = value;
    return check_read_policy("check", value, option == PRESET, &check->policy);
  case PORT:
    return read_port(value, &check->port);
  case PROTO:
    return read_proto(value, &check->protocol);
  case PURPOSE:
    return read_purpose(value, &check->purpose);
  default:
    return CLI_USAGE; /* ARGS_BAD: it was said */
  }
}

int check_main(int count, char **words)
{
  struct args args = {"check", rows, OPTIONS, words, count, 0, NULL, false};
  struct check check = {.port = 443, .protocol = IPPROTO_TCP, .purpose = CURLSOCKTYPE_IPCXN};
  const char **asked = cli_alloc((size_t)count, sizeof *asked), *value = NULL;
  int asked_count = 0, option, status = CLI_OK;
  bool help = false;
  while (!status && !help && (option = args_next(&args, &value)) != ARGS_END) {
    if (option == ARGS_OPERAND)
      asked[asked_count++] = value;
    else if (option == HELP)
      help = true;
    else
      status = take_option(&check, option, value);
  }
  if (help)
    check_help();
  else if (!status && !check.policy)
    status = args_complain("check", "a policy is missing: --policy FILE or --preset NAME");
  else if (!status && !asked_count)
    status = args_complain("check", "an address or a URL is missing");
  for (int i = 0; !status && !help && i < asked_count; i++) {
    if (!strcmp(asked[i], "-"))
      ask_input(&check);
    else
      ask_one(&check, asked[i]);
  }
  if (!status)
    status = check.wrong ? CLI_USAGE : check.denied ? CLI_FAILED : CLI_OK;
  sluice_policy_free(check.policy);
  free(asked);
  return status;
}

int policy_main(int count, char **words)
{
  if (count == 1 && (!strcmp(words[0], "--help") || !strcmp(words[0], "-h"))) {
    policy_help();
    return CLI_OK;
  }
  if (count != 2 || strcmp(words[0], "preset"))
    return args_complain("policy", "it goes: sluice policy preset NAME");
  const char *text = sluice_policy_preset(words[1]);
  if (!text)
    return args_complain("policy", "there is no preset '%s'; there is public-internet", words[1]);
  fputs(text, stdout);
  return CLI_OK;
}
