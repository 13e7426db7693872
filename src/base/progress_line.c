/* progress_line.c - how far the foreground is, as the last line of a terminal.
 *
 * A thread looks five times a second. What has run for a second is shown on standard error, behind a text that the caller chose; when
 * it ends the words go at once, before anything else is written. Where standard error is no terminal, nothing is shown. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "memory.h"
#include "progress.h"
#include "text.h"

enum { WORDS = 160 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* guards all below */
static char *before;                                     /* NULL: nothing is shown */
static bool started, drawn;

static void put(const char *text) {
  size_t size = strlen(text);
  while (size > 0) {
    ssize_t written = write(STDERR_FILENO, text, size);
    if (written <= 0) return;
    text += written;
    size -= (size_t)written;
  }
}

/* The line without the words of the work. */
static void erase(void) {
  if (!drawn) return;
  put("\r\033[K");
  put(before);
  drawn = false;
}

/* Columns of the terminal that are left behind `before`, which may have colours. */
static int64_t room(void) {
  struct winsize size;
  int64_t columns = ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
  for (const char *at = before; *at;) {
    size_t plain = strcspn(at, "\033");
    columns -= lathe_text_width(at, plain);
    at += plain;
    if (*at) at += strcspn(at, "m") + (at[strcspn(at, "m")] == 'm');
  }
  return columns - 1;
}

/* "read big.csv  34 %, 12 s left" */
static void words_of(const lathe_progress_state *state, char *words) {
  int size = snprintf(words, WORDS, "%s", state->what);
  if (state->total <= 0 || state->done <= 0) return;
  double share = (double)state->done / (double)state->total;
  if (share > 1) share = 1;
  double left = state->seconds * (1 - share) / share;
  size += snprintf(words + size, WORDS - (size_t)size, "  %.0f %%", share * 100);
  if (left >= 90)
    snprintf(words + size, WORDS - (size_t)size, ", %.0f min left", left / 60);
  else if (left >= 1)
    snprintf(words + size, WORDS - (size_t)size, ", %.0f s left", left);
}

static void draw(void) {
  lathe_progress_state state;
  lathe_progress_read(lathe_progress_main(), &state);
  if (!state.running || state.seconds < 1) {
    erase();
    return;
  }
  char words[WORDS];
  words_of(&state, words);
  int64_t columns = room();
  if (columns < 10) return;
  words[lathe_text_fit(words, strlen(words), columns)] = '\0';
  for (char *at = words; *at; at++)
    if ((unsigned char)*at < ' ') *at = ' ';
  put("\r\033[K");
  put(before);
  put(words);
  drawn = true;
}

static void *look(void *unused) {
  (void)unused;
  for (;;) {
    nanosleep(&(struct timespec){.tv_nsec = 200000000}, NULL);
    pthread_mutex_lock(&lock);
    if (before) draw();
    pthread_mutex_unlock(&lock);
  }
  return NULL;
}

static void ended(void) {
  pthread_mutex_lock(&lock);
  if (before) erase();
  pthread_mutex_unlock(&lock);
}

static bool is_terminal(void) {
  const char *kind = getenv("TERM");
  return isatty(STDERR_FILENO) == 1 && kind && *kind && strcmp(kind, "dumb") != 0;
}

static void start(void) {
  pthread_t thread;
  sigset_t all, was;
  started = true;
  lathe_progress_end_handler(ended);
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &was);
  if (pthread_create(&thread, NULL, look, NULL) == 0) {
    pthread_setname_np(thread, "progress line"); /* what it costs can be seen (tests/bench/bench_curve.lua) */
    pthread_detach(thread);
  }
  pthread_sigmask(SIG_SETMASK, &was, NULL);
}

void lathe_progress_line(const char *text) {
  pthread_mutex_lock(&lock);
  if (drawn) put("\r\033[K");
  drawn = false;
  free(before);
  before = text && is_terminal() ? lathe_memory_text(text, strlen(text), NULL) : NULL;
  if (before) {
    put(before);
    if (!started) start();
  }
  pthread_mutex_unlock(&lock);
}
