/* key.c - rows of one or two tables as 64-bit codes or hashes, in blocks that stay in the cache. */
#include "key.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "../base/hash.h"
#include "../base/memory.h"
#include "../base/pool.h"
#include "../table/own.h"
#include "../table/text_codes.h"

/* More words than these, or than a quarter of the rows, are hashed: their table would leave the cache, or not pay. */
enum { CHUNK = 65536, WORDS_MOST = 1 << 18, GUESS_ROWS = 1 << 18, GUESS_SPAN = 1 << 18, GUESS_BESIDE = 128 };

typedef enum part_kind {
  PART_BOOL,
  PART_CODE,   /* int32: categories, by way of `map`; texts of few words; dates */
  PART_INT64,  /* integers, timestamps */
  PART_NUMBER, /* fractions, or integers among them: the bits of a double */
  PART_TEXT,   /* strings of many words, or categories by the hashes of their words */
} part_kind;

struct lathe_key_part {
  part_kind kind;
  const lathe_column *columns[2];
  int64_t least; /* codes count from here */
  uint64_t span; /* how many codes there are; 0: not to be told, or 2^64 */
  bool missing;  /* the last code is that of what is missing */
  int32_t *map
      [2]; /* PART_CODE: the shared code of each word, -1 where no row on the left may have it; NULL: its own */
  int32_t *codes[2];  /* PART_CODE: those of a column of strings or integers */
  bool given;         /* codes[0] belong to somebody else now, who may change them */
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

/* The codes of the words of one side; those of the right one need no code that the left one has not. */
static bool code_side(lathe_key_part *part, int side, lathe_text_codes *words, lathe_progress *progress,
                      lathe_error *error) {
  const lathe_column *column = part->columns[side], *dictionary = column->dictionary;
  int32_t *codes = lathe_text_codes_make(words, dictionary ? dictionary : column, side == 0, progress, error);
  *(dictionary ? &part->map[side] : &part->codes[side]) = codes;
  return codes != NULL;
}

static void drop_codes(lathe_key_part *part) {
  for (int side = 0; side < 2; side++) {
    lathe_memory_give(part->map[side]);
    if (side == 1 || !part->given) lathe_memory_give(part->codes[side]);
    part->map[side] = part->codes[side] = NULL;
  }
}

/* One numbering of the words of both sides; where there are too many of them nothing has become of it. */
static bool share_words(lathe_key_part *part, lathe_progress *progress, lathe_error *error) {
  const lathe_column *left = part->columns[0];
  int64_t most = left->rows / 4 + 64;
  most = left->dictionary ? left->dictionary->rows : most < WORDS_MOST ? most : WORDS_MOST;
  lathe_text_codes *words = lathe_text_codes_new(most, error);
  bool fine = words && code_side(part, 0, words, progress, error);
  int64_t count = fine ? lathe_text_codes_count(words) : 0;
  if (fine && count <= most && part->columns[1]) fine = code_side(part, 1, words, progress, error);
  lathe_text_codes_free(words);
  if (fine && count <= most) {
    part->kind = PART_CODE;
    part->span = (uint64_t)count;
  } else {
    drop_codes(part);
  }
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

/* ---- integers of a narrow range, found and coded in one pass ---- */

typedef struct narrow_job {
  const int64_t *values;
  int64_t rows, least;
  uint64_t span;
  int32_t *codes;
  atomic_bool outside;
} narrow_job;

static bool narrow_chunk(void *context, int64_t chunk, lathe_error *error) {
  narrow_job *job = context;
  int64_t begin = chunk * CHUNK, end = begin + CHUNK < job->rows ? begin + CHUNK : job->rows;
  bool outside = atomic_load_explicit(&job->outside, memory_order_relaxed);
  (void)error;
  for (int64_t i = begin; i < end && !outside; i += LATHE_KEY_BLOCK) {
    int64_t stop = i + LATHE_KEY_BLOCK < end ? i + LATHE_KEY_BLOCK : end;
    for (int64_t row = i; row < stop; row++) {
      uint64_t code = (uint64_t)job->values[row] - (uint64_t)job->least;
      job->codes[row] = (int32_t)code;
      outside |= code >= job->span;
    }
  }
  if (outside) atomic_store(&job->outside, true);
  return true;
}

/* The range of all rows is guessed from the first ones, which spares a pass over them when it is right. Nothing has become of it when it
 * was not, or when it is too wide for an array of slots to pay. */
static bool guess_range(lathe_key_part *part, lathe_progress *progress, lathe_error *error) {
  const lathe_column *column = part->columns[0];
  int64_t range[1][2], least, most;
  range_job first = {column, range};
  if (column->validity || column->rows < GUESS_ROWS) return true;
  range_chunk(&first, 0, NULL);
  if (__builtin_sub_overflow(range[0][0], GUESS_BESIDE, &least) ||
      __builtin_add_overflow(range[0][1], GUESS_BESIDE, &most) ||
      (uint64_t)most - (uint64_t)least >= GUESS_SPAN)
    return true;
  narrow_job job = {.values = column->values,
                    .rows = column->rows,
                    .least = least,
                    .span = (uint64_t)most - (uint64_t)least + 1,
                    .codes = lathe_memory_raw((size_t)column->rows, sizeof *job.codes, error)};
  bool fine =
      job.codes && lathe_pool_run((job.rows + CHUNK - 1) / CHUNK, narrow_chunk, &job, progress, error);
  if (fine && !atomic_load(&job.outside)) {
    part->kind = PART_CODE;
    part->codes[0] = job.codes;
    part->span = job.span;
  } else {
    lathe_memory_give(job.codes);
  }
  return fine;
}

/* How many codes the elements need. */
static bool find_span(lathe_row_keys *keys, lathe_key_part *part, lathe_progress *progress,
                      lathe_error *error) {
  const lathe_column *left = part->columns[0], *right = part->columns[1];
  part->missing = keys->missing_equal && (left->validity || (right && right->validity));
  if (part->kind == PART_NUMBER) return true;
  bool alone = keys->count == 1 && !right;
  if (part->kind == PART_INT64 && alone && !guess_range(part, progress, error)) return false;
  if (part->codes[0]) return true;
  if (part->kind == PART_TEXT) {
    if (!share_words(part, progress, error)) return false;
    if (part->kind == PART_TEXT) return hash_words(part, error);
  } else if (part->kind == PART_BOOL) {
    part->span = 2;
  } else if (left->type == LATHE_TYPE_CATEGORY) {
    part->span = (uint64_t)left->dictionary->rows;
    if (right && right->dictionary != left->dictionary && !share_words(part, progress, error)) return false;
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
  for (int32_t i = 0; i < keys->count && keys->parts; i++) {
    drop_codes(&keys->parts[i]);
    for (int side = 0; side < 2; side++) free(keys->parts[i].words[side]);
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
    const int32_t *own = part->codes[side], *map = part->map[side];
    const int32_t *values = (own ? own : (const int32_t *)column->values) + begin;
    if (map && column->dictionary->rows == 0) /* all are missing */
      memset(codes, 0, (size_t)count * sizeof *codes);
    else if (map)
      for (int32_t i = 0; i < count; i++) codes[i] = (uint64_t)(int64_t)map[values[i]];
    else
      for (int32_t i = 0; i < count; i++) codes[i] = (uint64_t)(values[i] - part->least);
    if (side == 1 && (own || map))
      for (int32_t i = 0; i < count; i++)
        gone[i] |= codes[i] == UINT64_MAX && lathe_column_present(column, begin + i);
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

void lathe_row_keys_slots(const lathe_row_keys *keys, int64_t begin, int32_t count, uint32_t *slots) {
  const lathe_key_part *part = keys->parts;
  int side = begin >= keys->rows[0];
  if (keys->count == 1 && part->kind == PART_INT64 && !part->columns[side]->validity) {
    const int64_t *values = (const int64_t *)part->columns[side]->values + begin - (side ? keys->rows[0] : 0);
    uint32_t least = (uint32_t)part->least; /* the difference fits, so its lower half is enough */
    for (int32_t i = 0; i < count; i++) slots[i] = (uint32_t)values[i] - least;
    return;
  }
  uint64_t codes[LATHE_KEY_BLOCK];
  bool gone[LATHE_KEY_BLOCK];
  lathe_row_keys_block(keys, begin, count, codes, gone);
  for (int32_t i = 0; i < count; i++) slots[i] = gone[i] ? LATHE_ROW_NONE : (uint32_t)codes[i];
}

bool lathe_row_keys_whole(const lathe_row_keys *keys) {
  bool whole = true;
  for (int32_t i = 0; i < keys->count && !keys->missing_equal; i++)
    whole &= !keys->parts[i].columns[0]->validity;
  return whole;
}

const uint32_t *lathe_row_keys_plain(lathe_row_keys *keys, bool *given) {
  lathe_key_part *part = keys->parts;
  if (keys->count != 1 || !keys->exact || keys->rows[1] || part->kind != PART_CODE || part->map[0] ||
      part->least || part->columns[0]->validity)
    return NULL;
  *given = part->given = part->codes[0] != NULL;
  return (const uint32_t *)(*given ? part->codes[0] : part->columns[0]->values);
}

/* ---- comparing ---- */

static bool equal_text(const lathe_column *a, int64_t row_a, const lathe_column *b, int64_t row_b) {
  lathe_text left = lathe_column_text(a, row_a), right = lathe_column_text(b, row_b);
  return left.size == right.size && memcmp(left.data, right.data, left.size) == 0;
}

static bool equal_element(const lathe_key_part *part, int side_a, int64_t a, int side_b, int64_t b) {
  const int64_t *integers = part->columns[0]->values;
  if (part->given && part->columns[0]->type != LATHE_TYPE_STRING) return integers[a] == integers[b];
  if (part->kind == PART_TEXT || part->given)
    return equal_text(part->columns[side_a], a, part->columns[side_b], b);
  uint64_t left = 0, right = 0;
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
