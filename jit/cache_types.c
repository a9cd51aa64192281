/* Types as text and back. In: a type of a module. Out: text that means the same type in any module; none for types that belong to a module
 * (functions) or are no values. */
#include "jit/cache.h"

static bool put_elems(const Type *t, StrBuf *out) {
  sb_printf(out, "%u(", t->count);
  for (uint32_t i = 0; i < t->count; i++)
    if (!cache_type_put(t->elems[i], out)) return false;
  sb_putc(out, ')');
  return true;
}

bool cache_type_put(const Type *t, StrBuf *out) {
  static const char layouts[] = {[LAYOUT_C] = 'C', [LAYOUT_F] = 'F', [LAYOUT_A] = 'A'};
  switch (t->kind) {
  case TYPE_SCALAR: sb_printf(out, "%s ", dtype_name(t->dtype)); return true;
  case TYPE_ARRAY: sb_printf(out, "[%u%c%c%s ", t->ndim, layouts[t->layout], t->readonly ? 'r' : 'w', dtype_name(t->dtype)); return true;
  case TYPE_STR: sb_putc(out, 's'), sb_putc(out, ' '); return true;
  case TYPE_NONE: sb_putc(out, '-'); return true;
  case TYPE_OPTIONAL: sb_putc(out, '?'); return cache_type_put(t->elems[0], out);
  case TYPE_DTYPE: sb_printf(out, "=%s ", dtype_name(t->dtype)); return true;
  case TYPE_TUPLE:
    if (t->module) sb_printf(out, "<%s>", t->module->text);
    return put_elems(t, out);
  case TYPE_FUNC:
  case TYPE_BUILTIN:
  case TYPE_MODULE:
  case TYPE_ITER:
  case TYPE_SLICE:
  case TYPE_ELLIPSIS: return false;
  }
  LJ_UNREACHABLE();
}

static bool take_dtype(const char **text, DType *out) {
  size_t length = strcspn(*text, " ");
  if ((*text)[length] != ' ' || !dtype_find(*text, length, out)) return false;
  *text += length + 1;
  return true;
}

static const Type *take_array(TypeTable *types, const char **text) {
  const char *at = *text;
  DType dtype;
  if (at[0] < '0' || at[0] > '0' + TYPE_MAX_NDIM || !at[1] || !at[2]) return NULL;
  Layout layout = at[1] == 'C' ? LAYOUT_C : at[1] == 'F' ? LAYOUT_F : LAYOUT_A;
  *text += 3;
  return take_dtype(text, &dtype) ? type_array(types, dtype, (unsigned)(at[0] - '0'), layout, at[2] == 'r') : NULL;
}

static const Type *take_tuple(TypeTable *types, StrTab *names, const char **text, Sym name) {
  enum { MOST = 4096 };
  uint32_t count = 0;
  for (; **text >= '0' && **text <= '9' && count < MOST; ++*text) count = count * 10 + (uint32_t)(**text - '0');
  if (count >= MOST || *(*text)++ != '(') return NULL;
  const Type **elems = arena_array(types->arena, const Type *, count + 1);
  for (uint32_t i = 0; i < count; i++)
    if (!(elems[i] = cache_type_take(types, names, text))) return NULL;
  if (*(*text)++ != ')') return NULL;
  return name ? type_named_tuple(types, name, elems, count) : type_tuple(types, elems, count);
}

const Type *cache_type_take(TypeTable *types, StrTab *names, const char **text) {
  DType dtype;
  const Type *inner;
  size_t length;
  const char *at = *text;
  if (at[0] >= '0' && at[0] <= '9') return take_tuple(types, names, text, NULL);
  switch (at[0]) {
  case '[': ++*text; return take_array(types, text);
  case '-': ++*text; return types->none;
  case '?':
    ++*text;
    inner = cache_type_take(types, names, text);
    return inner ? type_optional(types, inner) : NULL;
  case '=': ++*text; return take_dtype(text, &dtype) ? type_dtype(types, dtype) : NULL;
  case '<':
    length = strcspn(at, ">");
    if (!at[length]) return NULL;
    *text += length + 1;
    return take_tuple(types, names, text, sym(names, at + 1, length - 1));
  default: break;
  }
  if (at[0] == 's' && at[1] == ' ') return *text += 2, types->str;
  return take_dtype(text, &dtype) ? type_scalar(types, dtype) : NULL;
}
