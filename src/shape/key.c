/* key.c - rows of one or two tables as 64-bit codes or hashes, in blocks that stay in the cache. */
#include "key.h"

#include <stdlib.h>
#include <string.h>

#include "../base/hash.h"
#include "../base/memory.h"
#include "../base/pool.h"
#include "../table/own.h"
#include "../table/words.h"

enum { CHUNK = 65536 };

typedef enum part_kind {
  PART_BOOL,
  PART_CODE,   /* int32: categories, by way of `map`; dates */
  PART_INT64,  /* integers, timestamps */
  PART_NUMBER, /* fractions, or integers among them: the bits of a double */
  PART_TEXT,   /* strings, or categories by the hashes of their words */
} part_kind;

struct lathe_key_part {
  part_kind kind;
  const lathe_column *columns[2];
  int64_t least;      /* codes count from here */
  uint64_t span;      /* how many codes there are; 0: not to be told, or 2^64 */
  bool missing;       /* the last code is that of what is missing */
  int32_t *map[2];    /* PART_CODE: the shared code of each word; NULL: its own */
  uint64_t *words[2]; /* PART_TEXT: the hash of each word of a category */
};

static const uint64_t NAN_BITS = 0x7FF8000000000000u, MISSING_BITS = 0x7FF8000000000001u;
static const uint64_t MISSING_HASH = 0x9E3779B97F4A7C15u;

/* ---- opening ---- */

static bool kind_of_pair(lathe_key_part *part, const char *left, const char *right, lathe_error *error) {
  lathe_type a = part->columns[0]->type, b = part->columns[1] ? part->columns[1]->type : a;
  if (a == b) {
    static const part_kind kinds[] = {
        [LATHE_TYPE_BOOL] = PART_BOOL,       [LATHE_TYPE_INT64] = PART_INT64,
        [LATHE_TYPE_FLOAT64] = PART_NUMBER,  [LATHE_TYPE_STRING] = PART_TEXT,
        [LATHE_TYPE_CATEGORY] = PART_CODE,   [LATHE_TYPE_DATE] = PART_CODE,
        [LATHE_TYPE_TIMESTAMP] = PART_INT64,
    };
    part->kind = kinds[a];
  } else if (lathe_type_is_text(a) && lathe_type_is_text(b)) {
    part->kind = PART_TEXT;
  } else if ((a == LATHE_TYPE_INT64 && b == LATHE_TYPE_FLOAT64) ||
             (a == LATHE_TYPE_FLOAT64 && b == LATHE_TYPE_INT64)) {
    part->kind = PART_NUMBER;
  } else {
    return lathe_error_set(
        error, LATHE_ERROR_ARGUMENT,
        "column \"%.200s\" is %s and column \"%.200s\" of the other table is %s, which never are "
        "equal; cast one of them",
        left, lathe_type_name(a), right, lathe_type_name(b));
  }
  return true;
}

/* Two dictionaries: one numbering of the words of both. */
static bool share_words(lathe_key_part *part, lathe_error *error) {
  const lathe_column *left = part->columns[0]->dictionary, *right = part->columns[1]->dictionary;
  if (left == right) return true;
  lathe_words words = {0};
  bool fine = true;
  for (int side = 0; side < 2 && fine; side++) {
    const lathe_column *dictionary = side ? right : left;
    part->map[side] = lathe_memory_raw((size_t)dictionary->rows, sizeof(int32_t), error);
    fine = part->map[side] != NULL;
    for (int64_t i = 0; i < dictionary->rows && fine; i++) {
      lathe_text text = lathe_column_text(dictionary, i);
      fine = (part->map[side][i] = lathe_words_add(&words, text.data, text.size, error)) >= 0;
    }
  }
  part->span = (uint64_t)words.count;
  lathe_words_free(&words);
  return fine;
}

static bool hash_words(lathe_key_part *part, lathe_error *error) {
  for (int side = 0; side < 2; side++) {
    const lathe_column *column = part->columns[side];
    if (!column || !column->dictionary) continue;
    const lathe_column *dictionary = column->dictionary;
    uint64_t *hashes = part->words[side] =
        lathe_memory_raw((size_t)dictionary->rows + 1, sizeof *hashes, error);
    if (!hashes) return false;
    hashes[0] = 0; /* a column of missing elements may have no words */
    for (int64_t i = 0; i < dictionary->rows; i++) {
      lathe_text text = lathe_column_text(dictionary, i);
      hashes[i] = lathe_hash_quick(text.data, text.size, 0);
    }
  }
  return true;
}

typedef struct range_job {
  const lathe_column *column;
  int64_t (*ranges)[2]; /* of each chunk */
} range_job;

#define FIND_RANGE(TYPE)                                                                                     \
  do {                                                                                                       \
    const TYPE *values = column->values;                                                                     \
    TYPE low = values[begin], high = low;                                                                    \
    bool any = !column->validity;                                                                            \
    if (any) {                                                                                               \
      for (int64_t i = begin; i < end; i++) {                                                                \
        low = values[i] < low ? values[i] : low;                                                             \
        high = values[i] > high ? values[i] : high;                                                          \
      }                                                                                                      \
    } else {                                                                                                 \
      for (int64_t i = begin; i < end; i++) {                                                                \
        if (!lathe_bit(column->validity, i)) continue;                                                       \
        low = !any || values[i] < low ? values[i] : low;                                                     \
        high = !any || values[i] > high ? values[i] : high;                                                  \
        any = true;                                                                                          \
      }                                                                                                      \
    }                                                                                                        \
    if (any) least = low, most = high;                                                                       \
  } while (0)

static bool range_chunk(void *context, int64_t chunk, lathe_error *error) {
  range_job *job = context;
  const lathe_column *column = job->column;
  (void)error;
  int64_t begin = chunk * CHUNK, end = begin + CHUNK < column->rows ? begin + CHUNK : column->rows;
  int64_t least = INT64_MAX, most = INT64_MIN;
  if (column->type == LATHE_TYPE_DATE)
    FIND_RANGE(int32_t);
  else
    FIND_RANGE(int64_t);
  job->ranges[chunk][0] = least;
  job->ranges[chunk][1] = most;
  return true;
}

/* The least and the most integer of both columns; nothing there leaves least above most. */
static bool find_range(const lathe_key_part *part, int64_t range[2], lathe_progress *progress,
                       lathe_error *error) {
  range[0] = INT64_MAX, range[1] = INT64_MIN;
  for (int side = 0; side < 2; side++) {
    if (!part->columns[side]) continue;
    int64_t chunks = (part->columns[side]->rows + CHUNK - 1) / CHUNK;
    range_job job = {part->columns[side], lathe_memory_raw((size_t)chunks, 2 * sizeof(int64_t), error)};
    bool fine = job.ranges && lathe_pool_run(chunks, range_chunk, &job, progress, error);
    for (int64_t i = 0; i < chunks && fine; i++) {
      if (job.ranges[i][0] < range[0]) range[0] = job.ranges[i][0];
      if (job.ranges[i][1] > range[1]) range[1] = job.ranges[i][1];
    }
    free(job.ranges);
    if (!fine) return false;
  }
  return true;
}

/* How many codes the elements need. */
static bool find_span(lathe_row_keys *keys, lathe_key_part *part, lathe_progress *progress,
                      lathe_error *error) {
  const lathe_column *left = part->columns[0], *right = part->columns[1];
  part->missing = keys->missing_equal && (left->validity || (right && right->validity));
  if (part->kind == PART_NUMBER) return true;
  if (part->kind == PART_TEXT) return hash_words(part, error);
  if (part->kind == PART_BOOL) {
    part->span = 2;
  } else if (left->type == LATHE_TYPE_CATEGORY) {
    part->span = (uint64_t)left->dictionary->rows;
    if (right && !share_words(part, error)) return false;
  } else {
    int64_t range[2];
    if (!find_range(part, range, progress, error)) return false;
    if (range[0] > range[1]) range[0] = range[1] = 0;
    part->least = range[0];
    part->span = (uint64_t)range[1] - (uint64_t)range[0] + 1; /* 0: 2^64 */
    if (part->span == UINT64_MAX) part->span = 0;
    if (part->span == 0) return true;
  }
  part->span += part->missing;
  return true;
}

/* Codes if they fit into 64 bits: one for each combination. */
static void choose_codes(lathe_row_keys *keys) {
  lathe_key_part *only = keys->count == 1 ? keys->parts : NULL;
  keys->exact = true;
  keys->limit = 1;
  if (only && (only->kind == PART_NUMBER || (only->kind == PART_INT64 && !only->span && !only->missing))) {
    keys->limit = 0;
    return;
  }
  for (int32_t i = 0; i < keys->count && keys->exact; i++) {
    const lathe_key_part *part = &keys->parts[i];
    bool told =
        part->kind == PART_BOOL || part->kind == PART_CODE || (part->kind == PART_INT64 && part->span);
    if (!told || __builtin_mul_overflow(keys->limit, part->span, &keys->limit)) keys->exact = false;
  }
  if (!keys->exact) keys->limit = 0;
}

static bool column_at(const lathe_table *table, const int32_t *columns, int32_t i,
                      const lathe_column **column, const char **name, lathe_error *error) {
  int32_t index = columns ? columns[i] : i;
  if (index < 0 || index >= lathe_table_columns(table))
    return lathe_error_set(error, LATHE_ERROR_ARGUMENT, "there is no column number %d", index + 1);
  *column = lathe_table_column(table, index);
  *name = lathe_table_name(table, index);
  return true;
}

bool lathe_row_keys_open(lathe_row_keys *keys, const lathe_table *left, const int32_t *left_columns,
                         const lathe_table *right, const int32_t *right_columns, int32_t count,
                         bool missing_equal, lathe_progress *progress, lathe_error *error) {
  *keys = (lathe_row_keys){.count = left_columns ? count : lathe_table_columns(left),
                           .rows = {lathe_table_rows(left), right ? lathe_table_rows(right) : 0},
                           .missing_equal = missing_equal,
                           .hash_mask = UINT64_MAX};
  if (keys->rows[0] + keys->rows[1] >= LATHE_ROW_NONE)
    return lathe_error_set(error, LATHE_ERROR_ARGUMENT,
                           "rows are compared up to 4,294,967,294 at once, not %lld; take a part of them",
                           (long long)(keys->rows[0] + keys->rows[1]));
  keys->parts = lathe_memory_new((size_t)keys->count, sizeof *keys->parts, error);
  if (!keys->parts) return false;
  for (int32_t i = 0; i < keys->count; i++) {
    lathe_key_part *part = &keys->parts[i];
    const char *names[2] = {"", ""};
    if (!column_at(left, left_columns, i, &part->columns[0], &names[0], error)) return false;
    if (right && !column_at(right, right_columns, i, &part->columns[1], &names[1], error)) return false;
    if (!kind_of_pair(part, names[0], names[1], error)) return false;
    if (!find_span(keys, part, progress, error)) return false;
  }
  choose_codes(keys);
  return true;
}

void lathe_row_keys_close(lathe_row_keys *keys) {
  for (int32_t i = 0; i < keys->count && keys->parts; i++)
    for (int side = 0; side < 2; side++) {
      free(keys->parts[i].map[side]);
      free(keys->parts[i].words[side]);
    }
  free(keys->parts);
  *keys = (lathe_row_keys){0};
}

/* ---- blocks ---- */

static uint64_t number_bits(double value) {
  if (value != value) return NAN_BITS;
  if (value == 0) value = 0; /* -0 */
  uint64_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

/* An integer as a double, when it is one. */
static bool whole_number(int64_t value, double *number) {
  *number = (double)value;
  return *number < 0x1p63 && (int64_t)*number == value;
}

/* Each element as a number below its span; fractions as their bits; texts as hashes. */
static void element_codes(const lathe_key_part *part, int side, int64_t begin, int32_t count, uint64_t *codes,
                          bool *gone) {
  const lathe_column *column = part->columns[side];
  switch (part->kind) {
  case PART_BOOL:
    for (int32_t i = 0; i < count; i++) codes[i] = lathe_bit(column->values, begin + i);
    break;
  case PART_CODE: {
    const int32_t *values = (const int32_t *)column->values + begin, *map = part->map[side];
    int32_t words = column->dictionary ? (int32_t)column->dictionary->rows : 0;
    if (map)
      for (int32_t i = 0; i < count; i++) codes[i] = words ? (uint64_t)map[values[i]] : 0;
    else
      for (int32_t i = 0; i < count; i++) codes[i] = (uint64_t)(values[i] - part->least);
    break;
  }
  case PART_INT64: {
    const int64_t *values = (const int64_t *)column->values + begin;
    for (int32_t i = 0; i < count; i++) codes[i] = (uint64_t)values[i] - (uint64_t)part->least;
    break;
  }
  case PART_NUMBER:
    for (int32_t i = 0; i < count; i++) {
      double value;
      if (column->type == LATHE_TYPE_FLOAT64)
        value = ((const double *)column->values)[begin + i];
      else if (!whole_number(((const int64_t *)column->values)[begin + i], &value))
        gone[i] = true;
      codes[i] = number_bits(value);
    }
    break;
  case PART_TEXT:
    if (column->dictionary) {
      const int32_t *values = (const int32_t *)column->values + begin;
      for (int32_t i = 0; i < count; i++) codes[i] = part->words[side][values[i]];
    } else {
      const int64_t *offsets = (const int64_t *)column->values + begin;
      for (int32_t i = 0; i < count; i++)
        codes[i] = lathe_hash_quick(column->bytes + offsets[i], (size_t)(offsets[i + 1] - offsets[i]), 0);
    }
    break;
  }
}

static void mark_missing(const lathe_row_keys *keys, const lathe_key_part *part, int side, int64_t begin,
                         int32_t count, uint64_t *codes, bool *gone) {
  const uint8_t *validity = part->columns[side]->validity;
  if (!validity) return;
  if (!keys->missing_equal) {
    for (int32_t i = 0; i < count; i++) gone[i] |= !lathe_bit(validity, begin + i);
    return;
  }
  uint64_t code = !keys->exact ? MISSING_HASH : part->kind == PART_NUMBER ? MISSING_BITS : part->span - 1;
  for (int32_t i = 0; i < count; i++)
    if (!lathe_bit(validity, begin + i)) codes[i] = code;
}

void lathe_row_keys_block(const lathe_row_keys *keys, int64_t begin, int32_t count, uint64_t *codes,
                          bool *gone) {
  uint64_t own[LATHE_KEY_BLOCK];
  int side = begin >= keys->rows[0];
  if (side) begin -= keys->rows[0];
  memset(gone, 0, (size_t)count);
  for (int32_t p = 0; p < keys->count; p++) {
    const lathe_key_part *part = &keys->parts[p];
    uint64_t *to = p ? own : codes;
    element_codes(part, side, begin, count, to, gone);
    if (!keys->exact && part->kind != PART_TEXT)
      for (int32_t i = 0; i < count; i++) to[i] = lathe_mix(to[i]);
    mark_missing(keys, part, side, begin, count, to, gone);
    if (!keys->exact)
      for (int32_t i = 0; i < count; i++) codes[i] = lathe_mix((p ? codes[i] * 3 : 0) + to[i]);
    else if (p)
      for (int32_t i = 0; i < count; i++) codes[i] = codes[i] * part->span + own[i];
  }
  if (!keys->exact && keys->hash_mask != UINT64_MAX)
    for (int32_t i = 0; i < count; i++) codes[i] &= keys->hash_mask;
  if (keys->count == 0) memset(codes, 0, (size_t)count * sizeof *codes);
}

/* ---- comparing ---- */

static bool equal_text(const lathe_column *a, int64_t row_a, const lathe_column *b, int64_t row_b) {
  lathe_text left = lathe_column_text(a, row_a), right = lathe_column_text(b, row_b);
  return left.size == right.size && memcmp(left.data, right.data, left.size) == 0;
}

static bool equal_element(const lathe_key_part *part, int side_a, int64_t a, int side_b, int64_t b) {
  if (part->kind == PART_TEXT) return equal_text(part->columns[side_a], a, part->columns[side_b], b);
  uint64_t left, right;
  bool gone = false;
  element_codes(part, side_a, a, 1, &left, &gone);
  element_codes(part, side_b, b, 1, &right, &gone);
  return left == right && !gone;
}

bool lathe_row_keys_equal(const lathe_row_keys *keys, int64_t a, int64_t b) {
  int side_a = a >= keys->rows[0], side_b = b >= keys->rows[0];
  if (side_a) a -= keys->rows[0];
  if (side_b) b -= keys->rows[0];
  for (int32_t p = 0; p < keys->count; p++) {
    const lathe_key_part *part = &keys->parts[p];
    bool there = lathe_column_present(part->columns[side_a], a);
    if (there != lathe_column_present(part->columns[side_b], b)) return false;
    if (!there && !keys->missing_equal) return false;
    if (there && !equal_element(part, side_a, a, side_b, b)) return false;
  }
  return true;
}
