/* memory.h - the one place where memory is asked for, and a growing buffer.
 *
 * A failed allocation is an error like any other: a table larger than the machine must not end the program. */
#ifndef LATHE_BASE_MEMORY_H
#define LATHE_BASE_MEMORY_H

#include "error.h"

/* `count * size` bytes, zeroed (`_new`) or not. NULL with `error` when there are none, or the product overflows.
 * Never NULL for zero bytes. Free with free(). */
void *lathe_memory_new(size_t count, size_t size, lathe_error *error);
void *lathe_memory_raw(size_t count, size_t size, lathe_error *error);

/* Change the size of `*memory` in place of its owner; on failure `*memory` stays as it was. */
bool lathe_memory_resize(void **memory, size_t count, size_t size, lathe_error *error);

/* Instead of free(), for blocks that may be large and are soon asked for again: a few are kept (512 MB at most), which spares the system
 * from clearing fresh pages. NULL is nothing. */
void lathe_memory_give(void *memory);

/* Give the pages of a block that is about to be freed back to the system at once; its bytes are lost. */
void lathe_memory_drop(void *memory, size_t bytes);

/* A NUL-terminated copy of `size` bytes. */
char *lathe_memory_text(const char *text, size_t size, lathe_error *error);

/* Bytes that grow. Zero-initialise; free with lathe_buffer_free. */
typedef struct lathe_buffer {
  char *data; /* NUL-terminated after each append; NULL while empty */
  size_t size;
  size_t capacity;
} lathe_buffer;

/* Make room for `more` bytes and a NUL; append bytes, a text, or what a format gives. */
bool lathe_buffer_reserve(lathe_buffer *buffer, size_t more, lathe_error *error);
bool lathe_buffer_append(lathe_buffer *buffer, const void *data, size_t size, lathe_error *error);
bool lathe_buffer_text(lathe_buffer *buffer, const char *text, lathe_error *error);
bool lathe_buffer_format(lathe_buffer *buffer, lathe_error *error, const char *format, ...)
    LATHE_PRINTF(3, 4);
void lathe_buffer_free(lathe_buffer *buffer);

#endif
