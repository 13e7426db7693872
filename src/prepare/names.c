/* names.c - a list of texts. */
#include "names.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/memory.h"

bool lathe_names_add(lathe_names *names, lathe_error *error, const char *format, ...) {
  if (names->count == names->capacity) {
    int32_t capacity = names->capacity ? 2 * names->capacity : 16;
    if (!lathe_memory_resize((void **)&names->name, (size_t)capacity, sizeof *names->name, error))
      return false;
    names->capacity = capacity;
  }
  va_list arguments, again;
  va_start(arguments, format);
  va_copy(again, arguments);
  int size = vsnprintf(NULL, 0, format, arguments);
  va_end(arguments);
  char *text = lathe_memory_raw((size_t)size + 1, 1, error);
  if (text) vsnprintf(text, (size_t)size + 1, format, again);
  va_end(again);
  if (!text) return false;
  names->name[names->count++] = text;
  return true;
}

bool lathe_names_copy(lathe_names *names, const lathe_names *from, lathe_error *error) {
  for (int32_t i = 0; i < from->count; i++)
    if (!lathe_names_add(names, error, "%s", from->name[i])) return false;
  return true;
}

int32_t lathe_names_find(const lathe_names *names, const char *name) {
  for (int32_t i = 0; i < names->count; i++)
    if (!strcmp(names->name[i], name)) return i;
  return -1;
}

void lathe_names_free(lathe_names *names) {
  for (int32_t i = 0; i < names->count; i++) free(names->name[i]);
  free(names->name);
  *names = (lathe_names){0};
}
