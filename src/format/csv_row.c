/* csv_row.c - one row, cell by cell: whatever the blocks of plain rows leave over. Here a row that is wrong becomes
 * an error, or a line in the table of rejects. */
#include "../base/personal_form.h"
#include "csv_own.h"

/* Bytes of `word` that equal the byte repeated in `pattern`: their high bits; bytes above the lowest hit may
 * be wrong. */
static inline uint64_t hits_in(uint64_t word, uint64_t pattern) {
  uint64_t same = word ^ pattern;
  return (same - 0x0101010101010101u) & ~same & 0x8080808080808080u;
}

const char *lathe_csv_plain_end(const csv_file *file, const char *at, const char *end) {
  const uint64_t ones = 0x0101010101010101u, delimiters = ones * (uint8_t)file->delimiter;
  while (end - at >= 8) {
    uint64_t word;
    memcpy(&word, at, 8);
    uint64_t hits = hits_in(word, delimiters) | hits_in(word, ones * '\n') | hits_in(word, ones * '\r');
    if (hits) return at + (__builtin_ctzll(hits) >> 3);
    at += 8;
  }
  while (at < end && *at != file->delimiter && !csv_is_end(*at)) at++;
  return at;
}

/* The same where characters may be escaped. */
static const char *escaped_end(const csv_file *file, const char *at, const char *end, size_t *extra) {
  for (; at < end && *at != file->delimiter && !csv_is_end(*at); at++)
    if ((uint8_t)*at == file->escape && at + 1 < end) {
      (*extra)++;
      at++;
    }
  return at;
}

/* The quote that may close the text at `at`, or NULL. */
static const char *find_quote(const csv_file *file, const char *at, const char *end, size_t *extra) {
  if (file->escape < 0) return memchr(at, file->quote, (size_t)(end - at));
  for (; at < end && *at != file->quote; at++)
    if ((uint8_t)*at == file->escape && at + 1 < end) {
      (*extra)++;
      at++;
    }
  return at < end ? at : NULL;
}

static const char *malformed(csv_cell *cell, csv_fault fault, const char *place) {
  cell->fault = fault;
  cell->data = place;
  return NULL;
}

const char *lathe_csv_cell(const csv_file *file, const char *at, const char *end, csv_cell *cell) {
  *cell = (csv_cell){.data = at};
  if (at == end || *at != file->quote || file->plain) {
    const char *behind =
        file->escape < 0 ? lathe_csv_plain_end(file, at, end) : escaped_end(file, at, end, &cell->extra);
    cell->size = (size_t)(behind - at);
    return behind;
  }
  const char *open = at++;
  cell->data = at;
  cell->quoted = true;
  for (;;) {
    const char *quote = find_quote(file, at, end, &cell->extra);
    if (!quote) return malformed(cell, CSV_OPEN_QUOTE, open);
    at = quote + 1;
    if (at < end && *at == file->quote) {
      cell->extra++;
      at++;
      continue;
    }
    cell->size = (size_t)(quote - cell->data);
    if (at == end || *at == file->delimiter || csv_is_end(*at)) return at;
    return malformed(cell, CSV_BEHIND_QUOTE, at);
  }
}

size_t lathe_csv_unquote(const csv_file *file, const csv_cell *cell, char *out) {
  const char *at = cell->data, *end = at + cell->size;
  char *start = out;
  while (at < end) {
    bool escaped = (uint8_t)*at == file->escape, quote = *at == file->quote && cell->quoted;
    if ((escaped || quote) && at + 1 < end) at++;
    *out++ = *at++;
  }
  return (size_t)(out - start);
}

const char *lathe_csv_next_row(const csv_file *file, const char *at, const char *end) {
  while (at < end) {
    if ((uint8_t)*at == file->comment)
      while (at < end && !csv_is_end(*at)) at++;
    else if (csv_is_end(*at))
      at++;
    else
      break;
  }
  return at;
}

bool lathe_csv_fail_cell(const csv_file *file, const csv_cell *cell, lathe_error *error) {
  if (cell->fault == CSV_OPEN_QUOTE)
    return lathe_csv_fail(
        file, cell->data, error,
        "the quote that opens here is never closed; close it, or read with quote = \"\" where quotes "
        "are plain characters");
  return lathe_csv_fail(
      file, cell->data, error,
      "text follows a closing quote; double the quotes inside the cell, or read with quote = \"\" "
      "where quotes are plain characters");
}

/* What is wrong with a row, and where. */
typedef struct trouble {
  csv_fault fault;
  const char *place;
  int64_t cells;
} trouble;

/* Always false. */
static bool fail_row(const csv_file *file, const char *begin, const char *end, const trouble *wrong,
                     lathe_error *error) {
  if (wrong->fault != CSV_SHORT && wrong->fault != CSV_LONG) {
    csv_cell cell = {.data = wrong->place, .fault = wrong->fault};
    return lathe_csv_fail_cell(file, &cell, error);
  }
  bool more = wrong->fault == CSV_LONG;
  char scratch[LATHE_SHOWN];
  lathe_text first = {begin, (size_t)(lathe_csv_plain_end(file, begin, end) - begin)};
  first = lathe_value_shown(first, file->columns[0].name, scratch);
  first.size = lathe_text_fit(first.data, first.size, 30);
  return lathe_csv_fail(file, more ? wrong->place : begin, error,
                        "the row that begins with \"%.*s\" has %s%lld cell%s, but there %s %d column%s; "
                        "quote the cell that holds a "
                        "delimiter or line end, or read with ragged = true to fill and cut",
                        (int)first.size, first.data, more ? "more than " : "only ", (long long)wrong->cells,
                        wrong->cells == 1 ? "" : "s", file->column_count == 1 ? "is" : "are",
                        file->column_count, file->column_count == 1 ? "" : "s");
}

static bool reject_row(csv_file *file, const char *begin, const char *end, int64_t row, const trouble *wrong,
                       lathe_error *error) {
  const char *behind = lathe_csv_row_end(file, begin, end);
  long long cells = (long long)wrong->cells;
  int32_t columns = file->column_count;
  switch (wrong->fault) {
  case CSV_SHORT:
  case CSV_LONG:
    return lathe_csv_reject(file, begin, behind, row, -1, error, "%s%lld cell%s instead of %d",
                            wrong->fault == CSV_LONG ? "more than " : "", cells, cells == 1 ? "" : "s",
                            columns);
  case CSV_NO_TEXT:
    if (!*wrong->place) return lathe_csv_reject(file, begin, behind, row, -1, error, "a NUL byte");
    return lathe_csv_reject(file, begin, behind, row, -1, error, "byte 0x%02X is not UTF-8",
                            (uint8_t)*wrong->place);
  case CSV_OPEN_QUOTE:
    return lathe_csv_reject(file, begin, behind, row, cells < columns ? (int32_t)cells : -1, error,
                            "a quote is never closed");
  default:
    return lathe_csv_reject(file, begin, behind, row, cells < columns ? (int32_t)cells : -1, error,
                            "text follows a closing quote");
  }
}

/* Bytes that are no text. */
static bool is_text(const char *begin, const char *end, trouble *wrong) {
  size_t size = (size_t)(end - begin);
  const char *nul = memchr(begin, 0, size);
  size_t valid = lathe_text_valid(begin, size);
  if (!nul && valid == size) return true;
  *wrong = (trouble){CSV_NO_TEXT, nul && (size_t)(nul - begin) < valid ? nul : begin + valid, 0};
  return false;
}

/* Pass over cells beyond the last column. */
static const char *pass_rest(const csv_file *file, const char *at, const char *end, trouble *wrong) {
  csv_cell cell;
  while (at < end && *at == file->delimiter) {
    const char *behind = lathe_csv_cell(file, at + 1, end, &cell);
    if (!behind) {
      *wrong = (trouble){cell.fault, cell.data, file->column_count};
      return NULL;
    }
    at = behind;
  }
  return at;
}

/* The cells of the row at `at`: how many of them in `count`; the place behind, or NULL and what is wrong. */
static const char *read_row(const csv_file *file, const char *at, const char *end, csv_cell *cells,
                            int32_t *count, trouble *wrong) {
  const char *begin = at;
  int32_t columns = file->column_count;
  bool ragged = file->options->ragged;
  for (int32_t i = 0;; i++) {
    const char *behind = lathe_csv_cell(file, at, end, &cells[i]);
    if (!behind) {
      *wrong = (trouble){cells[i].fault, cells[i].data, i};
      return NULL;
    }
    *count = i + 1;
    at = behind;
    if (at == end || *at != file->delimiter) break;
    if (*count == columns) {
      if (file->open_rows && (at + 1 == end || csv_is_end(at[1]))) return at + 1;
      if (ragged) return pass_rest(file, at, end, wrong);
      *wrong = (trouble){CSV_LONG, at, columns};
      return NULL;
    }
    at++;
  }
  if (*count == columns || ragged || (file->open_end && *count + 1 == columns)) return at;
  *wrong = (trouble){CSV_SHORT, begin, *count};
  return NULL;
}

static bool store_row(csv_file *file, csv_worker *worker, const char *begin, int64_t row, int32_t count,
                      lathe_error *error) {
  for (int turn = file->refusing_count ? 0 : 1; turn < 2; turn++) /* nothing of a refused row may be kept */
    for (int32_t i = 0; i < file->column_count; i++) {
      csv_column *column = &file->columns[i];
      if (!column->active || column->refuses == turn) continue;
      if (i >= count)
        lathe_csv_set_missing(column, worker, i, row);
      else if (!lathe_csv_store_cell(file, worker, i, row, begin, &worker->cells[i], error))
        return false;
      if (column->refuses && csv_rejected(file, row)) return true;
    }
  return true;
}

const char *lathe_csv_fill_row(csv_file *file, csv_worker *worker, const csv_chunk *chunk, const char *at,
                               int64_t row, lathe_error *error) {
  const char *end = file->data + chunk->limit;
  if (csv_rejected(file, row)) return lathe_csv_row_end(file, at, end);
  trouble wrong;
  int32_t count;
  const char *behind = NULL;
  if (!chunk->careful || is_text(at, lathe_csv_row_end(file, at, end), &wrong))
    behind = read_row(file, at, end, worker->cells, &count, &wrong);
  if (behind) return store_row(file, worker, at, row, count, error) ? behind : NULL;
  if (!file->lenient) {
    fail_row(file, at, end, &wrong, error);
    return NULL;
  }
  return reject_row(file, at, end, row, &wrong, error) ? lathe_csv_row_end(file, at, end) : NULL;
}
