/* Modules: a text becomes a typed program, whose functions can be found.
 * In: bytes. Out: a module, or a report that says what is wrong with them. Compiles no code: compile.c does, at the first call. A text that
 * the cache knows is not even parsed, until somebody asks for something that the cache does not have. */
#include "jit/engine.h"

#include "frontend/content.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

lj_status file_read(const char *path, lj_report *report, char **data, size_t *length) {
  *data = NULL, *length = 0;
  FILE *f = fopen(path, "rb");
  if (!f) return report_message(report, LJ_IO, "cannot open '%s': %s", path, strerror(errno));
  size_t room = 1 << 16, n = 0;
  char *text = malloc(room);
  while (text && !feof(f) && !ferror(f)) {
    n += fread(text + n, 1, room - n, f);
    if (n < room) continue;
    char *more = realloc(text, room *= 2);
    if (!more) free(text);
    text = more;
  }
  int failed = ferror(f) ? errno : 0;
  fclose(f);
  if (!text) return report_message(report, LJ_IO, "'%s' is too large", path);
  if (failed) {
    free(text);
    return report_message(report, LJ_IO, "cannot read '%s': %s", path, strerror(failed));
  }
  *data = text, *length = n;
  return LJ_OK;
}

/* `__name__` inside the module: the file's name without folder and ending. */
static Sym module_name(lj_module *module, const char *file, unsigned flags) {
  if (flags & LJ_LOAD_MAIN) return sym_c(&module->names, "__main__");
  const char *slash = strrchr(file, '/'), *name = slash ? slash + 1 : file, *dot = strrchr(name, '.');
  return sym(&module->names, name, dot && dot > name ? (size_t)(dot - name) : strlen(name));
}

static bool is_top_level(const Module *ast, const FuncDef *func) {
  return func != ast->body && (!func->parent || func->parent == ast->body);
}

/* A name that is defined again hides the function before it, as in Python. */
static bool is_hidden(const Module *ast, const FuncDef *func) {
  for (uint32_t i = func->index + 1; i < ast->funcs.len; i++)
    if (ast->funcs.data[i]->name == func->name && is_top_level(ast, ast->funcs.data[i])) return true;
  return false;
}

static const FuncDef *next_function(const Module *ast, uint32_t *at) {
  for (; *at < ast->funcs.len; ++*at)
    if (is_top_level(ast, ast->funcs.data[*at]) && !is_hidden(ast, ast->funcs.data[*at])) return ast->funcs.data[(*at)++];
  return NULL;
}

/* The functions from the tree; those that the cache told of are the same ones and get their definitions. */
static void list_functions(lj_module *module) {
  bool known = module->functions != NULL;
  if (!known) module->functions = arena_array(&module->arena, lj_function, module->ast->funcs.len + 1);
  uint32_t at = 0, count = 0;
  for (const FuncDef *def; (def = next_function(module->ast, &at)); count++) {
    if (!known) describe_function(module, (FuncDef *)(uintptr_t)def, &module->functions[count]);
    LJ_ASSERT(!known || (count < module->function_count && sym_is(def->name, module->functions[count].name)));
    module->functions[count].def = (FuncDef *)(uintptr_t)def;
  }
  if (!known) module->function_count = count; /* others may read it now */
}

/* The front end, stage by stage; stops at the first that finds errors. */
static bool analyse(lj_module *module, Diag *dx) {
  double t0 = engine_now();
  Module *ast;
  bool ok = parse_module(&module->arena, &module->names, &module->source, module->name, dx, &ast);
  double t1 = engine_now();
  module->times.parse = t1 - t0;
  if (!ok) return false;
  ast->hosts = &module->hosts;
  ok = sema_module(ast, dx);
  double t2 = engine_now();
  module->times.sema = t2 - t1;
  if (!ok) return false;
  content_make(ast);
  module->program.module = ast;
  ok = infer_module(&module->program, dx);
  module->times.infer = engine_now() - t2;
  if (!ok) return false;
  module->ast = ast;
  list_functions(module);
  return true;
}

lj_status module_analyse(lj_module *module, lj_report *report) {
  if (module->ast) return LJ_OK;
  Diag dx;
  diag_init(&dx, &module->arena);
  bool ok = analyse(module, &dx);
  if (dx.first) report_diag(report, &dx);
  return ok ? LJ_OK : LJ_ERROR;
}

static lj_status load(lj_module *module, lj_report *report) {
  double start = engine_now();
  CacheKey key;
  Diag dx;
  bool keyed = program_key(module, &key), known = keyed && program_find(module, &key);
  module->times.cache += engine_now() - start;
  diag_init(&dx, &module->arena);
  bool ok = known || analyse(module, &dx);
  if (dx.first) report_diag(report, &dx);
  if (ok && keyed && !known) {
    start = engine_now();
    if (!dx.first) program_store(module, &key);
    module->times.cache += engine_now() - start;
  }
  cache_key_drop(&key);
  engine_tell(module->engine, report);
  return ok ? LJ_OK : LJ_ERROR;
}

lj_status lj_module_load(lj_engine *engine, const char *file, const char *source, size_t length, unsigned flags, lj_report *report,
                         lj_module **out) {
  *out = NULL;
  lj_report_clear(report);
  if (!engine || !file || (!source && length)) return report_message(report, LJ_MISUSE, "a module needs an engine, a name and a text");
  if (length >= UINT32_MAX / 2) return report_message(report, LJ_MISUSE, "'%s' is too large: a source text has at most 2 GiB", file);
  lj_module *module = calloc(1, sizeof *module);
  if (!module) lj_panic(__FILE__, __LINE__, "out of memory");
  module->engine = engine;
  pthread_mutex_init(&module->lock, NULL);
  pthread_mutex_init(&module->run_lock, NULL);
  arena_init(&module->arena);
  strtab_init(&module->names, &module->arena);
  source_init(&module->source, &module->arena, arena_copy(&module->arena, file, strlen(file)),
              arena_copy(&module->arena, length ? source : "", length), (uint32_t)length);
  module->name = module_name(module, file, flags);
  host_snapshot(engine, &module->arena, &module->hosts);
  program_init(&module->program, &module->arena, NULL, engine->options);
  lj_status status = load(module, report);
  if (status == LJ_OK)
    *out = module;
  else
    lj_module_free(module);
  return status;
}

lj_status lj_module_load_file(lj_engine *engine, const char *path, unsigned flags, lj_report *report, lj_module **out) {
  *out = NULL;
  lj_report_clear(report);
  if (!path) return report_message(report, LJ_MISUSE, "the file's name is NULL");
  double start = engine_now();
  char *text;
  size_t length;
  lj_status status = file_read(path, report, &text, &length);
  if (status != LJ_OK) return status;
  double read = engine_now() - start;
  status = lj_module_load(engine, path, text, length, flags, report, out);
  free(text);
  if (*out) (*out)->times.read = read;
  return status;
}

void lj_module_free(lj_module *module) {
  if (!module) return;
  workers_end_module(module->engine->workers, module);
  for (lj_kernel *k = module->kernels; k; k = k->next) backend_unload(module->engine->backend, k->code);
  lj_memos_drop(&module->memos);
  arena_drop(&module->arena);
  pthread_mutex_destroy(&module->lock);
  pthread_mutex_destroy(&module->run_lock);
  free(module);
}

size_t lj_module_function_count(const lj_module *module) { return module->function_count; }
lj_function *lj_module_function(const lj_module *module, size_t index) {
  return index < module->function_count ? &module->functions[index] : NULL;
}
lj_function *lj_module_find(const lj_module *module, const char *name) {
  for (size_t i = 0; i < module->function_count; i++)
    if (strcmp(module->functions[i].name, name) == 0) return &module->functions[i];
  return NULL;
}
