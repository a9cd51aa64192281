/* The structs of a kernel's native entry as C: what lj_kernel_entry() takes and gives, with comments, sizes that a C compiler checks, and a function that
 * calls the entry with them. In: a kernel. Out: text for C11 and C++. The types of members are those of libraries built ahead of time
 * (jit/build_header.c), so that a host may use both. */
#include "jit/build.h"

/* Another layout than the compiler's own does not compile. */
static void put_check(StrBuf *out, const char *name, const char *what, size_t size) {
  sb_printf(out, "typedef char %s_%s_has_%zu_bytes[sizeof(%s_%s) == %zu ? 1 : -1];\n", name, what, size, name, what, size);
}

static void put_args(const lj_kernel *kernel, const char *name, StrBuf *out) {
  StrBuf member = {0};
  sb_printf(out, "typedef struct %s_args {\n", name);
  for (uint32_t i = 0; i < kernel->slot_count; i++) {
    const ArgSlot *slot = &kernel->slots[i];
    build_param_name(kernel->function->def, slot->arg, &member);
    sb_puts(out, "  ");
    build_c_type(slot->type, out);
    sb_printf(out, " %s; /* at %u: %s */\n", sb_text(&member), slot->offset, type_name(slot->type));
  }
  sb_printf(out, "} %s_args;\n", name);
  put_check(out, name, "args", kernel->args_size);
  sb_drop(&member);
}

static void put_result(const lj_kernel *kernel, const char *name, StrBuf *out) {
  sb_puts(out, "typedef ");
  build_c_type(kernel->result, out);
  sb_printf(out, " %s_result; /* %s */\n", name, type_name(kernel->result));
  put_check(out, name, "result", kernel->result_size);
}

static void put_call(const lj_kernel *kernel, const char *name, StrBuf *out) {
  bool args = kernel->args_size > 0, result = kernel->result_size > 0;
  StrBuf params = {0};
  if (args) sb_printf(&params, ", const %s_args *args", name);
  if (result) sb_printf(&params, ", %s_result *result", name);
  sb_printf(out,
            "/* 0, or nonzero: lj_context_report() has the error. `entry` is lj_kernel_entry() of this kernel.\n"
            " * In arrays and texts `owner` is NULL for borrowed memory; strides count bytes and are filled in also for C order. */\n"
            "static inline int32_t %s_call(lj_entry entry, lj_context *context%s) {\n  return entry(context, %s, %s);\n}\n",
            name, sb_text(&params), args ? "args" : "NULL", result ? "result" : "NULL");
  sb_drop(&params);
}

/* NULL, or the first type of the kernel that C has no struct for. */
static const Type *find_strange(const lj_kernel *kernel, const char **why) {
  for (uint32_t i = 0; i < kernel->slot_count; i++)
    if (!build_represents(kernel->slots[i].type, why)) return kernel->slots[i].type;
  return kernel->result_size && !build_represents(kernel->result, why) ? kernel->result : NULL;
}

static void put_header(const lj_kernel *kernel, const char *name, StrBuf *out) {
  Arena arena;
  arena_init(&arena);
  CTypes types = {.out = out, .arena = &arena};
  sb_printf(out, "/* %s: %s */\n#include <loopjit.h>\n\n", name, kernel->signature);
  for (uint32_t i = 0; i < kernel->slot_count; i++) build_declare(&types, kernel->slots[i].type);
  if (kernel->result_size) build_declare(&types, kernel->result);
  if (kernel->args_size) put_args(kernel, name, out);
  if (kernel->result_size) put_result(kernel, name, out);
  put_call(kernel, name, out);
  arena_drop(&arena);
}

lj_status lj_kernel_c_header(const lj_kernel *kernel, const char *name, lj_report *report, lj_text *out) {
  const char *why = "";
  *out = (lj_text){0};
  lj_report_clear(report);
  if (!kernel || !kernel->function) return report_message(report, LJ_MISUSE, "a header needs a kernel of a function");
  if (!name) name = kernel->function->name;
  if (!build_is_c_name(name)) return report_message(report, LJ_MISUSE, "'%s' is no name that C takes: pass one for the structs", name);
  const Type *strange = find_strange(kernel, &why);
  if (strange) return report_message(report, LJ_MISUSE, "there is no C struct for %s: it has %s", type_name(strange), why);
  StrBuf text = {0};
  put_header(kernel, name, &text);
  *out = (lj_text){text.data, text.len};
  return LJ_OK;
}
