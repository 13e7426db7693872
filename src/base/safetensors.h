/* safetensors.h - named arrays in one file that is mapped, not read.
 *
 * The format (https://github.com/huggingface/safetensors):
 *   1. 8 bytes: the size N of the header, little-endian
 *   2. N bytes: JSON {"NAME": {"dtype": "F64", "shape": [..], "data_offsets": [begin, end]}, ..., "__metadata__": {"KEY": "TEXT"}}
 *   3. the bytes of the arrays, without holes, offsets counted from the end of the header
 * lathe writes arrays of larger elements first, otherwise in the order they were added, and pads the header with blanks to a
 * multiple of 8, so that every array is aligned; keys of the metadata keep their order: the same content gives the same bytes.
 */
#ifndef LATHE_BASE_SAFETENSORS_H
#define LATHE_BASE_SAFETENSORS_H

#include "error.h"
#include "text.h"

typedef enum lathe_dtype {
  LATHE_DTYPE_U8,
  LATHE_DTYPE_I8,
  LATHE_DTYPE_I32,
  LATHE_DTYPE_I64,
  LATHE_DTYPE_F32,
  LATHE_DTYPE_F64,
} lathe_dtype;

/* Bytes of an element. */
size_t lathe_dtype_size(lathe_dtype dtype);

typedef struct lathe_tensor_view {
  lathe_dtype dtype;
  int32_t rank;     /* at most 4 */
  int64_t shape[4]; /* C order */
  int64_t count;    /* elements */
  const void *data; /* lives as long as the file is held; aligned for the type */
} lathe_tensor_view;

typedef struct lathe_tensor_file lathe_tensor_file;     /* one being read, counted */
typedef struct lathe_tensor_writer lathe_tensor_writer; /* one being made */

/* Map and check a file: every offset, shape and name, before anything of it is used. */
lathe_tensor_file *lathe_tensor_file_open(const char *path, lathe_error *error);
lathe_tensor_file *lathe_tensor_file_retain(lathe_tensor_file *file);
void lathe_tensor_file_release(lathe_tensor_file *file);

/* An array by name, with the type and rank that are expected; false with an error that names file and array. */
bool lathe_tensor_file_get(const lathe_tensor_file *file, const char *name, lathe_dtype dtype, int32_t rank,
                           lathe_tensor_view *view, lathe_error *error);

/* A metadata text by key; data is NULL when there is none. Lives as long as the file. */
lathe_text lathe_tensor_file_metadata(const lathe_tensor_file *file, const char *key);
const char *lathe_tensor_file_path(const lathe_tensor_file *file);

/* Read all of a sealed file: false with an error when a byte of it is not what was written, or it has no seal. */
bool lathe_tensor_file_check(const lathe_tensor_file *file, lathe_error *error);

lathe_tensor_writer *lathe_tensor_writer_new(lathe_error *error);
void lathe_tensor_writer_free(lathe_tensor_writer *writer);

/* Add an array; `data` is borrowed until the file is written. Add a metadata text (copied). */
bool lathe_tensor_writer_add(lathe_tensor_writer *writer, const char *name, lathe_dtype dtype, int32_t rank,
                             const int64_t *shape, const void *data, lathe_error *error);
bool lathe_tensor_writer_metadata(lathe_tensor_writer *writer, const char *key, const char *text, size_t size,
                                  lathe_error *error);

/* Put a seal on the file: its first metadata text "check" is the hash (hash.h) of the whole file with that text as zeros. */
void lathe_tensor_writer_seal(lathe_tensor_writer *writer);

/* Write it, as lathe_writer does (temporary file, sync, rename). */
bool lathe_tensor_writer_write(lathe_tensor_writer *writer, const char *path, lathe_error *error);

#endif
