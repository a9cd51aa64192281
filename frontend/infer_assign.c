/* Inference of assignments: names, unpacking, stores into arrays, augmented assignment.
 * Stores convert as C casts do; what cannot be converted (complex into real, a string, a wrong shape) is refused here. */
#include "frontend/infer.h"

/* The name that an indexed expression starts at: `a` of a[i].T[j]; NULL when there is none. */
static const Expr *root_name(const Expr *e) {
  for (;;) {
    if (e->kind == EXPR_INDEX)
      e = e->as.index.base;
    else if (e->kind == EXPR_ATTR && e->ref.kind == REF_NONE)
      e = e->as.attr.base;
    else
      return e->kind == EXPR_NAME ? e : NULL;
  }
}

static void note_origin(Infer *in, const Expr *target) {
  const Expr *name = root_name(target);
  if (!name) return;
  Def *def = name->ref.kind == REF_DEF ? infer_origin(in, name->ref.def) : NULL;
  Span at = def ? def->span : name->ref.kind == REF_GLOBAL && name->ref.global->def ? name->ref.global->def->span : (Span){0};
  if (at.src) diag_note(in->diag, at, def && def->kind == DEF_PARAM ? "'%s' is a parameter" : "'%s' was created here", name->as.name->text);
}

/* False after an error. */
static bool check_writable(Infer *in, const Expr *target, const Type *array) {
  if (!array->readonly) return true;
  const Expr *name = root_name(target);
  if (name && name->ref.kind == REF_GLOBAL)
    infer_error(in, TYPE_ERROR, target->span, "'%s' is a top-level array: functions cannot store into it; pass it as an argument instead",
                name->as.name->text);
  else
    infer_error(in, TYPE_ERROR, target->span,
                "'%s' is a read-only array: it belongs to the top level or to the host, or is a view like broadcast_to's",
                name ? name->as.name->text : "this");
  note_origin(in, target);
  return false;
}

static const Type *cannot_store(Infer *in, const Expr *target, const Type *value, const Type *array) {
  const Expr *name = root_name(target);
  infer_error(in, TYPE_ERROR, target->span, "cannot store %s into '%s', an array of %s", type_name(value),
              name ? name->as.name->text : "it", dtype_name(array->dtype));
  note_origin(in, target);
  return NULL;
}

/* `slot` is what is stored into: a scalar, or the array that a slice selects. */
static void check_store(Infer *in, const Expr *target, const Type *slot, const Type *base, const Type *value) {
  value = infer_value(value);
  if (!value || !slot) return;
  bool fits = value->kind == TYPE_SCALAR || (value->kind == TYPE_ARRAY && (slot->kind == TYPE_ARRAY || value->ndim == 0));
  if (value->kind == TYPE_TUPLE && slot->kind == TYPE_ARRAY)
    fits = value->count && type_is_uniform(value) && type_is_scalar(value->elems[0]);
  DType dtype = fits && value->kind == TYPE_TUPLE ? value->elems[0]->dtype : value->dtype;
  if (!fits || (dtype_is_complex(dtype) && !dtype_is_complex(slot->dtype))) {
    cannot_store(in, target, value, base);
    return;
  }
}

/* What a store writes into, after the checks of the base. NULL after an error. */
static const Type *store_slot(Infer *in, Expr *target, const Type **base) {
  const Type *slot = infer_index(in, target);
  Expr *array = target->as.index.base;
  *base = infer_value(spec_type(in->spec, array));
  if (!slot || !*base) return NULL;
  if ((*base)->kind == TYPE_ITER && array->kind == EXPR_ATTR) { /* a.flat[i] */
    array = array->as.attr.base;
    *base = infer_value(spec_type(in->spec, array));
  }
  if ((*base)->kind == TYPE_TUPLE) return infer_error(in, TYPE_ERROR, target->span, "tuples cannot be changed: make a new one");
  if ((*base)->kind == TYPE_STR) return infer_error(in, TYPE_ERROR, target->span, "strings cannot be changed");
  return check_writable(in, target, *base) ? slot : NULL;
}

static void assign_index(Infer *in, Expr *target, const Type *type) {
  const Type *base;
  const Type *slot = store_slot(in, target, &base);
  if (slot) check_store(in, target, slot, base, type);
}

static void assign_tuple(Infer *in, Expr *target, const Type *type, const Expr *value) {
  const ExprVec *items = &target->as.list.items;
  type = infer_value(type);
  if (type_is_array(type) && type->ndim >= 1) {
    const Type *element = infer_element(in, value ? value : target, type);
    for (uint32_t i = 0; i < items->len; i++) infer_assign(in, items->data[i], element, NULL);
    infer_set(in, target, type);
    return;
  }
  if (type && type->kind != TYPE_TUPLE) {
    infer_error(in, TYPE_ERROR, value ? value->span : target->span, "cannot unpack %s into %u names", type_name(type), items->len);
    type = NULL;
  }
  if (type && type->count < items->len) {
    infer_error(in, VALUE_ERROR, target->span, "not enough values to unpack (expected %u, got %u)", items->len, type->count);
    type = NULL;
  } else if (type && type->count > items->len) {
    infer_error(in, VALUE_ERROR, target->span, "too many values to unpack (expected %u, got %u)", items->len, type->count);
    type = NULL;
  }
  infer_set(in, target, type);
  bool parts = value && (value->kind == EXPR_TUPLE || value->kind == EXPR_LIST) && value->as.list.items.len == items->len;
  for (uint32_t i = 0; i < items->len; i++)
    infer_assign(in, items->data[i], type ? type->elems[i] : NULL, parts ? value->as.list.items.data[i] : NULL);
}

void infer_assign(Infer *in, Expr *target, const Type *type, const Expr *value) {
  switch (target->kind) {
  case EXPR_NAME:
    infer_set_def(in, target->ref.def, type, value ? value->span : target->span);
    infer_set(in, target, type && target->ref.def ? in->spec->def_types[target->ref.def->id] : type);
    return;
  case EXPR_TUPLE:
  case EXPR_LIST: assign_tuple(in, target, type, value); return;
  case EXPR_INDEX: assign_index(in, target, type); return;
  case EXPR_ATTR: {
    const Type *base = infer_expr(in, target->as.attr.base);
    if (base) infer_error(in, ATTRIBUTE_ERROR, target->span, "cannot assign to '%s' of %s", target->as.attr.name->text, type_name(base));
    return;
  }
  case EXPR_INT:
  case EXPR_FLOAT:
  case EXPR_IMAG:
  case EXPR_BOOL:
  case EXPR_NONE:
  case EXPR_ELLIPSIS:
  case EXPR_STR:
  case EXPR_FSTRING:
  case EXPR_SLICE:
  case EXPR_CALL:
  case EXPR_UNARY:
  case EXPR_BINARY:
  case EXPR_COMPARE:
  case EXPR_BOOLOP:
  case EXPR_IFEXP:
  case EXPR_COMP:
  case EXPR_WALRUS:
  case EXPR_KIND_COUNT: break;
  }
  infer_error(in, SYNTAX_ERROR, target->span, "cannot assign to this");
}

/* NumPy's same_kind rule: an operator in place may narrow but not change int to float or real to complex. */
static int dtype_rank(DType t) {
  switch (dtype_info[t].kind) {
  case 'b': return 0;
  case 'u': return 1;
  case 'i': return 2;
  case 'f': return 3;
  default: return 4;
  }
}

static void check_in_place(Infer *in, const Stmt *s, const Type *slot, const Type *result) {
  if (!result) return;
  bool same_kind = dtype_rank(result->dtype) <= dtype_rank(slot->dtype) || (dtype_is_int(result->dtype) && dtype_is_int(slot->dtype));
  if (!same_kind)
    infer_error(in, TYPE_ERROR, s->span, "cannot store the %s of '%s=' into an array of %s in place", dtype_name(result->dtype),
                bin_op_names[s->as.aug.op], dtype_name(slot->dtype));
  else if (type_is_array(result) && result->ndim > slot->ndim)
    infer_error(in, VALUE_ERROR, s->span, "the result of '%s=' has %d dimensions, the array only %d", bin_op_names[s->as.aug.op],
                result->ndim, slot->ndim);
}

static void aug_name(Infer *in, Stmt *s, const Type *value) {
  Expr *target = s->as.aug.target;
  const Type *old = infer_value(infer_read(in, s->as.aug.read, target->span));
  const Type *result = NULL;
  if (target->ref.kind == REF_GLOBAL) old = NULL;
  if (old && value) result = infer_binary(in, s->as.aug.op, old, s->as.aug.value, value, s->span);
  if (result && type_is_array(old)) {
    check_in_place(in, s, old, result);
    result = check_writable(in, target, old) ? old : NULL;
  }
  infer_set_def(in, target->ref.def, result, s->span);
  infer_set(in, target, result && target->ref.def ? in->spec->def_types[target->ref.def->id] : result);
}

static void aug_index(Infer *in, Stmt *s, const Type *value) {
  Expr *target = s->as.aug.target;
  const Type *base;
  const Type *slot = store_slot(in, target, &base);
  if (!slot || !value) return;
  const Type *result = infer_binary(in, s->as.aug.op, slot, s->as.aug.value, value, s->span);
  if (!result) return;
  if (type_is_array(slot))
    check_in_place(in, s, slot, result);
  else
    check_store(in, target, slot, base, result);
}

void infer_aug_assign(Infer *in, Stmt *s) {
  Expr *target = s->as.aug.target;
  if (target->kind == EXPR_NAME) {
    aug_name(in, s, infer_value(infer_expr(in, s->as.aug.value)));
  } else if (target->kind == EXPR_INDEX) {
    aug_index(in, s, infer_value(infer_expr(in, s->as.aug.value)));
  } else {
    infer_assign(in, target, NULL, NULL);
  }
}
