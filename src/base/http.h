/* http.h - asking a server over HTTP, and waiting for its answer.
 *
 * A client keeps its connections open between requests, so that many to one server cost one handshake. It is
 * used by one thread at a time. libcurl does the work and is opened when the first client is made. Only http
 * and https are spoken; a loopback address is never asked through a proxy; GET and HEAD follow up to five
 * redirections. A server's certificate must be signed by an authority that the system trusts, or by one in the PEM file
 * that SSL_CERT_FILE or CURL_CA_BUNDLE names in the environment. */
#ifndef LATHE_BASE_HTTP_H
#define LATHE_BASE_HTTP_H

#include "error.h"
#include "progress.h"
#include "text.h"

typedef struct lathe_http_client lathe_http_client;
typedef struct lathe_http_response lathe_http_response;

/* Zero in a field means its default. */
typedef struct lathe_http_limits {
  double timeout;         /* seconds for the whole request; 30 */
  double connect_timeout; /* seconds until the connection stands; 5 */
  int64_t body;           /* bytes of an answer; 256 MB */
} lathe_http_limits;

lathe_http_client *lathe_http_client_new(lathe_error *error);
void lathe_http_client_free(lathe_http_client *client);

/* Send a request and wait for the whole answer, whatever its status. `method` NULL: GET, or POST when there
 * is a body. `headers`: lines "Name: value", or NULL. `body` NULL: none. `limits` NULL: the defaults. Gives
 * up within a tenth of a second when `progress` is cancelled. NULL with an error that names the URL when
 * there is no answer: LATHE_ERROR_FILE when the server was not reached or did not end, LATHE_ERROR_DATA when asking once more
 * would not help. */
lathe_http_response *lathe_http_send(lathe_http_client *client, const char *method, const char *url,
                                     const char *headers, const char *body, size_t body_size,
                                     const lathe_http_limits *limits, lathe_progress *progress,
                                     lathe_error *error);
void lathe_http_response_free(lathe_http_response *response);

int32_t lathe_http_status(const lathe_http_response *response);
lathe_text lathe_http_body(const lathe_http_response *response); /* NUL-terminated */
lathe_text
lathe_http_headers(const lathe_http_response *response); /* lines "name: value\n", of the last answer */

#endif
