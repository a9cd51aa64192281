/* Kernels: a specialisation becomes code that can be called.
 *   Spec ──ir_lower──▶ Loop IR ──passes──▶ Loop IR ──backend──▶ object ──link──▶ entry
 * In: a specialisation of the module; its lock is held. Out: a kernel, kept by the module; the same specialisation gives the same kernel.
 * The Loop IR lives as long as one compile. */
#include "jit/engine.h"

#include <stdlib.h>

const char compile_symbol[] = "loopjit_entry";

lj_status compile_unit(lj_module *module, const Spec *spec, Arena *arena, lj_report *report, IrUnit **out) {
  double start = engine_now();
  Diag *dx = arena_new(arena, Diag); /* the unit's */
  diag_init(dx, arena);
  *out = ir_lower(arena, &module->program, spec, dx);
  module->times.lower += engine_now() - start;
  if (dx->first) report_diag(report, dx);
  return *out ? LJ_OK : LJ_ERROR;
}

void kernel_place(lj_kernel *kernel) {
  size_t end = 0, align = 1, own;
  kernel->slots = arena_array(&kernel->module->arena, ArgSlot, kernel->arg_count + 1);
  for (uint32_t i = 0; i < kernel->arg_count; i++) {
    const Type *type = kernel->params[i];
    if (!layout_size(type, &own)) continue;
    kernel->slots[kernel->slot_count++] = (ArgSlot){.type = type, .arg = i, .offset = (uint32_t)layout_place(type, &end, &align)};
  }
  kernel->args_size = (end + align - 1) / align * align;
  kernel->result_size = layout_size(kernel->result, &own);
}

/* What a call passes: the types of the entry's parameters, and of those that take no room. What stands behind them is left to its default. */
static void take_params(lj_module *module, const IrFunc *entry, lj_kernel *kernel) {
  const Spec *spec = kernel->spec;
  uint32_t next = 0;
  size_t align;
  kernel->params = arena_array(&module->arena, const Type *, spec->func->params.len + 1);
  for (uint32_t i = 0; i < spec->func->params.len && spec->args[i]; i++) {
    bool has_room = layout_size(spec->args[i], &align) > 0;
    LJ_ASSERT(!has_room || next < entry->params.len);
    kernel->params[kernel->arg_count++] = has_room ? entry->params.data[next++]->type : spec->args[i];
  }
}

/* NULL when some type cannot be written. */
static const char *identity_text(lj_module *module, const Spec *spec) {
  StrBuf text = {0};
  bool ok = true;
  for (uint32_t i = 0; i < spec->func->params.len && spec->args[i] && ok; i++) ok = cache_type_put(spec->args[i], &text);
  sb_putc(&text, ':');
  ok = ok && cache_type_put(spec->result, &text);
  const char *copy = ok ? arena_copy(&module->arena, text.data, text.len) : NULL;
  sb_drop(&text);
  return copy;
}

static const char *signature_text(lj_module *module, const Spec *spec) {
  StrBuf text = {0};
  sb_printf(&text, "%s(", type_name(spec->result));
  for (uint32_t i = 0; i < spec->func->params.len && spec->args[i]; i++) sb_printf(&text, "%s%s", i ? ", " : "", type_name(spec->args[i]));
  sb_puts(&text, ")");
  const char *copy = arena_copy(&module->arena, text.data, text.len);
  sb_drop(&text);
  return copy;
}

/* Unit to entry. The kernel's code is linked when this succeeds. */
static lj_status make_code(lj_module *module, IrUnit *unit, lj_report *report, lj_kernel *kernel, StrBuf *object) {
  Backend *backend;
  lj_status status = engine_backend(module->engine, &module->times, report, &backend);
  if (status != LJ_OK) return status;
  StrBuf error = {0};
  BackendTimes times = {0};
  void *entry = NULL;
  bool ok = backend_compile(backend, unit, compile_symbol, NULL, object, &times, &error);
  BackendTables tables = {.hosts = &module->hosts};
  if (ok) tables.places = places_make(&module->arena, unit->places.data, unit->places.len);
  ok = ok && backend_link(backend, object->data, object->len, compile_symbol, &tables, &kernel->code, &entry, &times, &error);
  module->times.codegen += times.codegen, module->times.optimize += times.optimize;
  module->times.emit += times.emit, module->times.link += times.link;
  if (ok)
    memcpy(&kernel->entry, &entry, sizeof entry);
  else
    status = report_message(report, LJ_INTERNAL, "%s", sb_text(&error));
  sb_drop(&error);
  return status;
}

static lj_kernel *find_compiled(lj_module *module, const lj_function *function, const Spec *spec, const char *identity) {
  for (lj_kernel *k = module->kernels; k; k = k->next)
    if (k->spec == spec || (k->function == function && identity && k->identity && strcmp(k->identity, identity) == 0)) return k;
  return NULL;
}

/* From the lowered unit on. Its diagnostics were reported: such a kernel is not kept, they would not be seen again. */
static lj_status make_kernel(lj_module *module, const KernelAsk *ask, IrUnit *unit, bool keep, lj_report *report, lj_kernel *kernel) {
  StrBuf object = {0};
  double start = engine_now();
  ir_run_passes(unit, NULL);
  module->times.passes += engine_now() - start;
  lj_status status = make_code(module, unit, report, kernel, &object);
  if (status == LJ_OK) {
    take_params(module, unit->entry, kernel);
    kernel_place(kernel);
    kernel->has_globals = unit->globals.len > 0;
    kernel->signature = signature_text(module, kernel->spec);
    kernel->next = module->kernels;
    module->kernels = kernel;
    start = engine_now();
    if (keep) kernel_store(kernel, ask, unit, &object);
    module->times.cache += engine_now() - start;
  }
  sb_drop(&object);
  return status;
}

lj_status compile_kernel(lj_module *module, const KernelAsk *ask, const Spec *spec, lj_report *report, lj_kernel **out) {
  const char *identity = identity_text(module, spec);
  *out = find_compiled(module, ask->function, spec, identity);
  if (*out) return LJ_OK;
  Arena arena;
  arena_init(&arena);
  IrUnit *unit;
  lj_status status = compile_unit(module, spec, &arena, report, &unit);
  if (status == LJ_OK) {
    lj_kernel *kernel = arena_new(&module->arena, lj_kernel);
    *kernel = (lj_kernel){.module = module, .function = ask->function, .spec = spec, .identity = identity, .result = spec->result};
    status = make_kernel(module, ask, unit, ask->key && !unit->diag->first, report, kernel);
    if (status == LJ_OK) *out = kernel;
  }
  arena_drop(&arena);
  engine_tell(module->engine, report);
  return status;
}

const char *lj_kernel_signature(const lj_kernel *kernel) { return kernel->signature; }
lj_entry lj_kernel_entry(const lj_kernel *kernel) { return kernel->entry; }
size_t lj_kernel_args_size(const lj_kernel *kernel) { return kernel->args_size; }
size_t lj_kernel_result_size(const lj_kernel *kernel) { return kernel->result_size; }
