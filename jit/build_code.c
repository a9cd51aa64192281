/* One object for a library that is built ahead of time: the code of every export for every CPU, the tables of runtime/rt_export.h, and for each
 * export the C function that hands its arguments over.
 * In: units after all passes. Out: an object file, the same bytes for the same plan. Each unit is generated and optimised as a module of its own for
 * each CPU, then all are linked to one module, whose functions name their processors themselves.
 * Must not write anything that depends on the machine, except for a CPU that is `native`. */
#include "ir/codegen/cg.h"
#include "jit/build.h"
#include "jit/llvm.h"
#include <llvm-c/Analysis.h>
#include <llvm-c/Linker.h>
#include <stdio.h>

#ifdef LOOPJIT_DEBUG
enum { VERIFY = 1 };
#else
enum { VERIFY = 0 };
#endif

typedef struct Build {
  const BuildPlan *plan;
  int opt_level;
  LLVMContextRef ctx;
  LLVMModuleRef module;
  LLVMBuilderRef b;
  LLVMTypeRef ptr, i8, i32, i64, void_;
  LLVMValueRef library;
  LLVMValueRef *functions; /* by export: what C calls */
  LLVMValueRef *own; /* by row of BUILD_OWN */
  LLVMValueRef **entries; /* by export and CPU */
  StrBuf *error;
  BackendTimes *times;
} Build;

static const struct {
  const char *suffix, *signature, *runtime;
  bool of_library;
} own_rows[] = {
#define X(suffix, result, params, signature, runtime, of_library, about) {suffix, signature, runtime, of_library},
    BUILD_OWN(X)
#undef X
};

/* ---- constants ----------------------------------------------------------------------------------------------------------------------- */

static LLVMValueRef number(Build *b, int64_t value) { return LLVMConstInt(b->i64, (uint64_t)value, true); }
static LLVMValueRef null(Build *b) { return LLVMConstNull(b->ptr); }

static LLVMValueRef constant(LLVMModuleRef module, const char *name, LLVMValueRef value) {
  LLVMValueRef global = LLVMAddGlobal(module, LLVMTypeOf(value), name);
  LLVMSetInitializer(global, value);
  LLVMSetLinkage(global, LLVMPrivateLinkage);
  LLVMSetGlobalConstant(global, true);
  return global;
}

static LLVMValueRef text(Build *b, LLVMModuleRef module, const char *bytes, size_t length) {
  LLVMValueRef global = constant(module, "text", LLVMConstStringInContext2(b->ctx, bytes, length, false));
  LLVMSetUnnamedAddress(global, LLVMGlobalUnnamedAddr);
  LLVMSetAlignment(global, 1);
  return global;
}

static LLVMValueRef record(Build *b, LLVMValueRef *fields, unsigned count) {
  return LLVMConstStructInContext(b->ctx, fields, count, false);
}

/* A constant array of records, or NULL for none. */
static LLVMValueRef table(Build *b, LLVMModuleRef module, const char *name, LLVMValueRef *rows, unsigned count) {
  return count ? constant(module, name, LLVMConstArray2(LLVMTypeOf(rows[0]), rows, count)) : null(b);
}

/* A function of the runtime by its row's signature: see rt_symbols.def. */
static LLVMTypeRef signature_type(Build *b, const char *signature) {
  LLVMTypeRef types[8] = {b->void_};
  unsigned n = 0;
  for (const char *c = signature; *c; c++)
    if (*c != ':') types[n++] = *c == 'v' ? b->void_ : *c == 'i' ? b->i32 : b->ptr;
  return LLVMFunctionType(types[0], types + 1, n - 1, false);
}

static LLVMValueRef runtime(Build *b, LLVMModuleRef module, const char *name) {
  static const struct {
    const char *name, *signature;
  } rows[] = {
#define X(result, name, params, signature) {#name, signature},
      LJ_EXPORT_CALLS(X)
#undef X
  };
  LLVMValueRef fn = LLVMGetNamedFunction(module, name);
  for (size_t i = 0; i < LJ_COUNT(rows) && !fn; i++)
    if (strcmp(rows[i].name, name) == 0) fn = LLVMAddFunction(module, name, signature_type(b, rows[i].signature));
  LJ_ASSERT(fn);
  return fn;
}

/* ---- places: a line of the program each ----------------------------------------------------------------------------------------------- */

/* The library's own files are never shown: an error there is told of the call. */
static SourceAnchor line_anchor(const Source *src, uint32_t lo, uint32_t hi) {
  if (src->is_library) return (SourceAnchor){0};
  SourceView view = source_view(src, lo, hi);
  return (SourceAnchor){.part = view.at.line, .lo_offset = view.at.column, .hi_offset = view.width};
}

static LLVMValueRef line_record(Build *b, LLVMModuleRef module, const IrPlace *place, LLVMValueRef file) {
  uint32_t length = 0;
  const char *line = place->src->is_library ? "" : source_line(place->src, place->part, &length);
  return constant(module, "line", record(b, (LLVMValueRef[]){file, text(b, module, line, length), number(b, length)}, 3));
}

/* The table that the unit's sites refer to. */
static void define_places(Build *b, LLVMModuleRef module, const IrUnit *unit, Arena *arena) {
  LLVMValueRef declared = LLVMGetNamedGlobal(module, LJ_PLACES);
  if (!declared) return;
  LLVMValueRef *rows = arena_array(arena, LLVMValueRef, unit->places.len + 1), file = NULL;
  LLVMValueRef locate = runtime(b, module, "lj_rt_export_locate");
  const Source *of = NULL;
  for (uint32_t i = 0; i < unit->places.len; i++) {
    const IrPlace *place = &unit->places.data[i];
    if (!file || place->src != of) file = text(b, module, build_file_name(place->src), strlen(build_file_name(place->src)));
    of = place->src;
    rows[i] = record(b,
                     (LLVMValueRef[]){locate, line_record(b, module, place, file), LLVMConstInt(b->i32, place->part, false),
                                      LLVMConstInt(b->i32, place->src->is_library, false)},
                     4);
  }
  LLVMReplaceAllUsesWith(declared, table(b, module, "places", rows, unit->places.len));
  LLVMDeleteGlobal(declared);
}
_Static_assert(sizeof(lj_place) == 24 && offsetof(lj_place, part) == 16 && offsetof(lj_place, is_library) == 20, "the record of a place");

/* ---- code ---------------------------------------------------------------------------------------------------------------------------- */

static bool target_of(const Build *b, const lj_cpu *cpu, Target *out) {
  bool native = strcmp(cpu->name, "native") == 0;
  BackendOptions options = {.cpu = native ? NULL : cpu->name, .opt_level = b->opt_level};
  return target_init(out, &options, b->error);
}

static bool take_in(Build *b, LLVMModuleRef module, const char *entry) {
  LLVMSetVisibility(LLVMGetNamedFunction(module, entry), LLVMHiddenVisibility);
  if (!LLVMLinkModules2(b->module, module)) return true; /* takes the module */
  if (!b->error->len) sb_puts(b->error, "modules do not fit together");
  return false;
}

/* The entry of one export for one CPU, made in a module of its own. */
static bool add_version(Build *b, const BuildExport *export, const char *entry, Target *target, Arena *arena) {
  CodegenFacts facts = {0};
  LLVMTargetMachineRef machine = target_take(target);
  CodegenOptions options = {.verify = VERIFY, .vector_bytes = target_vector_bytes(target), .anchor = line_anchor};
  double start = engine_now();
  export->unit->places.len = 0;
  LLVMModuleRef module = codegen_unit(export->unit, b->ctx, machine, entry, &options, &facts, b->error);
  bool ok = module != NULL;
  if (ok) {
    define_places(b, module, export->unit, arena);
    double generated = engine_now();
    b->times->codegen += generated - start;
    ok = optimize_module(module, machine, b->opt_level, &facts, b->error);
    b->times->optimize += engine_now() - generated;
    if (!ok) LLVMDisposeModule(module);
  }
  target_give(target, machine);
  return ok && take_in(b, module, entry);
}

static bool add_cpu(Build *b, uint32_t cpu, Arena *arena) {
  Target target;
  if (!target_of(b, &b->plan->cpus.data[cpu], &target)) return false;
  bool ok = true;
  for (uint32_t i = 0; i < b->plan->exports.len && ok; i++) {
    const char *entry = arena_printf(arena, "lj.%s.%u", b->plan->exports.data[i]->symbol, cpu);
    ok = add_version(b, b->plan->exports.data[i], entry, &target, arena);
    b->entries[i][cpu] = ok ? LLVMGetNamedFunction(b->module, entry) : NULL;
    if (ok) LLVMSetVisibility(b->entries[i][cpu], LLVMDefaultVisibility), LLVMSetLinkage(b->entries[i][cpu], LLVMInternalLinkage);
  }
  target_drop(&target);
  return ok;
}

/* ---- C functions: how the parts of their parameters are passed ------------------------------------------------------------------------ */

enum { REGISTERS = 8, /* for floating point, on x86-64 and AArch64 */ PARTS = 2 };

typedef struct Passed { /* of one parameter */
  LLVMTypeRef types[PARTS];
  unsigned count;
  bool in_memory; /* the caller's copy of the struct */
} Passed;

static LLVMTypeRef scalar_type(Build *b, DType dtype) {
  if (dtype_is_complex(dtype) || dtype_is_float(dtype))
    return dtype_size(dtype_real_of(dtype)) == 4 ? LLVMFloatTypeInContext(b->ctx) : LLVMDoubleTypeInContext(b->ctx);
  return LLVMIntTypeInContext(b->ctx, 8 * dtype_size(dtype));
}

/* Complex numbers are structs of two: on x86-64 two floats share a register, and two doubles that find only one register go to the stack. */
static Passed pass(Build *b, const Type *type, unsigned *used) {
  if (type->kind != TYPE_SCALAR) return (Passed){.types = {b->ptr}, .count = 1};
  LLVMTypeRef part = scalar_type(b, type->dtype);
  if (!dtype_is_complex(type->dtype)) {
    *used += dtype_is_float(type->dtype);
    return (Passed){.types = {part}, .count = 1};
  }
#if defined(__x86_64__)
  if (type->dtype == DT_COMPLEX64) {
    *used += 1;
    return (Passed){.types = {LLVMVectorType(part, 2)}, .count = 1};
  }
  if (*used + 2 > REGISTERS) return (Passed){.types = {b->ptr}, .count = 1, .in_memory = true};
  *used += 2;
  return (Passed){.types = {part, part}, .count = 2};
#else
  *used += 2;
  return (Passed){.types = {LLVMArrayType2(part, 2)}, .count = 1};
#endif
}

static void mark_in_memory(Build *b, LLVMValueRef fn, unsigned param) {
  unsigned byval = LLVMGetEnumAttributeKindForName("byval", 5), align = LLVMGetEnumAttributeKindForName("align", 5);
  LLVMTypeRef two =
      LLVMStructTypeInContext(b->ctx, (LLVMTypeRef[]){LLVMDoubleTypeInContext(b->ctx), LLVMDoubleTypeInContext(b->ctx)}, 2, false);
  LJ_ASSERT(byval && align);
  LLVMAddAttributeAtIndex(fn, param + 1, LLVMCreateTypeAttribute(b->ctx, byval, two));
  LLVMAddAttributeAtIndex(fn, param + 1, LLVMCreateEnumAttribute(b->ctx, align, 8));
}

static LLVMTypeRef function_type(Build *b, const BuildExport *export, Arena *arena) {
  LLVMTypeRef *types = arena_array(arena, LLVMTypeRef, PARTS * export->param_count + 1);
  unsigned n = 0, used = 0;
  size_t align;
  for (uint32_t i = 0; i < export->param_count; i++) {
    Passed p = pass(b, export->params[i].type, &used);
    for (unsigned k = 0; k < p.count; k++) types[n++] = p.types[k];
  }
  if (layout_size(export->spec->result, &align)) types[n++] = b->ptr;
  return LLVMFunctionType(b->i32, types, n, false);
}

static void nounwind(Build *b, LLVMValueRef fn) {
  unsigned id = LLVMGetEnumAttributeKindForName("nounwind", 8);
  LLVMAddAttributeAtIndex(fn, (LLVMAttributeIndex)LLVMAttributeFunctionIndex, LLVMCreateEnumAttribute(b->ctx, id, 0));
}

/* Declared before anything else, so that these names are theirs. */
static void declare(Build *b, Arena *arena) {
  const BuildPlan *plan = b->plan;
  b->functions = arena_array(arena, LLVMValueRef, plan->exports.len + 1);
  b->entries = arena_array(arena, LLVMValueRef *, plan->exports.len + 1);
  b->own = arena_array(arena, LLVMValueRef, LJ_COUNT(own_rows));
  for (uint32_t i = 0; i < plan->exports.len; i++) {
    b->functions[i] = LLVMAddFunction(b->module, plan->exports.data[i]->symbol, function_type(b, plan->exports.data[i], arena));
    b->entries[i] = arena_array(arena, LLVMValueRef, plan->cpus.len + 1);
    nounwind(b, b->functions[i]);
  }
  for (size_t i = 0; i < LJ_COUNT(own_rows); i++) {
    const char *signature = own_rows[i].signature;
    if (own_rows[i].of_library) signature = arena_printf(arena, "%c:%s", signature[0], signature + 3);
    b->own[i] = LLVMAddFunction(b->module, arena_printf(arena, "%s_%s", plan->name, own_rows[i].suffix), signature_type(b, signature));
    nounwind(b, b->own[i]);
  }
}

/* int32_t SYMBOL(parameters…, result): addresses of the arguments in a list, then the runtime. */
static void define_function(Build *b, const BuildExport *export, LLVMValueRef fn, LLVMValueRef described) {
  LLVMPositionBuilderAtEnd(b->b, LLVMAppendBasicBlockInContext(b->ctx, fn, ""));
  LLVMValueRef list = LLVMBuildAlloca(b->b, LLVMArrayType2(b->ptr, export->param_count + 1), "args");
  unsigned n = 0, used = 0;
  for (uint32_t i = 0; i < export->param_count; i++) {
    const BuildParam *param = &export->params[i];
    Passed p = pass(b, param->type, &used);
    LLVMValueRef address = LLVMGetParam(fn, n);
    if (p.in_memory) {
      mark_in_memory(b, fn, n);
    } else if (param->type->kind == TYPE_SCALAR) {
      address = LLVMBuildAlloca(b->b, LLVMArrayType2(b->i8, param->size), "");
      LLVMSetAlignment(address, 16);
      LLVMTypeRef part = scalar_type(b, param->type->dtype);
      for (unsigned k = 0; k < p.count; k++) {
        LLVMValueRef index = number(b, k), at = LLVMBuildGEP2(b->b, part, address, &index, 1, "");
        LLVMSetAlignment(LLVMBuildStore(b->b, LLVMGetParam(fn, n + k), at), 1);
      }
    }
    n += p.count;
    LLVMValueRef index = number(b, i);
    LLVMBuildStore(b->b, address, LLVMBuildGEP2(b->b, b->ptr, list, &index, 1, ""));
  }
  LLVMValueRef args[] = {described, list, n < LLVMCountParams(fn) ? LLVMGetParam(fn, n) : null(b)},
               call = runtime(b, b->module, "lj_rt_export_call");
  LLVMBuildRet(b->b, LLVMBuildCall2(b->b, LLVMGlobalGetValueType(call), call, args, 3, ""));
}

/* NAME_error and the others: the library before their own arguments. */
static void define_own(Build *b, LLVMValueRef fn, const char *runtime_name, bool of_library) {
  LLVMPositionBuilderAtEnd(b->b, LLVMAppendBasicBlockInContext(b->ctx, fn, ""));
  LLVMValueRef call = runtime(b, b->module, runtime_name), args[4] = {b->library};
  unsigned n = of_library;
  for (unsigned i = 0; i < LLVMCountParams(fn); i++) args[n++] = LLVMGetParam(fn, i);
  LLVMTypeRef type = LLVMGlobalGetValueType(call);
  LLVMValueRef value = LLVMBuildCall2(b->b, type, call, args, n, "");
  if (LLVMGetReturnType(type) == b->void_)
    LLVMBuildRetVoid(b->b);
  else
    LLVMBuildRet(b->b, value);
}

/* ---- tables -------------------------------------------------------------------------------------------------------------------------- */

static void define_library(Build *b, Arena *arena) {
  const BuildPlan *plan = b->plan;
  LLVMValueRef *cpus = arena_array(arena, LLVMValueRef, plan->cpus.len + 1);
  for (uint32_t i = 0; i < plan->cpus.len; i++) {
    const lj_cpu *cpu = &plan->cpus.data[i];
    LLVMValueRef words[LJ_CPU_WORDS];
    for (size_t k = 0; k < LJ_CPU_WORDS; k++) words[k] = LLVMConstInt(b->i32, cpu->need[k], false);
    LLVMValueRef fields[] = {text(b, b->module, cpu->name, strlen(cpu->name)), LLVMConstArray2(b->i32, words, LJ_CPU_WORDS)};
    cpus[i] = record(b, fields, 2);
  }
  LLVMValueRef fields[] = {number(b, LJ_RT_ABI), text(b, b->module, plan->name, strlen(plan->name)),
                           table(b, b->module, "cpus", cpus, plan->cpus.len), number(b, plan->cpus.len),
                           LLVMConstNull(LLVMArrayType2(b->i64, LJ_LIBRARY_STATE))};
  b->library = constant(b->module, "library", record(b, fields, LJ_COUNT(fields)));
  LLVMSetGlobalConstant(b->library, false);
}

static LLVMValueRef describe(Build *b, const BuildExport *export, LLVMValueRef *entries, Arena *arena) {
  LLVMValueRef *params = arena_array(arena, LLVMValueRef, export->param_count + 1);
  size_t align;
  for (uint32_t i = 0; i < export->param_count; i++) {
    const BuildParam *param = &export->params[i];
    StrBuf code = {0};
    cg_type_code(param->type, &code);
    LLVMValueRef fields[] = {text(b, b->module, param->name, strlen(param->name)), text(b, b->module, code.data, code.len),
                             number(b, (int64_t)param->offset), number(b, (int64_t)param->size)};
    params[i] = record(b, fields, LJ_COUNT(fields));
    sb_drop(&code);
  }
  LLVMValueRef fields[] = {text(b, b->module, export->symbol, strlen(export->symbol)),
                           b->library,
                           table(b, b->module, "params", params, export->param_count),
                           table(b, b->module, "entries", entries, b->plan->cpus.len),
                           number(b, export->param_count),
                           number(b, (int64_t)export->args_size),
                           number(b, (int64_t)layout_size(export->spec->result, &align)),
                           number(b, export->unit->globals.len > 0)};
  return constant(b->module, "export", record(b, fields, LJ_COUNT(fields)));
}

/* The library's state goes when it is unloaded. */
static void define_end(Build *b) {
  LLVMValueRef fn = LLVMAddFunction(b->module, "lj.close", LLVMFunctionType(b->void_, NULL, 0, false));
  LLVMSetLinkage(fn, LLVMInternalLinkage);
  define_own(b, fn, "lj_rt_export_close", true);
  LLVMValueRef fields[] = {LLVMConstInt(b->i32, 65535, false), fn, null(b)}, row = record(b, fields, 3);
  LLVMValueRef list = LLVMAddGlobal(b->module, LLVMArrayType2(LLVMTypeOf(row), 1), "llvm.global_dtors");
  LLVMSetInitializer(list, LLVMConstArray2(LLVMTypeOf(row), &row, 1));
  LLVMSetLinkage(list, LLVMAppendingLinkage);
}

/* Names that LLVM should not know while it optimised are the C library's again (rt.h: LJ_OTHER_NAME). */
static void rename_others(Build *b) {
  size_t prefix = sizeof LJ_OTHER_NAME - 1, length;
  for (LLVMValueRef fn = LLVMGetFirstFunction(b->module), next; fn; fn = next) {
    next = LLVMGetNextFunction(fn);
    const char *name = LLVMGetValueName2(fn, &length);
    if (strncmp(name, LJ_OTHER_NAME, prefix) != 0) continue;
    LLVMValueRef known = LLVMGetNamedFunction(b->module, name + prefix);
    if (known) {
      LLVMReplaceAllUsesWith(fn, known);
      LLVMDeleteFunction(fn);
    } else {
      char plain[64];
      snprintf(plain, sizeof plain, "%s", name + prefix);
      LLVMSetValueName2(fn, plain, strlen(plain));
    }
  }
}

static bool is_export_call(const char *name) {
#define X(result, own, params, signature)                                                                                                  \
  if (strcmp(name, #own) == 0) return true;
  LJ_EXPORT_CALLS(X)
#undef X
  return false;
}

/* Everything that the object asks for is in the runtime or the C library. */
static bool check_names(Build *b) {
  for (LLVMValueRef fn = LLVMGetFirstFunction(b->module); fn; fn = LLVMGetNextFunction(fn)) {
    size_t length;
    const char *name = LLVMGetValueName2(fn, &length);
    if (!LLVMIsDeclaration(fn) || LLVMGetIntrinsicID(fn) || is_export_call(name) || lj_rt_symbol(name)) continue;
    sb_printf(b->error, "the code calls '%s', which the runtime has not", name);
    return false;
  }
  return true;
}

/* ---- all of it ----------------------------------------------------------------------------------------------------------------------- */

static void begin(Build *b) {
  b->ptr = LLVMPointerTypeInContext(b->ctx, 0);
  b->i8 = LLVMInt8TypeInContext(b->ctx);
  b->i32 = LLVMInt32TypeInContext(b->ctx);
  b->i64 = LLVMInt64TypeInContext(b->ctx);
  b->void_ = LLVMVoidTypeInContext(b->ctx);
}

/* Emitted for a machine that every one can be: functions that were made for more say so, and those that C calls run anywhere, to tell what lacks. */
static bool finish(Build *b, LLVMTargetMachineRef machine, Arena *arena, StrBuf *object) {
  define_library(b, arena);
  for (uint32_t i = 0; i < b->plan->exports.len; i++) {
    const BuildExport *export = b->plan->exports.data[i];
    define_function(b, export, b->functions[i], describe(b, export, b->entries[i], arena));
  }
  for (size_t i = 0; i < LJ_COUNT(own_rows); i++) define_own(b, b->own[i], own_rows[i].runtime, own_rows[i].of_library);
  define_end(b);
  rename_others(b);
  char *why = NULL;
  bool broken = LLVMVerifyModule(b->module, LLVMReturnStatusAction, &why);
  if (broken) sb_printf(b->error, "the generated library is broken: %s", why);
  LLVMDisposeMessage(why);
  double start = engine_now();
  bool ok = !broken && check_names(b) && emit_module(b->module, machine, LLVMObjectFile, object, b->error);
  b->times->emit += engine_now() - start;
  return ok;
}

static bool make(Build *b, Arena *arena, StrBuf *object) {
#if defined(__x86_64__)
  static const lj_cpu any = {.name = "x86-64"};
#else
  static const lj_cpu any = {.name = "generic"};
#endif
  Target least;
  if (!target_of(b, &any, &least)) return false;
  LLVMTargetMachineRef machine = target_take(&least);
  LLVMTargetDataRef layout = LLVMCreateTargetDataLayout(machine);
  LLVMSetTarget(b->module, least.triple);
  LLVMSetModuleDataLayout(b->module, layout);
  LLVMDisposeTargetData(layout);
  declare(b, arena);
  bool ok = true;
  for (uint32_t i = 0; i < b->plan->cpus.len && ok; i++) ok = add_cpu(b, i, arena);
  ok = ok && finish(b, machine, arena, object);
  target_give(&least, machine);
  target_drop(&least);
  return ok;
}

lj_status build_object(const BuildPlan *plan, int opt_level, StrBuf *object, BackendTimes *times, StrBuf *error) {
  Failures failures = {.error = error};
  Arena arena;
  arena_init(&arena);
  Build b = {.plan = plan, .opt_level = opt_level, .error = error, .times = times, .ctx = context_open(&failures)};
  LLVMContextSetDiscardValueNames(b.ctx, false); /* names of parameters are none of the object's */
  b.module = LLVMModuleCreateWithNameInContext(plan->name, b.ctx);
  b.b = LLVMCreateBuilderInContext(b.ctx);
  begin(&b);
  bool ok = make(&b, &arena, object) && !failures.any;
  LLVMDisposeBuilder(b.b);
  LLVMDisposeModule(b.module);
  LLVMContextDispose(b.ctx);
  arena_drop(&arena);
  return ok ? LJ_OK : LJ_INTERNAL;
}
