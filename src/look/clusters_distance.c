/* clusters_distance.c - a rare text that is near a frequent one.
 *
 * Each text is compared with all that have enough rows more. What cannot be near is passed over by two lower bounds of the distance: the
 * difference of the lengths, and how many characters of one are not in the other. The distance itself is Levenshtein's, computed in a
 * band as wide as is allowed (Ukkonen 1985). */
#include <stdlib.h>
#include <string.h>

#include "../base/letter.h"
#include "../base/pool.h"
#include "clusters_own.h"

enum { BINS = 32, CHUNK = 64 };

typedef struct entry {
  int64_t index; /* of the text */
  int64_t rows;
  int32_t begin, length; /* its characters */
  uint8_t bins[BINS];    /* how many characters are in each class of them, up to 255 */
} entry;

typedef struct job {
  const lathe_cluster_options *options;
  entry *entries; /* the frequent ones first */
  int64_t count;
  uint32_t *characters;
  int32_t longest;
  int64_t *near; /* (entries): the entry that each becomes, or -1 */
  lathe_progress *progress;
} job;

static bool is_digit(uint32_t c) {
  return c >= '0' && c <= '9';
}

/* What it costs to write `b` for `a`. A digit is misread as a letter and the reverse; it is no other digit, and no space. */
static int32_t replacement(uint32_t a, uint32_t b, int32_t far) {
  if (a == b) return 0;
  if (is_digit(a)) return is_digit(b) || !lathe_letter_is_alphanumeric(b) ? far : 1;
  return is_digit(b) && !lathe_letter_is_alphanumeric(a) ? far : 1;
}

static int32_t least(int32_t a, int32_t b) {
  return a < b ? a : b;
}

/* Levenshtein's distance, or limit + 1 when it is larger. Cells outside of the band count as that. `previous` and `current` hold the
 * length of `b` + 1. */
static int32_t distance_within(const uint32_t *a, int32_t m, const uint32_t *b, int32_t n, int32_t limit,
                               int32_t *previous, int32_t *current) {
  const int32_t far = limit + 1;
  previous[0] = 0;
  for (int32_t j = 1; j <= n; j++) previous[j] = is_digit(b[j - 1]) ? far : least(previous[j - 1] + 1, far);
  for (int32_t i = 1; i <= m; i++) {
    int32_t from = i > limit ? i - limit : 1, to = i + limit < n ? i + limit : n;
    bool digit = is_digit(a[i - 1]);
    current[from - 1] = from > 1 || digit ? far : least(previous[0] + 1, far);
    int32_t lowest = current[from - 1];
    for (int32_t j = from; j <= to; j++) {
      bool other = is_digit(b[j - 1]);
      int32_t replaced = previous[j - 1] + replacement(a[i - 1], b[j - 1], far);
      int32_t deleted = digit ? far : previous[j] + 1, inserted = other ? far : current[j - 1] + 1;
      current[j] = least(least(replaced, far), least(deleted, inserted));
      lowest = least(lowest, current[j]);
    }
    if (lowest >= far) return far;
    if (to < n) current[to + 1] = far;
    int32_t *swap = previous;
    previous = current;
    current = swap;
  }
  return previous[n];
}

/* How many edits two texts may be apart. */
static int32_t limit_of(const job *work, const entry *a, const entry *b) {
  int32_t longer = a->length > b->length ? a->length : b->length;
  return (int32_t)(work->options->share * longer);
}

/* Whether the bins alone do not tell them apart: each edit adds one character and takes one away at most. */
static bool may_be_near(const entry *a, const entry *b, int32_t limit) {
  if (abs(a->length - b->length) > limit) return false;
  int32_t surplus = 0, deficit = 0;
  for (int32_t i = 0; i < BINS; i++) {
    int32_t difference = a->bins[i] - b->bins[i];
    surplus += difference > 0 ? difference : 0;
    deficit += difference < 0 ? -difference : 0;
  }
  return surplus <= limit && deficit <= limit;
}

static int64_t find_near(const job *work, int64_t at, int32_t *cells) {
  const entry *rare = &work->entries[at];
  int32_t best = INT32_MAX;
  int64_t found = -1;
  bool doubtful = false;
  for (int64_t i = 0; i < at; i++) {
    const entry *frequent = &work->entries[i];
    if ((double)frequent->rows < work->options->ratio * (double)rare->rows)
      break; /* the later ones are rarer */
    int32_t limit = limit_of(work, rare, frequent);
    if (limit > best) limit = best;
    if (!may_be_near(rare, frequent, limit)) continue;
    int32_t distance =
        distance_within(work->characters + rare->begin, rare->length, work->characters + frequent->begin,
                        frequent->length, limit, cells, cells + work->longest + 1);
    if (distance > limit) continue;
    if (distance < best) {
      best = distance, found = i, doubtful = false;
    } else if (distance == best &&
               (double)work->entries[found].rows < work->options->ratio * (double)frequent->rows) {
      doubtful = true;
    }
  }
  return doubtful ? -1 : found;
}

static bool near_chunk(void *context, int64_t chunk, lathe_error *error) {
  job *work = context;
  int64_t begin = chunk * CHUNK, end = begin + CHUNK < work->count ? begin + CHUNK : work->count;
  int32_t *cells = lathe_memory_raw(2 * ((size_t)work->longest + 1), sizeof *cells, error);
  if (!cells) return false;
  bool fine = true;
  for (int64_t i = begin; i < end && fine; i++) {
    work->near[i] = find_near(work, i, cells);
    fine = lathe_progress_check(work->progress, error);
  }
  if (fine) lathe_progress_add(work->progress, end - begin);
  free(cells);
  return fine;
}

static bool add_entry(job *work, const lathe_column *texts, const int64_t *rows, int64_t index,
                      lathe_buffer *characters, lathe_error *error) {
  lathe_text text = lathe_column_text(texts, index);
  if (text.size > INT32_MAX / 2 - characters->size / sizeof(uint32_t))
    return lathe_error_set(
        error, LATHE_ERROR_DATA,
        "the texts are too long to be compared by distance; take a part of them, or use fingerprints");
  entry *one = &work->entries[work->count++];
  *one =
      (entry){.index = index, .rows = rows[index], .begin = (int32_t)(characters->size / sizeof(uint32_t))};
  if (!lathe_buffer_reserve(characters, text.size * sizeof(uint32_t), error)) return false;
  for (size_t at = 0; at < text.size; one->length++) {
    uint32_t c;
    at += lathe_text_decode(text.data + at, text.size - at, &c);
    c = lathe_letter_lower(c);
    if (one->bins[c % BINS] < UINT8_MAX) one->bins[c % BINS]++;
    if (!lathe_buffer_append(characters, &c, sizeof c, error)) return false;
  }
  if (one->length > work->longest) work->longest = one->length;
  return true;
}

typedef struct ranked {
  const lathe_column *texts;
  const int64_t *rows;
  int64_t index;
} ranked;

static int compare_ranked(const void *first, const void *second) {
  const ranked *a = first, *b = second;
  if (a->index == b->index) return 0;
  return cluster_is_first(a->texts, a->rows, a->index, b->index) ? -1 : 1;
}

/* The texts that are there, the frequent ones first. */
static bool add_entries(job *work, const lathe_column *texts, const int64_t *rows, lathe_buffer *characters,
                        lathe_error *error) {
  int64_t total = lathe_column_rows(texts), count = 0;
  ranked *order = lathe_memory_raw((size_t)total, sizeof *order, error);
  if (!order) return false;
  for (int64_t i = 0; i < total; i++)
    if (lathe_column_present(texts, i)) order[count++] = (ranked){texts, rows, i};
  if (count > 1) qsort(order, (size_t)count, sizeof *order, compare_ranked);
  bool fine = true;
  for (int64_t i = 0; i < count && fine; i++)
    fine = add_entry(work, texts, rows, order[i].index, characters, error);
  free(order);
  return fine;
}

bool clusters_by_distance(const lathe_column *texts, const int64_t *rows,
                          const lathe_cluster_options *options, int64_t *into, lathe_progress *progress,
                          lathe_error *error) {
  int64_t total = lathe_column_rows(texts);
  job work = {.options = options, .progress = progress};
  lathe_buffer characters = {0};
  work.entries = lathe_memory_raw((size_t)total, sizeof *work.entries, error);
  work.near = lathe_memory_raw((size_t)total, sizeof *work.near, error);
  bool fine = work.entries && work.near && add_entries(&work, texts, rows, &characters, error);
  work.characters = (uint32_t *)(void *)characters.data;
  fine = fine && lathe_pool_run((work.count + CHUNK - 1) / CHUNK, near_chunk, &work, progress, error);
  for (int64_t i = 0; i < total && fine; i++) into[i] = i;
  /* A frequent text stands before the rare ones that become it, so where it goes to itself is known already. */
  for (int64_t i = 0; i < work.count && fine; i++)
    if (work.near[i] >= 0) into[work.entries[i].index] = into[work.entries[work.near[i]].index];
  free(work.entries);
  free(work.near);
  lathe_buffer_free(&characters);
  return fine;
}
