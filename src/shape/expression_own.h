/* expression_own.h - what the files of an expression share.
 *
 *   expression_token.c   text to tokens
 *   expression_parse.c   the grammar: tokens to nodes
 *   expression_build.c   nodes with types: conversions, folding of what is constant
 *   expression_call.c    which function a name and the types of its arguments mean
 *   expression_run.c     a table through the root, chunks on the pool
 *   expression_machine.c a block of rows through the nodes
 *   expression_compare.c, _number.c, _text.c, _pattern.c, _date.c, _cast.c, _set.c    kernels: one function, one block
 *
 * A node evaluates to a vector: BLOCK rows or fewer of one type, which stay in cache. Truth values are bits; a
 * category has become text. The rows for which a node must be right are the machine's `active` ones: the
 * branch of an `if` that is not taken, and the right side of an `and` whose left is false, raise nothing. */
#ifndef LATHE_SHAPE_EXPRESSION_OWN_H
#define LATHE_SHAPE_EXPRESSION_OWN_H

#include "../base/memory.h"
#include "../base/personal_form.h"
#include "../table/own.h"
#include "expression.h"

enum {
  BLOCK = 2048, /* rows of a vector */
  WORDS = BLOCK / 64,
  SLOT = BLOCK * 16, /* bytes of a vector's values */
  CHUNK = 65536,     /* rows of a chunk: a multiple of BLOCK */
  NESTING = 200,     /* brackets and operators within each other in the text */
  DEPTH = 1000,      /* of the tree: 1 + 1 + 1 ... is deep, but not nested */
  NODES = 100000,
  ARGUMENTS = 1000,
};

/* The most bytes of text that a block makes. */
#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
enum { TEXT_LIMIT = 1 << 24 };
#else
enum { TEXT_LIMIT = 1 << 30 };
#endif

typedef struct node node;
typedef struct machine machine;

typedef struct vector {
  lathe_type type;       /* never CATEGORY */
  bool constant;         /* values[0] is that of every row; never so for BOOL */
  const void *values;    /* BOOL: bits in words, STRING: lathe_text, otherwise as in a column */
  const uint64_t *valid; /* bits in words; NULL: nothing is missing */
  void *own_values;      /* a slot, or NULL */
  uint64_t *own_valid;   /* a small slot, or NULL */
} vector;

typedef union scalar {
  int64_t integer;
  double number;
  int32_t days;
  bool truth;
  lathe_text text; /* lives in the expression */
} scalar;

/* Compute `out->values` (a slot is there already) of `machine->rows` rows from `args`. The validity of `out` is the AND
 * of theirs and may be narrowed with `vector_narrow`. Values of missing rows are read but never used; texts of missing
 * rows are empty. */
typedef bool (*kernel)(machine *m, const node *n, vector *args, vector *out, lathe_error *error);

typedef struct function {
  const char *name;
  const char *signature; /* see expression_call.c */
  kernel run;
  bool raises;
  int32_t variant;                                                   /* for the kernel */
  bool (*prepare)(lathe_expression *e, node *n, lathe_error *error); /* its constant arguments; or NULL */
} function;

typedef enum node_kind {
  NODE_CONSTANT,
  NODE_COLUMN,
  NODE_CALL,
  NODE_AND,
  NODE_OR,
  NODE_IF,       /* condition, value, condition, value, ..., otherwise */
  NODE_COALESCE, /* the first that is there */
  NODE_TRY,      /* what cannot be computed is missing */
  NODE_PRESENT,  /* is not missing */
  NODE_LOOKUP,   /* args[0] over the dictionary of one category column, once */
} node_kind;

typedef enum text_form {
  FORM_OPEN, /* a category when all of it comes from one category column */
  FORM_CATEGORY,
  FORM_STRING,
} text_form;

enum { NO_COLUMN = -1, SEVERAL_COLUMNS = -2 };

struct node {
  node_kind kind;
  lathe_type type;
  bool missing; /* a constant that is missing; `untyped` when nothing has given it a type yet */
  bool untyped;
  bool raises;    /* it, or something below it, may fail for a row */
  text_form form; /* how a text comes when it is the whole expression */
  int32_t column; /* NODE_COLUMN, NODE_LOOKUP: its number in the expression */
  int32_t lookup; /* NODE_LOOKUP: which */
  int32_t only;   /* the one column that it depends on, or NO_COLUMN, SEVERAL_COLUMNS */
  int32_t at;     /* byte of the text */
  int32_t depth;
  int32_t count;
  node **args;
  const function *function;
  scalar constant;
  void *extra; /* what the function has prepared: a pattern, a set */
  void (*extra_free)(void *extra);
};

typedef struct source_column {
  char *name;
  lathe_type type;
} source_column;

struct lathe_expression {
  char *text;
  node **nodes; /* all there are, freed together */
  int32_t count, capacity;
  char **texts; /* bytes of constants */
  int32_t text_count, text_capacity;
  source_column *columns; /* those that are used */
  int32_t column_count, column_capacity;
  const lathe_table *schema; /* while it is parsed */
  int32_t lookups;
  node *root;
};

/* ---- running ---- */

/* What all chunks of one run share. */
typedef struct run {
  const lathe_expression *expression;
  const lathe_column **columns; /* by the number in the expression */
  lathe_column **lookups;       /* NULL: that node is computed row by row */
  int64_t rows;
  bool rowless; /* constants are folded: errors name no row */
} run;

struct machine {
  const run *run;
  int64_t first; /* the block's first row in the table */
  int64_t rows;  /* of the block */
  bool lenient;  /* inside try */
  const uint64_t *active;
  void **slots;
  int32_t slot_count, slot_capacity;
  uint64_t **bits;
  int32_t bit_count, bit_capacity;
  char **arenas; /* texts of this block */
  size_t *arena_sizes;
  int32_t arena_count, arena_capacity, arena_now;
  size_t arena_used, text_size; /* in the arena; in all of this block */
  void *match;                  /* pattern.c: what a thread needs to match */
};

bool machine_evaluate(machine *m, const node *n, vector *out, lathe_error *error);
void machine_close(machine *m);
void *machine_slot(machine *m, lathe_error *error);
uint64_t *machine_bits(machine *m, lathe_error *error);
void vector_release(machine *m, vector *v);

/* `size` bytes that live until the next block. */
char *machine_text(machine *m, size_t size, lathe_error *error);

/* `out`'s validity as bits of its own, to clear some of them. NULL with `error`. */
uint64_t *vector_narrow(machine *m, vector *out, lathe_error *error);

/* Row `row` of the block cannot be computed: inside `try` it becomes missing (true), where nobody looks too; otherwise an
 * error that names the row and what `format` says. */
/* A text of the first argument of `n` as an error may show it. `out` holds LATHE_SHOWN bytes. */
lathe_text machine_shown(const machine *m, const node *n, lathe_text text, char *out);

bool machine_fail(machine *m, const node *n, vector *out, int64_t row, lathe_error *error, const char *format,
                  ...) LATHE_PRINTF(6, 7);

/* Fold a node whose arguments are constant: its value into `result`; false when it cannot be computed. */
bool machine_fold(lathe_expression *expression, const node *n, node *result, lathe_error *error);

/* expression_run.c: all rows of `r` through `root`. */
lathe_column *run_node(const run *r, const node *root, lathe_progress *progress, lathe_error *error);

/* How many words of bits `rows` take. */
static inline int64_t words_of(int64_t rows) {
  return (rows + 63) / 64;
}

static inline bool bit_at(const uint64_t *bits, int64_t i) {
  return bits[i >> 6] >> (i & 63) & 1;
}

static inline bool row_there(const vector *v, int64_t i) {
  return !v->valid || bit_at(v->valid, i);
}

/* The element at `i`, constant or not. */
#define AT(type, v, i) (((const type *)(v)->values)[(v)->constant ? 0 : (i)])

/* ---- building ---- */

/* An error at `at` in the text; always NULL. */
void *expression_fail(const lathe_expression *e, int32_t at, lathe_error *error, const char *format, ...)
    LATHE_PRINTF(4, 5);

node *node_new(lathe_expression *e, node_kind kind, int32_t at, lathe_error *error);

/* Give `n` its arguments, and what follows from them. */
bool node_arguments(lathe_expression *e, node *n, node **args, int32_t count, lathe_error *error);

/* `n`, or the constant that it is. What cannot be computed stays and fails where a row needs it. */
node *node_folded(lathe_expression *e, node *n, lathe_error *error);

node *node_constant(lathe_expression *e, lathe_type type, scalar constant, int32_t at, lathe_error *error);
node *node_missing(lathe_expression *e, int32_t at, lathe_error *error);
node *node_column(lathe_expression *e, const char *name, int32_t at, lathe_error *error);

/* A call by name with its arguments; the name may be an operator's. `at` is its place. */
node *node_call(lathe_expression *e, const char *name, node **args, int32_t count, int32_t at,
                lathe_error *error);
node *node_special(lathe_expression *e, node_kind kind, node **args, int32_t count, int32_t at,
                   lathe_error *error);
node *node_in(lathe_expression *e, node *what, node **list, int32_t count, int32_t at, lathe_error *error);

/* A copy of a text that lives as long as the expression. */
bool expression_keep(lathe_expression *e, const char *text, size_t size, lathe_text *kept,
                     lathe_error *error);

/* `n` as `type`, by a cast node where it is needed; NULL with an error where no cast is. */
node *node_as(lathe_expression *e, node *n, lathe_type type, lathe_error *error);

/* All of `args` as one type, which is `*type`. `what` names them in the error. */
bool nodes_unify(lathe_expression *e, node **args, int32_t count, lathe_type *type, const char *what,
                 lathe_error *error);

/* Whether a constant text is a date or a time, and which. */
bool text_as_moment(const node *n, lathe_type *type);

const char *node_type_word(const node *n);

static inline bool node_is_number(const node *n) {
  return n->type == LATHE_TYPE_INT64 || n->type == LATHE_TYPE_FLOAT64;
}

static inline bool node_is_moment(const node *n) {
  return n->type == LATHE_TYPE_DATE || n->type == LATHE_TYPE_TIMESTAMP;
}

/* The last look at the whole: lookups over dictionaries are put where they help. */
bool expression_finish(lathe_expression *e, node *root, lathe_error *error);

/* The cast from a type to another; NULL when there is none. */
const function *cast_find(lathe_type from, lathe_type to);

/* The kernels, by file. */
extern const function compare_functions[], number_functions[], text_functions[], pattern_functions[],
    date_functions[];

/* How much of a text fits in a sentence. */
static inline int text_shown(lathe_text text) {
  return (int)lathe_text_fit(text.data, text.size, 40);
}

/* expression_cast.c: a text as a value of a type (spaces around numbers do not count). */
bool text_to_value(lathe_text text, lathe_type type, scalar *out);

/* in-lists: a set made once from constants. */
bool set_prepare(lathe_expression *e, node *n, node **list, int32_t count, lathe_error *error);
extern const function set_function;

/* expression_pattern.c: what a thread needed to match. */
void pattern_match_free(void *match);

#endif
