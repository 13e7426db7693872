/* http.c - the HTTP client: libcurl's multi interface with one transfer, so that waiting can look at the
 * cancel flag. */
#include "http.h"
#include "library.h"
#include "memory.h"

#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* What is used of libcurl. */
#define SYMBOLS(row)                                                                                         \
  row(global_init) row(easy_init) row(easy_cleanup) row(easy_reset) row(easy_setopt) row(easy_getinfo)       \
      row(easy_strerror) row(multi_init) row(multi_cleanup) row(multi_add_handle) row(multi_remove_handle)   \
          row(multi_perform) row(multi_poll) row(multi_info_read) row(multi_strerror) row(slist_append)      \
              row(slist_free_all)

static struct {
#define FIELD(name) __typeof__(curl_##name) *name;
  SYMBOLS(FIELD)
#undef FIELD
} curl;

enum { TIMEOUT = 30, CONNECT_TIMEOUT = 5 }; /* seconds */

struct lathe_http_client {
  CURLM *multi;
  CURL *easy;
};

struct lathe_http_response {
  int32_t status;
  int64_t limit;
  bool too_large;
  lathe_buffer headers, body;
  lathe_error problem; /* out of memory, within a callback */
  lathe_progress *progress;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static bool opened;

static bool open_library(lathe_error *error) {
  pthread_mutex_lock(&lock);
  bool there = opened;
  if (!there) {
#define LOAD(name)                                                                                           \
  (curl.name = (__typeof__(curl.name))lathe_library_symbol(LATHE_LIBRARY_CURL, "curl_" #name, error)) &&
    there = SYMBOLS(LOAD) true;
#undef LOAD
    if (there && curl.global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
      there = lathe_error_set(error, LATHE_ERROR_UNAVAILABLE, "libcurl cannot be started");
    opened = there;
  }
  pthread_mutex_unlock(&lock);
  return there;
}

lathe_http_client *lathe_http_client_new(lathe_error *error) {
  if (!open_library(error)) return NULL;
  lathe_http_client *client = lathe_memory_new(1, sizeof *client, error);
  if (!client) return NULL;
  client->multi = curl.multi_init();
  client->easy = curl.easy_init();
  if (client->multi && client->easy) return client;
  lathe_error_set(error, LATHE_ERROR_MEMORY, "there is no memory for an HTTP client");
  lathe_http_client_free(client);
  return NULL;
}

void lathe_http_client_free(lathe_http_client *client) {
  if (!client) return;
  if (client->easy) curl.easy_cleanup(client->easy);
  if (client->multi) curl.multi_cleanup(client->multi);
  free(client);
}

static size_t take_body(char *data, size_t size, size_t count, void *context) {
  lathe_http_response *response = context;
  size_t bytes = size * count;
  if ((int64_t)(response->body.size + bytes) > response->limit) {
    response->too_large = true;
    return 0;
  }
  lathe_progress_add(response->progress, (int64_t)bytes);
  return lathe_buffer_append(&response->body, data, bytes, &response->problem) ? bytes : 0;
}

/* One line of the head. A status line begins a new answer: after a redirection, or 100 Continue. */
static size_t take_header(char *data, size_t size, size_t count, void *context) {
  lathe_http_response *response = context;
  size_t bytes = size * count, text = bytes;
  if (bytes >= 5 && !memcmp(data, "HTTP/", 5)) {
    response->headers.size = 0;
    return bytes;
  }
  while (text > 0 && (data[text - 1] == '\r' || data[text - 1] == '\n')) text--;
  if (text == 0) return bytes;
  if (response->headers.size + bytes > 1 << 20) {
    response->too_large = true;
    return 0;
  }
  bool fine = lathe_buffer_append(&response->headers, data, text, &response->problem) &&
              lathe_buffer_append(&response->headers, "\n", 1, &response->problem);
  return fine ? bytes : 0;
}

static bool loopback(const char *url) {
  const char *host = strstr(url, "://");
  host = host ? host + 3 : url;
  return !strncmp(host, "127.", 4) || !strncmp(host, "[::1]", 5) || !strncasecmp(host, "localhost", 9);
}

/* `list` with a line more. NULL, and the list freed, when memory ran out. */
static struct curl_slist *add_line(struct curl_slist *list, const char *line) {
  struct curl_slist *longer = line ? curl.slist_append(list, line) : NULL;
  if (!longer) curl.slist_free_all(list);
  return longer;
}

/* The lines of `text` as curl's list, without what curl would add: waiting for 100 Continue, and the content type of a
 * form. NULL when memory ran out. */
static struct curl_slist *list_headers(const char *text, lathe_error *error) {
  struct curl_slist *list = add_line(NULL, "Expect:");
  bool typed = false;
  while (list && text && *text) {
    size_t size = strcspn(text, "\r\n");
    typed = typed || !strncasecmp(text, "content-type:", 13);
    char *line = lathe_memory_text(text, size, error);
    list = add_line(list, line);
    free(line);
    text += size + strspn(text + size, "\r\n");
  }
  if (list && !typed) list = add_line(list, "Content-Type:");
  if (!list) lathe_error_set(error, LATHE_ERROR_MEMORY, "there is no memory for the headers of a request");
  return list;
}

static void set_method(CURL *easy, const char *method, const char *body, size_t body_size) {
  bool get = !method || !strcmp(method, "GET"), head = method && !strcmp(method, "HEAD");
  if (body) {
    curl.easy_setopt(easy, CURLOPT_POSTFIELDS, body);
    curl.easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body_size);
  } else if (head) {
    curl.easy_setopt(easy, CURLOPT_NOBODY, 1L);
  } else if (get) {
    curl.easy_setopt(easy, CURLOPT_HTTPGET, 1L);
  }
  if (method && !head && !(get && !body) && !(body && !strcmp(method, "POST")))
    curl.easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method);
  if (!body && (get || head)) {
    curl.easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 1L);
    curl.easy_setopt(easy, CURLOPT_MAXREDIRS, 5L);
  }
}

/* Milliseconds of a limit in seconds. */
static long milliseconds(double seconds, double standard) {
  double chosen = seconds > 0 ? seconds : standard;
  return chosen > 1e6 ? 1000000000L : chosen < 0.001 ? 1L : (long)(chosen * 1000);
}

/* Run the transfer to its end. */
static bool run(lathe_http_client *client, const char *url, lathe_progress *progress, CURLcode *result,
                lathe_error *error) {
  int running = 1, waiting;
  while (running > 0) {
    CURLMcode code = curl.multi_perform(client->multi, &running);
    if (code == CURLM_OK && running > 0) code = curl.multi_poll(client->multi, NULL, 0, 50, NULL);
    if (code != CURLM_OK)
      return lathe_error_set(error, LATHE_ERROR_FILE, "%s: %s", url, curl.multi_strerror(code));
    if (running > 0 && progress && !lathe_progress_check(progress, error)) return false;
  }
  CURLMsg *message = curl.multi_info_read(client->multi, &waiting);
  *result = message ? message->data.result : CURLE_RECV_ERROR;
  return true;
}

/* What asking once more does not mend; all else is a server that is not reached (LATHE_ERROR_FILE). */
static const struct {
  CURLcode result;
  const char *format; /* of the URL and curl's words */
} reasons[] = {
    {CURLE_TOO_MANY_REDIRECTS,
     "%s: it is redirected more than five times, in a circle perhaps (%s); check the address"},
    {CURLE_UNSUPPORTED_PROTOCOL,
     "%s: what answers there, or where it leads, does not speak HTTP (%s); check the address and its port"},
    {CURLE_WEIRD_SERVER_REPLY,
     "%s: what answers there does not speak HTTP (%s); check the address and its port"},
    {CURLE_PEER_FAILED_VERIFICATION, "%s: its certificate is not trusted (%s); check the address, or name "
                                     "the file of the authority that signed it "
                                     "in the environment as SSL_CERT_FILE"},
    {CURLE_SSL_CACERT_BADFILE,
     "%s: the certificates of SSL_CERT_FILE cannot be read (%s); name a PEM file in it"},
    {CURLE_SSL_CONNECT_ERROR, "%s: it does not speak TLS as https does (%s); check the address and its port"},
};

static bool say_late(lathe_http_client *client, const char *url, const lathe_http_limits *limits,
                     lathe_error *error) {
  double whole = limits && limits->timeout > 0 ? limits->timeout : TIMEOUT;
  double connecting = limits && limits->connect_timeout > 0 ? limits->connect_timeout : CONNECT_TIMEOUT;
  curl_off_t connected = 0;
  curl.easy_getinfo(client->easy, CURLINFO_PRETRANSFER_TIME_T, &connected);
  if (connected == 0 && connecting < whole)
    return lathe_error_set(
        error, LATHE_ERROR_FILE,
        "%s: no connection within %g s; check the address, or allow more with connect_timeout", url,
        connecting);
  return lathe_error_set(error, LATHE_ERROR_FILE, "%s: no whole answer within %g s; allow more with timeout",
                         url, whole);
}

static bool say_why(lathe_http_client *client, const lathe_http_response *response, const char *url,
                    CURLcode result, const char *words, const lathe_http_limits *limits, lathe_error *error) {
  if (!*words) words = curl.easy_strerror(result);
  if (response->problem.code != LATHE_ERROR_NONE) {
    if (error) *error = response->problem;
    return false;
  }
  if (response->too_large)
    return lathe_error_set(error, LATHE_ERROR_DATA,
                           "%s: the answer is larger than the %lld bytes allowed; ask for less at once", url,
                           (long long)response->limit);
  if (result == CURLE_OPERATION_TIMEDOUT) return say_late(client, url, limits, error);
  for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
    if (result == reasons[i].result)
      return lathe_error_set(error, LATHE_ERROR_DATA, reasons[i].format, url, words);
  return lathe_error_set(error, LATHE_ERROR_FILE, "%s: %s", url, words);
}

static bool send_request(lathe_http_client *client, const char *method, const char *url, const char *body,
                         size_t body_size, struct curl_slist *headers, const lathe_http_limits *limits,
                         lathe_progress *progress, lathe_http_response *response, lathe_error *error) {
  char words[CURL_ERROR_SIZE] = "";
  CURL *easy = client->easy;
  CURLcode result = CURLE_OK;
  curl.easy_reset(easy);
  curl.easy_setopt(easy, CURLOPT_ERRORBUFFER, words);
  curl.easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl.easy_setopt(easy, CURLOPT_USERAGENT, "lathe");
  curl.easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl.easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
  if (loopback(url)) curl.easy_setopt(easy, CURLOPT_PROXY, "");
  const char *authorities = getenv("SSL_CERT_FILE"); /* libcurl itself looks at neither */
  if (!authorities || !*authorities) authorities = getenv("CURL_CA_BUNDLE");
  if (authorities && *authorities) curl.easy_setopt(easy, CURLOPT_CAINFO, authorities);
  curl.easy_setopt(easy, CURLOPT_URL, url);
  curl.easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
  curl.easy_setopt(easy, CURLOPT_TIMEOUT_MS, milliseconds(limits ? limits->timeout : 0, TIMEOUT));
  curl.easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
                   milliseconds(limits ? limits->connect_timeout : 0, CONNECT_TIMEOUT));
  curl.easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
  curl.easy_setopt(easy, CURLOPT_WRITEDATA, response);
  curl.easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header);
  curl.easy_setopt(easy, CURLOPT_HEADERDATA, response);
  set_method(easy, method, body, body_size);
  if (curl.multi_add_handle(client->multi, easy) != CURLM_OK)
    return lathe_error_set(error, LATHE_ERROR_MEMORY, "%s: libcurl cannot begin the request", url);
  bool ended = run(client, url, progress, &result, error);
  curl.multi_remove_handle(client->multi, easy);
  if (!ended) return false;
  if (result != CURLE_OK) return say_why(client, response, url, result, words, limits, error);
  long status = 0;
  curl.easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
  response->status = (int32_t)status;
  return true;
}

lathe_http_response *lathe_http_send(lathe_http_client *client, const char *method, const char *url,
                                     const char *headers, const char *body, size_t body_size,
                                     const lathe_http_limits *limits, lathe_progress *progress,
                                     lathe_error *error) {
  lathe_http_response *response = lathe_memory_new(1, sizeof *response, error);
  if (!response) return NULL;
  response->progress = progress;
  response->limit = limits && limits->body > 0 ? limits->body : INT64_C(256) << 20;
  struct curl_slist *list = list_headers(headers, error);
  bool fine =
      list && send_request(client, method, url, body, body_size, list, limits, progress, response, error);
  curl.slist_free_all(list);
  if (fine) return response;
  lathe_http_response_free(response);
  return NULL;
}

void lathe_http_response_free(lathe_http_response *response) {
  if (!response) return;
  lathe_buffer_free(&response->headers);
  lathe_buffer_free(&response->body);
  free(response);
}

int32_t lathe_http_status(const lathe_http_response *response) {
  return response->status;
}

static lathe_text text_of(const lathe_buffer *buffer) {
  return (lathe_text){buffer->data ? buffer->data : "", buffer->size};
}

lathe_text lathe_http_body(const lathe_http_response *response) {
  return text_of(&response->body);
}

lathe_text lathe_http_headers(const lathe_http_response *response) {
  return text_of(&response->headers);
}
