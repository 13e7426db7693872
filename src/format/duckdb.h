/* duckdb.h - tables for DuckDB to query, and its answers as tables.
 *
 * lua/lathe/duckdb.lua finds the library, opens databases and prepares statements; here is what loops over rows or is
 * called from DuckDB's threads. A table is scanned where it lies: texts are not copied, numbers go 2048 at a time into
 * DuckDB's vectors, and only of the columns that a query names.
 *
 *   lathe  bool     int64   float64  string   category  date  timestamp
 *   SQL    BOOLEAN  BIGINT  DOUBLE   VARCHAR  ENUM      DATE  TIMESTAMP
 *
 * A category of no words, or of more than 60000, is VARCHAR. Answers come by the rules of table/arrow.h. */
#ifndef LATHE_FORMAT_DUCKDB_H
#define LATHE_FORMAT_DUCKDB_H

#include "../table/arrow.h"

typedef struct lathe_duckdb lathe_duckdb;

/* The tables that a connection of DuckDB sees, for the library at `path` (which is loaded already) and its open
 * connection. It adds the table function lathe_table(number) to it. Release before or after the connection is closed. */
lathe_duckdb *lathe_duckdb_new(const char *path, void *connection, lathe_error *error);
void lathe_duckdb_release(lathe_duckdb *duckdb);

/* Lend a table: its number, or -1. Take it back: queries that run keep it until they end. */
int64_t lathe_duckdb_lend(lathe_duckdb *duckdb, lathe_table *table, lathe_error *error);
void lathe_duckdb_take_back(lathe_duckdb *duckdb, int64_t number);

/* Run a prepared statement (a duckdb_prepared_statement) to its end: false with DuckDB's words, or when `progress` was
 * cancelled. `*table` is the answer, or NULL for a statement without one. */
bool lathe_duckdb_run(lathe_duckdb *duckdb, void *statement, lathe_arrow_decimals decimals,
                      lathe_table **table, lathe_progress *progress, lathe_error *error);

#endif
