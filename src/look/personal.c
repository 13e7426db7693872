/* personal.c - what a column is: by most of its values, or by its name. */
#include "personal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../base/memory.h"
#include "../base/pool.h"

enum { CHUNK = 16384 };

typedef struct counts {
  int64_t values, kinds[LATHE_PERSONAL_KINDS], fitting, inside;
} counts;

typedef struct job {
  const lathe_column *column;
  int64_t rows, step; /* rows looked at, and how far they are apart */
  lathe_personal hint;
  counts *chunks;
  lathe_progress *progress;
} job;

static bool is_between(char c) {
  return c == ' ' || c == ',' || c == ';' || c == '<' || c == '>' || c == '(' || c == ')' || c == '"' ||
         c == ':' || c == '\n';
}

/* Whether one word of a longer text is an e-mail address or a card number. */
static bool has_inside(lathe_text text) {
  for (size_t at = 0; at < text.size;) {
    while (at < text.size && is_between(text.data[at])) at++;
    size_t end = at;
    while (end < text.size && !is_between(text.data[end])) end++;
    size_t size = end - at;
    while (size > 0 && text.data[at + size - 1] == '.') size--;
    lathe_personal kind = lathe_text_personal(text.data + at, size);
    if (kind == LATHE_PERSONAL_EMAIL || kind == LATHE_PERSONAL_CARD) return true;
    at = end;
  }
  return false;
}

/* Whether a number can be that of a phone, a card or a person: other programs make fractions of whole numbers where some
 * are missing. */
static bool is_numbered(double x) {
  return x >= 1e3 && x < 1e19 && x == floor(x);
}

static bool count_chunk(void *context, int64_t chunk, lathe_error *error) {
  job *work = context;
  counts *count = &work->chunks[chunk];
  int64_t begin = chunk * CHUNK, end = begin + CHUNK < work->rows ? begin + CHUNK : work->rows;
  char scratch[32];
  const double *numbers =
      lathe_column_type(work->column) == LATHE_TYPE_FLOAT64 ? lathe_column_values(work->column) : NULL;
  (void)error;
  for (int64_t i = begin; i < end; i++) {
    if (!lathe_column_present(work->column, i * work->step)) continue;
    if (numbers && !is_numbered(numbers[i * work->step])) {
      count->values++;
      continue;
    }
    lathe_text text = lathe_column_format(work->column, i * work->step, scratch);
    lathe_personal kind = lathe_text_personal(text.data, text.size);
    count->values++;
    count->kinds[kind]++;
    count->fitting += work->hint && lathe_personal_fits(work->hint, text);
    count->inside += kind == LATHE_PERSONAL_NONE && text.size > 8 && has_inside(text);
  }
  lathe_progress_add(work->progress, end - begin);
  return true;
}

static bool count_all(job *work, counts *all, lathe_error *error) {
  int64_t chunks = (work->rows + CHUNK - 1) / CHUNK;
  work->chunks = lathe_memory_new((size_t)chunks, sizeof *work->chunks, error);
  bool fine = work->chunks && lathe_pool_run(chunks, count_chunk, work, work->progress, error);
  for (int64_t c = 0; c < chunks && fine; c++) {
    all->values += work->chunks[c].values;
    all->fitting += work->chunks[c].fitting;
    all->inside += work->chunks[c].inside;
    for (int k = 0; k < LATHE_PERSONAL_KINDS; k++) all->kinds[k] += work->chunks[c].kinds[k];
  }
  free(work->chunks);
  return fine;
}

static void conclude(const counts *all, lathe_personal hint, lathe_personal_finding *finding) {
  *finding = (lathe_personal_finding){.values = all->values, .inside = all->inside};
  for (int k = 1; k < LATHE_PERSONAL_KINDS; k++)
    if (all->kinds[k] > finding->found) finding->found = all->kinds[k], finding->kind = (lathe_personal)k;
  if (finding->found * 2 < all->values) finding->kind = LATHE_PERSONAL_NONE;
  if (!finding->kind && hint && all->values > 0 && all->fitting * 2 >= all->values)
    finding->kind = hint, finding->by_name = true, finding->found = all->fitting;
  if (!finding->kind) finding->found = 0;
}

bool lathe_column_personal(const lathe_column *column, const char *name, int64_t rows,
                           lathe_personal_finding *finding, lathe_progress *progress, lathe_error *error) {
  *finding = (lathe_personal_finding){0};
  lathe_type type = lathe_column_type(column);
  if (!lathe_type_is_text(type) && type != LATHE_TYPE_INT64 && type != LATHE_TYPE_FLOAT64) return true;
  job work = {.column = column, .rows = lathe_column_rows(column), .step = 1, .progress = progress};
  if (rows > 0 && rows < work.rows) {
    work.step = work.rows / rows;
    work.rows = rows;
  }
  work.hint = lathe_name_personal(name);
  counts all = {0};
  lathe_progress_begin(progress, "look for personal data", work.rows);
  bool fine = count_all(&work, &all, error);
  lathe_progress_end(progress);
  if (fine) conclude(&all, work.hint, finding);
  return fine;
}

bool lathe_column_impersonal(const lathe_column *column, const char *name, lathe_error *error) {
  lathe_personal_finding finding;
  if (!lathe_column_personal(column, name, LATHE_PERSONAL_ROWS, &finding, NULL, error)) return false;
  if (finding.kind == LATHE_PERSONAL_NONE) return true;
  return lathe_error_set(error, LATHE_ERROR_DATA,
                         "\"%s\" looks like %s, which would stand in the model; leave it out (drop = { "
                         "\"%s\" }), make it coarser "
                         "(t:generalise), or say that it is nobody's (impersonal = { \"%s\" })",
                         name, lathe_personal_words(finding.kind), name, name);
}
