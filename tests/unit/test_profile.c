/* test_profile.c - summaries against counts by hand. NIST's certified values: tests/lua/test_profile.lua. */
#include <math.h>
#include <string.h>

#include "../../src/base/pool.h"
#include "../../src/look/profile.h"
#include "../../src/format/csv.h"
#include "tap.h"

static bool near(double value, double wanted) {
  return fabs(value - wanted) <= 1e-14 * fabs(wanted);
}

int main(void) {
  lathe_error error = {0};
  const char text[] = "i,f,s,c,b,d\n3,0.5,x,p,true,2024-01-01\n1,inf,y,q,true,2024-01-03\n,,,,,\n2,-0.0,z,p,"
                      "false,2024-01-02\n"
                      "1,0.0,w,q,true,2024-01-03\n";
  lathe_table *table = lathe_table_parse_csv(text, sizeof text - 1, "t.csv", NULL, NULL, NULL, &error);
  lathe_summary s[6];
  ok(table && lathe_table_summarize(table, s, NULL, &error), "a table is summarized %s", error.message);
  ok(s[0].rows == 5 && s[0].missing == 1 && s[0].distinct == 3 && s[0].min == 1 && s[0].max == 3 &&
         s[0].at_min == 2 && s[0].at_max == 1,
     "counts and extremes of integers");
  ok(near(s[0].mean, 1.75) && near(s[0].sd, sqrt(2.75 / 3)) && s[0].quantiles[3] == 1.5 &&
         near(s[0].skewness, 0.28125 / pow(0.6875, 1.5)),
     "moments and the median");
  ok(s[0].top_count == 3 && s[0].top_counts[0] == 2 && s[0].top_rows[0] == 1 && s[0].top_rows[1] == 3 &&
         s[0].top_rows[2] == 0,
     "most frequent first, then by value");
  ok(s[1].distinct == 3 && s[1].finite == 3 && s[1].max == 0.5 && s[1].at_min == 2,
     "infinity is a value, but not a figure; -0 is 0");
  ok(s[2].distinct == 4 && isnan(s[2].mean) && s[2].finite == 0 && s[2].top_counts[0] == 1,
     "distinct strings");
  ok(s[3].distinct == 2 && s[3].top_counts[0] == 2 && s[3].top_rows[0] == 0,
     "distinct categories, ties by their bytes");
  ok(s[4].mean == 0.75 && s[4].distinct == 2, "truth counts as 0 and 1");
  ok(s[5].min == 19723 && s[5].max == 19725 && s[5].at_max == 2, "dates count in days");
  int64_t counted = 0;
  for (int i = 0; i < LATHE_SUMMARY_BINS; i++) counted += s[0].bins[i];
  ok(counted == 4 && s[0].bins[0] == 2 && s[0].bins[10] == 1 && s[0].bins[LATHE_SUMMARY_BINS - 1] == 1,
     "every value is in a bin");
  lathe_table_release(table);

  const char none[] = "a,b\n,\n,\n";
  table = lathe_table_parse_csv(none, sizeof none - 1, "t.csv", NULL, NULL, NULL, &error);
  ok(lathe_table_summarize(table, s, NULL, &error) && s[0].missing == 2 && s[0].distinct == 0 &&
         isnan(s[0].mean),
     "nothing but missing");
  lathe_table_release(table);

  lathe_text no_text = {NULL, 0};
  for (int64_t rows = 0; rows < 2; rows++) {
    lathe_column *texts = lathe_column_from_text(&no_text, rows, &error);
    ok(lathe_column_summarize(texts, s, NULL, &error) && s[0].missing == rows && s[0].distinct == 0 &&
           s[0].top_count == 0,
       "no text in %d row(s)", (int)rows);
    lathe_column_release(texts);
  }

  static double numbers[100000];
  for (int i = 0; i < 100000; i++) numbers[i] = (double)((i * 7919LL) % 100003) - 50000;
  lathe_column *column = lathe_column_from_float64(numbers, 100000, &error);
  ok(lathe_column_summarize(column, s, NULL, &error) && s[0].distinct == 100000 && s[0].at_max == 1,
     "100,000 numbers of both signs");
  bool sorted = true;
  for (int i = 1; i < LATHE_SUMMARY_QUANTILES; i++) sorted &= s[0].quantiles[i - 1] < s[0].quantiles[i];
  ok(sorted && s[0].min < -49990 && s[0].max > 49990, "quantiles rise");
  lathe_column_release(column);
  return done_testing();
}
