/* Schemas and arrays of the Arrow C data interface whose counts, offsets, indices and views are any bytes: a table that can be
 * hashed, or one sentence. The buffers themselves are as large as the interface asks for: a reader cannot know better. */
#include "base/pool.h"
#include "table/arrow.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ROWS_MOST = 64, ROOM = 4096 };

static void release_array(struct ArrowArray *array) {
  array->release = NULL;
}

static void release_schema(struct ArrowSchema *schema) {
  schema->release = NULL;
}

typedef struct bytes {
  const uint8_t *at, *end;
} bytes;

static uint8_t next(bytes *from) {
  return from->at < from->end ? *from->at++ : 0;
}

/* A buffer of ROOM bytes with some of the input in it; offsets, indices and views in it stay within `limit`. */
static void fill(bytes *from, uint8_t *to, const char *format, size_t limit) {
  memset(to, 0, ROOM);
  size_t left = (size_t)(from->end - from->at), size = next(from);
  if (size > left) size = left;
  if (size && from->at + size <= from->end) memcpy(to, from->at, size), from->at += size;
  bool narrow = *format == 'u' || *format == 'z', wide = *format == 'U' || *format == 'Z';
  for (size_t i = 0; narrow && i <= 2 * ROWS_MOST; i++) {
    int32_t value;
    memcpy(&value, to + 4 * i, 4);
    if (value > (int32_t)limit) value %= (int32_t)limit;
    memcpy(to + 4 * i, &value, 4);
  }
  for (size_t i = 0; wide && i <= 2 * ROWS_MOST; i++) {
    int64_t value;
    memcpy(&value, to + 8 * i, 8);
    if (value > (int64_t)limit) value %= (int64_t)limit;
    memcpy(to + 8 * i, &value, 8);
  }
}

static const char *const formats[] = {
    "n",   "b",   "c",        "C",          "s",       "S",           "i",    "I",    "l",
    "L",   "e",   "f",        "g",          "u",       "U",           "vu",   "z",    "Z",
    "vz",  "w:7", "tdD",      "tdm",        "tss:",    "tsm:UTC",     "tsu:", "tsn:", "tts",
    "ttn", "tDs", "d:9,2,32", "d:18,-3,64", "d:38,20", "d:76,40,256", "+l",   "x",    "d:99,9"};

typedef struct made {
  struct ArrowArray array, words;
  struct ArrowSchema schema, words_schema;
  const void *buffers[4], *word_buffers[4];
  uint8_t validity[ROOM], values[ROOM], text[ROOM], words_values[ROOM], words_text[ROOM];
  int64_t sizes[1];
} made;

static struct ArrowArray array_of(bytes *from, const char *format, const void **buffers, uint8_t *validity,
                                  uint8_t *values, uint8_t *text, int64_t *sizes) {
  bool view = *format == 'v', texts = strchr("uUzZ", *format) != NULL;
  buffers[0] = next(from) & 1 ? validity : NULL;
  fill(from, values, format, ROOM);
  buffers[1] = values;
  buffers[2] = text;
  buffers[3] = sizes;
  sizes[0] = ROOM;
  return (struct ArrowArray){.length = next(from) % (ROWS_MOST + 1),
                             .offset = next(from) % 8,
                             .null_count = (int8_t)next(from) % 4,
                             .n_buffers = *format == 'n' ? 0
                                          : view         ? 4
                                          : texts        ? 3
                                                         : 2,
                             .buffers = buffers,
                             .release = release_array};
}

static void make(bytes *from, made *m) {
  enum { FORMATS = sizeof formats / sizeof *formats };
  const char *format = formats[next(from) % FORMATS];
  fill(from, m->validity, "", ROOM);
  fill(from, m->text, "", ROOM);
  m->array = array_of(from, format, m->buffers, m->validity, m->values, m->text, m->sizes);
  m->schema =
      (struct ArrowSchema){.format = format, .name = next(from) & 1 ? "x" : "", .release = release_schema};
  if (next(from) & 1) return;
  const char *inner = formats[next(from) % FORMATS];
  fill(from, m->words_text, "", ROOM);
  m->words = array_of(from, inner, m->word_buffers, m->validity, m->words_values, m->words_text, m->sizes);
  m->words_schema = (struct ArrowSchema){.format = inner, .release = release_schema};
  m->schema.dictionary = &m->words_schema;
  if (next(from) % 8) m->array.dictionary = &m->words;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  enum { COLUMNS = 2 };
  static made columns[COLUMNS];
  lathe_threads_set(1);
  bytes from = {data, data + size};
  struct ArrowArray *children[COLUMNS];
  struct ArrowSchema *schemas[COLUMNS];
  memset(columns, 0, sizeof columns);
  for (int i = 0; i < COLUMNS; i++) {
    make(&from, &columns[i]);
    children[i] = &columns[i].array;
    schemas[i] = &columns[i].schema;
  }
  const void *buffers[1] = {next(&from) & 1 ? columns[0].validity : NULL};
  struct ArrowArray root = {.length = next(&from) % ROWS_MOST,
                            .offset = next(&from) % 8,
                            .null_count = -1,
                            .n_buffers = 1,
                            .n_children = next(&from) % (COLUMNS + 1),
                            .buffers = buffers,
                            .children = children,
                            .release = release_array};
  struct ArrowSchema schema = {
      .format = "+s", .n_children = COLUMNS, .children = schemas, .release = release_schema};
  lathe_arrow_decimals decimals = (lathe_arrow_decimals)(next(&from) % 3);
  lathe_error error = {0};
  char hash[33], again[33] = "";
  lathe_arrow_builder *builder = lathe_arrow_builder_new(&schema, &error);
  lathe_table *copied = NULL;
  if (builder && lathe_arrow_builder_add(builder, &root, &error))
    copied = lathe_arrow_builder_finish(builder, decimals, NULL, &error);
  lathe_arrow_builder_free(builder);
  if (!copied && !*error.message) abort();
  error = (lathe_error){0};
  lathe_table *borrowed = lathe_table_from_arrow(&root, &schema, decimals, NULL, &error);
  if (!borrowed && !*error.message) abort();
  if (copied && borrowed && lathe_table_hash(copied, hash, NULL) && lathe_table_hash(borrowed, again, NULL) &&
      strcmp(hash, again) != 0)
    abort(); /* both ways in give one table */
  lathe_table_release(copied);
  lathe_table_release(borrowed);
  return 0;
}
