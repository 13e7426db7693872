/* ngrams_run.c - the operator of n-grams: looking grams up, and what is made of their counts. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../base/hash.h"
#include "ngrams.h"
#include "run.h"

/* The vocabulary as a hash table: places of words, -1 where there is none; at most half full. */
typedef struct {
  uint64_t mask;
  int32_t slot[];
} index_of_words;

void *lathe_ngrams_pack(const lathe_graph *graph, const lathe_operator *node, lathe_error *error) {
  (void)graph;
  uint64_t slots = 64;
  while (slots < 2 * (uint64_t)node->words) slots *= 2;
  index_of_words *index = lathe_memory_raw(sizeof *index + (size_t)slots * sizeof *index->slot, 1, error);
  if (!index) return NULL;
  index->mask = slots - 1;
  for (uint64_t i = 0; i < slots; i++) index->slot[i] = -1;
  for (int32_t i = 0; i < node->words; i++) {
    uint64_t at = lathe_hash_quick(node->word[i].data, node->word[i].size, 0) & index->mask;
    while (index->slot[at] >= 0) at = (at + 1) & index->mask;
    index->slot[at] = i;
  }
  return index;
}

static int32_t find(const lathe_operator *node, lathe_text gram) {
  const index_of_words *index = node->packed;
  uint64_t at = lathe_hash_quick(gram.data, gram.size, 0) & index->mask;
  for (; index->slot[at] >= 0; at = (at + 1) & index->mask) {
    lathe_text word = node->word[index->slot[at]];
    if (word.size == gram.size && !memcmp(word.data, gram.data, gram.size)) return index->slot[at];
  }
  return -1;
}

/* A row while it is counted. */
typedef struct {
  const lathe_operator *node;
  const int32_t *rule;
  double *out;      /* the row's element of the first column */
  int32_t *touched; /* (width) columns that are not 0, in the order of the text */
  int32_t *row;     /* (width) the last row that touched a column */
  int32_t count, current;
  bool any; /* a gram was known */
} counting;

static double *element(const counting *work, int32_t column) {
  return work->out + (size_t)column * LATHE_RUN_ROWS;
}

static bool count_gram(void *context, lathe_text gram) {
  counting *work = context;
  const lathe_operator *node = work->node;
  int32_t hashing = work->rule[LATHE_NGRAMS_HASHING], column;
  double sign = 1;
  if (hashing != LATHE_NGRAMS_NO_HASHING) {
    int64_t hash = (int32_t)lathe_murmur3(gram.data, gram.size);
    column = (int32_t)((hash < 0 ? -hash : hash) % node->width);
    if (hashing == LATHE_NGRAMS_SIGNED && hash < 0) sign = -1;
  } else if ((column = find(node, gram)) < 0)
    return true;
  work->any = true;
  if (work->row[column] != work->current) {
    work->row[column] = work->current;
    work->touched[work->count++] = column;
  }
  *element(work, column) += sign;
  return true;
}

static void weigh(const counting *work) {
  const double *factor = work->node->tensor[LATHE_NGRAMS_FACTOR];
  const int32_t *rule = work->rule;
  double size = 0;
  for (int32_t i = 0; i < work->count; i++) {
    double *x = element(work, work->touched[i]);
    if (rule[LATHE_NGRAMS_BINARY] && *x != 0) *x = 1;
    if (rule[LATHE_NGRAMS_SUBLINEAR] && *x > 0) *x = log(*x) + 1;
    *x *= factor[work->touched[i]];
    size += rule[LATHE_NGRAMS_NORM] == LATHE_NGRAMS_L1 ? fabs(*x) : *x * *x;
  }
  if (rule[LATHE_NGRAMS_NORM] == LATHE_NGRAMS_NO_NORM || size == 0) return;
  if (rule[LATHE_NGRAMS_NORM] == LATHE_NGRAMS_L2) size = sqrt(size);
  for (int32_t i = 0; i < work->count; i++) *element(work, work->touched[i]) /= size;
}

bool lathe_ngrams_run(const lathe_operator *node, const lathe_block *block, int32_t index,
                      lathe_error *error) {
  const lathe_column *column = lathe_run_column(block->run, node->input[0]);
  lathe_ngrams grams = {.error = error};
  double *out = block->value[index];
  int32_t *room = lathe_memory_raw((size_t)node->width, 2 * sizeof *room, error);
  counting work = {.node = node,
                   .rule = node->tensor[LATHE_NGRAMS_RULE],
                   .touched = room,
                   .row = room ? room + node->width : NULL};
  bool fine = room != NULL;
  int64_t missing = 0, strange = 0;
  for (int32_t c = 0; fine && c < node->width; c++) {
    memset(out + (size_t)c * LATHE_RUN_ROWS, 0, (size_t)block->rows * sizeof *out);
    work.row[c] = -1;
  }
  for (int32_t r = 0; fine && r < block->rows; r++) {
    lathe_text text = lathe_column_text(column, block->begin + r);
    missing += !text.data;
    bool there = text.data && text.size > 0;
    if (!text.data && node->fill) text = (lathe_text){node->fill, strlen(node->fill)};
    if (!text.data) continue;
    work.out = out + r;
    work.current = r;
    work.count = 0;
    work.any = false;
    fine = lathe_ngrams_each(&grams, work.rule, text, count_gram, &work);
    weigh(&work);
    strange += there && !work.any;
  }
  lathe_run_count(block->run, index, LATHE_ODD_MISSING, missing);
  lathe_run_count(block->run, index, LATHE_ODD_UNKNOWN, strange);
  lathe_ngrams_free(&grams);
  free(room);
  return fine;
}

bool lathe_ngrams_check(const lathe_graph *graph, const lathe_operator *node) {
  (void)graph;
  static const int32_t most[LATHE_NGRAMS_RULES] = {
      LATHE_NGRAMS_EDGE, LATHE_NGRAMS_LONGEST, LATHE_NGRAMS_LONGEST, 1, 1, 1,
      LATHE_NGRAMS_L2,   LATHE_NGRAMS_SIGNED};
  const int32_t *rule = node->tensor[LATHE_NGRAMS_RULE];
  if (node->size[LATHE_NGRAMS_RULE] != LATHE_NGRAMS_RULES) return false;
  for (int32_t i = 0; i < LATHE_NGRAMS_RULES; i++)
    if (rule[i] < 0 || rule[i] > most[i]) return false;
  if (rule[LATHE_NGRAMS_LEAST] < 1 || rule[LATHE_NGRAMS_LEAST] > rule[LATHE_NGRAMS_MOST]) return false;
  bool hashing = rule[LATHE_NGRAMS_HASHING] != LATHE_NGRAMS_NO_HASHING;
  return hashing ? node->words == 0 : node->words == node->width && node->word != NULL;
}
