/* vocabulary.c - see vocabulary.h. */
#include "vocabulary.h"

#include <stdlib.h>
#include <string.h>

#include "../base/hash.h"
#include "../look/personal.h"

void vocabulary_free(vocabulary *words) {
  free(words->gram);
  lathe_buffer_free(&words->bytes);
  *words = (vocabulary){0};
}

/* Grams while they are counted: in a hash table of places, -1 where there is none. */
typedef struct {
  vocabulary *words;
  int64_t *slot;
  uint64_t slots;
  size_t *begin;     /* (size) where the bytes of each begin, for the buffer moves */
  int64_t *last_row; /* (size) the last text that it came in */
  int64_t row;
  bool binary;
  lathe_error *error;
} counting;

static uint64_t hash_of(lathe_text text) {
  return lathe_hash_quick(text.data, text.size, 0);
}

static lathe_text text_at(const counting *work, int64_t place) {
  return (lathe_text){work->words->bytes.data + work->begin[place], work->words->gram[place].text.size};
}

static bool grow(counting *work) {
  uint64_t slots = work->slots ? 2 * work->slots : 4096;
  size_t most = (size_t)(slots / 2);
  int64_t *slot = lathe_memory_raw((size_t)slots, sizeof *slot, work->error);
  if (!slot ||
      !lathe_memory_resize((void **)&work->words->gram, most, sizeof *work->words->gram, work->error) ||
      !lathe_memory_resize((void **)&work->begin, most, sizeof *work->begin, work->error) ||
      !lathe_memory_resize((void **)&work->last_row, most, sizeof *work->last_row, work->error)) {
    free(slot);
    return false;
  }
  for (uint64_t i = 0; i < slots; i++) slot[i] = -1;
  for (int64_t i = 0; i < work->words->size; i++) {
    uint64_t at = hash_of(text_at(work, i)) & (slots - 1);
    while (slot[at] >= 0) at = (at + 1) & (slots - 1);
    slot[at] = i;
  }
  free(work->slot);
  work->slot = slot;
  work->slots = slots;
  return true;
}

static int64_t place_of(counting *work, lathe_text gram) {
  if (2 * ((uint64_t)work->words->size + 1) > work->slots && !grow(work)) return -1;
  uint64_t at = hash_of(gram) & (work->slots - 1);
  for (; work->slot[at] >= 0; at = (at + 1) & (work->slots - 1)) {
    lathe_text other = text_at(work, work->slot[at]);
    if (other.size == gram.size && !memcmp(other.data, gram.data, gram.size)) return work->slot[at];
  }
  int64_t place = work->words->size;
  work->begin[place] = work->words->bytes.size;
  work->last_row[place] = -1;
  work->words->gram[place] = (vocabulary_gram){.text = {NULL, gram.size}};
  if (!lathe_buffer_append(&work->words->bytes, gram.data, gram.size, work->error)) return -1;
  work->slot[at] = place;
  work->words->size++;
  return place;
}

static bool count_gram(void *context, lathe_text gram) {
  counting *work = context;
  int64_t place = place_of(work, gram);
  if (place < 0) return false;
  vocabulary_gram *of = &work->words->gram[place];
  bool first = work->last_row[place] != work->row;
  work->last_row[place] = work->row;
  of->texts += first;
  of->total += first || !work->binary;
  return true;
}

static int compare(const void *first, const void *second) {
  lathe_text a = ((const vocabulary_gram *)first)->text, b = ((const vocabulary_gram *)second)->text;
  int order = memcmp(a.data, b.data, a.size < b.size ? a.size : b.size);
  return order != 0 ? order : (a.size > b.size) - (a.size < b.size);
}

bool vocabulary_find(const lathe_column *column, const char *fill, const int32_t *rule, vocabulary *words,
                     lathe_progress *progress, lathe_error *error) {
  counting work = {.words = words, .binary = rule[LATHE_NGRAMS_BINARY], .error = error};
  lathe_ngrams grams = {.error = error};
  int64_t rows = lathe_column_rows(column);
  bool fine = grow(&work);
  for (int64_t r = 0; fine && r < rows; r++) {
    lathe_text text = lathe_column_text(column, r);
    if (!text.data && fill) text = (lathe_text){fill, strlen(fill)};
    work.row = r;
    fine = (r % 1024 != 0 || lathe_progress_check(progress, error)) &&
           (!text.data || lathe_ngrams_each(&grams, rule, text, count_gram, &work));
  }
  for (int64_t i = 0; fine && i < words->size; i++) words->gram[i].text = text_at(&work, i);
  if (fine && words->size > 0) qsort(words->gram, (size_t)words->size, sizeof *words->gram, compare);
  lathe_ngrams_free(&grams);
  free(work.slot);
  free(work.begin);
  free(work.last_row);
  return fine;
}

static int compare_totals(const void *first, const void *second) {
  int64_t a = *(const int64_t *)first, b = *(const int64_t *)second;
  return a > b ? -1 : a < b;
}

bool vocabulary_prune(vocabulary *words, int64_t least, int64_t most, int64_t limit, lathe_error *error) {
  int64_t kept = 0;
  for (int64_t i = 0; i < words->size; i++)
    if (words->gram[i].texts >= least && words->gram[i].texts <= most) words->gram[kept++] = words->gram[i];
  words->size = kept;
  if (kept <= limit) return true;
  int64_t *total = lathe_memory_raw((size_t)kept, sizeof *total, error);
  if (!total) return false;
  for (int64_t i = 0; i < kept; i++) total[i] = words->gram[i].total;
  qsort(total, (size_t)kept, sizeof *total, compare_totals);
  int64_t bound = total[limit - 1], equal = 0; /* of those with the bound's total, so many stay */
  for (int64_t i = 0; i < limit; i++) equal += total[i] == bound;
  free(total);
  kept = 0;
  for (int64_t i = 0; i < words->size; i++) {
    int64_t own = words->gram[i].total;
    if (own > bound || (own == bound && equal-- > 0)) words->gram[kept++] = words->gram[i];
  }
  words->size = kept;
  return true;
}

int64_t vocabulary_drop_personal(vocabulary *words) {
  int64_t kept = 0, before = words->size;
  for (int64_t i = 0; i < before; i++) {
    lathe_text text = words->gram[i].text;
    if (lathe_text_personal(text.data, text.size) == LATHE_PERSONAL_NONE)
      words->gram[kept++] = words->gram[i];
  }
  words->size = kept;
  return before - kept;
}
