/* Contracts: any bytes give a contract, which then reads back as it was written and checks a table, or an error. */
#include <stdlib.h>
#include <string.h>

#include "look/contract.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  lathe_error error = {0};
  lathe_contract *contract = lathe_contract_parse((const char *)data, size, "fuzz", &error);
  if (!contract) {
    if (error.code == LATHE_ERROR_NONE) abort();
    return 0;
  }
  const double numbers[] = {1, -2.5, 1e300};
  const lathe_text texts[] = {{"a", 1}, {"", 0}, {NULL, 0}};
  lathe_column *columns[] = {lathe_column_from_float64(numbers, 3, NULL),
                             lathe_column_from_text(texts, 3, NULL)};
  lathe_table *table = lathe_table_new(2, (const char *const[]){"a", "b"}, columns, NULL);
  int64_t total = 0;
  lathe_table *found = lathe_contract_check(contract, table, false, 10, &total, NULL, &error);
  if (!found || lathe_table_rows(found) > total) abort();
  const char *text = lathe_contract_text(contract, &error);
  lathe_contract *again = text ? lathe_contract_parse(text, strlen(text), "again", &error) : NULL;
  if (!again || strcmp(lathe_contract_text(again, &error), text) != 0) abort();
  lathe_contract_release(again);
  lathe_contract_release(contract);
  lathe_table_release(found);
  lathe_table_release(table);
  for (int i = 0; i < 2; i++) lathe_column_release(columns[i]);
  return 0;
}
