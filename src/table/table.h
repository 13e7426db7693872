/* table.h - immutable tables: named columns of one length. Columns are shared by count and never changed in
 * place, so any thread may read any table. Names are unique, not empty, UTF-8. */
#ifndef LATHE_TABLE_TABLE_H
#define LATHE_TABLE_TABLE_H

#include "../base/progress.h"
#include "column.h"

typedef struct lathe_table lathe_table;

/* A table of `count` columns, which it retains. */
lathe_table *lathe_table_new(int32_t count, const char *const *names, lathe_column *const *columns,
                             lathe_error *error);

/* The same for names that come from elsewhere: an empty one becomes "column_N", a repeated one gets "_2", "_3", ... */
lathe_table *lathe_table_assemble(int32_t count, const char *const *names, lathe_column *const *columns,
                                  lathe_error *error);

lathe_table *lathe_table_retain(lathe_table *table);
void lathe_table_release(lathe_table *table);

int64_t lathe_table_rows(const lathe_table *table);
int32_t lathe_table_columns(const lathe_table *table);
const char *lathe_table_name(const lathe_table *table, int32_t index);
lathe_column *lathe_table_column(const lathe_table *table, int32_t index); /* borrowed */
int64_t lathe_table_bytes(const lathe_table *table);

/* The index of a column, or -1; `_need` sets an error that names the nearest column there is. */
int32_t lathe_table_find(const lathe_table *table, const char *name);
int32_t lathe_table_need(const lathe_table *table, const char *name, lathe_error *error);

/* The hash of names, types and values (33 bytes): equal tables, equal hash. */
bool lathe_table_hash(const lathe_table *table, char *out, lathe_error *error);

/* The rows at `rows`, in that order. */
lathe_table *lathe_table_take(const lathe_table *table, const int64_t *rows, int64_t count,
                              lathe_progress *progress, lathe_error *error);

/* Save as a safetensors file (see table_file.c for its arrays): the same table gives the same bytes. Load
 * maps it: the columns lie in the file and are checked, not copied. `looks`: how often the rows were measured on
 * when they are sealed, -1 when they are not; load takes NULL when nobody wants to know. */
bool lathe_table_save(const lathe_table *table, const char *path, int64_t looks, lathe_error *error);
lathe_table *lathe_table_load(const char *path, int64_t *looks, lathe_error *error);

#endif
