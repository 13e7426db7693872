/* csv_scan.c - cut the body into chunks of fixed size and count the rows that begin in each.
 *
 * Whether a line end ends a row depends on quotes before it, perhaps in another chunk. Each chunk is scanned
 * for both cases, as if it began outside and inside quotes; then one walk over the chunks picks the case that
 * is true (Ge et al. 2019, "Speculative distributed CSV data parsing"). After a closing quote the machine is
 * where it is at the start of a cell: a quote goes on with the text, anything else ends it. Bytes are checked
 * here as well: no NUL, valid UTF-8. */
#include "../base/pool.h"
#include "csv_own.h"

enum { AT_CELL, IN_PLAIN, IN_QUOTES };

/* Rows in [begin, end) where quotes play no part. Simple enough for the compiler to make vectors of it. */
static int64_t count_rows(const csv_file *file, size_t begin, size_t end) {
  if (begin == end) return 0;
  int64_t rows = 0;
  size_t last = end < file->size ? end : end - 1;
  const char *data = file->data;
  while (begin < last) {
    size_t stop = last - begin > 255 ? begin + 255 : last;
    uint8_t block = 0;
    for (; begin < stop; begin++)
      block = (uint8_t)(block + ((int)csv_is_end(data[begin]) & (int)!csv_is_end(data[begin + 1])));
    rows += block;
  }
  return rows;
}

static uint8_t state_behind(const csv_file *file, char c) {
  return c == file->delimiter || csv_is_end(c) ? AT_CELL : IN_PLAIN;
}

/* The same with quotes, from `*state` to `*state`: from quote to quote. */
static int64_t walk(const csv_file *file, size_t begin, size_t end, uint8_t *state) {
  const char *data = file->data;
  int64_t rows = 0;
  for (size_t at = begin; at < end;) {
    const char *found = memchr(data + at, file->quote, end - at);
    size_t quote = found ? (size_t)(found - data) : end;
    if (*state == IN_QUOTES) {
      if (found) *state = AT_CELL;
      at = quote + 1;
      continue;
    }
    rows += count_rows(file, at, quote);
    if (quote > at) *state = state_behind(file, data[quote - 1]);
    if (found && *state == AT_CELL) *state = IN_QUOTES;
    at = quote + 1;
  }
  return rows;
}

static bool check_bytes(const csv_file *file, size_t begin, size_t end, lathe_error *error) {
  const char *data = file->data, *nul = memchr(data + begin, 0, end - begin);
  if (nul)
    return lathe_csv_fail(
        file, nul, error,
        "there is a NUL byte, so this is not a text table; if it is one, take them out with tr -d '\\000'");
  for (int i = 0; i < 3 && begin > file->body && begin < end && ((uint8_t)data[begin] & 0xC0) == 0x80; i++)
    begin++;
  if (begin == end) return true; /* a piece of a character that another chunk looks at */
  for (int i = 0; i < 3 && end < file->size && ((uint8_t)data[end] & 0xC0) == 0x80; i++) end++;
  size_t valid = begin + lathe_text_valid(data + begin, end - begin);
  if (valid < end)
    return lathe_csv_fail(
        file, data + valid, error,
        "byte 0x%02X is not UTF-8; read the file with encoding = \"latin-1\", or convert it with iconv",
        (uint8_t)data[valid]);
  return true;
}

static bool scan_chunk(void *context, int64_t index, lathe_error *error) {
  csv_file *file = context;
  csv_chunk *chunk = &file->chunks[index];
  size_t begin = chunk->begin, end = chunk->end;
  if (!check_bytes(file, begin, end, error)) return false;
  if (file->plain || !memchr(file->data + begin, file->quote, end - begin)) {
    chunk->rows = count_rows(file, begin, end);
    chunk->ends = state_behind(file, file->data[end - 1]);
    chunk->rows_if_quoted = 0;
    chunk->ends_if_quoted = IN_QUOTES;
  } else {
    chunk->ends = AT_CELL;
    chunk->rows = walk(file, begin, end, &chunk->ends);
    chunk->ends_if_quoted = IN_QUOTES;
    chunk->rows_if_quoted = walk(file, begin, end, &chunk->ends_if_quoted);
  }
  lathe_progress_add(file->progress, (int64_t)(end - begin));
  return true;
}

/* Pick the true case of each chunk, and number the rows. */
static void settle(csv_file *file) {
  uint8_t state = AT_CELL;
  int64_t row = 0;
  for (int64_t i = 0; i < file->chunk_count; i++) {
    csv_chunk *chunk = &file->chunks[i];
    chunk->state = state;
    if (state == IN_QUOTES) {
      chunk->rows = chunk->rows_if_quoted;
      chunk->ends = chunk->ends_if_quoted;
    } else if (state == IN_PLAIN && file->data[chunk->begin] == file->quote && !file->plain) {
      chunk->ends = IN_PLAIN; /* only here the two ways to begin outside quotes differ */
      chunk->rows = walk(file, chunk->begin, chunk->end, &chunk->ends);
    }
    if (i == 0) chunk->rows++; /* the first row has no line end before it */
    state = chunk->ends;
    chunk->row = row;
    row += chunk->rows;
  }
  file->rows = row;
}

const char *lathe_csv_first_row(const csv_file *file, const csv_chunk *chunk) {
  const char *at = file->data + chunk->begin, *last = file->data + file->size - 1;
  if (chunk == file->chunks) return at;
  uint8_t state = chunk->state;
  for (; at < last; at++) {
    if (state == IN_QUOTES) {
      if (*at == file->quote) state = AT_CELL;
    } else if (*at == file->quote && state == AT_CELL && !file->plain) {
      state = IN_QUOTES;
    } else {
      state = state_behind(file, *at);
      if (csv_is_end(*at) && !csv_is_end(at[1])) return at + 1;
    }
  }
  return last; /* not reached: only chunks that have rows are asked */
}

bool lathe_csv_scan(csv_file *file, lathe_error *error) {
  while (file->body < file->size && csv_is_end(file->data[file->body])) file->body++;
  size_t step = file->options->chunk > 0 ? (size_t)file->options->chunk : (size_t)1 << 20;
  if (step < 4) step = 4; /* no character spans more than two chunks */
  size_t count = (file->size - file->body + step - 1) / step;
  file->chunks = lathe_memory_new(count, sizeof *file->chunks, error);
  if (!file->chunks) return false;
  file->chunk_count = (int64_t)count;
  for (size_t i = 0; i < count; i++) {
    file->chunks[i].begin = file->body + i * step;
    file->chunks[i].end = i + 1 < count ? file->body + (i + 1) * step : file->size;
  }
  if (!lathe_pool_run(file->chunk_count, scan_chunk, file, file->progress, error)) return false;
  settle(file);
  return true;
}
