/* test_arrow.c - the Arrow C data interface: arrays made by hand of every type come in, tables go out and come back. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../../src/base/memory.h"
#include "../../src/format/csv.h"
#include "../../src/table/arrow.h"
#include "tap.h"

/* ---- arrays made by hand: one column "x" in a struct; nothing is owned, releases are counted ---- */

static int released;

static void release_array(struct ArrowArray *array) {
  released++;
  array->release = NULL;
}

static void release_schema(struct ArrowSchema *schema) {
  schema->release = NULL;
}

typedef struct made {
  struct ArrowArray root, column, words, *children[1];
  struct ArrowSchema root_schema, schema, words_schema, *schemas[1];
  const void *root_buffers[1], *buffers[5], *word_buffers[3];
} made;

static made *make(made *m, const char *format, int64_t rows, int64_t buffers, const void *validity,
                  const void *values, const void *bytes) {
  memset(m, 0, sizeof *m);
  m->children[0] = &m->column;
  m->schemas[0] = &m->schema;
  m->buffers[0] = validity, m->buffers[1] = values, m->buffers[2] = bytes;
  m->root = (struct ArrowArray){.length = rows,
                                .n_buffers = 1,
                                .n_children = 1,
                                .buffers = m->root_buffers,
                                .children = m->children,
                                .release = release_array};
  m->column = (struct ArrowArray){.length = rows,
                                  .null_count = validity ? -1 : 0,
                                  .n_buffers = buffers,
                                  .buffers = m->buffers,
                                  .release = release_array};
  m->root_schema = (struct ArrowSchema){
      .format = "+s", .n_children = 1, .children = m->schemas, .release = release_schema};
  m->schema = (struct ArrowSchema){.format = format, .name = "x", .release = release_schema};
  return m;
}

static void add_words(made *m, const char *format, int64_t count, const void *values, const void *bytes) {
  m->word_buffers[1] = values, m->word_buffers[2] = bytes;
  m->words = (struct ArrowArray){
      .length = count, .n_buffers = bytes ? 3 : 2, .buffers = m->word_buffers, .release = release_array};
  m->words_schema = (struct ArrowSchema){.format = format, .release = release_schema};
  m->column.dictionary = &m->words;
  m->schema.dictionary = &m->words_schema;
}

static lathe_error problem;

static lathe_table *come_in(made *m) {
  problem = (lathe_error){0};
  lathe_table *table =
      lathe_table_from_arrow(&m->root, &m->root_schema, LATHE_ARROW_DECIMALS_EXACT, NULL, &problem);
  if (!table) printf("# %s\n", problem.message);
  return table;
}

/* The elements of the only column, with bars between: "1|2|". */
static const char *show(const lathe_table *table) {
  static char out[1024];
  size_t size = 0;
  if (!table) return "";
  const lathe_column *column = lathe_table_column(table, 0);
  for (int64_t i = 0; i < lathe_column_rows(column); i++) {
    char scratch[32];
    lathe_text text = lathe_column_format(column, i, scratch);
    if (text.size) memcpy(out + size, text.data, text.size);
    size += text.size;
    out[size++] = '|';
  }
  out[size] = '\0';
  return out;
}

static void gives(made *m, const char *type, const char *want, const char *sentence) {
  lathe_table *table = come_in(m);
  bool right = table && strcmp(show(table), want) == 0 &&
               strcmp(lathe_type_name(lathe_column_type(lathe_table_column(table, 0))), type) == 0;
  if (table && !right)
    printf("# %s %s\n", lathe_type_name(lathe_column_type(lathe_table_column(table, 0))), show(table));
  ok(right, "%s", sentence);
  lathe_table_release(table);
}

static void refuses(made *m, const char *words, const char *sentence) {
  int before = released;
  lathe_table *table = come_in(m);
  ok(!table && strstr(problem.message, words) && m->root.release && released == before, "%s", sentence);
  lathe_table_release(table);
}

static const uint8_t holes[] = {0x05}; /* the elements 0 and 2 are there */

static void check_numbers(void) {
  made m;
  static const int8_t bytes[] = {-1, 5, 127};
  static const uint16_t halves[] = {1, 2, 65535};
  static const uint32_t words[] = {1, 2, 4294967295u};
  static const int64_t longs[] = {INT64_MIN, 0, INT64_MAX};
  static const uint64_t unsigned_longs[] = {1, 2, UINT64_MAX};
  gives(make(&m, "c", 3, 2, holes, bytes, NULL), "int64", "-1||127|", "int8 with a missing element widens");
  gives(make(&m, "S", 3, 2, NULL, halves, NULL), "int64", "1|2|65535|", "uint16 widens");
  gives(make(&m, "I", 3, 2, NULL, words, NULL), "int64", "1|2|4294967295|", "uint32 widens");
  gives(make(&m, "l", 3, 2, holes, longs, NULL), "int64", "-9223372036854775808||9223372036854775807|",
        "int64 is borrowed with its limits");
  gives(make(&m, "L", 3, 2, NULL, unsigned_longs, NULL), "string", "1|2|18446744073709551615|",
        "uint64 beyond int64 keeps its digits as text");
  gives(make(&m, "L", 2, 2, NULL, unsigned_longs, NULL), "int64", "1|2|", "uint64 within int64 is int64");
  static const uint16_t float16[] = {0x3C00, 0xC000, 0x7BFF, 0x0001, 0x7C00};
  static const float floats[] = {1.5F, -0.25F, 3};
  static const double doubles[] = {0.1, NAN, 1e300};
  gives(make(&m, "e", 5, 2, NULL, float16, NULL), "float64", "1|-2|65504|5.9604644775390625e-08|inf|",
        "float16 widens, with its smallest and its infinity");
  gives(make(&m, "f", 3, 2, holes, floats, NULL), "float64", "1.5||3|", "float32 widens");
  gives(make(&m, "g", 3, 2, NULL, doubles, NULL), "float64", "0.1|nan|1e+300|",
        "float64 keeps a NaN that is a value");
  static const uint8_t bits[] = {0xB6, 0x01};
  make(&m, "b", 5, 2, NULL, bits, NULL);
  gives(&m, "bool", "false|true|true|false|true|", "bits behind the last row do not matter");
  make(&m, "b", 5, 2, NULL, bits, NULL);
  m.column.offset = 4;
  gives(&m, "bool", "true|true|false|true|true|", "booleans may begin inside a byte");
  make(&m, "n", 3, 0, NULL, NULL, NULL);
  m.column.null_count = 3;
  gives(&m, "float64", "|||", "a column of nulls is float64, all missing");
  char odd[25];
  memcpy(odd + 1, longs, sizeof longs);
  gives(make(&m, "l", 3, 2, NULL, odd + 1, NULL), "int64", "-9223372036854775808|0|9223372036854775807|",
        "buffers that are not aligned are copied");
}

static void check_decimals(void) {
  made m;
  static const __int128 money[] = {150, -5, 100000000000001};
  __int128 big[] = {(__int128)1234567890123456789 * 1000, -7};
  static const int32_t narrow[] = {-150, 7};
  static const int64_t pairs[] = {-150, -1, -1, -1, 7, 0, 0, 0}, beyond[] = {0, 0, 1, 0};
  gives(make(&m, "d:15,2", 3, 2, NULL, money, NULL), "float64", "1.5|-0.05|1000000000000.01|",
        "decimals that 15 digits hold are float64");
  gives(make(&m, "d:38,3", 2, 2, NULL, big, NULL), "string", "1234567890123456789.000|-0.007|",
        "decimals of more digits are text that has them all");
  gives(make(&m, "d:38,0", 2, 2, NULL, money, NULL), "int64", "150|-5|",
        "decimals without a scale are int64");
  gives(make(&m, "d:38,-2", 2, 2, NULL, money, NULL), "float64", "15000|-500|",
        "a negative scale multiplies");
  gives(make(&m, "d:9,2,32", 2, 2, NULL, narrow, NULL), "float64", "-1.5|0.07|", "decimals of 32 bits");
  gives(make(&m, "d:40,2,256", 2, 2, NULL, pairs, NULL), "float64", "-1.5|0.07|", "decimals of 256 bits");
  refuses(make(&m, "d:76,0,256", 1, 2, NULL, beyond, NULL), "more than 38 digits",
          "a decimal of more than 38 digits is refused");
  make(&m, "d:38,3", 2, 2, NULL, big, NULL);
  lathe_table *table =
      lathe_table_from_arrow(&m.root, &m.root_schema, LATHE_ARROW_DECIMALS_FLOAT64, NULL, &problem);
  ok(table && strcmp(show(table), "1.2345678901234568e+18|-0.007|") == 0,
     "decimals are rounded to float64 when asked for");
  lathe_table_release(table);
}

static void check_texts(void) {
  made m;
  static const int32_t narrow[] = {2, 4, 5, 8}, back[] = {4, 2, 5}, split[] = {0, 1, 2};
  static const int64_t wide[] = {0, 2, 3, 6};
  gives(make(&m, "u", 3, 3, NULL, narrow, "..abcdef"), "string", "ab|c|def|",
        "utf8 with offsets that begin inside");
  gives(make(&m, "u", 3, 3, holes, narrow, "..abcdef"), "string", "ab||def|",
        "a missing utf8 element has no text");
  gives(make(&m, "U", 3, 3, NULL, wide, "abcdef"), "string", "ab|c|def|", "large_utf8 is borrowed");
  make(&m, "U", 2, 3, NULL, wide, "abcdef");
  m.column.offset = 1;
  gives(&m, "string", "c|def|", "a slice of large_utf8 begins at its own text");
  refuses(make(&m, "u", 2, 3, NULL, back, "abcdef"), "offsets are damaged", "offsets that fall are refused");
  refuses(make(&m, "u", 2, 3, NULL, split, "\xC3\xA4"), "not UTF-8",
          "an offset inside a character is refused");
  refuses(make(&m, "U", 1, 3, NULL, wide, "\xFF\xFE"), "not UTF-8", "text that is not UTF-8 is refused");
  static const char far_text[] = "a text of more than twelve bytes";
  char views[32] = {0};
  int64_t sizes[] = {sizeof far_text - 1};
  int32_t head[] = {3, 0, 0, 0}, long_head[] = {sizeof far_text - 1, 0, 0, 0};
  memcpy(views, head, sizeof head);
  memcpy(views + 4, "abc", 3);
  memcpy(views + 16, long_head, sizeof long_head);
  make(&m, "vu", 2, 4, NULL, views, far_text);
  m.buffers[3] = sizes;
  gives(&m, "string", "abc|a text of more than twelve bytes|", "utf8 views, short and long");
  make(&m, "vu", 2, 4, NULL, views, far_text);
  sizes[0] = 5;
  m.buffers[3] = sizes;
  refuses(&m, "outside its buffers", "a view that points outside its buffer is refused");
  gives(make(&m, "z", 3, 3, holes, narrow,
             "..\x01\xFF"
             "cdef"),
        "string", "01ff||646566|", "binary is hexadecimal text");
  gives(make(&m, "w:2", 2, 2, NULL, "\x00\x01\xAB\xCD", NULL), "string", "0001|abcd|",
        "so is binary of fixed size");
}

static void check_times(void) {
  made m;
  static const int32_t days[] = {0, 19000, -1}, seconds[] = {3661, 86399, 0};
  static const int64_t millis[] = {86400000, -1, 0}, micros[] = {-1, 1500000, 0};
  static const int64_t many[] = {INT64_MAX, 0};
  gives(make(&m, "tdD", 3, 2, NULL, days, NULL), "date", "1970-01-01|2022-01-08|1969-12-31|",
        "date32 is borrowed");
  gives(make(&m, "tdm", 3, 2, NULL, millis, NULL), "date", "1970-01-02|1969-12-31|1970-01-01|",
        "date64 is rounded down to its day");
  gives(make(&m, "tsu:", 3, 2, NULL, micros, NULL), "timestamp",
        "1969-12-31 23:59:59.999999|1970-01-01 00:00:01.500000|1970-01-01 00:00:00|",
        "microseconds are borrowed");
  gives(make(&m, "tsm:Europe/Paris", 3, 2, holes, millis, NULL), "timestamp",
        "1970-01-02 00:00:00||1970-01-01 00:00:00|", "milliseconds, in any zone, are UTC");
  gives(make(&m, "tsn:UTC", 2, 2, NULL, micros, NULL), "timestamp",
        "1969-12-31 23:59:59.999999|1970-01-01 00:00:00.001500|", "nanoseconds are rounded down");
  refuses(make(&m, "tss:", 2, 2, NULL, many, NULL), "row 1",
          "seconds beyond microseconds are refused with their row");
  gives(make(&m, "tts", 2, 2, NULL, seconds, NULL), "string", "01:01:01|23:59:59|", "times of day are text");
  gives(make(&m, "ttu", 2, 2, holes, micros + 1, NULL), "string", "00:00:01.500000||",
        "with their microseconds");
  gives(make(&m, "tDm", 2, 2, NULL, millis, NULL), "float64", "86400|-0.001|", "durations are seconds");
}

static void check_dictionaries(void) {
  made m;
  static const int32_t ends[] = {0, 3, 6, 9}, codes[] = {2, 0, 1};
  static const uint8_t small[] = {2, 9, 0};
  static const int64_t sorted_ends[] = {0, 1, 2, 3}, numbers[] = {10, 20, 30};
  make(&m, "i", 3, 2, NULL, codes, NULL);
  add_words(&m, "u", 3, ends, "redblured");
  gives(&m, "category", "red|red|blu|", "words of a dictionary are sorted, and each is there once");
  make(&m, "C", 3, 2, holes, small, NULL);
  add_words(&m, "U", 3, sorted_ends, "abc");
  gives(&m, "category", "c||a|", "small indices; one that is missing may be anything");
  make(&m, "C", 3, 2, NULL, small, NULL);
  add_words(&m, "U", 3, sorted_ends, "abc");
  refuses(&m, "outside its dictionary", "an index outside is refused");
  make(&m, "i", 3, 2, NULL, codes, NULL);
  add_words(&m, "U", 3, sorted_ends, "abc");
  lathe_table *table = come_in(&m);
  ok(table && lathe_column_values(lathe_table_column(table, 0)) == codes,
     "sorted words and int32 codes are borrowed");
  lathe_table_release(table);
  make(&m, "C", 3, 2, holes, small, NULL);
  add_words(&m, "l", 3, numbers, NULL);
  gives(&m, "int64", "30||10|", "a dictionary of numbers is decoded");
}

static void check_structure(void) {
  made m;
  static const int64_t longs[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
  static const uint8_t mask[] = {0xF6, 0x03};
  make(&m, "l", 10, 2, mask, longs, NULL);
  m.root.length = 4;
  m.root.offset = 2;
  m.column.offset = 1;
  m.column.length = 9;
  gives(&m, "int64", "|5|6|7|", "a sliced struct of a sliced column, its bitmap too");
  make(&m, "l", 4, 2, NULL, longs, NULL);
  m.root_buffers[0] = holes;
  m.root.null_count = -1;
  gives(&m, "int64", "1||3||", "what is missing in the struct is missing in its columns");
  struct ArrowSchema inner = {.format = "+s", .name = "outer", .n_children = 1, .release = release_schema};
  struct ArrowArray inside = {.length = 3, .n_buffers = 1, .n_children = 1, .release = release_array};
  struct ArrowSchema *schemas[] = {&inner};
  struct ArrowArray *arrays[] = {&inside};
  const void *bitmap[] = {holes};
  make(&m, "l", 3, 2, NULL, longs, NULL);
  inner.children = m.schemas, inside.children = m.children, inside.buffers = bitmap;
  inside.null_count = 1;
  m.root_schema.children = schemas, m.root.children = arrays;
  lathe_table *table = come_in(&m);
  ok(table && strcmp(show(table), "1||3|") == 0 && strcmp(lathe_table_name(table, 0), "outer.x") == 0,
     "fields of a struct become columns with dotted names");
  lathe_table_release(table);
  refuses(make(&m, "+l", 3, 2, NULL, longs, NULL), "holds lists", "lists are refused by name");
  refuses(make(&m, "tin", 3, 2, NULL, longs, NULL), "holds intervals", "intervals too");
  refuses(make(&m, "Q", 3, 2, NULL, longs, NULL), "not known", "an unknown format is refused");
  make(&m, "l", 3, 2, NULL, longs, NULL)->column.length = 2;
  refuses(&m, "2 elements, 3 are wanted", "a child that is too short is refused");
  make(&m, "l", 3, 2, NULL, longs, NULL)->column.offset = -1;
  refuses(&m, "cannot be", "a negative offset is refused");
  make(&m, "l", 3, 2, NULL, longs, NULL)->column.length = INT64_MAX;
  m.column.offset = 5;
  refuses(&m, "cannot be", "a length that overflows is refused");
  refuses(make(&m, "l", 3, 1, NULL, longs, NULL), "1 buffers", "a missing buffer is refused");
  refuses(make(&m, "l", 3, 2, NULL, NULL, NULL), "not there", "values at NULL are refused");
  make(&m, "l", 3, 2, NULL, longs, NULL)->root.n_children = 0;
  refuses(&m, "0 children", "an array with fewer children than its schema is refused");
  make(&m, "l", 3, 2, NULL, longs, NULL)->column.null_count = 2;
  refuses(&m, "no bitmap", "missing elements without a bitmap are refused");
  make(&m, "l", 3, 2, NULL, longs, NULL)->column.release = NULL;
  refuses(&m, "released", "a released child is refused");
  gives(make(&m, "u", 0, 3, NULL, NULL, NULL), "string", "", "no rows need no buffers");
}

static bool same_hash(const lathe_table *a, const lathe_table *b) {
  char first[33], second[33];
  return a && b && lathe_table_hash(a, first, NULL) && lathe_table_hash(b, second, NULL) &&
         strcmp(first, second) == 0;
}

static const char csv[] =
    "flag,count,size,name,kind,day,at\n"
    "true,1,0.5,anna,x,2024-02-29,2024-02-29 10:00:00.25\n,,,,,,\n"
    "false,-3,1e300,\xC3\xA4\xC3\xB6,y,1969-12-31,1960-01-01 00:00:00\n"
    "true,4,2,,x,2000-01-01,2000-01-01 00:00:00\ntrue,5,3,b,y,2000-01-02,2000-01-01 00:00:01\n";

static void check_both_ways(void) {
  lathe_table *table = lathe_table_parse_csv(csv, strlen(csv), "t.csv", NULL, NULL, NULL, &problem);
  struct ArrowArray array;
  struct ArrowSchema schema;
  ok(lathe_table_to_arrow(table, &array, &schema, &problem) && array.n_children == 7 &&
         strcmp(schema.children[4]->format, "i") == 0 &&
         array.children[1]->buffers[1] == lathe_column_values(lathe_table_column(table, 1)),
     "a table of all types goes out, and shares its buffers");
  struct ArrowArray moved = *array.children[3]; /* a consumer may take one child */
  array.children[3]->release = NULL;
  lathe_arrow_array_release(&array);
  lathe_arrow_array_release(&moved);
  lathe_arrow_schema_release(&schema);
  lathe_table_to_arrow(table, &array, &schema, &problem);
  lathe_table *back = lathe_table_from_arrow(&array, &schema, 0, NULL, &problem);
  ok(same_hash(table, back) && !array.release && !schema.release,
     "it comes back equal, array and schema are taken");
  bool shared = true;
  for (int32_t i = 0; i < 7; i++)
    shared &=
        lathe_column_validity(lathe_table_column(back, i)) ==
            lathe_column_validity(lathe_table_column(table, i)) &&
        lathe_column_values(lathe_table_column(back, i)) == lathe_column_values(lathe_table_column(table, i));
  ok(shared, "without a copy of any buffer");
  lathe_column *kept = lathe_column_retain(lathe_table_column(back, 3));
  lathe_table_release(table);
  lathe_table_release(back);
  lathe_text text = lathe_column_text(kept, 0);
  ok(text.size == 4 && memcmp(text.data, "anna", 4) == 0, "one column keeps the buffers of both alive");
  lathe_column_release(kept);
}

static void check_streams(void) {
  lathe_table *table = lathe_table_parse_csv(csv, strlen(csv), "t.csv", NULL, NULL, NULL, &problem);
  for (int64_t batch = 1; batch <= 5; batch++) {
    struct ArrowArrayStream stream;
    lathe_table_to_arrow_stream(table, batch, &stream, &problem);
    lathe_table *back = lathe_table_from_arrow_stream(&stream, 0, NULL, &problem);
    ok(same_hash(table, back) && !stream.release, "a stream of %lld rows a batch gives the same table",
       (long long)batch);
    lathe_table_release(back);
  }
  struct ArrowArrayStream stream;
  lathe_progress *progress = lathe_progress_new(NULL);
  lathe_progress_cancel(progress);
  lathe_table_to_arrow_stream(table, 1, &stream, &problem);
  ok(!lathe_table_from_arrow_stream(&stream, 0, progress, &problem) &&
         problem.code == LATHE_ERROR_CANCELLED && !stream.release,
     "a stream that is stopped is released");
  lathe_progress_release(progress);
  lathe_table_release(table);
}

static void check_names(void) {
  int64_t value = 1;
  lathe_column *column = lathe_column_from_int64(&value, 1, NULL);
  lathe_column *columns[] = {column, column, column, column};
  const char *names[] = {"a", "", "a", "a_2"};
  lathe_table *table = lathe_table_assemble(4, names, columns, &problem);
  ok(table && strcmp(lathe_table_name(table, 1), "column_2") == 0 &&
         strcmp(lathe_table_name(table, 2), "a_3") == 0 && strcmp(lathe_table_name(table, 3), "a_2") == 0,
     "empty and repeated names are mended");
  lathe_table_release(table);
  lathe_column_release(column);
}

int main(void) {
  check_numbers();
  check_decimals();
  check_texts();
  check_times();
  check_dictionaries();
  check_structure();
  check_both_ways();
  check_streams();
  check_names();
  return done_testing();
}
