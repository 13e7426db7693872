/* expression_machine.c - one block of rows through the nodes. Slots are taken and given back like the registers of
 * a stack machine, so that a block's vectors stay in cache however large the expression is. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "expression_own.h"

static const uint64_t no_bits[WORDS];

static const uint64_t all_bits[WORDS] = {~0ull, ~0ull, ~0ull, ~0ull, ~0ull, ~0ull, ~0ull, ~0ull,
                                         ~0ull, ~0ull, ~0ull, ~0ull, ~0ull, ~0ull, ~0ull, ~0ull,
                                         ~0ull, ~0ull, ~0ull, ~0ull, ~0ull, ~0ull, ~0ull, ~0ull,
                                         ~0ull, ~0ull, ~0ull, ~0ull, ~0ull, ~0ull, ~0ull, ~0ull};
_Static_assert(WORDS == 32, "all_bits has as many words as a block");

/* ---- memory ---- */

void *machine_slot(machine *m, lathe_error *error) {
  return m->slot_count ? m->slots[--m->slot_count] : lathe_memory_raw(SLOT, 1, error);
}

uint64_t *machine_bits(machine *m, lathe_error *error) {
  return m->bit_count ? m->bits[--m->bit_count] : lathe_memory_raw(WORDS, sizeof(uint64_t), error);
}

static void give_slot(machine *m, void *slot) {
  if (m->slot_count == m->slot_capacity) {
    int32_t capacity = m->slot_capacity ? m->slot_capacity * 2 : 8;
    if (!lathe_memory_resize((void **)&m->slots, (size_t)capacity, sizeof *m->slots, NULL)) {
      free(slot);
      return;
    }
    m->slot_capacity = capacity;
  }
  m->slots[m->slot_count++] = slot;
}

static void give_bits(machine *m, uint64_t *bits) {
  if (m->bit_count == m->bit_capacity) {
    int32_t capacity = m->bit_capacity ? m->bit_capacity * 2 : 8;
    if (!lathe_memory_resize((void **)&m->bits, (size_t)capacity, sizeof *m->bits, NULL)) {
      free(bits);
      return;
    }
    m->bit_capacity = capacity;
  }
  m->bits[m->bit_count++] = bits;
}

void vector_release(machine *m, vector *v) {
  if (v->own_values && v->type == LATHE_TYPE_BOOL) give_bits(m, v->own_values);
  if (v->own_values && v->type != LATHE_TYPE_BOOL) give_slot(m, v->own_values);
  if (v->own_valid) give_bits(m, v->own_valid);
  *v = (vector){0};
}

enum { ARENA = 1 << 16 };

char *machine_text(machine *m, size_t size, lathe_error *error) {
  if (size > TEXT_LIMIT || (m->text_size += size) > TEXT_LIMIT) {
    lathe_error_set(error, LATHE_ERROR_MEMORY,
                    "the texts made for %lld rows take more than %d MB; make shorter ones",
                    (long long)m->rows, TEXT_LIMIT >> 20);
    return NULL;
  }
  while (m->arena_now < m->arena_count && m->arena_sizes[m->arena_now] - m->arena_used < size) {
    m->arena_now++;
    m->arena_used = 0;
  }
  if (m->arena_now == m->arena_count) {
    if (m->arena_count == m->arena_capacity) {
      int32_t capacity = m->arena_capacity ? m->arena_capacity * 2 : 8;
      if (!lathe_memory_resize((void **)&m->arenas, (size_t)capacity, sizeof *m->arenas, error) ||
          !lathe_memory_resize((void **)&m->arena_sizes, (size_t)capacity, sizeof *m->arena_sizes, error))
        return NULL;
      m->arena_capacity = capacity;
    }
    size_t bytes = size > ARENA ? size : ARENA;
    if (!(m->arenas[m->arena_count] = lathe_memory_raw(bytes, 1, error))) return NULL;
    m->arena_sizes[m->arena_count++] = bytes;
    m->arena_used = 0;
  }
  char *text = m->arenas[m->arena_now] + m->arena_used;
  m->arena_used += size;
  return text;
}

void machine_close(machine *m) {
  for (int32_t i = 0; i < m->slot_count; i++) free(m->slots[i]);
  for (int32_t i = 0; i < m->bit_count; i++) free(m->bits[i]);
  for (int32_t i = 0; i < m->arena_count; i++) free(m->arenas[i]);
  free(m->slots);
  free(m->bits);
  free(m->arenas);
  free(m->arena_sizes);
  pattern_match_free(m->match);
}

uint64_t *vector_narrow(machine *m, vector *out, lathe_error *error) {
  if (out->own_valid) return out->own_valid;
  uint64_t *bits = machine_bits(m, error);
  if (!bits) return NULL;
  memcpy(bits, out->valid ? out->valid : all_bits, sizeof all_bits);
  out->valid = out->own_valid = bits;
  return bits;
}

lathe_text machine_shown(const machine *m, const node *n, lathe_text text, char *out) {
  const lathe_expression *e = m->run->expression;
  int32_t only = n->count > 0 ? n->args[0]->only : NO_COLUMN;
  const char *name = only >= 0 ? e->columns[only].name : "";
  return lathe_value_shown(text, (lathe_text){name, strlen(name)}, out);
}

bool machine_fail(machine *m, const node *n, vector *out, int64_t row, lathe_error *error, const char *format,
                  ...) {
  bool quiet = m->lenient || (m->active && !bit_at(m->active, row));
  if (quiet) {
    uint64_t *valid = vector_narrow(m, out, error);
    if (!valid) return false;
    valid[row >> 6] &= ~(UINT64_C(1) << (row & 63));
    if (out->type == LATHE_TYPE_STRING) ((lathe_text *)out->own_values)[row] = (lathe_text){"", 0};
    return true;
  }
  char message[600];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(message, sizeof message, format, arguments);
  va_end(arguments);
  message[lathe_text_valid(message, strlen(message))] = '\0';
  const char *text = m->run->expression->text + n->at;
  size_t size = strlen(text), shown = lathe_text_fit(text, size, 32);
  if (m->run->rowless) return lathe_error_set(error, LATHE_ERROR_DATA, "expression: %s", message);
  return lathe_error_set(error, LATHE_ERROR_DATA, "row %lld, at `%.*s%s`: %s",
                         (long long)(m->first + row + 1), (int)shown, text, shown < size ? "..." : "",
                         message);
}

/* ---- leaves ---- */

static bool load_constant(const node *n, vector *out) {
  out->valid = n->missing ? no_bits : NULL;
  out->constant = n->type != LATHE_TYPE_BOOL;
  static const lathe_text empty = {"", 0};
  if (n->type == LATHE_TYPE_BOOL)
    out->values = n->constant.truth && !n->missing ? all_bits : no_bits;
  else
    out->values = n->missing && n->type == LATHE_TYPE_STRING ? (const void *)&empty : &n->constant;
  return true;
}

/* A bitmap's bits from row `first` (a multiple of 8) on, as words. NULL: memory. */
static uint64_t *load_bits(machine *m, const uint8_t *bitmap, lathe_error *error) {
  uint64_t *bits = machine_bits(m, error);
  if (!bits) return NULL;
  if (m->rows % 64) bits[m->rows / 64] = 0;
  memcpy(bits, bitmap + m->first / 8, lathe_bit_bytes(m->rows));
  return bits;
}

/* Whether all bits of the block's rows are set. */
static bool all_set(const uint64_t *bits, int64_t rows) {
  for (int64_t i = 0; i < rows / 64; i++)
    if (bits[i] != ~UINT64_C(0)) return false;
  return rows % 64 == 0 || (bits[rows / 64] | ~UINT64_C(0) << (rows % 64)) == ~UINT64_C(0);
}

static bool any_set(const uint64_t *bits, int64_t rows) {
  for (int64_t i = 0; i < rows / 64; i++)
    if (bits[i]) return true;
  return rows % 64 != 0 && (bits[rows / 64] & ~(~UINT64_C(0) << (rows % 64))) != 0;
}

static bool load_valid(machine *m, const lathe_column *column, vector *out, lathe_error *error) {
  if (!column->validity) return true;
  uint64_t *bits = load_bits(m, column->validity, error);
  if (!bits) return false;
  if (all_set(bits, m->rows))
    give_bits(m, bits);
  else
    out->valid = out->own_valid = bits;
  return true;
}

/* Texts of a STRING column, or of the dictionary that the codes of a CATEGORY column point to. */
static bool load_texts(machine *m, const lathe_column *column, vector *out, lathe_error *error) {
  lathe_text *texts = out->own_values = machine_slot(m, error);
  if (!texts) return false;
  out->values = texts;
  const int32_t *codes =
      column->type == LATHE_TYPE_CATEGORY ? (const int32_t *)column->values + m->first : NULL;
  const lathe_column *strings = codes ? column->dictionary : column;
  const int64_t *offsets = (const int64_t *)strings->values + (codes ? 0 : m->first);
  for (int64_t i = 0; i < m->rows; i++) {
    if (codes && !row_there(out, i)) {
      texts[i] = (lathe_text){"", 0};
      continue;
    }
    int64_t at = codes ? codes[i] : i;
    texts[i] = (lathe_text){strings->bytes + offsets[at], (size_t)(offsets[at + 1] - offsets[at])};
  }
  return true;
}

static bool load_column(machine *m, const lathe_column *column, vector *out, lathe_error *error) {
  if (!load_valid(m, column, out, error)) return false;
  switch (column->type) {
  case LATHE_TYPE_BOOL:
    out->values = out->own_values = load_bits(m, column->values, error);
    return out->values != NULL;
  case LATHE_TYPE_DATE:
    out->values = (const int32_t *)column->values + m->first;
    return true;
  case LATHE_TYPE_STRING:
  case LATHE_TYPE_CATEGORY:
    return load_texts(m, column, out, error);
  case LATHE_TYPE_INT64:
  case LATHE_TYPE_FLOAT64:
  case LATHE_TYPE_TIMESTAMP:
    break;
  }
  out->values = (const int64_t *)column->values + m->first;
  return true;
}

/* ---- looking up what was computed for each entry of a dictionary ---- */

static bool look_up(machine *m, const node *n, vector *out, lathe_error *error) {
  const lathe_column *answers = m->run->lookups[n->lookup], *column = m->run->columns[n->column];
  const int32_t *codes = (const int32_t *)column->values + m->first;
  int64_t last = answers->rows - 1; /* the answer for what is missing */
  int32_t *at = machine_slot(m, error);
  if (!at) return false;
  if (load_valid(m, column, out, error))
    for (int64_t i = 0; i < m->rows; i++) at[i] = row_there(out, i) ? codes[i] : (int32_t)last;
  if (out->own_valid) give_bits(m, out->own_valid);
  out->valid = out->own_valid = NULL;
  bool bits = out->type == LATHE_TYPE_BOOL;
  out->values = out->own_values = bits ? (void *)machine_bits(m, error) : machine_slot(m, error);
  bool fine = out->values != NULL;
  if (fine && bits) {
    uint64_t *words = memset(out->own_values, 0, sizeof all_bits);
    for (int64_t i = 0; i < m->rows; i++)
      words[i >> 6] |= (uint64_t)lathe_bit(answers->values, at[i]) << (i & 63);
  } else if (fine && out->type == LATHE_TYPE_DATE) {
    for (int64_t i = 0; i < m->rows; i++)
      ((int32_t *)out->own_values)[i] = ((const int32_t *)answers->values)[at[i]];
  } else if (fine && out->type == LATHE_TYPE_STRING) {
    const int64_t *offsets = answers->values;
    for (int64_t i = 0; i < m->rows; i++)
      ((lathe_text *)out->own_values)[i] =
          (lathe_text){answers->bytes + offsets[at[i]], (size_t)(offsets[at[i] + 1] - offsets[at[i]])};
  } else if (fine) {
    for (int64_t i = 0; i < m->rows; i++)
      ((int64_t *)out->own_values)[i] = ((const int64_t *)answers->values)[at[i]];
  }
  if (fine && answers->validity) {
    uint64_t *valid = vector_narrow(m, out, error);
    fine = valid != NULL;
    for (int64_t i = 0; i < m->rows && fine; i++)
      if (!lathe_bit(answers->validity, at[i])) valid[i >> 6] &= ~(UINT64_C(1) << (i & 63));
  }
  give_slot(m, at);
  return fine;
}

/* ---- calls ---- */

/* The validity of `out`: where all of `args` are there. */
static bool join_valid(machine *m, const vector *args, int32_t count, vector *out, lathe_error *error) {
  for (int32_t i = 0; i < count; i++) {
    if (!args[i].valid) continue;
    uint64_t *bits = vector_narrow(m, out, error);
    if (!bits) return false;
    for (int64_t k = 0; k < words_of(m->rows); k++) bits[k] &= args[i].valid[k];
  }
  return true;
}

static bool call_function(machine *m, const node *n, vector *out, lathe_error *error) {
  vector few[4] = {0}, *args = few;
  if (n->count > 4 && !(args = lathe_memory_new((size_t)n->count, sizeof *args, error))) return false;
  bool fine = true;
  for (int32_t i = 0; i < n->count && fine; i++) fine = machine_evaluate(m, n->args[i], &args[i], error);
  fine = fine && join_valid(m, args, n->count, out, error);
  if (fine) {
    bool bits = n->type == LATHE_TYPE_BOOL;
    out->values = out->own_values = bits ? (void *)machine_bits(m, error) : machine_slot(m, error);
    fine = out->values && n->function->run(m, n, args, out, error);
  }
  for (int32_t i = 0; i < n->count; i++) vector_release(m, &args[i]);
  if (args != few) free(args);
  return fine;
}

/* ---- what decides where others are computed ---- */

/* true, false and missing of a condition as bits: false where neither is set. */
static void split_truth(const vector *v, int64_t words, uint64_t *yes, uint64_t *no) {
  const uint64_t *truth = v->values;
  for (int64_t k = 0; k < words; k++) {
    uint64_t valid = v->valid ? v->valid[k] : ~UINT64_C(0);
    yes[k] = truth[k] & valid;
    no[k] = ~truth[k] & valid;
  }
}

/* Narrow where it must be right to `bits`; whether anything is left. */
static bool narrow_active(machine *m, const uint64_t *bits, uint64_t *active) {
  for (int64_t k = 0; k < words_of(m->rows); k++) active[k] = m->active ? m->active[k] & bits[k] : bits[k];
  return any_set(active, m->rows);
}

static bool logic(machine *m, const node *n, vector *out, lathe_error *error) {
  bool is_and = n->kind == NODE_AND, fine = true;
  int64_t words = words_of(m->rows);
  uint64_t yes[WORDS], no[WORDS], undecided[WORDS] = {0}, active[WORDS];
  uint64_t *value = machine_bits(m, error);
  out->values = out->own_values = value;
  uint64_t *valid = value ? vector_narrow(m, out, error) : NULL;
  if (!valid) return false;
  vector left = {0}, right = {0};
  fine = machine_evaluate(m, n->args[0], &left, error);
  if (fine) {
    split_truth(&left, words, yes, no);
    const uint64_t *closed = is_and ? no : yes; /* the left side alone decides */
    for (int64_t k = 0; k < words; k++) undecided[k] = ~closed[k];
    const uint64_t *before = m->active;
    bool wanted = narrow_active(m, undecided, active);
    if (wanted) {
      m->active = active;
      fine = machine_evaluate(m, n->args[1], &right, error);
      m->active = before;
    }
    if (fine && wanted) {
      uint64_t right_yes[WORDS], right_no[WORDS];
      split_truth(&right, words, right_yes, right_no);
      for (int64_t k = 0; k < words; k++) {
        yes[k] = is_and ? yes[k] & right_yes[k] : yes[k] | right_yes[k];
        no[k] = is_and ? no[k] | right_no[k] : no[k] & right_no[k];
      }
    }
    for (int64_t k = 0; k < words && fine; k++) value[k] = yes[k], valid[k] = yes[k] | no[k];
  }
  vector_release(m, &left);
  vector_release(m, &right);
  if (fine && all_set(valid, m->rows)) {
    give_bits(m, valid);
    out->valid = out->own_valid = NULL;
  }
  return fine;
}

/* The elements of `v` at `rows` into `out`. */
static void merge(machine *m, const vector *v, const uint64_t *rows, vector *out) {
  uint64_t *valid = out->own_valid;
  for (int64_t k = 0; k < words_of(m->rows); k++)
    valid[k] = (valid[k] & ~rows[k]) | (rows[k] & (v->valid ? v->valid[k] : ~UINT64_C(0)));
  switch (out->type) {
  case LATHE_TYPE_BOOL:
    for (int64_t k = 0; k < words_of(m->rows); k++) {
      uint64_t *bits = out->own_values;
      bits[k] = (bits[k] & ~rows[k]) | (rows[k] & ((const uint64_t *)v->values)[k]);
    }
    break;
  case LATHE_TYPE_DATE:
    for (int64_t i = 0; i < m->rows; i++)
      if (bit_at(rows, i)) ((int32_t *)out->own_values)[i] = AT(int32_t, v, i);
    break;
  case LATHE_TYPE_STRING:
    for (int64_t i = 0; i < m->rows; i++)
      if (bit_at(rows, i)) ((lathe_text *)out->own_values)[i] = AT(lathe_text, v, i);
    break;
  default:
    for (int64_t i = 0; i < m->rows; i++)
      if (bit_at(rows, i)) ((int64_t *)out->own_values)[i] = AT(int64_t, v, i);
  }
}

/* A vector of which everything is missing, to merge into. */
static bool open_merge(machine *m, vector *out, lathe_error *error) {
  bool bits = out->type == LATHE_TYPE_BOOL;
  out->values = out->own_values = bits ? (void *)machine_bits(m, error) : machine_slot(m, error);
  if (!out->values || !vector_narrow(m, out, error)) return false;
  memset(out->own_valid, 0, sizeof all_bits);
  memset(out->own_values, 0, bits ? sizeof all_bits : SLOT);
  for (int64_t i = 0; i < m->rows && out->type == LATHE_TYPE_STRING; i++)
    ((lathe_text *)out->own_values)[i].data = "";
  return true;
}

/* Evaluate `n` where `rows` says and merge it there. */
static bool branch(machine *m, const node *n, const uint64_t *rows, vector *out, lathe_error *error) {
  uint64_t active[WORDS];
  const uint64_t *before = m->active;
  if (!narrow_active(m, rows, active)) return true;
  vector v = {0};
  m->active = active;
  bool fine = machine_evaluate(m, n, &v, error);
  m->active = before;
  if (fine) merge(m, &v, rows, out);
  vector_release(m, &v);
  return fine;
}

static bool choose(machine *m, const node *n, vector *out, lathe_error *error) {
  if (!open_merge(m, out, error)) return false;
  uint64_t rest[WORDS], taken[WORDS], active[WORDS];
  memcpy(rest, all_bits, sizeof rest);
  for (int32_t i = 0; i + 1 < n->count; i += 2) {
    const uint64_t *before = m->active;
    if (!narrow_active(m, rest, active)) return true;
    vector condition = {0};
    m->active = active;
    bool fine = machine_evaluate(m, n->args[i], &condition, error);
    m->active = before;
    for (int64_t k = 0; k < words_of(m->rows) && fine; k++) {
      taken[k] = rest[k] & ((const uint64_t *)condition.values)[k] &
                 (condition.valid ? condition.valid[k] : ~UINT64_C(0));
      rest[k] &= ~taken[k];
    }
    vector_release(m, &condition);
    if (!fine || !branch(m, n->args[i + 1], taken, out, error)) return false;
  }
  return branch(m, n->args[n->count - 1], rest, out, error);
}

static bool first_present(machine *m, const node *n, vector *out, lathe_error *error) {
  if (!open_merge(m, out, error)) return false;
  uint64_t rest[WORDS];
  for (int32_t i = 0; i < n->count; i++) {
    for (int64_t k = 0; k < words_of(m->rows); k++) rest[k] = ~out->own_valid[k];
    if (!branch(m, n->args[i], rest, out, error)) return false;
  }
  return true;
}

static bool attempt(machine *m, const node *n, vector *out, lathe_error *error) {
  bool before = m->lenient;
  m->lenient = true;
  bool fine = machine_evaluate(m, n->args[0], out, error);
  m->lenient = before;
  return fine;
}

static bool present(machine *m, const node *n, vector *out, lathe_error *error) {
  vector v = {0};
  bool fine = machine_evaluate(m, n->args[0], &v, error);
  out->values = out->own_values = fine ? machine_bits(m, error) : NULL;
  if (out->values) memcpy(out->own_values, v.valid ? v.valid : all_bits, sizeof all_bits);
  vector_release(m, &v);
  return out->values != NULL;
}

bool machine_evaluate(machine *m, const node *n, vector *out, lathe_error *error) {
  *out = (vector){.type = n->type};
  bool fine = false;
  switch (n->kind) {
  case NODE_CONSTANT:
    return load_constant(n, out);
  case NODE_COLUMN:
    fine = load_column(m, m->run->columns[n->column], out, error);
    break;
  case NODE_CALL:
    fine = call_function(m, n, out, error);
    break;
  case NODE_AND:
  case NODE_OR:
    fine = logic(m, n, out, error);
    break;
  case NODE_IF:
    fine = choose(m, n, out, error);
    break;
  case NODE_COALESCE:
    fine = first_present(m, n, out, error);
    break;
  case NODE_TRY:
    fine = attempt(m, n, out, error);
    break;
  case NODE_PRESENT:
    fine = present(m, n, out, error);
    break;
  case NODE_LOOKUP:
    if (m->run->lookups[n->lookup])
      fine = look_up(m, n, out, error);
    else
      fine = machine_evaluate(m, n->args[0], out, error);
    break;
  }
  if (!fine) vector_release(m, out);
  return fine;
}

bool machine_fold(lathe_expression *e, const node *n, node *result, lathe_error *error) {
  run r = {.expression = e, .rows = 1, .rowless = true};
  machine m = {.run = &r, .rows = 1};
  vector v;
  bool fine = machine_evaluate(&m, n, &v, error);
  if (fine && !(result->missing = !row_there(&v, 0))) {
    if (v.type == LATHE_TYPE_BOOL)
      result->constant.truth = bit_at(v.values, 0);
    else if (v.type == LATHE_TYPE_DATE)
      result->constant.days = AT(int32_t, &v, 0);
    else if (v.type != LATHE_TYPE_STRING)
      result->constant.integer = AT(int64_t, &v, 0);
    else
      fine = expression_keep(e, AT(lathe_text, &v, 0).data, AT(lathe_text, &v, 0).size,
                             &result->constant.text, error);
  }
  if (fine) vector_release(&m, &v);
  machine_close(&m);
  return fine;
}
