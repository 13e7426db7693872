/* letter.c - see letter.h. */
#include "letter.h"

#include <locale.h>
#include <pthread.h>
#include <wctype.h>

static locale_t utf8_locale;

static void open_utf8_locale(void) {
  utf8_locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", NULL);
}

static bool have_tables(void) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, open_utf8_locale);
  return utf8_locale != NULL;
}

static uint32_t checked(uint32_t other, uint32_t character) {
  return other < 0x110000 && (other < 0xD800 || other > 0xDFFF) ? other : character;
}

uint32_t lathe_letter_lower(uint32_t c) {
  if (c < 0x80) return c >= 'A' && c <= 'Z' ? c + 32 : c;
  return have_tables() ? checked((uint32_t)towlower_l((wint_t)c, utf8_locale), c) : c;
}

uint32_t lathe_letter_upper(uint32_t c) {
  if (c < 0x80) return c >= 'a' && c <= 'z' ? c - 32 : c;
  return have_tables() ? checked((uint32_t)towupper_l((wint_t)c, utf8_locale), c) : c;
}

bool lathe_letter_is_alphanumeric(uint32_t c) {
  if (c < 0x80) return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  return have_tables() && iswalnum_l((wint_t)c, utf8_locale);
}

/* U+00C0 to U+024F and U+1E00 to U+1EFF without accents; a space where there is no such letter. */
static const char latin[] =
    "AAAAAA CEEEEIIIIDNOOOOO OUUUUY  aaaaaa ceeeeiiiidnooooo ouuuuy yAaAaAaCcCcCcCcDd"
    "DdEeEeEeEeEeGgGgGgGgHhHhIiIiIiIiIi  JjKk LlLlLl  LlNnNnNn   OoOoOo  RrRrRrSsSsSs"
    "SsTtTtTtUuUuUuUuUuUuWwYyYZzZzZzs                                Oo             U"
    "u                            AaIiOoUuUuUuUuUu AaAa    GgKkOoOo  j   Gg  NnAa    "
    "AaAaEeEeIiIiOoOoRrRrUuUuSsTt  Hh      AaEeOoOoOoOoYy                            ";
static const char latin_more[] =
    "AaBbBbBbCcDdDdDdDdDdEeEeEeEeEeFfGgHhHhHhHhHhIiIiKkKkKkLlLlLlLlMmMmMmNnNnNnNnOoOo"
    "OoOoPpPpRrRrRrRrSsSsSsSsSsTtTtTtTtUuUuUuUuUuVvVvWwWwWwWwWwXxXxYyZzZzZzhtwy s    "
    "AaAaAaAaAaAaAaAaAaAaAaAaEeEeEeEeEeEeEeEeIiIiOoOoOoOoOoOoOoOoOoOoOoOoUuUuUuUuUuUu"
    "UuYyYyYyYy      ";

uint32_t lathe_letter_plain(uint32_t c) {
  uint32_t plain = ' ';
  if (c >= 0xC0 && c < 0x250) plain = (uint32_t)latin[c - 0xC0];
  if (c >= 0x1E00 && c < 0x1F00) plain = (uint32_t)latin_more[c - 0x1E00];
  if (c >= 0xFF01 && c <= 0xFF5E) plain = c - 0xFEE0;
  return plain == ' ' ? c : plain;
}

bool lathe_letter_is_space(uint32_t c) {
  return c == ' ' || (c >= '\t' && c <= '\r') || c == 0x85 || c == 0xA0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F ||
         c == 0x3000;
}

bool lathe_letter_is_ideograph(uint32_t c) {
  return (c >= 0x2E80 && c <= 0x2FDF) || (c >= 0x3040 && c <= 0x30FF) || (c >= 0x3400 && c <= 0x4DBF) ||
         (c >= 0x4E00 && c <= 0x9FFF) || (c >= 0xAC00 && c <= 0xD7AF) || (c >= 0xF900 && c <= 0xFAFF) ||
         (c >= 0x20000 && c <= 0x3FFFF);
}
