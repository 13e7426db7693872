/* progress.h - how far a long piece of work is, and whether somebody asked it to stop.
 *
 * A kernel takes a `lathe_progress *` (NULL: nobody watches), says what it does and how much there is, adds
 * what is done now and then from any thread, and gives up with LATHE_ERROR_CANCELLED when it is told to.
 * Anyone may read it at any time. */
#ifndef LATHE_BASE_PROGRESS_H
#define LATHE_BASE_PROGRESS_H

#include "error.h"

typedef struct lathe_progress lathe_progress;

typedef struct lathe_progress_state {
  char what[64];  /* "read housing.csv" */
  int64_t done;   /* in work units */
  int64_t total;  /* 0: not known */
  double seconds; /* since begin */
  bool running;
  bool cancelled;
} lathe_progress_state;

lathe_progress *lathe_progress_new(lathe_error *error);
lathe_progress *lathe_progress_retain(lathe_progress *progress);
void lathe_progress_release(lathe_progress *progress);

/* The progress of the foreground: what the console or the script does now. Ctrl-C cancels it. Never released.
 */
lathe_progress *lathe_progress_main(void);

void lathe_progress_begin(lathe_progress *progress, const char *what, int64_t total);
void lathe_progress_add(lathe_progress *progress, int64_t done);
void lathe_progress_say(lathe_progress *progress, const char *what); /* other words for the same work */
void lathe_progress_end(lathe_progress *progress);
void lathe_progress_read(const lathe_progress *progress, lathe_progress_state *state);

/* Ask to stop; take that back; look. `_check` is false with LATHE_ERROR_CANCELLED ("cancelled: WHAT") when
 * asked to stop. */
void lathe_progress_cancel(lathe_progress *progress);
void lathe_progress_reset(lathe_progress *progress);
bool lathe_progress_cancelled(const lathe_progress *progress);
bool lathe_progress_check(const lathe_progress *progress, lathe_error *error);

/* From here on show how far the foreground is behind `text` on the last line of standard error, when that is a terminal and the
 * work takes longer than a second; NULL: no more. */
void lathe_progress_line(const char *text);

/* What is called when work of the foreground ends. */
void lathe_progress_end_handler(void (*handler)(void));

/* Rest for some seconds. False with the error of `_check` as soon as somebody asks to stop. */
bool lathe_progress_wait(lathe_progress *progress, double seconds, lathe_error *error);

/* Stop the foreground: cancels the main progress and calls the handler that the script host has set (it stops
 * running Lua). Safe to call from any thread, not from a signal handler. */
void lathe_interrupt_handler(void (*handler)(void));
void lathe_interrupt_request(void);

#endif
