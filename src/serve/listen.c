/* listen.c - from "HOST:PORT" to a listening socket. */
#include "own.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct address {
  char host[256]; /* "*": every address of the machine */
  char port[8];
};

static bool is_port(const char *text) {
  size_t size = strspn(text, "0123456789");
  return size > 0 && size <= 5 && !text[size] && atoi(text) <= 65535;
}

/* "HOST:PORT", "[HOST]:PORT", ":PORT" and "PORT"; without a host it is the loopback. */
static bool split(const char *text, struct address *address, lathe_error *error) {
  const char *colon = strrchr(text, ':'), *port = colon ? colon + 1 : text, *host = text;
  size_t size = colon ? (size_t)(colon - text) : 0;
  if (size >= 2 && host[0] == '[' && host[size - 1] == ']') {
    host++;
    size -= 2;
  } else if (memchr(host, ':', size)) {
    return lathe_error_set(error, LATHE_ERROR_ARGUMENT,
                           "\"%s\" is not an address to listen on; an IPv6 one goes in brackets: [::1]:8080",
                           text);
  }
  if (!is_port(port) || size >= sizeof address->host)
    return lathe_error_set(error, LATHE_ERROR_ARGUMENT,
                           "\"%s\" is not an address to listen on; write HOST:PORT, as in 127.0.0.1:8080",
                           text);
  snprintf(address->host, sizeof address->host, "%.*s", size ? (int)size : 9, size ? host : "127.0.0.1");
  snprintf(address->port, sizeof address->port, "%s", port);
  return true;
}

static bool refused(const char *text, const struct address *address, lathe_error *error) {
  if (errno == EADDRINUSE)
    return lathe_error_set(
        error, LATHE_ERROR_FILE,
        "port %s of %s is in use by another program; choose another port, or 0 for any free one",
        address->port, address->host);
  if (errno == EACCES)
    return lathe_error_set(error, LATHE_ERROR_FILE,
                           "port %s may only be opened by the system's administrator; choose one above 1023",
                           address->port);
  if (errno == EADDRNOTAVAIL)
    return lathe_error_set(error, LATHE_ERROR_FILE, "%s is not an address of this machine; 127.0.0.1 is",
                           address->host);
  return lathe_error_system(error, "cannot listen on %s", text);
}

static int open_one(const struct addrinfo *found) {
  int yes = 1, handle = socket(found->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (handle < 0) return -1;
  setsockopt(handle, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  if (!bind(handle, found->ai_addr, found->ai_addrlen) && !listen(handle, 1024)) return handle;
  int problem = errno;
  close(handle);
  errno = problem;
  return -1;
}

/* The URL by which this machine reaches the socket. */
static char *url_of(int handle, const struct address *address, lathe_error *error) {
  struct sockaddr_storage bound;
  socklen_t size = sizeof bound;
  char url[320], host[INET6_ADDRSTRLEN] = "127.0.0.1";
  const char *shown = host;
  unsigned port;
  if (getsockname(handle, (struct sockaddr *)&bound, &size) != 0) return NULL;
  if (bound.ss_family == AF_INET6) {
    const struct sockaddr_in6 *inet = (const struct sockaddr_in6 *)&bound;
    port = ntohs(inet->sin6_port);
    const struct in6_addr *to =
        IN6_IS_ADDR_UNSPECIFIED(&inet->sin6_addr) ? &in6addr_loopback : &inet->sin6_addr;
    inet_ntop(AF_INET6, to, host, sizeof host);
  } else {
    const struct sockaddr_in *inet = (const struct sockaddr_in *)&bound;
    port = ntohs(inet->sin_port);
    if (inet->sin_addr.s_addr != htonl(INADDR_ANY)) inet_ntop(AF_INET, &inet->sin_addr, host, sizeof host);
  }
  if (strspn(address->host, "0123456789abcdefABCDEF.:*") != strlen(address->host)) shown = address->host;
  bool brackets = strchr(shown, ':') != NULL;
  snprintf(url, sizeof url, "http://%s%s%s:%u", brackets ? "[" : "", shown, brackets ? "]" : "", port);
  return lathe_memory_text(url, strlen(url), error);
}

int listen_open(const char *text, char **url, lathe_error *error) {
  struct address address;
  struct addrinfo *found = NULL;
  struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
  if (!split(text, &address, error)) return -1;
  bool all = !strcmp(address.host, "*");
  if (all) hints.ai_family = AF_INET;
  int problem = getaddrinfo(all ? NULL : address.host, address.port, &hints, &found);
  if (problem) {
    lathe_error_set(error, LATHE_ERROR_ARGUMENT, "the host \"%s\" to listen on is not known: %s",
                    address.host, gai_strerror(problem));
    return -1;
  }
  int handle = -1;
  for (const struct addrinfo *one = found; one && handle < 0; one = one->ai_next) handle = open_one(one);
  if (handle < 0) refused(text, &address, error);
  freeaddrinfo(found);
  if (handle >= 0 && !(*url = url_of(handle, &address, error))) {
    close(handle);
    return -1;
  }
  return handle;
}
