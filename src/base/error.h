/* error.h - how a function says what went wrong.
 *
 * Whatever can fail takes a `lathe_error *` last (it may be NULL) and returns NULL or false. The message is
 * one sentence for the user: the thing, the place and the mend. It is written where the cause is best known
 * and passed up untouched. A function that fails has taken nothing. */
#ifndef LATHE_BASE_ERROR_H
#define LATHE_BASE_ERROR_H

#ifndef LATHE_CDEF
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#define LATHE_PRINTF(text, first) __attribute__((format(printf, text, first)))
#else
#define LATHE_PRINTF(text, first)
#endif

typedef enum lathe_error_code {
  LATHE_ERROR_NONE,
  LATHE_ERROR_ARGUMENT,    /* a wrong call: bad parameter, unknown column */
  LATHE_ERROR_DATA,        /* bytes or values that cannot be used */
  LATHE_ERROR_FILE,        /* the operating system refused a file, folder or socket */
  LATHE_ERROR_MEMORY,      /* no memory left */
  LATHE_ERROR_CANCELLED,   /* somebody asked to stop */
  LATHE_ERROR_UNAVAILABLE, /* an optional library is not on this machine */
} lathe_error_code;

typedef struct lathe_error {
  lathe_error_code code;
  char message[1020]; /* UTF-8, NUL-terminated, cut at a character when too long */
} lathe_error;

/* Write an error, unless `error` is NULL. Always false, so that `return lathe_error_set(...)` reads well. */
bool lathe_error_set(lathe_error *error, lathe_error_code code, const char *format, ...) LATHE_PRINTF(3, 4);

/* The same for a failed system call: appends ": " and the words for errno. */
bool lathe_error_system(lathe_error *error, const char *format, ...) LATHE_PRINTF(2, 3);

#endif
