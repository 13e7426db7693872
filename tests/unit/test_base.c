/* test_base.c - the lowest floor. */
#include "tap.h"

#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/base.h"
#include "base/memory.h"

static void test_errors(void) {
  lathe_error error;
  ok(!lathe_error_set(&error, LATHE_ERROR_DATA, "%s: %d", "row", 7) && !strcmp(error.message, "row: 7"),
     "an error is written");
  lathe_error_set(&error, LATHE_ERROR_DATA, "\"%.3s\" and \xFF", "ab\xC3\xA9");
  ok(!strcmp(error.message, "\"ab?\" and ?"), "a piece of a character in an error is a question mark");
  lathe_error_set(&error, LATHE_ERROR_DATA, "a\nb\tc\x1B[2J\x7F");
  ok(!strcmp(error.message, "a b c?[2J?"), "an error is one line, and moves no cursor");
  ok(!lathe_error_set(NULL, LATHE_ERROR_DATA, "x"), "an error that nobody wants is not written");
  char text[3000];
  for (size_t i = 0; i + 3 < sizeof text; i += 3) memcpy(text + i, "\xe4\xb8\xad", 4);
  lathe_error_set(&error, LATHE_ERROR_DATA, "%s", text);
  ok(lathe_text_valid(error.message, strlen(error.message)) == strlen(error.message),
     "a long error is cut at a character");
}

static bool number_is(const char *text, double want) {
  double got;
  return lathe_text_to_float64(text, strlen(text), &got) && memcmp(&got, &want, sizeof got) == 0;
}

static void test_numbers(void) {
  ok(number_is("0.1", 0.1) && number_is("-2.5e3", -2500) && number_is("1e22", 1e22) &&
         number_is("123456789012345678", 1.2345678901234568e17),
     "decimal numbers are read exactly");
  ok(number_is("2.2250738585072011e-308", 2.2250738585072011e-308) &&
         number_is("1.7976931348623157e308", 1.7976931348623157e308),
     "the smallest and the largest are read exactly");
  ok(number_is("9007199254740993", 9007199254740992.0) &&
         number_is("0.30000000000000004", 0.30000000000000004),
     "what needs more than 53 bits is rounded to the nearest");
  ok(number_is("1e400", INFINITY) && number_is("-inf", -INFINITY), "too large is infinite");
  double number;
  const char *wrong[] = {"", "-", ".", "1e", "1.2.3", "0x10", " 1", "1 ", "1,5", "nanx", "e5"};
  bool refused = true;
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
    refused = refused && !lathe_text_to_float64(wrong[i], strlen(wrong[i]), &number);
  ok(refused, "what is no number is refused");
  int64_t integer;
  ok(lathe_text_to_int64("-9223372036854775808", 20, &integer) && integer == INT64_MIN,
     "the smallest integer is read");
  ok(!lathe_text_to_int64("9223372036854775808", 19, &integer), "an integer beyond 64 bits is refused");

  static const struct {
    const char *text;
    int64_t want; /* 0: none */
  } sizes[] = {{"1000", 1000},
               {"500MB", 500000000},
               {" 1.5 GB ", 1500000000},
               {"256MiB", 268435456},
               {"2k", 2000},
               {"1gib", 1073741824},
               {"7b", 7},
               {"", 0},
               {"MB", 0},
               {"1XB", 0},
               {"-5MB", 0},
               {"0", 0},
               {"99999999999TB", 0},
               {"1 GBs", 0},
               {"inf", 0}};
  bool sized = true;
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    int64_t bytes = 0;
    bool found = lathe_text_to_size(sizes[i].text, strlen(sizes[i].text), &bytes);
    if (found != (sizes[i].want > 0) || (found && bytes != sizes[i].want)) sized = false;
  }
  ok(sized, "sizes are read with their units");

  lathe_random random;
  lathe_random_seed(&random, 1, 0);
  bool same = true;
  for (int i = 0; i < 20000; i++) {
    uint64_t bits = lathe_random_next64(&random);
    double value, back;
    memcpy(&value, &bits, sizeof value);
    char text[32];
    size_t size = lathe_text_from_float64(value, text);
    if (isnan(value)) continue;
    same = same && lathe_text_to_float64(text, size, &back) && memcmp(&back, &value, sizeof back) == 0;
  }
  ok(same, "20,000 random doubles are written and read back to the same bits");
  char text[32];
  lathe_text_from_float64(0.1, text);
  ok(!strcmp(text, "0.1"), "0.1 is written with one digit");
}

static void test_text(void) {
  ok(lathe_text_valid("abc\xe4\xb8\xad", 6) == 6 && lathe_text_valid("a\xff", 2) == 1 &&
         lathe_text_valid("\xed\xa0\x80", 3) == 0,
     "UTF-8 is told from what is not");
  ok(lathe_text_width("a\xe4\xb8\xad", 4) == 3 && lathe_text_fit("\xe4\xb8\xad\xe4\xb8\xad", 6, 3) == 3,
     "wide characters count two");
  ok(lathe_text_distance("colums", "columns") == 1 && lathe_text_distance("ab", "ba") == 1 &&
         lathe_text_distance("", "abc") == 3,
     "the distance of names");
  int32_t days;
  int64_t time;
  ok(lathe_text_to_date("2000-02-29", 10, &days) && days == 11016 &&
         !lathe_text_to_date("1900-02-29", 10, &days),
     "dates know leap years");
  ok(lathe_text_to_timestamp("1970-01-01T01:00:00.5+01:00", 27, &time) && time == 500000,
     "a time with fraction and zone is read");
  char text[32];
  lathe_text_from_timestamp(-1, text);
  ok(!strcmp(text, "1969-12-31 23:59:59.999999"), "a time before 1970 is written");
}

static void test_encode(void) {
  char out[4];
  bool fine = true;
  for (uint32_t c = 0; c <= 0x110000; c += c < 0x11000 ? 1 : 251) {
    uint32_t back;
    size_t size = lathe_text_encode(c, out);
    bool none = (c >= 0xD800 && c < 0xE000) || c > 0x10FFFF;
    fine &= none ? size == 0 : size && lathe_text_decode(out, size, &back) == size && back == c;
  }
  ok(fine, "characters become the UTF-8 that they are read from");
}

static void test_random(void) {
  uint32_t out[4];
  lathe_random_block((uint32_t[4]){0, 0, 0, 0}, (uint32_t[2]){0, 0}, out);
  ok(out[0] == 0x6627e8d5 && out[1] == 0xe169c58d && out[2] == 0xbc57ac4c && out[3] == 0x9b00dbd8,
     "Philox4x32-10, known answer for zeros");
  lathe_random_block((uint32_t[4]){0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
                     (uint32_t[2]){0xa4093822, 0x299f31d0}, out);
  ok(out[0] == 0xd16cfe09 && out[1] == 0x94fdcceb && out[2] == 0x5001e420 && out[3] == 0x24126ea1,
     "Philox4x32-10, known answer for pi");
  lathe_random first, second;
  lathe_random_seed(&first, 7, 1);
  lathe_random_seed(&second, 7, 2);
  ok(lathe_random_next64(&first) != lathe_random_next64(&second), "streams of one seed differ");
  double sum = 0, squares = 0;
  bool inside = true;
  for (int i = 0; i < 100000; i++) {
    double normal = lathe_random_normal(&first);
    sum += normal, squares += normal * normal;
    inside = inside && lathe_random_below(&first, 10) < 10;
  }
  ok(fabs(sum / 1e5) < 0.02 && fabs(squares / 1e5 - 1) < 0.02, "normal numbers have mean 0 and variance 1");
  ok(inside, "numbers below a limit are below it");
}

static bool fill(void *context, int64_t chunk, lathe_error *error) {
  (void)error;
  ((int64_t *)context)[chunk] = chunk * chunk;
  return true;
}

static bool fail_late(void *context, int64_t chunk, lathe_error *error) {
  (void)context;
  return chunk < 50 || lathe_error_set(error, LATHE_ERROR_DATA, "chunk %d", (int)chunk);
}

static bool nest(void *context, int64_t chunk, lathe_error *error) {
  (void)chunk;
  return lathe_pool_run(10, fill, context, NULL, error);
}

struct crowd {
  _Atomic int32_t now, most;
};

static bool join_crowd(void *context, int64_t chunk, lathe_error *error) {
  (void)chunk, (void)error;
  struct crowd *crowd = context;
  int32_t now = atomic_fetch_add(&crowd->now, 1) + 1, most = atomic_load(&crowd->most);
  while (now > most && !atomic_compare_exchange_weak(&crowd->most, &most, now)) {
  }
  for (int i = 0; i < 100; i++) sched_yield();
  atomic_fetch_sub(&crowd->now, 1);
  return true;
}

static void test_pool(void) {
  int64_t results[1000] = {0};
  lathe_threads_set(4);
  bool right = lathe_pool_run(1000, fill, results, NULL, NULL);
  for (int64_t i = 0; i < 1000; i++) right = right && results[i] == i * i;
  ok(right, "every chunk runs once");
  lathe_error error = {0};
  ok(!lathe_pool_run(1000, fail_late, NULL, NULL, &error) && error.code == LATHE_ERROR_DATA,
     "a chunk's error is the job's");
  struct crowd crowd = {0};
  lathe_threads_set(2);
  ok(lathe_pool_run(100, join_crowd, &crowd, NULL, &error) && crowd.most <= 2,
     "fewer threads than before are asked for, and no more work");
  lathe_threads_set(4);
  ok(lathe_pool_run(1, nest, results, NULL, &error), "a job inside a chunk runs");
  lathe_progress *progress = lathe_progress_new(NULL);
  lathe_progress_begin(progress, "count", 10);
  lathe_progress_cancel(progress);
  ok(!lathe_pool_run(1000, fill, results, progress, &error) && error.code == LATHE_ERROR_CANCELLED,
     "a cancelled job stops");
  ok(!strcmp(error.message, "cancelled: count"), "and says what was cancelled");
  lathe_progress_release(progress);
}

static void test_files(void) {
  char folder[] = "/tmp/lathe-base-XXXXXX", path[128], hash[33], again[33];
  lathe_error error;
  if (!mkdtemp(folder)) return;
  snprintf(path, sizeof path, "%s/a/b/c", folder);
  ok(lathe_folder_make(path, &error) && lathe_folder_make(path, &error), "folders are made, twice is fine");
  strcat(path, "/file");
  ok(lathe_file_write(path, "hello", 5, &error), "a file is written");
  ok(lathe_hash_file(path, hash, &error) && (lathe_hash_bytes("hello", 5, again), !strcmp(hash, again)),
     "its hash is that of its bytes");
  ok(!strcmp(hash, "b5e9c1ad071b3e7fc779cfaa5e523818"), "which is XXH3-128");
  lathe_writer *writer = lathe_writer_open(path, &error);
  lathe_writer_add(writer, "half", 4, &error);
  lathe_writer_abandon(writer);
  lathe_mapping *mapping = lathe_mapping_open(path, &error);
  ok(mapping && lathe_mapping_size(mapping) == 5 && !memcmp(lathe_mapping_data(mapping), "hello", 5),
     "an abandoned write leaves the old bytes");
  lathe_mapping_release(mapping);
  ok(!lathe_mapping_open("/no/such", &error) && strstr(error.message, "/no/such"),
     "a file that is not there is named");
  ok(!lathe_mapping_open(folder, &error) && strstr(error.message, "folder"),
     "a folder is not read as a file");
  ok(!lathe_file_write("/proc/no/file", "x", 1, &error) && error.code == LATHE_ERROR_FILE,
     "an unwritable place is an error");
  char command[160];
  snprintf(command, sizeof command, "rm -r %s", folder);
  if (system(command) != 0) printf("# %s stays\n", folder);
}

static void test_safetensors(void) {
  char path[] = "/tmp/lathe-tensors-XXXXXX";
  int file = mkstemp(path);
  if (file < 0) return;
  close(file);
  lathe_error error = {0};
  const uint8_t bytes[3] = {1, 2, 3};
  const double numbers[2] = {0.5, -1};
  lathe_tensor_writer *writer = lathe_tensor_writer_new(&error);
  bool fine =
      lathe_tensor_writer_add(writer, "bytes", LATHE_DTYPE_U8, 1, (int64_t[]){3}, bytes, &error) &&
      lathe_tensor_writer_add(writer, "numbers", LATHE_DTYPE_F64, 2, (int64_t[]){1, 2}, numbers, &error) &&
      lathe_tensor_writer_metadata(writer, "format", "lathe", 5, &error) &&
      lathe_tensor_writer_write(writer, path, &error);
  lathe_tensor_writer_free(writer);
  ok(fine, "arrays of two types are written");
  lathe_tensor_file *tensors = lathe_tensor_file_open(path, &error);
  lathe_tensor_view view;
  ok(tensors && lathe_tensor_file_get(tensors, "numbers", LATHE_DTYPE_F64, 2, &view, &error) &&
         view.shape[1] == 2 && ((const double *)view.data)[1] == -1 && (uintptr_t)view.data % 8 == 0,
     "and read back by name, aligned");
  ok(lathe_tensor_file_metadata(tensors, "format").size == 5, "with their metadata");
  ok(!lathe_tensor_file_get(tensors, "bytes", LATHE_DTYPE_F64, 1, &view, &error) &&
         strstr(error.message, "bytes"),
     "an array of another type is named");
  lathe_tensor_file_release(tensors);
  lathe_mapping *mapping = lathe_mapping_open(path, &error);
  size_t size = lathe_mapping_size(mapping);
  char *copy = lathe_memory_text(lathe_mapping_data(mapping), size, NULL);
  lathe_mapping_release(mapping);
  int opened = 0;
  for (size_t cut = 0; cut < size; cut++) {
    lathe_file_write(path, copy, cut, NULL);
    lathe_tensor_file *part = lathe_tensor_file_open(path, &error);
    opened += part != NULL;
    lathe_tensor_file_release(part);
  }
  ok(opened == 0, "a file that was cut is refused, wherever it was cut");
  free(copy);
  unlink(path);
}

/* Touch every page of a mapped file on every thread. */
static bool sum_pages(void *context, int64_t index, lathe_error *error) {
  (void)error;
  const char *data = lathe_mapping_data(context);
  volatile char sum = 0;
  for (size_t at = (size_t)index << 16, end = at + (1 << 16); at < end; at += 4096)
    sum = (char)(sum + data[at]);
  return true;
}

static void test_files_that_change(void) {
  enum { SIZE = 1 << 22 };
  char path[] = "/tmp/lathe-change-XXXXXX";
  int file = mkstemp(path);
  char *bytes = malloc(SIZE);
  if (file < 0 || !bytes) return;
  memset(bytes, 'x', SIZE);
  lathe_error error = {0};
  lathe_file_write(path, bytes, SIZE, &error);
  lathe_mapping *mapping = lathe_mapping_open(path, &error);
  ok(lathe_mapping_check(mapping, &error), "a file that nobody touches is whole");
  lathe_file_append(path, "more", 4, &error);
  ok(lathe_mapping_check(mapping, &error) && lathe_mapping_size(mapping) == SIZE,
     "what is appended to a mapped file does no harm");
  ok(truncate(path, 4096) == 0 && lathe_pool_run(SIZE >> 16, sum_pages, mapping, NULL, &error) &&
         lathe_mapping_data(mapping)[0] == 'x' && lathe_mapping_data(mapping)[SIZE - 1] == 0,
     "a file that is cut while it is mapped can be read on, by every thread");
  ok(!lathe_mapping_check(mapping, &error) && strstr(error.message, "became shorter"), "and that is told");
  lathe_mapping_release(mapping);
  lathe_file_write(path, bytes, SIZE, &error);
  mapping = lathe_mapping_open(path, &error);
  lathe_file_write(path, bytes, SIZE - 1, &error);
  ok(lathe_mapping_check(mapping, &error), "a file that is replaced is another file");
  lathe_mapping_release(mapping);
  free(bytes);
  close(file);
  unlink(path);
}

static int64_t entries(const char *path) {
  lathe_folder *folder = lathe_folder_list(path, NULL);
  int64_t count = folder ? lathe_folder_count(folder) : -1;
  lathe_folder_free(folder);
  return count;
}

/* Ctrl-C in the middle of writing. */
static void test_stopped_writes(void) {
  enum { SIZE = 64 << 20 };
  char folder[] = "/tmp/lathe-stopped-XXXXXX", path[64], packed[64], command[64];
  char *bytes = calloc(SIZE, 1);
  if (!mkdtemp(folder) || !bytes) return;
  snprintf(path, sizeof path, "%s/plain", folder);
  snprintf(packed, sizeof packed, "%s/packed.gz", folder);
  lathe_error error = {0};
  lathe_progress_cancel(lathe_progress_main());
  ok(!lathe_file_write(path, bytes, SIZE, &error) && error.code == LATHE_ERROR_CANCELLED &&
         entries(folder) == 0,
     "who cancels while a large file is written gets no file, and no part of one");
  lathe_writer *writer = lathe_writer_open_packed(packed, &error);
  ok(writer && !lathe_writer_add(writer, bytes, 1 << 20, &error) && error.code == LATHE_ERROR_CANCELLED,
     "packing looks at the cancel flag for every megabyte");
  lathe_writer_abandon(writer);
  ok(lathe_file_write(path, "a record", 8, &error) && entries(folder) == 1,
     "a small file, such as the record of what was stopped, is written");
  lathe_progress_reset(lathe_progress_main());
  free(bytes);
  snprintf(command, sizeof command, "rm -r %s", folder);
  if (system(command) != 0) printf("# %s stays\n", folder);
}

int main(void) {
  test_errors();
  test_numbers();
  test_text();
  test_encode();
  test_random();
  test_pool();
  test_files();
  test_files_that_change();
  test_stopped_writes();
  test_safetensors();
  return done_testing();
}
