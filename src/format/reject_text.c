/* reject_text.c - see the header. Both kinds of row are cut where their values end, whether they are sound or not. */
#include "reject_text.h"

#include <string.h>

#include "../base/personal_form.h"

enum { NAME_ROOM = 128 };

static bool add_value(lathe_buffer *out, const char *text, size_t size, lathe_personal hint,
                      lathe_error *error) {
  if (!lathe_buffer_reserve(out, size, error)) return false;
  char *to = out->data + out->size;
  out->size += hint || lathe_text_personal(text, size) ? lathe_text_form(text, size, to)
                                                       : lathe_text_discreet(text, size, to);
  return true;
}

/* ---- cells ---- */

static lathe_personal hint_of(lathe_text name) {
  char word[NAME_ROOM];
  if (!name.data || name.size >= sizeof word) return LATHE_PERSONAL_NONE;
  memcpy(word, name.data, name.size);
  word[name.size] = '\0';
  return lathe_name_personal(word);
}

/* Behind the value that begins at `at`, inside quotes or not. */
static size_t cell_end(lathe_text row, size_t at, bool quoted, const lathe_reject_marks *marks) {
  for (; at < row.size; at++) {
    if (marks->escape >= 0 && row.data[at] == (char)marks->escape && at + 1 < row.size)
      at++;
    else if (!quoted && (row.data[at] == marks->delimiter || row.data[at] == '\n' || row.data[at] == '\r'))
      break;
    else if (quoted && row.data[at] == (char)marks->quote) {
      if (at + 1 == row.size || row.data[at + 1] != (char)marks->quote) break;
      at++;
    }
  }
  return at < row.size ? at : row.size;
}

bool lathe_reject_cells(lathe_text row, const lathe_reject_marks *marks,
                        lathe_text (*name)(const void *context, int64_t index), const void *context,
                        lathe_buffer *out, lathe_error *error) {
  bool fine = true;
  for (size_t at = 0, index = 0; at < row.size && fine; index++) {
    lathe_personal hint = hint_of(name(context, (int64_t)index));
    size_t from = at;
    if (marks->quote >= 0 && row.data[at] == (char)marks->quote) {
      size_t end = cell_end(row, at + 1, true, marks);
      fine = lathe_buffer_append(out, row.data + at, 1, error) &&
             add_value(out, row.data + at + 1, end - at - 1, hint, error);
      from = end;
    }
    at = cell_end(row, from, false, marks);
    fine = fine && add_value(out, row.data + from, at - from, hint, error);
    from = at;
    while (at < row.size && (row.data[at] == '\n' || row.data[at] == '\r')) at++;
    if (at == from && at < row.size) at++;
    fine = fine && lathe_buffer_append(out, row.data + from, at - from, error);
  }
  return fine;
}

/* ---- members ---- */

/* A key as it is meant: \uXXXX becomes its character. What is left of it fits `out` (NAME_ROOM). */
static void plain_key(const char *key, size_t size, char *out) {
  size_t used = 0;
  for (size_t at = 0; at < size && used + 4 < NAME_ROOM; at++) {
    unsigned c = 0;
    int digits = 0;
    if (key[at] == '\\' && at + 5 < size && key[at + 1] == 'u')
      for (; digits < 4; digits++) {
        const char *place = strchr("0123456789abcdef0123456789ABCDEF", key[at + 2 + (size_t)digits]);
        if (!place || !*place) break;
        c = c << 4 | (unsigned)((place - "0123456789abcdef0123456789ABCDEF") & 15);
      }
    if (digits < 4) {
      out[used++] = key[at];
      continue;
    }
    used += lathe_text_encode(c, out + used);
    at += 5;
  }
  out[used] = '\0';
}

static size_t string_end(lathe_text object, size_t at) {
  while (at < object.size && object.data[at] != '"') at += object.data[at] == '\\' ? 2 : 1;
  return at < object.size ? at : object.size;
}

static bool is_bare(char c) {
  return c && !strchr(" \t\r\n\",:{}[]", c);
}

bool lathe_reject_members(lathe_text object, lathe_buffer *out, lathe_error *error) {
  lathe_personal hint = LATHE_PERSONAL_NONE;
  char key[NAME_ROOM];
  bool fine = true;
  for (size_t at = 0; at < object.size && fine;) {
    size_t from = at;
    if (object.data[at] == '"') {
      size_t end = string_end(object, at + 1), behind = end;
      while (behind + 1 < object.size && strchr("\" \t", object.data[behind]) && object.data[behind])
        behind++;
      bool is_key = end < object.size && behind < object.size && object.data[behind] == ':';
      if (is_key) {
        plain_key(object.data + at + 1, end - at - 1, key);
        hint = lathe_name_personal(key);
      }
      at = end < object.size ? end + 1 : end;
      fine = lathe_buffer_append(out, "\"", 1, error) &&
             (is_key ? lathe_buffer_append(out, object.data + from + 1, end - from - 1, error)
                     : add_value(out, object.data + from + 1, end - from - 1, hint, error)) &&
             lathe_buffer_append(out, object.data + end, at - end, error);
    } else if (is_bare(object.data[at])) {
      while (at < object.size && is_bare(object.data[at])) at++;
      fine = add_value(out, object.data + from, at - from, hint, error);
    } else {
      fine = lathe_buffer_append(out, object.data + at++, 1, error);
    }
  }
  return fine;
}
