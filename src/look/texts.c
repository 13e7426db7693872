/* texts.c - what texts look like, how many differ, which are frequent.
 *
 * A category is counted by its code. A string is hashed, and hashes are sorted like any key. */
#include <stdlib.h>

#include "../base/hash.h"
#include "../table/words.h"
#include "own.h"

uint64_t look_hash_text(const char *text, size_t size) {
  if (size > 16) return lathe_hash_quick(text, size, 0);
  uint64_t first = 0, last = 0;
  if (size >= 8) {
    memcpy(&first, text, 8);
    memcpy(&last, text + size - 8, 8);
  } else if (size >= 4) {
    uint32_t low, high;
    memcpy(&low, text, 4);
    memcpy(&high, text + size - 4, 4);
    first = low, last = high;
  } else {
    for (size_t i = 0; i < size; i++) first = first << 8 | (uint8_t)text[i];
  }
  return look_mix(look_mix(first ^ size * UINT64_C(0x9E3779B97F4A7C15)) + last);
}

static bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/* Bytes of a sign of money at `text`: $, and those of two and three bytes (pound, yen, euro). */
static size_t money(const char *text, size_t size) {
  if (size > 1 && *text == '$') return 1;
  if (size > 2 && (memcmp(text, "\xC2\xA3", 2) == 0 || memcmp(text, "\xC2\xA5", 2) == 0)) return 2;
  return size > 3 && memcmp(text, "\xE2\x82\xAC", 3) == 0 ? 3 : 0;
}

/* A number, or one with a unit: bits 1 and 2; 0 for neither. */
static int number_word(const char *text, size_t size) {
  size_t at = money(text, size), begin;
  bool paid = at > 0;
  if (at < size && (text[at] == '-' || text[at] == '+')) at++;
  begin = at;
  while (at < size && (is_digit(text[at]) || text[at] == ',')) at++;
  size_t digits = at - begin;
  if (digits > 15 || (digits > 1 && text[begin] == '0')) return 0; /* a code */
  if (at + 1 < size && text[at] == '.' && is_digit(text[at + 1])) {
    at++;
    while (at < size && is_digit(text[at])) at++, digits++;
  }
  if (digits == 0 || text[begin] == ',') return 0;
  if (at == size) return paid ? 2 : 1;
  double value;
  if (text[at] == 'e' && lathe_text_to_float64(text, size, &value)) return 1;
  if (text[at] == ' ') at++;
  size_t letters = size - at;
  if (letters < 1 || letters > 10) return 0;
  for (; at < size; at++)
    if (is_digit(text[at]) || is_blank(text[at]) || text[at] == '-' || text[at] == '/' || text[at] == ':')
      return 0;
  return 2;
}

void look_text(lathe_text text, int64_t times, lathe_summary *out) {
  int64_t size = (int64_t)text.size;
  if (size < out->shortest) out->shortest = size;
  if (size > out->longest) out->longest = size;
  if (size == 0) return;
  if (is_blank(text.data[0]) || is_blank(text.data[size - 1])) {
    out->padded += times;
    while (text.size && is_blank(*text.data)) text.data++, text.size--;
    while (text.size && is_blank(text.data[text.size - 1])) text.size--;
    if (text.size == 0) return;
  }
  uint8_t first = (uint8_t)*text.data;
  if (text.size > 24 || (first >= 'A' && first < 0x80)) return; /* begins with a letter */
  int kind = number_word(text.data, text.size);
  out->numbers += kind == 1 ? times : 0;
  out->with_units += kind == 2 ? times : 0;
}

/* ---- strings ---- */

typedef struct string_job {
  const lathe_column *column;
  uint64_t *hashes;   /* (rows) */
  lathe_summary *out; /* one for each chunk */
} string_job;

static bool hash_chunk(void *context, int64_t chunk, lathe_error *error) {
  string_job *work = context;
  (void)error;
  const lathe_column *column = work->column;
  const int64_t *offsets = column->values;
  lathe_summary *out = &work->out[chunk];
  out->shortest = INT64_MAX;
  int64_t begin = chunk * LOOK_CHUNK,
          end = begin + LOOK_CHUNK < column->rows ? begin + LOOK_CHUNK : column->rows;
  for (int64_t row = begin; row < end; row++) {
    if (!lathe_column_present(column, row)) continue;
    lathe_text text = {column->bytes + offsets[row], (size_t)(offsets[row + 1] - offsets[row])};
    work->hashes[row] = look_hash_text(text.data, text.size);
    look_text(text, 1, out);
  }
  return true;
}

static int64_t fill_hashes(const void *context, int64_t begin, int64_t end, uint64_t *out) {
  const string_job *work = context;
  int64_t count = 0;
  for (int64_t row = begin; row < end; row++) {
    out[count] = work->hashes[row];
    count += lathe_column_present(work->column, row);
  }
  return count;
}

typedef struct ranked {
  int64_t count, row, code;
  lathe_text text;
} ranked;

static int by_count(const void *left, const void *right) {
  const ranked *a = left, *b = right;
  if (a->count != b->count) return a->count < b->count ? 1 : -1;
  size_t size = a->text.size < b->text.size ? a->text.size : b->text.size;
  int order = size ? memcmp(a->text.data, b->text.data, size) : 0;
  return order ? order : (a->text.size > b->text.size) - (a->text.size < b->text.size);
}

static void find_texts(const string_job *work, const look_tops *tops, lathe_summary *out) {
  ranked best[LATHE_SUMMARY_TOP];
  int32_t open = tops->count;
  for (int32_t i = 0; i < tops->count; i++) best[i] = (ranked){tops->counts[i], -1, i, {"", 0}};
  for (int64_t row = 0; row < out->rows && open; row++)
    for (int32_t i = 0; i < tops->count; i++)
      if (work->hashes[row] == tops->keys[i] && best[i].row < 0 && lathe_column_present(work->column, row)) {
        best[i].row = row, best[i].text = lathe_column_text(work->column, row);
        open--;
      }
  qsort(best, (size_t)tops->count, sizeof *best, by_count);
  out->top_count = tops->count;
  for (int32_t i = 0; i < tops->count; i++)
    out->top_rows[i] = best[i].row, out->top_counts[i] = best[i].count;
}

static void add_texts(lathe_summary *into, const lathe_summary *from) {
  into->padded += from->padded, into->numbers += from->numbers, into->with_units += from->with_units;
  if (from->shortest < into->shortest) into->shortest = from->shortest;
  if (from->longest > into->longest) into->longest = from->longest;
}

bool look_summarize_strings(const lathe_column *column, lathe_summary *out, lathe_progress *progress,
                            lathe_error *error) {
  int64_t there = out->rows - out->missing, chunks = (out->rows + LOOK_CHUNK - 1) / LOOK_CHUNK;
  if (there == 0) return true;
  string_job work = {.column = column};
  work.hashes = lathe_memory_new((size_t)out->rows, sizeof *work.hashes, error);
  work.out = lathe_memory_new((size_t)chunks, sizeof *work.out, error);
  look_sorted sorted = {0};
  bool fine = work.hashes && work.out && lathe_pool_run(chunks, hash_chunk, &work, progress, error) &&
              look_sort(fill_hashes, &work, out->rows, there, 0, UINT64_MAX, &sorted, progress, error);
  if (fine) {
    out->distinct = sorted.distinct;
    out->shortest = INT64_MAX;
    for (int64_t chunk = 0; chunk < chunks; chunk++) add_texts(out, &work.out[chunk]);
    find_texts(&work, &sorted.tops, out);
  }
  free(sorted.keys);
  free(work.out);
  free(work.hashes);
  return fine;
}

/* ---- categories ---- */

/* The text without blanks at its ends, several blanks as one, ASCII letters small. */
static bool fold(lathe_text text, lathe_buffer *out, lathe_error *error) {
  out->size = 0;
  for (size_t i = 0; i < text.size; i++) {
    char c = text.data[i];
    if (is_blank(c) && (out->size == 0 || i + 1 == text.size || is_blank(text.data[i + 1]))) continue;
    if (is_blank(c)) c = ' ';
    if (c >= 'A' && c <= 'Z') c = (char)(c + 'a' - 'A');
    if (!lathe_buffer_append(out, &c, 1, error)) return false;
  }
  return true;
}

/* Categories that fold to the same text. */
static bool find_variants(const ranked *words, int64_t count, lathe_summary *out, lathe_error *error) {
  lathe_words set = {0};
  lathe_buffer folded = {0},
               firsts = {0}; /* of int64_t: the first category of each folded text, ~ it once told */
  bool fine = true;
  for (int64_t i = 0; i < count && fine; i++) {
    if (!words[i].count) continue;
    fine = fold(words[i].text, &folded, error);
    if (!fine) break;
    int32_t known = set.count;
    int32_t code = lathe_words_add(&set, folded.data ? folded.data : "", folded.size, error);
    fine = code >= 0 && (code < known || lathe_buffer_append(&firsts, &i, sizeof i, error));
    if (!fine || code == known) continue;
    int64_t *first = &((int64_t *)(void *)firsts.data)[code];
    if (out->variants == 0) {
      out->variant_rows[0] = words[*first].row;
      out->variant_rows[1] = words[i].row;
    }
    out->variants += *first < 0 ? 1 : 2;
    if (*first >= 0) *first = ~*first;
  }
  lathe_words_free(&set);
  lathe_buffer_free(&folded);
  lathe_buffer_free(&firsts);
  return fine;
}

bool look_summarize_categories(const lathe_column *column, lathe_summary *out, lathe_error *error) {
  int64_t count = column->dictionary->rows, used = 0;
  const int32_t *codes = column->values;
  ranked *words = lathe_memory_new((size_t)count, sizeof *words, error);
  if (!words) return false;
  for (int64_t row = out->rows - 1; row >= 0; row--) {
    if (!lathe_column_present(column, row)) continue;
    words[codes[row]].count++;
    words[codes[row]].row = row;
  }
  out->shortest = INT64_MAX;
  for (int64_t i = 0; i < count; i++) {
    if (!words[i].count) continue;
    words[i].text = lathe_column_text(column->dictionary, i);
    look_text(words[i].text, words[i].count, out);
  }
  bool fine = find_variants(words, count, out, error);
  for (int64_t i = 0; i < count; i++)
    if (words[i].count) words[used++] = words[i];
  if (used == 0) out->shortest = 0;
  out->distinct = used;
  if (used > 0) qsort(words, (size_t)used, sizeof *words, by_count);
  for (; out->top_count < LATHE_SUMMARY_TOP && out->top_count < used; out->top_count++) {
    out->top_rows[out->top_count] = words[out->top_count].row;
    out->top_counts[out->top_count] = words[out->top_count].count;
  }
  free(words);
  return fine;
}
