/* neighbours.c - filling gaps from the nearest training rows: the rows that the operator keeps (graph/neighbours.c). */
#include <math.h>
#include <stdlib.h>

#include "../base/memory.h"
#include "own.h"

/* Donors: all rows, or `most` of them at even distances. (donors, count), row-major. */
static double *choose_donors(fitting *state, int32_t value, int32_t count, int64_t most, int64_t *donors) {
  int64_t rows = lathe_table_rows(state->table);
  *donors = rows < most ? rows : most;
  double *all = recipe_values(state, value);
  double *kept = all ? lathe_memory_raw((size_t)*donors * (size_t)count, sizeof *kept, state->error) : NULL;
  for (int64_t i = 0; kept && i < *donors; i++) {
    int64_t row = *donors == rows ? i : (int64_t)((double)i * (double)rows / (double)*donors);
    for (int32_t c = 0; c < count; c++) kept[i * count + c] = all[c * rows + row];
  }
  free(all);
  return kept;
}

static bool tell(fitting *state, const char *name, int64_t missing, int32_t near, int64_t donors) {
  return recipe_learned(state, name, "mean of the %d nearest of %lld rows, %lld missing", (int)near,
                        (long long)donors, (long long)missing) &&
         (missing == 0 ||
          NOTE(state, "\"%s\": %lld missing value%s imputed by the mean of the %d nearest rows", name,
               (long long)missing, missing == 1 ? "" : "s", (int)near));
}

int32_t recipe_impute_nearest(fitting *state, const int32_t *chosen, int32_t count, int32_t value,
                              const lathe_facts *facts, int32_t neighbours, int64_t most) {
  int64_t donors = 0, rows = lathe_table_rows(state->table);
  double *kept = choose_donors(state, value, count, most, &donors);
  double *fill = lathe_memory_raw((size_t)count, sizeof *fill, state->error);
  int32_t *near = lathe_memory_raw((size_t)count, sizeof *near, state->error);
  bool fine = kept && fill && near;
  if (fine && donors < rows)
    fine = NOTE(state, "%lld of %lld training rows, at even distances, are kept to find the nearest among",
                (long long)donors, (long long)rows);
  for (int32_t c = 0; fine && c < count; c++) {
    int64_t have = 0;
    for (int64_t i = 0; i < donors; i++) have += !isnan(kept[i * count + c]);
    near[c] = have == 0 ? 1 : have < neighbours ? (int32_t)have : neighbours;
    fill[c] = facts[c].mean;
    fine = tell(state, state->columns[chosen[c]].name, rows - facts[c].present, near[c], donors);
  }
  lathe_operator node = {
      .kind = LATHE_OPERATOR_NEIGHBOURS, .tensor = {kept, fill, near}, .size = {donors * count}};
  value = fine ? recipe_add(state, &node, value) : -1;
  free(kept);
  free(fill);
  free(near);
  return value;
}
