/* The generator and the simple distributions: see rt_random.h. State is per thread, so that threads need no locks and each can be seeded. */
#include "runtime/rt_random.h"

#include <math.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

static _Thread_local Stream streams[STREAM_COUNT];

void random_seed(Stream *s, uint32_t seed) {
  for (uint32_t i = 0; i < MT_WORDS; i++) {
    s->key[i] = seed;
    seed = 1812433253u * (seed ^ (seed >> 30)) + i + 1;
  }
  s->at = MT_WORDS;
  s->seeded = true;
  s->has_gauss = false;
  s->gauss = 0;
}

Stream *random_stream(int64_t id) {
  Stream *s = &streams[id];
  if (s->seeded) return s;
  random_seed(s, (uint32_t)time(NULL) ^ (uint32_t)gettid());
  if (getrandom(s->key, sizeof s->key, 0) == (ssize_t)sizeof s->key) s->key[0] |= 0x80000000u; /* not all zero */
  return s;
}

/* The next 624 words: each from itself, its successor and the one 397 further on. */
static void refill(Stream *s) {
  enum { FAR = 397 };
  for (int i = 0; i < MT_WORDS; i++) {
    uint32_t y = (s->key[i] & 0x80000000u) | (s->key[(i + 1) % MT_WORDS] & 0x7fffffffu);
    s->key[i] = s->key[(i + FAR) % MT_WORDS] ^ (y >> 1) ^ (-(y & 1) & 0x9908b0dfu);
  }
  s->at = 0;
}

uint32_t random_u32(Stream *s) {
  if (s->at == MT_WORDS) refill(s);
  uint32_t y = s->key[s->at++];
  y ^= y >> 11;
  y ^= (y << 7) & 0x9d2c5680u;
  y ^= (y << 15) & 0xefc60000u;
  return y ^ (y >> 18);
}

uint64_t random_u64(Stream *s) {
  uint64_t high = random_u32(s);
  return high << 32 | random_u32(s);
}

double random_double(Stream *s) {
  uint32_t a = random_u32(s) >> 5, b = random_u32(s) >> 6;
  return (a * 67108864.0 + b) / 9007199254740992.0;
}

/* Marsaglia's polar method makes two values at a time. */
double random_gauss(Stream *s) {
  if (s->has_gauss) {
    double kept = s->gauss;
    s->has_gauss = false;
    s->gauss = 0;
    return kept;
  }
  double x, y, square;
  do {
    x = 2.0 * random_double(s) - 1.0;
    y = 2.0 * random_double(s) - 1.0;
    square = x * x + y * y;
  } while (square >= 1.0 || square == 0.0);
  double factor = sqrt(-2.0 * log(square) / square);
  s->gauss = factor * x;
  s->has_gauss = true;
  return factor * y;
}

double random_exponential(Stream *s) { return -log(1.0 - random_double(s)); }

uint64_t random_below(Stream *s, uint64_t most) {
  if (most == 0) return 0;
  uint64_t mask = UINT64_MAX >> __builtin_clzll(most), value;
  do value = (most <= UINT32_MAX ? random_u32(s) : random_u64(s)) & mask;
  while (value > most);
  return value;
}
