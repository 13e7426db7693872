/* reword.c - texts in other words: some left out, some exchanged with the next one. */
#include <stdlib.h>
#include <string.h>

#include "../base/memory.h"
#include "../base/pool.h"
#include "../base/random.h"
#include "../base/token.h"
#include "augment.h"

enum { CHUNK = 4096 };

typedef struct {
  const lathe_column *column;
  int64_t rows, total;
  double drop, swap;
  uint64_t seed, stream;
  lathe_buffer *bytes; /* of each chunk */
  size_t *sizes;       /* (total) */
  lathe_progress *progress;
} rewording;

/* The words of a text as pieces of it; their number. */
static bool cut(lathe_text text, lathe_buffer *words, lathe_error *error) {
  lathe_text word;
  words->size = 0;
  for (size_t at = 0; lathe_token_next(text, &at, &word);)
    if (!lathe_buffer_append(words, &word, sizeof word, error)) return false;
  return true;
}

/* Words are exchanged with their right neighbours, then left out; what stands between two words stays between them. One word stays
 * always. */
static bool reword(const rewording *work, lathe_text text, lathe_random *random, lathe_buffer *words,
                   lathe_buffer *out, lathe_error *error) {
  if (!cut(text, words, error)) return false;
  lathe_text *word = (lathe_text *)(void *)words->data;
  size_t count = words->size / sizeof *word, left = count;
  if (count == 0) return lathe_buffer_append(out, text.data, text.size, error);
  const char *gap = text.data;
  bool fine = true;
  size_t pending = 0; /* words exchanged already */
  for (size_t i = 0; i < count && fine; i++) {
    lathe_text now = word[i];
    const char *end = word[i].data + word[i].size,
               *next = i + 1 < count ? word[i + 1].data : text.data + text.size;
    if (pending) {
      now = word[i - 1];
      pending = 0;
    } else if (i + 1 < count && lathe_random_uniform(random) < work->swap) {
      now = word[i + 1];
      pending = 1;
    }
    bool gone = lathe_random_uniform(random) < work->drop && left > 1;
    left -= gone;
    fine = lathe_buffer_append(out, gap, i == 0 ? (size_t)(word[0].data - gap) : 0, error) &&
           (gone || (lathe_buffer_append(out, now.data, now.size, error) &&
                     lathe_buffer_append(out, end, (size_t)(next - end), error)));
  }
  bool open = out->size > 0 && (out->data[out->size - 1] == ' ') && text.data[text.size - 1] != ' ';
  if (open) out->size--; /* the last word is gone */
  return fine;
}

static bool reword_chunk(void *context, int64_t chunk, lathe_error *error) {
  const rewording *work = context;
  int64_t begin = chunk * CHUNK, end = begin + CHUNK < work->total ? begin + CHUNK : work->total;
  lathe_buffer *out = &work->bytes[chunk], words = {0};
  lathe_random random;
  bool fine = true;
  lathe_random_seed(&random, work->seed, work->stream + (uint64_t)chunk);
  for (int64_t r = begin; r < end && fine; r++) {
    size_t before = out->size;
    lathe_text text = lathe_column_text(work->column, r % work->rows);
    fine = !text.data || reword(work, text, &random, &words, out, error);
    work->sizes[r] = out->size - before;
  }
  lathe_buffer_free(&words);
  lathe_progress_add(work->progress, end - begin);
  return fine;
}

static lathe_column *gather(const rewording *work, lathe_error *error) {
  lathe_text *texts = lathe_memory_raw((size_t)work->total, sizeof *texts, error);
  if (!texts) return NULL;
  size_t at = 0;
  for (int64_t r = 0; r < work->total; r++) {
    if (r % CHUNK == 0) at = 0;
    const lathe_buffer *bytes = &work->bytes[r / CHUNK];
    bool present = lathe_column_present(work->column, r % work->rows);
    texts[r] = (lathe_text){present ? bytes->data ? bytes->data + at : "" : NULL, work->sizes[r]};
    at += work->sizes[r];
  }
  lathe_column *made = lathe_column_from_text(texts, work->total, error);
  free(texts);
  return made;
}

lathe_column *lathe_column_reword(const lathe_column *column, int32_t copies, double drop, double swap,
                                  uint64_t seed, uint64_t stream, lathe_progress *progress,
                                  lathe_error *error) {
  if (copies < 1 || !(drop >= 0 && drop < 1) || !(swap >= 0 && swap <= 1)) {
    lathe_error_set(error, LATHE_ERROR_ARGUMENT,
                    "reword takes 1 copy or more, drop from 0 to below 1, and swap from 0 to 1");
    return NULL;
  }
  rewording work = {.column = column,
                    .rows = lathe_column_rows(column),
                    .drop = drop,
                    .swap = swap,
                    .seed = seed,
                    .stream = stream << 40,
                    .progress = progress};
  work.total = work.rows * copies;
  int64_t chunks = (work.total + CHUNK - 1) / CHUNK;
  work.bytes = lathe_memory_new((size_t)chunks, sizeof *work.bytes, error);
  work.sizes = lathe_memory_raw((size_t)work.total, sizeof *work.sizes, error);
  lathe_progress_begin(progress, "reword", work.total);
  bool fine = work.bytes && work.sizes && lathe_pool_run(chunks, reword_chunk, &work, progress, error);
  lathe_progress_end(progress);
  lathe_column *made = fine ? gather(&work, error) : NULL;
  for (int64_t c = 0; work.bytes && c < chunks; c++) lathe_buffer_free(&work.bytes[c]);
  free(work.bytes);
  free(work.sizes);
  return made;
}
