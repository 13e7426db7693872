/* source.h - where the bytes of a table come from: a file, a pipe or standard input, unpacked, as UTF-8.
 *
 * A plain UTF-8 file is mapped and stays so. What is packed with gzip or zstd, told by its first bytes and not
 * by its name, is unpacked into memory, as long as there is memory for it; several members or frames one behind
 * the other are one text. Text in another encoding is converted: UTF-16 and UTF-32 with or without a byte order
 * mark, GB18030 (of which GBK and GB2312 are parts) and windows-1252 (of which Latin-1 is a part) are
 * recognised, and any that iconv knows can be named. The note says what was done. Formats that are no text keep
 * their bytes.
 *
 * Only the beginning of a big file is looked at for its encoding. Whoever finds out later that the text is not
 * UTF-8 asks lathe_source_recode, which looks at all of it. */
#ifndef LATHE_FORMAT_SOURCE_H
#define LATHE_FORMAT_SOURCE_H

#include "../base/progress.h"

typedef struct lathe_source lathe_source;

typedef enum lathe_source_kind {
  LATHE_SOURCE_EMPTY,
  LATHE_SOURCE_TEXT,  /* nothing else that is known here */
  LATHE_SOURCE_JSON,  /* one value: begins with [ or { as JSON does */
  LATHE_SOURCE_LINES, /* JSON Lines: an object or list ends in the first line, and another follows */
  LATHE_SOURCE_HTML,
  LATHE_SOURCE_XML,
  LATHE_SOURCE_NPY,
  LATHE_SOURCE_ZIP, /* NPZ, and office documents */
  LATHE_SOURCE_SAFETENSORS,
  LATHE_SOURCE_PARQUET,
  LATHE_SOURCE_SQLITE,
  LATHE_SOURCE_ARROW,
  LATHE_SOURCE_OTHER, /* a known format that is no table: PDF, HDF5, an old office document */
} lathe_source_kind;

/* Open `path`, or standard input for "-". `name` stands for it in errors (NULL: the path). `encoding` NULL:
 * found out; "bytes": left as it is; "utf-8-replace": what is not UTF-8 becomes U+FFFD; else a name that iconv
 * knows. NULL with an error of one sentence. */
lathe_source *lathe_source_open(const char *path, const char *name, const char *encoding,
                                lathe_progress *progress, lathe_error *error);
void lathe_source_release(lathe_source *source);

const char *
lathe_source_data(const lathe_source *source); /* not NUL-terminated; a UTF-8 mark is left in front */
size_t lathe_source_size(const lathe_source *source);
const char *lathe_source_name(const lathe_source *source);
lathe_source_kind lathe_source_looks(const lathe_source *source);

/* Words such as "gzip, UTF-16LE"; empty for plain UTF-8. */
const char *lathe_source_note(const lathe_source *source);

/* The most bytes that may be unpacked or read into memory: what the environment's LATHE_MEMORY says ("500MB"), or three quarters of what is
 * free now. */
int64_t lathe_source_limit(void);

/* What the text of a source that was opened as "bytes" is written in, by its beginning: a name for iconv. NULL with an error when it is
 * nothing known. */
const char *lathe_source_encoding(const lathe_source *source, lathe_error *error);

#ifndef LATHE_CDEF
struct lathe_buffer;
/* `data` appended to `out` as UTF-8; `name` stands for the text in errors. */
bool lathe_source_convert(const char *name, const char *encoding, const char *data, size_t size,
                          struct lathe_buffer *out, lathe_progress *progress, lathe_error *error);
#endif

/* Look at all of a text that was taken for UTF-8: true when it is in another encoding and is now converted, so
 * that it can be read again; false without an error when it is UTF-8; false with an error when it is neither. */
bool lathe_source_recode(lathe_source *source, lathe_progress *progress, lathe_error *error);

/* False, with an error, when the file was cut or written over since it was opened: what was made of its bytes is not to be trusted. */
bool lathe_source_check(const lathe_source *source, lathe_error *error);

#endif
