/* Operators of numbers from bundles that somebody made up: arrays that cannot be run are refused, and what is taken gives numbers. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "graph/kernels.h"
#include "tap.h"

/* A graph of columns a and b, side by side as operator 2. */
static lathe_graph *two_columns(void) {
  lathe_graph *graph = lathe_graph_new(NULL);
  lathe_operator a = {.kind = LATHE_OPERATOR_NUMBER, .name = "a", .type = LATHE_TYPE_FLOAT64};
  lathe_operator b = {.kind = LATHE_OPERATOR_NUMBER, .name = "b", .type = LATHE_TYPE_FLOAT64};
  lathe_operator both = {.kind = LATHE_OPERATOR_CONCAT, .inputs = 2, .input = (int32_t[]){0, 1}};
  lathe_graph_add(graph, &a, NULL);
  lathe_graph_add(graph, &b, NULL);
  lathe_graph_add(graph, &both, NULL);
  return graph;
}

static bool refused(lathe_operator node, int32_t input) {
  lathe_graph *graph = two_columns();
  lathe_error error = {0};
  node.inputs = 1;
  node.input = &input;
  bool is = lathe_graph_add(graph, &node, &error) < 0 && error.message[0];
  lathe_graph_release(graph);
  return is;
}

static void test_refusals(void) {
  static const double falling[] = {2, 1}, gap[] = {1, NAN}, up[] = {1, 2, 3, 4}, odd[] = {1, 2, 3},
                      none[] = {0, 0};
  static const double below[] = {-1, 0};
  lathe_operator bin = {.kind = LATHE_OPERATOR_BIN, .length = 2, .tensor = {falling}};
  ok(refused(bin, 0), "edges of bins that fall are refused");
  bin.tensor[0] = gap;
  ok(refused(bin, 0), "and such that are no numbers");
  bin.tensor[0] = up;
  ok(refused(bin, 2), "bins of two columns at once");
  ok(!refused(bin, 0), "bins of one are taken");
  bin.length = 0;
  ok(refused(bin, 0), "no edges make no bins");

  static const int32_t far[] = {0, 2}, back[] = {-1, 0}, fine[] = {0, 1};
  lathe_operator product = {.kind = LATHE_OPERATOR_PRODUCT, .width = 2, .tensor = {far}, .size = {2}};
  ok(refused(product, 2), "a factor that is no column is refused");
  product.tensor[0] = back;
  ok(refused(product, 2), "nor before the first");
  product.tensor[0] = fine;
  product.size[0] = 1;
  ok(refused(product, 2), "nor are factors missing");
  product.size[0] = 2;
  ok(!refused(product, 2), "products of columns are taken");

  lathe_operator quantile = {.kind = LATHE_OPERATOR_QUANTILE, .tensor = {up, none}, .size = {4}};
  ok(!refused(quantile, 2), "two quantiles of each column are taken");
  quantile.tensor[0] = odd;
  quantile.size[0] = 3;
  ok(refused(quantile, 2), "a list that does not divide by the columns is refused");
  quantile.tensor[0] = (double[]){1, 2, 4, 3};
  quantile.size[0] = 4;
  ok(refused(quantile, 2), "and quantiles that fall");
  quantile.tensor[0] = up;
  quantile.tensor[1] = below;
  ok(refused(quantile, 2), "and a margin below 0");

  static const int32_t many[] = {1, 3}, no[] = {0, 1}, one[] = {1, 1};
  lathe_operator near = {.kind = LATHE_OPERATOR_NEIGHBOURS, .tensor = {up, none, many}, .size = {4}};
  ok(refused(near, 2), "more neighbours than rows are refused");
  near.tensor[2] = no;
  ok(refused(near, 2), "and none");
  near.tensor[2] = one;
  ok(!refused(near, 2), "neighbours among the rows are taken");
  near.size[0] = 3;
  ok(refused(near, 2), "rows that are not whole are refused");
}

/* The last column of what an operator gives for one value. */
static double run(lathe_operator node, double x) {
  lathe_graph *graph = lathe_graph_new(NULL);
  int32_t zero = 0;
  lathe_operator raw = {.kind = LATHE_OPERATOR_NUMBER, .name = "x", .type = LATHE_TYPE_FLOAT64};
  lathe_graph_add(graph, &raw, NULL);
  node.inputs = 1;
  node.input = &zero;
  lathe_graph_add(graph, &node, NULL);
  lathe_column *column = lathe_column_from_float64(&x, 1, NULL);
  lathe_table *table = lathe_table_new(1, (const char *const[]){"x"}, &column, NULL);
  double out = -12345;
  lathe_graph_run(graph, table, &out, NULL, NULL);
  lathe_table_release(table);
  lathe_column_release(column);
  lathe_graph_release(graph);
  return out;
}

static void test_values(void) {
  static const double low[] = {-1}, high[] = {2}, ties[] = {0, 1, 1, 1, 5}, none[] = {0}, zero[] = {0},
                      two[] = {2};
  lathe_operator clip = {.kind = LATHE_OPERATOR_CLIP, .tensor = {low, high}};
  ok(run(clip, -3) == -1 && run(clip, 9) == 2 && run(clip, 0.5) == 0.5 && isnan(run(clip, NAN)),
     "bounds limit, and a gap stays");
  ok(run(clip, INFINITY) == 2 && run(clip, -INFINITY) == -1, "what is infinite is limited too");
  lathe_operator outside = {.kind = LATHE_OPERATOR_OUTSIDE, .tensor = {low, high}};
  ok(run(outside, 3) == 1 && run(outside, 2) == 0 && run(outside, NAN) == 0, "a gap is no outlier");
  lathe_operator quantile = {.kind = LATHE_OPERATOR_QUANTILE, .tensor = {ties, none}, .size = {5}};
  ok(run(quantile, 1) == 0.5 && run(quantile, 0.5) == 0.125 && run(quantile, 3) == 0.875,
     "ties have the middle place");
  ok(run(quantile, -9) == 0 && run(quantile, INFINITY) == 1 && isnan(run(quantile, NAN)),
     "beyond the ends is 0 and 1");
  lathe_operator probit = {.kind = LATHE_OPERATOR_PROBIT};
  ok(fabs(run(probit, 0.975) - 1.959963984540054) < 1e-15 && run(probit, 0.5) == 0, "normal quantiles");
  ok(fabs(run(probit, 0) + 5.199337582605575) < 1e-13 && isfinite(run(probit, 1)),
     "of 0 and 1 they are finite");
  ok(fabs(lathe_probit(1e-300) + 37.0471) < 1e-4, "and right far out");
  lathe_operator bend = {.kind = LATHE_OPERATOR_YEO_JOHNSON, .tensor = {zero}};
  ok(run(bend, 1) == log(2) && fabs(run(bend, -1) + 1.5) < 1e-15, "Yeo and Johnson's transform at 0");
  bend.tensor[0] = two;
  ok(run(bend, -1) == -log(2) && fabs(run(bend, 1) - 1.5) < 1e-15,
     "and at 2, where it is the other way round");
  bend.kind = LATHE_OPERATOR_BOX_COX;
  ok(fabs(run(bend, 3) - 4) < 1e-15 && isnan(run(bend, 0)) && isnan(run(bend, -1)),
     "Box and Cox's is for values above 0");
}

int main(void) {
  test_refusals();
  test_values();
  return done_testing();
}
