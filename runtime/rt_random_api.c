/* What compiled code calls for np.random: parameters are checked once, then one value or a whole array is drawn. */
#include "runtime/rt_random.h"

#include <math.h>
#include <stdlib.h>

static int32_t refuse(lj_rt *rt, const lj_site *site, const char *message) {
  lj_rt_raise(rt, site, VALUE_ERROR, message, 0, 0, 0, 0);
  return VALUE_ERROR;
}

int32_t lj_rt_random_seed(lj_rt *rt, const lj_site *site, int64_t stream, int64_t seed) {
  if (seed < 0 || seed > UINT32_MAX) return refuse(rt, site, "Seed must be between 0 and 2**32 - 1");
  random_stream(stream); /* so that the stream's first use draws no entropy later */
  random_seed(random_stream(stream), (uint32_t)seed);
  return 0;
}

double lj_rt_random_next(lj_rt *rt, const lj_site *site, int64_t stream) {
  (void)rt, (void)site;
  return random_double(random_stream(stream));
}

/* NULL, or what is wrong with the parameters: NumPy's words. */
static const char *wrong(DrawKind kind, int64_t i, int64_t j, double x, double y) {
  static const double poisson_most = 9223372006484771000.0; /* beyond, results may not fit an int64 */
  switch (kind) {
  case DRAW_RANDOM:
  case DRAW_ARANGE: return NULL;
  case DRAW_UNIFORM: return isfinite(y - x) ? NULL : "Range exceeds valid bounds";
  case DRAW_NORMAL: return signbit(y) && y == y ? "scale < 0" : NULL;
  case DRAW_EXPONENTIAL: return signbit(x) && x == x ? "scale < 0" : NULL;
  case DRAW_GAMMA: return signbit(x) && x == x ? "shape < 0" : signbit(y) && y == y ? "scale < 0" : NULL;
  case DRAW_BETA: return x <= 0 ? "a <= 0" : y <= 0 ? "b <= 0" : NULL;
  case DRAW_LOGNORMAL: return signbit(y) && y == y ? "sigma < 0" : NULL;
  case DRAW_CHISQUARE: return x <= 0 ? "df <= 0" : NULL;
  case DRAW_RANDINT: return i < j ? NULL : "low >= high";
  case DRAW_POISSON: return !(x >= 0) ? "lam < 0 or lam is NaN" : x > poisson_most ? "lam value too large" : NULL;
  case DRAW_BINOMIAL: return i < 0 ? "n < 0" : !(x >= 0 && x <= 1) ? "p < 0, p > 1 or p is NaN" : NULL;
  }
  return NULL;
}

static double draw_real(Stream *s, DrawKind kind, double x, double y) {
  switch (kind) {
  case DRAW_RANDOM: return random_double(s);
  case DRAW_UNIFORM: return x + (y - x) * random_double(s);
  case DRAW_NORMAL: return x + y * random_gauss(s);
  case DRAW_EXPONENTIAL: return x * random_exponential(s);
  case DRAW_GAMMA: return y * random_gamma(s, x);
  case DRAW_BETA: return random_beta(s, x, y);
  case DRAW_LOGNORMAL: return exp(x + y * random_gauss(s));
  case DRAW_CHISQUARE: return 2.0 * random_gamma(s, x / 2.0);
  case DRAW_RANDINT:
  case DRAW_POISSON:
  case DRAW_BINOMIAL:
  case DRAW_ARANGE: break;
  }
  LJ_UNREACHABLE();
}

static int64_t draw_int(Stream *s, DrawKind kind, int64_t i, int64_t j, double x) {
  if (kind == DRAW_POISSON) return random_poisson(s, x);
  if (kind == DRAW_BINOMIAL) return random_binomial(s, i, x);
  return (int64_t)((uint64_t)i + random_below(s, (uint64_t)j - 1 - (uint64_t)i));
}

static int32_t check(lj_rt *rt, const lj_site *site, DrawKind kind, int64_t i, int64_t j, double x, double y) {
  const char *message = wrong(kind, i, j, x, y);
  if (!message) return 0;
  int32_t error = kind == DRAW_UNIFORM ? OVERFLOW_ERROR : VALUE_ERROR;
  lj_rt_raise(rt, site, error, message, 0, 0, 0, 0);
  return error;
}

int32_t lj_rt_random_draw(lj_rt *rt, const lj_site *site, int64_t stream, int64_t kind, int64_t i, int64_t j, double x, double y,
                          void *out) {
  Stream *s = random_stream(stream);
  int32_t error = check(rt, site, (DrawKind)kind, i, j, x, y);
  if (error) return error;
  if (kind < DRAW_RANDINT)
    *(double *)out = draw_real(s, (DrawKind)kind, x, y);
  else
    *(int64_t *)out = draw_int(s, (DrawKind)kind, i, j, x);
  return 0;
}

static int64_t total(int64_t ndim, const lj_array_head *a) {
  int64_t n = 1;
  for (int64_t d = 0; d < ndim; d++) n *= a->dims[d];
  return n;
}

/* Ends early when the call is to stop. */
static void shuffle_ints(const lj_rt *rt, Stream *s, int64_t *a, int64_t n) {
  for (int64_t k = 0; k < n && !lj_rt_stops_at(rt, k); k++) a[k] = k;
  for (int64_t k = n - 1; k > 0 && !lj_rt_stops_at(rt, k); k--) {
    int64_t other = (int64_t)random_below(s, (uint64_t)k), kept = a[k];
    a[k] = a[other];
    a[other] = kept;
  }
}

int32_t lj_rt_random_fill(lj_rt *rt, const lj_site *site, int64_t stream, int64_t kind, int64_t i, int64_t j, double x, double y,
                          int64_t ndim, const lj_array_head *out) {
  Stream *s = random_stream(stream);
  int64_t n = total(ndim, out);
  int32_t error = n || kind != DRAW_RANDINT ? check(rt, site, (DrawKind)kind, i, j, x, y) : 0;
  if (error) return error;
  double *reals = out->data;
  int64_t *ints = out->data;
  if (kind == DRAW_ARANGE)
    shuffle_ints(rt, s, ints, n);
  else if (kind < DRAW_RANDINT)
    for (int64_t k = 0; k < n && !lj_rt_stops_at(rt, k); k++) reals[k] = draw_real(s, (DrawKind)kind, x, y);
  else
    for (int64_t k = 0; k < n && !lj_rt_stops_at(rt, k); k++) ints[k] = draw_int(s, (DrawKind)kind, i, j, x);
  return lj_rt_is_stopped(rt) ? lj_rt_stop(rt, site) : 0;
}

/* Exchanges two sub-arrays of the same shape. */
static void exchange(int64_t ndim, const int64_t *shape, const int64_t *steps, size_t item, char *a, char *b) {
  char kept[16];
  if (ndim == 0) {
    memcpy(kept, a, item);
    memcpy(a, b, item);
    memcpy(b, kept, item);
    return;
  }
  for (int64_t k = 0; k < shape[0]; k++) exchange(ndim - 1, shape + 1, steps + 1, item, a + k * steps[0], b + k * steps[0]);
}

void lj_rt_random_shuffle(lj_rt *rt, const lj_site *site, int64_t stream, int64_t itemsize, int64_t ndim, const lj_array_head *a) {
  (void)site; /* a stop is seen by who called: it asks behind */
  Stream *s = random_stream(stream);
  const int64_t *shape = a->dims, *steps = a->dims + ndim;
  char *data = a->data;
  for (int64_t k = shape[0] - 1; k > 0 && !(ndim > 1 ? lj_rt_is_stopped(rt) : lj_rt_stops_at(rt, k)); k--) {
    int64_t other = (int64_t)random_below(s, (uint64_t)k);
    if (other != k) exchange(ndim - 1, shape + 1, steps + 1, (size_t)itemsize, data + k * steps[0], data + other * steps[0]);
  }
}

/* ---- choice ---- */

static const char *wrong_weights(const double *p, int64_t n) {
  double sum = 0, carry = 0;
  for (int64_t k = 0; k < n; k++) { /* Kahan's sum, as NumPy's */
    if (isnan(p[k])) return "probabilities contain NaN";
    if (p[k] < 0) return "probabilities are not non-negative";
    double y = p[k] - carry, t = sum + y;
    carry = (t - sum) - y;
    sum = t;
  }
  return fabs(sum - 1.0) > 1.4901161193847656e-08 ? "probabilities do not sum to 1" : NULL;
}

/* Running sums, scaled to end at 1. */
static void cumulate(const double *p, double *cdf, int64_t n) {
  double sum = 0;
  for (int64_t k = 0; k < n; k++) cdf[k] = sum += p[k];
  for (int64_t k = 0; k < n; k++) cdf[k] /= sum;
}

/* How many entries are <= x. */
static int64_t find(const double *cdf, int64_t n, double x) {
  int64_t lo = 0, hi = n;
  while (lo < hi) {
    int64_t middle = lo + (hi - lo) / 2;
    if (cdf[middle] <= x)
      lo = middle + 1;
    else
      hi = middle;
  }
  return lo;
}

/* Draws batches of what is still missing; of equal indices in a batch the first counts, and found ones lose their weight. */
static void choose_distinct(const lj_rt *rt, Stream *s, double *p, double *cdf, int64_t n, int64_t *out, int64_t count) {
  for (int64_t found = 0; found < count && !lj_rt_is_stopped(rt);) {
    int64_t want = count - found, fresh = found;
    cumulate(p, cdf, n);
    for (int64_t k = 0; k < want && !lj_rt_is_stopped(rt); k++) {
      int64_t index = find(cdf, n, random_double(s));
      bool seen = false;
      for (int64_t m = found; m < fresh && !seen; m++) seen = out[m] == index;
      if (!seen) out[fresh++] = index;
    }
    for (; found < fresh; found++) p[out[found]] = 0;
  }
}

static int32_t choose_weighted(lj_rt *rt, const lj_site *site, Stream *s, const double *p, int64_t n, bool replace, int64_t *out,
                               int64_t count) {
  const char *message = wrong_weights(p, n);
  int64_t positive = 0;
  for (int64_t k = 0; k < n; k++) positive += p[k] > 0;
  if (!message && !replace && count > n) message = "Cannot take a larger sample than population when 'replace=False'";
  if (!message && !replace && positive < count) message = "Fewer non-zero entries in p than size";
  if (message) return refuse(rt, site, message);
  double *room = malloc((size_t)n * 2 * sizeof *room + 1);
  if (!room) {
    lj_rt_raise(rt, site, MEMORY_ERROR, "no memory for %d probabilities", n, 0, 0, 0);
    return MEMORY_ERROR;
  }
  if (replace) {
    cumulate(p, room, n);
    for (int64_t k = 0; k < count && !lj_rt_stops_at(rt, k); k++) out[k] = find(room, n, random_double(s));
  } else {
    memcpy(room, p, (size_t)n * sizeof *room);
    choose_distinct(rt, s, room, room + n, n, out, count);
  }
  free(room);
  return lj_rt_is_stopped(rt) ? lj_rt_stop(rt, site) : 0;
}

int32_t lj_rt_random_choice(lj_rt *rt, const lj_site *site, int64_t stream, int64_t n, int64_t replace, int64_t weighted,
                            const lj_array_head *p, int64_t ndim, const lj_array_head *out) {
  Stream *s = random_stream(stream);
  int64_t count = total(ndim, out), *index = out->data;
  if (n <= 0 && count) return refuse(rt, site, "a must be greater than 0 unless no samples are taken");
  if (weighted && p->dims[0] != n) return refuse(rt, site, "'a' and 'p' must have same size");
  if (weighted) return choose_weighted(rt, site, s, p->data, n, replace != 0, index, count);
  if (replace) {
    for (int64_t k = 0; k < count && !lj_rt_stops_at(rt, k); k++) index[k] = (int64_t)random_below(s, (uint64_t)n - 1);
    return lj_rt_is_stopped(rt) ? lj_rt_stop(rt, site) : 0;
  }
  if (count > n) return refuse(rt, site, "Cannot take a larger sample than population when 'replace=False'");
  int64_t *all = malloc((size_t)n * sizeof *all + 1);
  if (!all) {
    lj_rt_raise(rt, site, MEMORY_ERROR, "no memory for a permutation of %d numbers", n, 0, 0, 0);
    return MEMORY_ERROR;
  }
  shuffle_ints(rt, s, all, n);
  memcpy(index, all, (size_t)count * sizeof *index);
  free(all);
  return lj_rt_is_stopped(rt) ? lj_rt_stop(rt, site) : 0;
}
