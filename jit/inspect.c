/* What the compiler made of a module, stage by stage, and how long each stage took.
 * In: a module, or a text for the stages before sema. Out: text that the caller owns. Nothing here keeps code or changes the module,
 * except that asking for a specialisation infers it. */
#include "jit/engine.h"

#include <stdlib.h>

#include "frontend/lexer.h"

typedef enum Stage {
  STAGE_TOKENS,
  STAGE_AST,
  STAGE_TYPES,
  STAGE_LOOPS,
  STAGE_EXPLAIN,
  STAGE_LLVM,
  STAGE_LLVM_OPT,
  STAGE_ASM,
  STAGE_OBJ,
  STAGE_COUNT
} Stage;
static const struct {
  const char *name, *about;
} stages[STAGE_COUNT] = {
    [STAGE_TOKENS] = {"tokens", "what the lexer reads"},
    [STAGE_AST] = {"ast", "the syntax tree"},
    [STAGE_TYPES] = {"types", "every specialisation with the types of its expressions"},
    [STAGE_LOOPS] = {"loops", "the Loop IR; loops:after=PASS stops after a pass"},
    [STAGE_EXPLAIN] = {"explain", "what the passes did with each loop, and why not"},
    [STAGE_LLVM] = {"llvm", "LLVM IR as generated"},
    [STAGE_LLVM_OPT] = {"llvm-opt", "LLVM IR after optimisation"},
    [STAGE_ASM] = {"asm", "assembly"},
    [STAGE_OBJ] = {"obj", "the object file"},
};

const char *lj_stage_name(size_t index) { return index < STAGE_COUNT ? stages[index].name : NULL; }
const char *lj_stage_about(size_t index) { return index < STAGE_COUNT ? stages[index].about : NULL; }
/* Rows for the library's own use are left out. */
static const Builtin *library_row(size_t index) {
  for (int id = 0; id < BI_COUNT; id++)
    if (!builtin_is_own(&builtins[id]) && index-- == 0) return &builtins[id];
  return NULL;
}

const char *lj_library_name(size_t index) {
  const Builtin *row = library_row(index);
  return row ? row->name : NULL;
}

const char *lj_library_params(size_t index) {
  const Builtin *row = library_row(index);
  return row ? row->params : NULL;
}

const char *lj_pass_name(size_t index) { return index < ir_pass_count ? ir_passes[index].name : NULL; }
const char *lj_pass_about(size_t index) { return index < ir_pass_count ? ir_passes[index].what : NULL; }

static const char after_prefix[] = "loops:after=";

/* STAGE_COUNT when there is none of the name. *after: the pass to stop after, or NULL. */
static Stage find_stage(const char *name, const char **after) {
  *after = NULL;
  if (strncmp(name, after_prefix, sizeof after_prefix - 1) == 0) {
    *after = name + sizeof after_prefix - 1;
    return STAGE_LOOPS;
  }
  unsigned i = 0;
  while (i < STAGE_COUNT && strcmp(stages[i].name, name) != 0) i++;
  return (Stage)i;
}

static void give(StrBuf *text, lj_text *out) { *out = (lj_text){text->data, text->len}; }

lj_status lj_source_emit(const char *file, const char *source, size_t length, const char *stage, lj_report *report, lj_text *out) {
  const char *after;
  *out = (lj_text){0};
  lj_report_clear(report);
  if (!file || !stage || (!source && length)) return report_message(report, LJ_MISUSE, "a name, a text and a stage are needed");
  Stage want = find_stage(stage, &after);
  if (want != STAGE_TOKENS && want != STAGE_AST) return report_message(report, LJ_MISUSE, "the stage '%s' needs a module", stage);
  if (length >= UINT32_MAX / 2) return report_message(report, LJ_MISUSE, "'%s' is too large: a source text has at most 2 GiB", file);
  Arena arena;
  StrTab names;
  Source src;
  Diag dx;
  Module *module = NULL;
  StrBuf text = {0};
  arena_init(&arena);
  strtab_init(&names, &arena);
  diag_init(&dx, &arena);
  source_init(&src, &arena, file, arena_copy(&arena, length ? source : "", length), (uint32_t)length);
  bool ok = want == STAGE_TOKENS || parse_module(&arena, &names, &src, sym_c(&names, "__main__"), &dx, &module);
  if (want == STAGE_TOKENS)
    lexer_dump(&src, &text);
  else if (ok)
    ast_dump(module, &text);
  if (dx.first) report_diag(report, &dx);
  arena_drop(&arena);
  give(&text, out);
  return ok ? LJ_OK : LJ_ERROR;
}

static lj_status emit_loops(IrUnit *unit, const char *after, lj_report *report, StrBuf *text) {
  if (!ir_run_passes(unit, after)) {
    StrBuf names = {0};
    for (size_t i = 0; i < ir_pass_count; i++) sb_printf(&names, "%s%s", i ? ", " : "", ir_passes[i].name);
    lj_status status = report_message(report, LJ_MISUSE, "there is no pass '%s'; there are: %s", after, sb_text(&names));
    sb_drop(&names);
    return status;
  }
  ir_dump(unit, text);
  return LJ_OK;
}

static lj_status emit_remarks(IrUnit *unit, StrBuf *text) {
  ir_run_passes(unit, NULL);
  ir_explain(unit, text);
  return LJ_OK;
}

static lj_status emit_code(lj_module *module, IrUnit *unit, Stage stage, lj_report *report, StrBuf *text) {
  Backend *backend;
  lj_status status = engine_backend(module->engine, &module->times, report, &backend);
  if (status != LJ_OK) return status;
  ir_run_passes(unit, NULL);
  StrBuf object = {0}, error = {0};
  BackendTimes times = {0};
  BackendDumps dumps = {.llvm = stage == STAGE_LLVM ? text : NULL,
                        .llvm_opt = stage == STAGE_LLVM_OPT ? text : NULL,
                        .assembly = stage == STAGE_ASM ? text : NULL};
  if (!backend_compile(backend, unit, compile_symbol, &dumps, stage == STAGE_OBJ ? text : &object, &times, &error))
    status = report_message(report, LJ_INTERNAL, "%s", sb_text(&error));
  sb_drop(&object);
  sb_drop(&error);
  return status;
}

/* The stages behind inference, for one specialisation. */
static lj_status emit_unit(lj_module *module, const Spec *spec, Stage stage, const char *after, lj_report *report, StrBuf *text) {
  Arena arena;
  IrUnit *unit;
  arena_init(&arena);
  lj_status status = compile_unit(module, spec, &arena, report, &unit);
  if (status == LJ_OK && stage == STAGE_EXPLAIN)
    status = emit_remarks(unit, text);
  else if (status == LJ_OK)
    status = stage == STAGE_LOOPS ? emit_loops(unit, after, report, text) : emit_code(module, unit, stage, report, text);
  arena_drop(&arena);
  return status;
}

lj_status lj_module_emit(lj_module *module, const char *stage, lj_function *function, const char *signature, lj_report *report,
                         lj_text *out) {
  const char *after;
  *out = (lj_text){0};
  lj_report_clear(report);
  if (!module || !stage || (function && function->module != module))
    return report_message(report, LJ_MISUSE, "a module and a stage are needed");
  Stage want = find_stage(stage, &after);
  StrBuf text = {0};
  lj_status status = LJ_OK;
  pthread_mutex_lock(&module->lock);
  status = module_analyse(module, report);
  const Spec *spec = module->program.main;
  if (status == LJ_OK && function) status = call_signature(function, signature ? signature : "", report, &spec);
  if (status == LJ_OK) switch (want) {
    case STAGE_TOKENS: lexer_dump(&module->source, &text); break;
    case STAGE_AST: ast_dump(module->ast, &text); break;
    case STAGE_TYPES: types_dump(&module->program, spec, &text); break;
    case STAGE_LOOPS:
    case STAGE_EXPLAIN:
    case STAGE_LLVM:
    case STAGE_LLVM_OPT:
    case STAGE_ASM:
    case STAGE_OBJ: status = emit_unit(module, spec, want, after, report, &text); break;
    case STAGE_COUNT: status = report_message(report, LJ_MISUSE, "there is no stage '%s'", stage);
    }
  pthread_mutex_unlock(&module->lock);
  give(&text, out);
  return status;
}

void lj_module_times(const lj_module *module, lj_times *times) {
  size_t size = lj_min_size(times->size, sizeof *times);
  lj_module *m = (lj_module *)(uintptr_t)module; /* only its lock changes */
  pthread_mutex_lock(&m->lock);
  lj_times now = module->times;
  pthread_mutex_unlock(&m->lock);
  now.size = size;
  memcpy(times, &now, size);
}
