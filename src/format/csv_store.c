/* csv_store.c - cells into the buffers of a column, a block at a time.
 *
 * The hot path of a cell is one attempt at the column's kind, eight bytes in a register. What does not fit is looked
 * at closely: it is missing, or has blanks around it, or shows that the column is of another kind; then the column
 * is filled again once all rows are known. */
#include "../base/personal_form.h"
#include "../table/own.h"
#include "csv_own.h"
#include "settle.h"

enum { NUMBER_LONGEST = 400 };

static void trim(const char **text, size_t *size) {
  while (*size && (**text == ' ' || **text == '\t')) (*text)++, (*size)--;
  while (*size && ((*text)[*size - 1] == ' ' || (*text)[*size - 1] == '\t')) (*size)--;
}

/* ---- one cell, whatever it is ---- */

static bool parse(csv_column *column, int64_t row, const char *text, size_t size) {
  bool loose = column->given, truth;
  switch (column->kind) {
  case CSV_AS_INT:
    return lathe_csv_int(text, size, loose, (int64_t *)column->values + row);
  case CSV_AS_FLOAT:
    return lathe_csv_float(text, size, loose, (double *)column->values + row);
  case CSV_AS_DATE:
    return lathe_text_to_date(text, size, (int32_t *)column->values + row);
  case CSV_AS_TIME:
    return lathe_settle_time(text, size, (int64_t *)column->values + row);
  case CSV_AS_BOOL:
    if (!lathe_csv_bool(text, size, loose, &truth)) return false;
    ((uint8_t *)column->values)[row] = truth;
    return true;
  default:
    return false;
  }
}

void lathe_csv_set_missing(csv_column *column, csv_worker *worker, int32_t index, int64_t row) {
  if (column->kind == CSV_AS_NOTHING) return;
  __atomic_fetch_and(&column->validity[row >> 3], (uint8_t) ~(1 << (row & 7)), __ATOMIC_RELAXED);
  if (column->kind == CSV_AS_TEXT) ((int64_t *)column->values)[row + 1] = (int64_t)worker->texts[index].size;
}

static bool wrong_type(csv_file *file, int32_t index, int64_t row, const char *begin, const csv_cell *cell,
                       lathe_error *error) {
  static const char *const wanted[] = {
      [LATHE_TYPE_BOOL] = "true or false",
      [LATHE_TYPE_INT64] = "an integer",
      [LATHE_TYPE_FLOAT64] = "a number",
      [LATHE_TYPE_DATE] = "a date (YYYY-MM-DD)",
      [LATHE_TYPE_TIMESTAMP] = "a time (YYYY-MM-DD hh:mm:ss)",
  };
  const csv_column *column = &file->columns[index];
  char scratch[LATHE_SHOWN];
  lathe_text shown = lathe_value_shown((lathe_text){cell->data, cell->size}, column->name, scratch);
  int size = (int)shown.size, name = (int)lathe_text_fit(column->name.data, column->name.size, 80);
  if (file->lenient)
    return lathe_csv_reject(file, begin, lathe_csv_row_end(file, begin, file->data + file->size), row, index,
                            error, "\"%.*s\" is not %s", size, shown.data, wanted[column->type]);
  return lathe_csv_fail(
      file, cell->data, error,
      "\"%.*s\" is not %s (column \"%.*s\"); read it as text with types = { [\"%.*s\"] = \"string\" }", size,
      shown.data, wanted[column->type], name, column->name.data, name, column->name.data);
}

static bool store_text(csv_file *file, csv_worker *worker, int32_t index, int64_t row, const char *text,
                       size_t size, lathe_error *error) {
  csv_column *column = &file->columns[index];
  if (column->kind == CSV_AS_WORDS) {
    int32_t code = lathe_csv_code(file, worker, index, text, size, error);
    ((int32_t *)column->values)[row] = code;
    return code >= 0;
  }
  lathe_buffer *texts = &worker->texts[index];
  if (!lathe_buffer_append(texts, text, size, error)) return false;
  ((int64_t *)column->values)[row + 1] = (int64_t)texts->size;
  return true;
}

static bool store_text_cell(csv_file *file, csv_worker *worker, int32_t index, int64_t row,
                            const csv_cell *cell, lathe_error *error) {
  if (lathe_csv_absence(file, cell) == CSV_MISSING) {
    lathe_csv_set_missing(&file->columns[index], worker, index, row);
    return true;
  }
  if (!cell->extra) return store_text(file, worker, index, row, cell->data, cell->size, error);
  worker->scratch.size = 0;
  if (!lathe_buffer_reserve(&worker->scratch, cell->size, error)) return false;
  size_t size = lathe_csv_unquote(file, cell, worker->scratch.data);
  return store_text(file, worker, index, row, worker->scratch.data, size, error);
}

/* The text of a cell that may be a number, blanks taken off, and its marks as C has them: false when it is
 * none. `out` holds NUMBER_LONGEST. */
static bool plain_text(const csv_file *file, const csv_cell *cell, const char **text, size_t *size,
                       char *out) {
  *text = cell->data;
  *size = cell->size;
  trim(text, size);
  if (!file->marks) return true;
  size_t length = *size <= NUMBER_LONGEST ? lathe_csv_plain_number(file, *text, *size, out) : 0;
  if (!length) return false;
  *text = out;
  *size = length;
  return true;
}

static uint8_t classify(const csv_file *file, const csv_cell *cell) {
  char number[NUMBER_LONGEST];
  const char *text;
  size_t size;
  if (cell->extra) return CSV_TEXT;
  if (plain_text(file, cell, &text, &size, number)) {
    uint8_t class = lathe_csv_classify(text, size);
    if (!file->marks || (class & (CSV_INT | CSV_WIDE | CSV_FLOAT))) return class;
  }
  text = cell->data, size = cell->size;
  trim(&text, &size);
  uint8_t class = lathe_csv_classify(text, size);
  return class & (CSV_INT | CSV_WIDE | CSV_FLOAT) ? CSV_TEXT : class;
}

uint8_t lathe_csv_look(const csv_file *file, const csv_cell *cell) {
  csv_absence absence = lathe_csv_absence(file, cell);
  if (absence == CSV_THERE) return classify(file, cell);
  return absence == CSV_MISSING_UNLESS_TEXT ? CSV_BLANK : 0;
}

static bool parse_cell(const csv_file *file, csv_column *column, int64_t row, const csv_cell *cell) {
  char number[NUMBER_LONGEST];
  const char *text;
  size_t size;
  bool numeric = column->kind == CSV_AS_INT || column->kind == CSV_AS_FLOAT;
  if (numeric) return plain_text(file, cell, &text, &size, number) && parse(column, row, text, size);
  text = cell->data, size = cell->size;
  trim(&text, &size);
  return parse(column, row, text, size);
}

bool lathe_csv_fits(const csv_file *file, const csv_column *column, const csv_cell *cell) {
  if (column->kind >= CSV_AS_WORDS || lathe_csv_absence(file, cell) != CSV_THERE) return true;
  int64_t value;
  csv_column probe = *column;
  probe.values = &value;
  return parse_cell(file, &probe, 0, cell);
}

bool lathe_csv_store_cell(csv_file *file, csv_worker *worker, int32_t index, int64_t row, const char *begin,
                          const csv_cell *cell, lathe_error *error) {
  csv_column *column = &file->columns[index];
  if (column->kind == CSV_AS_WORDS && __atomic_load_n(&column->crowded, __ATOMIC_RELAXED)) return true;
  if (column->kind >= CSV_AS_WORDS) return store_text_cell(file, worker, index, row, cell, error);
  csv_absence absence = lathe_csv_absence(file, cell);
  if (absence != CSV_THERE) {
    lathe_csv_set_missing(column, worker, index, row);
    if (absence == CSV_MISSING_UNLESS_TEXT) worker->classes[index] |= CSV_BLANK;
    return true;
  }
  if (parse_cell(file, column, row, cell)) return true;
  if (column->given) return wrong_type(file, index, row, begin, cell, error);
  worker->classes[index] |= classify(file, cell);
  return true;
}

/* ---- a column of a block ---- */

#define ONES UINT64_C(0x0101010101010101)

/* Eight bytes at `at`, of which those behind `end` are zero. */
static inline uint64_t load(const char *at, const char *end) {
  uint64_t word = 0;
  if (__builtin_expect(end - at >= 8, 1))
    memcpy(&word, at, 8);
  else
    memcpy(&word, at, (size_t)(end - at));
  return word;
}

/* The value of the first `size` (1 to 8) bytes of `word`; false when one is no digit. Pairs, then fours, then eights
 * are added up in place. */
static inline bool digits(uint64_t word, uint32_t size, uint64_t *value) {
  word = (word ^ ONES * '0') << (64 - 8 * size);
  if ((word | (word + ONES * 6)) & ONES * 0xF0) return false;
  word = word * 10 + (word >> 8);
  *value = ((word & UINT64_C(0x000000FF000000FF)) * UINT64_C(0x000F424000000064) +
            (word >> 16 & UINT64_C(0x000000FF000000FF)) * UINT64_C(0x0000271000000001)) >>
           32;
  return true;
}

static const double tens[] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8};
static const uint64_t whole_tens[] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000};

/* Up to 16 digits behind `at`, the first no zero before another. */
static inline bool quick_int(const char *at, uint32_t size, const char *end, int64_t *value) {
  bool negative = size > 1 && *at == '-';
  at += negative, size -= negative;
  uint64_t high, low;
  if (*at == '0' && size > 1) return false;
  if (size <= 8) {
    if (!digits(load(at, end), size, &low)) return false;
  } else {
    if (size > 16 || !digits(load(at, end), size - 8, &high)) return false;
    if (!digits(load(at + size - 8, end), 8, &low)) return false;
    low += high * 100000000;
  }
  *value = negative ? -(int64_t)low : (int64_t)low;
  return true;
}

/* Digits with a point, 17 characters at most and 8 on either side of it: digits and power of ten are exact, so the
 * division rounds once (Clinger 1990). */
static inline bool quick_float(const char *at, uint32_t size, const char *end, double *value) {
  bool negative = size > 1 && *at == '-';
  at += negative, size -= negative;
  uint64_t word = load(at, end), dots = word ^ ONES * '.', whole, fraction;
  dots = (dots - ONES) & ~dots & ONES * 0x80;
  uint32_t point = dots ? (uint32_t)__builtin_ctzll(dots) >> 3 : 8;
  if (*at == '0' && size > 1 && point != 1) return false;
  if (size <= 8) {
    if (point >= size) {
      point = size; /* no point among them */
      if (!digits(word, size, &whole)) return false;
      *value = negative ? -(double)whole : (double)whole;
      return true;
    }
    if (size == 1) return false;
    uint64_t below = (UINT64_C(1) << 8 * point) - 1;
    word = (word & below) | (word >> 8 & ~below);
    if (!digits(word, size - 1, &whole)) return false;
    double magnitude = (double)whole / tens[size - 1 - point];
    *value = negative ? -magnitude : magnitude;
    return true;
  }
  uint32_t decimals = size - point - 1;
  if (point == 0 || decimals > 8 || at[point] != '.') return false;
  if (!digits(word, point, &whole)) return false;
  if (decimals == 0 || !digits(load(at + point + 1, end), decimals, &fraction)) return false;
  whole = whole * whole_tens[decimals] + fraction;
  if (whole > UINT64_C(1) << 53) return false;
  double magnitude = (double)whole / tens[decimals];
  *value = negative ? -magnitude : magnitude;
  return true;
}

/* "YYYY-MM-DD" */
static inline bool quick_date(const char *at, uint32_t size, const char *end, int32_t *days) {
  static const uint8_t lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  static const uint16_t before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
  uint64_t year, rest;
  if (size != 10 || at[4] != '-' || at[7] != '-') return false;
  uint64_t word = load(at, end);
  /* MM and DD, one behind the other */
  uint64_t month_day =
      (word >> 40 & 0xFFFF) | (uint64_t)(uint8_t)at[8] << 16 | (uint64_t)(uint8_t)at[9] << 24;
  if (!digits(word, 4, &year) || !digits(month_day, 4, &rest)) return false;
  uint32_t y = (uint32_t)year, m = (uint32_t)rest / 100, d = (uint32_t)rest % 100;
  if (y < 1 || m - 1 > 11) return false;
  bool leap = (y & 3) == 0 && (y % 25 != 0 || (y & 15) == 0);
  if (d < 1 || d > lengths[m - 1] + (uint32_t)(leap && m == 2)) return false;
  uint32_t past = y - 1;
  *days = (int32_t)(past * 365 + past / 4 - past / 100 + past / 400 + before[m - 1] + (leap && m > 2) + d) -
          719163;
  return true;
}

typedef struct cells {
  csv_file *file;
  csv_worker *worker;
  const csv_block *block;
  int32_t index;
  const char *end;
} cells;

static inline const char *cell_at(const cells *all, int32_t row, uint32_t *size) {
  const uint32_t *place = all->block->index + (int64_t)row * all->block->stride + all->index;
  uint32_t begin = place[0] + 1;
  *size = place[1] - begin;
  return all->block->base + begin;
}

/* A cell of a block that the quick way leaves over. */
static __attribute__((noinline)) bool store_other(const cells *all, int32_t row, lathe_error *error) {
  csv_file *file = all->file;
  uint32_t size;
  const char *at = cell_at(all, row, &size);
  int64_t number = all->block->row + row;
  if (size == 0) {
    lathe_csv_set_missing(&file->columns[all->index], all->worker, all->index, number);
    return true;
  }
  csv_cell cell;
  at += all->block->shift;
  if (*at == file->quote && !file->plain)
    lathe_csv_cell(file, at, at + size, &cell);
  else
    cell = (csv_cell){.data = at, .size = size};
  const char *begin =
      all->block->base + all->block->shift + (all->block->index[(int64_t)row * all->block->stride] + 1);
  return lathe_csv_store_cell(file, all->worker, all->index, number, begin, &cell, error);
}

/* The loop over a block for one kind of value. */
#define LOOP(NAME, TYPE, QUICK)                                                                              \
  static bool NAME(const cells *all, int32_t from, int32_t to, lathe_error *error) {                         \
    TYPE *values = (TYPE *)all->file->columns[all->index].values + all->block->row;                          \
    const char *end = all->end;                                                                              \
    for (int32_t row = from; row < to; row++) {                                                              \
      uint32_t size;                                                                                         \
      const char *at = cell_at(all, row, &size);                                                             \
      if (size && QUICK(at, size, end, &values[row])) continue;                                              \
      if (!store_other(all, row, error)) return false;                                                       \
    }                                                                                                        \
    return true;                                                                                             \
  }

LOOP(store_ints, int64_t, quick_int)
LOOP(store_floats, double, quick_float)
LOOP(store_dates, int32_t, quick_date)

static inline bool is_plain_text(const csv_file *file, const char *at, uint32_t size) {
  return size && (*at != file->quote || file->plain) && !csv_may_be_marker(file, at, size);
}

static bool store_texts(const cells *all, int32_t from, int32_t to, lathe_error *error) {
  const csv_file *file = all->file;
  lathe_buffer *texts = &all->worker->texts[all->index];
  int64_t *offsets = (int64_t *)file->columns[all->index].values + all->block->row + 1;
  for (int32_t row = from; row < to; row++) {
    uint32_t size;
    const char *at = cell_at(all, row, &size);
    if (!is_plain_text(file, at, size)) {
      if (!store_other(all, row, error)) return false;
      continue;
    }
    if (texts->capacity - texts->size < size + 17u && !lathe_buffer_reserve(texts, size + 17, error))
      return false;
    char *out = texts->data + texts->size;
    if (size <= 16 && all->end - at >= 16)
      memcpy(out, at, 16);
    else
      memcpy(out, at, size);
    texts->size += size;
    offsets[row] = (int64_t)texts->size;
  }
  return true;
}

static bool store_words(const cells *all, int32_t from, int32_t to, lathe_error *error) {
  const csv_file *file = all->file;
  const csv_column *column = &file->columns[all->index];
  int32_t *codes = (int32_t *)column->values + all->block->row;
  const csv_memo *memo = &all->worker->memos[all->index];
  for (int32_t row = from; row < to; row++) {
    uint32_t size;
    const char *at = cell_at(all, row, &size);
    if (size <= 16 && is_plain_text(file, at, size) && all->end - at >= 16 &&
        (codes[row] = lathe_csv_recall(memo, csv_key_of(at, size), size)) >= 0)
      continue;
    if (__atomic_load_n(&column->crowded, __ATOMIC_RELAXED)) return true;
    if (!store_other(all, row, error)) return false;
  }
  return true;
}

static bool store_others(const cells *all, int32_t from, int32_t to, lathe_error *error) {
  for (int32_t row = from; row < to; row++)
    if (!store_other(all, row, error)) return false;
  return true;
}

static bool store_run(const cells *all, int32_t from, int32_t to, lathe_error *error) {
  const csv_column *column = &all->file->columns[all->index];
  bool marks = all->file->marks;
  switch (column->kind) {
  case CSV_AS_INT:
    return marks ? store_others(all, from, to, error) : store_ints(all, from, to, error);
  case CSV_AS_FLOAT:
    return marks ? store_others(all, from, to, error) : store_floats(all, from, to, error);
  case CSV_AS_DATE:
    return store_dates(all, from, to, error);
  case CSV_AS_TEXT:
    return store_texts(all, from, to, error);
  case CSV_AS_WORDS:
    return store_words(all, from, to, error);
  default:
    return store_others(all, from, to, error);
  }
}

bool lathe_csv_store(csv_file *file, csv_worker *worker, int32_t index, const csv_block *block,
                     lathe_error *error) {
  cells all = {file, worker, block, index, block->end};
  if (!file->rejected) return store_run(&all, 0, block->rows, error);
  for (int32_t from = 0; from < block->rows;) { /* between rows that are left out */
    int32_t to = from;
    while (to < block->rows && !csv_rejected(file, block->row + to)) to++;
    if (!store_run(&all, from, to, error)) return false;
    from = to + 1;
  }
  return true;
}
