/* Singular values, eigenvalues and least squares by LAPACK: the routines with real work space of their own. As rt_linalg.c. */
#include <math.h>
#include <stdlib.h>

#include "runtime/rt_blas.h"

typedef struct Space { /* work space of one call; freed together */
  void *work, *rwork, *iwork;
} Space;

static int32_t leave(Space *w, lj_rt *rt, const lj_site *site, ErrorKind kind, const char *message) {
  free(w->work), free(w->rwork), free(w->iwork);
  if (message) lj_rt_raise(rt, site, (int32_t)kind, message, 0, 0, 0, 0);
  return message ? (int32_t)kind : 0;
}

static void *get(double count, size_t size) { return count < 1e15 ? calloc(count > 1 ? (size_t)count : 1, size) : NULL; }
static int at_least_one(int n) { return n > 1 ? n : 1; }
static int smaller(int a, int b) { return a < b ? a : b; }
static int larger(int a, int b) { return a > b ? a : b; }

static double asked(DType dtype, const double *answer) {
  float single;
  memcpy(&single, answer, sizeof single);
  return dtype_size(dtype_real_of(dtype)) == 4 ? (double)single : answer[0];
}

static bool all_finite(DType dtype, const lj_array_head *a) {
  int64_t n = a->dims[0] * a->dims[1] * (dtype_is_complex(dtype) ? 2 : 1);
  bool single = dtype_size(dtype_real_of(dtype)) == 4;
  for (int64_t i = 0; i < n; i++)
    if (!isfinite(single ? (double)((const float *)a->data)[i] : ((const double *)a->data)[i])) return false;
  return true;
}

static int32_t too_large(lj_rt *rt, const lj_site *site, const lj_array_head *a) {
  if (a->dims[0] < INT32_MAX && a->dims[1] < INT32_MAX) return 0;
  lj_rt_raise(rt, site, VALUE_ERROR, "the matrix is too large for LAPACK", 0, 0, 0, 0);
  return VALUE_ERROR;
}

/* ---- singular values ---- */

typedef void (*GesddFn)(const char *job, const int *m, const int *n, void *a, const int *lda, void *s, void *u, const int *ldu, void *vt,
                        const int *ldvt, void *work, const int *lwork, int *iwork, int *info, size_t);
typedef void (*GesddComplexFn)(const char *job, const int *m, const int *n, void *a, const int *lda, void *s, void *u, const int *ldu,
                               void *vt, const int *ldvt, void *work, const int *lwork, void *rwork, int *iwork, int *info, size_t);

/* mode 0: s alone; 1: square u and vt; 2: as many vectors as there are values. */
int32_t lj_rt_linalg_svd(lj_rt *rt, const lj_site *site, int64_t type, int64_t mode, const lj_array_head *a, const lj_array_head *u,
                         const lj_array_head *s, const lj_array_head *vt) {
  static const char *const jobs[] = {"N", "A", "S"};
  Space w = {NULL, NULL, NULL};
  DType dtype = (DType)type;
  void *fn = blas_routine(BLAS_GESDD, dtype);
  if (!fn) return blas_missing(rt, site, "np.linalg.svd");
  if (too_large(rt, site, a)) return VALUE_ERROR;
  bool is_complex = dtype_is_complex(dtype);
  const char *job = jobs[mode];
  int m = (int)a->dims[0], n = (int)a->dims[1], k = smaller(m, n), info = 0, query = -1, lwork;
  int lda = at_least_one(m), ldu = lda, ldvt = at_least_one(mode == 1 ? n : k);
  if (k == 0) return 0;
  double answer[2] = {0}, kd = k, md = larger(m, n), rooms = kd * larger(5 * k + 7, 2 * larger(m, n) + 2 * k + 1);
  w.iwork = get(8 * kd, sizeof(int));
  w.rwork = is_complex ? get(mode ? rooms : 7 * md, dtype_size(dtype_real_of(dtype))) : NULL;
  if (!w.iwork || (is_complex && !w.rwork)) return leave(&w, rt, site, MEMORY_ERROR, "no memory for the work space of LAPACK");
  for (int pass = 0; pass < 2; pass++) {
    void *work = pass ? w.work : (void *)answer;
    const int *size = pass ? &lwork : &query;
    if (is_complex)
      ((GesddComplexFn)fn)(job, &m, &n, a->data, &lda, s->data, u->data, &ldu, vt->data, &ldvt, work, size, w.rwork, w.iwork, &info, 1);
    else
      ((GesddFn)fn)(job, &m, &n, a->data, &lda, s->data, u->data, &ldu, vt->data, &ldvt, work, size, w.iwork, &info, 1);
    if (pass) break;
    lwork = (int)asked(dtype, answer);
    if (!(w.work = get(lwork, dtype_size(dtype)))) return leave(&w, rt, site, MEMORY_ERROR, "no memory for the work space of LAPACK");
  }
  return leave(&w, rt, site, LINALG_ERROR, info ? "SVD did not converge" : NULL);
}

/* ---- eigenvalues of any square matrix ---- */

typedef void (*GeevFn)(const char *left, const char *right, const int *n, void *a, const int *lda, void *wr, void *wi, void *vl,
                       const int *ldvl, void *vr, const int *ldvr, void *work, const int *lwork, int *info, size_t, size_t);
typedef void (*GeevComplexFn)(const char *left, const char *right, const int *n, void *a, const int *lda, void *w, void *vl,
                              const int *ldvl, void *vr, const int *ldvr, void *work, const int *lwork, void *rwork, int *info, size_t,
                              size_t);

static bool has_nonzero(DType dtype, const void *p, int n) {
  for (int i = 0; i < n; i++)
    if ((dtype == DT_FLOAT32 ? (double)((const float *)p)[i] : ((const double *)p)[i]) != 0) return true;
  return false;
}

/* Real matrices must have real eigenvalues, as in numba: the type of the result cannot depend on the values. */
int32_t lj_rt_linalg_eig(lj_rt *rt, const lj_site *site, int64_t type, int64_t vectors, const lj_array_head *a, const lj_array_head *values,
                         const lj_array_head *v) {
  Space w = {NULL, NULL, NULL};
  DType dtype = (DType)type;
  void *fn = blas_routine(BLAS_GEEV, dtype);
  if (!fn) return blas_missing(rt, site, vectors ? "np.linalg.eig" : "np.linalg.eigvals");
  if (too_large(rt, site, a)) return VALUE_ERROR;
  if (!all_finite(dtype, a)) return leave(&w, rt, site, LINALG_ERROR, "Array must not contain infs or NaNs");
  int n = (int)a->dims[0], ld = at_least_one(n), one = 1, info = 0, query = -1, lwork;
  double answer[2] = {0}, none[2];
  const char *job = vectors ? "V" : "N";
  w.rwork = get(2.0 * n, dtype_size(dtype_real_of(dtype))); /* real: the imaginary parts */
  if (!w.rwork) return leave(&w, rt, site, MEMORY_ERROR, "no memory for the work space of LAPACK");
  for (int pass = 0; pass < 2; pass++) {
    void *work = pass ? w.work : (void *)answer;
    const int *size = pass ? &lwork : &query;
    if (dtype_is_complex(dtype))
      ((GeevComplexFn)fn)("N", job, &n, a->data, &ld, values->data, none, &one, v->data, &ld, work, size, w.rwork, &info, 1, 1);
    else
      ((GeevFn)fn)("N", job, &n, a->data, &ld, values->data, w.rwork, none, &one, v->data, &ld, work, size, &info, 1, 1);
    if (pass) break;
    lwork = (int)asked(dtype, answer);
    if (!(w.work = get(lwork, dtype_size(dtype)))) return leave(&w, rt, site, MEMORY_ERROR, "no memory for the work space of LAPACK");
  }
  if (info > 0) return leave(&w, rt, site, LINALG_ERROR, "Eigenvalues did not converge");
  if (!dtype_is_complex(dtype) && has_nonzero(dtype, w.rwork, n))
    return leave(&w, rt, site, VALUE_ERROR,
                 vectors ? "eig() argument must not cause a domain change: the eigenvalues are complex; pass a complex matrix"
                         : "eigvals() argument must not cause a domain change: the eigenvalues are complex; pass a complex matrix");
  return leave(&w, rt, site, ERROR_NONE, NULL);
}

/* ---- eigenvalues of symmetric and Hermitian matrices ---- */

typedef void (*SyevdFn)(const char *job, const char *uplo, const int *n, void *a, const int *lda, void *w, void *work, const int *lwork,
                        int *iwork, const int *liwork, int *info, size_t, size_t);
typedef void (*HeevdFn)(const char *job, const char *uplo, const int *n, void *a, const int *lda, void *w, void *work, const int *lwork,
                        void *rwork, const int *lrwork, int *iwork, const int *liwork, int *info, size_t, size_t);

/* The vectors replace a. Only the lower triangle is read. */
int32_t lj_rt_linalg_eigh(lj_rt *rt, const lj_site *site, int64_t type, int64_t vectors, const lj_array_head *a,
                          const lj_array_head *values) {
  Space w = {NULL, NULL, NULL};
  DType dtype = (DType)type;
  void *fn = blas_routine(BLAS_SYEVD, dtype);
  if (!fn) return blas_missing(rt, site, vectors ? "np.linalg.eigh" : "np.linalg.eigvalsh");
  if (too_large(rt, site, a)) return VALUE_ERROR;
  int n = (int)a->dims[0], ld = at_least_one(n), info = 0, lwork = -1, lrwork = -1, liwork = -1, int_answer = 0;
  double answer[2] = {0}, real_answer[2] = {0};
  bool is_complex = dtype_is_complex(dtype);
  const char *job = vectors ? "V" : "N";
  for (int pass = 0; pass < 2; pass++) {
    void *work = pass ? w.work : (void *)answer, *rwork = pass ? w.rwork : (void *)real_answer;
    int *iwork = pass ? w.iwork : &int_answer;
    if (is_complex)
      ((HeevdFn)fn)(job, "L", &n, a->data, &ld, values->data, work, &lwork, rwork, &lrwork, iwork, &liwork, &info, 1, 1);
    else
      ((SyevdFn)fn)(job, "L", &n, a->data, &ld, values->data, work, &lwork, iwork, &liwork, &info, 1, 1);
    if (pass) break;
    lwork = (int)asked(dtype, answer), lrwork = is_complex ? (int)asked(dtype_real_of(dtype), real_answer) : 1, liwork = int_answer;
    w.work = get(lwork, dtype_size(dtype)), w.rwork = get(lrwork, dtype_size(dtype_real_of(dtype))), w.iwork = get(liwork, sizeof(int));
    if (!w.work || !w.rwork || !w.iwork) return leave(&w, rt, site, MEMORY_ERROR, "no memory for the work space of LAPACK");
  }
  return leave(&w, rt, site, LINALG_ERROR, info > 0 ? "Eigenvalues did not converge" : NULL);
}

/* ---- least squares ---- */

typedef void (*GelsdFn)(const int *m, const int *n, const int *nrhs, void *a, const int *lda, void *b, const int *ldb, void *s,
                        const void *rcond, int *rank, void *work, const int *lwork, int *iwork, int *info);
typedef void (*GelsdComplexFn)(const int *m, const int *n, const int *nrhs, void *a, const int *lda, void *b, const int *ldb, void *s,
                               const void *rcond, int *rank, void *work, const int *lwork, void *rwork, int *iwork, int *info);

/* b: max(m, n) by nrhs; its first n rows become the solution. Out: the rank. */
int32_t lj_rt_linalg_lstsq(lj_rt *rt, const lj_site *site, int64_t type, double rcond, const lj_array_head *a, const lj_array_head *b,
                           const lj_array_head *s, int64_t *out) {
  Space w = {NULL, NULL, NULL};
  DType dtype = (DType)type;
  void *fn = blas_routine(BLAS_GELSD, dtype);
  if (!fn) return blas_missing(rt, site, "np.linalg.lstsq");
  if (too_large(rt, site, a) || too_large(rt, site, b)) return VALUE_ERROR;
  int m = (int)a->dims[0], n = (int)a->dims[1], nrhs = (int)b->dims[1], lda = at_least_one(m), ldb = at_least_one(larger(m, n));
  int info = 0, rank = 0, lwork = -1, int_answer = 0;
  double answer[2] = {0}, real_answer[2] = {0}, limit = rcond;
  float single = (float)rcond;
  if (dtype_size(dtype_real_of(dtype)) == 4) memcpy(&limit, &single, sizeof single);
  for (int pass = 0; pass < 2 && m && n; pass++) {
    void *work = pass ? w.work : (void *)answer, *rwork = pass ? w.rwork : (void *)real_answer;
    int *iwork = pass ? w.iwork : &int_answer;
    if (dtype_is_complex(dtype))
      ((GelsdComplexFn)fn)(&m, &n, &nrhs, a->data, &lda, b->data, &ldb, s->data, &limit, &rank, work, &lwork, rwork, iwork, &info);
    else
      ((GelsdFn)fn)(&m, &n, &nrhs, a->data, &lda, b->data, &ldb, s->data, &limit, &rank, work, &lwork, iwork, &info);
    if (pass) break;
    lwork = (int)asked(dtype, answer);
    w.work = get(lwork, dtype_size(dtype)), w.iwork = get(int_answer, sizeof(int));
    w.rwork = get(asked(dtype_real_of(dtype), real_answer), dtype_size(dtype_real_of(dtype)));
    if (!w.work || !w.rwork || !w.iwork) return leave(&w, rt, site, MEMORY_ERROR, "no memory for the work space of LAPACK");
  }
  *out = rank;
  return leave(&w, rt, site, LINALG_ERROR, info > 0 ? "SVD did not converge in Linear Least Squares" : NULL);
}
