/* linear_state.c - see linear_state.h. */
#include "linear_state.h"

#include <stdlib.h>
#include <string.h>

#include "../base/memory.h"

bool lathe_linear_keep(lathe_model *model, const lathe_linear_fit *fit, lathe_error *error) {
  const lathe_design *design = &fit->design;
  int64_t size = design->size, count = size * (size + 1) / 2, place = 0;
  if (size > LATHE_LINEAR_STATE_COLUMNS) return true;
  double *packed = lathe_memory_raw((size_t)count, sizeof *packed, error);
  if (!packed) return false;
  for (int64_t j = 0; j < size; j++)
    for (int64_t i = 0; i <= j; i++) packed[place++] = fit->whole[j * size + i];
  lathe_column *scale[] = {lathe_column_from_float64(design->mean, design->width + 1, error),
                           lathe_column_from_float64(design->unit, design->width + 1, error)};
  lathe_column *triangle = lathe_column_from_float64(packed, count, error);
  lathe_column *sums[] = {lathe_column_from_int64(&design->counted, 1, error),
                          lathe_column_from_float64(&design->weight, 1, error),
                          lathe_column_from_float64(&design->log_weight, 1, error)};
  free(packed);
  bool fine = lathe_model_set_columns(model, "_scale", 2, (const char *const[]){"mean", "unit"}, scale, error);
  fine = lathe_model_set_columns(model, "_triangle", 1, (const char *const[]){"value"}, &triangle,
                                fine ? error : NULL) &&
         fine;
  return lathe_model_set_columns(model, "_sums", 3, (const char *const[]){"rows", "weight", "log_weight"},
                                sums, fine ? error : NULL) &&
         fine;
}
