/* csv_dialect.c - scoring the ways to read a sample of a text table.
 *
 * A sample is read at most once for each delimiter and quote (some 20 times), and it is small, so this takes
 * about a millisecond, however big the file is. */
#include "csv_dialect.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "../base/memory.h"
#include "csv_dialect_own.h"

enum { SAMPLE_BYTES = 1 << 17, SAMPLE_MOST = 8 << 20, RATED = 200 };

/* ---- rows ---- */

static bool is_end(char c) {
  return c == '\n' || c == '\r';
}

/* Behind the closing quote of the cell that opens at `at`; NULL when it never closes. */
static const char *quoted_end(const dialect_shape *shape, const char *at, const char *end) {
  for (at++; at < end; at++) {
    if (shape->escape && *at == shape->escape && at + 1 < end) {
      at++;
    } else if (*at == shape->quote) {
      if (at + 1 < end && at[1] == shape->quote && shape->escape != shape->quote)
        at++;
      else
        return at + 1;
    }
  }
  return NULL;
}

static const char *plain_end(const dialect_shape *shape, const char *at, const char *end) {
  while (at < end && *at != shape->delimiter && !is_end(*at)) {
    if (shape->escape && *at == shape->escape && at + 1 < end && !is_end(at[1])) at++;
    at++;
  }
  return at;
}

static void add_cell(dialect_row *row, const char *from, const char *to, bool quoted) {
  if (row->width < DIALECT_CELLS)
    row->cells[row->width] =
        (dialect_cell){from, (uint32_t)(to - from > 1 << 20 ? 1 << 20 : to - from), quoted};
  row->width++;
}

const char *lathe_dialect_row(const dialect_shape *shape, const char *at, const char *end, dialect_row *row) {
  row->width = 0;
  row->begin = at;
  row->bad = false;
  row->comment = shape->comment && at < end && *at == shape->comment;
  if (row->comment) {
    while (at < end && !is_end(*at)) at++;
    add_cell(row, row->begin, at, false);
  } else {
    for (;; at++) {
      const char *from = at;
      bool quoted = shape->quote && at < end && *at == shape->quote;
      if (quoted) {
        const char *close = quoted_end(shape, at, end);
        row->bad = row->bad || !close;
        at = close ? close : end;
        add_cell(row, from + 1, close ? close - 1 : end, true);
        if (at < end && *at != shape->delimiter && !is_end(*at)) {
          row->bad = true;
          at = plain_end(shape, at, end);
        }
      } else {
        at = plain_end(shape, at, end);
        add_cell(row, from, at, false);
      }
      if (at == end || *at != shape->delimiter) break;
    }
  }
  row->end = at;
  while (at < end && is_end(*at)) at++;
  return at;
}

/* ---- scores ---- */

typedef struct scoring {
  const char *begin, *end; /* the sample, of whole rows */
  int32_t widths[DIALECT_ROWS];
  int32_t rows, bad,
      quoted; /* of the last reading: rows; those whose quotes do not fit; those with quoted cells that do */
  bool even;  /* all rows have one width */
  dialect_row row;
} scoring;

static int compare(const void *first, const void *second) {
  int32_t a = *(const int32_t *)first, b = *(const int32_t *)second;
  return (a > b) - (a < b);
}

/* The width that most rows have, the larger one of two; `*most` rows. */
static int32_t usual_width(int32_t *widths, size_t count, size_t *most) {
  int32_t best = 0;
  *most = 0;
  qsort(widths, count, sizeof *widths, compare);
  for (size_t i = 0, next; i < count; i = next) {
    for (next = i; next < count && widths[next] == widths[i];) next++;
    if (widths[i] > 0 && next - i >= *most) best = widths[i], *most = next - i;
  }
  return best;
}

static size_t lines_in(const dialect_row *row) {
  size_t lines = 1;
  for (const char *at = row->begin; at < row->end; at++) lines += *at == '\n';
  return lines;
}

static bool has_delimiter(const dialect_cell *cell) {
  return memchr(cell->data, ',', cell->size) || memchr(cell->data, ';', cell->size) ||
         memchr(cell->data, '\t', cell->size) || memchr(cell->data, '|', cell->size);
}

/* How much the cells of rows of the usual width look like values, from 0 to 1; and the share of numbers, dates
 * and quoted cells among them. */
static double rate_cells(scoring *job, const dialect_shape *shape, int32_t width, double *typed) {
  double sum = 0, count = 0, strong = 0;
  size_t rows = 0;
  for (const char *at = job->begin; at < job->end && rows < RATED;) {
    at = lathe_dialect_row(shape, at, job->end, &job->row);
    if (job->row.width != width || job->row.bad || job->row.comment) continue;
    rows++;
    for (int32_t i = 0; i < width && i < DIALECT_CELLS; i++) {
      const dialect_cell *cell = &job->row.cells[i];
      dialect_class class = lathe_dialect_classify(cell->data, cell->size);
      if (width == 1 && !cell->quoted && has_delimiter(cell)) class = DIALECT_MIXED;
      static const double worth[] = {
          [DIALECT_EMPTY] = 0.9, [DIALECT_NUMBER] = 1,  [DIALECT_MOMENT] = 1, [DIALECT_WORD] = 1,
          [DIALECT_TEXT] = 0.9,  [DIALECT_MIXED] = 0.4, [DIALECT_DIRTY] = 0};
      sum += cell->quoted ? 1 : worth[class];
      strong += cell->quoted || class == DIALECT_NUMBER || class == DIALECT_MOMENT;
      count++;
    }
  }
  *typed = count > 1 ? strong / (count - (width == 1)) : 0; /* the name of the one column is none */
  return count > 0 ? sum / count : 0;
}

/* Blanks and colons stand inside values, too: they part cells only where these are numbers, dates or quoted. */
static bool is_weak(char delimiter) {
  return delimiter == ' ' || delimiter == ':';
}

/* Whether a time of day stands in a line, such as 9:30 or 15:02:37: colons are part of it. */
static bool has_clock(const char *at, const char *end) {
  for (const char *begin = at; at < end; at++) {
    if (!isdigit((unsigned char)*at) || (at > begin && (isdigit((unsigned char)at[-1]) || at[-1] == ':')))
      continue;
    const char *behind = at + 1;
    if (behind < end && isdigit((unsigned char)*behind)) behind++;
    int pairs = 0;
    for (; end - behind >= 3 && *behind == ':' && isdigit((unsigned char)behind[1]) &&
           isdigit((unsigned char)behind[2]);
         behind += 3)
      pairs++;
    bool ends = behind == end || (!isdigit((unsigned char)*behind) && *behind != ':');
    if (ends && (pairs == 1 || pairs == 2)) return true;
  }
  return false;
}

static bool has_quoted(const dialect_row *row) {
  for (int32_t i = 0; i < row->width && i < DIALECT_CELLS; i++)
    if (row->cells[i].quoted) return true;
  return false;
}

static double rate(scoring *job, const dialect_shape *shape, int32_t *usual) {
  size_t rows = 0, all = 0, clocks = 0, most;
  int32_t first = 0;
  job->bad = job->quoted = 0;
  for (const char *at = job->begin; at < job->end && rows < DIALECT_ROWS;) {
    at = lathe_dialect_row(shape, at, job->end, &job->row);
    if (job->row.comment) continue;
    clocks += shape->delimiter == ':' && has_clock(job->row.begin, job->row.end);
    job->widths[rows++] = job->row.bad ? 0 : job->row.width;
    if (rows == 1) first = job->widths[0];
    all += job->row.bad ? lines_in(&job->row) : 1;
    job->bad += job->row.bad;
    job->quoted += !job->row.bad && has_quoted(&job->row);
  }
  if (rows == 0 || clocks * 2 >= rows) return 0;
  *usual = usual_width(job->widths, rows, &most);
  job->rows = (int32_t)rows;
  job->even = most == rows;
  if (*usual == 0 || (is_weak(shape->delimiter) && first != *usual)) return 0;
  double typed, clean = rate_cells(job, shape, *usual, &typed);
  double share = (double)most / (double)all, wide = (double)(*usual - 1) / (double)*usual;
  if (*usual == 1) return share * (typed > 0.9 ? 0.55 : 0.1) * clean;
  if (is_weak(shape->delimiter)) return typed < 0.5 ? 0 : share * share * wide * clean * 0.8;
  return share * share * wide * clean * (job->even ? 1.15 : 1);
}

static bool follows_delimiter(const char *begin, const char *end, char quote) {
  bool fresh = true;
  for (const char *at = begin; at < end; at++) {
    if (fresh && *at == quote) return true;
    fresh = is_end(*at) || strchr(LATHE_DIALECT_DELIMITERS, *at) != NULL;
  }
  return false;
}

/* Quotes are plain characters only when they fit badly again and again: one that is not closed is an error of the
 * file, which a reader should say. */
static bool are_plain(scoring *job, char delimiter) {
  dialect_shape shape = {.delimiter = delimiter, .quote = '"'};
  rate(job, &shape, &shape.width);
  int32_t bad = job->bad, quoted = job->quoted;
  if (bad < 2 || bad > quoted) return bad >= 2;
  shape.quote = 0;
  rate(job, &shape, &shape.width); /* few rows begin with a quote, and all are of one width without quoting */
  return job->even && quoted * 4 < job->rows;
}

static void choose(scoring *job, dialect_shape *best, uint32_t fixed) {
  static const char quotes[] = {'"', '\'', 0};
  const char *fixed_delimiter = (char[]){best->delimiter, 0};
  const char *delimiters = fixed & LATHE_CSV_FIX_DELIMITER ? fixed_delimiter : LATHE_DIALECT_DELIMITERS;
  size_t span = (size_t)(job->end - job->begin);
  double most = 0;
  dialect_shape given = *best;
  for (size_t q = 0; q < sizeof quotes; q++) {
    char quote = fixed & LATHE_CSV_FIX_QUOTE ? given.quote : quotes[q];
    if (fixed & LATHE_CSV_FIX_QUOTE && q > 0) break;
    if (quote == '\'' && !follows_delimiter(job->begin, job->end, quote)) continue;
    if (quote == 0 && q > 0 && !memchr(job->begin, '"', span)) continue;
    for (const char *delimiter = delimiters; *delimiter || delimiter == delimiters; delimiter++) {
      if (*delimiter && !memchr(job->begin, *delimiter, span) && delimiter != delimiters) continue;
      for (int escaped = 0; escaped < 2; escaped++) {
        char escape = fixed & LATHE_CSV_FIX_ESCAPE ? given.escape : escaped ? '\\' : 0;
        const char pair[] = {'\\', quote, 0};
        if (q == 2 && !are_plain(job, *delimiter)) break;
        if (escaped && (fixed & LATHE_CSV_FIX_ESCAPE || !quote || !memmem(job->begin, span, pair, 2))) break;
        dialect_shape shape = {*delimiter, quote, escape, given.comment, 0};
        double score = rate(job, &shape, &shape.width);
        if (shape.width == 1 && delimiter != delimiters) score = 0; /* it parts a few cells of one column */
        if (quote == '\'') score *= 0.98;
        if (score > most * 1.0001) most = score, *best = shape;
      }
    }
  }
}

/* ---- the sample ---- */

/* The end of the last whole row of the sample, as far as lines tell. */
static const char *sample_end(const char *data, const char *end) {
  for (size_t span = SAMPLE_BYTES; (size_t)(end - data) > span && span <= SAMPLE_MOST; span *= 8) {
    const char *last = memrchr(data, '\n', span);
    if (!last) last = memrchr(data, '\r', span);
    if (last && memchr(data, *last, (size_t)(last - data))) return last + 1;
  }
  return (size_t)(end - data) > SAMPLE_MOST ? data + SAMPLE_MOST : end;
}

/* Behind a first line that says what the delimiter is, as spreadsheets write it: sep=; */
static const char *said_delimiter(const char *at, const char *end, lathe_csv_dialect *dialect) {
  bool quoted = at < end && *at == '"';
  at += quoted;
  if (end - at < 6 || strncasecmp(at, "sep=", 4) != 0 || is_end(at[4]) || at[4] & 0x80) return NULL;
  char delimiter = at[4];
  at += 5;
  if (quoted && (*at++ != '"' || at == end)) return NULL;
  if (!is_end(*at)) return NULL;
  dialect->delimiter = delimiter;
  return at + (*at == '\r' && at + 1 < end && at[1] == '\n' ? 2 : 1);
}

bool lathe_csv_detect(const char *data, size_t size, lathe_csv_dialect *dialect, lathe_error *error) {
  const char *end = data + size;
  uint32_t fixed = dialect->fixed;
  if (size >= 3 && memcmp(data, "\xEF\xBB\xBF", 3) == 0) data += 3;
  const char *begin = data;
  for (int32_t i = 0; fixed & LATHE_CSV_FIX_SKIP && i < dialect->skip && begin < end; i++) {
    while (begin < end && !is_end(*begin)) begin++;
    if (begin < end) begin += *begin == '\r' && begin + 1 < end && begin[1] == '\n' ? 2 : 1;
  }
  const char *said =
      fixed & (LATHE_CSV_FIX_SKIP | LATHE_CSV_FIX_DELIMITER) ? NULL : said_delimiter(begin, end, dialect);
  if (said) begin = said, fixed |= LATHE_CSV_FIX_DELIMITER;
  while (begin < end && is_end(*begin)) begin++;
  scoring *job = lathe_memory_new(1, sizeof *job, error);
  if (!job) return false;
  job->begin = begin;
  job->end = sample_end(begin, end);
  dialect_shape shape = {.delimiter = fixed & LATHE_CSV_FIX_DELIMITER ? dialect->delimiter : ',',
                         .quote = fixed & LATHE_CSV_FIX_QUOTE ? dialect->quote : '"',
                         .escape = fixed & LATHE_CSV_FIX_ESCAPE ? dialect->escape : 0,
                         .comment = fixed & LATHE_CSV_FIX_COMMENT ? dialect->comment : 0};
  choose(job, &shape, fixed);
  dialect->delimiter = shape.delimiter;
  dialect->quote = shape.quote;
  dialect->escape = shape.escape;
  lathe_dialect_head(data, begin, job->end, &shape, &job->row, dialect);
  if (said && dialect->skip == 0) dialect->skip = 1;
  free(job);
  return true;
}
