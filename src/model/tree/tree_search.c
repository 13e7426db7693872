/* tree_search.c - the best split of one node by one feature.
 *
 * Rows go from the right side to the left one by one, and wherever the next value differs the two sides are judged. A side keeps its
 * weight and one sum s: of a regression of weight * target, by the Gini index of squared class weights, by entropy of w log w of class
 * weights. The gain of a split is that of s * s / w, s / w or s - w log w, left and right, over that of the node. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../../base/memory.h"
#include "tree.h"

typedef struct {
  double weight, sum;
  int32_t rows;
} side;

struct lathe_tree_search {
  const lathe_tree_data *data;
  const lathe_tree_limits *limits;
  double *value;                 /* (rows) of the node, in order */
  int32_t *order;                /* (rows) rows of the node by the rank of their category */
  double *key, *total;           /* (categories + 1) */
  int32_t *rank, *ranked, *many; /* (categories + 1) */
  double *of_left, *of_right;    /* (classes) their weights */
};

void lathe_tree_search_free(lathe_tree_search *search) {
  if (!search) return;
  free(search->value);
  free(search->order);
  free(search->key);
  free(search->total);
  free(search->rank);
  free(search->ranked);
  free(search->many);
  free(search->of_left);
  free(search->of_right);
  free(search);
}

lathe_tree_search *lathe_tree_search_new(const lathe_tree_data *data, const lathe_tree_limits *limits,
                                         int32_t rows, lathe_error *error) {
  lathe_tree_search *search = lathe_memory_new(1, sizeof *search, error);
  if (!search) return NULL;
  size_t most = 0, classes = (size_t)data->classes;
  for (int32_t j = 0; j < data->features; j++)
    if (data->categories[j] > 0 && (size_t)data->categories[j] + 1 > most)
      most = (size_t)data->categories[j] + 1;
  search->data = data;
  search->limits = limits;
  search->value = lathe_memory_raw((size_t)rows, sizeof(double), error);
  search->order = lathe_memory_raw(most > 0 ? (size_t)rows : 0, sizeof(int32_t), error);
  search->key = lathe_memory_raw(most, sizeof(double), error);
  search->total = lathe_memory_raw(most, sizeof(double), error);
  search->rank = lathe_memory_raw(most, sizeof(int32_t), error);
  search->ranked = lathe_memory_raw(most, sizeof(int32_t), error);
  search->many = lathe_memory_raw(most, sizeof(int32_t), error);
  search->of_left = lathe_memory_new(classes, sizeof(double), error);
  search->of_right = lathe_memory_new(classes, sizeof(double), error);
  if (search->value && search->order && search->key && search->total && search->rank && search->ranked &&
      search->many && search->of_left && search->of_right)
    return search;
  lathe_tree_search_free(search);
  return NULL;
}

typedef enum { VARIANCE, GINI, ENTROPY } measure;

static measure measure_of(const lathe_tree_search *search) {
  if (search->data->classes == 0) return VARIANCE;
  return search->limits->entropy ? ENTROPY : GINI;
}

static inline double weight_of(const lathe_tree_data *data, int32_t row) {
  return data->weight ? data->weight[row] : 1;
}

static inline double x_log_x(double x) {
  return x > 0 ? x * log(x) : 0;
}

/* What a change of the weight of a class from `before` to `after` adds to the sum of a side. */
static inline double change(measure by, double before, double after) {
  return by == GINI ? (after - before) * (after + before) : x_log_x(after) - x_log_x(before);
}

static inline double worth(measure by, side one) {
  if (!(one.weight > 0)) return 0;
  switch (by) {
  case VARIANCE:
    return one.sum * one.sum / one.weight;
  case GINI:
    return one.sum / one.weight;
  default:
    return one.sum - x_log_x(one.weight);
  }
}

/* Add rows (all on the right side at first) to one side. */
static inline void add_row(lathe_tree_search *search, measure by, side *to, double *of, int32_t row) {
  double weight = weight_of(search->data, row);
  to->weight += weight;
  to->rows++;
  if (by == VARIANCE) {
    to->sum += weight * search->data->centred[row];
  } else {
    double *mine = &of[search->data->code[row]];
    to->sum += change(by, *mine, *mine + weight);
    *mine += weight;
  }
}

static inline void move_row(lathe_tree_search *search, measure by, side *left, side *right, int32_t row) {
  double weight = weight_of(search->data, row);
  left->weight += weight;
  left->rows++;
  right->weight -= weight;
  right->rows--;
  if (by == VARIANCE) {
    double sum = weight * search->data->centred[row];
    left->sum += sum;
    right->sum -= sum;
  } else {
    int32_t code = search->data->code[row];
    double *to = &search->of_left[code], *from = &search->of_right[code];
    double less = *from - weight;
    if (less < 1e-12 * weight) less = 0; /* of weights that are no whole numbers something is left over */
    left->sum += change(by, *to, *to + weight);
    right->sum += change(by, *from, less);
    *to += weight;
    *from = less;
  }
}

double lathe_tree_between(double low, double high) {
  double middle = low / 2 + high / 2;
  return middle >= high || !(middle >= low) ? low : middle;
}

/* Move the first `present` rows left, one by one; `missing` are behind them and stay right, or are on the left from the start. */
static inline void scan(lathe_tree_search *search, measure by, const int32_t *order, int32_t present,
                        int32_t missing, bool missing_left, lathe_tree_split *found) {
  side left = {0, 0, 0}, right = {0, 0, 0};
  const double *value = search->value;
  int32_t least = search->limits->min_leaf;
  for (int32_t i = 0; i < present; i++) add_row(search, by, &right, search->of_right, order[i]);
  for (int32_t i = present; i < present + missing; i++)
    add_row(search, by, missing_left ? &left : &right, missing_left ? search->of_left : search->of_right,
            order[i]);
  int32_t last = missing > 0 && !missing_left ? present : present - 1;
  for (int32_t i = 0; i < last; i++) {
    move_row(search, by, &left, &right, order[i]);
    if (i + 1 < present && !(value[i + 1] > value[i])) continue;
    if (left.rows < least || right.rows < least) continue;
    double gain = worth(by, left) + worth(by, right);
    if (!(gain > found->gain)) continue;
    found->gain = gain;
    found->threshold = i + 1 < present ? lathe_tree_between(value[i], value[i + 1]) : INFINITY;
    found->missing_left = missing > 0 ? missing_left : left.rows > right.rows;
  }
  if (by == VARIANCE) return;
  for (int32_t i = 0; i < present + missing; i++)
    search->of_left[search->data->code[order[i]]] = search->of_right[search->data->code[order[i]]] = 0;
}

static void scan_both(lathe_tree_search *search, const int32_t *order, int32_t present, int32_t missing,
                      lathe_tree_split *found) {
  for (int way = 0; way < (missing > 0 ? 2 : 1); way++) switch (measure_of(search)) {
    case VARIANCE:
      scan(search, VARIANCE, order, present, missing, way, found);
      break;
    case GINI:
      scan(search, GINI, order, present, missing, way, found);
      break;
    default:
      scan(search, ENTROPY, order, present, missing, way, found);
    }
}

static void search_numbers(lathe_tree_search *search, const int32_t *order, int32_t rows, int32_t feature,
                           lathe_tree_split *found) {
  const lathe_tree_data *data = search->data;
  const double *x = data->x + (size_t)feature * (size_t)data->rows;
  int32_t present = rows;
  while (data->gaps[feature] && present > 0 && isnan(x[order[present - 1]])) present--;
  if (present == 0 || (present == rows && !(x[order[0]] < x[order[rows - 1]]))) return;
  for (int32_t i = 0; i < present; i++) search->value[i] = x[order[i]];
  scan_both(search, order, present, rows - present, found);
}

static int32_t category_of(double value, int32_t categories) {
  return value >= 0 && value < categories ? (int32_t)value : categories;
}

static _Thread_local const double *keys_of_sort;
static int compare_keys(const void *a, const void *b) {
  int32_t one = *(const int32_t *)a, two = *(const int32_t *)b;
  double p = keys_of_sort[one], q = keys_of_sort[two];
  if (p != q) return p < q ? -1 : 1;
  return one < two ? -1 : one > two;
}

/* Rank the categories of the node (what is missing is one more) by their mean target, or by the share of class `key_class`. Gives how
 * many there are; those that are not have rank -1. */
static int32_t rank_categories(lathe_tree_search *search, const int32_t *order, int32_t rows, int32_t feature,
                               int32_t key_class) {
  const lathe_tree_data *data = search->data;
  const double *x = data->x + (size_t)feature * (size_t)data->rows;
  int32_t categories = data->categories[feature], count = 0;
  for (int32_t k = 0; k <= categories; k++) {
    search->key[k] = search->total[k] = 0;
    search->many[k] = 0;
    search->rank[k] = -1;
  }
  for (int32_t i = 0; i < rows; i++) {
    int32_t row = order[i], k = category_of(x[row], categories);
    double weight = weight_of(data, row);
    search->total[k] += weight;
    search->key[k] += weight * (data->classes == 0 ? data->target[row] : data->code[row] == key_class);
    search->many[k]++;
  }
  for (int32_t k = 0; k <= categories; k++) {
    if (search->many[k] == 0) continue;
    search->key[k] /= search->total[k];
    search->ranked[count++] = k;
  }
  keys_of_sort = search->key;
  qsort(search->ranked, (size_t)count, sizeof *search->ranked, compare_keys);
  for (int32_t i = 0; i < count; i++) search->rank[search->ranked[i]] = i;
  return count;
}

/* The rows by the rank of their category, and the ranks as their values. */
static void order_by_rank(lathe_tree_search *search, const int32_t *order, int32_t rows, int32_t feature,
                          int32_t count) {
  const lathe_tree_data *data = search->data;
  const double *x = data->x + (size_t)feature * (size_t)data->rows;
  int32_t categories = data->categories[feature], place = 0;
  for (int32_t i = 0; i < count; i++) {
    int32_t k = search->ranked[i], many = search->many[k];
    search->many[k] = place;
    place += many;
  }
  for (int32_t i = 0; i < rows; i++) {
    int32_t k = category_of(x[order[i]], categories), at = search->many[k]++;
    search->order[at] = order[i];
    search->value[at] = search->rank[k];
  }
}

/* The class by whose share categories are ranked: of two the second, of a few each in turn, of many the most frequent one. */
static int32_t most_frequent(lathe_tree_search *search, const int32_t *order, int32_t rows) {
  int32_t best = search->data->code[order[0]];
  for (int32_t i = 0; i < rows; i++) {
    int32_t code = search->data->code[order[i]];
    search->of_left[code] += weight_of(search->data, order[i]);
    if (search->of_left[code] > search->of_left[best]) best = code;
  }
  for (int32_t i = 0; i < rows; i++) search->of_left[search->data->code[order[i]]] = 0;
  return best;
}

static void search_categories(lathe_tree_search *search, const int32_t *order, int32_t rows, int32_t feature,
                              lathe_tree_split *found) {
  enum { FEW = 8 };
  int32_t classes = search->data->classes, first = 0, last = 0;
  if (classes == 2)
    first = last = 1;
  else if (classes > FEW)
    first = last = most_frequent(search, order, rows);
  else if (classes > 2)
    last = classes - 1;
  for (int32_t k = first; k <= last; k++) {
    int32_t count = rank_categories(search, order, rows, feature, k);
    if (count < 2) return;
    order_by_rank(search, order, rows, feature, count);
    double before = found->gain;
    scan_both(search, search->order, rows, 0, found);
    if (found->gain > before) found->key_class = k;
  }
}

void lathe_tree_search_feature(lathe_tree_search *search, const lathe_tree_node *node, const int32_t *order,
                               int32_t feature, lathe_tree_split *best) {
  lathe_tree_split found = {.gain = best->gain, .feature = feature};
  int32_t rows = node->end - node->begin;
  if (search->data->categories[feature] > 0)
    search_categories(search, order, rows, feature, &found);
  else
    search_numbers(search, order, rows, feature, &found);
  if (found.gain > best->gain) *best = found;
}

bool lathe_tree_search_set(lathe_tree_search *search, const lathe_tree_node *node, const int32_t *order,
                           const lathe_tree_split *split, uint32_t *set) {
  int32_t categories = search->data->categories[split->feature];
  rank_categories(search, order, node->end - node->begin, split->feature, split->key_class);
  memset(set, 0, (size_t)(categories / 32 + 1) * sizeof *set);
  for (int32_t k = 0; k < categories; k++) {
    int32_t rank = search->rank[k];
    if (rank < 0 ? split->missing_left : rank <= split->threshold) set[k / 32] |= 1u << (k % 32);
  }
  int32_t gap = search->rank[categories];
  return gap < 0 ? split->missing_left : gap <= split->threshold;
}
