/* forest_numbers.c - the best cut of a node by the weighted variance of y.
 *
 * With y less the mean of the node, whose sum is then 0, a cut with weight w and sum s on its left gains s^2 W / (w (W - w)), where W is the
 * weight of the node. For two classes, y being 0 and 1, this is half the gain by the Gini index. Cuts are compared without dividing. */
#include <string.h>

#include "forest.h"

typedef struct {
  double above, below; /* the gain / W as a fraction */
  int32_t cut, next;
  bool missing_left;
} finding;

typedef struct {
  double weight;
  double rows, least;
} whole;

static inline void consider(const whole *all, const forest_sum *left, int32_t cut, int32_t next,
                            bool missing_left, finding *found) {
  if (left->rows < all->least || all->rows - left->rows < all->least) return;
  double below = left->weight * (all->weight - left->weight), above = left->sum * left->sum;
  if (!(above * found->below > found->above * below)) return;
  *found = (finding){above, below, cut, next, missing_left};
}

static inline void add(forest_sum *to, const forest_sum *one) {
  to->weight += one->weight;
  to->sum += one->sum;
  to->rows += one->rows;
}

/* Cuts between rows in the order of their ranks; `left` is what is there before the first. */
static void scan_sorted(const forest_search *search, int32_t count, forest_sum left, const whole *all,
                        bool missing_left, finding *found) {
  const uint64_t *sorted = search->sorted;
  const forest_sum *local = search->local;
  for (int32_t i = 0; i + 1 < count; i++) {
    add(&left, &local[(uint32_t)sorted[i]]);
    uint16_t key = forest_key(sorted[i]), next = forest_key(sorted[i + 1]);
    if (key != next) consider(all, &left, key, next, missing_left, found);
  }
}

typedef struct {
  int32_t shift, slots;
} slicing;

static slicing fill_slots(forest_search *search, const forest_column *column) {
  slicing by = {0, 0};
  while ((column->high - column->low) >> by.shift >= FOREST_SLOTS) by.shift++;
  by.slots = ((column->high - column->low) >> by.shift) + 1;
  memset(search->slot, 0, (size_t)by.slots * sizeof *search->slot);
  for (int32_t i = 0; i < column->count; i++) {
    int32_t place = column->place ? column->place[i] : i;
    forest_sum *slot = &search->slot[(column->key[place] - column->low) >> by.shift];
    const forest_sum *one = &search->local[place];
    slot->weight += one->weight;
    slot->sum += one->sum;
    slot->rows += one->rows;
    slot->none += one->none;
  }
  return by;
}

/* Cuts between slots: found.cut and found.next are slots. */
static void scan_slots(const forest_search *search, int32_t slots, forest_sum left, const whole *all,
                       bool missing_left, finding *found) {
  int32_t last = -1;
  for (int32_t s = 0; s < slots; s++) {
    if (search->slot[s].rows == 0) continue;
    if (last >= 0) consider(all, &left, last, s, missing_left, found);
    add(&left, &search->slot[s]);
    last = s;
  }
}

/* The best cut is next to that between two slots: sort the rows of both. */
static void refine(forest_search *search, const forest_column *column, slicing by, forest_sum left,
                   const whole *all, finding *found) {
  finding coarse = *found;
  int32_t low = column->low + (coarse.cut << by.shift),
          high = column->low + ((coarse.next + 1) << by.shift) - 1;
  if (high > column->high) high = column->high;
  for (int32_t s = 0; s < coarse.cut; s++) add(&left, &search->slot[s]);
  int32_t count = forest_sort(search, column, (uint16_t)low, (uint16_t)high);
  *found = (finding){-1, 1, 0, 0, coarse.missing_left};
  scan_sorted(search, count, left, all, coarse.missing_left, found);
}

static void keep(const forest_search *search, const forest_column *column, const finding *found,
                 forest_split *best) {
  double gain = found->above < 0 ? -1 : found->above / found->below * search->weight;
  if (!(gain > best->gain)) return;
  *best = (forest_split){gain, column->feature, found->cut, found->next, (double)NAN, found->missing_left};
}

static forest_sum missing_sum(const forest_search *search, const forest_column *column) {
  forest_sum sum = {0, 0, 0, 0};
  for (int32_t i = 0; i < column->missing; i++) add(&sum, &search->local[column->missing_place[i]]);
  return sum;
}

void forest_search_numbers(forest_search *search, const forest_column *column, forest_split *best) {
  const whole all = {search->weight, search->rows, search->limits->min_leaf};
  const forest_sum missing = missing_sum(search, column), none = {0, 0, 0, 0};
  finding found = {-1, 1, 0, 0, false};
  bool slots = column->count >= FOREST_SLOTS;
  slicing by = {0, 0};
  int32_t count = 0;
  if (slots)
    by = fill_slots(search, column);
  else
    count = forest_sort(search, column, column->low, column->high);
  for (int way = 0; way < (column->missing > 0 ? 2 : 1); way++) {
    const forest_sum *left = way ? &missing : &none;
    if (slots)
      scan_slots(search, by.slots, *left, &all, way, &found);
    else
      scan_sorted(search, count, *left, &all, way, &found);
  }
  bool known = found.above >= 0;
  if (slots && known) {
    double gain = found.above / found.below * search->weight;
    if (!(gain > best->gain)) known = false;
    if (by.shift > 0 && known) {
      refine(search, column, by, found.missing_left ? missing : none, &all, &found);
    } else {
      found.cut += column->low;
      found.next += column->low;
    }
  }
  if (column->missing > 0) { /* what is known, against what is missing */
    finding split = {-1, 1, 0, 0, false};
    forest_sum left = {search->weight - missing.weight, -missing.sum, search->rows - missing.rows, 0};
    consider(&all, &left, column->high, -1, false, &split);
    keep(search, column, &split, best);
  }
  if (known) keep(search, column, &found, best);
}

void forest_try_numbers(forest_search *search, const forest_column *column, int32_t cut, forest_split *best) {
  const whole all = {search->weight, search->rows, search->limits->min_leaf};
  forest_sum left = {0, 0, 0, 0};
  finding found = {-1, 1, 0, 0, false};
  int32_t next = column->high;
  for (int32_t i = 0; i < column->count; i++) {
    int32_t place = column->place ? column->place[i] : i;
    bool goes_left = column->key[place] <= cut;
    const forest_sum *one = &search->local[place];
    left.weight += goes_left ? one->weight : 0;
    left.sum += goes_left ? one->sum : 0;
    left.rows += goes_left ? one->rows : 0;
    next = !goes_left && column->key[place] < next ? column->key[place] : next;
  }
  consider(&all, &left, cut, next, false, &found);
  if (column->missing > 0) {
    forest_sum missing = missing_sum(search, column);
    add(&left, &missing);
    consider(&all, &left, cut, next, true, &found);
  }
  keep(search, column, &found, best);
}
