/* Assignment of one array to another of the same dtype, with NumPy's broadcasting: what compiled array statements do where their operands do
 * not have the shape of the loops that were compiled for them, or share memory with the target. In: values in memory (rt.h) that do not
 * overlap. Out: elements copied, or ValueError in the context and nothing changed. */
#include "runtime/rt_format.h"

#include <stdlib.h>
#include <string.h>

enum { AXES = 8 };

typedef struct Copy { /* strides are 0 where the source is broadcast */
  int64_t item, ndim, extent[AXES], to_step[AXES], from_step[AXES];
} Copy;

static void copy_row(const Copy *c, char *to, const char *from) {
  int64_t last = c->ndim - 1, n = c->extent[last], to_step = c->to_step[last], from_step = c->from_step[last];
  if (to_step == c->item && from_step == c->item) {
    memcpy(to, from, (size_t)(n * c->item));
    return;
  }
  for (int64_t i = 0; i < n; i++, to += to_step, from += from_step) {
    switch (c->item) { /* sizes that are one move each */
    case 1: *to = *from; break;
    case 4: memcpy(to, from, 4); break;
    case 8: memcpy(to, from, 8); break;
    default: memcpy(to, from, (size_t)c->item); break;
    }
  }
}

/* Ends early when the call is to stop. */
static void copy_axes(const lj_rt *rt, const Copy *c, int64_t axis, char *to, const char *from) {
  if (axis == c->ndim - 1) {
    copy_row(c, to, from);
    return;
  }
  for (int64_t i = 0; i < c->extent[axis] && !lj_rt_is_stopped(rt); i++)
    copy_axes(rt, c, axis + 1, to + i * c->to_step[axis], from + i * c->from_step[axis]);
}

/* to[...] = from; false where the shapes do not fit. Leading axes of extent 1 may be too many. */
static bool assign(const lj_rt *rt, int64_t item, int64_t nt, const lj_array_head *to, int64_t nf, const lj_array_head *from) {
  Copy c = {.item = item, .ndim = nt};
  bool empty = false;
  LJ_ASSERT(nt <= AXES && nf <= AXES);
  for (int64_t k = 0; k < nf - nt; k++)
    if (from->dims[k] != 1) return false;
  for (int64_t k = 0; k < nt; k++) {
    int64_t axis = k - nt + nf, n = axis < 0 ? 1 : from->dims[axis];
    c.extent[k] = to->dims[k];
    c.to_step[k] = to->dims[nt + k];
    c.from_step[k] = n == 1 ? 0 : from->dims[nf + axis];
    if (n != 1 && n != c.extent[k]) return false;
    empty |= c.extent[k] == 0;
  }
  if (empty) return true;
  if (nt)
    copy_axes(rt, &c, 0, to->data, from->data);
  else
    memcpy(to->data, from->data, (size_t)item);
  return true;
}

int32_t lj_rt_assign(lj_rt *rt, const lj_site *site, int64_t item, int64_t nt, const lj_array_head *to, int64_t nf,
                     const lj_array_head *from) {
  if (assign(rt, item, nt, to, nf, from)) return lj_rt_is_stopped(rt) ? lj_rt_stop(rt, site) : 0;
  StrBuf text = {0};
  sb_puts(&text, "could not broadcast input array from shape ");
  format_shape(&text, nf, from->dims);
  sb_puts(&text, " into shape ");
  format_shape(&text, nt, to->dims);
  lj_rt_raise(rt, site, VALUE_ERROR, sb_text(&text), 0, 0, 0, 0); /* the text holds no '%' */
  sb_drop(&text);
  return VALUE_ERROR;
}

/* ---- arrays that the context keeps for compiled code ---- */

void lj_rt_give_back(lj_rt *rt, const lj_site *site, int64_t count) {
  (void)site;
  for (; count > 0 && rt->lent_len; count--) lj_rt_free(rt->lent[--rt->lent_len]);
}

int32_t lj_rt_scratch(lj_rt *rt, const lj_site *site, int64_t item, int64_t column_major, int64_t ndim, const void *shape,
                      lj_array_head *out) {
  const int64_t *extent = shape;
  if (rt->lent_len == rt->lent_cap) {
    size_t cap = rt->lent_cap ? 2 * rt->lent_cap : 8;
    lj_owner **more = realloc(rt->lent, cap * sizeof(lj_owner *));
    if (!more) {
      lj_rt_raise(rt, site, MEMORY_ERROR, "cannot allocate memory for an array", 0, 0, 0, 0);
      return MEMORY_ERROR;
    }
    rt->lent = more, rt->lent_cap = cap;
  }
  int32_t status = lj_rt_alloc(rt, site, ndim, extent, item, 0, out);
  if (status) return status;
  rt->lent[rt->lent_len++] = out->owner;
  int64_t step = item;
  for (int64_t i = 0; i < ndim; i++) {
    int64_t axis = column_major ? i : ndim - 1 - i;
    out->dims[axis] = extent[axis];
    out->dims[ndim + axis] = step;
    step *= extent[axis];
  }
  return 0;
}
