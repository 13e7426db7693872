/* contract_own.h - what the files of a contract share. */
#ifndef LATHE_LOOK_CONTRACT_OWN_H
#define LATHE_LOOK_CONTRACT_OWN_H

#include <stdatomic.h>

#include "contract.h"

typedef struct contract_rule {
  char *name;
  lathe_type type;
  bool missing, optional, unique;
  bool bounded_below, bounded_above;
  double least, most; /* days of a date, seconds of a timestamp */
  char **words;       /* ascending by bytes; NULL: any */
  int32_t word_count;
} contract_rule;

struct lathe_contract {
  atomic_int references;
  bool others;
  contract_rule *rules;
  int32_t count;
  char *text;
};

lathe_contract *contract_new(lathe_error *error);
contract_rule *contract_add(lathe_contract *contract, const char *name, size_t size, lathe_error *error);
bool contract_add_word(contract_rule *rule, lathe_text word, lathe_error *error);
void contract_sort_words(contract_rule *rule);

/* Whether a text is among the words. */
bool contract_has_word(const contract_rule *rule, lathe_text text);

/* A bound as people write it: a number, or a date or timestamp. `out` holds 32. */
lathe_text contract_bound(const contract_rule *rule, double bound, char *out);

#endif
