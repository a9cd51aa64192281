/* Products of two matrices by BLAS, which thinks in columns: a row-major c = a b is computed as the column-major c' = b' a'. A matrix
 * that BLAS cannot express (no unit step along either axis, a negative or odd step) is copied first; nothing else is. */
#include "runtime/rt_blas.h"

#include <stdlib.h>

typedef struct Scalar2 { /* 1 and 0 of any precision */
  double re, im;
} Scalar2;
typedef void (*GemmFn)(const char *ta, const char *tb, const int *m, const int *n, const int *k, const void *alpha, const void *a,
                       const int *lda, const void *b, const int *ldb, const void *beta, void *c, const int *ldc, size_t, size_t);
typedef void (*GemvFn)(const char *t, const int *m, const int *n, const void *alpha, const void *a, const int *lda, const void *x,
                       const int *incx, const void *beta, void *y, const int *incy, size_t);

static Scalar2 number(DType dtype, double value) {
  Scalar2 s = {0, 0};
  if (dtype == DT_FLOAT64 || dtype == DT_COMPLEX128) {
    s.re = value;
  } else {
    float f = (float)value;
    memcpy(&s, &f, sizeof f);
  }
  return s;
}

bool blas_expresses(const Mat *m, int64_t item, int *ld, bool *transposed) {
  int64_t across = m->rows > 1 ? m->row_step : m->cols * item, along = m->cols > 1 ? m->col_step : item;
  *transposed = along != item;
  int64_t step = across;
  int64_t least = m->cols;
  if (*transposed) {
    if (m->rows > 1 && m->row_step != item) return false;
    step = m->cols > 1 ? m->col_step : m->rows * item;
    least = m->rows;
  }
  if (step % item || step / item < (least > 1 ? least : 1) || step / item > INT32_MAX) return false;
  *ld = (int)(step / item);
  return true;
}

/* A row-major copy; its memory is *buffer. */
static bool copied(const Mat *m, int64_t item, Mat *out, void **buffer) {
  *buffer = malloc((size_t)(m->rows * m->cols * item) + 1);
  if (!*buffer) return false;
  *out = (Mat){*buffer, m->rows, m->cols, m->cols * item, item};
  for (int64_t i = 0; i < m->rows; i++)
    for (int64_t j = 0; j < m->cols; j++)
      memcpy(out->data + (i * m->cols + j) * item, m->data + i * m->row_step + j * m->col_step, (size_t)item);
  return true;
}

/* One of the factors is a vector: y = m x, where x and y have any positive step. */
static bool gemv(DType dtype, const Mat *m, const char *x, int64_t x_step, char *y, int64_t y_step) {
  GemvFn fn = (GemvFn)blas_routine(BLAS_GEMV, dtype);
  int64_t item = dtype_size(dtype);
  int ld, rows, cols, incx, incy;
  bool column_major;
  if (!fn || !blas_expresses(m, item, &ld, &column_major)) return false;
  if (x_step <= 0 || y_step <= 0 || x_step % item || y_step % item || x_step / item > INT32_MAX || y_step / item > INT32_MAX) return false;
  rows = (int)(column_major ? m->rows : m->cols), cols = (int)(column_major ? m->cols : m->rows);
  incx = (int)(x_step / item), incy = (int)(y_step / item);
  Scalar2 one = number(dtype, 1), zero = number(dtype, 0);
  fn(column_major ? "N" : "T", &rows, &cols, &one, m->data, &ld, x, &incx, &zero, y, &incy, 1);
  return true;
}

static bool by_gemm(DType dtype, const Mat *a, const Mat *b, const Mat *c) {
  GemmFn fn = (GemmFn)blas_routine(BLAS_GEMM, dtype);
  int lda, ldb, ldc;
  bool ta, tb, tc;
  int64_t item = dtype_size(dtype);
  if (!fn || !blas_expresses(c, item, &ldc, &tc) || tc) return false;
  if (!blas_expresses(a, item, &lda, &ta) || !blas_expresses(b, item, &ldb, &tb)) return false;
  int m = (int)c->cols, n = (int)c->rows, k = (int)a->cols;
  Scalar2 one = number(dtype, 1), zero = number(dtype, 0);
  fn(tb ? "T" : "N", ta ? "T" : "N", &m, &n, &k, &one, b->data, &ldb, a->data, &lda, &zero, c->data, &ldc, 1, 1);
  return true;
}

bool blas_gemm(DType dtype, const Mat *a, const Mat *b, const Mat *c) {
  int64_t item = dtype_size(dtype);
  int ld;
  bool transposed;
  if (c->rows > INT32_MAX || c->cols > INT32_MAX || a->cols > INT32_MAX || !blas_routine(BLAS_GEMM, dtype)) return false;
  if (c->cols == 1 && gemv(dtype, a, b->data, b->rows > 1 ? b->row_step : item, c->data, c->rows > 1 ? c->row_step : item)) return true;
  Mat turned = {b->data, b->cols, b->rows, b->col_step, b->row_step};
  if (c->rows == 1 && gemv(dtype, &turned, a->data, a->cols > 1 ? a->col_step : item, c->data, c->cols > 1 ? c->col_step : item))
    return true;
  Mat a2 = *a, b2 = *b;
  void *memory_a = NULL, *memory_b = NULL;
  bool ok = blas_expresses(a, item, &ld, &transposed) || copied(a, item, &a2, &memory_a);
  ok = ok && (blas_expresses(b, item, &ld, &transposed) || copied(b, item, &b2, &memory_b));
  ok = ok && by_gemm(dtype, &a2, &b2, c);
  free(memory_a);
  free(memory_b);
  return ok;
}
