/* memory.c - every allocation is checked here. */
#include "memory.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { LARGE = 8 << 20, PAGE = 4096 };

/* Large blocks in huge pages: a quarter of the time of reading a big table went into page faults. Only advice: nothing depends on it.
 * All pages of the block are advised, its first and last too: were they different from the rest, the kernel would keep
 * the block in parts, which mremap cannot move, and each realloc would copy it. */
static void *advise(void *memory, size_t bytes) {
  if (!memory || bytes < LARGE) return memory;
  uintptr_t begin = (uintptr_t)memory & ~(uintptr_t)(PAGE - 1);
  uintptr_t end = ((uintptr_t)memory + bytes + PAGE - 1) & ~(uintptr_t)(PAGE - 1);
  madvise((void *)begin, end - begin, MADV_HUGEPAGE);
  return memory;
}

static bool no_memory(lathe_error *error, size_t count, size_t size) {
  return lathe_error_set(error, LATHE_ERROR_MEMORY,
                         "no memory for %zu values of %zu bytes; close other programs or take fewer rows",
                         count, size);
}

void *lathe_memory_new(size_t count, size_t size, lathe_error *error) {
  void *memory = calloc(count ? count : 1, size ? size : 1);
  if (!memory) no_memory(error, count, size);
  return advise(memory, count * size);
}

void *lathe_memory_raw(size_t count, size_t size, lathe_error *error) {
  size_t bytes;
  void *memory = NULL;
  if (!__builtin_mul_overflow(count, size, &bytes)) memory = malloc(bytes ? bytes : 1);
  if (!memory) no_memory(error, count, size);
  return advise(memory, bytes);
}

bool lathe_memory_resize(void **memory, size_t count, size_t size, lathe_error *error) {
  size_t bytes;
  void *resized = NULL;
  if (!__builtin_mul_overflow(count, size, &bytes))
    resized = advise(realloc(*memory, bytes ? bytes : 1), bytes);
  if (!resized) return no_memory(error, count, size);
  *memory = resized;
  return true;
}

void lathe_memory_drop(void *memory, size_t bytes) {
  uintptr_t begin = ((uintptr_t)memory + PAGE - 1) & ~(uintptr_t)(PAGE - 1);
  uintptr_t end = ((uintptr_t)memory + bytes) & ~(uintptr_t)(PAGE - 1);
  if (bytes >= 16 * PAGE && begin < end) madvise((void *)begin, end - begin, MADV_DONTNEED);
}

char *lathe_memory_text(const char *text, size_t size, lathe_error *error) {
  char *copy = lathe_memory_raw(size + 1, 1, error);
  if (!copy) return NULL;
  if (size) memcpy(copy, text, size);
  copy[size] = '\0';
  return copy;
}

bool lathe_buffer_reserve(lathe_buffer *buffer, size_t more, lathe_error *error) {
  size_t need = buffer->size + more + 1;
  if (need <= buffer->capacity) return true;
  size_t capacity = buffer->capacity < 64 ? 64 : buffer->capacity + buffer->capacity / 2;
  if (capacity < need) capacity = need;
  void *data = buffer->data;
  if (!lathe_memory_resize(&data, capacity, 1, error)) return false;
  buffer->data = data;
  buffer->capacity = capacity;
  return true;
}

bool lathe_buffer_append(lathe_buffer *buffer, const void *data, size_t size, lathe_error *error) {
  if (!lathe_buffer_reserve(buffer, size, error)) return false;
  if (size) memcpy(buffer->data + buffer->size, data, size);
  buffer->size += size;
  buffer->data[buffer->size] = '\0';
  return true;
}

bool lathe_buffer_text(lathe_buffer *buffer, const char *text, lathe_error *error) {
  return lathe_buffer_append(buffer, text, strlen(text), error);
}

bool lathe_buffer_format(lathe_buffer *buffer, lathe_error *error, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  int size = vsnprintf(NULL, 0, format, arguments);
  va_end(arguments);
  if (size < 0 || !lathe_buffer_reserve(buffer, (size_t)size, error)) return false;
  va_start(arguments, format);
  vsnprintf(buffer->data + buffer->size, (size_t)size + 1, format, arguments);
  va_end(arguments);
  buffer->size += (size_t)size;
  return true;
}

void lathe_buffer_free(lathe_buffer *buffer) {
  free(buffer->data);
  *buffer = (lathe_buffer){0};
}
