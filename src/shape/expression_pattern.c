/* expression_pattern.c - regular expressions of PCRE2, which is opened when a pattern is first used. A pattern is compiled once,
 * to machine code where that is allowed; each text has a limit of steps, so that a hostile pattern ends with a sentence. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "../base/library.h"
#include "expression_own.h"

#define PCRE2_SYMBOLS(row)                                                                                   \
  row(compile) row(code_free) row(jit_compile) row(match) row(match_data_create) row(match_data_free)        \
      row(match_context_create) row(match_context_free) row(set_match_limit) row(set_heap_limit)             \
          row(get_ovector_pointer) row(get_error_message) row(pattern_info) row(substitute)

static struct pcre2 {
#define FIELD(name) __typeof__(PCRE2_SUFFIX(pcre2_##name##_)) *name;
  PCRE2_SYMBOLS(FIELD)
#undef FIELD
} pcre2;

static bool pcre2_open(lathe_error *error) {
  static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
  static bool opened;
  pthread_mutex_lock(&lock);
  bool there = opened;
  if (!there) {
#define LOAD(name)                                                                                           \
  (pcre2.name =                                                                                              \
       (__typeof__(pcre2.name))lathe_library_symbol(LATHE_LIBRARY_PCRE2, "pcre2_" #name "_8", error)) &&
    there = PCRE2_SYMBOLS(LOAD) true;
#undef LOAD
    opened = there;
  }
  pthread_mutex_unlock(&lock);
  return there;
}

enum {
  GROUPS = 64,
  STEPS = 1000000, /* of one match */
  HEAP = 20000,    /* kB */
};

typedef struct matcher {
  pcre2_match_data *data;
  pcre2_match_context *context;
} matcher;

static matcher *matcher_of(machine *m, lathe_error *error) {
  if (m->match) return m->match;
  matcher *x = lathe_memory_new(1, sizeof *x, error);
  if (!x) return NULL;
  x->data = pcre2.match_data_create(GROUPS, NULL);
  x->context = pcre2.match_context_create(NULL);
  m->match = x;
  if (!x->data || !x->context) {
    lathe_error_set(error, LATHE_ERROR_MEMORY, "no memory to match a pattern with");
    return NULL;
  }
  pcre2.set_match_limit(x->context, STEPS);
  pcre2.set_heap_limit(x->context, HEAP);
  return x;
}

void pattern_match_free(void *match) {
  matcher *x = match;
  if (!x) return;
  pcre2.match_data_free(x->data);
  pcre2.match_context_free(x->context);
  free(x);
}

static void pattern_free(void *extra) {
  pcre2.code_free(extra);
}

/* ---- before the first row ---- */

static bool prepare(lathe_expression *e, node *n, lathe_error *error) {
  lathe_text text = n->args[1]->constant.text;
  if (!pcre2_open(error)) return false;
  int number;
  PCRE2_SIZE place;
  pcre2_code *code =
      pcre2.compile((PCRE2_SPTR)text.data, text.size,
                    PCRE2_UTF | PCRE2_NO_UTF_CHECK | PCRE2_NEVER_BACKSLASH_C, &number, &place, NULL);
  if (!code) {
    PCRE2_UCHAR words[200];
    pcre2.get_error_message(number, words, sizeof words);
    return expression_fail(e, n->args[1]->at, error, "this pattern cannot be used: %s (at byte %zu of it)",
                           (char *)words, (size_t)place + 1);
  }
  n->extra = code;
  n->extra_free = pattern_free;
  pcre2.jit_compile(code, PCRE2_JIT_COMPLETE); /* where it is not allowed, the interpreter does the same */
  return true;
}

static bool prepare_extract(lathe_expression *e, node *n, lathe_error *error) {
  if (!prepare(e, n, error)) return false;
  uint32_t groups;
  pcre2.pattern_info(n->extra, PCRE2_INFO_CAPTURECOUNT, &groups);
  int64_t group = n->count == 3 ? n->args[2]->constant.integer : 0;
  if (group >= 0 && group <= (int64_t)groups && group < GROUPS) return true;
  return expression_fail(e, n->args[2]->at, error,
                         "there is no group %lld: the pattern has %u, and 0 is all that it matches",
                         (long long)group, groups);
}

static bool prepare_replace(lathe_expression *e, node *n, lathe_error *error) {
  if (!prepare(e, n, error)) return false;
  lathe_text with = n->args[2]->constant.text;
  uint32_t groups;
  pcre2.pattern_info(n->extra, PCRE2_INFO_CAPTURECOUNT, &groups);
  for (size_t i = 0; i < with.size; i++) {
    if (with.data[i] != '$') continue;
    char next = i + 1 < with.size ? with.data[++i] : '\0';
    if (next == '$' || (next >= '0' && next <= '9' && (uint32_t)(next - '0') <= groups)) continue;
    if (next == '{') continue;
    return expression_fail(e, n->args[2]->at, error,
                           "a $ stands before the number of a group ($0 is all that matches, and "
                           "the pattern has %u), or twice for itself",
                           groups);
  }
  return true;
}

/* ---- rows ---- */

/* What PCRE2 says when it cannot match. */
static bool refuse(machine *m, const node *n, vector *out, int64_t row, int number, lathe_error *error) {
  if (number == PCRE2_ERROR_MATCHLIMIT || number == PCRE2_ERROR_HEAPLIMIT || number == PCRE2_ERROR_DEPTHLIMIT)
    return machine_fail(m, n, out, row, error,
                        "the pattern takes more than %d steps for this text; make it simpler, with "
                        "fewer repeats within repeats",
                        STEPS);
  PCRE2_UCHAR words[200];
  pcre2.get_error_message(number, words, sizeof words);
  return machine_fail(m, n, out, row, error, "the pattern cannot be matched: %s", (char *)words);
}

/* The first match in `text`: as pcre2_match. */
static int match(const node *n, matcher *x, lathe_text text) {
  uint32_t options = PCRE2_NO_UTF_CHECK;
  int number = pcre2.match(n->extra, (PCRE2_SPTR)text.data, text.size, 0, options, x->data, x->context);
  if (number == PCRE2_ERROR_JIT_STACKLIMIT)
    number = pcre2.match(n->extra, (PCRE2_SPTR)text.data, text.size, 0, options | PCRE2_NO_JIT, x->data,
                         x->context);
  return number;
}

static bool matches(machine *m, const node *n, vector *args, vector *out, lathe_error *error) {
  matcher *x = matcher_of(m, error);
  if (!x) return false;
  uint64_t *bits = memset(out->own_values, 0, WORDS * sizeof(uint64_t));
  for (int64_t i = 0; i < m->rows; i++) {
    if (!row_there(out, i)) continue;
    int number = match(n, x, AT(lathe_text, &args[0], i));
    if (number < PCRE2_ERROR_NOMATCH && !refuse(m, n, out, i, number, error)) return false;
    bits[i >> 6] |= (uint64_t)(number >= 0) << (i & 63);
  }
  return true;
}

static bool extract(machine *m, const node *n, vector *args, vector *out, lathe_error *error) {
  matcher *x = matcher_of(m, error);
  if (!x) return false;
  size_t group = n->count == 3 ? (size_t)n->args[2]->constant.integer : 0;
  for (int64_t i = 0; i < m->rows; i++) {
    lathe_text text = AT(lathe_text, &args[0], i), *result = (lathe_text *)out->own_values + i;
    *result = (lathe_text){"", 0};
    if (!row_there(out, i)) continue;
    int number = match(n, x, text);
    if (number < PCRE2_ERROR_NOMATCH) {
      if (!refuse(m, n, out, i, number, error)) return false;
      continue;
    }
    const PCRE2_SIZE *places = pcre2.get_ovector_pointer(x->data);
    bool found = number >= 0 && (number == 0 || (int)group < number) && places[2 * group] != PCRE2_UNSET &&
                 places[2 * group] <= places[2 * group + 1];
    if (found) {
      *result = (lathe_text){text.data + places[2 * group], places[2 * group + 1] - places[2 * group]};
      continue;
    }
    uint64_t *valid = vector_narrow(m, out, error);
    if (!valid) return false;
    valid[i >> 6] &= ~(UINT64_C(1) << (i & 63));
  }
  return true;
}

static int substitute(const node *n, matcher *x, lathe_text text, char *to, size_t *size) {
  lathe_text with = n->args[2]->constant.text;
  uint32_t options = PCRE2_SUBSTITUTE_GLOBAL | PCRE2_SUBSTITUTE_OVERFLOW_LENGTH |
                     PCRE2_SUBSTITUTE_UNSET_EMPTY | PCRE2_NO_UTF_CHECK;
  for (int round = 0;; round++) {
    int number = pcre2.substitute(n->extra, (PCRE2_SPTR)text.data, text.size, 0, options, x->data, x->context,
                                  (PCRE2_SPTR)with.data, with.size, (PCRE2_UCHAR *)to, size);
    if (number != PCRE2_ERROR_JIT_STACKLIMIT || round) return number;
    options |= PCRE2_NO_JIT;
  }
}

static bool replace_pattern(machine *m, const node *n, vector *args, vector *out, lathe_error *error) {
  matcher *x = matcher_of(m, error);
  if (!x) return false;
  for (int64_t i = 0; i < m->rows; i++) {
    lathe_text text = AT(lathe_text, &args[0], i), *result = (lathe_text *)out->own_values + i;
    *result = text;
    if (!row_there(out, i)) continue;
    int number = match(n, x, text);
    if (number == PCRE2_ERROR_NOMATCH) continue;
    size_t room = text.size * 2 + 64, size = room;
    char *to = machine_text(m, room, error);
    if (!to) return false;
    if (number >= 0) number = substitute(n, x, text, to, &size);
    if (number == PCRE2_ERROR_NOMEMORY) { /* `size` is what it takes */
      if (!(to = machine_text(m, size, error))) return false;
      number = substitute(n, x, text, to, &size);
    }
    if (number >= 0)
      *result = (lathe_text){to, size};
    else if (!refuse(m, n, out, i, number, error))
      return false;
  }
  return true;
}

const function pattern_functions[] = {
    {"matches", "tKt=b", matches, true, 0, prepare},
    {"extract", "tKt?Ki=t", extract, true, 0, prepare_extract},
    {"replace_pattern", "tKtKt=t", replace_pattern, true, 0, prepare_replace},
    {0},
};
