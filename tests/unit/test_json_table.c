/* test_json_table.c - JSON and JSON Lines as tables: each case is read in pieces of several sizes and must give the same table; the
 * parsing suite (when the shared data is there) gives a table or one error. */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "../../src/base/file.h"
#include "../../src/base/memory.h"
#include "../../src/base/pool.h"
#include "../../src/format/json_table.h"
#include "tap.h"

typedef lathe_table *(*parser)(const char *, size_t, const char *, const lathe_json_options *, lathe_table **,
                               lathe_progress *, lathe_error *);

/* A table as text: "name:type|..." and a line for each row; a missing element is "~". */
static void show(const lathe_table *table, lathe_buffer *out) {
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

/* Read in pieces of several sizes: the table (and the rejects, and the note), or the error. */
static bool reads_as(parser parse, const char *input, size_t size, const lathe_json_options *given,
                     const char *expected) {
  lathe_buffer first = {0}, now = {0};
  bool same = true;
  char *bytes = malloc(size ? size : 1); /* exactly as long, so that a sanitizer sees a byte too far */
  memcpy(bytes, input, size);
  for (int64_t chunk = 0; chunk <= 40 && same; chunk++) {
    char note[LATHE_JSON_NOTE] = "";
    lathe_json_options options = given ? *given : (lathe_json_options){0};
    options.chunk = chunk;
    options.note = note;
    lathe_error error = {0};
    lathe_table *rejects = NULL, *table = parse(bytes, size, "t.json", &options, &rejects, NULL, &error);
    now.size = 0;
    if (table)
      show(table, &now);
    else
      lathe_buffer_text(&now, error.message, NULL);
    if (*note) lathe_buffer_format(&now, NULL, "\nnote: %s", note);
    if (rejects && lathe_table_rows(rejects) > 0) {
      lathe_buffer_text(&now, "\n", NULL);
      show(rejects, &now);
    }
    lathe_table_release(table);
    lathe_table_release(rejects);
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
  free(bytes);
  return fine;
}

typedef struct example {
  const char *holds, *input, *expected; /* expected: the whole, or behind "*" a part of it */
} example;

static const example documents[] = {
    {"an array of objects", "[{\"a\":1,\"b\":\"x\"},{\"a\":2,\"b\":\"y\"}]", "a:int64|b:string\n1|x\n2|y"},
    {"blanks and a byte order mark do not count", "\xEF\xBB\xBF \n[ {\"a\" : 1 } ,\r\n\t{ \"a\":2} ] \n",
     "a:int64\n1\n2"},
    {"an object of arrays is columns", "{\"a\":[1,2,null],\"b\":[true,false,true]}",
     "a:int64|b:bool\n1|true\n2|false\n~|true"},
    {"arrays within columns are JSON text", "{\"a\":[[1, 2],[]]}", "a:string\n[1,2]\n[]"},
    {"columns of several lengths are refused", "{\"a\":[1,2],\"b\":[1]}",
     "*column \"b\" has 1 values, those before it 2"},
    {"any other object is one row", "{\"a\":1,\"b\":{\"c\":2}}", "a:int64|b.c:int64\n1|2"},
    {"an object around an array of objects says how to read it", "{\"n\":2,\"data\":[{\"a\":1}]}",
     "*read that with rows = \"data\""},
    {"one object on each line is read as JSON Lines", "{\"a\":1}\n{\"a\":2}\n", "a:int64\n1\n2"},
    {"a key in two orders, and absent keys", "[{\"a\":1,\"b\":2},{\"b\":3,\"a\":4},{\"c\":5},{\"a\":6}]",
     "a:int64|b:int64|c:int64\n1|2|~\n4|3|~\n~|~|5\n6|~|~"},
    {"nested objects are flattened", "[{\"a\":{\"b\":{\"c\":1},\"d\":2},\"e\":3}]",
     "a.b.c:int64|a.d:int64|e:int64\n1|2|3"},
    {"null and an object at one key are one thing", "[{\"a\":null},{\"a\":{\"b\":1}},{\"a\":{}}]",
     "a.b:int64\n~\n1\n~"},
    {"a value and an object at one key are two columns", "[{\"a\":7},{\"a\":{\"b\":1}}]",
     "a:int64|a.b:int64\n7|~\n~|1"},
    {"an empty object that never has members is text", "[{\"a\":{}},{\"a\":null}]", "a:string\n{}\n~"},
    {"a key with a dot is the flattened column", "[{\"a.b\":1},{\"a\":{\"b\":2}}]", "a.b:int64\n1\n2"},
    {"but not in one row", "[{\"a.b\":1,\"a\":{\"b\":2}}]",
     "t.json:1:16: \"a.b\" has two values in one row; keep one of the keys, or rename one"},
    {"a key that stands twice is refused", "[{\"a\":1},\n {\"a\":1,\"b\":2,\"a\":3}]",
     "*t.json:2:15: \"a\" has two values in one row"},
    {"also when one of them is an object", "[{\"a\":1,\"a\":{\"b\":2}}]", "*\"a\" has two values"},
    {"arrays in rows are JSON text without blanks", "[{\"a\":[1, \"x y\\\" ]\" , {\"b\" : 2}]}]",
     "a:string\n[1,\"x y\\\" ]\",{\"b\":2}]"},
    {"an empty name is made up", "[{\"\":1,\"column_1\":2}]", "column_2:int64|column_1:int64\n1|2"},
    {"int64 is exact", "[{\"a\":9007199254740993},{\"a\":-9223372036854775808},{\"a\":9223372036854775807}]",
     "a:int64\n9007199254740993\n-9223372036854775808\n9223372036854775807"},
    {"integers beyond 64 bits are text", "[{\"a\":9223372036854775808},{\"a\":1}]",
     "a:string\n9223372036854775808\n1\nnote: column \"a\" is text: it holds integers, integers beyond 64 "
     "bits"},
    {"but doubles among fractions", "[{\"a\":18446744073709551616},{\"a\":1},{\"a\":0.5}]",
     "a:float64\n1.8446744073709552e+19\n1\n0.5"},
    {"integers and fractions are float64", "[{\"a\":1},{\"a\":2.5},{\"a\":9007199254740993}]",
     "a:float64\n1\n2.5\n9007199254740992"},
    {"minus zero is a double", "[{\"a\":-0},{\"a\":1}]", "a:float64\n-0\n1"},
    {"values of different types are text, and it is said",
     "[{\"a\":9007199254740993},{\"a\":0.50},{\"a\":true},{\"a\":\"x\"},{\"a\":null},{\"a\":[1]}]",
     "a:string\n9007199254740993\n0.5\ntrue\nx\n~\n[1]\nnote: column \"a\" is text: it holds true and false, "
     "integers, numbers, text, arrays"},
    {"truth and numbers do not mix", "[{\"a\":true},{\"a\":1}]",
     "a:string\ntrue\n1\nnote: column \"a\" is text: it holds true and false, integers"},
    {"texts that are numbers stay text", "[{\"a\":\"1\"},{\"a\":\"2\"}]", "a:string\n1\n2"},
    {"dates and timestamps are recognised",
     "[{\"a\":\"2024-02-29\",\"b\":\"2024-02-29T12:00:00Z\"},{\"a\":\"1999-12-31\",\"b\":\"2024-03-01\"}]",
     "a:date|b:timestamp\n2024-02-29|2024-02-29 12:00:00\n1999-12-31|2024-03-01 00:00:00"},
    {"a date and another text are text", "[{\"a\":\"2024-02-29\"},{\"a\":\"soon\"}]",
     "a:string\n2024-02-29\nsoon"},
    {"few texts that repeat are a category", "[{\"a\":\"x\"},{\"a\":\"y\"},{\"a\":\"x\"},{\"a\":\"y\"}]",
     "a:category\nx\ny\nx\ny"},
    {"all missing is float64", "[{\"a\":null,\"b\":1}]", "a:float64|b:int64\n~|1"},
    {"empty texts are texts", "[{\"a\":\"\"},{\"a\":\"\"}]", "a:category\n\n"},
    {"escapes are decoded", "[{\"\\u0061\":\"\\u00e9\\n\\ud83d\\ude00\"}]",
     "a:string\n\xC3\xA9\n\xF0\x9F\x98\x80"},
    {"an empty array has no columns", "[]", "*there are no rows, so nothing names a column"},
    {"empty objects have none", "[{},{}]", "*the objects are empty"},
    {"nothing at all", " \n", "*the file is empty"},
    {"rows must be objects", "[{\"a\":1},[2]]",
     "t.json:1:10: a row must be an object, such as {\"a\": 1}, not an array"},
    {"a single value is no table", "17", "*a row must be an object, such as {\"a\": 1}, not a number"},
    {"a comma too many", "[{\"a\":1},]", "t.json:1:10: a value should be here, not ']'"},
    {"a comma too few", "[{\"a\":1} {\"a\":2}]", "t.json:1:10: a comma or ] should be here"},
    {"brackets that do not match", "[{\"a\":1]]", "*a comma or } should be here, not ']'"},
    {"a bracket too many", "[{\"a\":1}]]", "t.json:1:10: the end of the text should be here"},
    {"an array without an end", "[{\"a\":1},{\"a\":2}", "*the text ends where a comma or ] should be"},
    {"an array that another bracket closes", "[{\"a\":1}}", "t.json:1:9: a comma or ] should be here"},
    {"a number beyond doubles", "[{\"a\":1e400}]",
     "t.json:1:7: the number 1e400 is beyond the range of a double; write it in quotes, or null"},
    {"NaN is no JSON", "[{\"a\":NaN}]",
     "t.json:1:7: a value should be here, not 'N'; JSON has neither NaN nor Infinity: write null"},
    {"nor is -Infinity", "[{\"a\":-Infinity}]", "*not 'I'; JSON has neither NaN nor Infinity: write null"},
    {"bytes that are not UTF-8", "[{\"a\":\"\xFF\"}]", "*the byte 0xFF is not UTF-8"},
    {"a NUL in a key", "[{\"a\\u0000b\":1}]", "*must not hold the NUL character"},
};

static const example lines[] = {
    {"an object on each line", "{\"a\":1}\n{\"a\":2}\n", "a:int64\n1\n2"},
    {"CRLF, blank lines, no line end at the end", "\r\n{\"a\":1}\r\n\n  \n{\"a\":2}", "a:int64\n1\n2"},
    {"columns that come late", "{\"a\":1}\n{\"b\":\"x\"}\n{\"a\":3,\"c\":1.5}",
     "a:int64|b:string|c:float64\n1|~|~\n~|x|~\n3|~|1.5"},
    {"a type that is decided by the last row", "{\"a\":1}\n{\"a\":2}\n{\"a\":3}\n{\"a\":\"x\"}",
     "*a:string\n1\n2\n3\nx"},
    {"large integers and a late fraction", "{\"a\":9007199254740993}\n{\"a\":2}\n{\"a\":2.5}\n",
     "a:float64\n9007199254740992\n2\n2.5"},
    {"an error names its line and column", "{\"a\":1}\n\n{\"a\":tru}\n", "*t.json:3:6:"},
    {"two values on a line are refused", "{\"a\":1} {\"a\":2}\n",
     "*t.json:1:9: the end of the text should be here"},
    {"a value over two lines is refused", "{\"a\":\n1}\n",
     "*t.json:1:6: the text ends where a value should be"},
};

static void check_examples(parser parse, const example *list, size_t count) {
  for (size_t i = 0; i < count; i++)
    ok(reads_as(parse, list[i].input, strlen(list[i].input), NULL, list[i].expected), "%s", list[i].holds);
}

static void check_options(void) {
  static const char *const names[] = {"zip", "n"};
  static const lathe_type types[] = {LATHE_TYPE_STRING, LATHE_TYPE_FLOAT64};
  lathe_json_options typed = {.type_count = 2, .type_names = names, .types = types};
  const char *given = "[{\"zip\":1.50,\"n\":\"7\"},{\"zip\":1e2,\"n\":8}]";
  ok(reads_as(lathe_table_parse_json, given, strlen(given), &typed, "zip:string|n:float64\n1.50|7\n1e2|8"),
     "a given string holds numbers as they are written, a given number is read from text");
  given = "[{\"zip\":1,\"n\":\"many\"}]";
  ok(reads_as(lathe_table_parse_json, given, strlen(given), &typed,
              "*row 1: \"many\" is not of type float64 (column \"n\")"),
     "a value that is not of the type given is named");
  given = "[{\"zip\":1}]";
  ok(reads_as(lathe_table_parse_json, given, strlen(given), &typed,
              "*types names a column \"n\", which the file has not"),
     "a type for a column that is not there is refused");
  lathe_json_options inside = {.rows = "data.items"};
  given = "{\"n\":1,\"data\":{\"x\":[9],\"items\":[{\"a\":1},{\"a\":2}],\"y\":{}},\"z\":[]}";
  ok(reads_as(lathe_table_parse_json, given, strlen(given), &inside, "a:int64\n1\n2"), "rows at a path");
  given = "{\"data\":{\"items\":[{\"a\":1},{\"a\":2}]}} x";
  ok(reads_as(lathe_table_parse_json, given, strlen(given), &inside, "*the end of the text should be here"),
     "what stands behind the rows is read as well");
  given = "{\"data\":[1]}";
  ok(reads_as(lathe_table_parse_json, given, strlen(given), &inside,
              "*looks for the key \"items\" here, where no object is"),
     "a path through something else is refused");
  given = "{\"data\":{}}";
  ok(reads_as(lathe_table_parse_json, given, strlen(given), &inside, "*finds no key \"items\""),
     "a path to nothing is refused");
}

static void check_lenient(void) {
  lathe_json_options lenient = {.lenient = true};
  const char *given =
      "{\"a\":1}\n{\"a\":\"x\",\"b\":2\n\n[1]\n{\"a\":2}\n{\"a\":1,\"a\":2}\n{\"a\":\"\xFF\"}";
  ok(reads_as(
         lathe_table_parse_json_lines, given, strlen(given), &lenient,
         "a:int64\n1\n2\noffset:int64|line:int64|column:int64|text:string|reason:string\n"
         "8|2|15|{\"a\":\"x\",\"b\":2|the text ends where a comma or } should be\n"
         "24|4|1|[1]|a row must be an object, such as {\"a\": 1}, not an array\n"
         "36|6|8|{\"a\":1,\"a\":2}|\"a\" has two values in one row; keep one of the keys, or rename one\n"
         "50|7|7|{\"a\":\"?\"}|the byte 0xFF is not UTF-8"),
     "lenient: bad lines are listed and leave no trace in types and columns");
  given = "x\ny\n";
  ok(reads_as(lathe_table_parse_json_lines, given, strlen(given), &lenient, "*no line is a JSON object"),
     "lenient: a file without a row is an error");
}

/* Names beginning with y_ are JSON: a table, or an error about its shape. n_ is not JSON: an error with a place. */
static void check_suite(void) {
  char folder[1024], path[2048];
  const char *shared = getenv("LATHE_DATA"), *top = getenv("LATHE_TOP");
  snprintf(folder, sizeof folder, "%s%s/json-test-suite/test_parsing",
           shared ? shared
           : top  ? top
                  : ".",
           shared ? "" : "/../shared/data");
  DIR *list = opendir(folder);
  if (!list) {
    ok(true, "the parsing suite # SKIP the shared data is not there");
    return;
  }
  int32_t cases = 0, wrong = 0;
  for (struct dirent *entry; (entry = readdir(list));) {
    if (!strstr(entry->d_name, ".json")) continue;
    snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
    lathe_mapping *file = lathe_mapping_open(path, NULL);
    lathe_error error = {0};
    lathe_table *table = lathe_table_parse_json(lathe_mapping_data(file), lathe_mapping_size(file), "t.json",
                                                NULL, NULL, NULL, &error);
    /* As the only value of a row it must be taken exactly when it is JSON. */
    lathe_buffer row = {0};
    lathe_error row_error = {0};
    lathe_buffer_text(&row, "[{\"a\":", NULL);
    lathe_buffer_append(&row, lathe_mapping_data(file), lathe_mapping_size(file), NULL);
    lathe_buffer_text(&row, ",\"b\":0}]", NULL);
    lathe_table *in_row = lathe_table_parse_json(row.data, row.size, "t.json", NULL, NULL, NULL, &row_error);
    bool fine = (table || *error.message) && (in_row || *row_error.message);
    if (entry->d_name[0] == 'n') fine = fine && !table && (!in_row || strstr(entry->d_name, "BOM") != NULL);
    if (entry->d_name[0] == 'y')
      fine = fine && (in_row || strstr(row_error.message, "two values") || strstr(row_error.message, "NUL"));
    if (!fine) printf("# %s: %s / %s\n", entry->d_name, error.message, row_error.message);
    cases++;
    wrong += !fine;
    lathe_table_release(table);
    lathe_table_release(in_row);
    lathe_mapping_release(file);
    lathe_buffer_free(&row);
  }
  closedir(list);
  ok(cases > 100 && wrong == 0, "the parsing suite: a table or one error for each of %d cases", cases);
}

static void check_bombs(void) {
  size_t size = 3000000;
  char *bomb = malloc(size);
  memset(bomb, '[', size);
  bool fine = reads_as(lathe_table_parse_json, "[[[[[[[[[[[[", 12, NULL, "*a row must be an object");
  lathe_error error = {0};
  lathe_table *table = lathe_table_parse_json(bomb, size, "t.json", NULL, NULL, NULL, &error);
  ok(fine && !table && strstr(error.message, "object"), "a bomb of brackets is answered");
  lathe_table_release(table);
  for (size_t i = 0; i + 5 <= size; i += 5) memcpy(bomb + i, "{\"a\":", 5);
  table = lathe_table_parse_json(bomb, size, "t.json", NULL, NULL, NULL, &error);
  ok(!table && strstr(error.message, "deeper than 512"), "a bomb of objects is answered");
  lathe_table_release(table);
  free(bomb);
  lathe_buffer wide = {0};
  lathe_buffer_text(&wide, "[{", NULL);
  for (int i = 0; i < 100000; i++) lathe_buffer_format(&wide, NULL, "%s\"c%d\":%d", i ? "," : "", i, i);
  lathe_buffer_text(&wide, "}]", NULL);
  table = lathe_table_parse_json(wide.data, wide.size, "t.json", NULL, NULL, NULL, &error);
  ok(table && lathe_table_columns(table) == 100000 &&
         lathe_column_number(lathe_table_column(table, 99999), 0) == 99999,
     "100,000 columns are read");
  lathe_table_release(table);
  lathe_buffer_free(&wide);
}

/* Rows of every kind of value: the same bytes for 1 and 4 threads and for small chunks. */
static void check_threads(void) {
  lathe_buffer text = {0};
  for (int i = 0; i < 20000; i++)
    lathe_buffer_format(
        &text, NULL, "{\"i\":%d,\"x\":%.17g,\"s\":\"w%d\",\"m\":%s%d%s,\"o\":{\"d\":\"2024-01-%02d\"}}\n", i,
        i / 7.0, i % 5, i % 1000 == 999 ? "\"" : "", i, i % 1000 == 999 ? "\"" : "", i % 28 + 1);
  char hashes[3][33] = {"", "a", "b"};
  for (int i = 0; i < 3; i++) {
    lathe_threads_set(i == 0 ? 1 : 4);
    lathe_json_options options = {.chunk = i == 2 ? 1000 : 0};
    lathe_table *table =
        lathe_table_parse_json_lines(text.data, text.size, "t.jsonl", &options, NULL, NULL, NULL);
    if (table) lathe_table_hash(table, hashes[i], NULL);
    lathe_table_release(table);
  }
  ok(strcmp(hashes[0], hashes[1]) == 0 && strcmp(hashes[0], hashes[2]) == 0,
     "the table depends neither on threads nor on chunks");
  lathe_buffer_free(&text);
}

/* Names of letters that take four bytes each, in more columns than the note holds. */
static void check_note(void) {
  lathe_buffer text = {0};
  char note[LATHE_JSON_NOTE + 64];
  memset(note, '#', sizeof note);
  for (int row = 0; row < 2; row++) {
    for (int i = 0; i < 6; i++) {
      lathe_buffer_format(&text, NULL, "%s\"%d", i ? ", " : "{", i);
      for (int k = 0; k < 100; k++) lathe_buffer_text(&text, "\xF0\x9D\x90\x80", NULL);
      lathe_buffer_text(&text, row ? "\": \"text\"" : "\": 1", NULL);
    }
    lathe_buffer_text(&text, "}\n", NULL);
  }
  lathe_json_options options = {.note = note};
  lathe_error error = {0};
  lathe_table *table =
      lathe_table_parse_json_lines(text.data, text.size, "t.json", &options, NULL, NULL, &error);
  size_t size = strnlen(note, LATHE_JSON_NOTE);
  ok(table && size < LATHE_JSON_NOTE && note[LATHE_JSON_NOTE] == '#' &&
         lathe_text_valid(note, size) == size && strstr(note, "; and others"),
     "the note about columns of several types stays in its place %s", error.message);
  lathe_table_release(table);
  lathe_buffer_free(&text);
}

int main(void) {
  check_examples(lathe_table_parse_json, documents, sizeof documents / sizeof *documents);
  check_examples(lathe_table_parse_json_lines, lines, sizeof lines / sizeof *lines);
  check_options();
  check_lenient();
  check_suite();
  check_bombs();
  check_threads();
  check_note();
  return done_testing();
}
