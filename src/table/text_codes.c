/* text_codes.c - a hash table of texts that threads fill without locks.
 *
 * A slot is half a cache line. It is empty, being written, or done for good; who finds it being written waits for the few stores that are
 * missing. Texts of 16 bytes at most are compared within the slot, longer ones where they lie. A table that is half full is left by all,
 * made eight times as large, and the chunks that were under way begin again: words keep their codes. */
#include "text_codes.h"

#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "../base/hash.h"
#include "../base/memory.h"
#include "../base/pool.h"
#include "own.h"
#include "words.h"

enum { CHUNK = 65536, BLOCK = 256, FIRST_BITS = 12, GROW_BITS = 3, INSIDE = 16, NOT_THERE = -1, FULL = -2 };

static const uint32_t EMPTY = 0, WRITING = 1, DONE = 2; /* and more: a code behind it */

typedef struct key {
  uint64_t low,
      high; /* the first and the last eight bytes, those that overlap twice; of a long text hash and size */
  uint32_t size; /* INSIDE + 1 for a long text */
} key;

typedef struct slot {
  uint64_t low, high;
  const char *data;
  uint32_t size;
  _Atomic uint32_t state;
} slot;

struct lathe_text_codes {
  slot *slots;
  int32_t bits;
  int64_t most;
  _Atomic int64_t count;
  _Atomic bool full;
};

lathe_text_codes *lathe_text_codes_new(int64_t most, lathe_error *error) {
  lathe_text_codes *words = lathe_memory_new(1, sizeof *words, error);
  if (!words) return NULL;
  words->most = most;
  words->bits = FIRST_BITS;
  words->slots = lathe_memory_new((size_t)1 << FIRST_BITS, sizeof *words->slots, error);
  if (words->slots) return words;
  free(words);
  return NULL;
}

void lathe_text_codes_free(lathe_text_codes *words) {
  if (!words) return;
  lathe_memory_give(words->slots);
  free(words);
}

int64_t lathe_text_codes_count(const lathe_text_codes *words) {
  return atomic_load(&words->count);
}

/* `slack`: bytes that may be read behind the text. */
static inline key key_of(const char *text, size_t size, size_t slack) {
  key made = {0, 0, (uint32_t)size};
  if (size > INSIDE) return (key){lathe_hash_quick(text, size, 0), size, INSIDE + 1};
  if (size > 8) {
    memcpy(&made.low, text, 8);
    memcpy(&made.high, text + size - 8, 8);
  } else if (size + slack >= 8) {
    memcpy(&made.low, text, 8);
    made.low &= size ? ~UINT64_C(0) >> (64 - 8 * size) : 0;
  } else if (size) {
    memcpy(&made.low, text, size);
  }
  return made;
}

/* The product of 128 bits, folded: all bits of both halves move all bits that choose the slot. */
static inline uint64_t hash_of(const key *of) {
  unsigned __int128 product = (unsigned __int128)(of->low ^ UINT64_C(0x9E3779B97F4A7C15) ^ of->size) *
                              (of->high ^ UINT64_C(0xD6E8FEB86659FD93));
  return ((uint64_t)product ^ (uint64_t)(product >> 64)) * UINT64_C(0xBF58476D1CE4E5B9);
}

static inline bool holds(const slot *there, const key *wanted, const char *text) {
  if (there->low != wanted->low || there->high != wanted->high || there->size != wanted->size) return false;
  return wanted->size <= INSIDE || memcmp(there->data, text, wanted->high) == 0;
}

static inline uint32_t settled(const slot *there) {
  uint32_t state = atomic_load_explicit(&there->state, memory_order_acquire);
  while (state == WRITING) {
    sched_yield();
    state = atomic_load_explicit(&there->state, memory_order_acquire);
  }
  return state;
}

/* The code of a text that is not in the slots before `at`. */
static int32_t add_word(lathe_text_codes *words, uint64_t at, const key *wanted, const char *text) {
  uint64_t mask = (UINT64_C(1) << words->bits) - 1;
  if (atomic_load_explicit(&words->count, memory_order_relaxed) > words->most ||
      (uint64_t)atomic_load_explicit(&words->count, memory_order_relaxed) > mask / 2) {
    atomic_store_explicit(&words->full, true, memory_order_relaxed);
    return FULL;
  }
  for (;; at = (at + 1) & mask) {
    slot *there = &words->slots[at];
    uint32_t state = EMPTY;
    if (atomic_compare_exchange_strong_explicit(&there->state, &state, WRITING, memory_order_acquire,
                                                memory_order_acquire)) {
      int64_t code = atomic_fetch_add_explicit(&words->count, 1, memory_order_relaxed);
      there->low = wanted->low;
      there->high = wanted->high;
      there->size = wanted->size;
      there->data = text;
      atomic_store_explicit(&there->state, DONE + (uint32_t)code, memory_order_release);
      return (int32_t)code;
    }
    state = settled(there);
    if (holds(there, wanted, text)) return (int32_t)(state - DONE);
  }
}

static inline int32_t find(lathe_text_codes *words, uint64_t hash, const key *wanted, const char *text,
                           bool add) {
  uint64_t mask = (UINT64_C(1) << words->bits) - 1;
  for (uint64_t at = hash >> (64 - words->bits);; at = (at + 1) & mask) {
    const slot *there = &words->slots[at];
    uint32_t state = atomic_load_explicit(&there->state, memory_order_acquire);
    if (state == EMPTY) return add ? add_word(words, at, wanted, text) : NOT_THERE;
    if (state == WRITING) state = settled(there);
    if (holds(there, wanted, text)) return (int32_t)(state - DONE);
  }
}

static bool grow(lathe_text_codes *words, lathe_error *error) {
  int32_t bits = words->bits + GROW_BITS;
  slot *slots = lathe_memory_new((size_t)1 << bits, sizeof *slots, error);
  if (!slots) return false;
  uint64_t mask = (UINT64_C(1) << bits) - 1;
  for (int64_t i = 0; i < (int64_t)1 << words->bits; i++) {
    const slot *old = &words->slots[i];
    uint32_t state = atomic_load_explicit(&old->state, memory_order_relaxed);
    if (state == EMPTY) continue;
    key of = {old->low, old->high, old->size};
    uint64_t at = hash_of(&of) >> (64 - bits);
    while (atomic_load_explicit(&slots[at].state, memory_order_relaxed) != EMPTY) at = (at + 1) & mask;
    slots[at].low = old->low;
    slots[at].high = old->high;
    slots[at].data = old->data;
    slots[at].size = old->size;
    atomic_store_explicit(&slots[at].state, state, memory_order_relaxed);
  }
  lathe_memory_give(words->slots);
  words->slots = slots;
  words->bits = bits;
  return true;
}

/* ---- columns ---- */

typedef struct codes_job {
  lathe_text_codes *words;
  const lathe_column *column;
  bool add;
  int32_t *codes;
  bool *done; /* (chunks) */
} codes_job;

/* False when the table is full. */
static bool code_block(const codes_job *job, int64_t begin, int32_t count) {
  lathe_text_codes *words = job->words;
  const int64_t *offsets = (const int64_t *)job->column->values + begin;
  const char *bytes = job->column->bytes;
  int64_t end = ((const int64_t *)job->column->values)[job->column->rows];
  int32_t *codes = job->codes + begin;
  key keys[BLOCK];
  uint64_t hashes[BLOCK];
  for (int32_t i = 0; i < count; i++) {
    keys[i] =
        key_of(bytes + offsets[i], (size_t)(offsets[i + 1] - offsets[i]), (size_t)(end - offsets[i + 1]));
    hashes[i] = hash_of(&keys[i]);
    __builtin_prefetch(&words->slots[hashes[i] >> (64 - words->bits)]);
  }
  const uint8_t *validity = job->column->validity;
  bool fine = true;
  for (int32_t i = 0; i < count; i++) {
    if (validity && !lathe_bit(validity, begin + i)) {
      codes[i] = 0;
      continue;
    }
    codes[i] = find(words, hashes[i], &keys[i], bytes + offsets[i], job->add);
    fine &= codes[i] != FULL;
  }
  return fine;
}

static bool code_chunk(void *context, int64_t chunk, lathe_error *error) {
  codes_job *job = context;
  (void)error;
  int64_t begin = chunk * CHUNK, rows = job->column->rows, end = begin + CHUNK < rows ? begin + CHUNK : rows;
  if (job->done[chunk]) return true;
  for (int64_t at = begin; at < end; at += BLOCK) {
    if (atomic_load_explicit(&job->words->full, memory_order_relaxed)) return true;
    if (!code_block(job, at, (int32_t)(end - at < BLOCK ? end - at : BLOCK))) return true;
  }
  job->done[chunk] = true;
  return true;
}

int32_t *lathe_text_codes_make(lathe_text_codes *words, const lathe_column *column, bool add,
                               lathe_progress *progress, lathe_error *error) {
  int64_t chunks = (column->rows + CHUNK - 1) / CHUNK;
  codes_job job = {words, column, add, NULL, NULL};
  job.codes = lathe_memory_raw((size_t)column->rows, sizeof *job.codes, error);
  job.done = lathe_memory_new((size_t)chunks, sizeof *job.done, error);
  bool fine = job.codes && job.done;
  while (fine) {
    atomic_store(&words->full, false);
    fine = lathe_pool_run(chunks, code_chunk, &job, progress, error);
    if (!fine || !atomic_load(&words->full) || lathe_text_codes_count(words) > words->most) break;
    fine = grow(words, error);
  }
  free(job.done);
  if (fine) return job.codes;
  lathe_memory_give(job.codes);
  return NULL;
}

/* ---- categories ---- */

/* The words by their codes; they lie in the columns. */
static lathe_text *list_words(const lathe_text_codes *words, lathe_error *error) {
  lathe_text *list = lathe_memory_raw((size_t)lathe_text_codes_count(words), sizeof *list, error);
  for (int64_t i = 0; list && i < (int64_t)1 << words->bits; i++) {
    const slot *there = &words->slots[i];
    uint32_t state = atomic_load_explicit(&there->state, memory_order_relaxed);
    if (state == EMPTY) continue;
    list[state - DONE] = (lathe_text){there->data, there->size > INSIDE ? there->high : there->size};
  }
  return list;
}

lathe_column *lathe_text_codes_category(const lathe_text_codes *words, const lathe_column *column,
                                        int32_t *codes, lathe_error *error) {
  int32_t count = (int32_t)lathe_text_codes_count(words);
  const uint8_t *there = column->validity;
  lathe_text *texts = list_words(words, error);
  int32_t *rank = lathe_memory_raw((size_t)count, sizeof *rank, error);
  uint8_t *validity = there ? lathe_memory_raw(lathe_bit_bytes(column->rows), 1, error) : NULL;
  lathe_column *result = NULL, *dictionary = NULL;
  if (texts && rank && (validity || !there)) dictionary = lathe_texts_sorted(texts, count, rank, error);
  if (dictionary) {
    for (int64_t row = 0; row < column->rows; row++)
      if (!there || lathe_bit(there, row)) codes[row] = rank[codes[row]];
    if (there) memcpy(validity, there, lathe_bit_bytes(column->rows));
    result = lathe_column_adopt(LATHE_TYPE_CATEGORY, column->rows, column->missing, validity, codes, NULL,
                                dictionary, error);
  }
  if (!result) {
    lathe_memory_give(codes);
    free(validity);
  }
  lathe_column_release(dictionary);
  free(rank);
  free(texts);
  return result;
}
