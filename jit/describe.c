/* What functions say of themselves, as data: parameters with their defaults, decorators, places, the kernels that were made of them.
 * In: definitions of an analysed module, or what the cache kept of them. Out: texts and numbers that live as long as the module. Infers and compiles
 * nothing. */
#include "jit/engine.h"

/* ---- filling in -------------------------------------------------------------------------------------------------------------------------- */

void describe_param(lj_module *module, FunctionParam *param) {
  uint32_t lo = param->default_lo, hi = param->default_hi;
  param->default_text = hi ? arena_copy(&module->arena, module->source.text + lo, hi - lo) : NULL;
}

/* The decorator's options, or the engine's where it does not say. */
static uint32_t flags_of(lj_module *module, FuncDef *def) {
  const Spec spec = {.func = def, .program = &module->program}; /* all that the questions look at */
  uint32_t flags = 0;
  if (spec_parallel(&spec)) flags |= LJ_FUNCTION_PARALLEL;
  if (spec_fastmath(&spec)) flags |= LJ_FUNCTION_FASTMATH;
  if (!spec_boundscheck(&spec)) flags |= LJ_FUNCTION_UNCHECKED;
  if (!spec_python_errors(&spec)) flags |= LJ_FUNCTION_NUMPY_ERRORS;
  return flags;
}

void describe_function(lj_module *module, FuncDef *def, lj_function *f) {
  *f = (lj_function){.module = module, .name = def->name->text, .doc = def->doc ? def->doc->text : "", .param_count = def->params.len};
  f->doc_length = def->doc ? def->doc->len : 0;
  f->kind = (uint32_t)def->kind;
  f->flags = flags_of(module, def);
  f->line = source_line_col(&module->source, def->name_span.lo).line;
  f->params = arena_array(&module->arena, FunctionParam, f->param_count + 1);
  for (uint32_t i = 0; i < f->param_count; i++) {
    const Expr *value = def->params.data[i].default_value;
    f->params[i] = (FunctionParam){.name = def->params.data[i].name->text};
    if (value) f->params[i].default_lo = value->span.lo, f->params[i].default_hi = value->span.hi;
    describe_param(module, &f->params[i]);
  }
}

/* ---- asking ------------------------------------------------------------------------------------------------------------------------------ */

static const FunctionParam *param(const lj_function *function, size_t index) {
  return index < function->param_count ? &function->params[index] : NULL;
}

const char *lj_function_name(const lj_function *function) { return function->name; }
const char *lj_function_doc(const lj_function *function) { return function->doc; }
uint32_t lj_function_line(const lj_function *function) { return function->line; }
unsigned lj_function_flags(const lj_function *function) { return function->flags; }
size_t lj_function_param_count(const lj_function *function) { return function->param_count; }
const char *lj_function_param_name(const lj_function *function, size_t index) {
  return param(function, index) ? param(function, index)->name : NULL;
}
bool lj_function_param_has_default(const lj_function *function, size_t index) { return lj_function_param_default(function, index) != NULL; }
const char *lj_function_param_default(const lj_function *function, size_t index) {
  return param(function, index) ? param(function, index)->default_text : NULL;
}

const char *lj_function_decorator(const lj_function *function) {
  static const char *const names[] = {
      [FUNC_PLAIN] = "",          [FUNC_JIT] = "njit", [FUNC_VECTORIZE] = "vectorize", [FUNC_GUVECTORIZE] = "guvectorize",
      [FUNC_STENCIL] = "stencil", [FUNC_MODULE] = ""};
  return function->kind < LJ_COUNT(names) ? names[function->kind] : "";
}

/* The lock is held. */
static size_t count_kernels(const lj_function *function) {
  size_t count = 0;
  for (const lj_kernel *k = function->module->kernels; k; k = k->next) count += k->function == function;
  return count;
}

size_t lj_function_kernel_count(lj_function *function) {
  pthread_mutex_lock(&function->module->lock);
  size_t count = count_kernels(function);
  pthread_mutex_unlock(&function->module->lock);
  return count;
}

lj_kernel *lj_function_kernel(lj_function *function, size_t index) {
  lj_kernel *found = NULL;
  pthread_mutex_lock(&function->module->lock);
  size_t newer = count_kernels(function);
  if (index < newer) newer -= index + 1; /* the list has the newest first */
  for (lj_kernel *k = function->module->kernels; k && !found; k = k->next)
    if (k->function == function && newer-- == 0) found = k;
  pthread_mutex_unlock(&function->module->lock);
  return found;
}

lj_function *lj_kernel_function(const lj_kernel *kernel) { return kernel->function; }
