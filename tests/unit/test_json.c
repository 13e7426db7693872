/* The JSON reader and writer: the parsing suite (when the shared data is there), values, places of errors,
 * round trips. */
#include "tap.h"
#include "base/json.h"
#include "base/memory.h"

#include <dirent.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Read all of it; true when it is JSON. */
static bool accepts(const char *text, size_t size, lathe_error *error) {
  lathe_json_reader *reader = lathe_json_reader_new(text, size, NULL, error);
  lathe_json_event event;
  do event = lathe_json_next(reader, error);
  while (event != LATHE_JSON_END && event != LATHE_JSON_ERROR);
  bool stays = lathe_json_next(reader, NULL) == event;
  lathe_json_reader_free(reader);
  return event == LATHE_JSON_END && stays;
}

/* Write what is read. NULL when it is not JSON; free it. */
static char *copy(const char *text, size_t size, int32_t indent) {
  lathe_error error;
  lathe_json_reader *reader = lathe_json_reader_new(text, size, NULL, &error);
  lathe_json_writer *writer = lathe_json_writer_new(indent, &error);
  for (;;) {
    lathe_json_event event = lathe_json_next(reader, &error);
    lathe_text t = lathe_json_text(reader);
    if (event == LATHE_JSON_END || event == LATHE_JSON_ERROR) break;
    if (event == LATHE_JSON_NULL) lathe_json_write_null(writer);
    if (event == LATHE_JSON_BOOL) lathe_json_write_bool(writer, lathe_json_bool(reader));
    if (event == LATHE_JSON_INTEGER) lathe_json_write_integer(writer, lathe_json_integer(reader));
    if (event == LATHE_JSON_NUMBER) lathe_json_write_number(writer, lathe_json_number(reader));
    if (event == LATHE_JSON_STRING) lathe_json_write_string(writer, t.data, t.size);
    if (event == LATHE_JSON_KEY) lathe_json_write_key(writer, t.data, t.size);
    if (event == LATHE_JSON_ARRAY) lathe_json_write_array(writer);
    if (event == LATHE_JSON_ARRAY_END) lathe_json_write_array_end(writer);
    if (event == LATHE_JSON_OBJECT) lathe_json_write_object(writer);
    if (event == LATHE_JSON_OBJECT_END) lathe_json_write_object_end(writer);
  }
  bool whole = lathe_json_next(reader, NULL) == LATHE_JSON_END;
  lathe_text out = lathe_json_writer_finish(writer, &error);
  char *result = whole && out.data ? lathe_memory_text(out.data, out.size, NULL) : NULL;
  lathe_json_writer_free(writer);
  lathe_json_reader_free(reader);
  return result;
}

static void same_copy(const char *text, int32_t indent, const char *want, const char *sentence) {
  char *got = copy(text, strlen(text), indent);
  ok(got && !strcmp(got, want), "%s", sentence);
  if (!got || strcmp(got, want) != 0) printf("# got %s\n", got ? got : "nothing");
  free(got);
}

static void refuses(const char *text, const char *words, const char *sentence) {
  lathe_error error = {0};
  bool refused = !accepts(text, strlen(text), &error);
  bool fits = refused && strstr(error.message, words);
  ok(fits, "%s", sentence);
  if (!fits) printf("# got %s, want %s\n", refused ? error.message : "acceptance", words);
}

static char *read_whole(const char *path, size_t *size) {
  FILE *file = fopen(path, "rb");
  if (!file) return NULL;
  char *data = malloc(1 << 20);
  *size = fread(data, 1, 1 << 20, file);
  fclose(file);
  return data;
}

static void parsing_suite(void) {
  char folder[1024], path[2048];
  const char *data = getenv("LATHE_DATA");
  snprintf(folder, sizeof folder, "%s/json-test-suite/test_parsing", data ? data : "");
  DIR *listing = opendir(folder);
  if (!listing) {
    ok(true, "the JSON parsing suite behaves # SKIP the shared data is not there");
    return;
  }
  int files = 0, wrong = 0, placeless = 0, copies = 0;
  for (struct dirent *entry; (entry = readdir(listing));) {
    size_t size = 0;
    if (entry->d_name[0] == '.') continue;
    snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
    char *text = read_whole(path, &size);
    lathe_error error = {0};
    bool accepted = accepts(text, size, &error);
    files++;
    if ((entry->d_name[0] == 'y' && !accepted) || (entry->d_name[0] == 'n' && accepted)) {
      printf("# %s is %s %s\n", entry->d_name, accepted ? "accepted" : "refused", error.message);
      wrong++;
    }
    if (!accepted && !strstr(error.message, "line ")) placeless++;
    char *once = copy(text, size, 0), *twice = once ? copy(once, strlen(once), 0) : NULL;
    if (accepted && (!twice || strcmp(once, twice) != 0)) copies++;
    free(once);
    free(twice);
    free(text);
  }
  closedir(listing);
  ok(files > 100 && wrong == 0, "the JSON parsing suite behaves (%d files, %d wrong)", files, wrong);
  ok(placeless == 0, "each of its refusals says the line");
  ok(copies == 0, "what is written from what was read reads back the same");
}

static void values(void) {
  const char text[] =
      " [-7, 9223372036854775807, 1e2, -0, 0.1, 9223372036854775808, true, \"a\\u0000b\", {\"k\":null}] ";
  lathe_error error;
  lathe_json_reader *reader = lathe_json_reader_new(text, sizeof text - 1, NULL, &error);
  ok(lathe_json_next(reader, &error) == LATHE_JSON_ARRAY && lathe_json_depth(reader) == 1,
     "an array begins at depth 1");
  ok(lathe_json_next(reader, &error) == LATHE_JSON_INTEGER && lathe_json_integer(reader) == -7 &&
         lathe_json_number(reader) == -7.0,
     "an integer is given both ways");
  ok(lathe_json_next(reader, &error) == LATHE_JSON_INTEGER && lathe_json_integer(reader) == INT64_MAX,
     "the largest 64-bit integer is exact");
  ok(lathe_json_next(reader, &error) == LATHE_JSON_NUMBER && lathe_json_number(reader) == 100 &&
         lathe_json_integer(reader) == 100,
     "a number with an exponent is not an integer");
  ok(lathe_json_next(reader, &error) == LATHE_JSON_NUMBER && signbit(lathe_json_number(reader)),
     "-0 keeps its sign");
  ok(lathe_json_next(reader, &error) == LATHE_JSON_NUMBER && lathe_json_number(reader) == 0.1,
     "0.1 is the nearest double");
  ok(lathe_json_next(reader, &error) == LATHE_JSON_NUMBER && lathe_json_number(reader) == 0x1p63,
     "an integer beyond 64 bits is a double");
  ok(lathe_json_next(reader, &error) == LATHE_JSON_BOOL && lathe_json_bool(reader), "true is true");
  ok(lathe_json_next(reader, &error) == LATHE_JSON_STRING && lathe_json_text(reader).size == 3 &&
         !memcmp(lathe_json_text(reader).data, "a\0b", 3),
     "\\u0000 is a byte of the text");
  ok(lathe_json_next(reader, &error) == LATHE_JSON_OBJECT && lathe_json_skip(reader, &error) &&
         lathe_json_depth(reader) == 1,
     "an object is passed over");
  ok(lathe_json_next(reader, &error) == LATHE_JSON_ARRAY_END && lathe_json_depth(reader) == 0 &&
         lathe_json_next(reader, &error) == LATHE_JSON_END &&
         lathe_json_next(reader, &error) == LATHE_JSON_END,
     "the end stays the end");
  lathe_json_reader_free(reader);
}

static void skipping(void) {
  const char text[] = "{\"a\": [1, {\"b\": [2]}], \"c\": 3, \"d\": 4}";
  lathe_error error;
  lathe_json_reader *reader = lathe_json_reader_new(text, sizeof text - 1, "x.json", &error);
  lathe_json_next(reader, &error);
  ok(lathe_json_next(reader, &error) == LATHE_JSON_KEY && lathe_json_skip(reader, &error) &&
         lathe_json_next(reader, &error) == LATHE_JSON_KEY && lathe_json_text(reader).data[0] == 'c',
     "the value of a key is passed over");
  ok(lathe_json_skip(reader, &error) && lathe_json_next(reader, &error) == LATHE_JSON_KEY, "so is a number");
  ok(!lathe_json_refuse(reader, &error, "%s is not wanted", "d") &&
         !strcmp(error.message, "x.json:1:32: d is not wanted") &&
         lathe_json_next(reader, NULL) == LATHE_JSON_ERROR,
     "the caller's own objection gets the place of the event");
  lathe_json_reader_free(reader);
}

static void nesting(void) {
  char text[4 * LATHE_JSON_DEPTH];
  for (int depth = LATHE_JSON_DEPTH; depth <= LATHE_JSON_DEPTH + 1; depth++) {
    memset(text, '[', (size_t)depth);
    memset(text + depth, ']', (size_t)depth);
    bool accepted = accepts(text, 2 * (size_t)depth, NULL);
    ok(accepted == (depth == LATHE_JSON_DEPTH), "%d brackets are %s", depth, accepted ? "read" : "refused");
  }
}

static void writing(void) {
  lathe_error error;
  lathe_json_writer *writer = lathe_json_writer_new(0, &error);
  lathe_json_write_array(writer);
  lathe_json_write_number(writer, NAN);
  lathe_json_write_number(writer, 1e300);
  lathe_json_write_integer(writer, INT64_MIN);
  lathe_json_write_string(writer, "a\xFF\"\x01\n\xC3\xA9", 7);
  lathe_json_write_array_end(writer);
  lathe_text out = lathe_json_writer_finish(writer, &error);
  ok(out.data &&
         !strcmp(out.data, "[null,1e+300,-9223372036854775808,\"a\xEF\xBF\xBD\\\"\\u0001\\n\xC3\xA9\"]"),
     "numbers that are not finite are null, bad bytes are U+FFFD, control characters are escaped");
  lathe_json_writer_free(writer);
  writer = lathe_json_writer_new(0, &error);
  for (int i = 0; i <= LATHE_JSON_DEPTH; i++) lathe_json_write_array(writer);
  ok(!lathe_json_writer_finish(writer, &error).data && strstr(error.message, "nested deeper"),
     "the writer refuses what the reader would");
  lathe_json_writer_free(writer);
}

int main(void) {
  parsing_suite();
  values();
  skipping();
  nesting();
  writing();
  same_copy("{\"a\":[1,2.5,[],{}],\"b\":\"\\u00e9\\ud83d\\ude00\\/\"}", 0,
            "{\"a\":[1,2.5,[],{}],\"b\":\"\xC3\xA9\xF0\x9F\x98\x80/\"}",
            "escapes are decoded, text is UTF-8");
  same_copy("{\"a\":[1,[]],\"b\":{}}", 2, "{\n  \"a\": [\n    1,\n    []\n  ],\n  \"b\": {}\n}",
            "an indent gives lines, empty brackets stay together");
  refuses("[1,\n \"\xC3\xA9\", x]", "line 2, column 7: a value should be here, not 'x'",
          "columns count characters");
  refuses("{\"a\" 1}", "a colon should be here, not '1'", "a missing colon is named");
  refuses("[1", "the text ends where a comma or ] should be", "an early end is named");
  refuses("\"\\ud800x\"", "half of a surrogate pair", "a lone surrogate is named");
  refuses("[1e999]", "1e999 is beyond the range", "a number out of range is named");
  refuses("[01]", "must not begin with a zero", "a leading zero is named");
  refuses("\"a\tb\"", "must be written \\u0009", "a bare control character is named");
  refuses("\xEF\xBB\xBF{}", "byte order mark", "a byte order mark is named");
  refuses("\"\xC3\x28\"", "line 1, column 2: the byte 0xC3 is not UTF-8",
          "a byte that is not UTF-8 is named");
  refuses("{}x", "the end of the text should be here", "what follows the value is named");
  return done_testing();
}
