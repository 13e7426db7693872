/* progress.c - plain atomics; the text is guarded by a lock because it is more than a word. */
#include "progress.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "memory.h"

struct lathe_progress {
  atomic_int count;
  atomic_bool running, cancelled;
  _Atomic int64_t done, total, begun; /* begun: nanoseconds of the monotonic clock */
  pthread_mutex_t lock;               /* guards what */
  char what[64];
};

static lathe_progress main_progress = {.count = 1, .lock = PTHREAD_MUTEX_INITIALIZER};
static _Atomic(void (*)(void)) interrupt_handler, end_handler;

static int64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

lathe_progress *lathe_progress_main(void) {
  return &main_progress;
}

lathe_progress *lathe_progress_new(lathe_error *error) {
  lathe_progress *progress = lathe_memory_new(1, sizeof *progress, error);
  if (!progress) return NULL;
  atomic_init(&progress->count, 1);
  pthread_mutex_init(&progress->lock, NULL);
  return progress;
}

lathe_progress *lathe_progress_retain(lathe_progress *progress) {
  if (progress) atomic_fetch_add(&progress->count, 1);
  return progress;
}

void lathe_progress_release(lathe_progress *progress) {
  if (!progress || progress == &main_progress || atomic_fetch_sub(&progress->count, 1) != 1) return;
  pthread_mutex_destroy(&progress->lock);
  free(progress);
}

void lathe_progress_say(lathe_progress *progress, const char *what) {
  if (!progress) return;
  pthread_mutex_lock(&progress->lock);
  snprintf(progress->what, sizeof progress->what, "%s", what);
  pthread_mutex_unlock(&progress->lock);
}

void lathe_progress_begin(lathe_progress *progress, const char *what, int64_t total) {
  if (!progress) return;
  lathe_progress_say(progress, what);
  atomic_store(&progress->done, 0);
  atomic_store(&progress->total, total);
  atomic_store(&progress->begun, now());
  atomic_store(&progress->running, true);
}

void lathe_progress_add(lathe_progress *progress, int64_t done) {
  if (progress) atomic_fetch_add_explicit(&progress->done, done, memory_order_relaxed);
}

void lathe_progress_end(lathe_progress *progress) {
  if (!progress) return;
  atomic_store(&progress->running, false);
  void (*handler)(void) = progress == &main_progress ? atomic_load(&end_handler) : NULL;
  if (handler) handler();
}

void lathe_progress_end_handler(void (*handler)(void)) {
  atomic_store(&end_handler, handler);
}

void lathe_progress_read(const lathe_progress *progress, lathe_progress_state *state) {
  lathe_progress *open = (lathe_progress *)progress; /* the lock inside is not part of the value */
  *state = (lathe_progress_state){0};
  pthread_mutex_lock(&open->lock);
  memcpy(state->what, open->what, sizeof state->what);
  pthread_mutex_unlock(&open->lock);
  state->done = atomic_load(&open->done);
  state->total = atomic_load(&open->total);
  state->running = atomic_load(&open->running);
  state->cancelled = atomic_load(&open->cancelled);
  state->seconds = state->running ? (double)(now() - atomic_load(&open->begun)) / 1e9 : 0;
}

void lathe_progress_cancel(lathe_progress *progress) {
  if (progress) atomic_store(&progress->cancelled, true);
}

void lathe_progress_reset(lathe_progress *progress) {
  if (!progress) return;
  atomic_store(&progress->cancelled, false);
  atomic_store(&progress->running, false);
}

bool lathe_progress_cancelled(const lathe_progress *progress) {
  return progress && atomic_load_explicit(&((lathe_progress *)progress)->cancelled, memory_order_relaxed);
}

bool lathe_progress_check(const lathe_progress *progress, lathe_error *error) {
  if (!lathe_progress_cancelled(progress)) return true;
  lathe_progress_state state;
  lathe_progress_read(progress, &state);
  return lathe_error_set(error, LATHE_ERROR_CANCELLED, "cancelled: %s",
                         state.what[0] ? state.what : "the work");
}

bool lathe_progress_wait(lathe_progress *progress, double seconds, lathe_error *error) {
  int64_t until = now() + (int64_t)(seconds * 1e9);
  for (;;) {
    int64_t left = until - now();
    if (!lathe_progress_check(progress, error)) return false;
    if (left <= 0) return true;
    if (left > 50000000) left = 50000000;
    nanosleep(&(struct timespec){.tv_nsec = (long)left}, NULL);
  }
}

void lathe_interrupt_handler(void (*handler)(void)) {
  atomic_store(&interrupt_handler, handler);
}

void lathe_interrupt_request(void) {
  lathe_progress_cancel(&main_progress);
  void (*handler)(void) = atomic_load(&interrupt_handler);
  if (handler) handler();
}
