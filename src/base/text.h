/* text.h - UTF-8 text, and numbers to and from text.
 *
 * Nothing here looks at the locale: a number has a point, whatever the user's language. */
#ifndef LATHE_BASE_TEXT_H
#define LATHE_BASE_TEXT_H

#include "error.h"

/* A borrowed piece of text; it need not end in NUL. */
typedef struct lathe_text {
  const char *data;
  size_t size;
} lathe_text;

/* The offset of the first byte that is not valid UTF-8 (RFC 3629), or `size`. */
size_t lathe_text_valid(const char *text, size_t size);

/* Display columns (wide characters count two, combining ones none, control characters one). */
int64_t lathe_text_width(const char *text, size_t size);

/* How many bytes of `text` fit in `width` display columns. */
size_t lathe_text_fit(const char *text, size_t size, int64_t width);

/* Decode one character at `text` (size > 0): bytes taken (1 for a bad byte, which gives U+FFFD). */
size_t lathe_text_decode(const char *text, size_t size, uint32_t *character);

/* The UTF-8 of a character at `out` (4 bytes): its size, 0 when there is no such character. */
size_t lathe_text_encode(uint32_t character, char *out);

/* The edit distance (insert, delete, replace, swap of neighbours) between two names, folding ASCII case. */
int64_t lathe_text_distance(const char *first, const char *second);

/* The whole of `text` as a number: C syntax without hexadecimal, plus inf, infinity and nan in any case, exactly rounded.
 * False when it is not one (or does not fit in 64 bits). No white space is skipped. */
bool lathe_text_to_float64(const char *text, size_t size, double *value);
bool lathe_text_to_int64(const char *text, size_t size, int64_t *value);

/* A size: bytes, or with a unit as in "500MB", "1.5 GB" (thousands), "256MiB" (1024s); "B" may be left out. */
bool lathe_text_to_size(const char *text, size_t size, int64_t *bytes);

/* The shortest digits that read back as `value` ("0.1", "1e+300", "nan", "-inf"): bytes written to `out`, NUL
 * included in its 32 bytes but not in the count. */
size_t lathe_text_from_float64(double value, char *out);

/* Days since 1970-01-01 and "YYYY-MM-DD"; microseconds since then and "YYYY-MM-DD hh:mm:ss[.ffffff]" (UTC; a "T" between
 * and a trailing "Z" or "+hh:mm" are read too). The proleptic Gregorian calendar, years 0001 to 9999. `out` holds 32. */
bool lathe_text_to_date(const char *text, size_t size, int32_t *days);
bool lathe_text_to_timestamp(const char *text, size_t size, int64_t *microseconds);
size_t lathe_text_from_date(int32_t days, char *out);
size_t lathe_text_from_timestamp(int64_t microseconds, char *out);

#endif
