/* The structs of a kernel's native entry as C: what lj_kernel_entry() takes and gives, with comments, sizes that a C compiler checks, and a function that
 * calls the entry with them. In: a kernel. Out: text for C11 and C++. The layout is that of jit/value_pack.c (runtime/rt.h): members in order, as any C
 * compiler places them. */
#include "jit/engine.h"

#include "frontend/types.h"

#include <stdio.h>

typedef struct Writer {
  StrBuf *out;
  int depth; /* of the struct that is being written */
} Writer;

static void start_line(Writer *w) { sb_pad(w->out, ' ', (size_t)(2 * w->depth)); }

/* ---- names ------------------------------------------------------------------------------------------------------------------------------- */

static bool is_reserved(const char *name) {
  static const char *const words[] = {
      "alignas",  "alignof",       "and",        "and_eq",    "asm",         "auto",         "bitand", "bitor",
      "bool",     "break",         "case",       "catch",     "char",        "class",        "compl",  "concept",
      "const",    "constexpr",     "const_cast", "continue",  "decltype",    "default",      "delete", "do",
      "double",   "dynamic_cast",  "else",       "enum",      "errno",       "explicit",     "export", "extern",
      "false",    "float",         "for",        "friend",    "goto",        "if",           "inline", "int",
      "linux",    "long",          "mutable",    "namespace", "new",         "noexcept",     "not",    "not_eq",
      "nullptr",  "operator",      "or",         "or_eq",     "private",     "protected",    "public", "register",
      "requires", "restrict",      "return",     "short",     "signed",      "sizeof",       "static", "struct",
      "switch",   "static_assert", "template",   "this",      "static_cast", "thread_local", "throw",  "true",
      "try",      "typedef",       "typeid",     "typename",  "typeof",      "union",        "unix",   "unsigned",
      "using",    "virtual",       "void",       "volatile",  "wchar_t",     "while",        "xor",    "xor_eq",
      "I"};
  for (size_t i = 0; i < LJ_COUNT(words); i++)
    if (strcmp(name, words[i]) == 0) return true;
  return false;
}

static bool is_plain(const char *name) {
  for (const char *at = name; *at; at++)
    if (!((*at | 32) >= 'a' && (*at | 32) <= 'z') && *at != '_' && !(at > name && *at >= '0' && *at <= '9')) return false;
  return *name && *name != '_' && !is_reserved(name); /* names with _ before them belong to the C library */
}

/* The parameter's own name where C has no objection; else arg and its number, which no other parameter may be named. */
static void member_name(const lj_kernel *kernel, uint32_t arg, StrBuf *out) {
  const lj_function *f = kernel->function;
  sb_clear(out);
  if (is_plain(f->params[arg].name)) {
    sb_puts(out, f->params[arg].name);
    return;
  }
  sb_printf(out, "arg%u", arg + 1);
  for (uint32_t i = 0; i < f->param_count; i++)
    if (strcmp(f->params[i].name, sb_text(out)) == 0) sb_putc(out, '_'), i = UINT32_MAX; /* from the start again */
}

/* ---- types ------------------------------------------------------------------------------------------------------------------------------- */

static const char *scalar_name(DType dtype) {
  static const char *const names[] = {[DT_BOOL] = "bool",
                                      [DT_INT8] = "int8_t",
                                      [DT_INT16] = "int16_t",
                                      [DT_INT32] = "int32_t",
                                      [DT_INT64] = "int64_t",
                                      [DT_UINT8] = "uint8_t",
                                      [DT_UINT16] = "uint16_t",
                                      [DT_UINT32] = "uint32_t",
                                      [DT_UINT64] = "uint64_t",
                                      [DT_FLOAT32] = "float",
                                      [DT_FLOAT64] = "double",
                                      [DT_COMPLEX64] = "lj_complex64",
                                      [DT_COMPLEX128] = "lj_complex128"};
  return names[dtype];
}

static void put_member(Writer *w, const Type *type, const char *name, const char *comment);

static void open_struct(Writer *w) {
  start_line(w);
  sb_puts(w->out, "struct {\n");
  w->depth++;
}
static void close_struct(Writer *w, const char *name, const char *comment) {
  w->depth--;
  start_line(w);
  sb_printf(w->out, "} %s;%s\n", name, comment);
}
static void line(Writer *w, const char *text) {
  start_line(w);
  sb_puts(w->out, text);
}

static void put_array(Writer *w, const Type *type, const char *name, const char *comment) {
  static const char *const layouts[] = {[LAYOUT_C] = "C order", [LAYOUT_F] = "Fortran order", [LAYOUT_A] = "any strides"};
  open_struct(w);
  start_line(w);
  sb_printf(w->out, "%s%s *data; /* %s%s */\n", type->readonly ? "const " : "", scalar_name(type->dtype), layouts[type->layout],
            type->readonly ? ", not stored into" : "");
  line(w, "void *owner; /* NULL: borrowed */\n");
  if (type->ndim) {
    start_line(w);
    sb_printf(w->out, "int64_t shape[%u], strides[%u]; /* strides in bytes, also for C order */\n", (unsigned)type->ndim,
              (unsigned)type->ndim);
  }
  close_struct(w, name, comment);
}

static void put_text(Writer *w, const char *name, const char *comment) {
  open_struct(w);
  line(w, "const char *data; /* UTF-8 */\n");
  line(w, "void *owner; /* NULL: borrowed */\n");
  line(w, "int64_t length; /* bytes */\n");
  close_struct(w, name, comment);
}

/* Captures of a function are no values for hosts: room for them. */
static void put_bytes(Writer *w, const Type *type, const char *name, const char *comment) {
  size_t align, size = layout_size(type, &align);
  start_line(w);
  sb_printf(w->out, "uint%zu_t %s[%zu];%s\n", 8 * align, name, size / align, comment);
}

static void put_items(Writer *w, const Type *type, const char *name, const char *comment) {
  char item[32];
  size_t align;
  open_struct(w);
  for (uint32_t i = 0; i < type->count; i++) {
    snprintf(item, sizeof item, "item%u", i);
    if (layout_size(type->elems[i], &align)) put_member(w, type->elems[i], item, "");
  }
  close_struct(w, name, comment);
}

static void put_member(Writer *w, const Type *type, const char *name, const char *comment) {
  switch (type->kind) {
  case TYPE_SCALAR:
    start_line(w);
    sb_printf(w->out, "%s %s;%s\n", scalar_name(type->dtype), name, comment);
    return;
  case TYPE_ARRAY: put_array(w, type, name, comment); return;
  case TYPE_STR: put_text(w, name, comment); return;
  case TYPE_TUPLE: put_items(w, type, name, comment); return;
  case TYPE_OPTIONAL:
    open_struct(w);
    line(w, "bool present; /* false: None */\n");
    put_member(w, type->elems[0], "value", "");
    close_struct(w, name, comment);
    return;
  case TYPE_FUNC: put_bytes(w, type, name, comment); return;
  case TYPE_NONE:
  case TYPE_DTYPE:
  case TYPE_BUILTIN:
  case TYPE_MODULE:
  case TYPE_ITER:
  case TYPE_SLICE:
  case TYPE_ELLIPSIS: return;
  }
  LJ_UNREACHABLE();
}

/* ---- the text ---------------------------------------------------------------------------------------------------------------------------- */

/* Another layout than the compiler's own does not compile. */
static void put_check(StrBuf *out, const char *name, const char *what, size_t size) {
  sb_printf(out, "typedef char %s_%s_has_%zu_bytes[sizeof(%s_%s) == %zu ? 1 : -1];\n", name, what, size, name, what, size);
}

static void put_args(const lj_kernel *kernel, const char *name, StrBuf *out) {
  Writer w = {out, 1};
  StrBuf member = {0}, comment = {0};
  sb_printf(out, "typedef struct %s_args {\n", name);
  for (uint32_t i = 0; i < kernel->slot_count; i++) {
    const ArgSlot *slot = &kernel->slots[i];
    member_name(kernel, slot->arg, &member);
    sb_clear(&comment);
    sb_printf(&comment, " /* at %u: %s */", slot->offset, type_name(slot->type));
    put_member(&w, slot->type, sb_text(&member), sb_text(&comment));
  }
  sb_printf(out, "} %s_args;\n", name);
  put_check(out, name, "args", kernel->args_size);
  sb_drop(&member);
  sb_drop(&comment);
}

static void put_result(const lj_kernel *kernel, const char *name, StrBuf *out) {
  Writer w = {out, 0};
  StrBuf full = {0};
  sb_printf(&full, "%s_result", name);
  sb_puts(out, "typedef ");
  put_member(&w, kernel->result, sb_text(&full), "");
  put_check(out, name, "result", kernel->result_size);
  sb_drop(&full);
}

static void put_call(const lj_kernel *kernel, const char *name, StrBuf *out) {
  bool args = kernel->args_size > 0, result = kernel->result_size > 0;
  StrBuf params = {0};
  if (args) sb_printf(&params, ", const %s_args *args", name);
  if (result) sb_printf(&params, ", %s_result *result", name);
  sb_printf(out,
            "/* 0, or nonzero: lj_context_report() has the error. `entry` is lj_kernel_entry() of this kernel. */\n"
            "static inline int32_t %s_call(lj_entry entry, lj_context *context%s) {\n  return entry(context, %s, %s);\n}\n",
            name, sb_text(&params), args ? "args" : "NULL", result ? "result" : "NULL");
  sb_drop(&params);
}

lj_status lj_kernel_c_header(const lj_kernel *kernel, const char *name, lj_report *report, lj_text *out) {
  *out = (lj_text){0};
  lj_report_clear(report);
  if (!kernel || !kernel->function) return report_message(report, LJ_MISUSE, "a header needs a kernel of a function");
  if (!name) name = kernel->function->name;
  if (!is_plain(name)) return report_message(report, LJ_MISUSE, "'%s' is no name that C takes: pass one for the structs", name);
  StrBuf text = {0};
  sb_printf(&text, "/* %s: %s */\n#include <loopjit.h>\n\n", name, kernel->signature);
  if (kernel->args_size) put_args(kernel, name, &text);
  if (kernel->result_size) put_result(kernel, name, &text);
  put_call(kernel, name, &text);
  *out = (lj_text){text.data, text.len};
  return LJ_OK;
}
