/* table.c - named columns of one length. A hash index over the names makes finding one of 100,000 columns one
 * look. */
#include <limits.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "../base/hash.h"
#include "../base/memory.h"
#include "own.h"
#include "table.h"
#include "words.h"

struct lathe_table {
  _Atomic int32_t holders;
  int32_t count;
  int64_t rows;
  char **names;
  lathe_column **columns;
  int32_t *slots; /* open addressing: column + 1, or 0 */
  uint64_t mask;
};

static int32_t *slot_of(const lathe_table *table, const char *name) {
  uint64_t at = lathe_hash_quick(name, strlen(name), 0) & table->mask;
  while (table->slots[at] && strcmp(table->names[table->slots[at] - 1], name) != 0)
    at = (at + 1) & table->mask;
  return &table->slots[at];
}

static bool check_columns(int32_t count, const char *const *names, lathe_column *const *columns,
                          lathe_error *error) {
  if (count < 1) return lathe_error_set(error, LATHE_ERROR_ARGUMENT, "a table needs at least one column");
  for (int32_t i = 0; i < count; i++) {
    size_t size = strlen(names[i]);
    if (size == 0)
      return lathe_error_set(error, LATHE_ERROR_ARGUMENT, "column %d has no name; give it one", i + 1);
    if (lathe_text_valid(names[i], size) != size)
      return lathe_error_set(error, LATHE_ERROR_ARGUMENT,
                             "the name of column %d is not UTF-8; give it another", i + 1);
    if (columns[i]->rows != columns[0]->rows)
      return lathe_error_set(
          error, LATHE_ERROR_ARGUMENT,
          "column \"%s\" has %lld rows, \"%s\" has %lld; columns of a table are equally long", names[i],
          (long long)columns[i]->rows, names[0], (long long)columns[0]->rows);
  }
  return true;
}

static bool add_column(lathe_table *table, const char *name, lathe_column *column, lathe_error *error) {
  int32_t *slot = slot_of(table, name);
  if (*slot)
    return lathe_error_set(error, LATHE_ERROR_ARGUMENT, "two columns are named \"%s\"; rename one of them",
                           name);
  table->names[table->count] = lathe_memory_text(name, strlen(name), error);
  if (!table->names[table->count]) return false;
  table->columns[table->count++] = lathe_column_retain(column);
  *slot = table->count;
  return true;
}

lathe_table *lathe_table_new(int32_t count, const char *const *names, lathe_column *const *columns,
                             lathe_error *error) {
  if (!check_columns(count, names, columns, error)) return NULL;
  lathe_table *table = lathe_memory_new(1, sizeof *table, error);
  if (!table) return NULL;
  atomic_init(&table->holders, 1);
  table->rows = columns[0]->rows;
  table->mask = 8;
  while (table->mask < (uint64_t)count * 2) table->mask *= 2;
  table->names = lathe_memory_new((size_t)count, sizeof *table->names, error);
  table->columns = lathe_memory_new((size_t)count, sizeof(lathe_column *), error);
  table->slots = lathe_memory_new(table->mask--, sizeof *table->slots, error);
  bool fine = table->names && table->columns && table->slots;
  for (int32_t i = 0; i < count && fine; i++) fine = add_column(table, names[i], columns[i], error);
  if (fine) return table;
  lathe_table_release(table);
  return NULL;
}

/* A name made from `name` that `words` lacks is added to it, and to `made`. */
static bool mend_name(lathe_words *words, const lathe_words *given, const char *name, lathe_buffer *made,
                      lathe_error *error) {
  int32_t code = lathe_words_add_name(words, name, strlen(name), given, error);
  if (code < 0) return false;
  lathe_text mended = lathe_words_text(words, code);
  return lathe_buffer_append(made, mended.data, mended.size, error) &&
         lathe_buffer_append(made, "", 1, error);
}

lathe_table *lathe_table_assemble(int32_t count, const char *const *names, lathe_column *const *columns,
                                  lathe_error *error) {
  lathe_words words = {0}, given = {0};
  lathe_buffer made = {0};
  lathe_table *table = NULL;
  const char **list = lathe_memory_new((size_t)(count > 0 ? count : 0), sizeof *list, error);
  bool fine = list != NULL;
  for (int32_t i = 0; i < count && fine; i++)
    fine = lathe_words_add(&given, names[i], strlen(names[i]), error) >= 0;
  for (int32_t i = 0; i < count && fine; i++) fine = mend_name(&words, &given, names[i], &made, error);
  for (size_t i = 0, at = 0; fine && i < (size_t)count; i++, at += strlen(made.data + at) + 1)
    list[i] = made.data + at;
  if (fine) table = lathe_table_new(count, list, columns, error);
  free(list);
  lathe_buffer_free(&made);
  lathe_words_free(&words);
  lathe_words_free(&given);
  return table;
}

lathe_table *lathe_table_retain(lathe_table *table) {
  atomic_fetch_add_explicit(&table->holders, 1, memory_order_relaxed);
  return table;
}

void lathe_table_release(lathe_table *table) {
  if (!table || atomic_fetch_sub_explicit(&table->holders, 1, memory_order_acq_rel) != 1) return;
  for (int32_t i = 0; i < table->count; i++) {
    free(table->names[i]);
    lathe_column_release(table->columns[i]);
  }
  free(table->names);
  free(table->columns);
  free(table->slots);
  free(table);
}

int64_t lathe_table_rows(const lathe_table *table) {
  return table->rows;
}

int32_t lathe_table_columns(const lathe_table *table) {
  return table->count;
}

const char *lathe_table_name(const lathe_table *table, int32_t index) {
  return table->names[index];
}

lathe_column *lathe_table_column(const lathe_table *table, int32_t index) {
  return table->columns[index];
}

int64_t lathe_table_bytes(const lathe_table *table) {
  int64_t bytes = 0;
  for (int32_t i = 0; i < table->count; i++) bytes += lathe_column_bytes(table->columns[i]);
  return bytes;
}

int32_t lathe_table_find(const lathe_table *table, const char *name) {
  return *slot_of(table, name) - 1;
}

int32_t lathe_table_need(const lathe_table *table, const char *name, lathe_error *error) {
  int32_t index = lathe_table_find(table, name);
  if (index >= 0) return index;
  int64_t best = INT64_MAX;
  for (int32_t i = 0; i < table->count; i++) {
    int64_t distance = lathe_text_distance(name, table->names[i]);
    if (distance < best) best = distance, index = i;
  }
  lathe_error_set(error, LATHE_ERROR_ARGUMENT,
                  "there is no column \"%.200s\"; the nearest name is \"%.200s\"", name, table->names[index]);
  return -1;
}

static void hash_column(lathe_hasher *hasher, const lathe_column *column) {
  int64_t head[3] = {column->type, column->rows, column->missing};
  lathe_hasher_add(hasher, head, sizeof head);
  if (column->validity) lathe_hasher_add(hasher, column->validity, lathe_bit_bytes(column->rows));
  lathe_hasher_add(hasher, column->values, lathe_column_value_bytes(column->type, column->rows));
  if (column->type == LATHE_TYPE_STRING)
    lathe_hasher_add(hasher, column->bytes, (size_t)((const int64_t *)column->values)[column->rows]);
  if (column->dictionary) hash_column(hasher, column->dictionary);
}

bool lathe_table_hash(const lathe_table *table, char *out, lathe_error *error) {
  lathe_hasher *hasher = lathe_hasher_new(error);
  if (!hasher) return false;
  for (int32_t i = 0; i < table->count; i++) {
    lathe_hasher_add(hasher, table->names[i], strlen(table->names[i]) + 1);
    hash_column(hasher, table->columns[i]);
  }
  lathe_hasher_finish(hasher, out);
  lathe_hasher_free(hasher);
  return true;
}
