/* text_codes.h - numbers for the texts of columns: equal texts have equal codes. All threads fill one hash table at once, which begins
 * small, so that few words stay in the cache of the processor. Which word gets which code depends on who came first: whoever uses codes
 * orders what comes out by rows or by the words. */
#ifndef LATHE_TABLE_TEXT_CODES_H
#define LATHE_TABLE_TEXT_CODES_H

#include "../base/progress.h"
#include "column.h"

typedef struct lathe_text_codes lathe_text_codes;

/* No word yet, and room for `most` (at most 2^30). NULL with `error`. */
lathe_text_codes *lathe_text_codes_new(int64_t most, lathe_error *error);
void lathe_text_codes_free(lathe_text_codes *words);

/* How many words there are; more than `most` when there were too many, and then no codes are worth anything. */
int64_t lathe_text_codes_count(const lathe_text_codes *words);

/* A code for each row of a STRING column, 0 where a text is missing; give it back with lathe_memory_give. Words that are new are
 * added, or with `add` false get -1. The bytes of the column are looked at until the codes are freed. NULL with `error`. */
int32_t *lathe_text_codes_make(lathe_text_codes *words, const lathe_column *column, bool add,
                               lathe_progress *progress, lathe_error *error);

/* `column` as CATEGORY, its words in the order of their bytes. `codes` were made of it, with no other column, and are taken. NULL with
 * `error`. */
lathe_column *lathe_text_codes_category(const lathe_text_codes *words, const lathe_column *column,
                                        int32_t *codes, lathe_error *error);

#endif
