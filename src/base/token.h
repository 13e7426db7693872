/* token.h - the words of a text, in any script. */
#ifndef LATHE_BASE_TOKEN_H
#define LATHE_BASE_TOKEN_H

#include "text.h"

/* The next word from byte `*at` on, which moves behind it; false at the end. A word is a run of letters, digits, underscores and the marks
 * that stand over letters; a Chinese, Japanese or Korean character is a word by itself, for there are no spaces between words there. */
bool lathe_token_next(lathe_text text, size_t *at, lathe_text *word);

#endif
