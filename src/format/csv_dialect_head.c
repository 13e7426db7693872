/* csv_dialect_head.c - what stands at the top of a text table: lines before the names, comments, names or data.
 *
 * The first row has the names unless it is clearly data: it holds values of the kinds that the columns below it
 * hold, and nothing in it speaks for names. Numbers in a row, such as years, can be names. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "csv_dialect_own.h"

enum { BODY = 100, PREAMBLE = 100 };

/* ---- cells ---- */

static void trim(const char **text, size_t *size) {
  while (*size > 0 && (**text == ' ' || **text == '\t')) ++*text, --*size;
  while (*size > 0 && ((*text)[*size - 1] == ' ' || (*text)[*size - 1] == '\t')) --*size;
}

/* Digits in groups of three behind `mark`, or without groups: the bytes they take. */
static size_t digits_of(const char *text, size_t size, char mark) {
  size_t at = 0, group = 0;
  bool grouped = false;
  for (; at < size; at++) {
    if (isdigit((unsigned char)text[at])) {
      group++;
    } else if (mark && text[at] == mark && (grouped ? group == 3 : group >= 1 && group <= 3) &&
               size - at > 3 && isdigit((unsigned char)text[at + 1]) &&
               isdigit((unsigned char)text[at + 3])) {
      grouped = true;
      group = 0;
    } else {
      break;
    }
  }
  return grouped && group != 3 ? 0 : at;
}

/* The digits of a number: its groups parted by commas and its fraction by a point, or the other way round. */
static size_t amount_of(const char *text, size_t size) {
  size_t best = 0;
  for (int way = 0; way < 3; way++) {
    char mark = way == 0 ? 0 : way == 1 ? ',' : '.', point = way == 2 ? ',' : '.';
    size_t at = digits_of(text, size, mark);
    if (way == 0 && at < size && text[at] == ',') point = ',';
    if (at < size && text[at] == point) {
      size_t from = ++at;
      while (at < size && isdigit((unsigned char)text[at])) at++;
      if (at == 1 && at == from) at = 0; /* a point alone */
    }
    if (at > best) best = at;
  }
  return best;
}

/* An amount with a sign, a currency or a per cent sign. */
static bool is_number(const char *text, size_t size) {
  size_t at = 0;
  if (at < size && (text[at] == '-' || text[at] == '+' || text[at] == '(')) at++;
  if (at < size && text[at] == '$') at++;
  if (size - at > 2 && !memcmp(text + at, "\xC2\xA3", 2)) at += 2;
  if (size - at > 3 && !memcmp(text + at, "\xE2\x82\xAC", 3)) at += 3;
  if (at < size && text[at] == '-') at++;
  size_t amount = amount_of(text + at, size - at);
  if (amount == 0) return false;
  at += amount;
  if (at < size && (text[at] == 'e' || text[at] == 'E')) {
    size_t behind = at + 1;
    if (behind < size && (text[behind] == '-' || text[behind] == '+')) behind++;
    if (behind == size || !isdigit((unsigned char)text[behind])) return false;
    while (behind < size && isdigit((unsigned char)text[behind])) behind++;
    at = behind;
  }
  if (at < size && (text[at] == '%' || text[at] == ')')) at++;
  return at == size;
}

static bool is_month(const char *text, size_t size) {
  static const char months[] = "janfebmaraprmayjunjulaugsepoctnovdec";
  for (size_t i = 0; size >= 3 && i < sizeof months - 1; i += 3)
    if (!strncasecmp(text, months + i, 3)) return true;
  return false;
}

/* Two or three numbers with one separator of dates or times between them; a month may be a word. */
static bool is_moment(const char *text, size_t size) {
  size_t numbers = 0, months = 0, colons = 0, dates = 0;
  if (size < 4 || size > 35) return false;
  for (size_t at = 0; at < size;) {
    size_t from = at;
    while (at < size && isdigit((unsigned char)text[at])) at++;
    if (at > from) {
      if (at - from > 6) return false;
      numbers++;
      continue;
    }
    while (at < size && isalpha((unsigned char)text[at])) at++;
    if (at > from) {
      bool zone = at - from == 1 && (text[from] == 'T' || text[from] == 'Z');
      bool half =
          at - from == 2 && (!strncasecmp(text + from, "am", 2) || !strncasecmp(text + from, "pm", 2));
      if (is_month(text + from, at - from))
        months++;
      else if (!zone && !half)
        return false;
      continue;
    }
    colons += text[at] == ':';
    dates += text[at] == '/' || text[at] == '-' || text[at] == '.';
    if (!strchr("/-.: +,", text[at])) return false;
    at++;
  }
  bool date = (numbers >= 3 && dates >= 2) || (months == 1 && numbers >= 1 && numbers + dates >= 2);
  return date || (colons >= 1 && numbers >= 2 && dates <= 1);
}

dialect_class lathe_dialect_classify(const char *text, size_t size) {
  trim(&text, &size);
  if (size == 0) return DIALECT_EMPTY;
  if (is_number(text, size)) return DIALECT_NUMBER;
  if (is_moment(text, size)) return DIALECT_MOMENT;
  bool word = true, mixed = false;
  for (size_t i = 0; i < size; i++) {
    unsigned char c = (unsigned char)text[i];
    if ((c < 0x20 && c != '\n' && c != '\r' && c != '\t') || c == 0x7F) return DIALECT_DIRTY;
    word = word && (isalnum(c) || c >= 0x80 || c == '_' || c == '-' || c == '.');
    mixed = mixed || c == ',' || c == ';' || c == '\t' || c == '|' || c == '^' || c == '~';
  }
  char first = text[0], last = text[size - 1];
  if ((first == '"') != (last == '"') || (first == '"' && size == 1)) return DIALECT_DIRTY;
  if ((first == '\'') != (last == '\'')) return DIALECT_MIXED;
  return word ? DIALECT_WORD : mixed || first == '"' ? DIALECT_MIXED : DIALECT_TEXT;
}

static int32_t filled(const dialect_row *row) {
  int32_t count = 0;
  for (int32_t i = 0; i < row->width && i < DIALECT_CELLS; i++) {
    const char *text = row->cells[i].data;
    size_t size = row->cells[i].size;
    trim(&text, &size);
    count += size > 0;
  }
  return count;
}

/* ---- comments and lines before the names ---- */

/* Lines that begin with # and are no rows of the table, among or above those that are. */
static bool has_comments(const char *begin, const char *end, const dialect_shape *shape, dialect_row *row) {
  int32_t others = 0, alike = 0;
  for (const char *at = begin; at < end;) {
    at = lathe_dialect_row(shape, at, end, row);
    if (*row->begin != '#') continue;
    if (row->width == shape->width && !row->bad)
      alike++;
    else
      others++;
  }
  return shape->width > 1 && others > 0 && alike == 0;
}

/* A row that can stand above the names: narrow, or empty but for its beginning. */
static bool is_aside(const dialect_shape *shape, const dialect_row *row) {
  if (row->comment || row->bad || row->width > shape->width) return row->comment;
  int32_t cells = filled(row);
  if (row->width < shape->width) return cells <= 1 || cells * 3 <= shape->width;
  return cells <= 1;
}

/* Whether a row has a word in each cell. */
static bool is_all_words(const dialect_shape *shape, const dialect_row *row) {
  if (row->bad || row->width != shape->width) return false;
  for (int32_t i = 0; i < row->width && i < DIALECT_CELLS; i++) {
    dialect_class class = lathe_dialect_classify(row->cells[i].data, row->cells[i].size);
    if (class == DIALECT_EMPTY || class == DIALECT_NUMBER || class == DIALECT_MOMENT) return false;
  }
  return true;
}

/* A title that happens to have more cells than the table: names in the next row, and not in the one below that. */
static bool is_title(const dialect_shape *shape, const char *next, const char *end, dialect_row *row) {
  if (row->width <= shape->width || next == end) return false;
  next = lathe_dialect_row(shape, next, end, row);
  if (!is_all_words(shape, row) || next == end) return false;
  lathe_dialect_row(shape, next, end, row);
  return row->width == shape->width && !is_all_words(shape, row);
}

/* Where the names begin. Without a full row below the odd ones nothing is left out; and in a table of two columns, where
 * a name may be missing, only when an empty row is among them. */
static const char *find_names(const char *begin, const char *end, const dialect_shape *shape,
                              dialect_row *row) {
  int32_t passed = 0;
  bool doubtful = false, empty = false;
  if (shape->width < 2) return begin;
  for (const char *at = begin; at < end; passed++) {
    const char *next = lathe_dialect_row(shape, at, end, row);
    if (!is_aside(shape, row)) {
      if (passed == 0 && is_title(shape, next, end, row)) return next;
      lathe_dialect_row(shape, at, end, row);
      bool full = row->width == shape->width && !row->bad && filled(row) * 2 > shape->width;
      return full && passed <= PREAMBLE && (empty || !doubtful) ? at : begin;
    }
    empty = empty || (row->width == shape->width && filled(row) == 0);
    doubtful = doubtful || (row->width == shape->width && shape->width == 2);
    at = next;
  }
  return begin;
}

static int32_t count_lines(const char *from, const char *to) {
  int32_t lines = 0;
  for (; from < to; from++) lines += *from == '\n' || (*from == '\r' && (from + 1 == to || from[1] != '\n'));
  return lines;
}

/* ---- names or data ---- */

typedef struct facts {
  int32_t columns;
  uint8_t first[DIALECT_CELLS]; /* class of the first row's cell */
  const char *texts[DIALECT_CELLS];
  uint32_t sizes[DIALECT_CELLS];
  uint16_t there[DIALECT_CELLS]; /* cells below that are not empty */
  uint16_t
      typed[DIALECT_CELLS]; /* of them: numbers, or moments, as the first is; any of the two if it is text */
  uint16_t equal[DIALECT_CELLS]; /* of them: the same as the first */
  int32_t rows;
  bool first_quoted, body_quoted;
} facts;

static void take_first(facts *all, const dialect_row *row) {
  all->columns = row->width < DIALECT_CELLS ? row->width : DIALECT_CELLS;
  for (int32_t i = 0; i < all->columns; i++) {
    all->texts[i] = row->cells[i].data;
    all->sizes[i] = row->cells[i].size;
    all->first[i] = (uint8_t)lathe_dialect_classify(row->cells[i].data, row->cells[i].size);
  }
}

static void take_body(facts *all, const dialect_row *row) {
  int32_t equal = 0;
  for (int32_t i = 0; i < all->columns; i++)
    equal += row->cells[i].size == all->sizes[i] && !memcmp(row->cells[i].data, all->texts[i], all->sizes[i]);
  if (equal == all->columns) return; /* the names once more */
  all->rows++;
  for (int32_t i = 0; i < all->columns; i++) {
    const dialect_cell *cell = &row->cells[i];
    dialect_class class = lathe_dialect_classify(cell->data, cell->size);
    bool strong = class == DIALECT_NUMBER || class == DIALECT_MOMENT;
    bool like =
        all->first[i] == DIALECT_NUMBER || all->first[i] == DIALECT_MOMENT ? class == all->first[i] : strong;
    all->there[i] = (uint16_t)(all->there[i] + (class != DIALECT_EMPTY));
    all->typed[i] = (uint16_t)(all->typed[i] + like);
    all->equal[i] = (uint16_t)(all->equal[i] + (cell->size > 0 && cell->size == all->sizes[i] &&
                                                !memcmp(cell->data, all->texts[i], cell->size)));
  }
}

/* A value that nobody takes for a name: a date, a time, a fraction, an amount, a negative number. */
static bool never_a_name(const facts *all, int32_t i) {
  if (all->first[i] == DIALECT_MOMENT) return true;
  if (all->first[i] != DIALECT_NUMBER) return false;
  for (uint32_t k = 0; k < all->sizes[i]; k++)
    if (!isdigit((unsigned char)all->texts[i][k]) && all->texts[i][k] != ' ') return true;
  return false;
}

/* Whether the numbers of the first row count up by one, as years or positions do. */
static bool counts_up(const facts *all) {
  long long before = 0;
  int32_t numbers = 0;
  for (int32_t i = 0; i < all->columns; i++) {
    if (all->first[i] != DIALECT_NUMBER) continue;
    if (never_a_name(all, i) || all->sizes[i] > 15) return false;
    long long now = 0;
    for (uint32_t k = 0; k < all->sizes[i]; k++)
      if (all->texts[i][k] != ' ') now = now * 10 + (all->texts[i][k] - '0');
    if (numbers++ > 0 && now != before + 1) return false;
    before = now;
  }
  return numbers >= 2;
}

static bool is_data(const facts *all) {
  int32_t alike = 0, texts = 0, proofs = 0, repeated = 0;
  if (all->rows == 0) return false;
  for (int32_t i = 0; i < all->columns; i++) {
    bool typed = all->there[i] > 0 && all->typed[i] * 5 >= all->there[i] * 4;
    bool strong = all->first[i] == DIALECT_NUMBER || all->first[i] == DIALECT_MOMENT;
    if (all->first[i] == DIALECT_EMPTY) continue;
    if (typed && !strong) return false;                      /* a word above numbers is a name */
    if (strong && !typed && all->there[i] > 0) return false; /* so is a number above words */
    alike += strong && typed;
    texts += !strong;
    proofs += strong && typed && never_a_name(all, i);
    repeated += !strong && all->equal[i] >= 2 && all->rows >= 5;
  }
  if (repeated > 0) return true; /* no name is among the values of its own column again and again */
  if (alike == 0) return false;
  if (texts == 0) return proofs > 0 || !counts_up(all);
  return proofs > 0;
}

/* The names are there, all of them? */
static bool is_headless(const char *at, const char *end, const dialect_shape *shape, dialect_row *row) {
  facts all;
  memset(&all, 0, sizeof all);
  at = lathe_dialect_row(shape, at, end, row);
  if (row->bad || row->width != shape->width) return false;
  take_first(&all, row);
  for (int32_t i = 0; i < BODY && at < end; i++) {
    at = lathe_dialect_row(shape, at, end, row);
    if (!row->bad && !row->comment && row->width == shape->width) take_body(&all, row);
  }
  return is_data(&all);
}

/* One line above two columns of data may well be the name of one column with commas in its values. */
static bool names_one_column(const char *begin, const char *names, const char *end,
                             const dialect_shape *shape, dialect_row *row) {
  if (shape->width != 2 || *begin == '#' || count_lines(begin, names) != 1) return false;
  lathe_dialect_row(shape, names, end, row);
  return !is_all_words(shape, row);
}

/* ---- the word ---- */

static const char *delimiter_word(char delimiter, char *scratch) {
  switch (delimiter) {
  case ',':
    return "commas";
  case ';':
    return "semicolons";
  case '\t':
    return "tabs";
  case '|':
    return "bars";
  case ' ':
    return "blanks";
  case ':':
    return "colons";
  default:
    if (isgraph((unsigned char)delimiter))
      snprintf(scratch, 32, "\"%c\"", delimiter);
    else
      snprintf(scratch, 32, "the byte %d", (uint8_t)delimiter);
    return scratch;
  }
}

static void write_word(lathe_csv_dialect *dialect, int32_t width) {
  char scratch[32], quote[32] = "", escape[24] = "", comment[40] = "", skip[48] = "";
  if (!dialect->quote)
    snprintf(quote, sizeof quote, ", quotes are characters");
  else if (dialect->quote != '"')
    snprintf(quote, sizeof quote, ", quoted by %c", dialect->quote);
  if (dialect->escape) snprintf(escape, sizeof escape, ", escaped by %c", dialect->escape);
  if (dialect->comment) snprintf(comment, sizeof comment, ", %c begins a comment", dialect->comment);
  if (dialect->skip > 0)
    snprintf(skip, sizeof skip, ", %d line%s at the top left out", dialect->skip,
             dialect->skip == 1 ? "" : "s");
  snprintf(dialect->word, sizeof dialect->word, "%s%s%s%s%s%s, %s",
           width == 1 ? "one column" : "cells between ",
           width == 1 ? "" : delimiter_word(dialect->delimiter, scratch), quote, escape, comment, skip,
           dialect->headless ? "no names: the first row is data" : "names in the first row");
}

void lathe_dialect_head(const char *data, const char *begin, const char *end, dialect_shape *shape,
                        dialect_row *row, lathe_csv_dialect *dialect) {
  if (!(dialect->fixed & LATHE_CSV_FIX_COMMENT)) {
    shape->comment = 0;
    if (has_comments(begin, end, shape, row)) shape->comment = '#';
  }
  const char *names = begin;
  if (!(dialect->fixed & LATHE_CSV_FIX_SKIP)) {
    names = find_names(begin, end, shape, row);
    dialect->skip = names == begin ? 0 : count_lines(data, names);
  }
  if (!(dialect->fixed & LATHE_CSV_FIX_COMMENT)) { /* only above the names: they are left out with the rest */
    dialect_shape plain = *shape;
    plain.comment = 0;
    dialect->comment = shape->comment && has_comments(names, end, &plain, row) ? '#' : 0;
  }
  shape->comment = dialect->comment;
  while (names < end && shape->comment && *names == shape->comment)
    names = lathe_dialect_row(shape, names, end, row);
  if (!(dialect->fixed & LATHE_CSV_FIX_HEADER))
    dialect->headless = names < end && is_headless(names, end, shape, row);
  if (names > begin && names < end && names_one_column(begin, names, end, shape, row)) {
    dialect->headless = false;
    dialect->skip = 0;
  }
  write_word(dialect, shape->width);
}
