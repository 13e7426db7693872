/* operator.h - what a graph is made of, for those who build, run and write one down.
 *
 * An operator has one value, `width` columns for each row, and takes the values of operators before it.
 * Numbers are double, missing is NaN; codes are int32, -1 is no code; texts are only looked up. What it has
 * learned are the arrays that its row of traits names; they belong to the graph, or to the bundle that the
 * graph was opened from. */
#ifndef LATHE_GRAPH_OPERATOR_H
#define LATHE_GRAPH_OPERATOR_H

#include "../base/safetensors.h"
#include "graph.h"

enum { LATHE_OPERATOR_TENSORS = 10, LATHE_GRAPH_WIDTH = 1 << 22, LATHE_GRAPH_OPERATORS = 1 << 16 };

typedef enum lathe_operator_kind {
  LATHE_OPERATOR_NUMBER,      /* a raw column of numbers */
  LATHE_OPERATOR_TEXT,        /* a raw column of texts */
  LATHE_OPERATOR_CODE,        /* text to its place in a sorted vocabulary */
  LATHE_OPERATOR_IMPUTE,      /* NaN to fill[column]; a fill of NaN leaves it */
  LATHE_OPERATOR_SCALE,       /* (x - mean[column]) / scale[column] */
  LATHE_OPERATOR_ONE_HOT,     /* code to columns of 0 and 1; codes below `first` have no column */
  LATHE_OPERATOR_CONCAT,      /* columns side by side */
  LATHE_OPERATOR_LINEAR,      /* x weights + bias; weights (width of x, width) row-major */
  LATHE_OPERATOR_LINEAR_INT8, /* the same with weights int8 * float32 scale[column], rounded to float32 */
  LATHE_OPERATOR_LOGISTIC,    /* one column z to two: 1 / (1 + exp(z)), 1 / (1 + exp(-z)) */
  LATHE_OPERATOR_SOFTMAX,     /* exp(x) / sum of exp(x) over the columns */
  LATHE_OPERATOR_SELECT,      /* columns place[column] of x */
  LATHE_OPERATOR_LOOKUP, /* code to row `code` of value (words + 2, width); its last rows are for missing and unknown */
  LATHE_OPERATOR_TREES,       /* an ensemble of decision trees; see trees.h */
  LATHE_OPERATOR_EXP,         /* e^x */
  LATHE_OPERATOR_LOG,         /* ln x */
  LATHE_OPERATOR_LOG_ODDS,    /* of probabilities; this and the next two are told in probabilities.h */
  LATHE_OPERATOR_INTERPOLATE, /* one column between knots */
  LATHE_OPERATOR_SHARES,      /* one column p to 1 - p and p, several to parts of their sum */
  LATHE_OPERATOR_NUMBER_CODE, /* one column of numbers to the place among sorted ones */
  LATHE_OPERATOR_RECODE,      /* code to code: map[code], whose last elements are for missing and unknown */
  LATHE_OPERATOR_DATE_PARTS,  /* one column of days, or of seconds, to parts of the date; see date_parts.h */
  LATHE_OPERATOR_NGRAMS,      /* text to how often each of some n-grams comes in it; see ngrams.h */
  LATHE_OPERATOR_DENSE,       /* as LINEAR, of float32 numbers; see product.h */
  LATHE_OPERATOR_DENSE_INT8,  /* the same with weights int8 * float32 scale[column] */
  LATHE_OPERATOR_RELU,        /* activations, of float32 numbers; see activation.h */
  LATHE_OPERATOR_GELU,
  LATHE_OPERATOR_TANH,
  LATHE_OPERATOR_SIGMOID,
  LATHE_OPERATOR_EMBED, /* a column of codes to rows of value (length, width); the last one is for NaN and codes that are none of them */
  LATHE_OPERATOR_CLIP,  /* x limited to low[column] .. high[column] */
  LATHE_OPERATOR_OUTSIDE, /* 1 where x is below low[column] or above high[column], else 0 */
  LATHE_OPERATOR_ABSENT,  /* 1 where x is missing, else 0 */
  LATHE_OPERATOR_BIN, /* one column to the code of its bin: how many edges are not above it; -2: missing */
  LATHE_OPERATOR_PRODUCT,     /* products of columns of x; factor (degree, width) has their places */
  LATHE_OPERATOR_PROJECT,     /* x weights, as linear, but never quantized */
  LATHE_OPERATOR_QUANTILE,    /* the place of x among the quantiles of its column, 0 .. 1; see curves.c */
  LATHE_OPERATOR_PROBIT,      /* the quantile of the standard normal distribution of x */
  LATHE_OPERATOR_YEO_JOHNSON, /* the power transform of Yeo and Johnson with lambda[column] */
  LATHE_OPERATOR_BOX_COX,     /* that of Box and Cox; missing unless x > 0 */
  LATHE_OPERATOR_NEIGHBOURS,  /* NaN to the mean of the nearest training rows; see neighbours.c */
  LATHE_OPERATOR_KINDS,
} lathe_operator_kind;

typedef enum lathe_value_kind {
  LATHE_VALUE_NONE,
  LATHE_VALUE_NUMBERS,
  LATHE_VALUE_TEXT,
  LATHE_VALUE_CODES
} lathe_value_kind;

typedef struct lathe_operator {
  lathe_operator_kind kind;
  int32_t width;
  int32_t inputs;
  const int32_t *input; /* the operators whose values it takes */
  const char *name;     /* number, text: the raw column; number_code: the one that its numbers are of */
  lathe_type type;      /* number, text: its type in training */
  int32_t words; /* code, n-grams: size of the vocabulary; number_code, recode, bin: the codes there are */
  const lathe_text *word; /* code, n-grams: ascending by bytes; each ends in NUL */
  int32_t missing;        /* code, number_code: the code of a missing one; -1: that of an unknown one; -2 */
  bool strict;            /* code, number_code: one that is not in the vocabulary is an error */
  const char *fill;       /* n-grams: what a missing text is; NULL: a text without words */
  int32_t first;          /* one-hot: the first code that has a column */
  int32_t length;         /* the elements of its arrays of shape LIST */
  const void *tensor[LATHE_OPERATOR_TENSORS]; /* as traits say */
  int64_t size[LATHE_OPERATOR_TENSORS];       /* the elements of arrays of shape FREE */
  const void *packed; /* what its traits make of the arrays, to run faster; the graph's */
} lathe_operator;

/* The shape of an array of an operator. */
typedef enum lathe_tensor_shape {
  LATHE_SHAPE_ROW,    /* (width) */
  LATHE_SHAPE_MATRIX, /* (width of the input, width) */
  LATHE_SHAPE_WORDS,  /* (words of the input + 2, width) */
  LATHE_SHAPE_LIST,   /* (length) */
  LATHE_SHAPE_TABLE,  /* (length, width) */
  LATHE_SHAPE_FREE,   /* (any number): node->size */
} lathe_tensor_shape;

typedef struct lathe_operator_tensor {
  const char *name;
  lathe_dtype dtype;
  lathe_tensor_shape shape;
} lathe_operator_tensor;

typedef struct lathe_block lathe_block;

/* One row for each kind: its word in a bundle, what it takes and gives, its arrays, and how it runs. */
typedef struct lathe_operator_traits {
  const char *name;
  lathe_value_kind takes, gives;
  int32_t inputs_least, inputs_most;
  lathe_operator_tensor tensor[LATHE_OPERATOR_TENSORS];
  bool (*run)(const lathe_operator *node, const lathe_block *block, int32_t index, lathe_error *error);
  bool width_free; /* its width does not follow from its inputs */
  /* Whether what its arrays hold can be run (NULL: whatever they hold); they may come from a bundle that somebody made up. */
  bool (*check)(const lathe_graph *graph, const lathe_operator *node);
  /* Make node->packed, which free() will end. NULL: there is none. */
  void *(*pack)(const lathe_graph *graph, const lathe_operator *node, lathe_error *error);
} lathe_operator_traits;

const lathe_operator_traits *lathe_operator_traits_of(lathe_operator_kind kind);

/* The shape of array `index` (its rank), and its elements. */
int32_t lathe_operator_shape(const lathe_graph *graph, const lathe_operator *node, int32_t index,
                             int64_t shape[2]);
int64_t lathe_operator_count(const lathe_graph *graph, const lathe_operator *node, int32_t index);

/* A graph being built. The output is the last operator. */
lathe_graph *lathe_graph_new(lathe_error *error);

/* Check `operator` and append a copy of it; its index, or -1 with an error. Its arrays are copied, unless the
 * graph was given the file that holds them. Its width is worked out, but for the linear ones. */
int32_t lathe_graph_add(lathe_graph *graph, const lathe_operator *node, lathe_error *error);
bool lathe_graph_set_output_name(lathe_graph *graph, const char *name, lathe_error *error);
/* The name of the output, of one target (none: it stays as it is) or of several. */
bool lathe_graph_set_targets(lathe_graph *graph, int32_t count, const char *const *names, lathe_error *error);
bool lathe_graph_copy_targets(lathe_graph *graph, const lathe_graph *from, lathe_error *error);
/* Make it a classification: the names of the columns of the output. */
bool lathe_graph_set_classes(lathe_graph *graph, lathe_type type, int32_t count, const lathe_text *names,
                             lathe_error *error);
/* The classes of another graph, and its threshold. */
bool lathe_graph_copy_classes(lathe_graph *graph, const lathe_graph *from, lathe_error *error);
/* The probability from which the second of two classes is taken for the row's class; NaN: the more probable one is. */
bool lathe_graph_set_threshold(lathe_graph *graph, double threshold, lathe_error *error);
/* What decisions cost, (classes, classes), copied; NULL: nothing is said of that. They take the place of a threshold. */
bool lathe_graph_set_costs(lathe_graph *graph, const double *costs, lathe_error *error);
/* A copy that may be added to: all operators, without classes. */
lathe_graph *lathe_graph_copy(const lathe_graph *graph, lathe_error *error);
void lathe_graph_set_file(lathe_graph *graph, lathe_tensor_file *file);

const lathe_operator *lathe_graph_operator(const lathe_graph *graph, int32_t index);

/* While a recipe is learned: over `table`, and over no other, the value of operator `index` (numbers) is `values`, (width, rows), a column
 * after the other. So training rows can have values that were learned without them. On success the graph owns `values`. */
bool lathe_graph_stand_in(lathe_graph *graph, int32_t index, const lathe_table *table, double *values,
                          lathe_error *error);
/* What stands in for operator `index` over `table`, or NULL. */
const double *lathe_graph_standing_in(const lathe_graph *graph, int32_t index, const lathe_table *table);
void lathe_graph_end_stand_ins(lathe_graph *graph);
/* Let what stands in for operator `old` of another graph do so for operator `index`, which is a copy of it. */
bool lathe_graph_move_stand_in(lathe_graph *graph, int32_t index, lathe_graph *from, int32_t old,
                               lathe_error *error);

/* The vocabulary entry equal to `text`, or -1. */
int32_t lathe_operator_find(const lathe_operator *node, lathe_text text);

/* The place of a number among `count` ascending ones, or -1. */
int32_t lathe_number_find(const double *values, int32_t count, double number);

#endif
