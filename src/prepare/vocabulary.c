/* vocabulary.c - see vocabulary.h. */
#include "vocabulary.h"

#include <stdlib.h>
#include <string.h>

#include "../base/hash.h"
#include "../base/pool.h"
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

/* Rows are counted in parts, which depend on how many there are and on nothing else, and the parts are added up. */
enum { PART_ROWS = 4096, PARTS = 16 };

typedef struct {
  const lathe_column *column;
  const char *fill;
  const int32_t *rule;
  int64_t rows, each; /* of a part */
  counting *part;     /* (parts) */
  vocabulary *words;  /* (parts) */
  lathe_progress *progress;
} counting_all;

static bool count_part(void *context, int64_t index, lathe_error *error) {
  const counting_all *all = context;
  counting *work = &all->part[index];
  lathe_ngrams grams = {.error = error};
  int64_t begin = index * all->each, end = begin + all->each < all->rows ? begin + all->each : all->rows;
  *work =
      (counting){.words = &all->words[index], .binary = all->rule[LATHE_NGRAMS_BINARY] != 0, .error = error};
  bool fine = grow(work);
  for (int64_t r = begin; fine && r < end; r++) {
    lathe_text text = lathe_column_text(all->column, r);
    if (!text.data && all->fill) text = (lathe_text){all->fill, strlen(all->fill)};
    work->row = r;
    fine = (r % 1024 != 0 || lathe_progress_check(all->progress, error)) &&
           (!text.data || lathe_ngrams_each(&grams, all->rule, text, count_gram, work));
  }
  lathe_ngrams_free(&grams);
  return fine;
}

static void free_counting(counting *work) {
  free(work->slot);
  free(work->begin);
  free(work->last_row);
}

static bool add_part(counting *sum, const counting *part) {
  for (int64_t i = 0; i < part->words->size; i++) {
    int64_t place = place_of(sum, text_at(part, i));
    if (place < 0) return false;
    sum->words->gram[place].texts += part->words->gram[i].texts;
    sum->words->gram[place].total += part->words->gram[i].total;
  }
  return true;
}

bool vocabulary_find(const lathe_column *column, const char *fill, const int32_t *rule, vocabulary *words,
                     lathe_progress *progress, lathe_error *error) {
  int64_t rows = lathe_column_rows(column), parts = (rows + PART_ROWS - 1) / PART_ROWS;
  if (parts > PARTS) parts = PARTS;
  if (parts < 1) parts = 1;
  counting_all all = {.column = column,
                      .fill = fill,
                      .rule = rule,
                      .rows = rows,
                      .each = (rows + parts - 1) / parts,
                      .part = lathe_memory_new((size_t)parts, sizeof *all.part, error),
                      .words = lathe_memory_new((size_t)parts, sizeof *all.words, error),
                      .progress = progress};
  counting sum = {.words = words, .error = error};
  bool fine = all.part && all.words && grow(&sum) && lathe_pool_run(parts, count_part, &all, progress, error);
  for (int64_t k = 0; k < parts && fine; k++) fine = add_part(&sum, &all.part[k]);
  for (int64_t i = 0; fine && i < words->size; i++) words->gram[i].text = text_at(&sum, i);
  if (fine && words->size > 0) qsort(words->gram, (size_t)words->size, sizeof *words->gram, compare);
  for (int64_t k = 0; k < parts && all.part && all.words; k++) {
    free_counting(&all.part[k]);
    vocabulary_free(&all.words[k]);
  }
  free_counting(&sum);
  free(all.part);
  free(all.words);
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
