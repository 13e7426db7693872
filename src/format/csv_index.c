/* csv_index.c - where the cells of plain rows end.
 *
 * The bits of csv_bits.c are walked from one delimiter or line end to the next. A row is plain when it has as many
 * cells as there are names and its quotes stand where they should; the walk ends before the first that is not, and
 * csv_row.c takes that one. */
#include "csv_own.h"

enum { WINDOW = 32, WORD = 64, LONGEST = 1 << 30 };

typedef struct walker {
  const csv_file *file;
  const char *base, *end;
  uint32_t *row; /* the entries of the row in progress; the first is where it begins, less one */
  uint32_t *out; /* behind its last entry */
  uint32_t *room;
  int32_t columns, rows, wanted;
  bool quoted, inside; /* the cell in progress begins with a quote; that is still open */
  bool odd;            /* a row that is not plain begins at row[0] + 1 */
  uint32_t closed;     /* the place behind its closing quote */
} walker;

/* Whether the line behind the line end at `place` is a comment, so that the walk is over. */
static inline bool comment_follows(walker *walk, uint32_t place) {
  const char *next = walk->base + place + 1;
  if (walk->file->comment < 0 || next >= walk->end || (uint8_t)*next != walk->file->comment) return false;
  walk->odd = true;
  return true;
}

/* The cell in progress ends at `place`, and with it the row when `last`. False when the walk is over. */
static inline bool end_cell(walker *walk, uint32_t place, bool last) {
  if (walk->quoted && walk->closed != place) walk->odd = true;
  walk->quoted = false;
  if (!last) {
    *walk->out++ = place;
    return true;
  }
  int64_t cells = walk->out - walk->row;         /* the one that ends here included */
  if (cells == 1 && walk->row[0] + 1 == place) { /* a blank line */
    walk->row[0] = place;
    return !comment_follows(walk, place);
  }
  if (cells == walk->columns + 1 && walk->out[-1] + 1 == place && walk->file->open_rows)
    walk->out--; /* a delimiter at the end of the row */
  else if (cells == walk->columns)
    *walk->out = place;
  else
    walk->odd = true;
  if (walk->odd) return false;
  walk->out++;
  walk->row = walk->out;
  *walk->out++ = place;
  return ++walk->rows < walk->wanted && !comment_follows(walk, place);
}

/* One quote at `place`: opens a cell, closes it, or is a character of it. */
static inline void pass_quote(walker *walk, uint32_t place) {
  if (walk->inside) {
    walk->inside = false;
    walk->closed = place + 1;
  } else if (walk->out[-1] + 1 == place) {
    walk->inside = walk->quoted = true;
  } else if (walk->quoted && walk->closed == place) {
    walk->inside = true; /* doubled */
  }
}

/* A word with quotes in it or around it. */
static bool walk_quotes(walker *walk, const csv_bits *bits, uint32_t at) {
  for (uint64_t left = bits->cells | bits->quotes; left; left &= left - 1) {
    uint64_t bit = left & (~left + 1);
    uint32_t place = at + (uint32_t)__builtin_ctzll(left);
    if (bits->quotes & bit) {
      pass_quote(walk, place);
    } else if (!walk->inside) {
      if (walk->out >= walk->room || !end_cell(walk, place, bits->ends & bit)) return false;
    }
  }
  return true;
}

static inline bool walk_plain(walker *walk, const csv_bits *bits, uint32_t at) {
  uint64_t left = bits->cells;
  uint32_t *out = walk->out;
  for (uint64_t ends = bits->ends; ends; ends &= ends - 1) {
    uint64_t bit = ends & (~ends + 1), before = left & (bit - 1);
    for (; before; before &= before - 1) *out++ = at + (uint32_t)__builtin_ctzll(before);
    left &= ~(bit | (bit - 1));
    walk->out = out;
    if (!end_cell(walk, at + (uint32_t)__builtin_ctzll(ends), true)) return false;
    out = walk->out;
  }
  for (uint64_t i = bits->ends ? (uint64_t)__builtin_popcountll(left) : bits->count; i > 0;
       i -= i < 4 ? i : 4) {
    for (int j = 0; j < 4; j++) { /* those beyond the last are written over */
      out[j] = at + (uint32_t)__builtin_ctzll(left | UINT64_C(1) << 63);
      left &= left - 1;
    }
    out += i < 4 ? i : 4;
  }
  walk->out = out;
  return true;
}

static bool walk_word(walker *walk, const csv_bits *bits, uint32_t at) {
  if (walk->out >= walk->room) { /* far more cells than names */
    walk->odd = true;
    return false;
  }
  bool goes_on = bits->quotes || walk->quoted ? walk_quotes(walk, bits, at) : walk_plain(walk, bits, at);
  if (!goes_on && walk->rows < walk->wanted) walk->odd = true;
  return goes_on;
}

/* Where the data end so does the row in progress. */
static void end_all(walker *walk) {
  if (walk->inside)
    walk->odd = true;
  else
    end_cell(walk, (uint32_t)(walk->end - walk->base), true);
}

const char *lathe_csv_index(const csv_file *file, csv_worker *worker, const char *at, const char *end,
                            int64_t rows, csv_block *block) {
  int32_t stride = file->column_count + 1;
  int64_t most = worker->index_room / stride - 1;
  walker walk = {.file = file,
                 .base = at,
                 .end = end,
                 .row = worker->index,
                 .out = worker->index + 1,
                 .room = worker->index + worker->index_room,
                 .columns = file->column_count,
                 .wanted = (int32_t)(rows < most ? rows : most)};
  walk.row[0] = UINT32_MAX;
  char quote = file->plain ? file->delimiter : file->quote;
  csv_bits bits[WINDOW];
  bool goes_on = true;
  for (const char *from = at; goes_on && from < end;) {
    size_t words = (size_t)(end - from) / WORD;
    if (words > WINDOW) words = WINDOW;
    if (from - at >= LONGEST) { /* places are 32 bits: a row as long as that goes alone */
      walk.odd = true;
      break;
    }
    char last[WORD] = {0};
    const char *data = from;
    uint64_t there = ~UINT64_C(0);
    if (!words) {
      size_t left = (size_t)(end - from);
      data = memcpy(last, from, left);
      words = 1;
      there = (UINT64_C(1) << left) - 1;
    }
    lathe_csv_bits(data, words, file->delimiter, quote, bits);
    for (size_t i = 0; i < words && goes_on; i++, from += WORD) {
      if (there != ~UINT64_C(0)) {
        bits[i].cells &= there, bits[i].ends &= there, bits[i].quotes &= there;
        bits[i].count = (uint64_t)__builtin_popcountll(bits[i].cells);
      }
      if (file->plain) bits[i].quotes = 0;
      goes_on = walk_word(&walk, &bits[i], (uint32_t)(from - at));
    }
    if (goes_on && from >= end) end_all(&walk);
  }
  *block =
      (csv_block){.base = at, .index = worker->index, .rows = walk.rows, .stride = stride, .odd = walk.odd};
  return at + (uint32_t)(walk.row[0] + 1);
}
