/* onnx_numbers.c - transforms of numbers in the words of ONNX: the operations of src/graph/numbers.c, curves.c and neighbours.c in their
 * order. Max and Min differ between runtimes on NaN, so bounds are written with Where. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "../base/memory.h"
#include "../graph/kernels.h"
#include "onnx_own.h"

typedef char value_name[48];

#define VALUES(...)                                                                                          \
  (const char *const[]) {                                                                                    \
    __VA_ARGS__                                                                                              \
  }

/* A node of one or two inputs whose value has a fresh name. */
static const char *unary(onnx_writing *out, value_name name, const char *kind, const char *x) {
  onnx_simple(out, kind, 1, &x, onnx_fresh(out, name));
  return name;
}

static const char *binary(onnx_writing *out, value_name name, const char *kind, const char *x,
                          const char *y) {
  onnx_simple(out, kind, 2, VALUES(x, y), onnx_fresh(out, name));
  return name;
}

static const char *where(onnx_writing *out, value_name name, const char *condition, const char *yes,
                         const char *no) {
  onnx_simple(out, "Where", 3, VALUES(condition, yes, no), onnx_fresh(out, name));
  return name;
}

static void write_cast(onnx_writing *out, const char *x, int type, const char *output) {
  lathe_message node = onnx_node_begin(out, "Cast", "");
  lathe_message_text(&node, 1, x);
  onnx_attribute_integer(&node, "to", type);
  onnx_node_end(out, &node, output);
}

/* The sum of the columns as one column. */
static void write_sum(onnx_writing *out, const char *x, const char *output) {
  static const int64_t one = 1;
  value_name axes;
  onnx_initializer(out, onnx_fresh(out, axes), TYPE_INT64, 1, &one, &one, sizeof one);
  lathe_message node = onnx_node_begin(out, "ReduceSum", "");
  lathe_message_text(&node, 1, x);
  lathe_message_text(&node, 1, axes);
  onnx_attribute_integer(&node, "keepdims", 1);
  onnx_node_end(out, &node, output);
}

static const char *column(onnx_writing *out, value_name name, const char *x, int32_t place) {
  value_name places;
  onnx_gather(out, x, onnx_places(out, places, &place, 1), 1, onnx_fresh(out, name));
  return name;
}

void onnx_write_clip(onnx_writing *out, const lathe_operator *op, const char *output) {
  value_name low, high, below, above, kept;
  const char *x = out->value[op->input[0]];
  onnx_constants(out, low, op, 0);
  onnx_constants(out, high, op, 1);
  where(out, kept, binary(out, below, "Less", x, low), low, x);
  onnx_simple(out, "Where", 3, VALUES(binary(out, above, "Greater", kept, high), high, kept), output);
}

void onnx_write_outside(onnx_writing *out, const lathe_operator *op, const char *output) {
  value_name low, high, below, above, either;
  const char *x = out->value[op->input[0]];
  onnx_constants(out, low, op, 0);
  onnx_constants(out, high, op, 1);
  binary(out, below, "Less", x, low);
  binary(out, above, "Greater", x, high);
  onnx_cast_to_double(out, binary(out, either, "Or", below, above), output);
}

void onnx_write_absent(onnx_writing *out, const lathe_operator *op, const char *output) {
  value_name missing;
  onnx_cast_to_double(out, unary(out, missing, "IsNaN", out->value[op->input[0]]), output);
}

/* How many of a row of constants are not above x (N, 1): whole numbers, (N, 1). */
static const char *count_not_above(onnx_writing *out, value_name name, const char *x, const char *row) {
  value_name above, not_above, whole;
  binary(out, above, "Greater", row, x);
  unary(out, not_above, "Not", above);
  write_cast(out, not_above, TYPE_INT64, onnx_fresh(out, whole));
  write_sum(out, whole, onnx_fresh(out, name));
  return name;
}

void onnx_write_bin(onnx_writing *out, const lathe_operator *op, const char *output) {
  static const int64_t absent = -2, one = 1;
  value_name edges, count, missing, code;
  const char *x = out->value[op->input[0]];
  onnx_doubles(out, edges, op->tensor[0], op->length);
  count_not_above(out, count, x, edges);
  onnx_initializer(out, onnx_fresh(out, code), TYPE_INT64, 1, &one, &absent, sizeof absent);
  onnx_simple(out, "Where", 3, VALUES(unary(out, missing, "IsNaN", x), code, count), output);
}

void onnx_write_product(onnx_writing *out, const lathe_operator *op, const char *output) {
  const int32_t *factor = op->tensor[0];
  const char *x = out->value[op->input[0]];
  int64_t degree = op->size[0] / op->width;
  value_name place, product, column, next;
  onnx_gather(out, x, onnx_places(out, place, factor, op->width), 1,
              degree == 1 ? output : onnx_fresh(out, product));
  for (int64_t k = 1; k < degree; k++) {
    onnx_gather(out, x, onnx_places(out, place, factor + k * op->width, op->width), 1,
                onnx_fresh(out, column));
    onnx_simple(out, "Mul", 2, VALUES(product, column), k == degree - 1 ? output : onnx_fresh(out, next));
    snprintf(product, sizeof product, "%s", next);
  }
}

void onnx_write_project(onnx_writing *out, const lathe_operator *op, const char *output) {
  value_name weights;
  int64_t shape[] = {lathe_graph_operator(out->graph, op->input[0])->width, op->width};
  onnx_initializer(out, onnx_fresh(out, weights), TYPE_DOUBLE, 2, shape, op->tensor[0],
                   (size_t)(shape[0] * shape[1]) * sizeof(double));
  onnx_simple(out, "MatMul", 2, VALUES(out->value[op->input[0]], weights), output);
}

/* ---- curves ---- */

/* The value of `row`, constants, at places (N, 1). */
static const char *take(onnx_writing *out, value_name name, const char *row, const char *place) {
  onnx_gather(out, row, place, 0, onnx_fresh(out, name));
  return name;
}

/* Of one column x between the first and the last of its quantiles, the line from the quantile at `below` (of as many as are not above x,
 * less one) to the next, seen from below and from above; the mean of both. */
static const char *write_place(onnx_writing *out, value_name name, const char *x, const char *quantiles,
                               const char *levels, const char *below, const char *above) {
  value_name low, high, from, to, rise, run, slope, left, right, up, down, sum, half, both, same, equal;
  take(out, low, quantiles, below);
  take(out, high, quantiles, above);
  take(out, from, levels, below);
  take(out, to, levels, above);
  binary(out, slope, "Div", binary(out, rise, "Sub", to, from), binary(out, run, "Sub", high, low));
  binary(out, up, "Add", from, binary(out, left, "Mul", slope, binary(out, sum, "Sub", x, low)));
  binary(out, down, "Sub", to, binary(out, right, "Mul", slope, binary(out, both, "Sub", high, x)));
  onnx_number(out, half, 0.5);
  binary(out, same, "Add", up, down);
  binary(out, equal, "Mul", same, half);
  snprintf(name, sizeof(value_name), "%s", equal);
  return name;
}

static const char *whole_number(onnx_writing *out, value_name name, int64_t value) {
  static const int64_t one = 1;
  onnx_initializer(out, onnx_fresh(out, name), TYPE_INT64, 1, &one, &value, sizeof value);
  return name;
}

/* Places limited to 0 .. most. */
static const char *limit(onnx_writing *out, value_name name, const char *place, int64_t most) {
  value_name low, high, raised;
  whole_number(out, low, 0);
  whole_number(out, high, most);
  binary(out, raised, "Max", place, low);
  return binary(out, name, "Min", raised, high);
}

static void write_quantile_column(onnx_writing *out, const lathe_operator *op, int32_t c, const char *levels,
                                  const char *output) {
  int64_t count = op->size[0] / op->width;
  const double *quantile = (const double *)op->tensor[0] + c * count;
  value_name x, quantiles, margin, zero, one, step, found, last, next, less, fewer, first, between,
      place_last, place_first, sum, half, middle, at, equal, inside, lowered, raised, least, most, low, high,
      upper, missing;
  column(out, x, out->value[op->input[0]], c);
  onnx_doubles(out, quantiles, quantile, count);
  onnx_number(out, margin, ((const double *)op->tensor[1])[c]);
  onnx_number(out, zero, 0);
  onnx_number(out, one, 1);
  onnx_number(out, half, 0.5);
  whole_number(out, step, 1);
  count_not_above(out, found, x, quantiles);
  limit(out, last, binary(out, less, "Sub", found, step), count - 2);
  binary(out, next, "Add", last, step);
  write_place(out, between, x, quantiles, levels, last, next);
  /* where x is one of the quantiles, the mean of the places of the first and the last that are */
  value_name below, whole, smaller, from, level_last, level_first;
  binary(out, below, "Less", quantiles, x);
  write_cast(out, below, TYPE_INT64, onnx_fresh(out, whole));
  write_sum(out, whole, onnx_fresh(out, smaller));
  limit(out, first, smaller, count - 1);
  binary(out, fewer, "Sub", found, step);
  limit(out, from, fewer, count - 1);
  take(out, level_last, levels, from);
  take(out, level_first, levels, first);
  binary(out, sum, "Add", level_first, level_last);
  binary(out, middle, "Mul", sum, half);
  take(out, place_last, quantiles, from);
  binary(out, equal, "Equal", place_last, x);
  where(out, inside, equal, middle, between);
  /* the ends */
  onnx_number(out, least, quantile[0]);
  onnx_number(out, most, quantile[count - 1]);
  binary(out, lowered, "Sub", x, margin);
  binary(out, raised, "Add", x, margin);
  unary(out, low, "Not", binary(out, place_first, "Greater", lowered, least));
  unary(out, high, "Not", binary(out, at, "Less", raised, most));
  where(out, upper, high, one, inside);
  value_name ended;
  where(out, ended, low, zero, upper);
  onnx_simple(out, "Where", 3, VALUES(unary(out, missing, "IsNaN", x), x, ended), output);
}

/* One column after the other, put side by side. */
void onnx_write_quantile(onnx_writing *out, const lathe_operator *op, const char *output) {
  int64_t count = op->size[0] / op->width;
  double *level = lathe_memory_raw((size_t)count, sizeof *level, out->error);
  value_name *part = lathe_memory_raw((size_t)op->width, sizeof *part, out->error);
  out->body.failed = out->body.failed || !level || !part;
  if (level && part) {
    value_name levels;
    for (int64_t i = 0; i < count; i++) level[i] = (double)i / (double)(count - 1);
    onnx_doubles(out, levels, level, count);
    lathe_message concat = onnx_node_begin(out, "Concat", "");
    for (int32_t c = 0; c < op->width; c++) {
      write_quantile_column(out, op, c, levels, onnx_fresh(out, part[c]));
      lathe_message_text(&concat, 1, part[c]);
    }
    onnx_attribute_integer(&concat, "axis", 1);
    onnx_node_end(out, &concat, output);
  }
  free(level);
  free(part);
}

/* A polynomial of eight terms by Horner's rule. */
static const char *horner(onnx_writing *out, value_name name, const double *term, const char *x) {
  value_name constant, product, sum;
  onnx_number(out, sum, term[7]);
  for (int i = 6; i >= 0; i--) {
    binary(out, product, "Mul", sum, x);
    binary(out, sum, "Add", product, onnx_number(out, constant, term[i]));
  }
  snprintf(name, sizeof(value_name), "%s", sum);
  return name;
}

static const char *ratio(onnx_writing *out, value_name name, int which, const char *x) {
  value_name above, below;
  horner(out, above, lathe_probit_terms[which], x);
  return binary(out, name, "Div", above, horner(out, below, lathe_probit_terms[which + 1], x));
}

void onnx_write_probit(onnx_writing *out, const lathe_operator *op, const char *output) {
  value_name least, most, low, high, raised, p, half, q, zero, one, size, bound, square, r, middle;
  const char *x = out->value[op->input[0]];
  onnx_number(out, least, LATHE_PROBIT_LEAST);
  onnx_number(out, most, 1 - LATHE_PROBIT_LEAST);
  where(out, raised, binary(out, low, "Less", x, least), least, x);
  where(out, p, binary(out, high, "Greater", raised, most), most, raised);
  binary(out, q, "Sub", p, onnx_number(out, half, 0.5));
  onnx_number(out, zero, 0);
  onnx_number(out, one, 1);
  value_name bend, above, below, product;
  binary(out, square, "Mul", q, q);
  binary(out, r, "Sub", onnx_number(out, bend, 0.180625), square);
  horner(out, above, lathe_probit_terms[0], r);
  horner(out, below, lathe_probit_terms[1], r);
  binary(out, product, "Mul", q, above);
  binary(out, middle, "Div", product, below);
  value_name negative, other, tail, logarithm, positive, root, near, far, near_ratio, far_ratio, is_near, z,
      minus, signed_z, is_middle, shift, shift_far, five;
  binary(out, negative, "Less", q, zero);
  binary(out, other, "Sub", one, p);
  where(out, tail, negative, p, other);
  unary(out, positive, "Neg", unary(out, logarithm, "Log", tail));
  unary(out, root, "Sqrt", positive);
  ratio(out, near_ratio, 2, binary(out, near, "Sub", root, onnx_number(out, shift, 1.6)));
  ratio(out, far_ratio, 4, binary(out, far, "Sub", root, onnx_number(out, shift_far, 5)));
  unary(out, is_near, "Not", binary(out, size, "Greater", root, onnx_number(out, five, 5)));
  where(out, z, is_near, near_ratio, far_ratio);
  where(out, signed_z, negative, unary(out, minus, "Neg", z), z);
  value_name magnitude, edge;
  unary(out, is_middle, "Not",
        binary(out, bound, "Greater", unary(out, magnitude, "Abs", q), onnx_number(out, edge, 0.425)));
  onnx_simple(out, "Where", 3, VALUES(is_middle, middle, signed_z), output);
}

/* (base^lambda - 1) / lambda, or log base where lambda is 0; all by column. `scale` is -1 for the half below 0 of Yeo and Johnson. */
static const char *bend(onnx_writing *out, value_name name, const char *base, const double *lambda,
                        int32_t width, double scale) {
  double *divisor = lathe_memory_raw((size_t)width, sizeof *divisor, out->error);
  double *flat = lathe_memory_raw((size_t)width, sizeof *flat, out->error);
  value_name power, raised, one, lowered, curved, straight, is_flat, zero, logarithm, sign, divisors, flats;
  out->body.failed = out->body.failed || !divisor || !flat;
  if (divisor && flat) {
    for (int32_t c = 0; c < width; c++) {
      flat[c] = fabs(lambda[c]) < 0x1p-52 ? 1 : 0;
      divisor[c] = flat[c] > 0 ? 1 : lambda[c];
    }
    onnx_doubles(out, power, lambda, width);
    onnx_doubles(out, divisors, divisor, width);
    onnx_doubles(out, flats, flat, width);
    binary(out, raised, "Pow", base, power);
    binary(out, lowered, "Sub", raised, onnx_number(out, one, 1));
    binary(out, curved, "Div", lowered, divisors);
    unary(out, logarithm, "Log", base);
    binary(out, is_flat, "Greater", flats, onnx_number(out, zero, 0));
    where(out, straight, is_flat, logarithm, curved);
    binary(out, name, "Mul", straight, onnx_number(out, sign, scale));
  }
  free(divisor);
  free(flat);
  return name;
}

void onnx_write_yeo_johnson(onnx_writing *out, const lathe_operator *op, const char *output) {
  const double *lambda = op->tensor[0];
  double *other = lathe_memory_raw((size_t)op->width, sizeof *other, out->error);
  value_name one, above, below, high, low, zero, negative;
  const char *x = out->value[op->input[0]];
  out->body.failed = out->body.failed || !other;
  for (int32_t c = 0; other && c < op->width; c++) other[c] = 2 - lambda[c];
  if (other) {
    onnx_number(out, one, 1);
    binary(out, above, "Add", x, one);
    binary(out, below, "Sub", one, x);
    bend(out, high, above, lambda, op->width, 1);
    bend(out, low, below, other, op->width, -1);
    onnx_simple(out, "Where", 3,
                VALUES(binary(out, negative, "Less", x, onnx_number(out, zero, 0)), low, high), output);
  }
  free(other);
}

void onnx_write_box_cox(onnx_writing *out, const lathe_operator *op, const char *output) {
  value_name bent, positive, zero, none;
  const char *x = out->value[op->input[0]];
  bend(out, bent, x, op->tensor[0], op->width, 1);
  onnx_number(out, none, NAN);
  onnx_simple(out, "Where", 3,
              VALUES(binary(out, positive, "Greater", x, onnx_number(out, zero, 0)), bent, none), output);
}

/* ---- neighbours ---- */

/* Squared distances (N, rows) to the training rows, infinite where no column is shared. */
static const char *distances(onnx_writing *out, value_name name, const lathe_operator *op, int64_t rows) {
  const double *known = op->tensor[0];
  double *row = lathe_memory_raw((size_t)rows, sizeof *row, out->error);
  value_name zero, sum, shared;
  out->body.failed = out->body.failed || !row;
  onnx_number(out, zero, 0);
  snprintf(sum, sizeof sum, "%s", zero);
  snprintf(shared, sizeof shared, "%s", zero);
  for (int32_t c = 0; row && c < op->width; c++) {
    value_name x, y, difference, square, missing, there, counted, kept;
    for (int64_t i = 0; i < rows; i++) row[i] = known[i * op->width + c];
    column(out, x, out->value[op->input[0]], c);
    binary(out, difference, "Sub", x, onnx_doubles(out, y, row, rows));
    binary(out, square, "Mul", difference, difference);
    unary(out, missing, "IsNaN", square);
    where(out, kept, missing, zero, square);
    onnx_cast_to_double(out, unary(out, there, "Not", missing), onnx_fresh(out, counted));
    value_name sum_before, shared_before;
    snprintf(sum_before, sizeof sum_before, "%s", sum);
    snprintf(shared_before, sizeof shared_before, "%s", shared);
    binary(out, sum, "Add", sum_before, kept);
    binary(out, shared, "Add", shared_before, counted);
  }
  value_name width, weight, scaled, any, infinite;
  binary(out, weight, "Div", onnx_number(out, width, op->width), shared);
  binary(out, scaled, "Mul", sum, weight);
  binary(out, any, "Greater", shared, zero);
  where(out, name, any, scaled, onnx_number(out, infinite, INFINITY));
  free(row);
  return name;
}

/* Column c, its gaps filled. */
static void write_filled(onnx_writing *out, const lathe_operator *op, int32_t c, const char *distance,
                         int64_t rows, const char *output) {
  const double *known = op->tensor[0], *fill = op->tensor[1];
  double *value = lathe_memory_raw((size_t)rows, sizeof *value, out->error);
  int32_t *place = lathe_memory_raw((size_t)rows, sizeof *place, out->error);
  int64_t have = 0, count = ((const int32_t *)op->tensor[2])[c];
  out->body.failed = out->body.failed || !value || !place;
  for (int64_t i = 0; value && place && i < rows; i++) {
    if (isnan(known[i * op->width + c])) continue;
    value[have] = known[i * op->width + c];
    place[have++] = (int32_t)i;
  }
  value_name x, constant, missing, filled;
  column(out, x, out->value[op->input[0]], c);
  onnx_number(out, constant, fill[c]);
  if (value && place && have > 0) {
    if (count > have) count = have;
    value_name places, values, some, least, nearest, which, donors, one, zero, infinite, reached, weight,
        weighted, sum, total, safe, mean, within;
    onnx_gather(out, distance, onnx_places(out, places, place, have), 1, onnx_fresh(out, some));
    whole_number(out, least, count);
    lathe_message top = onnx_node_begin(out, "TopK", "");
    lathe_message_text(&top, 1, some);
    lathe_message_text(&top, 1, least);
    lathe_message_text(&top, 2, onnx_fresh(out, nearest));
    onnx_attribute_integer(&top, "axis", 1);
    onnx_attribute_integer(&top, "largest", 0);
    onnx_attribute_integer(&top, "sorted", 1);
    onnx_node_end(out, &top, onnx_fresh(out, which));
    onnx_gather(out, onnx_doubles(out, values, value, have), which, 0, onnx_fresh(out, donors));
    onnx_number(out, one, 1);
    onnx_number(out, zero, 0);
    binary(out, within, "Less", nearest, onnx_number(out, infinite, INFINITY));
    where(out, weight, within, one, zero);
    where(out, weighted, within, donors, zero);
    write_sum(out, weighted, onnx_fresh(out, sum));
    write_sum(out, weight, onnx_fresh(out, total));
    binary(out, reached, "Greater", total, zero);
    where(out, safe, reached, total, one);
    binary(out, mean, "Div", sum, safe);
    where(out, filled, reached, mean, constant);
  } else
    snprintf(filled, sizeof filled, "%s", constant);
  onnx_simple(out, "Where", 3, VALUES(unary(out, missing, "IsNaN", x), filled, x), output);
  free(value);
  free(place);
}

void onnx_write_neighbours(onnx_writing *out, const lathe_operator *op, const char *output) {
  int64_t rows = op->size[0] / op->width;
  value_name distance;
  value_name *part = lathe_memory_raw((size_t)op->width, sizeof *part, out->error);
  out->body.failed = out->body.failed || !part;
  if (!part) return;
  distances(out, distance, op, rows);
  lathe_message concat = onnx_node_begin(out, "Concat", "");
  for (int32_t c = 0; c < op->width; c++) {
    write_filled(out, op, c, distance, rows, onnx_fresh(out, part[c]));
    lathe_message_text(&concat, 1, part[c]);
  }
  onnx_attribute_integer(&concat, "axis", 1);
  onnx_node_end(out, &concat, output);
  free(part);
}
