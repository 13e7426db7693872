/* polynomial.c - the step that appends products of columns: squares, interactions. */
#include <stdlib.h>
#include <string.h>

#include "../base/memory.h"
#include "own.h"

enum { DEGREE, INTERACTION };
enum { MOST_PRODUCTS = 1 << 18 };

static const lathe_step_option options[] = {
    {"degree", LATHE_OPTION_INTEGER, NULL, 2, 2, 6, "how many factors a product has at most"},
    {"interaction", LATHE_OPTION_FLAG, NULL, 0, 0, 1, "no column twice in a product"},
};

/* The products of `degree` of `count` columns, first places first: (products, degree) in `list`, which may be NULL. How many there are. */
static int64_t combine(int32_t count, int32_t degree, bool once, int32_t *list) {
  int32_t place[8] = {0};
  int64_t products = 0;
  for (int32_t k = 0; once && k < degree; k++) place[k] = k;
  if (once && degree > count) return 0;
  for (;;) {
    for (int32_t k = 0; list && k < degree; k++) list[products * degree + k] = place[k];
    if (++products > MOST_PRODUCTS) return products;
    int32_t k = degree - 1;
    while (k >= 0 && place[k] == count - 1 - (once ? degree - 1 - k : 0)) k--;
    if (k < 0) return products;
    place[k]++;
    for (int32_t next = k + 1; next < degree; next++) place[next] = place[next - 1] + once;
  }
}

/* "a^2 b" */
static bool write_name(const fitting *state, const int32_t *chosen, const int32_t *place, int32_t degree,
                       lathe_buffer *name) {
  name->size = 0;
  for (int32_t k = 0; k < degree;) {
    int32_t times = 1;
    while (k + times < degree && place[k + times] == place[k]) times++;
    if (!lathe_buffer_format(name, state->error, "%s%s", k > 0 ? " " : "",
                             state->columns[chosen[place[k]]].name) ||
        (times > 1 && !lathe_buffer_format(name, state->error, "^%d", (int)times)))
      return false;
    k += times;
  }
  return true;
}

static bool append_degree(fitting *state, const int32_t *chosen, int32_t count, int32_t value, int32_t degree,
                          bool once) {
  int64_t products = combine(count, degree, once, NULL);
  if (products == 0) return true;
  if (products > MOST_PRODUCTS)
    return lathe_error_set(
        state->error, LATHE_ERROR_DATA,
        "%d columns have more than %d products of %d; name fewer columns, or take a smaller degree",
        (int)count, (int)MOST_PRODUCTS, (int)degree);
  int32_t *list = lathe_memory_raw((size_t)(products * degree), sizeof *list, state->error);
  int32_t *factor = lathe_memory_raw((size_t)(products * degree), sizeof *factor, state->error);
  bool fine = list && factor;
  if (fine) combine(count, degree, once, list);
  for (int64_t i = 0; fine && i < products; i++)
    for (int32_t k = 0; k < degree; k++) factor[k * products + i] = list[i * degree + k];
  lathe_operator node = {.kind = LATHE_OPERATOR_PRODUCT,
                         .width = (int32_t)products,
                         .tensor = {factor},
                         .size = {products * degree}};
  value = fine ? recipe_add(state, &node, value) : -1;
  lathe_buffer name = {0};
  fine = value >= 0;
  for (int64_t i = 0; fine && i < products; i++)
    fine = write_name(state, chosen, list + i * degree, degree, &name) &&
           recipe_append(state, name.data, ROLE_NUMBER, value, (int32_t)i);
  lathe_buffer_free(&name);
  free(list);
  free(factor);
  return fine;
}

static bool fit(fitting *state, const recipe_step *step) {
  int32_t count, before = state->count, degree = (int32_t)step->value[DEGREE].number;
  bool once = step->value[INTERACTION].number != 0;
  int32_t *chosen = recipe_choose(state, step, 1u << ROLE_NUMBER, ~(1u << ROLE_TEXT), &count);
  int32_t value = chosen && count > 0 ? recipe_gather(state, chosen, count) : -1;
  bool fine = chosen && (count == 0 || value >= 0);
  for (int32_t k = 2; fine && count > 0 && k <= degree; k++)
    fine = append_degree(state, chosen, count, value, k, once);
  for (int32_t c = 0; fine && c < count; c++)
    fine = recipe_learned(state, state->columns[chosen[c]].name, "a factor of %d products%s",
                          (int)(state->count - before), count > 1 ? " together with the others" : "");
  free(chosen);
  return fine;
}

const recipe_kind recipe_polynomial = {
    "polynomial", "Append products of columns.", options, sizeof options / sizeof *options, NULL, fit};
