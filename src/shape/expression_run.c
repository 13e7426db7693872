/* expression_run.c - a whole table through an expression: chunks on the pool, blocks within a chunk. Values go straight
 * to their place in the result; texts are kept by chunk until their sizes are known. */
#include <stdlib.h>
#include <string.h>

#include "../base/pool.h"
#include "../table/words.h"
#include "expression_own.h"

/* ---- a column ---- */

typedef struct output {
  const run *run;
  const node *root;
  void *values; /* STRING: offsets, of which [row + 1] is first the size of a text */
  uint8_t *validity;
  lathe_buffer *texts; /* by chunk */
  int64_t *begins;     /* where a chunk's texts begin */
  char *bytes;
  lathe_progress *progress;
} output;

static bool put_texts(output *o, int64_t chunk, const vector *v, int64_t first, int64_t rows,
                      lathe_error *error) {
  int64_t *sizes = (int64_t *)o->values + first + 1;
  size_t total = 0;
  for (int64_t i = 0; i < rows; i++) {
    sizes[i] = row_there(v, i) ? (int64_t)AT(lathe_text, v, i).size : 0;
    total += (size_t)sizes[i];
  }
  lathe_buffer *buffer = &o->texts[chunk];
  if (!lathe_buffer_reserve(buffer, total, error)) return false;
  char *to = buffer->data + buffer->size;
  for (int64_t i = 0; i < rows; i++) {
    memcpy(to, AT(lathe_text, v, i).data, (size_t)sizes[i]);
    to += sizes[i];
  }
  buffer->size += total;
  return true;
}

static bool put_block(output *o, int64_t chunk, const vector *v, int64_t first, int64_t rows,
                      lathe_error *error) {
  size_t bytes = lathe_bit_bytes(rows);
  if (v->valid)
    memcpy(o->validity + first / 8, v->valid, bytes);
  else
    memset(o->validity + first / 8, 0xFF, bytes);
  switch (v->type) {
  case LATHE_TYPE_STRING:
    return put_texts(o, chunk, v, first, rows, error);
  case LATHE_TYPE_BOOL:
    memcpy((uint8_t *)o->values + first / 8, v->values, bytes);
    return true;
  case LATHE_TYPE_DATE:
    for (int64_t i = 0; i < rows; i++) ((int32_t *)o->values)[first + i] = AT(int32_t, v, i);
    return true;
  default:
    for (int64_t i = 0; i < rows; i++) ((int64_t *)o->values)[first + i] = AT(int64_t, v, i);
    return true;
  }
}

/* Begin the block at `first`, which ends at `end` or earlier. */
static void begin_block(machine *m, int64_t first, int64_t end) {
  m->first = first;
  m->rows = end - first < BLOCK ? end - first : BLOCK;
  m->arena_now = 0;
  m->arena_used = m->text_size = 0;
}

static bool run_chunk(void *context, int64_t chunk, lathe_error *error) {
  output *o = context;
  int64_t begin = chunk * CHUNK, end = begin + CHUNK < o->run->rows ? begin + CHUNK : o->run->rows;
  machine m = {.run = o->run};
  bool fine = true;
  for (int64_t first = begin; first < end && fine; first += BLOCK) {
    vector v;
    begin_block(&m, first, end);
    fine = machine_evaluate(&m, o->root, &v, error);
    if (!fine) break;
    fine = put_block(o, chunk, &v, first, m.rows, error);
    vector_release(&m, &v);
  }
  machine_close(&m);
  lathe_progress_add(o->progress, end - begin);
  return fine;
}

static bool gather_chunk(void *context, int64_t chunk, lathe_error *error) {
  output *o = context;
  (void)error;
  lathe_buffer *buffer = &o->texts[chunk];
  int64_t begin = chunk * CHUNK, end = begin + CHUNK < o->run->rows ? begin + CHUNK : o->run->rows;
  int64_t at = o->begins[chunk], *offsets = o->values;
  for (int64_t row = begin; row < end; row++) offsets[row + 1] = at += offsets[row + 1];
  if (buffer->size) memcpy(o->bytes + o->begins[chunk], buffer->data, buffer->size);
  lathe_buffer_free(buffer);
  return true;
}

static bool gather_texts(output *o, int64_t chunks, lathe_error *error) {
  o->begins = lathe_memory_new((size_t)chunks + 1, sizeof *o->begins, error);
  if (!o->begins) return false;
  for (int64_t i = 0; i < chunks; i++) o->begins[i + 1] = o->begins[i] + (int64_t)o->texts[i].size;
  o->bytes = lathe_memory_raw((size_t)o->begins[chunks], 1, error);
  return o->bytes && lathe_pool_run(chunks, gather_chunk, o, NULL, error);
}

lathe_column *run_node(const run *r, const node *root, lathe_progress *progress, lathe_error *error) {
  int64_t chunks = (r->rows + CHUNK - 1) / CHUNK;
  bool text = root->type == LATHE_TYPE_STRING;
  output o = {.run = r, .root = root, .progress = progress};
  o.values = lathe_memory_raw(lathe_column_value_bytes(root->type, r->rows), 1, error);
  o.validity = lathe_memory_raw(lathe_bit_bytes(r->rows), 1, error);
  if (text) o.texts = lathe_memory_new((size_t)chunks, sizeof *o.texts, error);
  bool fine = o.values && o.validity && (!text || o.texts);
  if (fine && text) *(int64_t *)o.values = 0;
  fine = fine && lathe_pool_run(chunks, run_chunk, &o, progress, error);
  fine = fine && (!text || gather_texts(&o, chunks, error));
  lathe_column *column =
      fine ? lathe_column_new(root->type, r->rows, o.validity, o.values, o.bytes, NULL, error) : NULL;
  for (int64_t i = 0; i < chunks && o.texts; i++) lathe_buffer_free(&o.texts[i]);
  free(o.texts);
  free(o.begins);
  if (column) return column;
  free(o.values);
  free(o.validity);
  free(o.bytes);
  return NULL;
}

/* ---- the rows where it is true ---- */

typedef struct selection {
  const run *run;
  const node *root;
  uint64_t *bits;
  int64_t *counts; /* by chunk, then the first row's place */
  int64_t *rows;
  lathe_progress *progress;
} selection;

static bool select_chunk(void *context, int64_t chunk, lathe_error *error) {
  selection *s = context;
  int64_t begin = chunk * CHUNK, end = begin + CHUNK < s->run->rows ? begin + CHUNK : s->run->rows;
  machine m = {.run = s->run};
  bool fine = true;
  int64_t count = 0;
  for (int64_t first = begin; first < end && fine; first += BLOCK) {
    vector v;
    begin_block(&m, first, end);
    fine = machine_evaluate(&m, s->root, &v, error);
    if (!fine) break;
    const uint64_t *truth = v.values;
    for (int64_t k = 0; k < words_of(m.rows); k++) {
      uint64_t word = truth[k] & (v.valid ? v.valid[k] : ~UINT64_C(0));
      if (m.rows - 64 * k < 64) word &= ~(~UINT64_C(0) << (m.rows - 64 * k));
      s->bits[first / 64 + k] = word;
      count += __builtin_popcountll(word);
    }
    vector_release(&m, &v);
  }
  s->counts[chunk] = count;
  machine_close(&m);
  lathe_progress_add(s->progress, end - begin);
  return fine;
}

static bool index_chunk(void *context, int64_t chunk, lathe_error *error) {
  selection *s = context;
  (void)error;
  int64_t *to = s->rows + s->counts[chunk];
  int64_t begin = chunk * CHUNK, end = begin + CHUNK < s->run->rows ? begin + CHUNK : s->run->rows;
  for (int64_t row = begin; row < end; row += 64)
    for (uint64_t word = s->bits[row / 64]; word; word &= word - 1) *to++ = row + __builtin_ctzll(word);
  return true;
}

static lathe_table *take_selected(selection *s, lathe_table *table, lathe_error *error) {
  int64_t chunks = (s->run->rows + CHUNK - 1) / CHUNK, total = 0;
  if (!lathe_pool_run(chunks, select_chunk, s, s->progress, error)) return NULL;
  for (int64_t i = 0; i < chunks; i++) {
    int64_t count = s->counts[i];
    s->counts[i] = total;
    total += count;
  }
  if (total == s->run->rows) return lathe_table_retain(table);
  s->rows = lathe_memory_raw((size_t)total, sizeof *s->rows, error);
  if (!s->rows || !lathe_pool_run(chunks, index_chunk, s, NULL, error)) return NULL;
  return lathe_table_take(table, s->rows, total, s->progress, error);
}

static lathe_table *filter_rows(const run *r, lathe_table *table, lathe_progress *progress,
                                lathe_error *error) {
  int64_t chunks = (r->rows + CHUNK - 1) / CHUNK;
  selection s = {.run = r, .root = r->expression->root, .progress = progress};
  s.bits = lathe_memory_raw((size_t)words_of(r->rows), sizeof *s.bits, error);
  s.counts = s.bits ? lathe_memory_new((size_t)chunks, sizeof *s.counts, error) : NULL;
  lathe_table *result = s.counts ? take_selected(&s, table, error) : NULL;
  free(s.bits);
  free(s.counts);
  lathe_memory_give(s.rows);
  return result;
}

/* ---- what is computed once for each entry of a dictionary ---- */

/* The entries and, as the last one, what is missing. */
static lathe_column *entries_of(const lathe_column *dictionary, lathe_error *error) {
  lathe_text *texts = lathe_memory_new((size_t)dictionary->rows + 1, sizeof *texts, error);
  if (!texts) return NULL;
  for (int64_t i = 0; i < dictionary->rows; i++) texts[i] = lathe_column_text(dictionary, i);
  lathe_column *entries = lathe_column_from_text(texts, dictionary->rows + 1, error);
  free(texts);
  return entries;
}

/* False only when memory ran out or it was cancelled: what fails for an entry is computed row by row, for no row may have
 * that entry. */
static bool answer_entries(run *r, const node *lookup, lathe_error *error) {
  const lathe_column *column = r->columns[lookup->column];
  int64_t entries = column->dictionary->rows;
  if (entries > 1024 && entries > column->rows / 2) return true;
  lathe_column *texts = entries_of(column->dictionary, error);
  const lathe_column **columns =
      lathe_memory_new((size_t)r->expression->column_count, sizeof(lathe_column *), error);
  lathe_error problem = {0};
  bool fine = texts && columns;
  if (fine) {
    columns[lookup->column] = texts;
    run inner = {.expression = r->expression, .columns = columns, .rows = entries + 1};
    r->lookups[lookup->lookup] = run_node(&inner, lookup->args[0], NULL, &problem);
    if (problem.code == LATHE_ERROR_MEMORY)
      fine = lathe_error_set(error, problem.code, "%s", problem.message);
  }
  lathe_column_release(texts);
  free(columns);
  return fine;
}

static bool answer_lookups(run *r, const node *n, lathe_error *error) {
  if (n->kind == NODE_LOOKUP) return answer_entries(r, n, error);
  for (int32_t i = 0; i < n->count; i++)
    if (!answer_lookups(r, n->args[i], error)) return false;
  return true;
}

/* ---- texts as categories ---- */

/* The whole expression is one lookup: its codes go through a table of codes. */
static lathe_column *mapped_category(const run *r, const node *lookup, lathe_error *error) {
  const lathe_column *column = r->columns[lookup->column], *answers = r->lookups[lookup->lookup];
  int64_t rows = column->rows, last = answers->rows - 1;
  lathe_column *few = lathe_column_to_category(answers, error);
  if (!few) return NULL;
  int32_t *codes = lathe_memory_raw((size_t)rows, sizeof *codes, error);
  uint8_t *validity = lathe_memory_new(lathe_bit_bytes(rows), 1, error);
  lathe_column *result = NULL;
  if (codes && validity) {
    for (int64_t row = 0; row < rows; row++) {
      int64_t at = lathe_column_present(column, row) ? ((const int32_t *)column->values)[row] : last;
      codes[row] = ((const int32_t *)few->values)[at];
      if (lathe_column_present(few, at)) lathe_bit_set(validity, row);
    }
    result = lathe_column_new(LATHE_TYPE_CATEGORY, rows, validity, codes, NULL, few->dictionary, error);
  }
  if (!result) {
    free(codes);
    free(validity);
  }
  lathe_column_release(few);
  return result;
}

static lathe_column *as_category(lathe_column *column, lathe_error *error) {
  lathe_column *result = column ? lathe_column_to_category(column, error) : NULL;
  lathe_column_release(column);
  return result;
}

/* ---- the whole ---- */

static bool open_run(run *r, const lathe_expression *e, const lathe_table *table, lathe_error *error) {
  *r = (run){.expression = e, .rows = lathe_table_rows(table)};
  r->columns = lathe_memory_new((size_t)e->column_count, sizeof(lathe_column *), error);
  r->lookups = lathe_memory_new((size_t)e->lookups, sizeof(lathe_column *), error);
  if (!r->columns || !r->lookups) return false;
  for (int32_t i = 0; i < e->column_count; i++) {
    int32_t index = lathe_table_need(table, e->columns[i].name, error);
    if (index < 0) return false;
    r->columns[i] = lathe_table_column(table, index);
    if (r->columns[i]->type != e->columns[i].type)
      return lathe_error_set(
          error, LATHE_ERROR_ARGUMENT,
          "column \"%.200s\" is %s here, and was %s in the table the expression was parsed for",
          e->columns[i].name, lathe_type_name(r->columns[i]->type), lathe_type_name(e->columns[i].type));
  }
  return answer_lookups(r, e->root, error);
}

static void close_run(run *r) {
  for (int32_t i = 0; i < r->expression->lookups && r->lookups; i++) lathe_column_release(r->lookups[i]);
  free(r->lookups);
  free(r->columns);
}

static lathe_column *run_root(const run *r, lathe_progress *progress, lathe_error *error) {
  const node *root = r->expression->root;
  lathe_type type = lathe_expression_type(r->expression);
  if (root->kind == NODE_COLUMN && r->columns[root->column]->type == type)
    return lathe_column_retain((lathe_column *)(uintptr_t)r->columns[root->column]);
  bool category = type == LATHE_TYPE_CATEGORY;
  if (category && root->kind == NODE_LOOKUP && r->lookups[root->lookup])
    return mapped_category(r, root, error);
  lathe_column *column = run_node(r, root, progress, error);
  return category ? as_category(column, error) : column;
}

lathe_column *lathe_expression_run(const lathe_expression *e, const lathe_table *table,
                                   lathe_progress *progress, lathe_error *error) {
  run r;
  lathe_progress_begin(progress, "derive", lathe_table_rows(table));
  lathe_column *result = open_run(&r, e, table, error) ? run_root(&r, progress, error) : NULL;
  close_run(&r);
  lathe_progress_end(progress);
  return result;
}

lathe_table *lathe_expression_filter(const lathe_expression *e, lathe_table *table, lathe_progress *progress,
                                     lathe_error *error) {
  if (e->root->type != LATHE_TYPE_BOOL) {
    lathe_error_set(error, LATHE_ERROR_ARGUMENT,
                    "a filter takes a condition, and `%.100s` is %s; compare it: x != 0", e->text,
                    lathe_type_name(lathe_expression_type(e)));
    return NULL;
  }
  run r;
  lathe_progress_begin(progress, "filter", lathe_table_rows(table));
  lathe_table *result = open_run(&r, e, table, error) ? filter_rows(&r, table, progress, error) : NULL;
  close_run(&r);
  lathe_progress_end(progress);
  return result;
}

lathe_table *lathe_table_filter(lathe_table *table, const char *text, lathe_progress *progress,
                                lathe_error *error) {
  lathe_expression *e = lathe_expression_parse(text, table, error);
  lathe_table *result = e ? lathe_expression_filter(e, table, progress, error) : NULL;
  lathe_expression_free(e);
  return result;
}
