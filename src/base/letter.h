/* letter.h - what a Unicode character is among letters: the C library's tables (C.UTF-8), whatever the process's locale. */
#ifndef LATHE_BASE_LETTER_H
#define LATHE_BASE_LETTER_H

#include <stdbool.h>
#include <stdint.h>

/* The letter in lower or upper case; one character for one, so ß stays. Other characters stay. */
uint32_t lathe_letter_lower(uint32_t character);
uint32_t lathe_letter_upper(uint32_t character);

/* Whether it is a letter or a digit of any script. */
bool lathe_letter_is_alphanumeric(uint32_t character);

/* A Latin letter without its accents (as NFKD takes them off; also ø, đ, ħ, ı, ł, ŧ), an ASCII character for its full-width form; other
 * characters stay. */
uint32_t lathe_letter_plain(uint32_t character);

/* White space of any script. */
bool lathe_letter_is_space(uint32_t character);

/* Chinese, Japanese and Korean characters, which are words without spaces between them. */
bool lathe_letter_is_ideograph(uint32_t character);

#endif
