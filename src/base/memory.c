/* memory.c - every allocation is checked here. */
#include "memory.h"

#include <malloc.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { LARGE = 8 << 20, HUGE_PAGE = 2 << 20, PAGE = 4096 };

/* What fills a huge page is put in such ones: a quarter of the time of reading a big table went into page faults, and boosting, which goes
 * through rows with gaps, is a tenth faster. Only advice: nothing depends on it.
 * All pages of the block are advised, its first and last too: were they different from the rest, the kernel would keep
 * the block in parts, which mremap cannot move, and each realloc would copy it. */
static void *advise(void *memory, size_t bytes) {
  if (!memory || bytes < HUGE_PAGE) return memory;
  uintptr_t begin = (uintptr_t)memory & ~(uintptr_t)(PAGE - 1);
  uintptr_t end = ((uintptr_t)memory + bytes + PAGE - 1) & ~(uintptr_t)(PAGE - 1);
  madvise((void *)begin, end - begin, MADV_HUGEPAGE);
  return memory;
}

/* A block for values that are written at once. A large one begins where a huge page does, and ends so unless that wastes more than a
 * sixteenth: where it does not, up to four megabytes of each column came in small pages, each of them a fault that costs more than its
 * bytes. */
static void *fresh(size_t bytes) {
  if (bytes < LARGE) return malloc(bytes ? bytes : 1);
  size_t whole = (bytes + HUGE_PAGE - 1) & ~(size_t)(HUGE_PAGE - 1);
  if (whole < bytes || whole - bytes > bytes / 16) whole = bytes;
  void *memory = NULL;
  return posix_memalign(&memory, HUGE_PAGE, whole) == 0 ? memory : NULL;
}

/* ---- large blocks that are kept for the next one ----
 *
 * A page that the system gives is cleared first, and on a virtual machine asked of the host, too: more than a third of the time of verbs that
 * make large columns. So a few large blocks are kept when they are given back. Nothing is kept under the address sanitizer, which
 * could not tell who uses a block that it should not. */
enum { KEPT = 24 };
static const size_t KEPT_BYTES = (size_t)512 << 20;

static struct {
  pthread_mutex_t lock;
  struct kept_block {
    void *memory;
    size_t size;
  } block[KEPT]; /* the oldest first */
  int count;
  size_t bytes;
} kept = {.lock = PTHREAD_MUTEX_INITIALIZER};

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define KEEPS_BLOCKS 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define KEEPS_BLOCKS 0
#endif
#endif
#ifndef KEEPS_BLOCKS
#define KEEPS_BLOCKS 1
#endif

static void *remove_kept(int index) {
  void *memory = kept.block[index].memory;
  kept.bytes -= kept.block[index].size;
  kept.count--;
  memmove(kept.block + index, kept.block + index + 1, (size_t)(kept.count - index) * sizeof *kept.block);
  return memory;
}

/* The smallest kept block of at least `bytes` that does not waste a quarter of itself; NULL. */
static void *take_kept(size_t bytes) {
  if (!KEEPS_BLOCKS || bytes < LARGE) return NULL;
  int best = -1;
  pthread_mutex_lock(&kept.lock);
  for (int i = 0; i < kept.count; i++) {
    size_t size = kept.block[i].size;
    if (size >= bytes && size - bytes <= size / 4 && (best < 0 || size < kept.block[best].size)) best = i;
  }
  void *memory = best >= 0 ? remove_kept(best) : NULL;
  pthread_mutex_unlock(&kept.lock);
  return memory;
}

static void drop_kept(void) {
  pthread_mutex_lock(&kept.lock);
  while (kept.count > 0) free(remove_kept(kept.count - 1));
  pthread_mutex_unlock(&kept.lock);
}

void lathe_memory_give(void *memory) {
  size_t size = memory ? malloc_usable_size(memory) : 0;
  if (!KEEPS_BLOCKS || size < LARGE || size > KEPT_BYTES / 4) {
    free(memory);
    return;
  }
  pthread_mutex_lock(&kept.lock);
  while (kept.count == KEPT || kept.bytes + size > KEPT_BYTES) free(remove_kept(0));
  kept.block[kept.count++] = (struct kept_block){memory, size};
  kept.bytes += size;
  pthread_mutex_unlock(&kept.lock);
}

static bool no_memory(lathe_error *error, size_t count, size_t size) {
  return lathe_error_set(error, LATHE_ERROR_MEMORY,
                         "no memory for %zu values of %zu bytes; close other programs or take fewer rows",
                         count, size);
}

void *lathe_memory_new(size_t count, size_t size, lathe_error *error) {
  size_t bytes;
  if (__builtin_mul_overflow(count, size, &bytes)) bytes = 0;
  void *memory = take_kept(bytes);
  if (memory) return memset(memory, 0, bytes);
  memory = calloc(count ? count : 1, size ? size : 1);
  if (!memory) {
    drop_kept();
    memory = calloc(count ? count : 1, size ? size : 1);
  }
  if (!memory) no_memory(error, count, size);
  return advise(memory, bytes);
}

void *lathe_memory_raw(size_t count, size_t size, lathe_error *error) {
  size_t bytes;
  void *memory = NULL;
  if (__builtin_mul_overflow(count, size, &bytes)) {
    no_memory(error, count, size);
    return NULL;
  }
  memory = take_kept(bytes);
  if (memory) return memory;
  memory = fresh(bytes);
  if (!memory) {
    drop_kept();
    memory = fresh(bytes);
  }
  if (!memory) no_memory(error, count, size);
  return advise(memory, malloc_usable_size(memory));
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
