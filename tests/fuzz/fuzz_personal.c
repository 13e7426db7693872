/* Personal data: any bytes are of some kind or none, as they are and as the value of a column; their form has no letters but x. */
#include <stdlib.h>
#include <string.h>

#include "format/reject_text.h"
#include "look/personal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static lathe_text nameless(const void *context, int64_t index) {
  (void)context;
  return index % 2 ? (lathe_text){"surname", 7} : (lathe_text){NULL, 0};
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const char *text = (const char *)data;
  lathe_personal kind = lathe_text_personal(text, size);
  if (kind >= LATHE_PERSONAL_ADDRESS || lathe_value_personal(text, size, "surname") >= LATHE_PERSONAL_KINDS)
    abort();
  char *form = malloc(size + 1);
  size_t written = lathe_text_form(text, size, form);
  if (written > size) abort();
  for (size_t i = 0; i < written; i++)
    if (form[i] >= 'A' && form[i] <= 'Z') abort();
  if (lathe_text_discreet(text, size, form) > size) abort();
  free(form);
  if (lathe_text_valid(text, size) < size) return 0;
  lathe_reject_marks marks = {',', size & 1 ? '"' : -1, size & 2 ? '\\' : -1};
  lathe_buffer row = {0};
  if (!lathe_reject_cells((lathe_text){text, size}, &marks, nameless, NULL, &row, NULL) || row.size > size)
    abort();
  row.size = 0;
  if (!lathe_reject_members((lathe_text){text, size}, &row, NULL) || row.size > size) abort();
  lathe_buffer_free(&row);
  lathe_text texts[] = {{text, size}, {NULL, 0}};
  lathe_column *column = lathe_column_from_text(texts, 2, NULL);
  lathe_personal_finding finding;
  if (!lathe_column_personal(column, "mail", 0, &finding, NULL, NULL)) abort();
  if (kind && finding.kind != kind) abort();
  lathe_column_release(column);
  return 0;
}
