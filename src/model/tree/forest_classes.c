/* forest_classes.c - the best cut of a node by the impurity of several classes.
 *
 * A side keeps its weight and a sum over its classes: of squared weights (Gini index) or of w log w (entropy). It is worth sum / weight, or
 * sum - W log W; a cut gains the worth of both sides less that of the node. */
#include <math.h>
#include <string.h>

#include "forest.h"

typedef struct {
  double weight, sum;
  int32_t rows;
} side;

static inline double x_log_x(double x) {
  return x > 0 ? x * log(x) : 0;
}

static inline double change(bool entropy, double before, double after) {
  return entropy ? x_log_x(after) - x_log_x(before) : (after - before) * (after + before);
}

static inline double worth(bool entropy, side one) {
  if (!(one.weight > 0)) return 0;
  return entropy ? one.sum - x_log_x(one.weight) : one.sum / one.weight;
}

/* Weight of a class comes to the left side. */
static inline void move(forest_search *search, bool entropy, side *left, side *right, int32_t code,
                        double weight) {
  double *to = &search->of_left[code], *from = &search->of_right[code], less = *from - weight;
  if (less < 1e-12 * weight) less = 0; /* of weights that are no whole numbers something is left over */
  left->sum += change(entropy, *to, *to + weight);
  right->sum += change(entropy, *from, less);
  left->weight += weight;
  right->weight -= weight;
  *to += weight;
  *from = less;
}

static void begin(forest_search *search, side *left, side *right) {
  bool entropy = search->limits->entropy;
  int32_t classes = search->data->table->classes;
  *left = (side){0, 0, 0};
  *right = (side){search->weight, 0, search->rows};
  for (int32_t k = 0; k < classes; k++) {
    search->of_left[k] = 0;
    search->of_right[k] = search->whole[k];
    right->sum += change(entropy, 0, search->whole[k]);
  }
}

static void move_missing(forest_search *search, const forest_column *column, side *left, side *right) {
  for (int32_t i = 0; i < column->missing; i++) {
    int32_t place = column->missing_place[i];
    move(search, search->limits->entropy, left, right, search->row[place].code, search->row[place].weight);
  }
  left->rows += column->missing;
  right->rows -= column->missing;
}

static void consider(const forest_search *search, side left, side right, forest_split found,
                     forest_split *best) {
  int32_t least = search->limits->min_leaf;
  if (left.rows < least || right.rows < least) return;
  bool entropy = search->limits->entropy;
  found.gain = fmax(worth(entropy, left) + worth(entropy, right) - search->worth, 0);
  if (found.gain > best->gain) *best = found;
}

/* Cuts between the first `count` rows in search->sorted, which are on the right; with `ends` they are all that is known, and the last cut is
 * that between them and what is missing. */
static void scan_sorted(forest_search *search, const forest_column *column, int32_t count, side left,
                        side right, bool missing_left, bool ends, forest_split *best) {
  for (int32_t i = 0; i < count; i++) {
    const forest_row *row = &search->row[(uint32_t)search->sorted[i]];
    move(search, search->limits->entropy, &left, &right, row->code, row->weight);
    left.rows++;
    right.rows--;
    uint16_t key = forest_key(search->sorted[i]);
    int32_t next = i + 1 < count ? forest_key(search->sorted[i + 1]) : -1;
    if (next == key || (next < 0 && (!ends || missing_left || column->missing == 0))) continue;
    consider(search, left, right, (forest_split){0, column->feature, key, next, (double)NAN, missing_left},
             best);
  }
}

static void move_slot(forest_search *search, int32_t slot, side *left, side *right) {
  int32_t classes = search->data->table->classes;
  const double *weight = search->class_slot + (size_t)slot * (size_t)classes;
  for (int32_t k = 0; k < classes; k++)
    if (weight[k] > 0) move(search, search->limits->entropy, left, right, k, weight[k]);
  left->rows += search->slot_rows[slot];
  right->rows -= search->slot_rows[slot];
}

/* Cuts between slots: the best one's cut and next are slots, next -1 as ever. */
static void scan_slots(forest_search *search, const forest_column *column, int32_t slots, bool missing_left,
                       forest_split *best) {
  int32_t last = -1;
  side left, right;
  begin(search, &left, &right);
  if (missing_left) move_missing(search, column, &left, &right);
  for (int32_t s = 0; s <= slots; s++) {
    if (s < slots && search->slot_rows[s] == 0) continue;
    if (last >= 0 && (s < slots || (column->missing > 0 && !missing_left)))
      consider(search, left, right,
               (forest_split){0, column->feature, last, s < slots ? s : -1, (double)NAN, missing_left}, best);
    if (s == slots) break;
    move_slot(search, s, &left, &right);
    last = s;
  }
}

/* The best cut is next to that between two slots: sort the rows of both. */
static void refine(forest_search *search, const forest_column *column, int32_t shift, forest_split *found) {
  int32_t low = column->low + (found->cut << shift), high = column->low + ((found->next + 1) << shift) - 1;
  side left, right;
  if (high > column->high) high = column->high;
  begin(search, &left, &right);
  if (found->missing_left) move_missing(search, column, &left, &right);
  for (int32_t s = 0; s < found->cut; s++) move_slot(search, s, &left, &right);
  int32_t count = forest_sort(search, column, (uint16_t)low, (uint16_t)high);
  found->gain = -1;
  scan_sorted(search, column, count, left, right, found->missing_left, false, found);
}

/* Of many rows and few classes. */
static void search_slots(forest_search *search, const forest_column *column, forest_split *best) {
  int32_t classes = search->data->table->classes, shift = 0;
  while ((column->high - column->low) >> shift >= FOREST_SLOTS) shift++;
  int32_t slots = ((column->high - column->low) >> shift) + 1;
  memset(search->class_slot, 0, (size_t)slots * (size_t)classes * sizeof *search->class_slot);
  memset(search->slot_rows, 0, sizeof search->slot_rows);
  for (int32_t i = 0; i < column->count; i++) {
    int32_t place = column->place ? column->place[i] : i;
    int32_t slot = (column->key[place] - column->low) >> shift;
    search->class_slot[(size_t)slot * (size_t)classes + (size_t)search->row[place].code] +=
        search->row[place].weight;
    search->slot_rows[slot]++;
  }
  forest_split found = {.gain = best->gain};
  for (int way = 0; way < (column->missing > 0 ? 2 : 1); way++)
    scan_slots(search, column, slots, way, &found);
  if (!(found.gain > best->gain)) return;
  if (found.next < 0) {
    found.cut = column->high;
  } else if (shift > 0) {
    refine(search, column, shift, &found);
  } else {
    found.cut += column->low;
    found.next += column->low;
  }
  if (found.gain > best->gain) *best = found;
}

void forest_search_classes(forest_search *search, const forest_column *column, forest_split *best) {
  int32_t classes = search->data->table->classes;
  if (search->class_slot && column->count >= 32 * classes && column->count >= FOREST_SLOTS) {
    search_slots(search, column, best);
    return;
  }
  int32_t count = forest_sort(search, column, column->low, column->high);
  for (int way = 0; way < (column->missing > 0 ? 2 : 1); way++) {
    side left, right;
    begin(search, &left, &right);
    if (way) move_missing(search, column, &left, &right);
    scan_sorted(search, column, count, left, right, way, true, best);
  }
}

void forest_try_classes(forest_search *search, const forest_column *column, int32_t cut, forest_split *best) {
  side left, right;
  begin(search, &left, &right);
  int32_t next = column->high;
  for (int32_t i = 0; i < column->count; i++) {
    int32_t place = column->place ? column->place[i] : i, key = column->key[place];
    if (key > cut) {
      next = key < next ? key : next;
      continue;
    }
    move(search, search->limits->entropy, &left, &right, search->row[place].code, search->row[place].weight);
    left.rows++;
    right.rows--;
  }
  for (int way = 0; way < (column->missing > 0 ? 2 : 1); way++) {
    if (way) move_missing(search, column, &left, &right);
    consider(search, left, right, (forest_split){0, column->feature, cut, next, (double)NAN, way}, best);
  }
}
