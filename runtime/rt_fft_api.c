/* What compiled code calls for np.fft: transforms of all lines of an array along one axis. Each line is read into a buffer (converted, cut or
 * filled up with zeros), transformed in float64 and written to the result, so that both may have any strides. */
#include <stdlib.h>

#include "base/dtype.h"
#include "runtime/rt_fft.h"

typedef struct Lines { /* the work of one call */
  FftOp op;
  int64_t n, half; /* points of the transform; of a real one of even length: half of them, else 0 */
  FftPlan *plan; /* of n or half points */
  const Cx *roots; /* the first half / 2 + 1 of n, when half is not 0 */
  DType from, to;
  Cx *buffer; /* n + 1 */
} Lines;

static Cx load(DType dtype, const char *p) {
  switch ((int)dtype) {
  case DT_FLOAT32: return (Cx){*(const float *)(const void *)p, 0};
  case DT_FLOAT64: return (Cx){*(const double *)(const void *)p, 0};
  case DT_COMPLEX64: return (Cx){((const float *)(const void *)p)[0], ((const float *)(const void *)p)[1]};
  default: return *(const Cx *)(const void *)p;
  }
}

static void store(DType dtype, char *p, Cx z) {
  switch ((int)dtype) {
  case DT_FLOAT32: *(float *)(void *)p = (float)z.re; return;
  case DT_FLOAT64: *(double *)(void *)p = z.re; return;
  case DT_COMPLEX64: ((float *)(void *)p)[0] = (float)z.re, ((float *)(void *)p)[1] = (float)z.im; return;
  default: *(Cx *)(void *)p = z; return;
  }
}

/* The inverse transform is the forward one with the parts of its input and output swapped. */
static Cx swapped(Cx z) { return (Cx){z.im, z.re}; }

static void complex_line(const Lines *w, const char *x, int64_t step, int64_t count, char *y, int64_t y_step) {
  bool inverse = w->op == FFT_INVERSE, in_place = w->op != FFT_REAL && w->to == DT_COMPLEX128 && y_step == sizeof(Cx);
  Cx *b = in_place ? (Cx *)(void *)y : w->buffer;
  double f = inverse ? 1.0 / (double)w->n : 1.0;
  for (int64_t k = 0; k < w->n; k++) {
    Cx z = k < count ? load(w->from, x + k * step) : (Cx){0, 0};
    b[k] = inverse ? swapped(z) : z;
  }
  fft_run(w->plan, b);
  if (in_place && !inverse) return;
  int64_t outputs = w->op == FFT_REAL ? w->n / 2 + 1 : w->n;
  for (int64_t k = 0; k < outputs; k++) {
    Cx z = inverse ? swapped(b[k]) : b[k];
    store(w->to, y + k * y_step, (Cx){f * z.re, f * z.im});
  }
}

/* Even and odd points are the two parts of a complex line of half the length; points k and half - k of its spectrum hold those of both. */
static void real_line(const Lines *w, const char *x, int64_t step, int64_t count, char *y, int64_t y_step) {
  bool in_place = w->to == DT_COMPLEX128 && y_step == sizeof(Cx);
  Cx *b = in_place ? (Cx *)(void *)y : w->buffer;
  int64_t h = w->half;
  for (int64_t k = 0; k < h; k++) {
    b[k].re = 2 * k < count ? load(w->from, x + 2 * k * step).re : 0;
    b[k].im = 2 * k + 1 < count ? load(w->from, x + (2 * k + 1) * step).re : 0;
  }
  fft_run(w->plan, b);
  b[h] = b[0];
  for (int64_t k = 0; k <= h - k; k++) {
    Cx a = b[k], c = b[h - k], r = w->roots[k];
    Cx even = {0.5 * (a.re + c.re), 0.5 * (a.im - c.im)}, odd = {0.5 * (a.im + c.im), -0.5 * (a.re - c.re)};
    Cx turned = {r.re * odd.re - r.im * odd.im, r.re * odd.im + r.im * odd.re};
    b[k] = (Cx){even.re + turned.re, even.im + turned.im};
    b[h - k] = (Cx){even.re - turned.re, turned.im - even.im};
  }
  b[0].im = b[h].im = 0;
  for (int64_t k = 0; k <= h && !in_place; k++) store(w->to, y + k * y_step, b[k]);
}

/* The way back. The imaginary parts of the first and of the middle point mean nothing. */
static void back_line(const Lines *w, const char *x, int64_t step, int64_t count, char *y, int64_t y_step) {
  Cx *b = w->buffer;
  int64_t h = w->half, n = w->n;
  double f = 1.0 / (double)n;
  for (int64_t k = 0; k <= n / 2; k++) b[k] = k < count ? load(w->from, x + k * step) : (Cx){0, 0};
  b[0].im = 0;
  if (!h) {
    for (int64_t k = 1; k <= n / 2; k++) b[n - k] = (Cx){b[k].re, -b[k].im};
    for (int64_t k = 0; k < n; k++) b[k] = swapped(b[k]);
    fft_run(w->plan, b);
    for (int64_t k = 0; k < n; k++) store(w->to, y + k * y_step, (Cx){f * b[k].im, 0});
    return;
  }
  b[h].im = 0;
  for (int64_t k = 0; k <= h - k; k++) { /* both ends at once: each needs the other */
    Cx p = b[k], q = b[h - k], mirrored = {-w->roots[k].re, w->roots[k].im};
    for (int side = 0; side < 2; side++) {
      int64_t at = side ? h - k : k;
      Cx a = side ? q : p, c = side ? p : q, r = side ? mirrored : w->roots[k];
      Cx even = {a.re + c.re, a.im - c.im}, odd = {a.re - c.re, a.im + c.im};
      Cx back = {r.re * odd.re + r.im * odd.im, r.re * odd.im - r.im * odd.re}; /* odd times the conjugate root */
      b[at] = swapped((Cx){even.re - back.im, even.im + back.re});
    }
  }
  fft_run(w->plan, b);
  for (int64_t k = 0; k < h; k++) {
    store(w->to, y + 2 * k * y_step, (Cx){f * b[k].im, 0});
    store(w->to, y + (2 * k + 1) * y_step, (Cx){f * b[k].re, 0});
  }
}

static void one_line(const Lines *w, const char *x, int64_t step, int64_t count, char *y, int64_t y_step) {
  if (w->op == FFT_BACK)
    back_line(w, x, step, count, y, y_step);
  else if (w->half)
    real_line(w, x, step, count, y, y_step);
  else
    complex_line(w, x, step, count, y, y_step);
}

/* All lines: every combination of the other axes. */
static void all_lines(const lj_rt *rt, const Lines *w, int64_t ndim, int64_t axis, const lj_array_head *a, const lj_array_head *out) {
  int64_t at[8] = {0}, d;
  for (d = 0; d < ndim; d++)
    if (d != axis && a->dims[d] == 0) return;
  do {
    const char *x = a->data;
    char *y = out->data;
    for (d = 0; d < ndim; d++) x += at[d] * a->dims[ndim + d], y += at[d] * out->dims[ndim + d];
    one_line(w, x, a->dims[ndim + axis], a->dims[axis], y, out->dims[ndim + axis]);
    for (d = ndim; d-- > 0;) {
      if (d == axis) continue;
      if (++at[d] < a->dims[d]) break;
      at[d] = 0;
    }
  } while (d >= 0 && !lj_rt_is_stopped(rt));
}

int32_t lj_rt_fft(lj_rt *rt, const lj_site *site, int64_t op, int64_t n, int64_t axis, int64_t from, int64_t to, int64_t ndim,
                  const lj_array_head *a, const lj_array_head *out) {
  bool halved = (op == FFT_REAL || op == FFT_BACK) && n % 2 == 0;
  Lines w = {.op = (FftOp)op, .n = n, .half = halved ? n / 2 : 0, .from = (DType)from, .to = (DType)to};
  w.plan = fft_plan(rt, halved ? n / 2 : n);
  Cx *roots = halved ? fft_take(w.half / 2 + 1) : NULL;
  w.roots = roots;
  w.buffer = fft_take(n + 1);
  bool ok = w.plan && w.buffer && (!halved || roots);
  if (ok && halved) fft_roots(rt, n, 1, w.half / 2 + 1, roots);
  if (ok) all_lines(rt, &w, ndim, axis, a, out);
  fft_plan_free(w.plan);
  free(roots);
  free(w.buffer);
  if (lj_rt_is_stopped(rt)) return lj_rt_stop(rt, site);
  if (ok) return 0;
  lj_rt_raise(rt, site, MEMORY_ERROR, "no memory for a Fourier transform of %d points", n, 0, 0, 0);
  return MEMORY_ERROR;
}
