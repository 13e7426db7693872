/* source.c - opening: a file is mapped, a pipe is read; then unpacked, looked at, converted. */
#include "source.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../base/file.h"
#include "../base/system.h"
#include "../base/text.h"
#include "source_own.h"

struct lathe_source {
  char *name;
  lathe_mapping *mapping; /* or NULL */
  lathe_buffer buffer;    /* what was read, unpacked or converted */
  const char *data;
  size_t size;
  const char *packed; /* "gzip", "zstd", or NULL */
  bool guessed;       /* taken for UTF-8 without a look at all of it */
  lathe_source_kind looks;
  char note[96];
};

int64_t lathe_source_limit(void) {
  const char *given = getenv("LATHE_MEMORY");
  int64_t bytes = 0;
  if (given && lathe_text_to_size(given, strlen(given), &bytes)) return bytes;
  return lathe_memory_available() / 4 * 3;
}

static bool check_limit(lathe_error *error) {
  const char *given = getenv("LATHE_MEMORY");
  int64_t bytes;
  if (!given || !*given || lathe_text_to_size(given, strlen(given), &bytes)) return true;
  return lathe_error_set(error, LATHE_ERROR_ARGUMENT,
                         "the environment's LATHE_MEMORY is a size such as \"500MB\", not \"%s\"", given);
}

/* ---- pipes ---- */

/* Wait for bytes, and look at the cancel flag while none come. */
static bool wait_for(int file, lathe_progress *progress, lathe_error *error) {
  struct pollfd waiting = {file, POLLIN, 0};
  for (;;) {
    if (!lathe_progress_check(progress, error)) return false;
    int ready = poll(&waiting, 1, 50);
    if (ready > 0 || (ready < 0 && errno != EINTR)) return true;
  }
}

static bool read_pipe(lathe_source *source, int file, lathe_progress *progress, lathe_error *error) {
  lathe_buffer *buffer = &source->buffer;
  int64_t limit = lathe_source_limit();
  for (;;) {
    if (!wait_for(file, progress, error) || !lathe_buffer_reserve(buffer, 1 << 18, error)) return false;
    if ((int64_t)buffer->size >= limit)
      return lathe_error_set(
          error, LATHE_ERROR_MEMORY,
          "%s: more than the %.3g GB of memory that it may take came in; write it to a file, "
          "which is mapped and not held in memory",
          source->name, (double)limit / 1e9);
    ssize_t got = read(file, buffer->data + buffer->size, 1 << 18);
    if (got == 0) return true;
    if (got < 0 && errno != EINTR && errno != EAGAIN)
      return lathe_error_system(error, "cannot read %s", source->name);
    if (got > 0) {
      buffer->size += (size_t)got;
      lathe_progress_add(progress, got);
    }
  }
}

static bool take_pipe(lathe_source *source, int file, lathe_progress *progress, lathe_error *error) {
  char words[64];
  snprintf(words, sizeof words, "read %.50s", source->name);
  lathe_progress_begin(progress, words, 0);
  bool fine = read_pipe(source, file, progress, error);
  lathe_progress_end(progress);
  source->data = source->buffer.data;
  source->size = source->buffer.size;
  return fine;
}

static bool take_mapping(lathe_source *source, const char *path, lathe_error *error) {
  source->mapping = lathe_mapping_open(path, error);
  if (!source->mapping) return false;
  source->data = lathe_mapping_data(source->mapping);
  source->size = lathe_mapping_size(source->mapping);
  return true;
}

static bool take_input(lathe_source *source, lathe_progress *progress, lathe_error *error) {
  struct stat status;
  if (fstat(STDIN_FILENO, &status) != 0)
    return lathe_error_set(error, LATHE_ERROR_FILE, "standard input is closed; pipe a table into it");
  if (isatty(STDIN_FILENO))
    return lathe_error_set(error, LATHE_ERROR_FILE,
                           "standard input is a terminal; pipe a table into it, or name a file");
  if (S_ISDIR(status.st_mode))
    return lathe_error_set(error, LATHE_ERROR_FILE, "standard input is a folder; pipe a table into it");
  if (S_ISREG(status.st_mode) && lseek(STDIN_FILENO, 0, SEEK_CUR) == 0 &&
      take_mapping(source, "/dev/stdin", NULL))
    return true;
  return take_pipe(source, STDIN_FILENO, progress, error);
}

static bool take(lathe_source *source, const char *path, lathe_progress *progress, lathe_error *error) {
  struct stat status;
  if (strcmp(path, "-") == 0) return take_input(source, progress, error);
  if (stat(path, &status) != 0 || !S_ISFIFO(status.st_mode)) return take_mapping(source, path, error);
  int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a writer may come later */
  if (file < 0) return lathe_error_system(error, "cannot open %s", path);
  bool fine = take_pipe(source, file, progress, error);
  close(file);
  return fine;
}

/* ---- what it is ---- */

static bool begins(const char *at, const char *end, const char *word) {
  size_t size = strlen(word);
  return (size_t)(end - at) >= size && strncasecmp(at, word, size) == 0;
}

static const char *skip_blanks(const char *at, const char *end) {
  while (at < end && (*at == ' ' || *at == '\t' || *at == '\n' || *at == '\r')) at++;
  return at;
}

/* A value in the first line, and another behind it. */
static bool is_lines(const char *at, const char *end) {
  const char *line = memchr(at, '\n', (size_t)(end - at));
  if (!line) return false;
  const char *last = line;
  while (last > at && (last[-1] == ' ' || last[-1] == '\r' || last[-1] == '\t')) last--;
  const char *next = skip_blanks(line, end);
  return last > at && last[-1] == (*at == '{' ? '}' : ']') && next < end && *next == *at;
}

static lathe_source_kind text_kind(const char *data, size_t size) {
  const char *at = data, *end = data + size;
  if (begins(at, end, "\xEF\xBB\xBF")) at += 3;
  at = skip_blanks(at, end);
  if (at == end) return LATHE_SOURCE_TEXT;
  if (begins(at, end, "<!doctype html") || begins(at, end, "<html") || begins(at, end, "<head"))
    return LATHE_SOURCE_HTML;
  if (begins(at, end, "<?xml")) return LATHE_SOURCE_XML;
  if (*at != '{' && *at != '[') return LATHE_SOURCE_TEXT;
  const char *next = skip_blanks(at + 1, end);
  bool json =
      next < end && (*next == '"' || *next == '}' || (*at == '[' && strchr("[]{-0123456789tfn", *next)));
  if (!json) return LATHE_SOURCE_TEXT;
  return is_lines(at, end) ? LATHE_SOURCE_LINES : LATHE_SOURCE_JSON;
}

static bool is_safetensors(const char *data, size_t size) {
  if (size < 10 || data[8] != '{') return false;
  uint64_t header = 0;
  for (int i = 7; i >= 0; i--) header = header << 8 | (uint8_t)data[i];
  return header >= 2 && header <= size - 8;
}

/* What bytes in any encoding are; LATHE_SOURCE_TEXT when they are no format of bytes. */
static lathe_source_kind byte_kind(const char *data, size_t size) {
  static const struct {
    const char *bytes;
    size_t size;
    lathe_source_kind kind;
  } magic[] = {{"\x93NUMPY", 6, LATHE_SOURCE_NPY},
               {"PK\3\4", 4, LATHE_SOURCE_ZIP},
               {"PK\5\6", 4, LATHE_SOURCE_ZIP},
               {"PAR1", 4, LATHE_SOURCE_PARQUET},
               {"SQLite format 3\0", 16, LATHE_SOURCE_SQLITE},
               {"ARROW1\0", 7, LATHE_SOURCE_ARROW},
               {"\x89HDF\r\n", 6, LATHE_SOURCE_OTHER},
               {"%PDF-", 5, LATHE_SOURCE_OTHER},
               {"\xD0\xCF\x11\xE0\xA1\xB1", 6, LATHE_SOURCE_OTHER},
               {"Obj\1", 4, LATHE_SOURCE_OTHER}};
  for (size_t i = 0; i < sizeof magic / sizeof *magic; i++)
    if (size >= magic[i].size && memcmp(data, magic[i].bytes, magic[i].size) == 0) return magic[i].kind;
  return is_safetensors(data, size) ? LATHE_SOURCE_SAFETENSORS : LATHE_SOURCE_TEXT;
}

/* ---- the steps ---- */

static void set_note(lathe_source *source, const char *encoding) {
  bool plain = !encoding || lathe_source_is_utf8(encoding);
  snprintf(source->note, sizeof source->note, "%s%s%s", source->packed ? source->packed : "",
           source->packed && !plain ? ", " : "", plain ? "" : encoding);
}

/* Put `made` in the place of the bytes there are. */
static void replace_bytes(lathe_source *source, lathe_buffer *made) {
  lathe_mapping_release(source->mapping);
  source->mapping = NULL;
  lathe_buffer_free(&source->buffer);
  source->buffer = *made;
  source->data = source->buffer.data;
  source->size = source->buffer.size;
}

static bool unpack(lathe_source *source, lathe_progress *progress, lathe_error *error) {
  lathe_buffer out = {0};
  bool fine =
      lathe_source_unpack(source->name, source->data, source->size, &out, &source->packed, progress, error);
  if (!lathe_mapping_check(source->mapping, error) || !fine) {
    lathe_buffer_free(&out);
    return false;
  }
  if (source->packed) replace_bytes(source, &out);
  return true;
}

static bool convert(lathe_source *source, const char *encoding, size_t skip, lathe_progress *progress,
                    lathe_error *error) {
  lathe_buffer out = {0};
  char words[64];
  snprintf(words, sizeof words, "convert from %.40s", encoding);
  lathe_progress_begin(progress, words, (int64_t)source->size);
  bool fine = lathe_source_convert(source->name, encoding, source->data + skip, source->size - skip, &out,
                                   progress, error);
  lathe_progress_end(progress);
  fine = lathe_mapping_check(source->mapping, error) && fine;
  if (fine)
    replace_bytes(source, &out);
  else
    lathe_buffer_free(&out);
  set_note(source, encoding);
  return fine;
}

static bool settle_text(lathe_source *source, const char *encoding, lathe_progress *progress,
                        lathe_error *error) {
  size_t skip = 0;
  if (!encoding) {
    encoding = lathe_source_guess(source->name, source->data, source->size, false, &skip, error);
    if (!encoding) return false;
    source->guessed = lathe_source_is_utf8(encoding);
  }
  set_note(source, encoding);
  if (lathe_source_is_utf8(encoding)) return true;
  return convert(source, encoding, skip, progress, error);
}

static bool settle(lathe_source *source, const char *encoding, lathe_progress *progress, lathe_error *error) {
  if (encoding && strcmp(encoding, "bytes") == 0) encoding = "utf-8";
  set_note(source, NULL);
  if (source->size == 0) {
    source->looks = LATHE_SOURCE_EMPTY;
    return true;
  }
  source->looks = byte_kind(source->data, source->size);
  if (source->looks != LATHE_SOURCE_TEXT) return true;
  if (!settle_text(source, encoding, progress, error)) return false;
  source->looks = text_kind(source->data, source->size);
  return true;
}

lathe_source *lathe_source_open(const char *path, const char *name, const char *encoding,
                                lathe_progress *progress, lathe_error *error) {
  lathe_source *source = check_limit(error) ? lathe_memory_new(1, sizeof *source, error) : NULL;
  if (!source) return NULL;
  if (!name) name = strcmp(path, "-") == 0 ? "standard input" : path;
  source->name = lathe_memory_text(name, strlen(name), error);
  if (source->name && take(source, path, progress, error) && unpack(source, progress, error) &&
      settle(source, encoding, progress, error))
    return source;
  lathe_source_release(source);
  return NULL;
}

const char *lathe_source_encoding(const lathe_source *source, lathe_error *error) {
  size_t skip;
  return lathe_source_guess(source->name, source->data, source->size, false, &skip, error);
}

bool lathe_source_recode(lathe_source *source, lathe_progress *progress, lathe_error *error) {
  if (error) *error = (lathe_error){0};
  if (!source->guessed || source->looks > LATHE_SOURCE_XML) return false;
  source->guessed = false;
  size_t skip;
  const char *encoding = lathe_source_guess(source->name, source->data, source->size, true, &skip, error);
  if (!encoding || lathe_source_is_utf8(encoding)) return false;
  return convert(source, encoding, skip, progress, error);
}

bool lathe_source_check(const lathe_source *source, lathe_error *error) {
  return lathe_mapping_check(source->mapping, error);
}

void lathe_source_release(lathe_source *source) {
  if (!source) return;
  lathe_mapping_release(source->mapping);
  lathe_buffer_free(&source->buffer);
  free(source->name);
  free(source);
}

const char *lathe_source_data(const lathe_source *source) {
  return source->data ? source->data : "";
}

size_t lathe_source_size(const lathe_source *source) {
  return source->size;
}

const char *lathe_source_name(const lathe_source *source) {
  return source->name;
}

lathe_source_kind lathe_source_looks(const lathe_source *source) {
  return source->looks;
}

const char *lathe_source_note(const lathe_source *source) {
  return source->note;
}
