/* Line tables: which line of the source an instruction comes from, so that debuggers, profilers and assembly dumps can say it. No
 * variables, no types. Costs compile time, so it is made only when asked for. */
#include "ir/codegen/cg.h"
#include <llvm-c/DebugInfo.h>

typedef struct Debug {
  LLVMDIBuilderRef di;
  LLVMMetadataRef unit, no_types;
  Map files; /* Source -> DIFile */
} Debug;

static LLVMMetadataRef file_of(Codegen *cg, const Source *src) {
  Debug *d = cg->debug;
  LLVMMetadataRef file = map_get(&d->files, map_key(src));
  if (file) return file;
  const char *name = src ? src->name : "<unknown>";
  file = LLVMDIBuilderCreateFile(d->di, name, strlen(name), ".", 1);
  map_put(cg->arena, &d->files, map_key(src), file);
  return file;
}

static const Source *main_source(const IrUnit *unit) {
  const Program *program = unit->program;
  return program && program->module ? program->module->source : NULL;
}

void cg_debug_open(Codegen *cg) {
  Debug *d = arena_new(cg->arena, Debug);
  cg->debug = d;
  d->di = LLVMCreateDIBuilder(cg->module);
  LLVMMetadataRef version = LLVMValueAsMetadata(cg_i32(cg, (int32_t)LLVMDebugMetadataVersion()));
  LLVMAddModuleFlag(cg->module, LLVMModuleFlagBehaviorWarning, "Debug Info Version", 18, version);
  d->unit = LLVMDIBuilderCreateCompileUnit(d->di, LLVMDWARFSourceLanguagePython, file_of(cg, main_source(cg->unit)), "loopjit", 7, true, "",
                                           0, 0, "", 0, LLVMDWARFEmissionLineTablesOnly, 0, false, false, "", 0, "", 0);
  d->no_types = LLVMDIBuilderCreateSubroutineType(d->di, file_of(cg, main_source(cg->unit)), NULL, 0, LLVMDIFlagZero);
}

void cg_debug_function(Codegen *cg, const IrFunc *f, LLVMValueRef fn) {
  Debug *d = cg->debug;
  if (!d) return;
  const FuncDef *def = f->spec ? f->spec->func : NULL;
  Span at = def ? def->name_span : (Span){0};
  if (!at.src) at.src = main_source(cg->unit);
  LLVMMetadataRef file = file_of(cg, at.src);
  unsigned line = at.src ? source_line_col(at.src, at.lo).line : 1;
  const char *name = def && def->name ? def->name->text : f->name;
  cg->f.scope = LLVMDIBuilderCreateFunction(d->di, file, name, strlen(name), f->name, strlen(f->name), file, line, d->no_types, true, true,
                                            line, LLVMDIFlagZero, true);
  LLVMSetSubprogram(fn, cg->f.scope);
  cg->f.span = at;
  cg_debug_line(cg, at);
}

/* Statements that nobody wrote keep the line of their function: calls must have one. */
void cg_debug_line(Codegen *cg, Span span) {
  if (!cg->debug || !cg->f.scope) return;
  LineCol at = {0, 0};
  if (span.src) at = source_line_col(span.src, span.lo);
  LLVMSetCurrentDebugLocation2(cg->b, LLVMDIBuilderCreateDebugLocation(cg->ctx, at.line, at.column, cg->f.scope, NULL));
}

void cg_debug_none(Codegen *cg) {
  if (cg->debug) LLVMSetCurrentDebugLocation2(cg->b, NULL);
}

void cg_debug_close(Codegen *cg) {
  Debug *d = cg->debug;
  if (!d) return;
  LLVMDIBuilderFinalize(d->di);
  LLVMDisposeDIBuilder(d->di);
}
