/* reject_text.h - a row that could not be read, as the table of rejects may keep it: what looks personal in it (base/personal_form.h) only by
 * its form. The row itself is found by its place in the file. */
#ifndef LATHE_FORMAT_REJECT_TEXT_H
#define LATHE_FORMAT_REJECT_TEXT_H

#include "../base/memory.h"
#include "../base/text.h"

/* How a row of cells is written. A byte of -1: there is none. */
typedef struct lathe_reject_marks {
  char delimiter;
  int quote, escape;
} lathe_reject_marks;

/* Append a row of cells; `name(context, i)` is the name of column i, data NULL when there is none. UTF-8. */
bool lathe_reject_cells(lathe_text row, const lathe_reject_marks *marks,
                        lathe_text (*name)(const void *context, int64_t index), const void *context,
                        lathe_buffer *out, lathe_error *error);

/* Append a JSON object, sound or not: a value is told by the key before it. */
bool lathe_reject_members(lathe_text object, lathe_buffer *out, lathe_error *error);

#endif
