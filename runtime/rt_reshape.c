/* Can an array with any strides be seen in another shape without a copy? In: the array, the new extents (their product is its size). Out: 1 and the strides of
 * the view, or 0. Axes of extent 1 do not count; the rest fall into groups with equal products, and the old axes of a group must lie in memory as one. */
#include "runtime/rt.h"

typedef struct Axes {
  int64_t dims[16], strides[16];
  int count;
} Axes;

static Axes read_axes(const lj_array_head *a, int64_t ndim) {
  Axes axes = {.count = 0};
  for (int64_t d = 0; d < ndim; d++)
    if (a->dims[d] != 1) axes.dims[axes.count] = a->dims[d], axes.strides[axes.count++] = a->dims[ndim + d];
  return axes;
}

/* Strides of new axes from..to, the innermost of which steps by `step`. */
static void fill(const int64_t *dims, int64_t *strides, int from, int to, int64_t step) {
  for (int k = to; k-- > from;) {
    strides[k] = step;
    step *= dims[k];
  }
}

static bool find_strides(const Axes *old, const int64_t *dims, int count, int64_t *strides) {
  int from = 0, at = 0;
  while (from < old->count) {
    int to = from + 1, end = at;
    int64_t old_size = old->dims[from], size = 1;
    while (size != old_size || end == at) {
      if (size < old_size) {
        if (end == count) return false;
        size *= dims[end++];
      } else {
        if (to == old->count) return false;
        old_size *= old->dims[to++];
      }
    }
    for (int k = from; k + 1 < to; k++)
      if (old->strides[k] != old->dims[k + 1] * old->strides[k + 1]) return false;
    fill(dims, strides, at, end, old->strides[to - 1]);
    from = to, at = end;
  }
  for (; at < count; at++) strides[at] = at ? strides[at - 1] : 0; /* extents of 1 */
  return true;
}

/* dims[0] is not used; out: 1 or 0, then the strides. */
int32_t lj_rt_reshape(lj_rt *rt, const lj_site *site, int64_t ndim, int64_t count, const lj_array_head *a, const int64_t *dims,
                      int64_t *out) {
  (void)rt;
  (void)site;
  Axes old = read_axes(a, ndim);
  bool empty = false;
  for (int k = 0; k < old.count; k++) empty |= old.dims[k] == 0;
  for (int64_t k = 0; k < count; k++) out[1 + k] = 0;
  out[0] = empty || find_strides(&old, dims + 1, (int)count, out + 1);
  return 0;
}
