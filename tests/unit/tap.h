/* tap.h - a TAP producer: one sentence for each check that says what holds. */
#ifndef LATHE_TAP_H
#define LATHE_TAP_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

static int tap_count, tap_failed;

__attribute__((format(printf, 2, 3), unused)) static bool ok(bool holds, const char *sentence, ...) {
  va_list arguments;
  va_start(arguments, sentence);
  printf("%s %d - ", holds ? "ok" : "not ok", ++tap_count);
  vprintf(sentence, arguments);
  putchar('\n');
  va_end(arguments);
  if (!holds) tap_failed++;
  fflush(stdout);
  return holds;
}

__attribute__((unused)) static int done_testing(void) {
  printf("1..%d\n", tap_count);
  return tap_failed ? 1 : 0;
}

#endif
