/* The C header of a library: the structs that its functions use and a prototype for each, with what the program says about it.
 * In: a plan. Out: text that C11 and C++ read without warnings, alone or beside the headers of other libraries: types are guarded one by one, since
 * the same types have the same names everywhere.
 * Scalars are C's own types; arrays, strings, tuples and optional values are structs in the layout of runtime/rt.h. */
#include "jit/build.h"

#include <ctype.h>

/* ---- names --------------------------------------------------------------------------------------------------------------------------- */

static bool is_among(const char *words, const char *name) {
  size_t length = strlen(name);
  for (const char *at = words; length && (at = strstr(at, name)); at += length)
    if (at[-1] == ' ' && at[length] == ' ') return true;
  return false;
}

bool build_is_c_name(const char *name) {
  static const char keywords[] =
      " alignas alignof and and_eq asm auto bitand bitor bool break case catch char char8_t char16_t char32_t class compl concept const "
      "const_cast "
      "consteval constexpr constinit continue co_await co_return co_yield decltype default delete do double dynamic_cast else enum "
      "explicit export "
      "extern false float for friend goto if inline int linux long mutable namespace new noexcept not not_eq nullptr operator or or_eq "
      "private "
      "protected "
      "public register reinterpret_cast requires restrict return short signed sizeof static static_assert static_cast struct switch "
      "template this "
      "thread_local throw true try typedef typeid typename typeof union unix unsigned using virtual void volatile wchar_t while xor "
      "xor_eq ";
  size_t length = strlen(name);
  if (!length || isdigit((unsigned char)name[0]) || (name[0] == '_' && (name[1] == '_' || isupper((unsigned char)name[1])))) return false;
  for (const char *c = name; *c; c++)
    if (!isalnum((unsigned char)*c) && *c != '_') return false;
  return !is_among(keywords, name);
}

/* Whatever stands behind them: no declaration can have these names where the header that defines them is read first. */
static bool is_macro(const char *name) {
  static const char macros[] =
      " BUFSIZ CLOCKS_PER_SEC EDOM EILSEQ EOF ERANGE EXIT_FAILURE EXIT_SUCCESS FP_INFINITE FP_NAN FP_NORMAL FP_SUBNORMAL FP_ZERO HUGE_VAL "
      "HUGE_VALF HUGE_VALL I INFINITY M_1_PI M_2_PI M_2_SQRTPI M_E M_LN10 M_LN2 M_LOG10E M_LOG2E M_PI M_PI_2 M_PI_4 M_SQRT1_2 M_SQRT2 NAN "
      "NULL SEEK_CUR SEEK_END SEEK_SET complex errno imaginary noreturn stderr stdin stdout ";
  size_t length = strlen(name);
  bool is_limit = length > 4 && (strcmp(name + length - 4, "_MAX") == 0 || strcmp(name + length - 4, "_MIN") == 0);
  return is_limit || is_among(macros, name) || strncmp(name, "LOOPJIT_", 8) == 0;
}

static bool is_type(const char *name) {
  size_t length = strlen(name);
  return (length > 2 && strcmp(name + length - 2, "_t") == 0) || strncmp(name, "loopjit_", 8) == 0;
}

/* Macros with arguments would take a prototype for a call; the others are types, a namespace, and places that the linker defines. */
bool build_is_header_name(const char *name) {
  static const char names[] =
      " FILE INT16_C INT32_C INT64_C INT8_C INTMAX_C UINT16_C UINT32_C UINT64_C UINT8_C UINTMAX_C _edata _end _etext _fini _init _start "
      "alloca assert fpclassify iscanonical iseqsig isfinite isgreater isgreaterequal isless islessequal islessgreater isnormal "
      "issignaling "
      "issubnormal isunordered iszero major makedev minor offsetof setjmp signbit sigsetjmp std va_arg va_copy va_end va_start ";
  return is_macro(name) || is_type(name) || is_among(names, name);
}

static bool is_param_name(const char *name) {
  return build_is_c_name(name) && !is_macro(name) && !is_type(name) && strcmp(name, "result") != 0;
}

/* Its own name where C has no objection; else arg and its place, with _ behind it while a parameter has that name. */
void build_param_name(const FuncDef *func, uint32_t index, StrBuf *out) {
  const char *name = func->params.data[index].name->text;
  sb_clear(out);
  if (is_param_name(name)) {
    sb_puts(out, name);
    return;
  }
  sb_printf(out, "arg%u", index + 1);
  for (uint32_t i = 0; i < func->params.len;) {
    bool taken = strcmp(func->params.data[i].name->text, sb_text(out)) == 0;
    if (taken) sb_putc(out, '_');
    i = taken ? 0 : i + 1;
  }
}

/* Types of arguments and results that C has a struct for. */
bool build_represents(const Type *type, const char **why) {
  switch (type->kind) {
  case TYPE_SCALAR:
  case TYPE_ARRAY:
  case TYPE_STR:
  case TYPE_NONE: return true;
  case TYPE_TUPLE:
  case TYPE_OPTIONAL:
    for (uint32_t i = 0; i < (type->kind == TYPE_TUPLE ? type->count : 1); i++)
      if (!build_represents(type->elems[i], why)) return false;
    return true;
  case TYPE_FUNC:
  case TYPE_BUILTIN: *why = "a function, which compiled code has no address of: call it in the program, and give its result"; return false;
  case TYPE_ITER: *why = "an iterator or a generator, which lives in one loop only: write what it gives into an array"; return false;
  case TYPE_DTYPE: *why = "a dtype, which C has no values of: write it in the program"; return false;
  case TYPE_MODULE:
  case TYPE_SLICE:
  case TYPE_ELLIPSIS: *why = "nothing that C has values of"; return false;
  }
  LJ_UNREACHABLE();
}

static bool takes_room(const Type *type) {
  size_t align;
  return layout_size(type, &align) > 0;
}

/* The C type without "loopjit_", unambiguous: "float64_2d", "tuple2_int64_float64". */
static void type_tag(const Type *type, StrBuf *out) {
  switch (type->kind) {
  case TYPE_SCALAR: sb_puts(out, dtype_name(type->dtype)); return;
  case TYPE_ARRAY: sb_printf(out, "%s_%ud", dtype_name(type->dtype), type->ndim); return;
  case TYPE_STR: sb_puts(out, "str"); return;
  case TYPE_OPTIONAL:
    sb_puts(out, "optional_");
    type_tag(type->elems[0], out);
    return;
  case TYPE_TUPLE: {
    bool same = type->count > 1 && type_is_uniform(type);
    sb_printf(out, "tuple%u%s", type->count, same ? "x" : "");
    for (uint32_t i = 0; i < (same ? 1 : type->count); i++) {
      sb_putc(out, '_');
      type_tag(type->elems[i], out);
    }
    return;
  }
  case TYPE_NONE: sb_puts(out, "none"); return;
  case TYPE_FUNC:
  case TYPE_BUILTIN:
  case TYPE_ITER:
  case TYPE_DTYPE:
  case TYPE_MODULE:
  case TYPE_SLICE:
  case TYPE_ELLIPSIS: break;
  }
  LJ_UNREACHABLE();
}

/* "double", "loopjit_float64_2d" */
void build_c_type(const Type *type, StrBuf *out) {
  if (type->kind == TYPE_SCALAR && !dtype_is_complex(type->dtype)) {
    sb_puts(out, dtype_info[type->dtype].ctype);
    return;
  }
  sb_puts(out, "loopjit_");
  type_tag(type, out);
}

static void element_type(DType dtype, StrBuf *out) {
  if (dtype_is_complex(dtype))
    sb_printf(out, "loopjit_%s", dtype_name(dtype));
  else
    sb_puts(out, dtype_info[dtype].ctype);
}

/* ---- types --------------------------------------------------------------------------------------------------------------------------- */

/* False when it was declared already. */
static bool open_guard(CTypes *h, const char *tag) {
  for (uint32_t i = 0; i < h->declared.len; i++)
    if (strcmp(h->declared.data[i], tag) == 0) return false;
  vec_push(h->arena, &h->declared, tag);
  StrBuf guard = {0};
  for (const char *c = tag; *c; c++) sb_putc(&guard, (char)toupper((unsigned char)*c));
  sb_printf(h->out, "#ifndef LOOPJIT_TYPE_%s\n#define LOOPJIT_TYPE_%s\n", sb_text(&guard), sb_text(&guard));
  sb_drop(&guard);
  return true;
}

static void close_guard(CTypes *h) { sb_puts(h->out, "#endif\n\n"); }

static void declare_complex(CTypes *h, DType dtype) {
  if (!open_guard(h, dtype_name(dtype))) return;
  sb_printf(h->out, "typedef struct loopjit_%s {\n  %s re, im;\n} loopjit_%s;\n", dtype_name(dtype), dtype_info[dtype_real_of(dtype)].ctype,
            dtype_name(dtype));
  close_guard(h);
}

/* loopjit_float64_2d_of(data, rows, columns): memory of the caller's in C order. */
static void declare_array_maker(CTypes *h, const char *tag, const char *element, unsigned ndim) {
  sb_printf(h->out, "static inline loopjit_%s loopjit_%s_of(%s *data", tag, tag, element);
  for (unsigned i = 0; i < ndim; i++) sb_printf(h->out, ", int64_t n%u", i);
  sb_printf(h->out, ") { /* the caller's memory, in C order */\n  loopjit_%s a;\n  a.data = data;\n  a.owner = 0;\n", tag);
  for (unsigned i = 0; i < ndim; i++) sb_printf(h->out, "  a.shape[%u] = n%u;\n", i, i);
  for (unsigned i = 0; i < ndim; i++) {
    sb_printf(h->out, "  a.strides[%u] = (int64_t)sizeof *data", i);
    for (unsigned k = i + 1; k < ndim; k++) sb_printf(h->out, " * n%u", k);
    sb_puts(h->out, ";\n");
  }
  sb_puts(h->out, "  return a;\n}\n");
}

static void declare_array(CTypes *h, const Type *type, const char *tag) {
  StrBuf element = {0};
  element_type(type->dtype, &element);
  if (dtype_is_complex(type->dtype)) declare_complex(h, type->dtype);
  if (open_guard(h, tag)) {
    sb_printf(h->out, "typedef struct loopjit_%s {\n  %s *data;\n  void *owner;\n", tag, sb_text(&element));
    if (type->ndim) sb_printf(h->out, "  int64_t shape[%u];\n  int64_t strides[%u];\n", type->ndim, type->ndim);
    sb_printf(h->out, "} loopjit_%s;\n", tag);
    declare_array_maker(h, tag, sb_text(&element), type->ndim);
    close_guard(h);
  }
  sb_drop(&element);
}

static void declare_str(CTypes *h) {
  if (!open_guard(h, "str")) return;
  sb_puts(
      h->out,
      "typedef struct loopjit_str {\n  const char *data; /* UTF-8, no NUL at its end */\n  void *owner;\n  int64_t length; /* bytes */\n"
      "} loopjit_str;\n"
      "static inline loopjit_str loopjit_str_of(const char *text) { /* the caller's memory */\n"
      "  loopjit_str s;\n  s.data = text;\n  s.owner = 0;\n  s.length = 0;\n  while (text[s.length]) s.length++;\n  return s;\n}\n");
  close_guard(h);
}

static void declare_tuple(CTypes *h, const Type *type, const char *tag) {
  for (uint32_t i = 0; i < type->count; i++) build_declare(h, type->elems[i]);
  if (!takes_room(type) || !open_guard(h, tag)) return;
  sb_printf(h->out, "typedef struct loopjit_%s { /* %s */\n", tag, type_name(type));
  for (uint32_t i = 0; i < type->count; i++) {
    if (!takes_room(type->elems[i])) continue;
    sb_puts(h->out, "  ");
    build_c_type(type->elems[i], h->out);
    sb_printf(h->out, " item%u;\n", i);
  }
  sb_printf(h->out, "} loopjit_%s;\n", tag);
  close_guard(h);
}

static void declare_optional(CTypes *h, const Type *type, const char *tag) {
  build_declare(h, type->elems[0]);
  if (!open_guard(h, tag)) return;
  sb_printf(h->out, "typedef struct loopjit_%s {\n  bool present; /* false: None */\n", tag);
  if (takes_room(type->elems[0])) {
    sb_puts(h->out, "  ");
    build_c_type(type->elems[0], h->out);
    sb_puts(h->out, " value;\n");
  }
  sb_printf(h->out, "} loopjit_%s;\n", tag);
  close_guard(h);
}

/* The types that it is made of come first. */
void build_declare(CTypes *h, const Type *type) {
  StrBuf text = {0};
  type_tag(type, &text);
  const char *tag = arena_copy(h->arena, text.data, text.len);
  sb_drop(&text);
  switch (type->kind) {
  case TYPE_SCALAR:
    if (dtype_is_complex(type->dtype)) declare_complex(h, type->dtype);
    return;
  case TYPE_ARRAY: declare_array(h, type, tag); return;
  case TYPE_STR: declare_str(h); return;
  case TYPE_TUPLE: declare_tuple(h, type, tag); return;
  case TYPE_OPTIONAL: declare_optional(h, type, tag); return;
  case TYPE_NONE: return;
  case TYPE_FUNC:
  case TYPE_BUILTIN:
  case TYPE_ITER:
  case TYPE_DTYPE:
  case TYPE_MODULE:
  case TYPE_SLICE:
  case TYPE_ELLIPSIS: break;
  }
  LJ_UNREACHABLE();
}

/* ---- text ---------------------------------------------------------------------------------------------------------------------------- */

static const char preamble[] =
    "\n"
    " *\n"
    " * Every function returns 0 when all is well, else one of loopjit_error, and then %s_error() tells what, where, and through which "
    "calls;\n"
    " * the result is as it was. What a function gives comes through its last parameter, a pointer to room for it.\n"
    " * Numbers are passed by value, everything else by the address of a struct, which the function does not change:\n"
    " * - arrays: where the first element is, the extent of each axis, and how many bytes apart its elements are. `owner` is NULL in "
    "arguments.\n"
    " *   `C` arrays are contiguous with the last axis fastest, `F` arrays with the first; their strides may be left at 0. "
    "loopjit_..._of() makes the\n"
    " *   struct for memory in C order. The elements are the caller's memory, without a copy: the function may store into them.\n"
    " * - text: UTF-8 and its length in bytes.\n"
    " * - tuples: a struct of their items; optional values: a flag and the value, which has no meaning when the flag is false.\n"
    " * A result that owns memory has an `owner` that is not NULL: %s_release(result.owner) gives it back. Without one it is a part of an "
    "argument\n"
    " * (or a text of the library), and good as long as that.\n"
    " * Any number of threads may call the functions at once. Results live longer than the thread; the library must stay loaded as long as "
    "they.\n"
    " * print() in a program writes to standard output. */\n";

static void guard_name(const BuildPlan *plan, StrBuf *out) {
  sb_puts(out, "LOOPJIT_LIBRARY_");
  for (const char *c = plan->name; *c; c++) sb_putc(out, (char)toupper((unsigned char)*c));
}

static void error_codes(StrBuf *out) {
  sb_puts(out, "#ifndef LOOPJIT_ERRORS\n#define LOOPJIT_ERRORS\ntypedef enum loopjit_error { /* Python's errors */\n  LOOPJIT_OK = 0,\n");
#define X(id, name) sb_printf(out, "  LOOPJIT_%s = %d,\n", #id, (int)id);
  ERROR_KINDS(X)
#undef X
  out->len -= 2; /* no comma behind the last one */
  sb_puts(out, "\n} loopjit_error;\n#endif\n\n");
}

/* A text inside of a comment. */
static void comment_text(StrBuf *out, const char *text) {
  for (const char *c = text; *c; c++) {
    if (*c == '\n') {
      sb_puts(out, "\n *");
      while (c[1] == ' ' || c[1] == '\t') c++;
      if (c[1] && c[1] != '\n') sb_putc(out, ' ');
      continue;
    }
    sb_putc(out, *c);
    if ((c[0] == '*' && c[1] == '/') || (c[0] == '/' && c[1] == '*') || (c[0] == '?' && c[1] == '?')) sb_putc(out, ' ');
  }
}

static const char *trimmed_doc(Arena *arena, const FuncDef *func) {
  const char *doc = func->doc ? func->doc->text : "";
  while (isspace((unsigned char)*doc)) doc++;
  size_t length = strlen(doc);
  while (length && isspace((unsigned char)doc[length - 1])) length--;
  return arena_copy(arena, doc, length);
}

static void prototype(CTypes *h, const BuildExport *export) {
  StrBuf *out = h->out;
  const FuncDef *func = export->spec->func;
  const char *doc = trimmed_doc(h->arena, func);
  StrBuf name = {0};
  sb_printf(out, "/* %s(", func->name->text);
  for (uint32_t i = 0; i < func->params.len && export->spec->args[i]; i++)
    sb_printf(out, "%s%s: %s", i ? ", " : "", func->params.data[i].name->text, type_name(export->spec->args[i]));
  sb_printf(out, ") -> %s", type_name(export->spec->result));
  if (*doc) sb_puts(out, "\n * ");
  comment_text(out, doc);
  sb_printf(out, " */\nint32_t %s(", export->symbol);
  bool has_result = takes_room(export->spec->result);
  for (uint32_t i = 0; i < export->param_count; i++) {
    const Type *type = export->params[i].type;
    bool by_value = type->kind == TYPE_SCALAR;
    sb_printf(out, "%s%s", i ? ", " : "", by_value ? "" : "const ");
    build_c_type(type, out);
    sb_puts(out, by_value ? " " : " *");
    build_param_name(func, export->params[i].index, &name);
    sb_puts(out, sb_text(&name));
  }
  if (has_result) {
    sb_puts(out, export->param_count ? ", " : "");
    build_c_type(export->spec->result, out);
    sb_puts(out, " *result");
  }
  sb_puts(out, export->param_count || has_result ? ");\n\n" : "void);\n\n");
  sb_drop(&name);
}

void build_header(const BuildPlan *plan, StrBuf *out) {
  CTypes h = {.out = out, .arena = plan->arena};
  StrBuf guard = {0};
  guard_name(plan, &guard);
  sb_puts(out, "/* ");
  comment_text(out, plan->file);
  sb_puts(out, ": functions of ");
  comment_text(out, build_file_name(&plan->module->source));
  sb_puts(out, ", made by loopjit " LOOPJIT_VERSION " for ");
  for (uint32_t i = plan->cpus.len; i-- > 0;) sb_printf(out, "%s%s", plan->cpus.data[i].name, i ? ", " : ".");
  sb_printf(out, preamble, plan->name, plan->name);
  sb_printf(out, "#ifndef %s\n#define %s\n\n#include <stdbool.h>\n#include <stdint.h>\n\n#ifdef __cplusplus\nextern \"C\" {\n#endif\n\n",
            sb_text(&guard), sb_text(&guard));
  error_codes(out);
  for (uint32_t i = 0; i < plan->exports.len; i++) {
    const BuildExport *export = plan->exports.data[i];
    for (uint32_t k = 0; k < export->param_count; k++) build_declare(&h, export->params[k].type);
    build_declare(&h, export->spec->result);
  }
  for (uint32_t i = 0; i < plan->exports.len; i++) prototype(&h, plan->exports.data[i]);
#define X(suffix, result, params, signature, runtime, of_library, about)                                                                   \
  sb_printf(out, "/* %s */\n%s%s%s_%s(%s);\n\n", about, result, result[strlen(result) - 1] == '*' ? "" : " ", plan->name, suffix, params);
  BUILD_OWN(X)
#undef X
  sb_puts(out, "#ifdef __cplusplus\n}\n#endif\n\n#endif\n");
  sb_drop(&guard);
}
