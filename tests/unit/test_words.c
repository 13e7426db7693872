/* Operators of codes, dates and n-grams: what they give, what a made-up bundle cannot say with them, stand-ins, and hashes. */
#include "tap.h"
#include "graph/date_parts.h"
#include "graph/ngrams.h"
#include "graph/run.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static lathe_graph *raw_columns(void) {
  lathe_graph *graph = lathe_graph_new(NULL);
  lathe_operator nodes[] = {{.kind = LATHE_OPERATOR_NUMBER, .name = "n", .type = LATHE_TYPE_INT64},
                            {.kind = LATHE_OPERATOR_TEXT, .name = "t", .type = LATHE_TYPE_STRING}};
  for (int i = 0; i < 2; i++) lathe_graph_add(graph, &nodes[i], NULL);
  return graph;
}

static bool refused(lathe_operator node, int32_t input) {
  lathe_graph *graph = raw_columns();
  lathe_error error = {0};
  static const lathe_text words[] = {{"a", 1}, {"b", 1}};
  lathe_operator code = {
      .kind = LATHE_OPERATOR_CODE, .inputs = 1, .input = (int32_t[]){1}, .words = 2, .word = words};
  lathe_graph_add(graph, &code, NULL);
  node.inputs = 1;
  node.input = &input;
  bool fine = lathe_graph_add(graph, &node, &error) < 0 && error.message[0];
  lathe_graph_release(graph);
  return fine;
}

static void test_hostile(void) {
  const double twice[] = {1, 1}, gap[] = {1, NAN}, origin[] = {0, 0}, unit[] = {7}, day[] = {1};
  const int32_t beyond[] = {0, 1, 2, -1}, below[] = {0, -3, 0, 0}, part[] = {0, 99},
                circle[] = {LATHE_DATE_SINE, 0};
  const int32_t good[] = {1, 2};
  lathe_operator number = {.kind = LATHE_OPERATOR_NUMBER_CODE, .name = "n", .length = 2, .missing = -1};
  lathe_operator recode = {.kind = LATHE_OPERATOR_RECODE, .length = 2, .missing = -1};
  lathe_operator date = {.kind = LATHE_OPERATOR_DATE_PARTS, .width = 2, .length = 1};
#define WITH(node, ...)                                                                                      \
  ((node).tensor[0] = NULL,                                                                                  \
   memcpy((node).tensor, (const void *[]){__VA_ARGS__}, sizeof((const void *[]){__VA_ARGS__})), (node))
  ok(refused(WITH(number, twice), 0) && refused(WITH(number, gap), 0),
     "values that do not ascend are no codes");
  number.length = 0;
  ok(refused(WITH(number, twice), 0), "nor are none at all");
  number.length = 2;
  number.name = NULL;
  ok(refused(WITH(number, (const double[]){1, 2}), 0), "nor those of no column");
  ok(refused(WITH(recode, beyond), 2) && refused(WITH(recode, below), 2),
     "a map leads to codes that there are");
  ok(refused(WITH(date, part, origin, day), 0), "there is no 99th part of a date");
  ok(refused(WITH(date, circle, origin, day), 0), "years have no circle");
  ok(refused(WITH(date, good, origin, unit), 0), "a day has one unit or 86400");
  ok(refused(WITH(date, good, ((const double[]){0, INFINITY}), day), 0), "an origin is finite");
}

static lathe_operator ngrams(const int32_t *rule, int64_t rules, const double *factor, int32_t width,
                             int32_t words, const lathe_text *word) {
  return (lathe_operator){.kind = LATHE_OPERATOR_NGRAMS,
                          .width = width,
                          .words = words,
                          .word = word,
                          .missing = -1,
                          .tensor = {rule, factor},
                          .size = {rules}};
}

static void test_hostile_words(void) {
  static const lathe_text words[] = {{"a", 1}, {"b", 1}}, turned[] = {{"b", 1}, {"a", 1}};
  const double factor[] = {1, 1, 1};
  const int32_t plain[] = {0, 1, 1, 1, 0, 0, 0, 0}, long_ones[] = {0, 1, 17, 1, 0, 0, 0, 0};
  const int32_t unit[] = {3, 1, 1, 1, 0, 0, 0, 0}, empty[] = {0, 0, 1, 1, 0, 0, 0, 0},
                turned_n[] = {0, 3, 2, 1, 0, 0, 0, 0};
  const int32_t hashing[] = {0, 1, 1, 1, 0, 0, 0, 1};
  ok(refused(ngrams(plain, 7, factor, 2, 2, words), 1), "a rule has its length");
  ok(refused(ngrams(long_ones, 8, factor, 2, 2, words), 1) &&
         refused(ngrams(empty, 8, factor, 2, 2, words), 1) &&
         refused(ngrams(turned_n, 8, factor, 2, 2, words), 1) &&
         refused(ngrams(unit, 8, factor, 2, 2, words), 1),
     "n and unit have bounds");
  ok(refused(ngrams(plain, 8, factor, 3, 2, words), 1), "a column is a word");
  ok(refused(ngrams(plain, 8, factor, 2, 2, turned), 1), "words ascend");
  ok(refused(ngrams(hashing, 8, factor, 2, 2, words), 1), "hashes have no vocabulary");
  ok(refused(ngrams(plain, 8, factor, 2, 2, words), 0), "numbers have no words");
}

typedef struct {
  char text[200];
} list;

static bool append(void *context, lathe_text gram) {
  list *all = context;
  strcat(all->text, "|");
  strncat(all->text, gram.data, gram.size);
  return true;
}

static void grams(const char *text, int32_t unit, int32_t least, int32_t most, const char *wanted) {
  lathe_ngrams scratch = {0};
  list all = {""};
  const int32_t rule[] = {unit, least, most, 1, 0, 0, 0, 0};
  lathe_ngrams_each(&scratch, rule, (lathe_text){text, strlen(text)}, append, &all);
  ok(!strcmp(all.text, wanted), "\"%s\" is cut into %s (%s)", text, wanted, all.text);
  lathe_ngrams_free(&scratch);
}

static void test_grams(void) {
  grams("One two_2, a B-three", LATHE_NGRAMS_WORD, 1, 2, "|one|two_2|three|one two_2|two_2 three");
  grams("\xE6\x88\x91\xE4\xBB\xAC go", LATHE_NGRAMS_WORD, 1, 2,
        "|\xE6\x88\x91|\xE4\xBB\xAC|go|\xE6\x88\x91\xE4\xBB\xAC|\xE4\xBB\xAC go");
  grams("A \t b", LATHE_NGRAMS_CHAR, 2, 3, "|a | b|a b");
  grams("ab  c", LATHE_NGRAMS_EDGE, 3, 4, "| ab|ab | ab | c ");
  grams("ab", LATHE_NGRAMS_EDGE, 5, 6, "| ab ");
  grams("", LATHE_NGRAMS_CHAR, 1, 1, "");
  ok(lathe_murmur3("", 0) == 0 && lathe_murmur3("test", 4) == 0xBA6BD213u &&
         lathe_murmur3("Hello, world!", 13) == 0xC0363E43u,
     "hashes are those of MurmurHash3");
}

/* Over the table that it was learned on, and over no other, a value is what stands in for it. */
static void test_stand_in(void) {
  const int64_t n[] = {5, 6, 7};
  const double mean[] = {0}, scale[] = {2};
  lathe_column *column = lathe_column_from_int64(n, 3, NULL);
  lathe_table *table = lathe_table_new(1, (const char *const[]){"n"}, &column, NULL),
              *other = lathe_table_new(1, (const char *const[]){"n"}, &column, NULL);
  lathe_graph *graph = raw_columns();
  lathe_operator half = {
      .kind = LATHE_OPERATOR_SCALE, .inputs = 1, .input = (int32_t[]){0}, .tensor = {mean, scale}};
  lathe_operator again = half;
  int32_t value = lathe_graph_add(graph, &half, NULL);
  again.input = &value;
  lathe_graph_add(graph, &again, NULL);
  double *values = malloc(3 * sizeof *values), out[3], plain[3];
  for (int i = 0; i < 3; i++) values[i] = 100 * (i + 1);
  ok(lathe_graph_stand_in(graph, value, table, values, NULL), "values stand in");
  ok(lathe_graph_run(graph, table, out, NULL, NULL) && out[0] == 50 && out[2] == 150,
     "over the rows of learning");
  ok(lathe_graph_run(graph, other, plain, NULL, NULL) && plain[0] == 1.25, "not over other rows");
  lathe_graph_end_stand_ins(graph);
  ok(lathe_graph_run(graph, table, out, NULL, NULL) && !memcmp(out, plain, sizeof out),
     "and no longer than that");
  lathe_graph_release(graph);
  lathe_table_release(table);
  lathe_table_release(other);
  lathe_column_release(column);
}

int main(void) {
  test_hostile();
  test_hostile_words();
  test_grams();
  test_stand_in();
  return done_testing();
}
