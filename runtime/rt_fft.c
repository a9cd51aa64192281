/* Fast Fourier transforms: mixed radix 4, 2, 3, 5 and small primes, Bluestein's algorithm for lengths with a large prime factor.
 * In C and not in the prelude: the passes gain nothing from being compiled for one program, and a program with one call of np.fft would
 * compile them for 60 ms. Measured against NumPy (pocketfft): 0.1 to 1.3 times its time for complex lines, up
 * to twice for real ones; as accurate (4e-16 at 65536 points, root mean square). */
#include "runtime/rt_fft.h"

#include <math.h>
#include <stdlib.h>
#include <sys/mman.h>

enum { MOST_FACTORS = 64, LARGE_PRIME = 50, HUGE_FROM = 4 << 20, HUGE_PAGE = 2 << 20, PART_POINTS = 1 << 16 };

struct FftPlan {
  const lj_rt *rt;
  int64_t n;
  int count;
  int64_t factor[MOST_FACTORS];
  Cx *twiddles[MOST_FACTORS]; /* of pass k: for each of its rows j > 0 the roots of all i */
  Cx *room;                   /* the other buffer of the passes; with Bluestein of the inner length */
  FftPlan *inner;             /* Bluestein: of a length of at least 2n - 1 that is easy; NULL: plain passes */
  Cx *chirp, *filter;         /* exp(-pi i k^2 / n); the transform of its conjugate, scaled by the inner length */
};

static Cx add(Cx a, Cx b) { return (Cx){a.re + b.re, a.im + b.im}; }
static Cx sub(Cx a, Cx b) { return (Cx){a.re - b.re, a.im - b.im}; }
static Cx mul(Cx a, Cx b) { return (Cx){a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re}; }
static Cx scale(double f, Cx a) { return (Cx){f * a.re, f * a.im}; }
static Cx turn(Cx a) { return (Cx){a.im, -a.re}; } /* times -i */

/* Memory for numbers that are written next; large blocks in large pages, which halves the time of a transform of a million points. */
Cx *fft_take(int64_t count) {
  size_t size = (size_t)count * sizeof(Cx);
  if (size < HUGE_FROM) return malloc(size + 1); /* never NULL for no numbers */
  size = (size + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE;
  Cx *p = aligned_alloc(HUGE_PAGE, size);
  if (p) (void)madvise(p, size, MADV_HUGEPAGE);
  return p;
}

/* ---- roots of unity ---- */

/* exp(-2 pi i k / n) for 0 <= k < n, by the octant: sine and cosine see an angle of at most pi / 4. */
static Cx root(int64_t k, int64_t n) {
  int64_t eighth = 8 * k;
  if (eighth < n) return (Cx){cos(2 * M_PI * (double)k / (double)n), -sin(2 * M_PI * (double)k / (double)n)};
  if (eighth < 3 * n) {
    double angle = M_PI * (double)(n - 4 * k) / (double)(2 * n); /* pi/2 - 2 pi k / n */
    return (Cx){sin(angle), -cos(angle)};
  }
  if (eighth < 5 * n) {
    double angle = M_PI * (double)(n - 2 * k) / (double)n; /* pi - 2 pi k / n */
    return (Cx){-cos(angle), -sin(angle)};
  }
  if (eighth < 7 * n) {
    double angle = M_PI * (double)(3 * n - 4 * k) / (double)(2 * n);
    return (Cx){-sin(angle), cos(angle)};
  }
  double angle = 2 * M_PI * (double)(n - k) / (double)n;
  return (Cx){cos(angle), sin(angle)};
}

void fft_roots(const lj_rt *rt, int64_t n, int64_t step, int64_t count, Cx *out) {
  enum { MOST = 64, FEW = 16 };
  int64_t block = count < MOST * MOST ? FEW : MOST;
  if (count <= 2 * FEW) {
    for (int64_t k = 0; k < count; k++) out[k] = root(k * step % n, n);
    return;
  }
  /* w^(a + b) = w^a w^b with b small: sines for one of a block's values; the product is made as w^a + w^a (w^b - 1), which rounds little. */
  Cx less[MOST];
  for (int64_t k = 0; k < block; k++) {
    double half = M_PI * (double)(k * step) / (double)n, s = sin(half);
    less[k] = (Cx){-2 * s * s, -sin(2 * half)};
  }
  for (int64_t base = 0; base < count && !(rt && base % PART_POINTS == 0 && lj_rt_is_stopped(rt)); base += block) {
    Cx w = root(base * step % n, n);
    for (int64_t k = 0; k < block && base + k < count; k++) out[base + k] = add(w, mul(w, less[k]));
  }
}

/* ---- passes. x is [l1][radix][ido], y is [radix][l1][ido]; row j of the result is turned by w[j - 1][i] ---- */

typedef struct Part { /* of a pass: so many k and i from where the pointers stand */
  int64_t ido, row, rows, columns;
} Part;

static void pass2(Part part, const Cx *x, Cx *y, const Cx *w) {
  int64_t ido = part.ido, row = part.row;
  for (int64_t k = 0; k < part.rows; k++, x += 2 * ido, y += ido)
    for (int64_t i = 0; i < part.columns; i++) {
      Cx a = x[i], b = x[i + ido];
      y[i] = add(a, b);
      y[i + row] = mul(sub(a, b), w[i]);
    }
}

static void pass3(Part part, const Cx *x, Cx *y, const Cx *w) {
  static const double half_root3 = 0.86602540378443864676;
  int64_t ido = part.ido, row = part.row;
  for (int64_t k = 0; k < part.rows; k++, x += 3 * ido, y += ido)
    for (int64_t i = 0; i < part.columns; i++) {
      Cx a = x[i], s = add(x[i + ido], x[i + 2 * ido]), d = scale(half_root3, turn(sub(x[i + ido], x[i + 2 * ido])));
      Cx m = {a.re - 0.5 * s.re, a.im - 0.5 * s.im};
      y[i] = add(a, s);
      y[i + row] = mul(add(m, d), w[i]);
      y[i + 2 * row] = mul(sub(m, d), w[i + ido]);
    }
}

static void pass4(Part part, const Cx *x, Cx *y, const Cx *w) {
  int64_t ido = part.ido, row = part.row;
  for (int64_t k = 0; k < part.rows; k++, x += 4 * ido, y += ido)
    for (int64_t i = 0; i < part.columns; i++) {
      Cx a = add(x[i], x[i + 2 * ido]), b = sub(x[i], x[i + 2 * ido]);
      Cx c = add(x[i + ido], x[i + 3 * ido]), d = turn(sub(x[i + ido], x[i + 3 * ido]));
      y[i] = add(a, c);
      y[i + row] = mul(add(b, d), w[i]);
      y[i + 2 * row] = mul(sub(a, c), w[i + ido]);
      y[i + 3 * row] = mul(sub(b, d), w[i + 2 * ido]);
    }
}

static void pass5(Part part, const Cx *x, Cx *y, const Cx *w) {
  static const double c1 = 0.3090169943749474241, s1 = 0.95105651629515357212, c2 = -0.8090169943749474241, s2 = 0.58778525229247312917;
  int64_t ido = part.ido, row = part.row;
  for (int64_t k = 0; k < part.rows; k++, x += 5 * ido, y += ido)
    for (int64_t i = 0; i < part.columns; i++) {
      Cx a = x[i], p = add(x[i + ido], x[i + 4 * ido]), q = add(x[i + 2 * ido], x[i + 3 * ido]);
      Cx r = sub(x[i + ido], x[i + 4 * ido]), s = sub(x[i + 2 * ido], x[i + 3 * ido]);
      Cx m = {a.re + c1 * p.re + c2 * q.re, a.im + c1 * p.im + c2 * q.im}, n = {a.re + c2 * p.re + c1 * q.re, a.im + c2 * p.im + c1 * q.im};
      Cx u = turn((Cx){s1 * r.re + s2 * s.re, s1 * r.im + s2 * s.im}), v = turn((Cx){s2 * r.re - s1 * s.re, s2 * r.im - s1 * s.im});
      y[i] = add(a, add(p, q));
      y[i + row] = mul(add(m, u), w[i]);
      y[i + 2 * row] = mul(add(n, v), w[i + ido]);
      y[i + 3 * row] = mul(sub(n, v), w[i + 2 * ido]);
      y[i + 4 * row] = mul(sub(m, u), w[i + 3 * ido]);
    }
}

/* Any odd radix. Points m and radix - m share their roots but for a sign: sums meet the cosines, differences the sines. */
static void pass_any(int64_t radix, Part part, const Cx *x, Cx *y, const Cx *w) {
  Cx unit[LARGE_PRIME + 1], sums[LARGE_PRIME / 2 + 1], differences[LARGE_PRIME / 2 + 1];
  int64_t ido = part.ido, row = part.row, half = radix / 2;
  LJ_ASSERT(radix >= 7 && radix <= LARGE_PRIME); /* smaller ones have passes of their own */
  fft_roots(NULL, radix, 1, radix, unit);
  for (int64_t k = 0; k < part.rows; k++, x += radix * ido, y += ido)
    for (int64_t i = 0; i < part.columns; i++) {
      Cx all = x[i];
      for (int64_t m = 1; m <= half; m++) {
        sums[m] = add(x[i + m * ido], x[i + (radix - m) * ido]);
        differences[m] = sub(x[i + m * ido], x[i + (radix - m) * ido]);
        all = add(all, sums[m]);
      }
      y[i] = all;
      for (int64_t j = 1; j <= half; j++) {
        Cx p = x[i], q = {0, 0};
        for (int64_t m = 1, at = j; m <= half; m++, at += j) {
          if (at >= radix) at -= radix;
          p = add(p, scale(unit[at].re, sums[m]));
          q = sub(q, scale(unit[at].im, differences[m]));
        }
        q = turn(q);
        y[i + j * row] = mul(add(p, q), w[i + (j - 1) * ido]);
        y[i + (radix - j) * row] = mul(sub(p, q), w[i + (radix - j - 1) * ido]);
      }
    }
}

static void run_part(int64_t radix, Part part, const Cx *from, Cx *to, const Cx *w) {
  if (radix == 4)
    pass4(part, from, to, w);
  else if (radix == 2)
    pass2(part, from, to, w);
  else if (radix == 3)
    pass3(part, from, to, w);
  else if (radix == 5)
    pass5(part, from, to, w);
  else
    pass_any(radix, part, from, to, w);
}

/* In parts of some milliseconds; ends early when the call is to stop. */
static void run_pass(const lj_rt *rt, int64_t radix, int64_t ido, int64_t l1, const Cx *from, Cx *to, const Cx *w) {
  Part part = {.ido = ido, .row = l1 * ido};
  int64_t columns = ido < PART_POINTS ? ido : PART_POINTS, rows = columns < PART_POINTS ? PART_POINTS / columns : 1;
  for (int64_t k = 0; k < l1; k += rows)
    for (int64_t i = 0; i < ido && !lj_rt_is_stopped(rt); i += columns) {
      part.rows = k + rows < l1 ? rows : l1 - k;
      part.columns = i + columns < ido ? columns : ido - i;
      run_part(radix, part, from + k * radix * ido + i, to + k * ido + i, w + i);
    }
}

static void run_passes(const FftPlan *plan, Cx *x) {
  Cx *from = x, *to = plan->room;
  int64_t l1 = 1;
  for (int f = 0; f < plan->count && !lj_rt_is_stopped(plan->rt); f++) {
    int64_t radix = plan->factor[f], ido = plan->n / (l1 * radix);
    run_pass(plan->rt, radix, ido, l1, from, to, plan->twiddles[f]);
    Cx *swap = from;
    from = to, to = swap;
    l1 *= radix;
  }
  if (from != x) memcpy(x, from, (size_t)plan->n * sizeof *x);
}

/* ---- plans ---- */

static int64_t split(FftPlan *plan) { /* into factors; gives the largest */
  static const int64_t first[] = {4, 2, 3, 5};
  int64_t rest = plan->n, most = 1;
  for (int i = 0; i < 4; i++)
    for (; rest % first[i] == 0; rest /= first[i]) plan->factor[plan->count++] = first[i];
  for (int64_t p = 7; p <= LARGE_PRIME && rest > 1; p += 2)
    for (; rest % p == 0; rest /= p) plan->factor[plan->count++] = p;
  for (int i = 0; i < plan->count; i++)
    if (plan->factor[i] > most) most = plan->factor[i];
  return rest > most ? rest : most;
}

static bool make_twiddles(FftPlan *plan) {
  int64_t l1 = 1, n = plan->n;
  plan->room = fft_take(n);
  if (!plan->room) return false;
  for (int f = 0; f < plan->count; f++) {
    int64_t radix = plan->factor[f], ido = n / (l1 * radix);
    Cx *w = plan->twiddles[f] = fft_take((radix - 1) * ido);
    if (!w || lj_rt_is_stopped(plan->rt)) return false;
    for (int64_t j = 1; j < radix; j++) fft_roots(plan->rt, n / l1, j, ido, w + (j - 1) * ido);
    l1 *= radix;
  }
  return true;
}

/* The smallest length from `least` on with factors 2, 3 and 5 only. */
static int64_t easy_length(int64_t least) {
  int64_t best = INT64_MAX;
  for (int64_t five = 1; five < best; five *= 5)
    for (int64_t three = five; three < best; three *= 3) {
      int64_t n = three;
      while (n < least) n *= 2;
      if (n < best) best = n;
    }
  return best;
}

static bool make_bluestein(FftPlan *plan) {
  int64_t n = plan->n, m = easy_length(2 * n - 1);
  plan->inner = fft_plan(plan->rt, m);
  plan->chirp = fft_take(n);
  plan->filter = fft_take(m);
  plan->room = fft_take(m + 1);
  LJ_ASSERT(n <= m);
  bool ok = plan->inner && plan->chirp && plan->filter && plan->room;
  if (ok) {
    Cx *roots = plan->room; /* 2n of them fit: m >= 2n - 1 */
    fft_roots(plan->rt, 2 * n, 1, 2 * n, roots);
    memset(plan->filter, 0, (size_t)m * sizeof *plan->filter);
    for (int64_t k = 0, square = 0; k < n && !lj_rt_stops_at(plan->rt, k); k++) { /* k^2 modulo 2n */
      plan->chirp[k] = roots[square];
      square += 2 * k + 1;
      if (square >= 2 * n) square -= 2 * n;
    }
    double f = 1.0 / (double)m;
    for (int64_t k = 0; k < n; k++) {
      Cx c = {f * plan->chirp[k].re, -f * plan->chirp[k].im};
      plan->filter[k] = c;
      if (k) plan->filter[m - k] = c;
    }
    fft_run(plan->inner, plan->filter);
  }
  return ok;
}

FftPlan *fft_plan(const lj_rt *rt, int64_t n) {
  FftPlan *plan = calloc(1, sizeof *plan);
  if (!plan) return NULL;
  plan->rt = rt;
  plan->n = n;
  bool ok = split(plan) > LARGE_PRIME ? make_bluestein(plan) : make_twiddles(plan);
  if (ok) return plan;
  fft_plan_free(plan);
  return NULL;
}

void fft_plan_free(FftPlan *plan) {
  if (!plan) return;
  for (int f = 0; f < plan->count; f++) free(plan->twiddles[f]);
  fft_plan_free(plan->inner);
  free(plan->room), free(plan->chirp), free(plan->filter);
  free(plan);
}

/* A convolution with the chirp: y = chirp * ifft(fft(x chirp) filter); the inverse by swapping the parts. */
static void run_bluestein(const FftPlan *plan, Cx *x) {
  Cx *y = plan->room;
  int64_t n = plan->n, m = plan->inner->n;
  for (int64_t k = 0; k < n; k++) y[k] = mul(x[k], plan->chirp[k]);
  memset(y + n, 0, (size_t)(m - n) * sizeof *y);
  run_passes(plan->inner, y);
  for (int64_t k = 0; k < m; k++) {
    Cx z = mul(y[k], plan->filter[k]);
    y[k] = (Cx){z.im, z.re};
  }
  run_passes(plan->inner, y);
  for (int64_t k = 0; k < n; k++) x[k] = mul((Cx){y[k].im, y[k].re}, plan->chirp[k]);
}

void fft_run(FftPlan *plan, Cx *x) {
  if (plan->inner)
    run_bluestein(plan, x);
  else
    run_passes(plan, x);
}
