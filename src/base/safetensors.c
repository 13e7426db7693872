/* safetensors.c - the container of tables and bundles. The reader believes nothing: every number of the
 * header is checked against the file before a view is given out. */
#include "safetensors.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "hash.h"
#include "json.h"
#include "memory.h"

enum { RANK_MAX = 4, HEADER_MAX = 100000000, ALIGNMENT = 8, HASH_SIZE = 32 };

/* How the header of a sealed file begins; the hash follows. */
static const char seal_head[] = "{\"__metadata__\":{\"check\":\"",
                  no_hash[] = "00000000000000000000000000000000";

static const struct {
  const char *name;
  size_t size;
} dtypes[] = {
    [LATHE_DTYPE_U8] = {"U8", 1},   [LATHE_DTYPE_I8] = {"I8", 1},   [LATHE_DTYPE_I32] = {"I32", 4},
    [LATHE_DTYPE_I64] = {"I64", 8}, [LATHE_DTYPE_F32] = {"F32", 4}, [LATHE_DTYPE_F64] = {"F64", 8},
};

enum { DTYPE_COUNT = sizeof dtypes / sizeof *dtypes };

size_t lathe_dtype_size(lathe_dtype dtype) {
  return dtypes[dtype].size;
}

/* ---- reading ---- */

struct tensor {
  char *name;
  int dtype; /* -1: a type that lathe does not use; kept so that the file as a whole is valid */
  int32_t rank;
  int64_t shape[RANK_MAX];
  int64_t count;
  int64_t begin, end; /* bytes, from the end of the header */
};

struct entry {
  char *key, *text;
  size_t size;
};

struct lathe_tensor_file {
  atomic_int count;
  char *path;
  lathe_mapping *mapping;
  const char *bytes; /* the arrays */
  int64_t size;
  struct tensor *tensors;
  int64_t tensor_count;
  struct entry *metadata;
  int64_t metadata_count;
};

static bool broken(const lathe_tensor_file *file, const char *what, lathe_error *error) {
  return lathe_error_set(error, LATHE_ERROR_DATA, "%s is not a sound safetensors file: %s; make it again",
                         file->path, what);
}

/* Make room for one more element of `size` bytes at the end of `*array`, zeroed. */
static void *add_element(void **array, int64_t *count, size_t size, lathe_error *error) {
  if ((*count & (*count - 1)) == 0 &&
      !lathe_memory_resize(array, *count ? (size_t)*count * 2 : 1, size, error))
    return NULL;
  return memset((char *)*array + (size_t)(*count)++ * size, 0, size);
}

static bool read_integers(lathe_json_reader *reader, int64_t *out, int32_t *count, int32_t capacity,
                          lathe_error *error) {
  *count = 0;
  if (lathe_json_next(reader, error) != LATHE_JSON_ARRAY) return false;
  for (;;) {
    lathe_json_event event = lathe_json_next(reader, error);
    if (event == LATHE_JSON_ARRAY_END) return true;
    if (event != LATHE_JSON_INTEGER || *count == capacity || lathe_json_integer(reader) < 0) return false;
    out[(*count)++] = lathe_json_integer(reader);
  }
}

static int dtype_of(lathe_text text) {
  for (int i = 0; i < DTYPE_COUNT; i++)
    if (strlen(dtypes[i].name) == text.size && memcmp(dtypes[i].name, text.data, text.size) == 0) return i;
  return -1;
}

static bool key_is(lathe_text key, const char *word) {
  return key.size == strlen(word) && memcmp(key.data, word, key.size) == 0;
}

/* One {"dtype": ..., "shape": ..., "data_offsets": ...}; the reader stands before it. */
static bool read_tensor(lathe_json_reader *reader, struct tensor *tensor, lathe_error *error) {
  int64_t offsets[2];
  int32_t offset_count = 0;
  bool typed = false, shaped = false;
  if (lathe_json_next(reader, error) != LATHE_JSON_OBJECT) return false;
  for (;;) {
    lathe_json_event event = lathe_json_next(reader, error);
    if (event == LATHE_JSON_OBJECT_END) break;
    if (event != LATHE_JSON_KEY) return false;
    lathe_text key = lathe_json_text(reader);
    if (key_is(key, "dtype")) {
      if (lathe_json_next(reader, error) != LATHE_JSON_STRING) return false;
      tensor->dtype = dtype_of(lathe_json_text(reader));
      typed = true;
    } else if (key_is(key, "shape")) {
      if (!read_integers(reader, tensor->shape, &tensor->rank, RANK_MAX, error)) return false;
      shaped = true;
    } else if (key_is(key, "data_offsets")) {
      if (!read_integers(reader, offsets, &offset_count, 2, error)) return false;
    } else if (!lathe_json_skip(reader, error)) {
      return false;
    }
  }
  if (!typed || !shaped || offset_count != 2) return false;
  tensor->begin = offsets[0], tensor->end = offsets[1];
  return true;
}

static bool check_tensor(const lathe_tensor_file *file, struct tensor *tensor, lathe_error *error) {
  if (tensor->begin > tensor->end || tensor->end > file->size)
    return broken(file, "an array lies outside of it", error);
  if (tensor->dtype < 0) return true;
  int64_t count = 1, bytes;
  for (int32_t i = 0; i < tensor->rank; i++)
    if (__builtin_mul_overflow(count, tensor->shape[i], &count))
      return broken(file, "a shape is too large", error);
  if (__builtin_mul_overflow(count, (int64_t)dtypes[tensor->dtype].size, &bytes) ||
      bytes != tensor->end - tensor->begin)
    return broken(file, "the size of an array does not fit its shape", error);
  if ((uintptr_t)(file->bytes + tensor->begin) % dtypes[tensor->dtype].size)
    return broken(file, "an array is not aligned for its type", error);
  tensor->count = count;
  return true;
}

static bool read_metadata(lathe_tensor_file *file, lathe_json_reader *reader, lathe_error *error) {
  if (lathe_json_next(reader, error) != LATHE_JSON_OBJECT) return false;
  for (;;) {
    lathe_json_event event = lathe_json_next(reader, error);
    if (event == LATHE_JSON_OBJECT_END) return true;
    if (event != LATHE_JSON_KEY) return false;
    void *array = file->metadata;
    struct entry *entry = add_element(&array, &file->metadata_count, sizeof *entry, error);
    file->metadata = array;
    if (!entry) return false;
    lathe_text key = lathe_json_text(reader);
    if (!(entry->key = lathe_memory_text(key.data, key.size, error))) return false;
    if (lathe_json_next(reader, error) != LATHE_JSON_STRING) return false;
    lathe_text text = lathe_json_text(reader);
    if (!(entry->text = lathe_memory_text(text.data, text.size, error))) return false;
    entry->size = text.size;
  }
}

static bool read_entries(lathe_tensor_file *file, lathe_json_reader *reader, lathe_error *error) {
  if (lathe_json_next(reader, error) != LATHE_JSON_OBJECT) return false;
  for (;;) {
    lathe_json_event event = lathe_json_next(reader, error);
    if (event == LATHE_JSON_OBJECT_END) return lathe_json_next(reader, error) == LATHE_JSON_END;
    if (event != LATHE_JSON_KEY) return false;
    lathe_text key = lathe_json_text(reader);
    if (key_is(key, "__metadata__")) {
      if (!read_metadata(file, reader, error)) return false;
      continue;
    }
    void *array = file->tensors;
    struct tensor *tensor = add_element(&array, &file->tensor_count, sizeof *tensor, error);
    file->tensors = array;
    if (!tensor || !(tensor->name = lathe_memory_text(key.data, key.size, error))) return false;
    if (!read_tensor(reader, tensor, error)) return false;
  }
}

static int by_name(const void *first, const void *second) {
  return strcmp(((const struct tensor *)first)->name, ((const struct tensor *)second)->name);
}

static bool read_header(lathe_tensor_file *file, lathe_error *error) {
  size_t size = lathe_mapping_size(file->mapping);
  const char *data = lathe_mapping_data(file->mapping);
  uint64_t header;
  if (size == 0) return lathe_error_set(error, LATHE_ERROR_DATA, "%s is empty; make it again", file->path);
  if (size <= sizeof header || data[sizeof header] != '{')
    return lathe_error_set(
        error, LATHE_ERROR_DATA,
        "%s is no safetensors file, so no bundle and no saved table; give one that lathe wrote", file->path);
  memcpy(&header, data, sizeof header);
  if (header > HEADER_MAX || header > size - sizeof header)
    return broken(file, "it is shorter than its header", error);
  file->bytes = data + sizeof header + header;
  file->size = (int64_t)(size - sizeof header - header);
  lathe_json_reader *reader = lathe_json_reader_new(data + sizeof header, header, NULL, error);
  if (!reader) return false;
  lathe_error problem = {0};
  bool fine = read_entries(file, reader, &problem);
  lathe_json_reader_free(reader);
  if (!fine) return broken(file, problem.code ? problem.message : "its header has another form", error);
  if (file->tensor_count) qsort(file->tensors, (size_t)file->tensor_count, sizeof *file->tensors, by_name);
  for (int64_t i = 0; i < file->tensor_count; i++) {
    if (!check_tensor(file, &file->tensors[i], error)) return false;
    if (i && !strcmp(file->tensors[i - 1].name, file->tensors[i].name))
      return broken(file, "a name stands twice", error);
  }
  return true;
}

lathe_tensor_file *lathe_tensor_file_open(const char *path, lathe_error *error) {
  lathe_tensor_file *file = lathe_memory_new(1, sizeof *file, error);
  if (!file) return NULL;
  atomic_init(&file->count, 1);
  file->path = lathe_memory_text(path, strlen(path), error);
  if (file->path && (file->mapping = lathe_mapping_open(path, error)) && read_header(file, error))
    return file;
  lathe_tensor_file_release(file);
  return NULL;
}

lathe_tensor_file *lathe_tensor_file_retain(lathe_tensor_file *file) {
  atomic_fetch_add(&file->count, 1);
  return file;
}

void lathe_tensor_file_release(lathe_tensor_file *file) {
  if (!file || atomic_fetch_sub(&file->count, 1) != 1) return;
  for (int64_t i = 0; i < file->tensor_count; i++) free(file->tensors[i].name);
  for (int64_t i = 0; i < file->metadata_count; i++) {
    free(file->metadata[i].key);
    free(file->metadata[i].text);
  }
  free(file->tensors);
  free(file->metadata);
  lathe_mapping_release(file->mapping);
  free(file->path);
  free(file);
}

bool lathe_tensor_file_get(const lathe_tensor_file *file, const char *name, lathe_dtype dtype, int32_t rank,
                           lathe_tensor_view *view, lathe_error *error) {
  struct tensor key = {.name = (char *)name};
  const struct tensor *found =
      file->tensor_count ? bsearch(&key, file->tensors, (size_t)file->tensor_count, sizeof key, by_name)
                         : NULL;
  if (!found)
    return lathe_error_set(error, LATHE_ERROR_DATA,
                           "%s has no array \"%s\"; it was not made by lathe, or is cut", file->path, name);
  if (found->dtype != (int)dtype || found->rank != rank)
    return lathe_error_set(error, LATHE_ERROR_DATA,
                           "%s: the array \"%s\" is not %s of rank %d; it was made by another program",
                           file->path, name, dtypes[dtype].name, rank);
  *view = (lathe_tensor_view){
      .dtype = dtype, .rank = rank, .count = found->count, .data = file->bytes + found->begin};
  memcpy(view->shape, found->shape, sizeof view->shape);
  return true;
}

lathe_text lathe_tensor_file_metadata(const lathe_tensor_file *file, const char *key) {
  for (int64_t i = 0; i < file->metadata_count; i++)
    if (!strcmp(file->metadata[i].key, key))
      return (lathe_text){file->metadata[i].text, file->metadata[i].size};
  return (lathe_text){NULL, 0};
}

const char *lathe_tensor_file_path(const lathe_tensor_file *file) {
  return file->path;
}

bool lathe_tensor_file_check(const lathe_tensor_file *file, lathe_error *error) {
#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
  return file || error; /* a fuzzer cannot guess a hash, and what lies behind is what it looks at */
#else
  enum { BEGIN = sizeof(uint64_t) + sizeof seal_head - 1, END = BEGIN + HASH_SIZE };
  const char *data = lathe_mapping_data(file->mapping);
  size_t size = lathe_mapping_size(file->mapping);
  if (size < END || memcmp(data + sizeof(uint64_t), seal_head, sizeof seal_head - 1) != 0)
    return broken(file, "its seal is missing", error);
  lathe_hasher *hasher = lathe_hasher_new(error);
  if (!hasher) return false;
  char hash[HASH_SIZE + 1];
  lathe_hasher_add(hasher, data, BEGIN);
  lathe_hasher_add(hasher, no_hash, HASH_SIZE);
  lathe_hasher_add(hasher, data + END, size - END);
  lathe_hasher_finish(hasher, hash);
  lathe_hasher_free(hasher);
  return memcmp(hash, data + BEGIN, HASH_SIZE) == 0 || broken(file, "bytes of it have changed", error);
#endif
}

/* ---- writing ---- */

struct pending {
  char *name;
  lathe_dtype dtype;
  int32_t rank;
  int64_t shape[RANK_MAX];
  size_t size; /* bytes */
  const void *data;
};

struct lathe_tensor_writer {
  struct pending *tensors;
  int64_t tensor_count;
  struct entry *metadata;
  int64_t metadata_count;
  bool sealed;
};

lathe_tensor_writer *lathe_tensor_writer_new(lathe_error *error) {
  return lathe_memory_new(1, sizeof(lathe_tensor_writer), error);
}

void lathe_tensor_writer_free(lathe_tensor_writer *writer) {
  if (!writer) return;
  for (int64_t i = 0; i < writer->tensor_count; i++) free(writer->tensors[i].name);
  for (int64_t i = 0; i < writer->metadata_count; i++) {
    free(writer->metadata[i].key);
    free(writer->metadata[i].text);
  }
  free(writer->tensors);
  free(writer->metadata);
  free(writer);
}

bool lathe_tensor_writer_add(lathe_tensor_writer *writer, const char *name, lathe_dtype dtype, int32_t rank,
                             const int64_t *shape, const void *data, lathe_error *error) {
  if (rank < 0 || rank > RANK_MAX)
    return lathe_error_set(error, LATHE_ERROR_ARGUMENT,
                           "the array \"%s\" has rank %d; at most %d is possible", name, rank, RANK_MAX);
  void *array = writer->tensors;
  struct pending *tensor = add_element(&array, &writer->tensor_count, sizeof *tensor, error);
  writer->tensors = array;
  if (!tensor || !(tensor->name = lathe_memory_text(name, strlen(name), error))) return false;
  tensor->dtype = dtype;
  tensor->rank = rank;
  tensor->size = dtypes[dtype].size;
  for (int32_t i = 0; i < rank; i++) {
    tensor->shape[i] = shape[i];
    tensor->size *= (size_t)shape[i];
  }
  tensor->data = data;
  return true;
}

bool lathe_tensor_writer_metadata(lathe_tensor_writer *writer, const char *key, const char *text, size_t size,
                                  lathe_error *error) {
  void *array = writer->metadata;
  struct entry *entry = add_element(&array, &writer->metadata_count, sizeof *entry, error);
  writer->metadata = array;
  if (!entry || !(entry->key = lathe_memory_text(key, strlen(key), error))) return false;
  entry->size = size;
  return (entry->text = lathe_memory_text(text, size, error)) != NULL;
}

void lathe_tensor_writer_seal(lathe_tensor_writer *writer) {
  writer->sealed = true;
}

static void write_integers(lathe_json_writer *json, const char *key, const int64_t *values, int32_t count) {
  lathe_json_member(json, key);
  lathe_json_write_array(json);
  for (int32_t i = 0; i < count; i++) lathe_json_write_integer(json, values[i]);
  lathe_json_write_array_end(json);
}

static void write_entry(lathe_json_writer *json, const struct pending *tensor, int64_t begin) {
  lathe_json_member(json, tensor->name);
  lathe_json_write_object(json);
  lathe_json_member(json, "dtype");
  lathe_json_write_string(json, dtypes[tensor->dtype].name, strlen(dtypes[tensor->dtype].name));
  write_integers(json, "shape", tensor->shape, tensor->rank);
  write_integers(json, "data_offsets", (int64_t[]){begin, begin + (int64_t)tensor->size}, 2);
  lathe_json_write_object_end(json);
}

/* The next array to write after (`size`, `at`): larger elements first, then in the order of adding. */
static const struct pending *next_tensor(const lathe_tensor_writer *writer, size_t *size, int64_t *at) {
  for (; *size; *size /= 2, *at = 0)
    while (*at < writer->tensor_count) {
      const struct pending *tensor = &writer->tensors[(*at)++];
      if (dtypes[tensor->dtype].size == *size) return tensor;
    }
  return NULL;
}

static void write_header(const lathe_tensor_writer *writer, lathe_json_writer *json) {
  lathe_json_write_object(json);
  if (writer->metadata_count || writer->sealed) {
    lathe_json_member(json, "__metadata__");
    lathe_json_write_object(json);
    if (writer->sealed) {
      lathe_json_member(json, "check");
      lathe_json_write_string(json, no_hash, HASH_SIZE);
    }
    for (int64_t i = 0; i < writer->metadata_count; i++) {
      lathe_json_member(json, writer->metadata[i].key);
      lathe_json_write_string(json, writer->metadata[i].text, writer->metadata[i].size);
    }
    lathe_json_write_object_end(json);
  }
  size_t size = ALIGNMENT;
  int64_t at = 0, begin = 0;
  for (const struct pending *tensor; (tensor = next_tensor(writer, &size, &at));) {
    write_entry(json, tensor, begin);
    begin += (int64_t)tensor->size;
  }
  lathe_json_write_object_end(json);
}

/* Put the hash of the file that `header` (of `padded` bytes) begins into the header. */
static bool seal(const lathe_tensor_writer *writer, char *header, uint64_t padded, lathe_error *error) {
  lathe_hasher *hasher = lathe_hasher_new(error);
  if (!hasher) return false;
  char hash[HASH_SIZE + 1];
  lathe_hasher_add(hasher, &padded, sizeof padded);
  lathe_hasher_add(hasher, header, padded);
  size_t size = ALIGNMENT;
  int64_t at = 0;
  for (const struct pending *tensor; (tensor = next_tensor(writer, &size, &at));)
    lathe_hasher_add(hasher, tensor->data, tensor->size);
  lathe_hasher_finish(hasher, hash);
  lathe_hasher_free(hasher);
  memcpy(header + sizeof seal_head - 1, hash, HASH_SIZE);
  return true;
}

/* The header with its blanks at the end; the caller frees it. */
static char *make_header(const lathe_tensor_writer *writer, uint64_t *padded, lathe_error *error) {
  lathe_json_writer *json = lathe_json_writer_new(0, error);
  if (!json) return NULL;
  write_header(writer, json);
  lathe_text text = lathe_json_writer_finish(json, error);
  *padded = (text.size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  char *header = text.data ? lathe_memory_new(*padded, 1, error) : NULL;
  if (header) {
    memset(header, ' ', *padded);
    memcpy(header, text.data, text.size);
  }
  lathe_json_writer_free(json);
  if (header && writer->sealed && !seal(writer, header, *padded, error)) {
    free(header);
    return NULL;
  }
  return header;
}

static bool write_arrays(const lathe_tensor_writer *writer, lathe_writer *file, lathe_error *error) {
  size_t size = ALIGNMENT;
  int64_t at = 0;
  for (const struct pending *tensor; (tensor = next_tensor(writer, &size, &at));)
    if (!lathe_writer_add(file, tensor->data, tensor->size, error)) return false;
  return true;
}

bool lathe_tensor_writer_write(lathe_tensor_writer *writer, const char *path, lathe_error *error) {
  uint64_t padded;
  char *header = make_header(writer, &padded, error);
  lathe_writer *file = header ? lathe_writer_open(path, error) : NULL;
  bool fine = file && lathe_writer_add(file, &padded, sizeof padded, error) &&
              lathe_writer_add(file, header, padded, error) && write_arrays(writer, file, error);
  free(header);
  if (fine) return lathe_writer_commit(file, error);
  lathe_writer_abandon(file);
  return false;
}
