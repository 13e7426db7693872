/* npz.c - zip archives of NPY files (APPNOTE 6.3, with its 64-bit sizes). The central directory at the end is what counts. */
#include <pthread.h>
#include <stdio.h>

#include "../base/file.h"
#include "../base/pack.h"
#include "npy_own.h"

enum {
  LOCAL_SIZE = 30,
  CENTRAL_SIZE = 46,
  END_SIZE = 22,
  END64_SIZE = 56,
  LOCATOR_SIZE = 20,
  STORED = 0,
  DEFLATED = 8,
  RATIO = 1040
};

static uint64_t little(const char *at, int size) {
  uint64_t value = 0;
  for (int i = size - 1; i >= 0; i--) value = value << 8 | (uint8_t)at[i];
  return value;
}

static uint32_t crc_table[256];

static void make_crc_table(void) {
  for (uint32_t i = 0; i < 256; i++) {
    uint32_t value = i;
    for (int bit = 0; bit < 8; bit++) value = value >> 1 ^ (value & 1 ? 0xEDB88320u : 0);
    crc_table[i] = value;
  }
}

/* CRC-32 (IEEE 802.3). */
static uint32_t crc(const char *data, size_t size) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, make_crc_table);
  uint32_t sum = UINT32_MAX;
  for (size_t i = 0; i < size; i++) sum = sum >> 8 ^ crc_table[(sum ^ (uint8_t)data[i]) & 255];
  return ~sum;
}

typedef struct archive {
  const char *name, *data;
  size_t size;
  uint64_t directory, entries; /* where it begins, and how many there are */
} archive;

typedef struct entry {
  char *name; /* without ".npy" */
  bool array;
  int method;
  uint32_t crc;
  uint64_t packed, size, offset;
} entry;

static bool broken(const archive *zip, const char *what, lathe_error *error) {
  return lathe_error_set(error, LATHE_ERROR_DATA, "%s: the zip archive is damaged: %s; write it again",
                         zip->name, what);
}

static bool find_directory(archive *zip, lathe_error *error) {
  size_t least = zip->size > 65535 + END_SIZE ? zip->size - 65535 - END_SIZE : 0;
  size_t at = zip->size < END_SIZE ? 0 : zip->size - END_SIZE;
  while (zip->size >= END_SIZE && memcmp(zip->data + at, "PK\5\6", 4) != 0 && at > least) at--;
  if (zip->size < END_SIZE || memcmp(zip->data + at, "PK\5\6", 4) != 0)
    return lathe_error_set(error, LATHE_ERROR_DATA,
                           "%s is no NPZ file, or was cut off; write one with numpy.savez", zip->name);
  zip->entries = little(zip->data + at + 10, 2);
  zip->directory = little(zip->data + at + 16, 4);
  if (zip->entries != 0xFFFF && zip->directory != 0xFFFFFFFF) return true;
  if (at < LOCATOR_SIZE || memcmp(zip->data + at - LOCATOR_SIZE, "PK\6\7", 4) != 0) return true;
  uint64_t end64 = little(zip->data + at - LOCATOR_SIZE + 8, 8);
  if (zip->size < END64_SIZE || end64 > zip->size - END64_SIZE || memcmp(zip->data + end64, "PK\6\6", 4) != 0)
    return broken(zip, "its directory is not where it should be", error);
  zip->entries = little(zip->data + end64 + 32, 8);
  zip->directory = little(zip->data + end64 + 48, 8);
  return true;
}

/* The 64-bit sizes of an entry whose 32-bit ones say to look here. */
static void read_extra(const char *at, const char *end, entry *found) {
  while (end - at >= 4) {
    uint64_t id = little(at, 2), size = little(at + 2, 2);
    at += 4;
    if ((uint64_t)(end - at) < size) return;
    const char *field = at, *stop = at + size;
    uint64_t *wide[] = {&found->size, &found->packed, &found->offset};
    for (int i = 0; id == 1 && i < 3; i++)
      if (*wide[i] == 0xFFFFFFFF && stop - field >= 8) {
        *wide[i] = little(field, 8);
        field += 8;
      }
    at = stop;
  }
}

/* The entry at `*at` of the directory; `*at` moves behind it. */
static bool read_entry(const archive *zip, uint64_t *at, entry *found, lathe_error *error) {
  if (*at > zip->size || zip->size - *at < CENTRAL_SIZE || memcmp(zip->data + *at, "PK\1\2", 4) != 0)
    return broken(zip, "its directory is not where it should be", error);
  const char *head = zip->data + *at;
  uint64_t name = little(head + 28, 2), extra = little(head + 30, 2), comment = little(head + 32, 2);
  if (zip->size - *at - CENTRAL_SIZE < name + extra + comment)
    return broken(zip, "its directory is cut off", error);
  *found = (entry){.method = (int)little(head + 10, 2),
                   .crc = (uint32_t)little(head + 16, 4),
                   .packed = little(head + 20, 4),
                   .size = little(head + 24, 4),
                   .offset = little(head + 42, 4)};
  read_extra(head + CENTRAL_SIZE + name, head + CENTRAL_SIZE + name + extra, found);
  const char *text = head + CENTRAL_SIZE;
  found->array = name > 4 && memcmp(text + name - 4, ".npy", 4) == 0 && !memchr(text, 0, name) &&
                 lathe_text_valid(text, name) == name;
  if (found->array && little(head + 8, 2) & 1)
    return broken(zip, "an array is encrypted, which NumPy does not do", error);
  found->name = lathe_memory_text(text, found->array ? name - 4 : 0, error);
  *at += CENTRAL_SIZE + name + extra + comment;
  return found->name != NULL;
}

/* The bytes of an entry: in the file, or unpacked into `*room`, which is to be freed. NULL with an error. */
static const char *read_bytes(const archive *zip, const entry *from, char **room, lathe_error *error) {
  *room = NULL;
  if (from->offset > zip->size || zip->size - from->offset < LOCAL_SIZE ||
      memcmp(zip->data + from->offset, "PK\3\4", 4) != 0)
    return broken(zip, "an entry is not where it should be", error), NULL;
  const char *head = zip->data + from->offset, *bytes;
  uint64_t begin = from->offset + LOCAL_SIZE + little(head + 26, 2) + little(head + 28, 2);
  if (begin > zip->size || zip->size - begin < from->packed)
    return broken(zip, "an entry is cut off", error), NULL;
  bytes = zip->data + begin;
  if (from->method == STORED) {
    if (from->size != from->packed) return broken(zip, "the size of an entry is wrong", error), NULL;
  } else if (from->method != DEFLATED) {
    lathe_error_set(error, LATHE_ERROR_DATA,
                    "%s: \"%s\" is packed with method %d; write it with numpy.savez_compressed", zip->name,
                    from->name, from->method);
    return NULL;
  } else {
    if (from->size > (from->packed + 1) * RATIO)
      return broken(zip, "the size of an entry is wrong", error), NULL;
    if (!(*room = lathe_memory_raw(from->size, 1, error))) return NULL;
    lathe_error inner = {0};
    if (!lathe_inflate(bytes, from->packed, *room, from->size, &inner)) {
      lathe_error_set(error, inner.code, "%s: \"%s\": %s; write it again", zip->name, from->name,
                      inner.message);
      return NULL;
    }
    bytes = *room;
  }
  if (crc(bytes, from->size) != from->crc)
    return broken(zip, "the check sum of an entry is wrong", error), NULL;
  return bytes;
}

static bool add_array(const archive *zip, const entry *from, bool alone, npy_columns *into,
                      lathe_progress *progress, lathe_error *error) {
  char *room = NULL;
  const char *bytes = read_bytes(zip, from, &room, error);
  lathe_buffer name = {0};
  npy_array array = {0};
  bool fine = bytes && lathe_buffer_format(&name, error, "%s: %s", zip->name, from->name) &&
              lathe_npy_open(&array, name.data, bytes, from->size, error);
  if (fine && into->count > 0 && lathe_column_rows(into->columns[0]) != array.rows)
    fine = lathe_error_set(error, LATHE_ERROR_DATA,
                           "%s: the array \"%s\" has %lld rows, those before it %lld, so they are no table; "
                           "read one of them with "
                           "array = \"%s\"",
                           zip->name, from->name, (long long)array.rows,
                           (long long)lathe_column_rows(into->columns[0]), from->name);
  fine =
      fine && lathe_npy_columns(&array, alone && array.structured ? NULL : from->name, into, progress, error);
  lathe_npy_close(&array);
  lathe_buffer_free(&name);
  free(room);
  return fine;
}

static bool read_all(archive *zip, const lathe_npy_options *options, npy_columns *into,
                     lathe_progress *progress, lathe_error *error) {
  const char *wanted = options ? options->array : NULL;
  int64_t arrays = 0, taken = 0;
  if (!find_directory(zip, error)) return false;
  uint64_t at = zip->directory;
  for (uint64_t i = 0; i < zip->entries; i++) {
    entry found = {0};
    if (!lathe_progress_check(progress, error) || !read_entry(zip, &at, &found, error)) return false;
    bool take = found.array && (!wanted || strcmp(found.name, wanted) == 0);
    arrays += found.array;
    taken += take;
    bool fine = !take || add_array(zip, &found, wanted || zip->entries == 1, into, progress, error);
    free(found.name);
    if (!fine) return false;
  }
  if (arrays == 0)
    return lathe_error_set(error, LATHE_ERROR_DATA,
                           "%s is a zip archive without NumPy arrays; unpack it, or save the sheet as CSV",
                           zip->name);
  return taken > 0 ||
         lathe_error_set(error, LATHE_ERROR_ARGUMENT, "%s has no array \"%s\"", zip->name, wanted);
}

lathe_table *lathe_table_parse_npz(const char *data, size_t size, const char *name,
                                   const lathe_npy_options *options, lathe_progress *progress,
                                   lathe_error *error) {
  archive zip = {.name = name, .data = data, .size = size};
  npy_columns columns = {0};
  lathe_table *table = NULL;
  lathe_progress_begin(progress, "read NPZ", 0);
  if (read_all(&zip, options, &columns, progress, error)) {
    table = lathe_npy_table(&columns, name, options, error);
  } else {
    for (int32_t i = 0; i < columns.count; i++) {
      free(columns.names[i]);
      lathe_column_release(columns.columns[i]);
    }
    free(columns.names);
    free(columns.columns);
  }
  lathe_progress_end(progress);
  return table;
}

/* ---- writing ---- */

typedef struct output {
  lathe_writer *writer;
  lathe_buffer directory, array, deflated;
  uint64_t at, entries;
  bool packed;
} output;

static void put(lathe_buffer *out, uint64_t value, int size) {
  for (int i = 0; i < size; i++, value >>= 8) out->data[out->size++] = (char)value;
}

static bool gather(void *context, const void *data, size_t size, lathe_error *error) {
  return lathe_buffer_append(context, data, size, error);
}

/* What local header and directory have in common, with sizes of 64 bits where they are needed. 1980-01-01 is the first day of zip. */
static void put_common(lathe_buffer *out, const char *name, uint32_t sum, int method, uint64_t packed,
                       uint64_t size, bool wide, bool central) {
  put(out, wide ? 45 : 20, 2);
  put(out, 1 << 11, 2); /* the name is UTF-8 */
  put(out, (uint64_t)method, 2);
  put(out, 0, 2);
  put(out, 33, 2);
  put(out, sum, 4);
  put(out, wide ? 0xFFFFFFFF : packed, 4);
  put(out, wide ? 0xFFFFFFFF : size, 4);
  put(out, strlen(name) + 4, 2);
  put(out, wide ? central ? 28 : 20 : 0, 2);
}

static void put_name(lathe_buffer *out, const char *name) {
  size_t size = strlen(name);
  memcpy(out->data + out->size, name, size);
  memcpy(out->data + out->size + size, ".npy", 4);
  out->size += size + 4;
}

static bool write_array(output *out, const lathe_table *table, int32_t index, lathe_progress *progress,
                        lathe_error *error) {
  const char *name = lathe_table_name(table, index);
  if (strlen(name) > 60000)
    return lathe_error_set(error, LATHE_ERROR_DATA,
                           "a column name of more than 60,000 bytes fits in no zip archive; rename it");
  out->array.size = out->deflated.size = 0;
  if (!lathe_npy_write(table, index, 1, false, gather, &out->array, progress, error)) return false;
  if (out->packed && !lathe_deflate(out->array.data, out->array.size, &out->deflated, error)) return false;
  const lathe_buffer *body = out->packed ? &out->deflated : &out->array;
  uint32_t sum = crc(out->array.data, out->array.size);
  int method = out->packed ? DEFLATED : STORED;
  bool wide = out->array.size >= 0xFFFFFFFF || body->size >= 0xFFFFFFFF || out->at >= 0xFFFFFFFF;
  lathe_buffer local = {0}, *central = &out->directory;
  size_t room = CENTRAL_SIZE + strlen(name) + 64;
  bool fine = lathe_buffer_reserve(&local, room, error) && lathe_buffer_reserve(central, room, error);
  if (fine) {
    put(&local, 0x04034B50, 4);
    put_common(&local, name, sum, method, body->size, out->array.size, wide, false);
    put_name(&local, name);
    put(central, 0x02014B50, 4);
    put(central, wide ? 45 : 20, 2);
    put_common(central, name, sum, method, body->size, out->array.size, wide, true);
    put(central, 0, 10); /* comment, disk, attributes */
    put(central, wide ? 0xFFFFFFFF : out->at, 4);
    put_name(central, name);
    for (int i = 0; i < 2 && wide; i++) {
      lathe_buffer *to = i ? central : &local;
      put(to, 1, 2);
      put(to, i ? 24 : 16, 2);
      put(to, out->array.size, 8);
      put(to, body->size, 8);
      if (i) put(to, out->at, 8);
    }
    fine = lathe_writer_add(out->writer, local.data, local.size, error) &&
           lathe_writer_add(out->writer, body->data, body->size, error);
    out->at += local.size + body->size;
    out->entries++;
  }
  lathe_buffer_free(&local);
  return fine;
}

static bool write_directory(output *out, lathe_error *error) {
  uint64_t begin = out->at, size = out->directory.size;
  bool wide = begin >= 0xFFFFFFFF || size >= 0xFFFFFFFF || out->entries >= 0xFFFF;
  lathe_buffer *end = &out->directory;
  if (!lathe_buffer_reserve(end, END64_SIZE + LOCATOR_SIZE + END_SIZE, error)) return false;
  if (wide) {
    put(end, 0x06064B50, 4);
    put(end, END64_SIZE - 12, 8);
    put(end, 45, 2);
    put(end, 45, 2);
    put(end, 0, 8);
    put(end, out->entries, 8);
    put(end, out->entries, 8);
    put(end, size, 8);
    put(end, begin, 8);
    put(end, 0x07064B50, 4);
    put(end, 0, 4);
    put(end, begin + size, 8);
    put(end, 1, 4);
  }
  put(end, 0x06054B50, 4);
  put(end, 0, 4);
  put(end, wide ? 0xFFFF : out->entries, 2);
  put(end, wide ? 0xFFFF : out->entries, 2);
  put(end, wide ? 0xFFFFFFFF : size, 4);
  put(end, wide ? 0xFFFFFFFF : begin, 4);
  put(end, 0, 2);
  return lathe_writer_add(out->writer, end->data, end->size, error);
}

bool lathe_table_write_npz(const lathe_table *table, const char *path, bool packed, lathe_progress *progress,
                           lathe_error *error) {
  output out = {.writer = lathe_writer_open_packed(path, error), .packed = packed};
  if (!out.writer) return false;
  lathe_progress_begin(progress, "write NPZ", lathe_table_rows(table) * lathe_table_columns(table));
  bool fine = true;
  for (int32_t i = 0; i < lathe_table_columns(table) && fine; i++)
    fine = write_array(&out, table, i, progress, error);
  fine = fine && write_directory(&out, error);
  lathe_progress_end(progress);
  lathe_buffer_free(&out.directory);
  lathe_buffer_free(&out.array);
  lathe_buffer_free(&out.deflated);
  if (fine) return lathe_writer_commit(out.writer, error);
  lathe_writer_abandon(out.writer);
  return false;
}
