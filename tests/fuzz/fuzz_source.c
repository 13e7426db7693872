/* Any bytes: unpacked, guessed at, converted and looked at for their dialect, they give UTF-8 and a dialect that can be used, or one
 * sentence. The first byte chooses what is done. */
#include <stdlib.h>
#include <string.h>

#include "lathe.h"
#include "../../src/format/source_own.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_sentence(const lathe_error *error) {
  if (error->code == LATHE_ERROR_NONE || !error->message[0] || strchr(error->message, '\n')) abort();
}

static void check_dialect(const char *text, size_t size) {
  lathe_csv_dialect dialect = {0};
  lathe_error error = {0};
  if (!lathe_csv_detect(text, size, &dialect, &error)) return check_sentence(&error);
  if (!dialect.delimiter || dialect.delimiter == '\n' || dialect.delimiter == '\r' ||
      dialect.delimiter == dialect.quote)
    abort();
  if (dialect.skip < 0 || (size_t)dialect.skip > size || !dialect.word[0]) abort();
  lathe_csv_options options = {.delimiter = dialect.delimiter,
                               .quote = dialect.quote,
                               .plain = dialect.quote == 0,
                               .escape = dialect.escape,
                               .comment = dialect.comment,
                               .headless = dialect.headless,
                               .skip = dialect.skip,
                               .lenient = true};
  lathe_table *rejects = NULL;
  lathe_table *table = lathe_table_parse_csv(text, size, "t.csv", &options, &rejects, NULL, &error);
  if (!table) check_sentence(&error);
  lathe_table_release(table);
  lathe_table_release(rejects);
}

static void convert(const char *encoding, const char *text, size_t size) {
  lathe_error error = {0};
  lathe_buffer out = {0};
  if (!lathe_source_convert("t.csv", encoding, text, size, &out, NULL, &error))
    check_sentence(&error);
  else if (out.size && lathe_text_valid(out.data, out.size) != out.size)
    abort();
  lathe_buffer_free(&out);
}

static void guess(const char *text, size_t size) {
  lathe_error error = {0};
  size_t skip;
  const char *encoding = lathe_source_guess("t.csv", text, size, true, &skip, &error);
  if (!encoding) return check_sentence(&error);
  if (skip > size) abort();
  if (!lathe_source_is_utf8(encoding)) convert(encoding, text + skip, size - skip);
}

static void unpack(const char *text, size_t size) {
  lathe_error error = {0};
  lathe_buffer out = {0};
  const char *what;
  if (!lathe_source_unpack("t.csv", text, size, &out, &what, NULL, &error)) check_sentence(&error);
  lathe_buffer_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size == 0) return 0;
  const char *text = (const char *)data + 1;
  size--;
  switch (data[0] % 5) {
  case 0:
    check_dialect(text, size);
    break;
  case 1:
    guess(text, size);
    break;
  case 2:
    convert("utf-8-replace", text, size);
    break;
  case 3:
    convert("utf-16", text, size);
    break;
  default:
    unpack(text, size);
  }
  return 0;
}
