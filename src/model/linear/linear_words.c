/* linear_words.c - what a feature is made of, when it follows from others. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../base/memory.h"
#include "linear.h"
#include "triangle.h"

enum { TERMS = 6 }; /* so many are named */

#define NOTHING 1e-7 /* of the feature's norm: what a term adds is rounding */

/* A number for people: what is next to a number of a few digits is that number. */
static double tidy(double value) {
  char text[32];
  snprintf(text, sizeof text, "%.6g", value);
  double short_one = strtod(text, NULL);
  return fabs(short_one - value) <= 1e-6 * fabs(value) ? short_one : value;
}

static bool add_term(lathe_buffer *words, double factor, const char *name, lathe_error *error) {
  const char *sign = words->size == 0 ? (factor < 0 ? "-" : "") : (factor < 0 ? " - " : " + ");
  factor = tidy(fabs(factor));
  if (!name) return lathe_buffer_format(words, error, "%s%.6g", sign, factor);
  return factor == 1 ? lathe_buffer_format(words, error, "%s\"%s\"", sign, name)
                     : lathe_buffer_format(words, error, "%s%.6g * \"%s\"", sign, factor, name);
}

static double norm_of(const double *x, int32_t count) {
  double sum = 0;
  for (int32_t i = 0; i < count; i++) sum += x[i] * x[i];
  return sqrt(sum);
}

bool lathe_linear_sentence(const lathe_linear_fit *fit, const char *const *names, int32_t j,
                           lathe_buffer *words, lathe_error *error) {
  const lathe_design *design = &fit->design;
  int32_t size = design->size, first = design->intercept, place = 0, named = 0, left_out = 0;
  for (int32_t i = 0; i < j; i++) place += fit->kept[i];
  double *part = lathe_memory_raw((size_t)size, sizeof *part, error);
  if (!part) return false;
  const double *own = fit->reduced + (int64_t)j * size;
  memcpy(part, own, (size_t)size * sizeof *part);
  lathe_triangle_solve(fit->column, place, part);
  double unit = design->unit[j - first], norm = norm_of(fit->whole + (int64_t)j * size, size);
  double mean = design->mean[j - first], rest = mean + (first ? unit * part[0] : 0), largest = fabs(rest);
  bool fine = true;
  for (int32_t i = first, k = first; fine && i < j; i++) {
    if (!fit->kept[i]) continue;
    double factor = part[k] * unit / design->unit[i - first], shift = factor * design->mean[i - first];
    bool counts = fabs(part[k]) * norm_of(fit->column[k], size) > NOTHING * norm;
    k++;
    if (!counts) continue;
    rest -= shift;
    if (fabs(shift) > largest) largest = fabs(shift);
    if (named++ < TERMS)
      fine = add_term(words, factor, names[i - first], error);
    else
      left_out++;
  }
  if (fine && left_out > 0) fine = lathe_buffer_format(words, error, " + %d more terms", (int)left_out);
  if (fine && first && fabs(rest) > NOTHING * fmax(largest, unit)) fine = add_term(words, rest, NULL, error);
  if (fine && words->size == 0) fine = lathe_buffer_text(words, "0", error);
  if (fine && named == 0) fine = lathe_buffer_text(words, " in every row", error);
  free(part);
  return fine;
}
