/* Products of matrices and vectors by loops: for sizes at which calling BLAS costs more than it gives, and where there is no BLAS.
 * Real kernels exist twice on x86, for any machine and for AVX2; both add in the same order, so that results do not depend on the machine. */
#include "runtime/rt_blas.h"

enum { ROWS = 4, LANES = 8 }; /* a tile of sums; a dot product keeps LANES of them */

#if defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__)
#define AVX2 __attribute__((target("avx2")))
#define HAS_AVX2() __builtin_cpu_supports("avx2")
#else
#define AVX2
#define HAS_AVX2() false
#endif

#define INLINE static inline __attribute__((always_inline))

/* NAME_tile: a few rows of a times a few columns of b, summed in registers; NAME_blocks: all tiles of c, whose rows and those of b have unit
 * steps; NAME_dot: sum of products with unit steps. */
#define REAL_TILE(T, NAME)                                                                                                                 \
  INLINE void NAME##_tile(int rows, int cols, const Mat *a, const Mat *b, const Mat *c, int64_t i, int64_t j) {                            \
    T sums[ROWS][LANES] = {{0}};                                                                                                           \
    const char *x = a->data + i * a->row_step, *y = b->data + j * (int64_t)sizeof(T);                                                      \
    for (int64_t k = 0; k < a->cols; k++, x += a->col_step, y += b->row_step)                                                              \
      for (int r = 0; r < rows; r++)                                                                                                       \
        for (int n = 0; n < cols; n++) sums[r][n] += *(const T *)(const void *)(x + r * a->row_step) * ((const T *)(const void *)y)[n];    \
    for (int r = 0; r < rows; r++)                                                                                                         \
      for (int n = 0; n < cols; n++) ((T *)(void *)(c->data + (i + r) * c->row_step))[j + n] = sums[r][n];                                 \
  }                                                                                                                                        \
  INLINE void NAME##_strip(const lj_rt *rt, int rows, const Mat *a, const Mat *b, const Mat *c, int64_t i) {                               \
    int64_t j = 0;                                                                                                                         \
    for (; j + LANES <= c->cols && !lj_rt_is_stopped(rt); j += LANES) NAME##_tile(rows, LANES, a, b, c, i, j);                             \
    for (; j + LANES / 2 <= c->cols; j += LANES / 2) NAME##_tile(rows, LANES / 2, a, b, c, i, j);                                          \
    for (; j < c->cols; j++) NAME##_tile(rows, 1, a, b, c, i, j);                                                                          \
  }

#define REAL_KERNELS(T, BASE, NAME, TARGET)                                                                                                \
  TARGET static void NAME##_blocks(const lj_rt *rt, const Mat *a, const Mat *b, const Mat *c) {                                            \
    int64_t i = 0;                                                                                                                         \
    for (; i + ROWS <= c->rows && !lj_rt_is_stopped(rt); i += ROWS) BASE##_strip(rt, ROWS, a, b, c, i);                                    \
    for (; i < c->rows && !lj_rt_is_stopped(rt); i++) BASE##_strip(rt, 1, a, b, c, i);                                                     \
  }                                                                                                                                        \
  TARGET static T NAME##_dot(int64_t n, const T *a, const T *b) {                                                                          \
    T sums[LANES] = {0}, rest = 0;                                                                                                         \
    int64_t i = 0;                                                                                                                         \
    for (; i + LANES <= n; i += LANES)                                                                                                     \
      for (int k = 0; k < LANES; k++) sums[k] += a[i + k] * b[i + k];                                                                      \
    for (; i < n; i++) rest += a[i] * b[i];                                                                                                \
    return (((sums[0] + sums[4]) + (sums[2] + sums[6])) + ((sums[1] + sums[5]) + (sums[3] + sums[7]))) + rest;                             \
  }

#define REAL_MATMUL(T, NAME)                                                                                                               \
  REAL_TILE(T, NAME)                                                                                                                       \
  REAL_KERNELS(T, NAME, NAME, )                                                                                                            \
  REAL_KERNELS(T, NAME, NAME##_avx2, AVX2)                                                                                                 \
  static T NAME##_sum(int64_t n, const char *a, int64_t a_step, const char *b, int64_t b_step) {                                           \
    T sum = 0;                                                                                                                             \
    if (a_step == sizeof(T) && b_step == sizeof(T))                                                                                        \
      return (HAS_AVX2() ? NAME##_avx2_dot : NAME##_dot)(n, (const T *)(const void *)a, (const T *)(const void *)b);                       \
    for (int64_t i = 0; i < n; i++, a += a_step, b += b_step) sum += *(const T *)(const void *)a * *(const T *)(const void *)b;            \
    return sum;                                                                                                                            \
  }                                                                                                                                        \
  static void NAME##_matmul(const lj_rt *rt, const Mat *a, const Mat *b, const Mat *c) {                                                   \
    int64_t item = sizeof(T);                                                                                                              \
    if (c->cols > 1 && b->col_step == item && c->col_step == item) {                                                                       \
      (HAS_AVX2() ? NAME##_avx2_blocks : NAME##_blocks)(rt, a, b, c);                                                                      \
      return;                                                                                                                              \
    }                                                                                                                                      \
    for (int64_t i = 0; i < c->rows; i++)                                                                                                  \
      for (int64_t j = 0; j < c->cols && !lj_rt_is_stopped(rt); j++)                                                                       \
        *(T *)(void *)(c->data + i * c->row_step + j * c->col_step) =                                                                      \
            NAME##_sum(a->cols, a->data + i * a->row_step, a->col_step, b->data + j * b->col_step, b->row_step);                           \
  }

REAL_MATMUL(double, f64)
REAL_MATMUL(float, f32)

/* Complex products the schoolbook way, as BLAS computes them; sums in double for both precisions. */
typedef struct Pair {
  double re, im;
} Pair;

static Pair pair_at(DType dtype, const char *p) {
  if (dtype == DT_COMPLEX128) return *(const Pair *)(const void *)p;
  const float *f = (const float *)(const void *)p;
  return (Pair){f[0], f[1]};
}

static void pair_put(DType dtype, char *p, Pair z) {
  if (dtype == DT_COMPLEX128) {
    *(Pair *)(void *)p = z;
  } else {
    float *f = (float *)(void *)p;
    f[0] = (float)z.re, f[1] = (float)z.im;
  }
}

static Pair complex_sum(DType dtype, bool conjugate, int64_t n, const char *a, int64_t a_step, const char *b, int64_t b_step) {
  Pair sum = {0, 0};
  for (int64_t i = 0; i < n; i++, a += a_step, b += b_step) {
    Pair x = pair_at(dtype, a), y = pair_at(dtype, b);
    if (conjugate) x.im = -x.im;
    sum.re += x.re * y.re - x.im * y.im;
    sum.im += x.re * y.im + x.im * y.re;
  }
  return sum;
}

void loops_matmul(const lj_rt *rt, DType dtype, const Mat *a, const Mat *b, const Mat *c) {
  if (dtype == DT_FLOAT64) {
    f64_matmul(rt, a, b, c);
  } else if (dtype == DT_FLOAT32) {
    f32_matmul(rt, a, b, c);
  } else {
    for (int64_t i = 0; i < c->rows; i++)
      for (int64_t j = 0; j < c->cols && !lj_rt_is_stopped(rt); j++)
        pair_put(dtype, c->data + i * c->row_step + j * c->col_step,
                 complex_sum(dtype, false, a->cols, a->data + i * a->row_step, a->col_step, b->data + j * b->col_step, b->row_step));
  }
}

/* ---- called by compiled code ---- */

double lj_rt_dot_f64(lj_rt *rt, const lj_site *site, const lj_array_head *a, const lj_array_head *b) {
  (void)rt, (void)site;
  return f64_sum(a->dims[0], a->data, a->dims[1], b->data, b->dims[1]);
}

float lj_rt_dot_f32(lj_rt *rt, const lj_site *site, const lj_array_head *a, const lj_array_head *b) {
  (void)rt, (void)site;
  return f32_sum(a->dims[0], a->data, a->dims[1], b->data, b->dims[1]);
}

int32_t lj_rt_dot_complex(lj_rt *rt, const lj_site *site, int64_t dtype, int64_t conjugate, const lj_array_head *a, const lj_array_head *b,
                          void *out) {
  (void)rt, (void)site;
  pair_put((DType)dtype, out, complex_sum((DType)dtype, conjugate != 0, a->dims[0], a->data, a->dims[1], b->data, b->dims[1]));
  return 0;
}
