/* Types as data for hosts: an lj_type is a type of a module's program (frontend/types.h) behind an opaque pointer, and a kernel tells the types and
 * places of its parameters and result. In: kernels. Out: facts that live as long as the module. Makes no types and holds no lock: types are never changed.
 * What a host cannot hold (a function as a result) counts as None. */
#include "jit/engine.h"

#include "frontend/types.h"

_Static_assert((int)LJ_LAYOUT_C == (int)LAYOUT_C && (int)LJ_LAYOUT_F == (int)LAYOUT_F && (int)LJ_LAYOUT_ANY == (int)LAYOUT_A,
               "the public layouts are the internal ones");

static const lj_type *wrap(const Type *type) { return (const lj_type *)type; }
static const Type *whole(const lj_type *type) { return (const Type *)type; }

/* Of an optional: what it is when it is not None. */
static const Type *inner(const lj_type *type) { return whole(type)->kind == TYPE_OPTIONAL ? whole(type)->elems[0] : whole(type); }

lj_kind lj_type_kind(const lj_type *type) {
  switch (inner(type)->kind) {
  case TYPE_SCALAR: return LJ_KIND_SCALAR;
  case TYPE_TUPLE: return LJ_KIND_TUPLE;
  case TYPE_ARRAY: return LJ_KIND_ARRAY;
  case TYPE_STR: return LJ_KIND_STR;
  case TYPE_DTYPE: return LJ_KIND_DTYPE;
  case TYPE_NONE:
  case TYPE_OPTIONAL:
  case TYPE_FUNC:
  case TYPE_BUILTIN:
  case TYPE_MODULE:
  case TYPE_ITER:
  case TYPE_SLICE:
  case TYPE_ELLIPSIS: return LJ_KIND_NONE;
  }
  LJ_UNREACHABLE();
}

bool lj_type_is_optional(const lj_type *type) { return whole(type)->kind == TYPE_OPTIONAL; }
const char *lj_type_text(const lj_type *type) { return type_name(whole(type)); }
lj_dtype lj_type_dtype(const lj_type *type) { return (lj_dtype)inner(type)->dtype; }
int lj_type_ndim(const lj_type *type) { return type_is_array(inner(type)) ? inner(type)->ndim : 0; }
lj_layout lj_type_layout(const lj_type *type) { return type_is_array(inner(type)) ? (lj_layout)inner(type)->layout : LJ_LAYOUT_C; }
bool lj_type_is_readonly(const lj_type *type) { return type_is_array(inner(type)) && inner(type)->readonly; }
size_t lj_type_item_count(const lj_type *type) { return type_is_tuple(inner(type)) ? inner(type)->count : 0; }
const lj_type *lj_type_item(const lj_type *type, size_t index) {
  return index < lj_type_item_count(type) ? wrap(inner(type)->elems[index]) : NULL;
}

size_t lj_type_size(const lj_type *type) {
  size_t align;
  return layout_size(whole(type), &align);
}

size_t lj_kernel_param_count(const lj_kernel *kernel) { return kernel->arg_count; }
const lj_type *lj_kernel_param_type(const lj_kernel *kernel, size_t index) {
  return index < kernel->arg_count ? wrap(kernel->params[index]) : NULL;
}
const lj_type *lj_kernel_result_type(const lj_kernel *kernel) { return wrap(kernel->result); }

size_t lj_kernel_param_offset(const lj_kernel *kernel, size_t index) {
  for (uint32_t i = 0; i < kernel->slot_count; i++)
    if (kernel->slots[i].arg == index) return kernel->slots[i].offset;
  return SIZE_MAX;
}
