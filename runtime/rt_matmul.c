/* Products of arrays of floats and complex numbers with any number of dimensions: batches of matrices, each by BLAS or, when it is small or
 * BLAS is missing, by loops. Shapes were checked by compiled code. */
#include "runtime/rt_blas.h"

#include <stdlib.h>

enum { AXES = 8, SMALL = 20 * 20 * 20 }; /* multiplications below which loops are as fast as BLAS (and need no library loaded) */

typedef struct Batch { /* one batch axis: its extent and the steps of the operands and the result in bytes */
  int64_t extent, step[3];
} Batch;

typedef struct Job {
  const lj_rt *rt;
  DType dtype;
  Mat a, b, c;
  Batch axes[AXES];
  int count;
} Job;

static int batch_count(int64_t ndim) { return ndim > 2 ? (int)ndim - 2 : 0; }
static int64_t extent(const lj_array_head *h, int64_t axis) { return h->dims[axis]; }
static int64_t step(const lj_array_head *h, int64_t ndim, int64_t axis) {
  LJ_ASSERT(ndim >= 0 && axis >= 0);
  return h->dims[ndim + axis];
}
static int64_t batch_step(const lj_array_head *h, int64_t ndim, int64_t axis) { return extent(h, axis) == 1 ? 0 : step(h, ndim, axis); }

/* Batch axes of matmul are aligned at their ends; those of dot stand side by side, with the rows of a between them. */
static void set_batches(Job *job, bool side_by_side, int64_t na, const lj_array_head *a, int64_t nb, const lj_array_head *b, int64_t nc,
                        const lj_array_head *c) {
  int batch_a = batch_count(na), batch_b = batch_count(nb);
  if (side_by_side) {
    for (int d = 0; d < batch_a; d++) job->axes[job->count++] = (Batch){extent(c, d), {step(a, na, d), 0, step(c, nc, d)}};
    for (int d = 0; d < batch_b; d++) job->axes[job->count++] = (Batch){extent(b, d), {0, step(b, nb, d), step(c, nc, na - 1 + d)}};
    return;
  }
  int all = batch_a > batch_b ? batch_a : batch_b;
  for (int d = 0; d < all; d++) {
    int da = d - (all - batch_a), db = d - (all - batch_b);
    job->axes[job->count++] =
        (Batch){extent(c, d), {da < 0 ? 0 : batch_step(a, na, da), db < 0 ? 0 : batch_step(b, nb, db), step(c, nc, d)}};
  }
}

static void set_matrices(Job *job, bool side_by_side, int64_t na, const lj_array_head *a, int64_t nb, const lj_array_head *b, int64_t nc,
                         const lj_array_head *c) {
  int64_t item = dtype_size(job->dtype);
  job->a = na > 1 ? (Mat){a->data, extent(a, na - 2), extent(a, na - 1), step(a, na, na - 2), step(a, na, na - 1)}
                  : (Mat){a->data, 1, extent(a, 0), item * extent(a, 0), step(a, 1, 0)};
  job->b = nb > 1 ? (Mat){b->data, extent(b, nb - 2), extent(b, nb - 1), step(b, nb, nb - 2), step(b, nb, nb - 1)}
                  : (Mat){b->data, extent(b, 0), 1, step(b, 1, 0), item};
  int64_t row = side_by_side ? na - 2 : nc - 1 - (nb > 1);
  job->c = (Mat){c->data, job->a.rows, job->b.cols, 0, item};
  job->c.row_step = na > 1 ? step(c, nc, row) : item * job->b.cols;
  if (nb > 1) job->c.col_step = step(c, nc, nc - 1);
}

static void multiply(const lj_rt *rt, DType dtype, const Mat *a, const Mat *b, const Mat *c) {
  bool small = (double)c->rows * (double)c->cols * (double)a->cols <= SMALL;
  if (small || a->cols == 0 || !blas_gemm(dtype, a, b, c)) loops_matmul(rt, dtype, a, b, c);
}

/* All combinations of batch indices, the last one fastest. */
static void run(const Job *job) {
  int64_t at[AXES] = {0};
  for (int d = 0; d < job->count; d++)
    if (job->axes[d].extent == 0) return;
  for (;;) {
    Mat a = job->a, b = job->b, c = job->c;
    for (int d = 0; d < job->count; d++) {
      a.data += at[d] * job->axes[d].step[0];
      b.data += at[d] * job->axes[d].step[1];
      c.data += at[d] * job->axes[d].step[2];
    }
    multiply(job->rt, job->dtype, &a, &b, &c);
    int d = job->count;
    while (d-- > 0) {
      if (++at[d] < job->axes[d].extent) break;
      at[d] = 0;
    }
    if (d < 0 || lj_rt_is_stopped(job->rt)) return;
  }
}

/* The memory that an array covers. */
static void span_of(int64_t ndim, const lj_array_head *h, int64_t item, const char **low, const char **high) {
  *low = h->data, *high = *low + item;
  for (int64_t d = 0; d < ndim; d++) {
    int64_t reach = (extent(h, d) - 1) * step(h, ndim, d);
    if (reach < 0)
      *low += reach;
    else
      *high += reach;
  }
}

static bool overlap(int64_t na, const lj_array_head *a, int64_t nb, const lj_array_head *b, int64_t item) {
  const char *a0, *a1, *b0, *b1;
  span_of(na, a, item, &a0, &a1);
  span_of(nb, b, item, &b0, &b1);
  return a0 < b1 && b0 < a1;
}

/* Is the result to be computed aside: does it lie over an operand, or not along its rows? */
static bool needs_room(const Job *job, int64_t na, const lj_array_head *a, int64_t nb, const lj_array_head *b, int64_t nc,
                       const lj_array_head *c) {
  int64_t item = dtype_size(job->dtype);
  return job->c.col_step != item || job->c.row_step < job->c.cols * item || overlap(na, a, nc, c, item) || overlap(nb, b, nc, c, item);
}

static void copy_out(int64_t ndim, int64_t item, const char *from, const lj_array_head *c, int64_t axis, char *to) {
  int64_t inner = item;
  for (int64_t d = axis + 1; d < ndim; d++) inner *= extent(c, d);
  for (int64_t i = 0; i < extent(c, axis); i++, from += inner, to += step(c, ndim, axis)) {
    if (axis + 1 == ndim)
      memcpy(to, from, (size_t)item);
    else
      copy_out(ndim, item, from, c, axis + 1, to);
  }
}

int32_t lj_rt_matmul(lj_rt *rt, const lj_site *site, int64_t dtype, int64_t side_by_side, int64_t na, const lj_array_head *a, int64_t nb,
                     const lj_array_head *b, int64_t nc, const lj_array_head *c) {
  Job job = {.rt = rt, .dtype = (DType)dtype};
  int64_t item = dtype_size(job.dtype), size = item;
  for (int64_t d = 0; d < nc; d++) size *= extent(c, d);
  if (!size) return 0;
  set_matrices(&job, side_by_side != 0, na, a, nb, b, nc, c);
  set_batches(&job, side_by_side != 0, na, a, nb, b, nc, c);
  if (!needs_room(&job, na, a, nb, b, nc, c)) {
    run(&job);
    return lj_rt_is_stopped(rt) ? lj_rt_stop(rt, site) : 0;
  }
  lj_array_head *fresh = calloc(1, sizeof *fresh + 2 * AXES * sizeof fresh->dims[0]);
  char *memory = malloc((size_t)size);
  if (!fresh || !memory) {
    free(fresh);
    free(memory);
    lj_rt_raise(rt, site, MEMORY_ERROR, "cannot allocate %d bytes for the product", size, 0, 0, 0);
    return MEMORY_ERROR;
  }
  fresh->data = memory;
  int64_t inner = item;
  for (int64_t d = nc; d-- > 0; inner *= extent(c, d)) fresh->dims[d] = extent(c, d), fresh->dims[nc + d] = inner;
  job.count = 0;
  set_matrices(&job, side_by_side != 0, na, a, nb, b, nc, fresh);
  set_batches(&job, side_by_side != 0, na, a, nb, b, nc, fresh);
  run(&job);
  copy_out(nc, item, memory, c, 0, c->data);
  free(fresh);
  free(memory);
  return lj_rt_is_stopped(rt) ? lj_rt_stop(rt, site) : 0;
}
