/* forest_search.c - the best split of a node by features that are drawn. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../../base/memory.h"
#include "forest.h"

enum { FEW_CLASSES = 64 }; /* that are counted in slots */

void lathe_forest_search_free(forest_search *search) {
  if (!search) return;
  free(search->whole);
  free(search->local);
  for (int32_t k = 0; k <= FOREST_KEYS; k++) free(search->key[k]);
  free(search->ordered);
  free(search->present);
  free(search->sorted);
  free(search->scratch);
  free(search->of_left);
  free(search->of_right);
  free(search->class_slot);
  free(search->order);
  free(search->best_order);
  free(search->category_weight);
  free(search->category_sum);
  free(search->category);
  free(search->list);
  free(search);
}

/* Memory for classes and categories; all else by rows. */
static bool make_room(forest_search *search, size_t rows, size_t classes, size_t categories,
                      lathe_error *error) {
  bool fine = true;
  for (int32_t k = 0; k <= FOREST_KEYS; k++)
    fine = fine && (search->key[k] = lathe_memory_raw(rows, sizeof(uint16_t), error)) != NULL;
  search->local = lathe_memory_raw(rows, sizeof *search->local, error);
  search->ordered = lathe_memory_raw(categories > 0 ? rows : 0, sizeof(uint16_t), error);
  search->present = lathe_memory_raw(rows, sizeof(int32_t), error);
  search->sorted = lathe_memory_raw(rows, sizeof(uint64_t), error);
  search->scratch = lathe_memory_raw(rows, sizeof(uint64_t), error);
  search->whole = lathe_memory_new(classes, sizeof(double), error);
  search->of_left = lathe_memory_new(classes, sizeof(double), error);
  search->of_right = lathe_memory_new(classes, sizeof(double), error);
  search->order = lathe_memory_raw(categories, sizeof(uint16_t), error);
  search->best_order = lathe_memory_raw(categories, sizeof(uint16_t), error);
  search->category_weight = lathe_memory_new(categories, sizeof(double), error);
  search->category_sum = lathe_memory_raw(categories, sizeof(double), error);
  search->category = lathe_memory_raw(categories, sizeof(int32_t), error);
  search->list = lathe_memory_raw(categories, sizeof *search->list, error);
  if (classes > 0 && classes <= FEW_CLASSES)
    fine = fine &&
           (search->class_slot = lathe_memory_raw(FOREST_SLOTS * classes, sizeof(double), error)) != NULL;
  return fine && search->local && search->ordered && search->present && search->sorted && search->scratch &&
         search->whole && search->of_left && search->of_right && search->order && search->best_order &&
         search->category_weight && search->category_sum && search->category && search->list;
}

forest_search *lathe_forest_search_new(const lathe_forest_data *data, const lathe_forest_limits *limits,
                                       lathe_error *error) {
  forest_search *search = lathe_memory_new(1, sizeof *search, error);
  if (!search) return NULL;
  const lathe_ranks *ranks = data->ranks;
  int32_t most = 0;
  for (int32_t j = 0; j < ranks->features; j++)
    if (ranks->categories[j] > most) most = ranks->categories[j];
  search->data = data;
  search->limits = limits;
  search->room = ranks->rows;
  search->classes = data->table->classes > 2 || (data->table->classes == 2 && limits->entropy);
  if (make_room(search, (size_t)ranks->rows, (size_t)data->table->classes, (size_t)most, error))
    return search;
  lathe_forest_search_free(search);
  return NULL;
}

/* ---- the order of ranks ---- */

static void insert(uint64_t *list, int32_t count) {
  for (int32_t i = 1; i < count; i++) {
    uint64_t one = list[i];
    int32_t at = i;
    for (; at > 0 && list[at - 1] > one; at--) list[at] = list[at - 1];
    list[at] = one;
  }
}

/* By digits of 8 bits of key - low, the lowest first. */
static void sort_digits(forest_search *search, int32_t count, uint32_t range) {
  for (int digit = 0; digit < (range >> 8 ? 2 : 1); digit++) {
    int32_t place[257] = {0};
    int shift = 32 + 8 * digit;
    for (int32_t i = 0; i < count; i++) place[(search->sorted[i] >> shift & 255) + 1]++;
    for (int32_t d = 0; d < 256; d++) place[d + 1] += place[d];
    for (int32_t i = 0; i < count; i++)
      search->scratch[place[search->sorted[i] >> shift & 255]++] = search->sorted[i];
    uint64_t *swap = search->sorted;
    search->sorted = search->scratch;
    search->scratch = swap;
  }
}

/* Into 256 buckets of keys - low, and those in order. Few rows are in one, or else digits do better. */
static void sort_buckets(forest_search *search, int32_t count, uint32_t range) {
  enum { BUCKETS = 256, CROWD = 64 };
  int32_t place[BUCKETS + 1] = {0}, most = 0;
  int shift = 32;
  while (range >> (shift - 32) >= BUCKETS) shift++;
  for (int32_t i = 0; i < count; i++) place[(search->sorted[i] >> shift) + 1]++;
  for (int32_t b = 0; b < BUCKETS; b++) {
    most = place[b + 1] > most ? place[b + 1] : most;
    place[b + 1] += place[b];
  }
  if (shift > 32 && most > CROWD) {
    sort_digits(search, count, range);
    return;
  }
  for (int32_t i = 0; i < count; i++)
    search->scratch[place[search->sorted[i] >> shift]++] = search->sorted[i];
  uint64_t *swap = search->sorted;
  search->sorted = search->scratch;
  search->scratch = swap;
  if (shift > 32) insert(search->sorted, count);
}

int32_t forest_sort(forest_search *search, const forest_column *column, uint16_t low, uint16_t high) {
  enum { FEW = 24, MANY = 4096 };
  int32_t count = 0;
  uint64_t *sorted = search->sorted;
  uint32_t range = (uint32_t)(high - low);
  for (int32_t i = 0; i < column->count; i++) {
    int32_t place = column->place ? column->place[i] : i;
    uint32_t key = (uint32_t)column->key[place] - low;
    sorted[count] = (uint64_t)key << 32 | (uint32_t)place;
    count += key <= range;
  }
  if (count <= FEW)
    insert(sorted, count);
  else if (count <= MANY)
    sort_buckets(search, count, range);
  else
    sort_digits(search, count, range);
  for (int32_t i = 0; i < count; i++) search->sorted[i] += (uint64_t)low << 32;
  return count;
}

/* ---- one feature ---- */

static void search_ordered(forest_search *search, const forest_column *column, forest_split *best) {
  if (search->classes)
    forest_search_classes(search, column, best);
  else
    forest_search_numbers(search, column, best);
}

static void try_cut(forest_search *search, const forest_column *column, int32_t cut, forest_split *best) {
  if (search->classes)
    forest_try_classes(search, column, cut, best);
  else
    forest_try_numbers(search, column, cut, best);
}

/* The last rank whose values are not above `value`, from `low` to `high` - 1. */
static int32_t find_cut(const double *greatest, int32_t low, int32_t high, double value) {
  int32_t below = low, above = high;
  while (above - below > 1) {
    int32_t middle = below + (above - below) / 2;
    if (greatest[middle] <= value)
      below = middle;
    else
      above = middle;
  }
  return below;
}

/* The same; of few rows by a look at each, for the search waits for memory at every step. */
static int32_t cut_at(const forest_column *column, const double *greatest, double value) {
  enum { FEW = 48 };
  if (column->count > FEW) return find_cut(greatest, column->low, column->high, value);
  int32_t cut = column->low;
  for (int32_t i = 0; i < column->count; i++) {
    int32_t key = column->key[column->place ? column->place[i] : i];
    cut = greatest[key] <= value && key > cut ? key : cut;
  }
  return cut;
}

/* A threshold drawn between the least and the greatest value of the node. */
static void try_random(forest_search *search, const forest_column *column, forest_split *best) {
  const lathe_ranks *ranks = search->data->ranks;
  const double *least = ranks->low[column->feature], *greatest = ranks->high[column->feature];
  double low = least[column->low], high = greatest[column->high], u = lathe_random_uniform(&search->random);
  double threshold = low * (1 - u) + high * u, before = best->gain;
  if (!(threshold < high) || !(threshold >= low)) threshold = low;
  if (column->low == column->high) return;
  int32_t cut = cut_at(column, greatest, threshold);
  try_cut(search, column, cut, best);
  if (best->gain > before && greatest[cut] <= threshold && threshold < least[best->next])
    best->threshold = threshold;
}

static int compare_keys(const void *a, const void *b) {
  const forest_place *one = a, *two = b;
  if (one->key != two->key) return one->key < two->key ? -1 : 1;
  return one->category < two->category ? -1 : one->category > two->category;
}

/* Order the categories of the node by their mean y, by the share of a class, or by chance. Gives how many there are. */
static int32_t order_categories(forest_search *search, const forest_column *column, int32_t key_class) {
  forest_place *list = search->list;
  int32_t count = 0;
  for (int32_t i = 0; i < column->count; i++) {
    int32_t place = column->place ? column->place[i] : i, c = column->key[place];
    const forest_row *row = &search->row[place];
    if (search->category_weight[c] == 0) {
      search->category[count++] = c;
      search->category_sum[c] = 0;
    }
    search->category_weight[c] += row->weight;
    search->category_sum[c] += row->weight * (search->classes ? row->code == key_class : row->y);
  }
  for (int32_t i = 0; i < count; i++) {
    int32_t c = search->category[i];
    list[i] = (forest_place){search->category_sum[c] / search->category_weight[c], c};
    search->category_weight[c] = 0;
  }
  if (search->limits->extra)
    for (int32_t i = 0; i < count; i++) list[i].key = lathe_random_uniform(&search->random);
  qsort(list, (size_t)count, sizeof *list, compare_keys);
  for (int32_t i = 0; i < count; i++) search->order[list[i].category] = (uint16_t)i;
  return count;
}

static void search_order(forest_search *search, const forest_column *column, int32_t key_class,
                         forest_split *best) {
  forest_column ordered = *column;
  double before = best->gain;
  int32_t count = order_categories(search, column, key_class);
  for (int32_t i = 0; i < column->count; i++) {
    int32_t place = column->place ? column->place[i] : i;
    search->ordered[place] = search->order[column->key[place]];
  }
  ordered.key = search->ordered;
  ordered.low = 0;
  ordered.high = (uint16_t)(count - 1);
  if (!search->limits->extra)
    search_ordered(search, &ordered, best);
  else if (count > 1)
    try_cut(search, &ordered, (int32_t)lathe_random_below(&search->random, (uint64_t)count - 1), best);
  if (!(best->gain > before)) return;
  uint16_t *swap = search->order;
  search->order = search->best_order;
  search->best_order = swap;
}

/* Categories in the order that is best for numbers and two classes; of a few classes in that of each in turn, of many in that of the
 * heaviest. */
static void search_categories(forest_search *search, const forest_column *column, forest_split *best) {
  enum { FEW = 8 };
  int32_t classes = search->data->table->classes, heaviest = 0;
  for (int32_t k = 1; search->classes && k < classes; k++)
    if (search->whole[k] > search->whole[heaviest]) heaviest = k;
  if (!search->classes || classes == 2 || classes > FEW || search->limits->extra) {
    search_order(search, column, heaviest, best);
    return;
  }
  for (int32_t k = 0; k < classes; k++) search_order(search, column, k, best);
}

/* Its ranks are in `key`: what is known, what is missing, the least and the greatest. */
static forest_column describe(forest_search *search, int32_t feature, const uint16_t *key) {
  forest_column column = {.feature = feature, .key = key, .count = search->rows};
  if (search->data->ranks->gaps[feature]) {
    int32_t known = 0, missing = search->rows;
    for (int32_t i = 0; i < search->rows; i++) {
      if (key[i] == LATHE_RANKS_MISSING)
        search->present[--missing] = i;
      else
        search->present[known++] = i;
    }
    column.count = known;
    column.missing = search->rows - known;
    column.place = search->present;
    column.missing_place = search->present + known;
  }
  uint16_t low = UINT16_MAX, high = 0;
  if (column.missing == 0) {
    for (int32_t i = 0; i < search->rows; i++) {
      low = key[i] < low ? key[i] : low;
      high = key[i] > high ? key[i] : high;
    }
    column.place = NULL;
  } else {
    for (int32_t i = 0; i < column.count; i++) {
      low = key[column.place[i]] < low ? key[column.place[i]] : low;
      high = key[column.place[i]] > high ? key[column.place[i]] : high;
    }
  }
  column.low = low;
  column.high = high;
  return column;
}

static void search_feature(forest_search *search, int32_t feature, int32_t slot, forest_split *best) {
  forest_column column = describe(search, feature, search->key[slot]);
  double before = best->gain;
  if (column.count == 0 || (column.low == column.high && column.missing == 0)) return;
  if (search->data->ranks->categories[feature] > 0)
    search_categories(search, &column, best);
  else if (search->limits->extra)
    try_random(search, &column, best);
  else
    search_ordered(search, &column, best);
  if (!(best->gain > before)) return;
  uint16_t *swap = search->key[slot];
  search->key[slot] = search->key[FOREST_KEYS];
  search->key[FOREST_KEYS] = swap;
}

/* ---- the node ---- */

static void gather(forest_search *search, const int32_t *feature, int32_t count) {
  const lathe_ranks *ranks = search->data->ranks;
  for (int32_t i = 0; i < search->rows; i++) {
    const uint16_t *rank = ranks->rank + (int64_t)search->row[i].row * ranks->step;
    for (int32_t k = 0; k < count; k++) search->key[k][i] = rank[feature[k]];
  }
}

static void measure(forest_search *search) {
  int32_t classes = search->data->table->classes;
  double weight = 0, sum = 0;
  for (int32_t i = 0; i < search->rows; i++) {
    weight += search->row[i].weight;
    sum += search->row[i].weight * search->row[i].y;
  }
  search->weight = weight;
  if (!search->classes) {
    double mean = sum / weight;
    for (int32_t i = 0; i < search->rows; i++) {
      const forest_row *row = &search->row[i];
      search->local[i] = (forest_sum){row->weight, row->weight * (row->y - mean), 1, 0};
    }
    return;
  }
  for (int32_t k = 0; k < classes; k++) search->whole[k] = 0;
  for (int32_t i = 0; i < search->rows; i++) search->whole[search->row[i].code] += search->row[i].weight;
  search->worth = 0;
  for (int32_t k = 0; k < classes; k++) {
    double of = search->whole[k];
    if (of > 0) search->worth += search->limits->entropy ? of * log(of) : of * of;
  }
  if (search->limits->entropy)
    search->worth -= weight * log(weight);
  else
    search->worth /= weight;
}

void lathe_forest_search_node(forest_search *search, const forest_row *row, int32_t rows, int32_t *pool,
                              forest_split *best) {
  int32_t features = search->data->ranks->features, wanted = search->limits->features, seen = 0;
  search->row = row;
  search->rows = rows;
  measure(search);
  *best = (forest_split){.gain = -1};
  while (seen < features && (seen < wanted || best->gain < 0)) {
    int32_t count = seen < wanted ? wanted - seen : 1;
    if (count > FOREST_KEYS) count = FOREST_KEYS;
    for (int32_t k = 0; k < count; k++) {
      int32_t at = seen + k,
              other = at + (int32_t)lathe_random_below(&search->random, (uint64_t)(features - at));
      int32_t swap = pool[at];
      pool[at] = pool[other];
      pool[other] = swap;
    }
    gather(search, pool + seen, count);
    for (int32_t k = 0; k < count; k++) search_feature(search, pool[seen + k], k, best);
    seen += count;
  }
}
