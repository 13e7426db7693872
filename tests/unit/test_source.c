/* Sources: mapped, piped, packed and in other encodings; damage is one sentence. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include "lathe.h"
#include "tap.h"
#include "../../src/base/library.h"

static char folder[] = "/tmp/lathe-source-XXXXXX";
static lathe_error error;

static const char *path_of(const char *name) {
  static char path[256];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  return path;
}

static const char *put(const char *name, const void *data, size_t size) {
  const char *path = path_of(name);
  lathe_file_write(path, data, size, NULL);
  return path;
}

static lathe_source *open_as(const char *name, const void *data, size_t size, const char *encoding) {
  error = (lathe_error){0};
  return lathe_source_open(put(name, data, size), NULL, encoding, NULL, &error);
}

static bool gives(const char *sentence, const void *data, size_t size, const char *encoding, const char *text,
                  const char *note) {
  lathe_source *source = open_as("given", data, size, encoding);
  bool fine = source && lathe_source_size(source) == strlen(text) &&
              memcmp(lathe_source_data(source), text, strlen(text)) == 0 &&
              strcmp(lathe_source_note(source), note) == 0;
  ok(fine, "%s", sentence);
  if (!fine)
    printf("# got %.*s, note %s, error %s\n", source ? (int)lathe_source_size(source) : 0,
           source ? lathe_source_data(source) : "", source ? lathe_source_note(source) : "", error.message);
  lathe_source_release(source);
  return fine;
}

static void refuses(const char *sentence, const void *data, size_t size, const char *encoding,
                    const char *words) {
  lathe_source *source = open_as("refused", data, size, encoding);
  bool fine = !source && strstr(error.message, words) && strstr(error.message, "refused");
  ok(fine, "%s", sentence);
  if (!fine) printf("# %s\n", source ? "it was read" : error.message);
  lathe_source_release(source);
}

#define TEXT(text) text, sizeof text - 1

typedef int deflate_init(z_stream *, int, int, int, int, int, const char *, int);

/* gzip, through the library that the program opens as well. */
static size_t pack(const char *text, size_t size, uint8_t *out, size_t room) {
  z_stream stream = {0};
  deflate_init *init = (deflate_init *)lathe_library_symbol(LATHE_LIBRARY_ZLIB, "deflateInit2_", NULL);
  int (*run)(z_stream *, int) =
      (int (*)(z_stream *, int))lathe_library_symbol(LATHE_LIBRARY_ZLIB, "deflate", NULL);
  int (*end)(z_stream *) = (int (*)(z_stream *))lathe_library_symbol(LATHE_LIBRARY_ZLIB, "deflateEnd", NULL);
  init(&stream, 9, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY, ZLIB_VERSION, (int)sizeof stream);
  stream.next_in = (uint8_t *)text;
  stream.avail_in = (uInt)size;
  stream.next_out = out;
  stream.avail_out = (uInt)room;
  run(&stream, Z_FINISH);
  size_t made = stream.total_out;
  end(&stream);
  return made;
}

static void test_packed(void) {
  static uint8_t bytes[4096];
  size_t first = pack(TEXT("a,b\n1,2\n"), bytes, 2000),
         all = first + pack(TEXT("3,4\n"), bytes + first, 2000);
  gives("a gzip file is unpacked", bytes, first, NULL, "a,b\n1,2\n", "gzip");
  gives("so is one of two members", bytes, all, NULL, "a,b\n1,2\n3,4\n", "gzip");
  gives("zeros behind the end are filling", bytes, all + 100, NULL, "a,b\n1,2\n3,4\n", "gzip");
  bytes[all + 50] = 7;
  refuses("anything else behind it is not", bytes, all + 100, NULL, "follows the last member");
  refuses("a gzip file that was cut off", bytes, first - 9, NULL, "cut off");
  refuses("one with only a magic number", bytes, 2, NULL, "cut off");
  bytes[first - 6] ^= 1;
  refuses("a wrong checksum", bytes, first, NULL, "damaged near byte");

  size_t (*compress)(void *, size_t, const void *, size_t, int) =
      (size_t(*)(void *, size_t, const void *, size_t, int))lathe_library_symbol(LATHE_LIBRARY_ZSTD,
                                                                                 "ZSTD_compress", NULL);
  if (!compress) return;
  first = compress(bytes, 2000, TEXT("a,b\n1,2\n"), 3);
  all = first + compress(bytes + first, 2000, TEXT("3,4\n"), 3);
  gives("a zstd file of two frames is unpacked", bytes, all, NULL, "a,b\n1,2\n3,4\n", "zstd");
  refuses("a zstd file that was cut off", bytes, all - 3, NULL, "cut off");
  bytes[6] ^= 0x55;
  refuses("a damaged one", bytes, all, NULL, "zstd data are damaged");
  refuses("xz is named with its tool",
          TEXT("\xFD"
               "7zXZ\0----"),
          NULL, "unxz");
}

static void test_encodings(void) {
  gives("plain UTF-8 has no note", TEXT("a,\xC3\xA9\n"), NULL, "a,\xC3\xA9\n", "");
  gives("a mark in front stays for the reader",
        TEXT("\xEF\xBB\xBF"
             "a\n"),
        NULL,
        "\xEF\xBB\xBF"
        "a\n",
        "");
  gives("UTF-16 with its mark",
        TEXT("\xFF\xFE"
             "a\0,\0\xE9\0\n\0"),
        NULL, "a,\xC3\xA9\n", "UTF-16LE");
  gives("big-endian too", TEXT("\xFE\xFF\0a\0,\0\xE9\0\n"), NULL, "a,\xC3\xA9\n", "UTF-16BE");
  gives("UTF-16 without a mark",
        TEXT("a\0,\0b\0\n\0\x2D\x4E,\0"
             "2\0\n\0"),
        NULL, "a,b\n\xE4\xB8\xAD,2\n", "UTF-16LE");
  gives("GB18030 is recognised", TEXT("\xC3\xFB\xD7\xD6,\xB3\xC7\xCA\xD0\n"), NULL,
        "\xE5\x90\x8D\xE5\xAD\x97,\xE5\x9F\x8E\xE5\xB8\x82\n", "GB18030");
  gives("windows-1252 is recognised", TEXT("caf\xE9,M\xFCller,\x80\n"), NULL,
        "caf\xC3\xA9,M\xC3\xBCller,\xE2\x82\xAC\n", "windows-1252");
  gives("an encoding can be named", TEXT("\xCF\xF0\xE8\n"), "windows-1251", "\xD0\x9F\xD1\x80\xD0\xB8\n",
        "windows-1251");
  gives("what is not UTF-8 can be replaced",
        TEXT("a\xC3"
             "b\xE4\xB8"
             "c\xFF\n"),
        "utf-8-replace",
        "a\xEF\xBF\xBD"
        "b\xEF\xBF\xBD"
        "c\xEF\xBF\xBD\n",
        "utf-8-replace");
  refuses("a text in no known encoding is a question",
          TEXT("name\n\xCF\xF0\xE8\xE2\xE5\xF2 \xEC\xE8\xF0\xFA\xB2\n"), NULL, "byte 5 (0xCF) is not UTF-8");
  refuses("damaged UTF-8 is not another encoding",
          TEXT("\xC3\xA9t\xC3\xA9,\xC3\xA9t\xC3\xA9,\xC3\xA9t\xC3\xA9,\xC3\xA9t\xC3\xA9,\xFF\n"), NULL,
          "damaged");
  refuses("an unknown name is said", TEXT("a\n"), "utf-99", "no encoding \"utf-99\"");
  refuses("so is a name with a path", TEXT("a\n"), "../x", "no encoding");
  refuses("half a character at the end", TEXT("a\0b"), "utf-16le", "cuts off");
}

static void test_recode(void) {
  size_t size = (5 << 20) + 8;
  char *text = malloc(size);
  memset(text, 'x', size);
  for (size_t i = 99; i < size; i += 100) text[i] = '\n';
  memcpy(text + size - 8, "caf\xE9 au\n", 8);
  lathe_source *source = open_as("late", text, size, NULL);
  ok(source && lathe_source_size(source) == size, "a bad byte far behind is not looked for");
  ok(source && lathe_source_recode(source, NULL, &error) && lathe_source_size(source) == size + 1 &&
         strcmp(lathe_source_note(source), "windows-1252") == 0,
     "but found when it is asked for");
  ok(source && !lathe_source_recode(source, NULL, &error) && error.code == LATHE_ERROR_NONE, "once");
  lathe_source_release(source);
  free(text);
}

static lathe_source_kind kind_of(const void *data, size_t size) {
  lathe_source *source = open_as("kind", data, size, NULL);
  lathe_source_kind kind = source ? lathe_source_looks(source) : LATHE_SOURCE_OTHER;
  lathe_source_release(source);
  return kind;
}

static void test_kinds(void) {
  ok(kind_of(TEXT("")) == LATHE_SOURCE_EMPTY, "nothing is nothing");
  ok(kind_of(TEXT("a,b\n")) == LATHE_SOURCE_TEXT, "a text table is text");
  ok(kind_of(TEXT(" [ {\"a\": 1},\n {\"a\": 2}]")) == LATHE_SOURCE_JSON, "JSON is told");
  ok(kind_of(TEXT("{\"a\": 1}\n{\"a\": 2}\n")) == LATHE_SOURCE_LINES, "JSON Lines are told");
  ok(kind_of(TEXT("{\"a\": 1}\n")) == LATHE_SOURCE_JSON, "one object is JSON");
  ok(kind_of(TEXT("[x],b\n1,2\n")) == LATHE_SOURCE_TEXT, "a bracket alone is not JSON");
  ok(kind_of(TEXT("<!DOCTYPE html><p>no")) == LATHE_SOURCE_HTML, "a web page is told");
  ok(kind_of(TEXT("PAR1....PAR1")) == LATHE_SOURCE_PARQUET, "Parquet is told");
  ok(kind_of(TEXT("\x93NUMPY\1\0")) == LATHE_SOURCE_NPY, "NPY is told");
  ok(kind_of(TEXT("\x02\0\0\0\0\0\0\0{}")) == LATHE_SOURCE_SAFETENSORS, "safetensors are told");
}

static void test_pipes(void) {
  const char *path = path_of("pipe");
  char writer[300];
  mkfifo(path, 0600);
  snprintf(writer, sizeof writer, "printf 'a\\n1\\n' > %s &", path);
  ok(system(writer) == 0, "a pipe is written");
  lathe_source *source = lathe_source_open(path, NULL, NULL, NULL, &error);
  ok(source && lathe_source_size(source) == 4, "and read to its end");
  lathe_source_release(source);
  int in = open(put("in", TEXT("a,b\n1,2\n")), O_RDONLY);
  dup2(in, STDIN_FILENO);
  source = lathe_source_open("-", NULL, NULL, NULL, &error);
  ok(source && lathe_source_size(source) == 8 && strcmp(lathe_source_name(source), "standard input") == 0,
     "- is standard input");
  lathe_source_release(source);
  if (lseek(STDIN_FILENO, 4, SEEK_SET) != 4) return;
  source = lathe_source_open("-", NULL, NULL, NULL, &error);
  ok(source && lathe_source_size(source) == 4 && memcmp(lathe_source_data(source), "1,2\n", 4) == 0,
     "from where it stands");
  lathe_source_release(source);
  source = lathe_source_open(path_of("nowhere"), NULL, NULL, NULL, &error);
  ok(!source && strstr(error.message, "there is no file"), "a missing file is said");
}

/* The address sanitizer ends a program that is refused memory. */
#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

/* A small file that unpacks to more than this process may hold. */
static void test_bomb(void) {
  enum { MEMBER = 8 << 20, COUNT = 64 };
  struct rlimit before, tight;
  char *zeros = calloc(MEMBER, 1);
  uint8_t *packed = malloc(1 << 20);
  size_t size = pack(zeros, MEMBER, packed, 1 << 14);
  for (size_t i = 1; i < COUNT; i++) memcpy(packed + i * size, packed, size);
  free(zeros);
  const char *path = put("bomb.gz", packed, size * COUNT);
  free(packed);
  FILE *statm = fopen("/proc/self/statm", "r");
  unsigned long pages = 0;
  bool known = statm && fscanf(statm, "%lu", &pages) == 1 && getrlimit(RLIMIT_AS, &before) == 0;
  if (statm) fclose(statm);
  tight = before;
  tight.rlim_cur = pages * (unsigned long)sysconf(_SC_PAGESIZE) + (200ul << 20);
  error = (lathe_error){0};
  lathe_source *source = NULL;
  if (known && setrlimit(RLIMIT_AS, &tight) == 0) {
    source = lathe_source_open(path, NULL, NULL, NULL, &error);
    setrlimit(RLIMIT_AS, &before);
  }
  bool fine =
      !source && error.code == LATHE_ERROR_MEMORY && strstr(error.message, "bomb.gz: unpacked it is larger");
  ok(fine, "a file that unpacks to more than there is memory is refused");
  if (!fine) printf("# %s\n", error.message);
  lathe_source_release(source);
}

int main(void) {
  if (!mkdtemp(folder)) return 1;
  test_packed();
  test_encodings();
  test_recode();
  test_kinds();
  if (!SANITIZED) test_bomb();
  test_pipes();
  lathe_path_remove(folder, NULL);
  return done_testing();
}
