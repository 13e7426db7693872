/* Any bytes: the reader ends, the writer's copy of what it read reads back to the same copy. */
#include "base/json.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_event(lathe_json_reader *reader, lathe_json_event event, lathe_json_writer *writer) {
  lathe_text text = lathe_json_text(reader);
  switch (event) {
  case LATHE_JSON_NULL:
    lathe_json_write_null(writer);
    break;
  case LATHE_JSON_BOOL:
    lathe_json_write_bool(writer, lathe_json_bool(reader));
    break;
  case LATHE_JSON_INTEGER:
    lathe_json_write_integer(writer, lathe_json_integer(reader));
    break;
  case LATHE_JSON_NUMBER:
    lathe_json_write_number(writer, lathe_json_number(reader));
    break;
  case LATHE_JSON_STRING:
    lathe_json_write_string(writer, text.data, text.size);
    break;
  case LATHE_JSON_KEY:
    lathe_json_write_key(writer, text.data, text.size);
    break;
  case LATHE_JSON_ARRAY:
    lathe_json_write_array(writer);
    break;
  case LATHE_JSON_ARRAY_END:
    lathe_json_write_array_end(writer);
    break;
  case LATHE_JSON_OBJECT:
    lathe_json_write_object(writer);
    break;
  case LATHE_JSON_OBJECT_END:
    lathe_json_write_object_end(writer);
    break;
  case LATHE_JSON_END:
  case LATHE_JSON_ERROR:
    break;
  }
}

/* NULL when it is not JSON. */
static lathe_json_writer *copy(const char *data, size_t size) {
  lathe_error error;
  lathe_json_reader *reader = lathe_json_reader_new(data, size, "fuzz", &error);
  lathe_json_writer *writer = lathe_json_writer_new(0, &error);
  lathe_json_event event = LATHE_JSON_NULL;
  while (event != LATHE_JSON_END && event != LATHE_JSON_ERROR) {
    event = lathe_json_next(reader, &error);
    write_event(reader, event, writer);
  }
  lathe_json_reader_free(reader);
  if (event == LATHE_JSON_END) return writer;
  if (strncmp(error.message, "fuzz:", 5) != 0) abort();
  lathe_json_writer_free(writer);
  return NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  lathe_json_writer *first = copy((const char *)data, size);
  if (!first) return 0;
  lathe_text once = lathe_json_writer_finish(first, NULL);
  lathe_json_writer *second = once.data ? copy(once.data, once.size) : NULL;
  lathe_text twice = second ? lathe_json_writer_finish(second, NULL) : (lathe_text){NULL, 0};
  if (!twice.data || once.size != twice.size || memcmp(once.data, twice.data, once.size) != 0) abort();
  lathe_json_writer_free(first);
  lathe_json_writer_free(second);
  return 0;
}
