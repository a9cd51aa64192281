/* Types of values. One record per distinct type, found by a hash of what makes it up, so that equal types are the same pointer
 * and carry the name that numba gives them. Then the questions that inference asks of types alone: where two paths meet, what
 * converts to what, what owns memory. Knows no expressions; operators are promote.c. */
#include "frontend/types.h"

#include "base/strbuf.h"
#include "frontend/builtins.h"

/* Everything that tells two types apart; the name follows from it. */
static bool same_type(const Type *a, const Type *b) {
  return a->kind == b->kind && a->dtype == b->dtype && a->ndim == b->ndim && a->layout == b->layout && a->readonly == b->readonly &&
         a->count == b->count && a->func == b->func && a->builtin == b->builtin && a->module == b->module &&
         (a->count == 0 || memcmp(a->elems, b->elems, a->count * sizeof *a->elems) == 0);
}

static uint64_t hash_type(const Type *t, uint64_t seed) {
  uint64_t parts[] = {
      (uint64_t)t->kind,   (uint64_t)t->dtype, t->ndim, (uint64_t)t->layout, t->readonly, t->count, map_key(t->func),
      map_key(t->builtin), map_key(t->module),
  };
  uint64_t hash = hash_bytes(parts, sizeof parts, seed);
  return t->count ? hash_bytes(t->elems, t->count * sizeof *t->elems, hash) : hash;
}

static const char *tuple_name(Arena *arena, const Type *t) {
  if (t->module) return t->module->text;
  if (t->count && type_is_uniform(t)) return arena_printf(arena, "UniTuple(%s, %u)", t->elems[0]->name, t->count);
  StrBuf sb = {0};
  sb_puts(&sb, "Tuple(");
  for (uint32_t i = 0; i < t->count; i++) sb_printf(&sb, "%s%s", i ? ", " : "", t->elems[i]->name);
  sb_putc(&sb, ')');
  const char *name = arena_copy(arena, sb.data, sb.len);
  sb_drop(&sb);
  return name;
}

static const char *make_name(Arena *arena, const Type *t) {
  switch (t->kind) {
  case TYPE_SCALAR: return dtype_name(t->dtype);
  case TYPE_TUPLE: return tuple_name(arena, t);
  case TYPE_ARRAY:
    return arena_printf(arena, "%sarray(%s, %ud, %c)", t->readonly ? "readonly " : "", dtype_name(t->dtype), (unsigned)t->ndim,
                        "CFA"[t->layout]);
  case TYPE_STR: return "str";
  case TYPE_NONE: return "none";
  case TYPE_OPTIONAL: return arena_printf(arena, "OptionalType(%s)", t->elems[0]->name);
  case TYPE_DTYPE: return arena_printf(arena, "dtype(%s)", dtype_name(t->dtype));
  case TYPE_FUNC: return arena_printf(arena, "function(%s)", t->func->name ? t->func->name->text : "?");
  case TYPE_BUILTIN: return arena_printf(arena, "function(%s)", t->builtin->name);
  case TYPE_MODULE: return arena_printf(arena, "module(%s)", t->module->text);
  case TYPE_ITER: return arena_printf(arena, "iterator(%s)", t->elems[0] ? t->elems[0]->name : "?");
  case TYPE_SLICE: return "slice";
  case TYPE_ELLIPSIS: return "ellipsis";
  }
  LJ_UNREACHABLE();
}

static const Type *intern(TypeTable *tt, const Type *want) {
  for (uint64_t seed = 0;; seed++) { /* a second round only when two types share all 64 bits */
    uint64_t key = hash_type(want, seed);
    const Type *found = map_get(&tt->interned, key);
    if (found && same_type(found, want)) return found;
    if (found) continue;
    Type *made = arena_new(tt->arena, Type);
    *made = *want;
    if (want->count) {
      made->elems = arena_array(tt->arena, const Type *, want->count);
      memcpy(made->elems, want->elems, want->count * sizeof *want->elems);
    }
    made->name = make_name(tt->arena, made);
    map_put(tt->arena, &tt->interned, key, made);
    return made;
  }
}

void types_init(TypeTable *tt, Arena *arena) {
  *tt = (TypeTable){.arena = arena};
  for (int d = 0; d < DT_COUNT; d++) tt->scalars[d] = intern(tt, &(Type){.kind = TYPE_SCALAR, .dtype = (DType)d});
  tt->none = intern(tt, &(Type){.kind = TYPE_NONE});
  tt->str = intern(tt, &(Type){.kind = TYPE_STR});
  tt->slice = intern(tt, &(Type){.kind = TYPE_SLICE});
  tt->ellipsis = intern(tt, &(Type){.kind = TYPE_ELLIPSIS});
}

const Type *type_array(TypeTable *tt, DType dtype, unsigned ndim, Layout layout, bool readonly) {
  LJ_ASSERT(ndim <= TYPE_MAX_NDIM);
  if (ndim == 0 || (ndim == 1 && layout == LAYOUT_F)) layout = LAYOUT_C; /* the same thing there */
  return intern(tt, &(Type){.kind = TYPE_ARRAY, .dtype = dtype, .ndim = (uint8_t)ndim, .layout = layout, .readonly = readonly});
}

const Type *type_tuple(TypeTable *tt, const Type *const *elems, uint32_t count) {
  return intern(tt, &(Type){.kind = TYPE_TUPLE, .elems = (const Type **)elems, .count = count});
}

const Type *type_named_tuple(TypeTable *tt, Sym name, const Type *const *elems, uint32_t count) {
  return intern(tt, &(Type){.kind = TYPE_TUPLE, .module = name, .elems = (const Type **)elems, .count = count});
}

const Type *type_optional(TypeTable *tt, const Type *of) {
  if (of->kind == TYPE_NONE || of->kind == TYPE_OPTIONAL) return of;
  return intern(tt, &(Type){.kind = TYPE_OPTIONAL, .elems = &of, .count = 1});
}

const Type *type_dtype(TypeTable *tt, DType dtype) { return intern(tt, &(Type){.kind = TYPE_DTYPE, .dtype = dtype}); }

const Type *type_func(TypeTable *tt, FuncDef *func, const Type *const *captures, uint32_t count) {
  return intern(tt, &(Type){.kind = TYPE_FUNC, .func = func, .elems = (const Type **)captures, .count = count});
}

const Type *type_builtin(TypeTable *tt, const Builtin *builtin) { return intern(tt, &(Type){.kind = TYPE_BUILTIN, .builtin = builtin}); }

const Type *type_module(TypeTable *tt, Sym module) { return intern(tt, &(Type){.kind = TYPE_MODULE, .module = module}); }

const Type *type_iter(TypeTable *tt, const Type *element) { return intern(tt, &(Type){.kind = TYPE_ITER, .elems = &element, .count = 1}); }

bool type_is_uniform(const Type *tuple) {
  if (!type_is_tuple(tuple)) return false;
  for (uint32_t i = 1; i < tuple->count; i++)
    if (tuple->elems[i] != tuple->elems[0]) return false;
  return true;
}

static bool any_elem_owns(const Type *t) {
  for (uint32_t i = 0; i < t->count; i++)
    if (type_owns(t->elems[i])) return true;
  return false;
}

bool type_owns(const Type *t) {
  if (!t) return false;
  switch (t->kind) {
  case TYPE_ARRAY:
  case TYPE_STR: return true;
  case TYPE_TUPLE:
  case TYPE_OPTIONAL:
  case TYPE_FUNC: return any_elem_owns(t);
  case TYPE_SCALAR:
  case TYPE_NONE:
  case TYPE_DTYPE:
  case TYPE_BUILTIN:
  case TYPE_MODULE:
  case TYPE_ITER:
  case TYPE_SLICE:
  case TYPE_ELLIPSIS: return false;
  }
  LJ_UNREACHABLE();
}

bool type_is_value(const Type *t) {
  if (!t) return false;
  switch (t->kind) {
  case TYPE_SCALAR:
  case TYPE_ARRAY:
  case TYPE_STR:
  case TYPE_NONE:
  case TYPE_OPTIONAL:
  case TYPE_DTYPE:
  case TYPE_FUNC:
  case TYPE_BUILTIN: return true;
  case TYPE_TUPLE:
    for (uint32_t i = 0; i < t->count; i++)
      if (!type_is_value(t->elems[i])) return false;
    return true;
  case TYPE_MODULE:
  case TYPE_ITER:
  case TYPE_SLICE:
  case TYPE_ELLIPSIS: return false;
  }
  LJ_UNREACHABLE();
}

/* numba's widening, but an unsigned 64-bit integer that meets a signed one stays an integer (LANGUAGE.md section 4). */
static DType unify_dtypes(DType a, DType b) {
  bool is_mixed = (a == DT_UINT64 && dtype_is_signed(b)) || (b == DT_UINT64 && dtype_is_signed(a));
  return is_mixed ? DT_INT64 : dtype_promote(a, b);
}

static const Type *unify_elems(TypeTable *tt, const Type *a, const Type *b) {
  if (a->count != b->count) return NULL;
  const Type **elems = arena_array(tt->arena, const Type *, a->count);
  for (uint32_t i = 0; i < a->count; i++)
    if (!(elems[i] = type_unify(tt, a->elems[i], b->elems[i]))) return NULL;
  return a->kind == TYPE_TUPLE ? type_tuple(tt, elems, a->count) : type_func(tt, a->func, elems, a->count);
}

/* A value, None, or an optional that meets None or an optional. */
static const Type *unify_optional(TypeTable *tt, const Type *a, const Type *b) {
  const Type *of_a = a->kind == TYPE_OPTIONAL ? a->elems[0] : a, *of_b = b->kind == TYPE_OPTIONAL ? b->elems[0] : b;
  const Type *both = of_a->kind == TYPE_NONE ? of_b : of_b->kind == TYPE_NONE ? of_a : type_unify(tt, of_a, of_b);
  return both && type_is_value(both) ? type_optional(tt, both) : NULL;
}

const Type *type_unify(TypeTable *tt, const Type *a, const Type *b) {
  if (a == b) return a;
  if (!a || !b) return NULL;
  if (a->kind == TYPE_NONE || b->kind == TYPE_NONE || a->kind == TYPE_OPTIONAL || b->kind == TYPE_OPTIONAL) return unify_optional(tt, a, b);
  if (a->kind != b->kind) return NULL;
  switch (a->kind) {
  case TYPE_SCALAR: return type_scalar(tt, unify_dtypes(a->dtype, b->dtype));
  case TYPE_TUPLE: return unify_elems(tt, a, b);
  case TYPE_ARRAY:
    if (a->dtype != b->dtype || a->ndim != b->ndim) return NULL;
    return type_array(tt, a->dtype, a->ndim, a->layout == b->layout ? a->layout : LAYOUT_A, a->readonly || b->readonly);
  case TYPE_FUNC: return a->func == b->func ? unify_elems(tt, a, b) : NULL;
  case TYPE_ITER: {
    const Type *element = type_unify(tt, a->elems[0], b->elems[0]);
    return element ? type_iter(tt, element) : NULL;
  }
  case TYPE_STR:
  case TYPE_NONE:
  case TYPE_OPTIONAL:
  case TYPE_DTYPE:
  case TYPE_BUILTIN:
  case TYPE_MODULE:
  case TYPE_SLICE:
  case TYPE_ELLIPSIS: return NULL; /* equal ones are the same pointer */
  }
  LJ_UNREACHABLE();
}

bool type_can_convert(const Type *from, const Type *to) {
  if (from == to) return true;
  if (!from || !to) return false;
  if (to->kind == TYPE_OPTIONAL)
    return from->kind == TYPE_NONE || type_can_convert(from->kind == TYPE_OPTIONAL ? from->elems[0] : from, to->elems[0]);
  if (from->kind == TYPE_OPTIONAL) return type_can_convert(from->elems[0], to); /* None is refused when it arrives */
  if (from->kind != to->kind) return false;
  if (from->kind == TYPE_SCALAR) return !dtype_is_complex(from->dtype) || dtype_is_complex(to->dtype);
  if (from->kind == TYPE_ARRAY)
    return from->dtype == to->dtype && from->ndim == to->ndim && (from->layout == to->layout || to->layout == LAYOUT_A) &&
           (!from->readonly || to->readonly);
  if (from->kind != TYPE_TUPLE || from->count != to->count) return false;
  for (uint32_t i = 0; i < from->count; i++)
    if (!type_can_convert(from->elems[i], to->elems[i])) return false;
  return true;
}
