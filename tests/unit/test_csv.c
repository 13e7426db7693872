/* test_csv.c - the CSV reader: each case is read in pieces of 4 to 15 bytes and in one, and must give the
 * same table. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../src/base/memory.h"
#include "../../src/base/pool.h"
#include "../../src/format/csv.h"
#include "tap.h"

/* A table as text: "name:type|..." and a line for each row; a missing element is "~". */
static void show(const lathe_table *table, lathe_buffer *out) {
  out->size = 0;
  for (int32_t i = 0; i < lathe_table_columns(table); i++)
    lathe_buffer_format(out, NULL, "%s%s:%s", i ? "|" : "", lathe_table_name(table, i),
                        lathe_type_name(lathe_column_type(lathe_table_column(table, i))));
  for (int64_t row = 0; row < lathe_table_rows(table); row++)
    for (int32_t i = 0; i < lathe_table_columns(table); i++) {
      char scratch[32];
      const lathe_column *column = lathe_table_column(table, i);
      lathe_text text = lathe_column_format(column, row, scratch);
      if (!lathe_column_present(column, row)) text = (lathe_text){"~", 1};
      lathe_buffer_text(out, i ? "|" : "\n", NULL);
      lathe_buffer_append(out, text.data, text.size, NULL);
    }
}

/* Read `input` in pieces of several sizes: the table as text, or the error's message; it must not depend on
 * the size. */
static bool reads_as(const char *input, size_t size, const lathe_csv_options *given, const char *expected) {
  lathe_buffer first = {0}, now = {0};
  bool same = true;
  char *copy = malloc(size + 1); /* exactly as long as the input, so that a sanitizer sees a byte too far */
  memcpy(copy, input, size);
  copy = realloc(copy, size ? size : 1);
  for (int64_t chunk = 0; chunk <= 15 && same; chunk++) {
    lathe_csv_options options = given ? *given : (lathe_csv_options){0};
    options.chunk = chunk;
    lathe_error error = {0};
    lathe_table *table = lathe_table_parse_csv(copy, size, "t.csv", &options, NULL, NULL, &error);
    now.size = 0;
    if (table)
      show(table, &now);
    else
      lathe_buffer_text(&now, error.message, NULL);
    lathe_table_release(table);
    if (chunk == 0) lathe_buffer_append(&first, now.data, now.size, NULL);
    same = strcmp(first.data, now.data) == 0;
  }
  bool fine = same && (expected[0] == '*' ? strstr(first.data, expected + 1) != NULL
                                          : strcmp(first.data, expected) == 0);
  if (!fine)
    printf("# got (%s): %s\n# and: %s\n# want: %s\n", same ? "same" : "DIFFERENT", first.data, now.data,
           expected);
  lathe_buffer_free(&first);
  lathe_buffer_free(&now);
  free(copy);
  return fine;
}

typedef struct example {
  const char *holds, *input, *expected; /* expected: the whole, or behind "*" a part of the error */
} example;

static const example examples[] = {
    {"plain cells", "a,b\n1,x\n2,y\n", "a:int64|b:string\n1|x\n2|y"},
    {"no line end at the end", "a,b\n1,x\n2,y", "a:int64|b:string\n1|x\n2|y"},
    {"CRLF", "a,b\r\n1,x\r\n2,y\r\n", "a:int64|b:string\n1|x\n2|y"},
    {"CR alone", "a,b\r1,x\r2,y\r", "a:int64|b:string\n1|x\n2|y"},
    {"mixed line ends and blank lines", "\n\r\na,b\r1,x\n\r\n\n2,y\r\n\r", "a:int64|b:string\n1|x\n2|y"},
    {"a byte order mark is not part of the name",
     "\xEF\xBB\xBF"
     "a\n1\n",
     "a:int64\n1"},
    {"a byte order mark before a quoted name", "\xEF\xBB\xBF\"a,b\",c\n1,2\n", "a,b:int64|c:int64\n1|2"},
    {"quoted delimiters, doubled quotes, line ends in cells",
     "a,b\n\"1,5\",\"say \"\"hi\"\"\"\n\"x\r\ny\",\"\"\"\"\n",
     "a:string|b:string\n1,5|say \"hi\"\nx\r\ny|\""},
    {"a quote inside an unquoted cell is a character", "a,b\n5\" pipe,it's\nx,y\"\"z\n",
     "a:string|b:string\n5\" pipe|it's\nx|y\"\"z"},
    {"quoted numbers are numbers", "a,b\n\"1\",\"2.5\"\n\"2\",\"3\"\n", "a:int64|b:float64\n1|2.5\n2|3"},
    {"empty last cells", "a,b,c\n1,,\n,,\n", "a:int64|b:float64|c:float64\n1|~|~\n~|~|~"},
    {"integers become floats in the last row", "a\n1\n2\n3\n4\n5\n6\n7\n8\n9.5\n",
     "a:float64\n1\n2\n3\n4\n5\n6\n7\n8\n9.5"},
    {"leading zeros stay text", "zip,n\n01234,0\n02138,-0.5\n", "zip:string|n:float64\n01234|0\n02138|-0.5"},
    {"an integer beyond 64 bits stays text", "a\n9223372036854775808\n1\n",
     "a:string\n9223372036854775808\n1"},
    {"the ends of int64", "a\n9223372036854775807\n-9223372036854775808\n",
     "a:int64\n9223372036854775807\n-9223372036854775808"},
    {"a wide integer among fractions is a number", "a\n100000000000000000000\n0.5\n",
     "a:float64\n1e+20\n0.5"},
    {"floats", "a\n1e3\n-.5\n5.\n+2\ninf\n-Infinity\n", "a:float64\n1000\n-0.5\n5\n2\ninf\n-inf"},
    {"a point alone is text", "a,b\n.,-\n1,2\n", "a:string|b:string\n.|-\n1|2"},
    {"truth", "a\ntrue\nFalse\nTRUE\n\nNA\n", "a:bool\ntrue\nfalse\ntrue\n~"},
    {"truth and numbers make text", "a\ntrue\n1\n", "a:string\ntrue\n1"},
    {"dates", "a\n2024-02-29\n1969-12-31\n0001-01-01\n", "a:date\n2024-02-29\n1969-12-31\n0001-01-01"},
    {"no such date is text", "a\n2023-02-29\n2024-02-29\n", "a:string\n2023-02-29\n2024-02-29"},
    {"times, and dates among them", "a\n2024-02-29T12:30:00Z\n2024-03-01\n2024-03-01 00:00:00.5+02:00\n",
     "a:timestamp\n2024-02-29 12:30:00\n2024-03-01 00:00:00\n2024-02-29 22:00:00.500000"},
    {"dates and numbers make text", "a\n2024-02-29\n7\n", "a:string\n2024-02-29\n7"},
    {"few texts make a category, sorted", "a\ny\nx\ny\nx\n", "a:category\ny\nx\ny\nx"},
    {"missing markers", "a,b\nNA,x\nnull,N/A\n1,\n-1.#IND,#N/A\n", "a:int64|b:string\n~|x\n~|~\n1|~\n~|~"},
    {"a quoted marker is text in a text column, and missing elsewhere",
     "a,b\n\"\",\"\"\n\"NA\",\"NA\"\n1,x\n", "a:int64|b:string\n~|\n~|NA\n1|x"},
    {"blanks around numbers and markers do not count", "a,b\n 1 , x\n NA , NA \n\t2,y\n",
     "a:int64|b:string\n1| x\n~| NA \n2|y"},
    {"nothing but blanks is missing unless the column is text", "a,b\n 1,x\n  ,  \n",
     "a:int64|b:string\n1|x\n~|  "},
    {"all quoted and empty is text", "a,b\n\"\",1\n\"\",2\n", "a:category|b:int64\n|1\n|2"},
    {"a header only", "a,b\n", "a:float64|b:float64"},
    {"a header without a line end", "a,b", "a:float64|b:float64"},
    {"repeated and empty names", "a,,a,a_2,\n1,2,3,4,5\n",
     "a:int64|column_2:int64|a_3:int64|a_2:int64|column_5:int64\n1|2|3|4|5"},
    {"names that stand in the file are kept", ",a,a,column_1,a,a_3\n1,2,3,4,5,6\n",
     "column_1_2:int64|a:int64|a_2:int64|column_1:int64|a_4:int64|a_3:int64\n1|2|3|4|5|6"},
    {"a delimiter at the end of rows", "a,b\n1,2,\n3,4\n5,6,", "a:int64|b:int64\n1|2\n3|4\n5|6"},
    {"a delimiter at the end of one row only", "a,b\n1,2\n3,4,\n5,6\n", "*t.csv:3:4"},
    {"a delimiter at the end of the names", "a,b,\n1,2\n3,4,5\n",
     "a:int64|b:int64|column_3:int64\n1|2|~\n3|4|5"},
    {"a semicolon is found", "a;b\n1,5;x\n2,5;y\n", "a:string|b:string\n1,5|x\n2,5|y"},
    {"a tab is found", "a\tb, c\n1\tx\n2\ty\n", "a:int64|b, c:string\n1|x\n2|y"},
    {"a bar is found", "a|b\n1|x,y\n2|y,z\n", "a:int64|b:string\n1|x,y\n2|y,z"},
    {"one column", "text\nhello world\n", "text:string\nhello world"},
    {"wide characters", "名前,年\n山田太郎,3\n李四,4\n", "名前:string|年:int64\n山田太郎|3\n李四|4"},
    {"an empty file", "", "t.csv: the file is empty; a table needs at least a line of column names"},
    {"only blank lines", "\n\r\n\n",
     "t.csv: there is nothing but blank lines; a table needs at least a line of column names"},
    {"a short row", "a,b,c\n1,2,3\n4,5\n",
     "*t.csv:3:1: the row that begins with \"4\" has only 2 cells, but there are 3 columns; "},
    {"a long row", "a,b\n1,2\n\n3,4,5,6\n",
     "*t.csv:4:4: the row that begins with \"3\" has more than 2 cells"},
    {"a long row of a narrow table", "a\n1,2\n",
     "*t.csv:2:2: the row that begins with \"1\" has more than 1 cell, but there is 1 column; "},
    {"an open quote", "a,b\n1,\"x\n2,y\n", "*t.csv:2:3: the quote that opens here is never closed"},
    {"text behind a quote", "a,b\n1,\"x\"y\n", "*t.csv:2:6: text follows a closing quote"},
    {"an open quote in the names", "a,\"b\n1,2\n", "*t.csv:1:3: the quote that opens here is never closed"},
    {"bytes that are not UTF-8", "a,b\n1,caf\xC3\xA9\n2,caf\xE9\n",
     "*t.csv:3:6: byte 0xE9 is not UTF-8; read the file with encoding = \"latin-1\""},
    {"names that are not UTF-8", "caf\xE9\n1\n", "*t.csv:1:4: a column name is not UTF-8"},
    {"gzip", "\x1F\x8B\x08", "*this is compressed with gzip"},
    {"UTF-16",
     "\xFF\xFE"
     "a",
     "*this is UTF-16 text; convert it with iconv"},
};

static void check_examples(void) {
  for (size_t i = 0; i < sizeof examples / sizeof *examples; i++)
    ok(reads_as(examples[i].input, strlen(examples[i].input), NULL, examples[i].expected), "%s",
       examples[i].holds);
  ok(reads_as("a,b\n1,x\0y\n", 10, NULL, "*t.csv:2:4: there is a NUL byte"), "a NUL byte is named");
}

static void check_options(void) {
  const char *types[] = {"a"}, *none[] = {""}, *question[] = {"?", "n/a"};
  const lathe_type text[] = {LATHE_TYPE_STRING}, whole[] = {LATHE_TYPE_INT64},
                   category[] = {LATHE_TYPE_CATEGORY};
  const lathe_type number[] = {LATHE_TYPE_FLOAT64}, truth[] = {LATHE_TYPE_BOOL};
  lathe_csv_options options = {.headless = true};
#define READS(input, expected) reads_as(input, strlen(input), &options, expected)
  ok(READS("1,x\n2,y\n", "column_1:int64|column_2:string\n1|x\n2|y"),
     "without a header columns are numbered");
  options = (lathe_csv_options){.ragged = true};
  ok(READS("a,b\n1\n2,x,7,\"8\"\n", "a:int64|b:string\n1|~\n2|x"),
     "ragged rows are filled and cut when asked");
  options = (lathe_csv_options){.skip = 2};
  ok(READS("report of \"x\nof today\r\na,b\n1,2\n", "a:int64|b:int64\n1|2"), "lines at the top are left out");
  options = (lathe_csv_options){.plain = true, .delimiter = '\t', .headless = true};
  ok(READS("ham\t\"oh no\nspam\t\"\"\n", "column_1:string|column_2:string\nham|\"oh no\nspam|\"\""),
     "quotes are characters in a plain file");
  options = (lathe_csv_options){.quote = '\''};
  ok(READS("a,b\n'x,''y',\"\n", "a:string|b:string\nx,'y|\""), "another quote");
  options = (lathe_csv_options){.delimiter = ' '};
  ok(READS("a b\n1 \"x y\"\n", "a:int64|b:string\n1|x y"), "a blank as delimiter");
  options = (lathe_csv_options){.missing = question, .missing_count = 2};
  ok(READS("a,b\n?,NA\n1,n/a\n,x\n", "a:int64|b:string\n~|NA\n1|~\n~|x"),
     "other missing markers, and the empty cell");
  options = (lathe_csv_options){.missing = none, .missing_count = 0};
  ok(READS("a\nNA\n\nnan\n", "a:string\nNA\nnan"), "no missing markers");
  options = (lathe_csv_options){.type_names = types, .types = text, .type_count = 1};
  ok(READS("a,b\n1,1\nNA,NA\n1,1\n1,1\n", "a:string|b:int64\n1|1\n~|~\n1|1\n1|1"),
     "text because it was said");
  options.types = category;
  ok(READS("a\n3\n1\n2\n", "a:category\n3\n1\n2"), "a category because it was said");
  options.types = whole;
  ok(READS("a\n007\n NA\n-1\n41.0\n", "a:int64\n7\n~\n-1\n41"), "codes as integers because it was said");
  ok(READS("a\n1\n1O0\n", "t.csv:3:1: \"1O0\" is not an integer (column \"a\"); read it as text with types = "
                          "{ [\"a\"] = \"string\" }"),
     "a cell that does not fit the given type is named");
  options.types = number;
  ok(READS("a\n1\n2\n", "a:float64\n1\n2"), "floats because it was said");
  options.types = truth;
  ok(READS("a\n1\nno\nTrue\n", "a:bool\ntrue\nfalse\ntrue"), "truth because it was said");
  ok(READS("b\n1\n", "*types names a column \"a\", which the file has not"),
     "a type for an unknown column is refused");
#undef READS
}

/* The same with the table of rejects behind it: " / " and its lines. In pieces of several sizes. */
static bool leaves_out(const char *input, size_t size, const lathe_csv_options *given, const char *expected) {
  lathe_buffer all = {0}, part = {0};
  char *copy = malloc(size + 1);
  memcpy(copy, input, size);
  copy = realloc(copy, size ? size : 1);
  bool fine = true;
  for (int64_t chunk = 0; chunk <= 15 && fine; chunk++) {
    lathe_csv_options options = *given;
    options.chunk = chunk;
    options.lenient = true;
    lathe_error error = {0};
    lathe_table *rejects = NULL;
    lathe_table *table = lathe_table_parse_csv(copy, size, "t.csv", &options, &rejects, NULL, &error);
    all.size = 0;
    if (table) {
      show(table, &all);
      show(rejects, &part);
      lathe_buffer_text(&all, " / ", NULL);
      lathe_buffer_text(
          &all, part.data + strlen("offset:int64|line:int64|column:string|text:string|reason:string"), NULL);
    } else {
      lathe_buffer_text(&all, error.message, NULL);
    }
    lathe_table_release(table);
    lathe_table_release(rejects);
    fine = strcmp(all.data, expected) == 0;
    if (!fine) printf("# chunk %d got: %s\n# want: %s\n", (int)chunk, all.data, expected);
  }
  lathe_buffer_free(&all);
  lathe_buffer_free(&part);
  free(copy);
  return fine;
}

static void check_lenient(void) {
  const char *names[] = {"a"};
  const lathe_type whole[] = {LATHE_TYPE_INT64};
  lathe_csv_options none = {0}, typed = {.type_names = names, .types = whole, .type_count = 1};
#define LEAVES(input, options, expected) leaves_out(input, sizeof(input) - 1, options, expected)
  ok(LEAVES("a,b\n1,2\n3,4\n", &none, "a:int64|b:int64\n1|2\n3|4 / "), "nothing wrong, nothing left out");
  ok(LEAVES("a,b\n1,2\n3\n4,5,6\n7,8\n", &none,
            "a:int64|b:int64\n1|2\n7|8 / \n8|3|~|3|1 cell instead of 2\n10|4|~|4,5,6|more than 2 cells "
            "instead of 2"),
     "ragged rows are left out");
  ok(LEAVES(
         "a,b\nx\ny,z,w\n", &none,
         "a:float64|b:float64 / \n4|2|~|x|1 cell instead of 2\n6|3|~|y,z,w|more than 2 cells instead of 2"),
     "all of them are");
  ok(LEAVES("a,b\n1,\"x\"y\n\"2\",\"u\"\"v\"\n3,\"p\n", &none,
            "a:int64|b:string\n2|u\"v / \n4|2|b|1,\"x\"y|text follows a closing quote\n22|4|b|3,\"p|a quote "
            "is never closed"),
     "malformed quotes");
  ok(LEAVES("a,b\n1,\"x\n2,y\n3,\"\"\n\n4,z\n", &none,
            "a:int64|b:string\n2|y\n3|\n4|z / \n4|2|b|1,\"x|a quote is never closed"),
     "a quote that is never closed costs its line, not the rest of the file");
  ok(LEAVES("a,b\n1,x\n1O0,\"2\n3\"\n\n-7,y\n", &typed,
            "a:int64|b:string\n1|x\n-7|y / \n8|3|a|1O0,\"2\n3\"|\"1O0\" is not an integer"),
     "a cell that does not fit a given type");
  const char *three[] = {"t", "c", "n"};
  const lathe_type given[] = {LATHE_TYPE_STRING, LATHE_TYPE_CATEGORY, LATHE_TYPE_INT64};
  lathe_csv_options texts = {.type_names = three, .types = given, .type_count = 3};
  ok(LEAVES("t,c,n\nkept,u,1\nleft,v,x\nnext,u,3\n", &texts,
            "t:string|c:category|n:int64\nkept|u|1\nnext|u|3 / \n15|3|n|left,v,x|\"x\" is not an integer"),
     "nothing of a row that is left out stays in the texts of given types before");
  ok(LEAVES("b,a\n1,1\n1.5,x\n2,2\n", &typed,
            "b:int64|a:int64\n1|1\n2|2 / \n8|3|a|1.5,x|\"x\" is not an integer"),
     "a row that is left out has no say in the types of others");
  ok(LEAVES("a,b\n1,caf\xE9\n2,x\0y\n3,\xC3\xA9\n", &none,
            "a:int64|b:string\n3|\xC3\xA9 / \n4|2|~|1,caf\xEF\xBF\xBD|byte 0xE9 is not UTF-8\n11|3|~|2,x"),
     "bytes that are no text");
  typed.ragged = true;
  ok(LEAVES("a,b\n1\nx,2\n3,4,5\n", &typed,
            "a:int64|b:int64\n1|~\n3|4 / \n6|3|a|x,2|\"x\" is not an integer"),
     "ragged rows are filled and cut when asked, leniently too");
#undef LEAVES
}

/* Names are made in a few looks each, however many are alike. */
static void check_many_names(void) {
  enum { COLUMNS = 20000 };
  lathe_buffer text = {0};
  lathe_error error = {0};
  for (int line = 0; line < 2; line++)
    for (int i = 0; i < COLUMNS; i++)
      lathe_buffer_format(&text, NULL, "%s%s%s",
                          line    ? "1"
                          : i % 3 ? "a"
                                  : "",
                          i == 5 ? "_7" : "", i + 1 < COLUMNS ? "," : "\n");
  lathe_table *table = lathe_table_parse_csv(text.data, text.size, "t.csv", NULL, NULL, NULL, &error);
  ok(table && lathe_table_columns(table) == COLUMNS, "20,000 columns of two names %s", error.message);
  ok(table && !strcmp(lathe_table_name(table, 0), "column_1") && !strcmp(lathe_table_name(table, 1), "a") &&
         !strcmp(lathe_table_name(table, 2), "a_2") && !strcmp(lathe_table_name(table, 3), "column_4") &&
         !strcmp(lathe_table_name(table, 5), "a_7"),
     "are made up and numbered");
  lathe_table_release(table);
  lathe_buffer_free(&text);
}

/* Many rows, so that blocks of plain rows and single ones take turns. */
static void check_many_rejects(void) {
  lathe_buffer text = {0};
  lathe_error error = {0};
  lathe_buffer_text(&text, "n,word,name,x,day,flag\n", NULL);
  int kept = 0, left = 0;
  for (int i = 0; i < 30000; i++) {
    int kind = i % 97 == 5 ? 1 : i % 101 == 7 ? 2 : i % 89 == 3 ? 3 : 0;
    left += kind != 0;
    kept += kind == 0;
    if (kind == 1)
      lathe_buffer_format(&text, NULL, "%d,w\n", i);
    else if (kind == 2)
      lathe_buffer_format(&text, NULL, "%d,w,\"a\"b,1,2020-01-01,true\n", i);
    else
      lathe_buffer_format(&text, NULL, "%s%d,w%d,\"name \"\"%d\"\"\",%d.25,2020-01-%02d,%s\n",
                          kind == 3 ? "x" : "", i, i % 7, i, i, 1 + i % 28, i % 2 ? "true" : "");
  }
  const char *names[] = {"n"};
  const lathe_type types[] = {LATHE_TYPE_INT64};
  lathe_csv_options options = {
      .lenient = true, .type_names = names, .types = types, .type_count = 1, .chunk = 5000};
  lathe_table *rejects = NULL;
  lathe_table *table = lathe_table_parse_csv(text.data, text.size, "t.csv", &options, &rejects, NULL, &error);
  ok(table && lathe_table_rows(table) == kept && lathe_table_rows(rejects) == left,
     "30,000 rows are kept or left out %s", error.message);
  bool fine = table != NULL;
  for (int i = 0, row = 0; i < 30000 && fine; i++) {
    if (i % 97 == 5 || i % 101 == 7 || i % 89 == 3) continue;
    char name[32], scratch[32], day[16];
    snprintf(name, sizeof name, "name \"%d\"", i);
    snprintf(day, sizeof day, "2020-01-%02d", 1 + i % 28);
    lathe_text got = lathe_column_text(lathe_table_column(table, 2), row);
    fine = lathe_column_number(lathe_table_column(table, 0), row) == i && got.size == strlen(name) &&
           memcmp(got.data, name, got.size) == 0 &&
           lathe_column_number(lathe_table_column(table, 3), row) == i + 0.25 &&
           lathe_column_format(lathe_table_column(table, 4), row, scratch).size == 10 &&
           memcmp(scratch, day, 10) == 0 &&
           lathe_column_present(lathe_table_column(table, 5), row) == (i % 2 == 1);
    row++;
  }
  ok(fine, "and those that are kept are whole, in all columns");
  lathe_table_release(table);
  lathe_table_release(rejects);
  lathe_buffer_free(&text);
}

static void check_marks(void) {
  lathe_csv_options options = {.escape = '\\'};
#define READS(input, expected) reads_as(input, strlen(input), &options, expected)
  ok(READS("a,b\nx\\,y,\"say \\\"hi\\\"\"\nl\\\nm,\"a\\\\\"\nn,\"\"\"q\"\n",
           "a:string|b:string\nx,y|say \"hi\"\nl\nm|a\\\nn|\"q"),
     "escaped delimiters, quotes and line ends");
  options = (lathe_csv_options){.comment = '#'};
  ok(READS("# of \"today\n\na,b\n#x,\"\n1,#\n\n#\n2,\"#\n# y\"\n#", "a:int64|b:string\n1|#\n2|#\n# y"),
     "lines that are comments are left out");
  ok(READS("a\r\n1\r\n# two\r\n3\r\n\r\n# four\r\n\n\r# five\r5\r\n", "a:int64\n1\n3\n5"),
     "behind CRLF and behind blank lines, too");
  options = (lathe_csv_options){.decimal = ',', .thousands = '.', .delimiter = ';'};
  ok(READS("a;b;c;d\n1,5;1.234.567;1.5;2024-01-01 00:00:00.5\n-,25e1;-12;2;\n.;1.000;3,0;\n",
           "a:string|b:int64|c:string|d:timestamp\n1,5|1234567|1.5|2024-01-01 "
           "00:00:00.500000\n-,25e1|-12|2|~\n.|1000|3,0|~"),
     "decimal commas, points between thousands, and what is neither");
  ok(READS("a;b\n1,5;1.234,5\n-0,25;\n", "a:float64|b:float64\n1.5|1234.5\n-0.25|~"), "numbers with both");
  options = (lathe_csv_options){.thousands = ','};
  ok(READS("a,b\n\"1,234\",\"1,23\"\n\"12,345,678.5\",2\n", "a:float64|b:string\n1234|1,23\n12345678.5|2"),
     "quoted commas between thousands");
  options = (lathe_csv_options){.escape = ',', .delimiter = ','};
  ok(READS("a\n1\n", "*must be different characters"), "marks that are the same are refused");
  options = (lathe_csv_options){.thousands = '.'};
  ok(READS("a\n1\n", "*decimal and thousands must be two different characters"), "so are marks of numbers");
#undef READS
}

/* Cells at the edges of what the quick ways take. */
static void check_numbers(void) {
  ok(reads_as("a\n1e400\n-1e400\n1e-400\n", sizeof "a\n1e400\n-1e400\n1e-400\n" - 1, NULL,
              "a:float64\ninf\n-inf\n0"),
     "1e400 is infinite, 1e-400 zero");
  ok(reads_as("a\n-0\n0\n", sizeof "a\n-0\n0\n" - 1, NULL, "a:int64\n0\n0"), "-0 among integers is 0");
  ok(reads_as("a\n-0\n0.5\n", sizeof "a\n-0\n0.5\n" - 1, NULL, "a:float64\n-0\n0.5"),
     "and keeps its sign among fractions");
  ok(reads_as("a\n12345678\n123456789\n-1234567890123456\n12345678901234567\n0\n",
              sizeof "a\n12345678\n123456789\n-1234567890123456\n12345678901234567\n0\n" - 1, NULL,
              "a:int64\n12345678\n123456789\n-1234567890123456\n12345678901234567\n0"),
     "integers of 1 to 17 digits");
  lathe_buffer text = {0};
  lathe_error error = {0};
  lathe_buffer_text(&text, "x\n", NULL);
  uint64_t state = 7;
  enum { COUNT = 20000 };
  static char shown[COUNT][40];
  for (int i = 0; i < COUNT; i++) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    double value = (double)(int64_t)state / (double)(UINT64_C(1) << (state >> 58));
    snprintf(shown[i], sizeof shown[i], "%.*g", 1 + (int)(state >> 40) % 19, value);
    if (i % 3 == 0) snprintf(shown[i], sizeof shown[i], "%.*f", (int)(state >> 40) % 10, value / 0x1p40);
    lathe_buffer_format(&text, NULL, "%s\n", shown[i]);
  }
  const char *names[] = {"x"};
  const lathe_type types[] = {LATHE_TYPE_FLOAT64};
  lathe_csv_options options = {.type_names = names, .types = types, .type_count = 1};
  lathe_table *table = lathe_table_parse_csv(text.data, text.size, "t.csv", &options, NULL, NULL, &error);
  int wrong = table ? 0 : 1;
  for (int i = 0; i < COUNT && table; i++) {
    double value = lathe_column_number(lathe_table_column(table, 0), i), want = strtod(shown[i], NULL);
    if (memcmp(&value, &want, sizeof value) != 0 && wrong++ < 5) printf("# %s: %.17g\n", shown[i], value);
  }
  ok(wrong == 0, "20,000 numbers are what strtod makes of them, to the last bit %s", error.message);
  lathe_table_release(table);
  text.size = 0;
  lathe_buffer_text(&text, "d\n", NULL);
  for (int i = 0; i < COUNT; i++) {
    lathe_text_from_date(i * 180 - 719162, shown[i]);
    lathe_buffer_format(&text, NULL, "%s\n", shown[i]);
  }
  table = lathe_table_parse_csv(text.data, text.size, "t.csv", NULL, NULL, NULL, &error);
  bool fine = table && lathe_column_type(lathe_table_column(table, 0)) == LATHE_TYPE_DATE;
  for (int i = 0; i < COUNT && fine; i++)
    fine = lathe_column_number(lathe_table_column(table, 0), i) == i * 180 - 719162;
  ok(fine, "20,000 dates of 9,800 years");
  lathe_table_release(table);
  lathe_buffer_free(&text);
}

static lathe_table *parse(const lathe_buffer *text, lathe_error *error) {
  return lathe_table_parse_csv(text->data, text->size, "big.csv", NULL, NULL, NULL, error);
}

static void check_sizes(void) {
  lathe_buffer text = {0};
  lathe_error error = {0};
  lathe_buffer_text(&text, "a,b\n1,\"", &error);
  for (int i = 0; i < 1 << 20; i++) lathe_buffer_append(&text, i % 64 ? "x" : "\n", 1, &error);
  lathe_buffer_text(&text, "\"\n2,y\n", &error);
  lathe_table *table = parse(&text, &error);
  ok(table && lathe_table_rows(table) == 2 &&
         lathe_column_text(lathe_table_column(table, 1), 0).size == 1 << 20,
     "a cell of 1 MB with line ends %s", error.message);
  lathe_table_release(table);

  text.size = 0;
  for (int row = 0; row < 3; row++)
    for (int i = 0; i < 100000; i++) {
      if (row == 0)
        lathe_buffer_format(&text, &error, "c%d%c", i, i < 99999 ? ',' : '\n');
      else
        lathe_buffer_format(&text, &error, "%d%c", row * i, i < 99999 ? ',' : '\n');
    }
  table = parse(&text, &error);
  ok(table && lathe_table_columns(table) == 100000 && lathe_table_find(table, "c99999") == 99999 &&
         lathe_column_number(lathe_table_column(table, 99999), 1) == 199998,
     "100,000 columns %s", error.message);
  lathe_table_release(table);

  text.size = 0;
  lathe_buffer_text(&text, "n,word,late\n", &error);
  for (int i = 0; i < 200000; i++)
    lathe_buffer_format(&text, &error, "%d,\"w%d%s\",%s\n", i, i % 1001, i % 7 ? "" : "\"\"",
                        i == 199999 ? "x" : "5");
  char one[33] = "", two[33] = "";
  lathe_threads_set(1);
  table = parse(&text, &error);
  if (table) lathe_table_hash(table, one, &error);
  ok(table && lathe_column_type(lathe_table_column(table, 1)) == LATHE_TYPE_STRING,
     "more than 1,000 texts stay strings");
  bool whole = table != NULL;
  for (int i = 0; i < 200000 && whole; i++) {
    char want[16];
    snprintf(want, sizeof want, "w%d%s", i % 1001, i % 7 ? "" : "\"");
    lathe_text got = lathe_column_text(lathe_table_column(table, 1), i);
    whole = got.size == strlen(want) && memcmp(got.data, want, got.size) == 0;
  }
  ok(whole, "and each of them is what stands in its row");
  ok(table && lathe_column_type(lathe_table_column(table, 2)) == LATHE_TYPE_CATEGORY &&
         lathe_column_text(lathe_table_column(table, 2), 199999).size == 1,
     "a word in the last row of 200,000 makes the column text");
  lathe_table_release(table);
  lathe_threads_set(4);
  table = parse(&text, &error);
  if (table) lathe_table_hash(table, two, &error);
  ok(one[0] && strcmp(one, two) == 0, "one thread and four give the same bytes");
  lathe_table_release(table);
  lathe_progress *progress = lathe_progress_new(&error);
  lathe_progress_cancel(progress);
  table = lathe_table_parse_csv(text.data, text.size, "big.csv", NULL, NULL, progress, &error);
  ok(!table && error.code == LATHE_ERROR_CANCELLED, "reading is cancelled");
  lathe_progress_release(progress);
  lathe_buffer_free(&text);
}

static void check_file(void) {
  lathe_error error = {0};
  ok(!lathe_table_read_csv("/no/such/file.csv", NULL, NULL, NULL, &error) &&
         strstr(error.message, "/no/such/file.csv"),
     "no such file: %s", error.message);
  const char text[] = "a,b,c,d\n1.5,\"x,\"\"\ny\",true,2024-01-01\n,\"\",NA,\n-2e-300,NA,false,1999-12-31\n0."
                      "1,\"NA\",true,\n";
  const char *names[] = {"b"};
  const lathe_type types[] = {LATHE_TYPE_STRING};
  lathe_csv_options options = {.type_names = names, .types = types, .type_count = 1};
  lathe_table *table = lathe_table_parse_csv(text, sizeof text - 1, "t.csv", &options, NULL, NULL, &error);
  char path[] = "/tmp/lathe-test-XXXXXX", first[33] = "", second[33] = "";
  close(mkstemp(path));
  ok(table && lathe_table_write_csv(table, path, ';', NULL, &error), "a table is written %s", error.message);
  lathe_table *back = lathe_table_read_csv(path, &options, NULL, NULL, &error);
  if (back) lathe_table_hash(back, second, &error);
  if (table) lathe_table_hash(table, first, &error);
  ok(back && strcmp(first, second) == 0, "what was written reads back equal %s", error.message);
  lathe_table_release(back);
  lathe_table_release(table);
  unlink(path);
}

/* Rows of every kind, `size` bytes and a few more: quotes around line ends, CRLF, comments, blank lines, texts beyond ASCII, rows that are too
 * short, cells of a hundred thousand bytes. */
static void write_odd_rows(lathe_buffer *out, size_t size) {
  uint64_t state = 9;
  lathe_buffer_text(out, "id,x,word,text\n", NULL);
  for (int64_t i = 0; out->size < size; i++) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    unsigned pick = (unsigned)(state >> 40) % 1000;
    lathe_buffer_format(out, NULL, "%lld,%u.%u,w%u,", (long long)i, pick, pick % 7, pick % 50);
    if (pick < 20)
      lathe_buffer_text(out, "\"a, \"\"b\"\"\nid,1,2,3\n\"\n\n", NULL);
    else if (pick < 40)
      lathe_buffer_text(out, "\xE8\xA1\xA8 \xC3\xBC\r\n# a comment, \"\n", NULL);
    else if (pick < 50)
      lathe_buffer_text(out, "\n1,2\n", NULL);
    else if (pick == 50 && i % 8 == 0)
      for (int j = 0; j < 10000; j++)
        lathe_buffer_text(out, j == 9999 ? "\"\n" : j ? "long, text" : "\"", NULL);
    else
      lathe_buffer_format(out, NULL, "text %u\r\n", pick * 977);
  }
}

/* What a file of 20 MB gives is what its bytes in memory give, which no window is used for. */
static void check_large_file(void) {
  lathe_error error = {0};
  lathe_buffer rows = {0};
  char path[] = "/tmp/lathe-test-XXXXXX";
  int file = mkstemp(path);
  write_odd_rows(&rows, 20 << 20);
  bool written = write(file, rows.data, rows.size) == (ssize_t)rows.size;
  close(file);
  static const int64_t chunks[] = {0, 1 << 16, 100003};
  for (int i = 0; i < 3 && written; i++) {
    lathe_csv_options options = {.comment = '#', .lenient = true, .chunk = chunks[i]};
    lathe_table *tables[2] = {0}, *rejects[2] = {0};
    char hashes[4][33] = {{0}};
    tables[0] = lathe_table_read_csv(path, &options, &rejects[0], NULL, &error);
    tables[1] = lathe_table_parse_csv(rows.data, rows.size, path, &options, &rejects[1], NULL, &error);
    for (int j = 0; j < 2 && tables[0] && tables[1]; j++) {
      lathe_table_hash(tables[j], hashes[j], &error);
      lathe_table_hash(rejects[j], hashes[2 + j], &error);
    }
    ok(tables[0] && tables[1] && lathe_table_rows(rejects[0]) > 1000 &&
           lathe_table_rows(tables[0]) > 400000 && !strcmp(hashes[0], hashes[1]) &&
           !strcmp(hashes[2], hashes[3]),
       "a large file in pieces of %lld bytes gives the same %lld rows and %lld rejects as its bytes %s",
       (long long)chunks[i], (long long)lathe_table_rows(tables[0]), (long long)lathe_table_rows(rejects[0]),
       error.message);
    for (int j = 0; j < 2; j++) lathe_table_release(tables[j]), lathe_table_release(rejects[j]);
  }
  unlink(path);
  lathe_buffer_free(&rows);
}

int main(void) {
  check_large_file();
  check_examples();
  check_options();
  check_sizes();
  check_lenient();
  check_many_names();
  check_many_rejects();
  check_marks();
  check_numbers();
  check_file();
  return done_testing();
}
