/* Libraries made ahead of time: from a module and the exports as the user wrote them to an object, archive or shared library and its header.
 *   exports ──call_signature──▶ Specs ──lower, passes──▶ units ──build_code──▶ object ──build_link──▶ output
 * In: a module, options. Out: bytes and a header, or a report of everything that cannot be exported. The module's lock is held while it works, so
 * that types and arena are this call's. */
#include "jit/build.h"

#include <ctype.h>
#include <stdlib.h>

#include "frontend/infer.h"

void lj_build_options_init(lj_build_options *options) {
  memset(options, 0, sizeof *options);
  options->size = sizeof *options;
}

const char *build_file_name(const Source *src) {
  const char *slash = strrchr(src->name, '/');
  return slash ? slash + 1 : src->name;
}

static const char *copy_trimmed(Arena *arena, const char *text, size_t length) {
  while (length && isspace((unsigned char)*text)) text++, length--;
  while (length && isspace((unsigned char)text[length - 1])) length--;
  return arena_copy(arena, text, length);
}

/* ---- what is asked for --------------------------------------------------------------------------------------------------------------- */

static bool is_of_loopjit(const char *symbol) { return strncmp(symbol, "lj_", 3) == 0 || strncmp(symbol, "loopjit_", 8) == 0; }

/* "dir/libk.so": the kind of output, its name, the library's name. */
static lj_status read_file_name(BuildPlan *plan, const char *path, lj_report *report) {
  static const struct {
    const char *ending;
    BuildKind kind;
  } endings[] = {{".o", BUILD_OBJECT}, {".a", BUILD_ARCHIVE}, {".so", BUILD_SHARED}};
  const char *slash = strrchr(path, '/'), *file = slash ? slash + 1 : path, *dot = strrchr(file, '.');
  plan->file = arena_copy(plan->arena, file, strlen(file));
  size_t i = 0;
  while (i < LJ_COUNT(endings) && (!dot || strcmp(dot, endings[i].ending) != 0)) i++;
  if (i == LJ_COUNT(endings))
    return report_message(report, LJ_MISUSE, "'%s' ends with none of .o, .a and .so: the ending says what is built", path);
  plan->kind = endings[i].kind;
  if (strncmp(file, "lib", 3) == 0 && dot > file + 3) file += 3;
  char *name = (char *)(uintptr_t)arena_printf(plan->arena, "%s%.*s", isdigit((unsigned char)*file) ? "_" : "", (int)(dot - file), file);
  for (char *c = name; *c; c++)
    if (!isalnum((unsigned char)*c)) *c = '_';
  plan->name = name;
  if (is_of_loopjit(arena_printf(plan->arena, "%s_", name)))
    return report_message(report, LJ_MISUSE, "'%s' gives the library's own functions names that begin as those of loopjit do", path);
  return *name ? LJ_OK : report_message(report, LJ_MISUSE, "'%s' has no name before its ending", path);
}

static int bits_of(const lj_cpu *cpu) {
  int n = 0;
  for (size_t k = 0; k < LJ_CPU_WORDS; k++) n += __builtin_popcount(cpu->need[k]);
  return n;
}

/* Best first: what needs more comes before what needs less. */
static lj_status add_cpu(BuildPlan *plan, const char *name, bool alone, lj_report *report) {
  lj_cpu cpu = {.name = name};
  bool native = strcmp(name, "native") == 0;
  if (native)
    lj_rt_cpu_words(cpu.need);
  else if (!cpu_is_known(name))
    return report_message(report, LJ_MISUSE, "there is no CPU '%s' for this machine", name);
  if (!native && !lj_rt_cpu_level(name, cpu.need)) {
    memset(cpu.need, 0, sizeof cpu.need);
    if (!alone)
      return report_message(
          report, LJ_MISUSE,
          "'%s' cannot be one of several CPUs: which machines have all of it is not known. Those that can are x86-64, x86-64-v2, "
          "x86-64-v3, x86-64-v4 and native",
          name);
  }
  for (uint32_t i = 0; i < plan->cpus.len; i++)
    if (strcmp(plan->cpus.data[i].name, name) == 0) return report_message(report, LJ_MISUSE, "the CPU '%s' is named twice", name);
  vec_push(plan->arena, &plan->cpus, cpu);
  for (uint32_t i = plan->cpus.len - 1; i > 0 && bits_of(&plan->cpus.data[i]) > bits_of(&plan->cpus.data[i - 1]); i--) {
    lj_cpu before = plan->cpus.data[i - 1];
    plan->cpus.data[i - 1] = plan->cpus.data[i], plan->cpus.data[i] = before;
  }
  return LJ_OK;
}

static lj_status read_cpus(BuildPlan *plan, const char *list, lj_report *report) {
#if defined(__x86_64__)
  static const char usual[] = "x86-64,x86-64-v3";
#else
  static const char usual[] = "generic";
#endif
  if (!list) list = usual;
  bool alone = !strchr(list, ',');
  lj_status status = LJ_OK;
  for (const char *at = list; status == LJ_OK; at++) {
    size_t length = strcspn(at, ",");
    status = add_cpu(plan, copy_trimmed(plan->arena, at, length), alone, report);
    at += length;
    if (!*at) break;
  }
  return status;
}

/* ---- exports: a function for types of arguments -------------------------------------------------------------------------------------- */

/* Names that the C library or the runtime has: a library that defined one of them would be called by its own code and by everybody's. */
static const char *why_no_symbol(const BuildPlan *plan, const char *symbol) {
  size_t own = strlen(plan->name);
#define X(suffix, result, params, signature, runtime, of_library, about)                                                                   \
  if (strncmp(symbol, plan->name, own) == 0 && symbol[own] == '_' && strcmp(symbol + own + 1, suffix) == 0)                                \
    return "is a function that the library has of its own";
  BUILD_OWN(X)
#undef X
  if (!build_is_c_name(symbol)) return "is no name that C and C++ can use";
  if (is_of_loopjit(symbol)) return "has the beginning of a name of loopjit";
  if (build_is_header_name(symbol)) return "is a name that the headers of C and C++ have, or keep for themselves";
  return build_is_c_function(symbol) ? "is a name of the C library" : NULL;
}

static lj_status refuse_symbol(const char *symbol, const char *name, const char *why, lj_report *report) {
  return report_message(report, LJ_ERROR, "'%s' %s. Give the export another one: --export 'my_%s=%s(…)', or all of them a --prefix", symbol,
                        why, name, name);
}

static lj_status add_export(BuildPlan *plan, const char *symbol, lj_function *function, const Spec *spec, lj_report *report) {
  const char *why = why_no_symbol(plan, symbol), *name = function->name;
  for (uint32_t i = 0; i < plan->exports.len && !why; i++)
    if (strcmp(plan->exports.data[i]->symbol, symbol) == 0) why = "is the name of two exports, which C cannot tell apart";
  if (why) return refuse_symbol(symbol, name, why, report);
  for (uint32_t i = 0; i < function->param_count && spec->args[i]; i++)
    if (!build_represents(spec->args[i], &why))
      return report_message(report, LJ_ERROR, "'%s' cannot be exported: its parameter '%s' is %s, %s", name, function->params[i].name,
                            type_name(spec->args[i]), why);
  if (!build_represents(spec->result, &why))
    return report_message(report, LJ_ERROR, "'%s' cannot be exported: its result is %s, %s", name, type_name(spec->result), why);
  BuildExport *export = arena_new(plan->arena, BuildExport);
  *export = (BuildExport){.symbol = symbol, .spec = spec};
  vec_push(plan->arena, &plan->exports, export);
  return LJ_OK;
}

static lj_status find_function(BuildPlan *plan, const char *name, lj_report *report, lj_function **out) {
  *out = lj_module_find(plan->module, name);
  return *out ? LJ_OK : report_message(report, LJ_ERROR, "'%s' has no function '%s' to export", plan->module->source.name, name);
}

/* The one signature of the decorator. */
static lj_status add_declared(BuildPlan *plan, const char *symbol, lj_function *function, const Expr *written, lj_report *report) {
  lj_module *module = plan->module;
  Diag dx;
  const Type *result, **types;
  uint32_t count;
  diag_init(&dx, plan->arena);
  const Spec *spec = NULL;
  if (typespec_signature(&module->program.types, &module->names, written, &dx, &result, &types, &count))
    spec = infer_function(&module->program, function->def, types, count, function->def->name_span, &dx);
  if (dx.first) report_diag(report, &dx);
  return spec ? add_export(plan, symbol, function, spec, report) : LJ_ERROR;
}

static bool has_signatures(const lj_function *function) {
  return function->def->options.signatures.len && (function->def->kind == FUNC_JIT || function->def->kind == FUNC_VECTORIZE);
}

/* "NAME=FUNCTION(TYPES)", of which NAME= and (TYPES) may be missing. */
static lj_status read_export(BuildPlan *plan, const char *text, const char *prefix, lj_report *report) {
  size_t head = strcspn(text, "("), length = strlen(text);
  const char *equals = memchr(text, '=', head), *start = equals ? equals + 1 : text;
  const char *name = copy_trimmed(plan->arena, start, (size_t)(text + head - start));
  const char *symbol = equals ? copy_trimmed(plan->arena, text, (size_t)(equals - text)) : name;
  symbol = arena_printf(plan->arena, "%s%s", prefix, symbol);
  lj_function *function;
  lj_status status = find_function(plan, name, report, &function);
  if (status != LJ_OK) return status;
  while (length > head && isspace((unsigned char)text[length - 1])) length--;
  if (!text[head]) {
    if (function->def->options.signatures.len == 1)
      return add_declared(plan, symbol, function, function->def->options.signatures.data[0], report);
    return report_message(report, LJ_ERROR, "for which types shall '%s' be exported? --export '%s(float64[::1], int64)'", name, name);
  }
  if (text[length - 1] != ')')
    return report_message(report, LJ_ERROR, "the export '%s' does not end with ')': it is written as function(types)", text);
  const Spec *spec;
  const char *types = copy_trimmed(plan->arena, text + head + 1, length - head - 2);
  status = call_signature(function, types, report, &spec);
  return status == LJ_OK ? add_export(plan, symbol, function, spec, report) : status;
}

static lj_status add_all_declared(BuildPlan *plan, const char *prefix, lj_report *report) {
  lj_module *module = plan->module;
  lj_status status = LJ_OK;
  for (size_t i = 0; i < module->function_count && status == LJ_OK; i++) {
    lj_function *function = &module->functions[i];
    const char *symbol = arena_printf(plan->arena, "%s%s", prefix, function->name);
    for (uint32_t k = 0; has_signatures(function) && k < function->def->options.signatures.len && status == LJ_OK; k++)
      status = add_declared(plan, symbol, function, function->def->options.signatures.data[k], report);
  }
  if (status != LJ_OK || plan->exports.len) return status;
  return report_message(
      report, LJ_ERROR,
      "'%s' has nothing to export: no function has a signature. Name what is wanted, --export 'f(float64[::1], int64)', or give "
      "functions signatures, @njit(\"(float64[::1], int64)\")",
      module->source.name);
}

/* ---- units ---------------------------------------------------------------------------------------------------------------------------- */

/* The entry's parameters in order: those that take room have a place in the struct of arguments. */
static void place_params(BuildPlan *plan, BuildExport *export) {
  size_t end = 0, align = 1, own;
  const Spec *spec = export->spec;
  export->params = arena_array(plan->arena, BuildParam, spec->func->params.len + 1);
  for (uint32_t i = 0, next = 0; i < spec->func->params.len && spec->args[i]; i++) {
    if (!layout_size(spec->args[i], &own)) continue;
    const Type *type = export->unit->entry->params.data[next++]->type;
    BuildParam *param = &export->params[export->param_count++];
    *param = (BuildParam){.name = spec->func->params.data[i].name->text, .index = i, .type = type, .size = layout_size(type, &own)};
    param->offset = layout_place(type, &end, &align);
  }
  export->args_size = (end + align - 1) / align * align;
}

static lj_status make_units(BuildPlan *plan, lj_report *report) {
  lj_status status = LJ_OK;
  for (uint32_t i = 0; i < plan->exports.len; i++) arena_init(&plan->exports.data[i]->arena);
  for (uint32_t i = 0; i < plan->exports.len && status == LJ_OK; i++) {
    BuildExport *export = plan->exports.data[i];
    status = compile_unit(plan->module, export->spec, &export->arena, report, &export->unit);
    if (status != LJ_OK) break;
    if (export->unit->hosts.len)
      return report_message(
          report, LJ_ERROR,
          "'%s' cannot be built: it calls the host's function %s(), which is there only where a program registers it: give its results to "
          "the exported function as arguments",
          export->symbol, export->unit->hosts.data[0]->entry->name);
    double start = engine_now();
    ir_run_passes(export->unit, NULL);
    plan->module->times.passes += engine_now() - start;
    place_params(plan, export);
  }
  return status;
}

/* ---- all of it ----------------------------------------------------------------------------------------------------------------------- */

static lj_status make_plan(BuildPlan *plan, const lj_build_options *options, lj_report *report) {
  const char *prefix = options->prefix ? options->prefix : "";
  lj_status status = read_file_name(plan, options->file, report);
  if (status == LJ_OK) status = read_cpus(plan, options->cpus, report);
  if (status == LJ_OK) status = module_analyse(plan->module, report);
  for (size_t i = 0; i < options->export_count && status == LJ_OK; i++) status = read_export(plan, options->exports[i], prefix, report);
  if (status == LJ_OK && !options->export_count) status = add_all_declared(plan, prefix, report);
  return status == LJ_OK ? make_units(plan, report) : status;
}

static lj_status make_output(const BuildPlan *plan, const lj_build_options *options, lj_report *report, StrBuf *output) {
  StrBuf object = {0}, error = {0};
  lj_times *all = &plan->module->times;
  BackendTimes times = {0};
  lj_status status = build_object(plan, plan->module->engine->config.opt_level, &object, &times, &error);
  all->codegen += times.codegen, all->optimize += times.optimize, all->emit += times.emit;
  if (status != LJ_OK) report_message(report, status, "%s", sb_text(&error));
  double start = engine_now();
  if (status == LJ_OK) switch (plan->kind) {
    case BUILD_OBJECT: *output = object, object = (StrBuf){0}; break;
    case BUILD_ARCHIVE: status = build_archive(plan, options, &object, report, output); break;
    case BUILD_SHARED: status = build_shared(plan, options, &object, report, output); break;
    }
  all->link += engine_now() - start;
  sb_drop(&object);
  sb_drop(&error);
  return status;
}

lj_status lj_module_build(lj_module *module, const lj_build_options *wanted, lj_report *report, lj_text *output, lj_text *header) {
  *output = *header = (lj_text){0};
  lj_report_clear(report);
  lj_build_options options;
  lj_build_options_init(&options);
  if (!module || !wanted || wanted->size < offsetof(lj_build_options, exports))
    return report_message(report, LJ_MISUSE, "a module is needed, and options that lj_build_options_init() filled");
  memcpy(&options, wanted, lj_min_size(wanted->size, sizeof options));
  if (!options.file) return report_message(report, LJ_MISUSE, "the output has no name");
  Arena arena;
  arena_init(&arena);
  BuildPlan plan = {.module = module, .arena = &arena};
  StrBuf made = {0}, text = {0};
  pthread_mutex_lock(&module->lock);
  lj_status status = make_plan(&plan, &options, report);
  if (status == LJ_OK) status = make_output(&plan, &options, report, &made);
  if (status == LJ_OK) build_header(&plan, &text);
  pthread_mutex_unlock(&module->lock);
  for (uint32_t i = 0; i < plan.exports.len; i++) arena_drop(&plan.exports.data[i]->arena);
  arena_drop(&arena);
  if (status != LJ_OK) sb_drop(&made);
  *output = (lj_text){made.data, made.len}, *header = (lj_text){text.data, text.len};
  return status;
}
