/* boosting_bias.c - where boosting begins: the best prediction that is the same for all rows. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../../base/memory.h"
#include "boosting.h"

static int by_value(const void *a, const void *b) {
  double x = ((const boost_weighed *)a)->value, y = ((const boost_weighed *)b)->value;
  return x < y ? -1 : x > y;
}

double boost_quantile(boost_weighed *list, int64_t count, double share) {
  double total = 0, sum = 0;
  for (int64_t i = 0; i < count; i++) total += list[i].weight;
  qsort(list, (size_t)count, sizeof *list, by_value);
  for (int64_t i = 0; i < count; i++) {
    sum += list[i].weight;
    if (sum == share * total && i + 1 < count) return lathe_bins_between(list[i].value, list[i + 1].value);
    if (sum >= share * total) return list[i].value;
  }
  return count > 0 ? list[count - 1].value : 0;
}

static bool quantile_bias(boost_target *target, double share, lathe_error *error) {
  boost_weighed *list = lathe_memory_raw((size_t)target->rows, sizeof *list, error);
  int64_t count = 0;
  for (int64_t r = 0; list && r < target->rows; r++)
    if (target->part[r] == 0) list[count++] = (boost_weighed){target->number[r], boost_weight(target, r)};
  if (list) target->bias[0] = boost_quantile(list, count, share);
  free(list);
  return list != NULL;
}

static bool class_bias(boost_target *target, lathe_error *error) {
  double *bias = target->bias;
  int32_t classes = target->outputs > 1 ? target->outputs : 2;
  double *sum = lathe_memory_new((size_t)classes, sizeof *sum, error), total = 0;
  if (!sum) return false;
  for (int64_t r = 0; r < target->rows; r++) {
    if (target->part[r] > 0) continue;
    sum[target->code[r]] += boost_weight(target, r);
    total += boost_weight(target, r);
  }
  for (int32_t k = 0; k < classes; k++) sum[k] = log(fmax(sum[k] / total, 1e-12));
  if (target->outputs == 1)
    bias[0] = sum[1] - sum[0];
  else
    memcpy(bias, sum, (size_t)classes * sizeof *sum);
  free(sum);
  return true;
}

bool boost_find_bias(boost_target *target, lathe_error *error) {
  double sum = 0, total = 0;
  switch (target->loss) {
  case LATHE_BOOSTING_LOG:
    return class_bias(target, error);
  case LATHE_BOOSTING_QUANTILE:
    return quantile_bias(target, target->quantile, error);
  case LATHE_BOOSTING_HUBER:
  case LATHE_BOOSTING_ABSOLUTE:
    return quantile_bias(target, 0.5, error);
  default:
    break;
  }
  for (int64_t r = 0; r < target->rows; r++) {
    if (target->part[r] > 0) continue;
    sum += boost_weight(target, r) * target->number[r];
    total += boost_weight(target, r);
  }
  target->bias[0] = target->loss == LATHE_BOOSTING_POISSON ? log(sum / total) : sum / total;
  return isfinite(target->bias[0]) ||
         lathe_error_set(
             error, LATHE_ERROR_DATA,
             target->loss == LATHE_BOOSTING_POISSON
                 ? "the target is 0 in every row to learn from, and a mean of 0 has no logarithm; "
                   "give rows with other counts"
                 : "the values of the target are too large to be summed up in a double; divide "
                   "them by a power of ten");
}
