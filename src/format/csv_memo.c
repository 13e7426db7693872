/* csv_memo.c - codes for the distinct texts of a column.
 *
 * The words of all rows are one set for each column, behind the file's lock; each thread remembers those that it has
 * met. The order in which they come depends on the threads, the set does not: the dictionary is sorted in the end. */
#include <stdlib.h>

#include "../base/hash.h"
#include "csv_own.h"

enum { LONGEST = 1 << 16 }; /* what is longer no thread keeps for itself: a cell may have gigabytes */

static inline uint64_t slot_of(csv_key key, size_t size) {
  uint64_t hash = (key.low ^ (key.high << 29 | key.high >> 35) ^ size) * UINT64_C(0x9E3779B97F4A7C15);
  return hash >> 32;
}

int32_t lathe_csv_recall(const csv_memo *memo, csv_key key, size_t size) {
  if (!memo->slots) return -1;
  for (uint64_t at = slot_of(key, size);; at++) {
    const struct csv_memo_slot *slot = &memo->slots[at & memo->mask];
    if (slot->key.low == key.low && slot->key.high == key.high && slot->size == size + 1) return slot->code;
    if (!slot->size) return -1;
  }
}

static int32_t recall_long(const csv_memo *memo, uint64_t hash, const char *text, size_t size) {
  if (!memo->slots) return -1;
  for (uint64_t at = slot_of((csv_key){hash, 0}, size);; at++) {
    const struct csv_memo_slot *slot = &memo->slots[at & memo->mask];
    if (!slot->size) return -1;
    if (slot->key.low == hash && slot->size == size + 1 &&
        memcmp(memo->bytes.data + slot->key.high, text, size) == 0)
      return slot->code;
  }
}

static void put(csv_memo *memo, struct csv_memo_slot slot) {
  csv_key hashed = slot.size > 17 ? (csv_key){slot.key.low, 0} : slot.key;
  uint64_t at = slot_of(hashed, slot.size - 1);
  while (memo->slots[at & memo->mask].size) at++;
  memo->slots[at & memo->mask] = slot;
}

static bool grow(csv_memo *memo, lathe_error *error) {
  uint32_t before = memo->slots ? memo->mask + 1 : 0, room = before ? before * 2 : 16;
  struct csv_memo_slot *old = memo->slots, *slots = lathe_memory_new(room, sizeof *slots, error);
  if (!slots) return false;
  memo->slots = slots;
  memo->mask = room - 1;
  for (uint32_t i = 0; i < before; i++)
    if (old[i].size) put(memo, old[i]);
  free(old);
  return true;
}

static bool remember(csv_memo *memo, csv_key key, const char *text, size_t size, int32_t code,
                     lathe_error *error) {
  if ((!memo->slots || memo->count * 2 > memo->mask) && !grow(memo, error)) return false;
  if (size > 16) {
    key.high = memo->bytes.size;
    if (!lathe_buffer_append(&memo->bytes, text, size, error)) return false;
  }
  put(memo, (struct csv_memo_slot){key, (uint32_t)size + 1, code});
  memo->count++;
  return true;
}

int32_t lathe_csv_code(csv_file *file, csv_worker *worker, int32_t index, const char *text, size_t size,
                       lathe_error *error) {
  csv_column *column = &file->columns[index];
  csv_memo *memo = &worker->memos[index];
  csv_key key = {0};
  if (size <= 16) {
    char padded[32] = {0};
    if (size) memcpy(padded, text, size);
    key = csv_key_of(padded, size);
  } else {
    key.low = lathe_hash_quick(text, size, 0);
  }
  int32_t code = size <= 16 ? lathe_csv_recall(memo, key, size) : recall_long(memo, key.low, text, size);
  if (code >= 0) return code;
  pthread_mutex_lock(&file->lock);
  code = lathe_words_add(&column->words, text, size, error);
  if (column->words.count > LATHE_CSV_CATEGORIES && !column->given)
    __atomic_store_n(&column->crowded, true, __ATOMIC_RELAXED);
  pthread_mutex_unlock(&file->lock);
  if (code < 0 || size > LONGEST) return code;
  return remember(memo, key, text, size, code, error) ? code : -1;
}
