/* arrow_text.c - texts, and what becomes text: foreign offsets, views, bytes, times of day. */
#include <stdio.h>
#include <string.h>

#include "arrow_own.h"

static bool view_at(const arrow_field *field, const struct ArrowArray *array, int64_t at, lathe_text *text,
                    lathe_error *error) {
  const char *view = (const char *)array->buffers[1] + (size_t)at * 16;
  int32_t size, place[2];
  memcpy(&size, view, sizeof size);
  memcpy(place, view + 8, sizeof place);
  *text = (lathe_text){view + 4, (size_t)size};
  if (size >= 0 && size <= 12) return true;
  int64_t held = 0, count = array->n_buffers - 3;
  const char *sizes = array->buffers[array->n_buffers - 1];
  if (size > 0 && place[0] >= 0 && place[0] < count && sizes && array->buffers[2 + place[0]])
    memcpy(&held, sizes + (size_t)place[0] * sizeof held, sizeof held);
  if (size < 0 || place[1] < 0 || (int64_t)place[1] + size > held)
    return lathe_arrow_fail(field->name, error, "the text of element %lld lies outside its buffers",
                            (long long)at);
  text->data = (const char *)array->buffers[2 + place[0]] + place[1];
  return true;
}

static size_t time_text(int64_t value, int64_t unit, char *out) {
  int64_t seconds = arrow_floor_divide(value, unit), rest = value - seconds * unit;
  int64_t micros = unit > 1000000 ? rest / (unit / 1000000) : rest * (1000000 / unit);
  int size = snprintf(out, 40, "%02lld:%02lld:%02lld", (long long)(seconds / 3600),
                      (long long)(seconds / 60 % 60), (long long)(seconds % 60));
  if (micros) size += snprintf(out + size, 10, ".%06lld", (long long)micros);
  return (size_t)size;
}

/* The bytes of element `at` of an array, before they become text. */
bool lathe_arrow_bytes_at(const arrow_field *field, const struct ArrowArray *array, int64_t at,
                          lathe_text *text, lathe_error *error) {
  int64_t ends[2] = {0, 0};
  const char *values = array->buffers[1];
  switch (field->layout) {
  case ARROW_BYTES_FIXED:
    *text = (lathe_text){values + (size_t)at * (size_t)field->width, (size_t)field->width};
    return true;
  case ARROW_TEXT_VIEW:
  case ARROW_BYTES_VIEW:
    return view_at(field, array, at, text, error);
  case ARROW_TEXT32:
  case ARROW_BYTES32: {
    int32_t pair[2];
    memcpy(pair, values + (size_t)at * sizeof *pair, sizeof pair);
    ends[0] = pair[0], ends[1] = pair[1];
    break;
  }
  default:
    memcpy(ends, values + (size_t)at * sizeof *ends, sizeof ends);
  }
  if (ends[0] < 0 || ends[1] < ends[0] || (ends[1] > ends[0] && !array->buffers[2]))
    return lathe_arrow_fail(field->name, error, "the text offsets of element %lld are damaged",
                            (long long)at);
  *text = (lathe_text){ends[1] > ends[0] ? (const char *)array->buffers[2] + ends[0] : "",
                       (size_t)(ends[1] - ends[0])};
  return true;
}

static bool append_hex(lathe_buffer *bytes, lathe_text text, lathe_error *error) {
  static const char digits[] = "0123456789abcdef";
  if (text.size > SIZE_MAX / 4 || !lathe_buffer_reserve(bytes, text.size * 2, error)) return false;
  for (size_t i = 0; i < text.size; i++) {
    bytes->data[bytes->size++] = digits[(uint8_t)text.data[i] >> 4];
    bytes->data[bytes->size++] = digits[text.data[i] & 15];
  }
  return true;
}

static bool append_element(arrow_growth *growth, const arrow_field *field, const struct ArrowArray *array,
                           int64_t at, lathe_error *error) {
  lathe_text text = {NULL, 0};
  if (field->layout == ARROW_TIME32 || field->layout == ARROW_TIME64) {
    char out[64];
    int64_t value = 0;
    int32_t narrow = 0;
    if (field->layout == ARROW_TIME32) {
      memcpy(&narrow, (const char *)array->buffers[1] + (size_t)at * sizeof narrow, sizeof narrow);
      value = narrow;
    } else {
      memcpy(&value, (const char *)array->buffers[1] + (size_t)at * sizeof value, sizeof value);
    }
    return lathe_buffer_append(&growth->bytes, out, time_text(value, field->unit, out), error);
  }
  if (!lathe_arrow_bytes_at(field, array, at, &text, error)) return false;
  if (!arrow_plain_text(field)) return append_hex(&growth->bytes, text, error);
  return text.size == 0 || lathe_buffer_append(&growth->bytes, text.data, text.size, error);
}

/* All elements of a piece without missing ones at once: false when the offsets do not rise. */
static bool append_range(arrow_growth *growth, const arrow_field *field, const arrow_piece *piece,
                         lathe_error *error) {
  bool wide = field->layout == ARROW_TEXT64, rising = true;
  const char *source = (const char *)piece->array->buffers[1] +
                       (size_t)piece->first * (wide ? sizeof(int64_t) : sizeof(int32_t));
  int64_t *target = (int64_t *)growth->values + growth->rows, base = target[0], begin = 0, before = 0;
  for (int64_t i = 0; i <= piece->rows; i++) {
    int64_t end;
    if (wide) {
      memcpy(&end, source + (size_t)i * sizeof end, sizeof end);
    } else {
      int32_t narrow;
      memcpy(&narrow, source + (size_t)i * sizeof narrow, sizeof narrow);
      end = narrow;
    }
    if (i == 0) before = begin = end;
    rising &= end >= before;
    before = end;
    target[i] = base + (int64_t)((uint64_t)end - (uint64_t)begin);
  }
  if (!rising || begin < 0 || (before > begin && !piece->array->buffers[2]))
    return lathe_arrow_fail(field->name, error, "its text offsets are damaged");
  return before == begin ||
         lathe_buffer_append(&growth->bytes, (const char *)piece->array->buffers[2] + begin,
                             (size_t)(before - begin), error);
}

bool lathe_arrow_fill_text(arrow_growth *growth, const arrow_field *field, const arrow_piece *piece,
                           lathe_error *error) {
  if (piece->rows == 0) return true;
  if ((field->layout == ARROW_TEXT32 || field->layout == ARROW_TEXT64) && arrow_all_present(piece))
    return append_range(growth, field, piece, error);
  int64_t *offsets = growth->values;
  for (int64_t i = 0; i < piece->rows; i++) {
    int64_t row = growth->rows + i;
    if (lathe_bit(growth->validity, row) &&
        !append_element(growth, field, piece->array, piece->first + i, error))
      return false;
    offsets[row + 1] = (int64_t)growth->bytes.size;
  }
  return true;
}
