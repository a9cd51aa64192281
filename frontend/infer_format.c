/* Typing of print() and f-strings: any value can be shown; constant format specifications are checked while compiling.
 * What a specification means at run time is the runtime's business. */
#include "frontend/infer.h"

/* Python's name of a type, as its format errors say it. */
static const char *python_name(const Type *t) {
  switch (t->kind) {
  case TYPE_SCALAR: return type_is_bool(t) ? "bool" : type_is_int(t) ? "int" : type_is_float(t) ? "float" : "complex";
  case TYPE_STR: return "str";
  case TYPE_TUPLE: return "tuple";
  case TYPE_NONE: return "NoneType";
  case TYPE_ARRAY: return "numpy.ndarray";
  case TYPE_OPTIONAL:
  case TYPE_DTYPE:
  case TYPE_FUNC:
  case TYPE_BUILTIN:
  case TYPE_MODULE:
  case TYPE_ITER:
  case TYPE_SLICE:
  case TYPE_ELLIPSIS: return type_name(t);
  }
  LJ_UNREACHABLE();
}

static bool can_show(Infer *in, const Expr *e, const Type *t) {
  bool ok = type_is_value(t);
  if (ok && t->kind == TYPE_TUPLE)
    for (uint32_t i = 0; i < t->count; i++) ok &= t->elems[i]->kind != TYPE_FUNC;
  if (ok && t->kind != TYPE_FUNC && t->kind != TYPE_BUILTIN) return true;
  infer_error(in, TYPE_ERROR, e->span, "%s cannot be printed", type_name(t));
  return false;
}

static const char *codes_of(const Type *t) {
  if (t->kind == TYPE_STR) return "s";
  if (t->kind != TYPE_SCALAR) return "";
  return type_is_float(t) ? "eEfFgGn%" : type_is_complex(t) ? "eEfFgGn" : "bcdoxXneEfFgG%";
}

static bool check_spec(Infer *in, const FPart *part, const Type *t) {
  if (part->spec.len != 1 || part->spec.data[0].value || !part->spec.data[0].text->len) return true;
  Sym text = part->spec.data[0].text;
  char code = text->text[text->len - 1];
  t = infer_value(t);
  if (t->kind == TYPE_TUPLE || t->kind == TYPE_NONE || (t->kind == TYPE_ARRAY && t->ndim)) {
    infer_error(in, TYPE_ERROR, part->value->span, "unsupported format string passed to %s.__format__", python_name(t));
    return false;
  }
  bool is_code = (code >= 'a' && code <= 'z') || (code >= 'A' && code <= 'Z') || code == '%';
  if (!is_code || strchr(codes_of(t), code) || t->kind == TYPE_DTYPE) return true;
  infer_error(in, VALUE_ERROR, part->value->span, "Unknown format code '%c' for object of type '%s'", code, python_name(t));
  return false;
}

static bool check_parts(Infer *in, const FPart *parts, uint32_t count) {
  bool ok = true;
  for (uint32_t i = 0; i < count; i++) {
    if (!parts[i].value) continue;
    const Type *t = infer_expr(in, parts[i].value);
    ok &= check_parts(in, parts[i].spec.data, parts[i].spec.len);
    if (!t || !can_show(in, parts[i].value, t))
      ok = false;
    else
      ok &= check_spec(in, &parts[i], parts[i].conversion ? in->tt->str : t);
  }
  return ok;
}

const Type *infer_fstring(Infer *in, Expr *e) { return check_parts(in, e->as.parts.data, e->as.parts.len) ? in->tt->str : NULL; }

const Type *infer_print(Infer *in, const Args *a) {
  bool ok = true;
  for (uint32_t i = 0; i < a->count; i++) ok &= can_show(in, a->v[i], a->t[i]);
  for (uint32_t i = 0; i < a->call->as.call.keywords.len; i++) {
    const Keyword *k = &a->call->as.call.keywords.data[i];
    const Type *t = infer_expr(in, k->value);
    if (sym_is(k->name, "sep") || sym_is(k->name, "end")) {
      if (t && t->kind != TYPE_STR && t->kind != TYPE_NONE) {
        infer_error(in, TYPE_ERROR, k->value->span, "%s must be None or a string, not %s", k->name->text, python_name(t));
        ok = false;
      }
    } else if (!sym_is(k->name, "flush")) {
      infer_error(in, TYPE_ERROR, k->span, "print() got an unexpected keyword argument '%s'", k->name->text);
      ok = false;
    }
    ok &= t != NULL;
  }
  return ok ? in->tt->none : NULL;
}
