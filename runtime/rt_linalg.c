/* Linear algebra by LAPACK. In: matrices in Fortran order, copies made by compiled code, which LAPACK overwrites; shapes were checked.
 * Out: the results in place or in arrays of the caller, or LinAlgError, ValueError, ImportError (no library), MemoryError in rt. */
#include <math.h>
#include <stdlib.h>

#include "runtime/rt_blas.h"

typedef struct Call { /* of one routine: what it needs besides its arguments */
  lj_rt *rt;
  const lj_site *site;
  DType dtype;
  int info;
  double work_size[2]; /* the answer to a query: a number of the dtype */
  void *work, *rwork, *iwork;
} Call;

typedef void (*GesvFn)(const int *n, const int *nrhs, void *a, const int *lda, int *pivots, void *b, const int *ldb, int *info);
typedef void (*GetrfFn)(const int *m, const int *n, void *a, const int *lda, int *pivots, int *info);
typedef void (*PotrfFn)(const char *uplo, const int *n, void *a, const int *lda, int *info, size_t);

static int32_t fail(Call *c, ErrorKind kind, const char *message) {
  free(c->work), free(c->rwork), free(c->iwork);
  c->work = c->rwork = c->iwork = NULL;
  if (message) lj_rt_raise(c->rt, c->site, (int32_t)kind, message, 0, 0, 0, 0);
  return message ? (int32_t)kind : 0;
}

static int32_t done(Call *c) { return fail(c, ERROR_NONE, NULL); }
static int32_t no_memory(Call *c) { return fail(c, MEMORY_ERROR, "no memory for the work space of LAPACK"); }
static int at_least_one(int n) { return n > 1 ? n : 1; }
static int smaller(int a, int b) { return a < b ? a : b; }

static void *get(size_t count, size_t size) { return calloc(count ? count : 1, size); }

/* Gets what the query asked for. */
static bool take_work(Call *c, int *lwork) {
  float single;
  memcpy(&single, c->work_size, sizeof single);
  double size = dtype_size(dtype_real_of(c->dtype)) == 4 ? (double)single : c->work_size[0];
  *lwork = (int)size;
  c->work = get((size_t)*lwork, dtype_size(c->dtype));
  return c->work != NULL;
}

static bool fits(const lj_array_head *a) { return a->dims[0] < INT32_MAX && a->dims[1] < INT32_MAX; }

/* Opens a call: the routine, or an error. */
static void *routine(Call *c, BlasRoutine id, const char *what, const lj_array_head *a, int32_t *error) {
  void *fn = blas_routine(id, c->dtype);
  *error = 0;
  if (!fn)
    *error = blas_missing(c->rt, c->site, what);
  else if (!fits(a))
    *error = fail(c, VALUE_ERROR, "the matrix is too large for LAPACK");
  return *error ? NULL : fn;
}

/* ---- solve, inv, det, cholesky ---- */

static int32_t gesv(Call *c, const char *what, const lj_array_head *a, int nrhs, void *b) {
  int32_t error;
  GesvFn fn = (GesvFn)routine(c, BLAS_GESV, what, a, &error);
  if (!fn) return error;
  int n = (int)a->dims[0], ld = at_least_one(n);
  if (!(c->iwork = get((size_t)n, sizeof(int)))) return no_memory(c);
  fn(&n, &nrhs, a->data, &ld, c->iwork, b, &ld, &c->info);
  return c->info > 0 ? fail(c, LINALG_ERROR, "Singular matrix") : done(c);
}

int32_t lj_rt_linalg_solve(lj_rt *rt, const lj_site *site, int64_t dtype, const lj_array_head *a, int64_t ndim, const lj_array_head *b) {
  Call c = {rt, site, (DType)dtype, 0, {0}, NULL, NULL, NULL};
  return gesv(&c, "np.linalg.solve", a, ndim > 1 ? (int)b->dims[1] : 1, b->data);
}

static void put_one(DType dtype, void *at) {
  if (dtype_size(dtype_real_of(dtype)) == 4)
    *(float *)at = 1;
  else
    *(double *)at = 1;
}

/* `out` comes zeroed. */
int32_t lj_rt_linalg_inv(lj_rt *rt, const lj_site *site, int64_t dtype, const lj_array_head *a, const lj_array_head *out) {
  Call c = {rt, site, (DType)dtype, 0, {0}, NULL, NULL, NULL};
  int64_t n = a->dims[0], item = dtype_size(c.dtype);
  for (int64_t i = 0; i < n; i++) put_one(c.dtype, (char *)out->data + i * (n + 1) * item);
  return gesv(&c, "np.linalg.inv", a, (int)n, out->data);
}

typedef struct Pair {
  double re, im;
} Pair;

static Pair pair_at(DType dtype, const void *p, int64_t i) {
  switch ((int)dtype) {
  case DT_FLOAT32: return (Pair){((const float *)p)[i], 0};
  case DT_FLOAT64: return (Pair){((const double *)p)[i], 0};
  case DT_COMPLEX64: return (Pair){((const float *)p)[2 * i], ((const float *)p)[2 * i + 1]};
  default: return (Pair){((const double *)p)[2 * i], ((const double *)p)[2 * i + 1]};
  }
}

static void pair_put(DType dtype, void *p, Pair z) {
  switch ((int)dtype) {
  case DT_FLOAT32: *(float *)p = (float)z.re; return;
  case DT_FLOAT64: *(double *)p = z.re; return;
  case DT_COMPLEX64: ((float *)p)[0] = (float)z.re, ((float *)p)[1] = (float)z.im; return;
  default: *(Pair *)p = z; return;
  }
}

static Pair multiply(Pair a, Pair b) { return (Pair){a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re}; }

/* LU; the sign of the permutation. The factors stay in a. info > 0: singular. */
static int32_t factor(Call *c, const char *what, const lj_array_head *a, double *sign) {
  int32_t error;
  GetrfFn fn = (GetrfFn)routine(c, BLAS_GETRF, what, a, &error);
  if (!fn) return error;
  const int rows = (int)a->dims[0];
  int n = rows, ld = at_least_one(n);
  int *pivots = get((size_t)rows, sizeof *pivots);
  if (!pivots) return no_memory(c);
  fn(&n, &n, a->data, &ld, pivots, &c->info);
  *sign = 1;
  for (int i = 0; i < rows; i++)
    if (pivots[i] != i + 1) *sign = -*sign;
  free(pivots);
  return 0;
}

static void log_determinant(const Call *c, const lj_array_head *a, Pair *sign, double *log_size) {
  *log_size = 0;
  for (int64_t i = 0, n = a->dims[0]; i < n; i++) {
    Pair z = pair_at(c->dtype, a->data, i * (n + 1));
    double size = dtype_is_complex(c->dtype) ? hypot(z.re, z.im) : fabs(z.re);
    *sign = multiply(*sign, (Pair){z.re / size, z.im / size});
    *log_size += log(size);
  }
}

/* by_log: as NumPy computes it; else as numba does, which is the product of the diagonal. */
int32_t lj_rt_linalg_det(lj_rt *rt, const lj_site *site, int64_t dtype, int64_t by_log, const lj_array_head *a, void *out) {
  Call c = {rt, site, (DType)dtype, 0, {0}, NULL, NULL, NULL};
  Pair det = {1, 0};
  double log_size;
  int32_t error = factor(&c, "np.linalg.det", a, &det.re);
  if (error) return error;
  int64_t n = a->dims[0];
  if (c.info > 0) {
    det = (Pair){0, 0};
  } else if (by_log) {
    log_determinant(&c, a, &det, &log_size);
    det = multiply(det, (Pair){exp(log_size), 0});
  } else {
    for (int64_t i = 0; i < n; i++) det = multiply(det, pair_at(c.dtype, a->data, i * (n + 1)));
  }
  pair_put(c.dtype, out, det);
  return 0;
}

/* A tuple: the sign in the dtype, the logarithm of the size as a real number. */
int32_t lj_rt_linalg_slogdet(lj_rt *rt, const lj_site *site, int64_t dtype, const lj_array_head *a, void *out) {
  Call c = {rt, site, (DType)dtype, 0, {0}, NULL, NULL, NULL};
  Pair sign = {1, 0};
  double log_size;
  int32_t error = factor(&c, "np.linalg.slogdet", a, &sign.re);
  if (error) return error;
  if (c.info > 0)
    sign.re = 0, log_size = -HUGE_VAL;
  else
    log_determinant(&c, a, &sign, &log_size);
  pair_put(c.dtype, out, sign);
  pair_put(dtype_real_of(c.dtype), (char *)out + dtype_size(c.dtype), (Pair){log_size, 0});
  return 0;
}

/* The lower factor in place; the upper triangle becomes 0. */
int32_t lj_rt_linalg_cholesky(lj_rt *rt, const lj_site *site, int64_t dtype, const lj_array_head *a) {
  Call c = {rt, site, (DType)dtype, 0, {0}, NULL, NULL, NULL};
  int32_t error;
  PotrfFn fn = (PotrfFn)routine(&c, BLAS_POTRF, "np.linalg.cholesky", a, &error);
  if (!fn) return error;
  int n = (int)a->dims[0], ld = at_least_one(n);
  size_t item = dtype_size(c.dtype);
  fn("L", &n, a->data, &ld, &c.info, 1);
  if (c.info > 0) return fail(&c, LINALG_ERROR, "Matrix is not positive definite");
  for (int j = 1; j < n; j++) memset((char *)a->data + (size_t)j * (size_t)n * item, 0, (size_t)j * item);
  return 0;
}

/* ---- qr ---- */

typedef void (*GeqrfFn)(const int *m, const int *n, void *a, const int *lda, void *tau, void *work, const int *lwork, int *info);
typedef void (*OrgqrFn)(const int *m, const int *n, const int *k, void *a, const int *lda, const void *tau, void *work, const int *lwork,
                        int *info);

/* Column by column: the first `rows` of `from`, which has `ld` rows. */
static void copy_columns(const void *from, int64_t ld, void *to, int64_t rows, int64_t cols, size_t item) {
  for (int64_t j = 0; j < cols; j++)
    memcpy((char *)to + (size_t)(j * rows) * item, (const char *)from + (size_t)(j * ld) * item, (size_t)rows * item);
}

static int32_t orgqr(Call *c, OrgqrFn fn, int m, int k, void *q, const void *tau) {
  int query = -1, lwork, ld = at_least_one(m);
  fn(&m, &k, &k, q, &ld, tau, c->work_size, &query, &c->info);
  free(c->work);
  if (!take_work(c, &lwork)) return no_memory(c);
  fn(&m, &k, &k, q, &ld, tau, c->work, &lwork, &c->info);
  return done(c);
}

/* q: m by k, r: k by n, where k is the smaller of m and n. r comes zeroed. */
int32_t lj_rt_linalg_qr(lj_rt *rt, const lj_site *site, int64_t dtype, const lj_array_head *a, const lj_array_head *q,
                        const lj_array_head *r) {
  Call c = {rt, site, (DType)dtype, 0, {0}, NULL, NULL, NULL};
  int32_t error;
  OrgqrFn second = (OrgqrFn)routine(&c, BLAS_ORGQR, "np.linalg.qr", a, &error);
  GeqrfFn first = second ? (GeqrfFn)routine(&c, BLAS_GEQRF, "np.linalg.qr", a, &error) : NULL;
  if (!first) return error;
  int m = (int)a->dims[0], n = (int)a->dims[1], k = smaller(m, n), ld = at_least_one(m), query = -1, lwork;
  size_t item = dtype_size(c.dtype);
  void *tau = c.rwork = get((size_t)k, item);
  if (!tau) return no_memory(&c);
  first(&m, &n, a->data, &ld, tau, c.work_size, &query, &c.info);
  if (!take_work(&c, &lwork)) return no_memory(&c);
  first(&m, &n, a->data, &ld, tau, c.work, &lwork, &c.info);
  for (int j = 0; j < n; j++)
    memcpy((char *)r->data + (size_t)j * (size_t)k * item, (char *)a->data + (size_t)j * (size_t)m * item,
           (size_t)smaller(j + 1, k) * item);
  copy_columns(a->data, m, q->data, m, k, item);
  return orgqr(&c, second, m, k, q->data, tau);
}
