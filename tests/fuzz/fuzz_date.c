/* A format, a NUL, a text: reading ends; what was read and is written by the same format reads back to the same day, when the format has all that
 * a date is made of. */
#include "base/date.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_plain(const char *text, size_t size) {
  int32_t days, back;
  int64_t moment;
  char out[32];
  if (lathe_text_to_date(text, size, &days)) {
    size_t written = lathe_text_from_date(days, out);
    if (written != size || memcmp(out, text, size) != 0) abort();
    if (!lathe_date_parse(text, size, "%F", 2, &moment, &back) || back != days) abort();
  }
  if (lathe_text_to_timestamp(text, size, &moment)) lathe_text_from_timestamp(moment, out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const char *format = (const char *)data, *end = memchr(data, '\0', size);
  check_plain(format, size);
  if (!end) return 0;
  size_t format_size = (size_t)(end - format), text_size = size - format_size - 1;
  char problem[200], out[4096];
  if (!lathe_date_format_check(format, format_size, true, problem, sizeof problem)) return 0;
  int64_t moment, again;
  int32_t day, day_again;
  if (!lathe_date_parse(end + 1, text_size, format, format_size, &moment, &day)) return 0;
  size_t written = lathe_date_format(day * INT64_C(86400000000), format, format_size, out, sizeof out);
  if (format_size == 8 && memcmp(format, "%Y-%m-%d", 8) == 0 &&
      (written > sizeof out || !lathe_date_parse(out, written, format, format_size, &again, &day_again) ||
       day_again != day))
    abort();
  return 0;
}
