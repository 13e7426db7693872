/* csv_scan.c - cut the body into chunks of fixed size and count the rows that begin in each.
 *
 * Whether a line end ends a row depends on quotes before it, perhaps in another chunk. Each chunk is scanned
 * once for both cases, as if it began outside and inside quotes; then one walk over the chunks picks the case
 * that is true (Ge et al. 2019, "Speculative distributed CSV data parsing"). The parity of quotes tells inside
 * from outside as long as every opening one stands where a cell may begin; where that does not hold, and where
 * there are escapes or comments, chunks are walked once more, byte by byte, by the machine below, whose word is
 * final. After a closing quote it is where it is at the start of a cell: a quote goes on with the text, anything
 * else ends it. Only windows of some hundred bytes in which there is a quote are looked at bit by bit. Bytes are checked here as
 * well: no NUL, valid UTF-8. */
#include "../base/clones.h"
#include "../base/file.h"
#include "../base/pool.h"
#include "csv_own.h"

enum { AT_ROW, AT_CELL, IN_PLAIN, IN_QUOTES, IN_COMMENT, ESCAPED, ESCAPED_IN_QUOTES };
enum { WINDOW = 16, WORD = 64 };

static uint8_t step(const csv_file *file, uint8_t state, char c) {
  bool escape = (uint8_t)c == file->escape;
  switch (state) {
  case IN_QUOTES:
    return c == file->quote ? AT_CELL : escape ? ESCAPED_IN_QUOTES : IN_QUOTES;
  case ESCAPED_IN_QUOTES:
    return IN_QUOTES;
  case ESCAPED:
    return IN_PLAIN;
  case IN_COMMENT:
    return csv_is_end(c) ? AT_ROW : IN_COMMENT;
  case AT_ROW:
    if ((uint8_t)c == file->comment) return IN_COMMENT;
    break;
  default:
    break;
  }
  if (c == file->delimiter) return AT_CELL;
  if (csv_is_end(c)) return AT_ROW;
  if (escape) return ESCAPED;
  return c == file->quote && state != IN_PLAIN && !file->plain ? IN_QUOTES : IN_PLAIN;
}

/* Whether a row begins at `at`, when a line end lies before it. */
static bool row_begins(const csv_file *file, size_t at, size_t limit) {
  return at < limit && !csv_is_end(file->data[at]) && (uint8_t)file->data[at] != file->comment;
}

/* Rows that begin behind a line end in [begin, end), from `*state` to `*state`, byte by byte. */
static int64_t walk(const csv_file *file, size_t begin, size_t end, size_t limit, uint8_t *state) {
  int64_t rows = 0;
  bool simple = file->escape < 0 && file->comment < 0;
  for (size_t at = begin; at < end; at++) {
    if (*state == IN_QUOTES && simple) { /* at once to the next quote */
      const char *found = memchr(file->data + at, file->quote, end - at);
      if (!found) break;
      at = (size_t)(found - file->data);
    }
    *state = step(file, *state, file->data[at]);
    rows += *state == AT_ROW && row_begins(file, at + 1, limit);
  }
  return rows;
}

static uint8_t state_behind(const csv_file *file, char c) {
  return csv_is_end(c)                                                ? AT_ROW
         : c == file->delimiter || (c == file->quote && !file->plain) ? AT_CELL
                                                                      : IN_PLAIN;
}

static uint64_t prefix_parity(uint64_t bits) {
  for (int shift = 1; shift < 64; shift *= 2) bits ^= bits << shift;
  return bits;
}

typedef struct parity {
  uint64_t inside;       /* all ones: the word begins inside quotes, if the chunk begins outside */
  uint64_t begins;       /* 1: a cell may begin at the first byte of the word */
  uint64_t ends[2];      /* 1: a line end lies before it; when the chunk begins outside, inside quotes */
  uint64_t misplaced[2]; /* opening quotes where no cell begins */
  int64_t rows[2];
} parity;

LATHE_CLONES_POPCNT static void count_words(parity *walked, const csv_bits *bits, size_t words) {
  for (const csv_bits *end = bits + words; bits < end; bits++) {
    uint64_t inside = prefix_parity(bits->quotes) ^ walked->inside;
    uint64_t places = bits->cells | bits->quotes;
    uint64_t before = places << 1 | walked->begins;
    walked->misplaced[0] |= bits->quotes & inside & ~before;
    walked->misplaced[1] |= bits->quotes & ~inside & ~before;
    for (int i = 0; i < 2; i++) {
      uint64_t ends = bits->ends & (i ? inside : ~inside);
      walked->rows[i] += __builtin_popcountll((ends << 1 | walked->ends[i]) & ~bits->ends);
      walked->ends[i] = ends >> 63;
    }
    walked->inside = (uint64_t)((int64_t)inside >> 63);
    walked->begins = places >> 63;
  }
}

/* A window with quotes. A line end at its very end is left in `ends`: what follows judges it. */
static void count_quoted(const csv_file *file, parity *walked, const char *data, size_t size) {
  csv_bits bits[WINDOW];
  char last[WORD];
  size_t words = size / WORD, rest = size % WORD;
  lathe_csv_bits(data, words, file->delimiter, file->quote, bits);
  count_words(walked, bits, words);
  if (!rest) return;
  memset(last, '\n', sizeof last); /* what lies behind must not look like the begin of a row */
  memcpy(last, data + size - rest, rest);
  lathe_csv_bits(last, 1, file->delimiter, file->quote, bits);
  bits->cells &= (UINT64_C(1) << rest) - 1;
  count_words(walked, bits, 1);
  for (int i = 0; i < 2; i++) walked->ends[i] = csv_is_end(data[size - 1]) && (walked->inside != 0) == i;
}

/* A window without: its rows are those of the case in which it lies outside quotes. */
static void count_plain(const csv_file *file, parity *walked, const char *data, size_t size, int64_t rows) {
  for (int i = 0; i < 2; i++) {
    walked->rows[i] += walked->ends[i] && !csv_is_end(*data);
    walked->ends[i] = 0;
  }
  walked->rows[walked->inside != 0] += rows;
  walked->begins = data[size - 1] == file->delimiter || csv_is_end(data[size - 1]);
}

/* Both cases of a chunk, and the facts about its bytes, which are at `bytes`. */
static csv_facts count_both(const csv_file *file, csv_chunk *chunk, const char *bytes) {
  enum { BYTES = WINDOW * WORD };
  parity walked = {.begins = 1};
  csv_facts all = {0};
  for (size_t at = chunk->begin, size; at < chunk->end; at += size) {
    size = chunk->end - at < BYTES ? chunk->end - at : BYTES;
    const char *data = bytes + (at - chunk->begin);
    csv_facts facts = lathe_csv_facts(data, size, at + size < chunk->limit ? data[size] : '\n', file->quote);
    all.high |= facts.high;
    all.nul |= facts.nul;
    if (file->plain || !facts.quotes)
      count_plain(file, &walked, data, size, facts.rows);
    else
      count_quoted(file, &walked, data, size);
  }
  bool inside = walked.inside != 0, begins = row_begins(file, chunk->end, chunk->limit);
  for (int i = 0; i < 2; i++) walked.rows[i] += walked.ends[i] && begins;
  chunk->rows = walked.rows[0];
  chunk->rows_if_quoted = walked.rows[1];
  chunk->sure = !walked.misplaced[0];
  chunk->sure_if_quoted = !walked.misplaced[1];
  uint8_t outside = state_behind(file, file->data[chunk->end - 1]);
  chunk->ends = inside ? IN_QUOTES : outside;
  chunk->ends_if_quoted = inside ? outside : IN_QUOTES;
  return all;
}

static bool bad_byte(const csv_file *file, csv_chunk *chunk, const char *place, lathe_error *error) {
  if (file->lenient) {
    chunk->dirty = true;
    return true;
  }
  if (!*place)
    return lathe_csv_fail(
        file, place, error,
        "there is a NUL byte, so this is not a text table; if it is one, take them out with tr -d '\\000'");
  return lathe_csv_fail(
      file, place, error,
      "byte 0x%02X is not UTF-8; read the file with encoding = \"latin-1\", or convert it with iconv",
      (uint8_t)*place);
}

static bool check_bytes(const csv_file *file, csv_chunk *chunk, const char *bytes, csv_facts facts,
                        lathe_error *error) {
  const char *data = file->data;
  size_t begin = chunk->begin, end = chunk->end;
  if (facts.nul) return bad_byte(file, chunk, memchr(data + begin, 0, end - begin), error);
  bool goes_on = end < chunk->limit && ((uint8_t)data[end] & 0xC0) == 0x80;
  if (!facts.high && !goes_on) return true;
  for (int i = 0; i < 3 && !chunk->first && begin < end && ((uint8_t)data[begin] & 0xC0) == 0x80; i++)
    begin++;
  if (begin == end) return true; /* a piece of a character that another chunk looks at */
  for (int i = 0; i < 3 && end < chunk->limit && ((uint8_t)data[end] & 0xC0) == 0x80; i++) end++;
  size_t valid = begin + lathe_text_valid(bytes + (begin - chunk->begin), end - begin);
  return valid == end || bad_byte(file, chunk, data + valid, error);
}

static bool scan_chunk(void *context, int64_t index, lathe_error *error) {
  csv_file *file = context;
  csv_chunk *chunk = &file->chunks[index];
  size_t begin = chunk->begin, end = chunk->end;
  csv_worker *worker = lathe_csv_take_worker(file, error);
  if (!worker) return false;
  /* with the rest of a character that goes on behind it */
  const char *bytes = lathe_csv_window(file, worker, begin, chunk->limit - end < 4 ? chunk->limit : end + 4);
  if (bytes == file->data + begin) lathe_mapping_need(bytes, end - begin);
  csv_facts facts = count_both(file, chunk, bytes);
  bool fine = check_bytes(file, chunk, bytes, facts, error);
  lathe_csv_give_back(file, worker);
  if (!fine) return false;
  if (file->escape >= 0 || file->comment >= 0) chunk->sure = chunk->sure_if_quoted = false;
  lathe_progress_add(file->progress, (int64_t)(end - begin));
  return true;
}

/* Pick the true case of each chunk, and number the rows. False when the last one ends inside quotes. */
static bool settle(csv_file *file) {
  uint8_t state = AT_ROW;
  int64_t row = 0;
  for (int64_t i = 0; i < file->chunk_count; i++) {
    csv_chunk *chunk = &file->chunks[i];
    if (chunk->first) state = AT_ROW;
    chunk->state = state;
    bool quoted = state == IN_QUOTES;
    /* a quote at the first byte is only taken for an opening one where a cell begins */
    bool sure = quoted ? chunk->sure_if_quoted
                       : chunk->sure && (state != IN_PLAIN || file->data[chunk->begin] != file->quote);
    if (!sure) {
      chunk->ends = state;
      chunk->rows = walk(file, chunk->begin, chunk->end, chunk->limit, &chunk->ends);
    } else if (quoted) {
      chunk->rows = chunk->rows_if_quoted;
      chunk->ends = chunk->ends_if_quoted;
    }
    state = chunk->ends;
    chunk->rows += chunk->first && row_begins(file, chunk->begin, chunk->limit);
    chunk->row = row;
    row += chunk->rows;
  }
  file->rows = row;
  return state != IN_QUOTES && state != ESCAPED_IN_QUOTES;
}

const char *lathe_csv_first_row(const csv_file *file, const csv_chunk *chunk) {
  if (chunk->first && row_begins(file, chunk->begin, chunk->limit)) return file->data + chunk->begin;
  uint8_t state = chunk->state;
  for (size_t at = chunk->begin; at < chunk->limit; at++) {
    state = step(file, state, file->data[at]);
    if (state == AT_ROW && row_begins(file, at + 1, chunk->limit)) return file->data + at + 1;
  }
  return file->data + chunk->limit; /* not reached: only chunks that have rows are asked */
}

const char *lathe_csv_row_end(const csv_file *file, const char *at, const char *end) {
  uint8_t state = AT_CELL;
  for (; at < end; at++) {
    state = step(file, state, *at);
    if (state == AT_ROW) return at;
  }
  return end;
}

/* The end of the line with the quote that is never closed. One behind a closing quote goes on with its text. */
static size_t unclosed_line(const csv_file *file) {
  size_t open = file->body, closed = SIZE_MAX;
  uint8_t state = AT_ROW;
  for (size_t at = file->body; at < file->size; at++) {
    bool inside = state == IN_QUOTES || state == ESCAPED_IN_QUOTES;
    state = step(file, state, file->data[at]);
    if (inside && state == AT_CELL) closed = at;
    if (!inside && state == IN_QUOTES && at != closed + 1) open = at;
  }
  while (open < file->size && !csv_is_end(file->data[open])) open++;
  return open;
}

/* Chunks for [begin, limit), behind those there are. */
static void cut(csv_file *file, size_t begin, size_t limit, size_t size) {
  for (size_t at = begin; at < limit; at += size) {
    csv_chunk *chunk = &file->chunks[file->chunk_count++];
    *chunk = (csv_chunk){
        .begin = at, .end = limit - at > size ? at + size : limit, .limit = limit, .first = at == begin};
  }
}

/* Rows that begin in a chunk end in another: in the first behind it in which one begins. */
static void find_careful(csv_file *file) {
  for (int64_t i = 0; i < file->chunk_count; i++) {
    csv_chunk *chunk = &file->chunks[i];
    chunk->careful = chunk->dirty;
    for (int64_t j = i + 1; j < file->chunk_count && !chunk->careful; j++) {
      chunk->careful = file->chunks[j].dirty;
      if (file->chunks[j].rows) break;
    }
  }
}

bool lathe_csv_scan(csv_file *file, lathe_error *error) {
  const char *first = lathe_csv_next_row(file, file->data + file->body, file->data + file->size);
  file->body = (size_t)(first - file->data);
  size_t size = file->options->chunk > 0 ? (size_t)file->options->chunk : (size_t)1 << 20;
  if (size < 4) size = 4; /* no character spans more than two chunks */
  /* wide tables: a chunk has something for each column */
  if (file->options->chunk <= 0 && file->column_count > 1024) size *= (size_t)file->column_count / 1024;
  size_t count = (file->size - file->body) / size + 3;
  file->chunks = lathe_memory_new(count, sizeof *file->chunks, error);
  if (!file->chunks) return false;
  cut(file, file->body, file->size, size);
  if (!lathe_pool_run(file->chunk_count, scan_chunk, file, file->progress, error)) return false;
  if (!settle(file) && file->lenient) { /* what follows the line of the open quote is read again, as rows */
    size_t end = unclosed_line(file);
    file->chunk_count = 0;
    cut(file, file->body, end, size);
    first = lathe_csv_next_row(file, file->data + end, file->data + file->size);
    cut(file, (size_t)(first - file->data), file->size, size);
    if (!lathe_pool_run(file->chunk_count, scan_chunk, file, file->progress, error)) return false;
    settle(file);
  }
  find_careful(file);
  return true;
}
