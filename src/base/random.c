/* random.c - Philox4x32-10 and what is drawn from it. */
#include "random.h"

#include <math.h>

void lathe_random_block(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]) {
  uint32_t c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3], k0 = key[0], k1 = key[1];
  for (int round = 0; round < 10; round++) {
    uint64_t product0 = (uint64_t)0xD2511F53 * c0, product1 = (uint64_t)0xCD9E8D57 * c2;
    c0 = (uint32_t)(product1 >> 32) ^ c1 ^ k0;
    c1 = (uint32_t)product1;
    c2 = (uint32_t)(product0 >> 32) ^ c3 ^ k1;
    c3 = (uint32_t)product0;
    k0 += 0x9E3779B9, k1 += 0xBB67AE85;
  }
  out[0] = c0, out[1] = c1, out[2] = c2, out[3] = c3;
}

void lathe_random_seed(lathe_random *random, uint64_t seed, uint64_t stream) {
  *random = (lathe_random){.key = {(uint32_t)seed, (uint32_t)(seed >> 32)},
                           .counter = {0, 0, (uint32_t)stream, (uint32_t)(stream >> 32)},
                           .used = 4};
}

uint32_t lathe_random_next32(lathe_random *random) {
  if (random->used == 4) {
    lathe_random_block(random->counter, random->key, random->block);
    if (++random->counter[0] == 0) random->counter[1]++;
    random->used = 0;
  }
  return random->block[random->used++];
}

uint64_t lathe_random_next64(lathe_random *random) {
  uint64_t low = lathe_random_next32(random);
  return low | (uint64_t)lathe_random_next32(random) << 32;
}

double lathe_random_uniform(lathe_random *random) {
  return (double)(lathe_random_next64(random) >> 11) * 0x1p-53;
}

double lathe_random_normal(lathe_random *random) {
  double radius = sqrt(-2 * log(1 - lathe_random_uniform(random)));
  return radius * cos(6.283185307179586 * lathe_random_uniform(random));
}

uint64_t lathe_random_below(lathe_random *random, uint64_t limit) {
  if (limit == 0) return 0;
  unsigned __int128 product = (unsigned __int128)lathe_random_next64(random) * limit;
  if ((uint64_t)product < limit) {
    uint64_t least = -limit % limit;
    while ((uint64_t)product < least) product = (unsigned __int128)lathe_random_next64(random) * limit;
  }
  return (uint64_t)(product >> 64);
}
