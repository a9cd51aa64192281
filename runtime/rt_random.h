/* Streams of random numbers: Mersenne Twister MT19937 as NumPy's RandomState has it, bit for bit. Only runtime/ and its tests include this. */
#ifndef LJ_RT_RANDOM_H
#define LJ_RT_RANDOM_H

#include "base/numlib.h"
#include "runtime/rt.h"

enum { MT_WORDS = 624 };

typedef struct Stream {
  uint32_t key[MT_WORDS];
  int at; /* next word; MT_WORDS: all are used; 0 words seeded when `seeded` is false */
  bool seeded, has_gauss;
  double gauss; /* the second value of the last pair */
} Stream;

/* Which of a thread's streams: the top level has one, all functions share another. */
typedef enum StreamId { STREAM_TOP, STREAM_FUNCTIONS, STREAM_COUNT } StreamId;
Stream *random_stream(int64_t id); /* of the calling thread; seeded from the system's entropy when nobody seeded it */

void random_seed(Stream *s, uint32_t seed);
uint32_t random_u32(Stream *s);
uint64_t random_u64(Stream *s); /* two words, the high one first */
double random_double(Stream *s); /* [0, 1) with 53 bits */
double random_gauss(Stream *s);
double random_exponential(Stream *s);
uint64_t random_below(Stream *s, uint64_t most); /* 0 … most; draws nothing when most is 0 */

/* rt_random_dist.c */
double random_gamma(Stream *s, double shape);
double random_beta(Stream *s, double a, double b);
int64_t random_poisson(Stream *s, double lam);
int64_t random_binomial(Stream *s, int64_t n, double p);

#endif
