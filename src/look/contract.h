/* contract.h - what a table has to be like: its columns, their types, and what may stand in them.
 *
 * A contract is inferred from a table that is known to be good, kept as JSON that people edit, and checked wherever rows come in:
 *
 *   { "contract": 1, "others": true, "columns": [
 *       { "name": "age", "type": "int64", "missing": false, "least": 17, "most": 90 },
 *       { "name": "day", "type": "date", "least": "2024-01-01" },
 *       { "name": "city", "type": "category", "values": ["Bonn", "Oslo"], "unique": false } ] }
 *
 * "others": columns that are not named may be there. "missing": elements may be missing (true when left out). "optional": the column may
 * be absent. "least", "most": bounds that belong to what is allowed. "values": the only texts. "unique": no value stands twice. An int64
 * may come as a float64 without fractions, a category as a string, a date as a timestamp at its beginning. */
#ifndef LATHE_LOOK_CONTRACT_H
#define LATHE_LOOK_CONTRACT_H

#include "../table/table.h"

typedef struct lathe_contract lathe_contract;

/* What holds for every row of `table`: types, what is missing, bounds of numbers and dates, and the texts of categories that have at
 * most `words` of them. */
lathe_contract *lathe_contract_infer(const lathe_table *table, int32_t words, lathe_error *error);

/* JSON in memory (`name` stands for the file in errors), and back: owned by the contract. */
lathe_contract *lathe_contract_parse(const char *text, size_t size, const char *name, lathe_error *error);
const char *lathe_contract_text(lathe_contract *contract, lathe_error *error);
lathe_contract *lathe_contract_retain(lathe_contract *contract);
void lathe_contract_release(lathe_contract *contract);

/* What of `table` breaks it: a table (row int64, from 1, 0 for a whole column; column, rule, value, limit: strings) of at most `limit` rows,
 * of none when all is well. `total` counts them all. `present`: columns that are absent or not named are not looked at. */
lathe_table *lathe_contract_check(const lathe_contract *contract, const lathe_table *table, bool present,
                                  int64_t limit, int64_t *total, lathe_progress *progress,
                                  lathe_error *error);

/* The first thing that breaks it as an error that names row and column, whose name is copied to `column` (256 bytes). */
bool lathe_contract_hold(const lathe_contract *contract, const lathe_table *table, char *column,
                         lathe_error *error);

#endif
