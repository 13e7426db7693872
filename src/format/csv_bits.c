/* csv_bits.c - where delimiters, line ends and quotes are, 64 bytes at a time, by the widest vectors that the
 * processor has. */
#include "csv_own.h"

#if defined __x86_64__
#include <immintrin.h>
#endif

enum { WORD = 64 };

typedef struct marks {
  uint64_t delimiters, ends, quotes, high, nul;
} marks;

/* One byte after the other: the judge of the others, and for processors without vectors. */
static inline marks plain_marks(const char *data, size_t size, char delimiter, char quote) {
  marks found = {0};
  for (size_t i = 0; i < size; i++) {
    uint64_t bit = UINT64_C(1) << i;
    if (data[i] == delimiter) found.delimiters |= bit;
    if (csv_is_end(data[i])) found.ends |= bit;
    if (data[i] == quote) found.quotes |= bit;
    if ((uint8_t)data[i] & 0x80) found.high |= bit;
    if (!data[i]) found.nul |= bit;
  }
  return found;
}

static inline void set_bits(csv_bits *bits, marks found) {
  bits->ends = found.ends;
  bits->quotes = found.quotes;
  bits->cells = found.delimiters | found.ends;
  bits->count = (uint64_t)__builtin_popcountll(bits->cells);
}

/* Line ends that are followed by something else; `carry`: the word before ended with one. */
static inline void add_facts(csv_facts *facts, marks found, uint64_t *carry) {
  facts->rows += __builtin_popcountll((found.ends << 1 | *carry) & ~found.ends);
  *carry = found.ends >> 63;
  facts->quotes |= found.quotes != 0;
  facts->high |= found.high != 0;
  facts->nul |= found.nul != 0;
}

/* The two loops for one kind of processor. */
#define LOOPS(NAME, TARGET)                                                                                  \
  TARGET static void NAME##_bits(const char *data, size_t words, char delimiter, char quote,                 \
                                 csv_bits *bits) {                                                           \
    for (size_t i = 0; i < words; i++) set_bits(&bits[i], NAME##_marks(data + i * WORD, delimiter, quote));  \
  }                                                                                                          \
  TARGET static csv_facts NAME##_facts(const char *data, size_t words, char quote, uint64_t *carry) {        \
    csv_facts facts = {0};                                                                                   \
    for (size_t i = 0; i < words; i++) add_facts(&facts, NAME##_marks(data + i * WORD, '\n', quote), carry); \
    return facts;                                                                                            \
  }

#if defined __x86_64__

#define WIDEST __attribute__((target("avx512f,avx512bw,popcnt,bmi,bmi2")))
#define WIDE __attribute__((target("avx2,popcnt,bmi,bmi2")))

WIDEST static inline marks widest_marks(const char *data, char delimiter, char quote) {
  __m512i bytes = _mm512_loadu_si512(data);
  return (marks){.delimiters = _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8(delimiter)),
                 .ends = _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8('\n')) |
                         _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8('\r')),
                 .quotes = _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8(quote)),
                 .high = _mm512_movepi8_mask(bytes),
                 .nul = _mm512_testn_epi8_mask(bytes, bytes)};
}

WIDE static inline uint64_t wide_same(__m256i first, __m256i second, char c) {
  __m256i same = _mm256_set1_epi8(c);
  return (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(first, same)) |
         (uint64_t)(uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(second, same)) << 32;
}

WIDE static inline marks wide_marks(const char *data, char delimiter, char quote) {
  __m256i first = _mm256_loadu_si256((const void *)data);
  __m256i second = _mm256_loadu_si256((const void *)(data + 32));
  return (marks){.delimiters = wide_same(first, second, delimiter),
                 .ends = wide_same(first, second, '\n') | wide_same(first, second, '\r'),
                 .quotes = wide_same(first, second, quote),
                 .high = (uint32_t)_mm256_movemask_epi8(first) |
                         (uint64_t)(uint32_t)_mm256_movemask_epi8(second) << 32,
                 .nul = wide_same(first, second, 0)};
}

static inline uint64_t narrow_same(const __m128i *bytes, char c) {
  uint64_t same = 0;
  for (int i = 0; i < 4; i++)
    same |= (uint64_t)(uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(bytes[i], _mm_set1_epi8(c))) << (16 * i);
  return same;
}

static inline marks narrow_marks(const char *data, char delimiter, char quote) {
  __m128i bytes[4];
  uint64_t high = 0;
  for (int i = 0; i < 4; i++) {
    bytes[i] = _mm_loadu_si128((const void *)(data + 16 * i));
    high |= (uint64_t)(uint32_t)_mm_movemask_epi8(bytes[i]) << (16 * i);
  }
  return (marks){.delimiters = narrow_same(bytes, delimiter),
                 .ends = narrow_same(bytes, '\n') | narrow_same(bytes, '\r'),
                 .quotes = narrow_same(bytes, quote),
                 .high = high,
                 .nul = narrow_same(bytes, 0)};
}

LOOPS(widest, WIDEST)
LOOPS(wide, WIDE)

#else

static inline marks narrow_marks(const char *data, char delimiter, char quote) {
  return plain_marks(data, WORD, delimiter, quote);
}

#endif

LOOPS(narrow, )

#if defined __x86_64__
static bool has_widest(void) {
  return __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("bmi2");
}

static bool has_wide(void) {
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2");
}
#endif

void lathe_csv_bits(const char *data, size_t words, char delimiter, char quote, csv_bits *bits) {
#if defined __x86_64__
  if (has_widest()) {
    widest_bits(data, words, delimiter, quote, bits);
    return;
  }
  if (has_wide()) {
    wide_bits(data, words, delimiter, quote, bits);
    return;
  }
#endif
  narrow_bits(data, words, delimiter, quote, bits);
}

static csv_facts facts_of(const char *data, size_t words, char quote, uint64_t *carry) {
#if defined __x86_64__
  if (has_widest()) return widest_facts(data, words, quote, carry);
  if (has_wide()) return wide_facts(data, words, quote, carry);
#endif
  return narrow_facts(data, words, quote, carry);
}

csv_facts lathe_csv_facts(const char *data, size_t size, char next, char quote) {
  uint64_t carry = 0;
  csv_facts facts = facts_of(data, size / WORD, quote, &carry);
  size_t rest = size % WORD;
  marks found = plain_marks(data + size - rest, rest, '\n', quote);
  if (rest) {
    /* what lies behind the end is no line end, and must not count as such */
    add_facts(&facts, found, &carry);
    facts.rows -= (int64_t)(found.ends >> (rest - 1) & 1);
    carry = found.ends >> (rest - 1) & 1;
  }
  facts.rows += (int64_t)(carry & (uint64_t)!csv_is_end(next));
  return facts;
}
