/* vocabulary.h - the n-grams of a column of texts, and in how many texts each comes. */
#ifndef LATHE_PREPARE_VOCABULARY_H
#define LATHE_PREPARE_VOCABULARY_H

#include "../base/progress.h"
#include "../graph/ngrams.h"
#include "../table/column.h"

typedef struct vocabulary_gram {
  lathe_text text;
  int64_t total; /* how often it comes; with a rule that is binary, in how many texts */
  int64_t texts; /* that it comes in */
} vocabulary_gram;

typedef struct vocabulary {
  vocabulary_gram *gram; /* sorted by bytes */
  int64_t size;
  lathe_buffer bytes;
} vocabulary; /* zero-initialise */

/* All grams of a column; a missing text is `fill`, when that is not NULL. */
bool vocabulary_find(const lathe_column *column, const char *fill, const int32_t *rule, vocabulary *words,
                     lathe_progress *progress, lathe_error *error);

/* Keep what comes in `least` to `most` texts, then the `limit` grams that come most often, the first by bytes of equals. */
bool vocabulary_prune(vocabulary *words, int64_t least, int64_t most, int64_t limit, lathe_error *error);

/* Leave out what has the form of an e-mail address, a telephone or card number: how many. */
int64_t vocabulary_drop_personal(vocabulary *words);

void vocabulary_free(vocabulary *words);

#endif
