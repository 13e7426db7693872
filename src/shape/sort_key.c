/* sort_key.c - the keys of rows as bits in their order; see sort_own.h. */
#include <stdlib.h>
#include <string.h>

#include "../base/memory.h"
#include "../base/pool.h"
#include "sort_own.h"

enum { SYMBOLS_MAX = 16 }; /* of a text that one level looks at */

static int64_t chunks_of(int64_t count) {
  return (count + SORT_CHUNK - 1) / SORT_CHUNK;
}

static int64_t chunk_end(int64_t chunk, int64_t count) {
  int64_t end = (chunk + 1) * SORT_CHUNK;
  return end < count ? end : count;
}

static int bits_of(uint64_t value) {
  return value ? 64 - __builtin_clzll(value) : 0;
}

/* ---- numbers in their order ---- */

static uint64_t of_int64(int64_t value) {
  return (uint64_t)value ^ UINT64_C(1) << 63;
}

static uint64_t of_double(double value) {
  uint64_t bits;
  value += 0.0; /* -0 becomes 0 */
  memcpy(&bits, &value, sizeof bits);
  return bits >> 63 ? ~bits : bits | UINT64_C(1) << 63;
}

static uint64_t encoded(const lathe_column *column, int64_t row) {
  switch (column->type) {
  case LATHE_TYPE_BOOL:
    return lathe_bit(column->values, row);
  case LATHE_TYPE_CATEGORY:
    return ((const uint32_t *)column->values)[row];
  case LATHE_TYPE_DATE:
    return of_int64(((const int32_t *)column->values)[row]);
  case LATHE_TYPE_FLOAT64:
    return of_double(((const double *)column->values)[row]);
  case LATHE_TYPE_INT64:
  case LATHE_TYPE_TIMESTAMP:
  case LATHE_TYPE_STRING:
    break;
  }
  return of_int64(((const int64_t *)column->values)[row]);
}

static bool is_nan(const lathe_column *column, int64_t row) {
  if (column->type != LATHE_TYPE_FLOAT64) return false;
  double value = ((const double *)column->values)[row];
  return value != value;
}

/* ---- the range of a column ---- */

typedef struct range {
  uint64_t low, high;
  bool nan;
} range;

typedef struct range_job {
  const lathe_column *column;
  range *ranges; /* (chunks) */
} range_job;

static bool range_chunk(void *context, int64_t chunk, lathe_error *error) {
  (void)error;
  range_job *job = context;
  const lathe_column *column = job->column;
  int64_t begin = chunk * SORT_CHUNK, end = chunk_end(chunk, column->rows);
  range found = {UINT64_MAX, 0, false};
  if (!column->validity && (column->type == LATHE_TYPE_INT64 || column->type == LATHE_TYPE_TIMESTAMP)) {
    const int64_t *values = column->values;
    int64_t low = values[begin], high = low;
    for (int64_t i = begin; i < end; i++) {
      low = values[i] < low ? values[i] : low;
      high = values[i] > high ? values[i] : high;
    }
    found = (range){of_int64(low), of_int64(high), false};
  } else {
    for (int64_t i = begin; i < end; i++) {
      if (!lathe_column_present(column, i)) continue;
      if (is_nan(column, i)) {
        found.nan = true;
        continue;
      }
      uint64_t value = encoded(column, i);
      found.low = value < found.low ? value : found.low;
      found.high = value > found.high ? value : found.high;
    }
  }
  job->ranges[chunk] = found;
  return true;
}

static bool range_of(const lathe_column *column, range *whole, lathe_progress *progress, lathe_error *error) {
  *whole = (range){UINT64_MAX, 0, false};
  if (column->type == LATHE_TYPE_BOOL || column->type == LATHE_TYPE_CATEGORY) {
    int64_t words = column->dictionary ? column->dictionary->rows : 2;
    *whole = (range){0, words ? (uint64_t)words - 1 : 0, false};
    return true;
  }
  int64_t chunks = chunks_of(column->rows);
  range_job job = {column, lathe_memory_new((size_t)chunks, sizeof(range), error)};
  if (!job.ranges) return false;
  bool fine = lathe_pool_run(chunks, range_chunk, &job, progress, error);
  for (int64_t i = 0; i < chunks && fine; i++) {
    if (job.ranges[i].low < whole->low) whole->low = job.ranges[i].low;
    if (job.ranges[i].high > whole->high) whole->high = job.ranges[i].high;
    whole->nan |= job.ranges[i].nan;
  }
  free(job.ranges);
  if (whole->low > whole->high) whole->low = whole->high = 0;
  return fine;
}

/* ---- fields ---- */

static bool add_fields(sort_fields *fields, const lathe_column *column, const lathe_sort_key *key,
                       lathe_progress *progress, lathe_error *error) {
  sort_field field = {.column = column, .descending = key->descending, .missing_first = key->missing_first};
  bool text = column->type == LATHE_TYPE_STRING, gaps = column->missing > 0;
  range whole = {0, 0, false};
  if (!text && !range_of(column, &whole, progress, error)) return false;
  if (gaps || whole.nan) {
    sort_field class = field;
    bool first = gaps && key->missing_first;
    class.kind = FIELD_CLASS;
    class.code_value = first;
    class.code_nan = class.code_value + 1;
    class.code_missing = first ? 0 : whole.nan ? 2 : 1;
    class.bits = gaps && whole.nan ? 2 : 1;
    fields->fields[fields->count++] = class;
  }
  field.kind = text ? FIELD_TEXT : FIELD_NUMBER;
  field.low = whole.low;
  field.high = whole.high;
  field.bits = bits_of(whole.high - whole.low);
  if (!text && !field.bits) return true; /* one value is no key */
  fields->fields[fields->count++] = field;
  return true;
}

bool lathe_sort_fields_open(sort_fields *fields, const lathe_table *table, const lathe_sort_key *keys,
                            int32_t count, lathe_progress *progress, lathe_error *error) {
  fields->count = 0;
  fields->fields = lathe_memory_new((size_t)count * 2, sizeof *fields->fields, error);
  bool fine = fields->fields != NULL;
  for (int32_t i = 0; i < count && fine; i++) {
    int32_t index = keys[i].column;
    if (index < 0 || index >= lathe_table_columns(table))
      fine =
          lathe_error_set(error, LATHE_ERROR_ARGUMENT, "there is no column number %d to sort by", index + 1);
    else
      fine = add_fields(fields, lathe_table_column(table, index), &keys[i], progress, error);
  }
  if (!fine) lathe_sort_fields_free(fields);
  return fine;
}

void lathe_sort_fields_free(sort_fields *fields) {
  free(fields->fields);
  fields->fields = NULL;
}

static uint64_t class_of(const sort_field *field, int64_t row) {
  if (!lathe_column_present(field->column, row)) return field->code_missing;
  return is_nan(field->column, row) ? field->code_nan : field->code_value;
}

static uint64_t number_of(const sort_field *field, int64_t row) {
  const lathe_column *column = field->column;
  if (!lathe_column_present(column, row) || is_nan(column, row)) return 0;
  uint64_t value = encoded(column, row);
  return field->descending ? field->high - value : value - field->low;
}

/* What is left of a text from byte `used` on. */
static lathe_text rest_of(const lathe_column *column, int64_t row, int64_t used) {
  const int64_t *offsets = column->values;
  int64_t begin = offsets[row], size = offsets[row + 1] - begin;
  if (size <= used || !lathe_column_present(column, row)) return (lathe_text){column->bytes, 0};
  return (lathe_text){column->bytes + begin + used, (size_t)(size - used)};
}

int lathe_sort_compare(const sort_fields *fields, sort_place place, int64_t a, int64_t b) {
  for (int32_t i = place.field; i < fields->count; i++) {
    const sort_field *field = &fields->fields[i];
    if (field->kind == FIELD_TEXT) {
      int64_t used = i == place.field ? place.used : 0;
      lathe_text x = rest_of(field->column, a, used), y = rest_of(field->column, b, used);
      size_t size = x.size < y.size ? x.size : y.size;
      int order = size ? memcmp(x.data, y.data, size) : 0;
      if (!order) order = (x.size > y.size) - (x.size < y.size);
      if (order) return field->descending ? -order : order;
      continue;
    }
    uint64_t x = field->kind == FIELD_CLASS ? class_of(field, a) : number_of(field, a);
    uint64_t y = field->kind == FIELD_CLASS ? class_of(field, b) : number_of(field, b);
    if (x != y) return x < y ? -1 : 1;
  }
  return 0;
}

/* ---- the texts of a level ---- */

/* What the texts of some rows have in common, and what they are made of. */
typedef struct alphabet {
  int64_t shared;    /* bytes that all begin with */
  int64_t longest;   /* bytes behind those */
  uint8_t code[256]; /* of a byte: 1, 2, ... in the order of the bytes; 0: the text has ended */
  int bits;          /* of a code */
  int symbols;       /* that the level takes */
} alphabet;

typedef struct text_facts {
  int64_t shared, longest;
  bool seen[256];
} text_facts;

typedef struct text_job {
  const lathe_column *column;
  const int64_t *rows;
  int64_t count, used;
  lathe_text model; /* the first text there is */
  int64_t shared;
  text_facts *facts; /* (chunks) */
} text_job;

static int64_t row_at(const int64_t *rows, int64_t index) {
  return rows ? rows[index] : index;
}

static bool shared_chunk(void *context, int64_t chunk, lathe_error *error) {
  (void)error;
  text_job *job = context;
  int64_t end = chunk_end(chunk, job->count);
  size_t shared = job->model.size;
  for (int64_t i = chunk * SORT_CHUNK; i < end && shared; i++) {
    int64_t row = row_at(job->rows, i);
    if (!lathe_column_present(job->column, row)) continue;
    lathe_text text = rest_of(job->column, row, job->used);
    if (text.size < shared) shared = text.size;
    if (memcmp(text.data, job->model.data, shared) == 0) continue;
    size_t same = 0;
    while (text.data[same] == job->model.data[same]) same++;
    shared = same;
  }
  job->facts[chunk].shared = (int64_t)shared;
  return true;
}

static bool seen_chunk(void *context, int64_t chunk, lathe_error *error) {
  (void)error;
  text_job *job = context;
  text_facts *facts = &job->facts[chunk];
  int64_t end = chunk_end(chunk, job->count);
  for (int64_t i = chunk * SORT_CHUNK; i < end; i++) {
    lathe_text text = rest_of(job->column, row_at(job->rows, i), job->used + job->shared);
    if ((int64_t)text.size > facts->longest) facts->longest = (int64_t)text.size;
    size_t size = text.size < SYMBOLS_MAX ? text.size : SYMBOLS_MAX;
    for (size_t k = 0; k < size; k++) facts->seen[(uint8_t)text.data[k]] = true;
  }
  return true;
}

static bool read_alphabet(const sort_field *field, const int64_t *rows, int64_t count, int64_t used, int room,
                          alphabet *found, lathe_progress *progress, lathe_error *error) {
  int64_t chunks = chunks_of(count), first = 0;
  text_job job = {.column = field->column, .rows = rows, .count = count, .used = used};
  *found = (alphabet){0};
  while (first < count && !lathe_column_present(field->column, row_at(rows, first))) first++;
  if (first == count) return true;
  job.model = rest_of(field->column, row_at(rows, first), used);
  job.facts = lathe_memory_new((size_t)chunks, sizeof *job.facts, error);
  if (!job.facts) return false;
  bool fine = lathe_pool_run(chunks, shared_chunk, &job, progress, error);
  job.shared = (int64_t)job.model.size;
  for (int64_t i = 0; i < chunks && fine; i++)
    if (job.facts[i].shared < job.shared) job.shared = job.facts[i].shared;
  fine = fine && lathe_pool_run(chunks, seen_chunk, &job, progress, error);
  int letters = 0;
  for (int byte = 0; byte < 256 && fine; byte++) {
    bool seen = false;
    for (int64_t i = 0; i < chunks; i++) seen |= job.facts[i].seen[byte];
    if (seen) found->code[byte] = (uint8_t)++letters; /* not more than 243: not all bytes are in UTF-8 */
  }
  for (int64_t i = 0; i < chunks && fine; i++)
    if (job.facts[i].longest > found->longest) found->longest = job.facts[i].longest;
  free(job.facts);
  found->shared = job.shared;
  found->bits = bits_of((uint64_t)letters);
  int64_t symbols = found->bits ? room / found->bits : 0;
  if (symbols > SYMBOLS_MAX) symbols = SYMBOLS_MAX;
  found->symbols = (int)(symbols < found->longest ? symbols : found->longest);
  return fine;
}

/* ---- a level ---- */

/* A part of a field: `bits` of it, `skip` bits (of a number) or bytes (of a text) after its beginning. */
typedef struct slice {
  const sort_field *field;
  int bits, below; /* below: bits of the field that come later */
  int64_t skip;
  alphabet letters; /* FIELD_TEXT */
} slice;

enum { SLICES = 64 };

typedef struct level_job {
  const int64_t *rows;
  int64_t count;
  int shift;
  uint64_t *words;
  slice *slices;
  int slice_count;
} level_job;

static void add_number(const level_job *job, const slice *part, int64_t begin, int64_t end) {
  const sort_field *field = part->field;
  uint64_t *words = job->words, mask = (UINT64_C(1) << part->bits) - 1;
  int bits = part->bits, below = part->below;
  if (!job->rows && field->column->type == LATHE_TYPE_INT64 && !field->column->validity) {
    const int64_t *values = field->column->values;
    uint64_t flip = field->descending ? UINT64_MAX : 0,
             base = field->descending ? field->high : ~field->low + 1;
    for (int64_t i = begin; i < end; i++) {
      uint64_t value = base + ((of_int64(values[i]) ^ flip) - flip);
      words[i] = words[i] << bits | (value >> below & mask);
    }
    return;
  }
  for (int64_t i = begin; i < end; i++) {
    int64_t row = row_at(job->rows, i);
    uint64_t value = field->kind == FIELD_CLASS ? class_of(field, row) : number_of(field, row);
    words[i] = words[i] << bits | (value >> below & mask);
  }
}

static void add_text(const level_job *job, const slice *part, int64_t begin, int64_t end) {
  const alphabet *letters = &part->letters;
  uint64_t *words = job->words;
  int each = letters->bits, symbols = letters->symbols;
  uint64_t flip = part->field->descending ? (UINT64_C(1) << part->bits) - 1 : 0;
  for (int64_t i = begin; i < end; i++) {
    lathe_text text = rest_of(part->field->column, row_at(job->rows, i), part->skip);
    int size = text.size < (size_t)symbols ? (int)text.size : symbols, k = 0;
    uint64_t key = 0;
    for (; k < size; k++) key = key << each | letters->code[(uint8_t)text.data[k]];
    key <<= (symbols - k) * each;
    words[i] = words[i] << part->bits | (key ^ flip);
  }
}

static bool level_chunk(void *context, int64_t chunk, lathe_error *error) {
  (void)error;
  level_job *job = context;
  int64_t begin = chunk * SORT_CHUNK, end = chunk_end(chunk, job->count);
  memset(job->words + begin, 0, (size_t)(end - begin) * sizeof *job->words);
  for (int i = 0; i < job->slice_count; i++) {
    const slice *part = &job->slices[i];
    if (part->field->kind == FIELD_TEXT)
      add_text(job, part, begin, end);
    else
      add_number(job, part, begin, end);
  }
  for (int64_t i = begin; i < end; i++) job->words[i] = job->words[i] << job->shift | (uint64_t)i;
  return true;
}

/* Cut the next `room` bits off the key. False with `error`. */
static bool plan(const sort_fields *fields, level_job *job, int room, sort_place *place,
                 lathe_progress *progress, lathe_error *error) {
  while (room > 0 && place->field < fields->count && job->slice_count < SLICES) {
    slice *part = &job->slices[job->slice_count];
    *part = (slice){.field = &fields->fields[place->field], .skip = place->used};
    bool whole;
    if (part->field->kind == FIELD_TEXT) {
      alphabet *letters = &part->letters;
      if (!read_alphabet(part->field, job->rows, job->count, place->used, room, letters, progress, error))
        return false;
      if (letters->bits && !letters->symbols) return true; /* no room for a letter */
      part->skip += letters->shared;
      part->bits = letters->bits * letters->symbols;
      place->used = part->skip + letters->symbols;
      whole = letters->symbols == letters->longest;
      if (!whole) room = part->bits; /* nothing fits behind a text that goes on */
    } else {
      int left = part->field->bits - (int)place->used;
      part->bits = left < room ? left : room;
      part->below = left - part->bits;
      place->used += part->bits;
      whole = part->below == 0;
    }
    room -= part->bits;
    if (part->bits) job->slice_count++;
    if (whole) *place = (sort_place){place->field + 1, 0};
  }
  return true;
}

bool lathe_sort_level(const sort_fields *fields, const int64_t *rows, int64_t count, int shift,
                      uint64_t *words, sort_place *place, int *bits, lathe_progress *progress,
                      lathe_error *error) {
  level_job job = {.rows = rows, .count = count, .shift = shift, .words = words};
  job.slices = lathe_memory_raw(SLICES, sizeof *job.slices, error);
  if (!job.slices) return false;
  bool fine = plan(fields, &job, 64 - shift, place, progress, error) &&
              lathe_pool_run(chunks_of(count), level_chunk, &job, progress, error);
  *bits = 0;
  for (int i = 0; i < job.slice_count; i++) *bits += job.slices[i].bits;
  free(job.slices);
  return fine;
}
