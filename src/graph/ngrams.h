/* ngrams.h - texts as numbers: how often each of some n-grams comes in a text.
 *
 *   unit   a gram is n of                            joined by
 *   WORD   the words of token.h                      a space, but for ideographs, which stand side by side
 *   CHAR   the characters; two or more white spaces  nothing
 *          in a row are one space
 *   EDGE   the characters of one word between white  nothing
 *          space, with a space before and behind it
 *
 * A word of one character is left out, unless it is an ideograph. Otherwise WORD is the rule of scikit-learn's CountVectorizer for scripts
 * that put spaces between words (\w\w+), CHAR its "char" and EDGE its "char_wb".
 *
 * The number of a gram that comes c times: c, or 1 (`binary`), then 1 + ln c (`sublinear`), times its factor (the inverse document
 * frequency); then the row is divided by its length (L2) or by the sum of its absolute values (L1). With `hashing` there is no vocabulary:
 * a gram is counted in column |h| mod width, h the signed 32-bit MurmurHash3 of its bytes, and if it is SIGNED with the sign of h. */
#ifndef LATHE_GRAPH_NGRAMS_H
#define LATHE_GRAPH_NGRAMS_H

#include "../base/memory.h"
#include "operator.h"

enum { LATHE_NGRAMS_RULE, LATHE_NGRAMS_FACTOR }; /* its arrays */

/* The elements of `rule`. */
enum {
  LATHE_NGRAMS_UNIT,
  LATHE_NGRAMS_LEAST, /* n: 1 to 16 */
  LATHE_NGRAMS_MOST,
  LATHE_NGRAMS_LOWERCASE,
  LATHE_NGRAMS_BINARY,
  LATHE_NGRAMS_SUBLINEAR,
  LATHE_NGRAMS_NORM,
  LATHE_NGRAMS_HASHING,
  LATHE_NGRAMS_RULES,
};
enum { LATHE_NGRAMS_WORD, LATHE_NGRAMS_CHAR, LATHE_NGRAMS_EDGE };
enum { LATHE_NGRAMS_NO_NORM, LATHE_NGRAMS_L1, LATHE_NGRAMS_L2 };
enum { LATHE_NGRAMS_NO_HASHING, LATHE_NGRAMS_UNSIGNED, LATHE_NGRAMS_SIGNED };
enum { LATHE_NGRAMS_LONGEST = 16 };

/* Memory that is used for one text after the other. Zero-initialise. */
typedef struct lathe_ngrams {
  lathe_buffer text, joined;
  size_t *at; /* where characters begin */
  size_t capacity;
  lathe_text *word;
  size_t words;
  lathe_error *error;
} lathe_ngrams;
void lathe_ngrams_free(lathe_ngrams *grams);

/* Each gram of a text, in turn, to `visit`, which may say false to end it. */
typedef bool lathe_ngram_visit(void *context, lathe_text gram);
bool lathe_ngrams_each(lathe_ngrams *grams, const int32_t *rule, lathe_text text, lathe_ngram_visit *visit,
                       void *context);

/* MurmurHash3_x86_32 (Appleby 2011), seed 0. */
uint32_t lathe_murmur3(const void *data, size_t size);

bool lathe_ngrams_run(const lathe_operator *node, const lathe_block *block, int32_t index,
                      lathe_error *error);
bool lathe_ngrams_check(const lathe_graph *graph, const lathe_operator *node);
void *lathe_ngrams_pack(const lathe_graph *graph, const lathe_operator *node, lathe_error *error);

#endif
