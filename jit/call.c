/* Calls: from a function and values to the kernel that fits, from there to native code and back.
 * In: values. Out: a value, or a report. Finding a kernel again takes no inference: the types of the values are its key.
 * The module's lock is held while a kernel is looked up or made, never while it runs. */
#include "jit/engine.h"

#include <stdlib.h>

enum { KEY_ROOM = 256, STACK_ROOM = 1024 };

/* ---- finding the kernel -------------------------------------------------------------------------------------------------------------- */

/* *quiet: nothing was reported. */
static lj_status infer_types(lj_function *function, const Type *const *types, uint32_t count, lj_report *report, bool *quiet,
                             const Spec **out) {
  lj_module *module = function->module;
  Arena arena;
  Diag dx;
  arena_init(&arena);
  diag_init(&dx, &arena);
  double start = engine_now();
  *out = infer_function(&module->program, function->def, types, count, function->def->name_span, &dx);
  module->times.infer += engine_now() - start;
  if (dx.first) report_diag(report, &dx);
  *quiet = !dx.first;
  arena_drop(&arena);
  return *out ? LJ_OK : LJ_ERROR;
}

/* The types of a signature's text; LJ_ERROR with the reason in the diagnostics. */
static bool parse_signature(lj_module *module, const char *text, Diag *dx, const Type **result, const Type ***types, uint32_t *count) {
  *result = NULL, *types = NULL, *count = 0;
  size_t length = strlen(text);
  if (strspn(text, " \t()") == length) return true; /* no arguments */
  Source *src = arena_new(&module->arena, Source);
  source_init(src, &module->arena, "<signature>", arena_copy(&module->arena, text, length), (uint32_t)length);
  const Expr *e = parse_expression(&module->arena, &module->names, src, dx);
  return e && typespec_signature(&module->program.types, &module->names, e, dx, result, types, count);
}

static lj_status check_result(lj_function *function, const Spec *spec, const Type *result, lj_report *report) {
  Diag dx;
  if (!result || result == spec->result) return LJ_OK;
  diag_init(&dx, &function->module->arena);
  diag_error(&dx, TYPE_ERROR, function->def->name_span, "%s() returns %s here, not %s", lj_function_name(function), type_name(spec->result),
             type_name(result));
  report_diag(report, &dx);
  return LJ_ERROR;
}

static bool read_signature(lj_function *function, const char *signature, lj_report *report, const Type **result, const Type ***types,
                           uint32_t *count) {
  Diag dx;
  diag_init(&dx, &function->module->arena);
  bool ok = parse_signature(function->module, signature, &dx, result, types, count);
  if (!ok) report_diag(report, &dx);
  return ok;
}

lj_status call_signature(lj_function *function, const char *signature, lj_report *report, const Spec **out) {
  const Type *result, **types;
  uint32_t count;
  bool unused;
  *out = NULL;
  if (!read_signature(function, signature, report, &result, &types, &count)) return LJ_ERROR;
  lj_status status = infer_types(function, types, count, report, &unused, out);
  return status == LJ_OK ? check_result(function, *out, result, report) : status;
}

static lj_kernel *find_dispatch(_Atomic(Dispatch *) *list, const void *key, size_t length) {
  for (const Dispatch *d = atomic_load_explicit(list, memory_order_acquire); d; d = d->next)
    if (d->length == length && memcmp(d->key, key, length) == 0) return d->kernel;
  return NULL;
}

/* The lock is held. */
static void add_dispatch(Arena *arena, _Atomic(Dispatch *) *list, const void *key, size_t length, lj_kernel *kernel) {
  Dispatch *d = arena_new(arena, Dispatch), *next = atomic_load_explicit(list, memory_order_relaxed);
  *d = (Dispatch){.key = arena_copy(arena, key, length), .length = length, .kernel = kernel, .next = next};
  atomic_store_explicit(list, d, memory_order_release);
}

/* From the cache, or made. `result`: NULL, or what it must return. */
static lj_status make_kernel(lj_function *function, const Type *const *types, uint32_t count, const Type *result, lj_report *report,
                             lj_kernel **out) {
  lj_module *module = function->module;
  CacheKey key;
  bool keyed = kernel_key(module, function, types, count, &key), quiet;
  *out = keyed ? find_dispatch(&function->asked, &key.digest, sizeof key.digest) : NULL;
  bool known = *out != NULL;
  if (keyed && !known) *out = kernel_find(module, function, &key, types, count);
  lj_status status = LJ_OK;
  if (!*out || (result && result != (*out)->result)) {
    const Spec *spec;
    *out = NULL;
    status = module_analyse(module, report);
    if (status == LJ_OK) status = infer_types(function, types, count, report, &quiet, &spec);
    if (status == LJ_OK) status = check_result(function, spec, result, report);
    KernelAsk ask = {function, types, count, status == LJ_OK && keyed && quiet ? &key : NULL};
    if (status == LJ_OK) status = compile_kernel(module, &ask, spec, report, out);
  }
  if (keyed && !known && *out) add_dispatch(&module->arena, &function->asked, &key.digest, sizeof key.digest, *out);
  cache_key_drop(&key);
  return status;
}

/* "argument 2 of f() ('x')" */
static void name_argument(const lj_function *function, size_t index, StrBuf *out) {
  sb_printf(out, "argument %zu", index + 1);
  if (!function) return;
  sb_printf(out, " of %s()", function->name);
  if (index < function->param_count) sb_printf(out, " ('%s')", function->params[index].name);
}

/* After an error: which arguments were taken as read-only though the host did not say so. */
static void note_meeting(const lj_function *function, const lj_value *args, size_t count, lj_report *report) {
  for (size_t i = 0; i < count && report; i++) {
    StrBuf note = {0}, name = {0};
    if (value_meeting_note(&args[i], &note)) {
      name_argument(function, i, &name);
      sb_printf(&name, " %s", sb_text(&note));
      report_note(report, sb_text(&name));
    }
    sb_drop(&note);
    sb_drop(&name);
  }
}

static lj_status specialise_values(lj_function *function, const lj_value *args, size_t count, lj_report *report, lj_kernel **out) {
  lj_module *module = function->module;
  const Type **types = calloc(count + 1, sizeof *types);
  if (!types) lj_panic(__FILE__, __LINE__, "out of memory");
  for (size_t i = 0; i < count; i++) types[i] = value_type(&module->program.types, &args[i]);
  lj_status status = make_kernel(function, types, (uint32_t)count, NULL, report, out);
  if (status != LJ_OK) note_meeting(function, args, count, report);
  free(types);
  return status;
}

/* Another thread may have made it while this one waited. */
static lj_status add_kernel(lj_function *function, const lj_value *args, size_t count, const char *key, size_t length, lj_report *report,
                            lj_kernel **out) {
  lj_module *module = function->module;
  lj_status status = LJ_OK;
  pthread_mutex_lock(&module->lock);
  *out = find_dispatch(&function->dispatch, key, length);
  if (!*out) {
    status = specialise_values(function, args, count, report, out);
    if (status == LJ_OK) add_dispatch(&module->arena, &function->dispatch, key, length, *out);
  }
  pthread_mutex_unlock(&module->lock);
  return status;
}

static bool make_key(const lj_value *args, size_t count, char *key, size_t room, size_t *length) {
  char *at = key;
  for (size_t i = 0; i < count; i++)
    if (!value_key(&args[i], &at, key + room)) return false;
  *length = (size_t)(at - key);
  return true;
}

static lj_status find_kernel(lj_function *function, const lj_value *args, size_t count, lj_report *report, lj_kernel **out) {
  char few[KEY_ROOM], *key = few;
  size_t room = sizeof few, length;
  while (!make_key(args, count, key, room, &length)) { /* tuples of many things */
    if (key != few) free(key);
    key = malloc(room *= 4);
    if (!key) lj_panic(__FILE__, __LINE__, "out of memory");
  }
  *out = find_dispatch(&function->dispatch, key, length);
  lj_status status = *out ? LJ_OK : add_kernel(function, args, count, key, length, report, out);
  if (key != few) free(key);
  return status;
}

lj_status lj_specialise(lj_function *function, const char *signature, lj_report *report, lj_kernel **out) {
  *out = NULL;
  lj_report_clear(report);
  if (!function)
    return report_message(report, LJ_MISUSE, "the function is NULL: lj_module_find() found none of the name, or was not asked");
  if (!signature) return report_message(report, LJ_MISUSE, "the signature is NULL; \"\" is that of no arguments");
  pthread_mutex_lock(&function->module->lock);
  const Type *result, **types;
  uint32_t count;
  lj_status status = LJ_ERROR;
  if (read_signature(function, signature, report, &result, &types, &count))
    status = make_kernel(function, types, count, result, report, out);
  pthread_mutex_unlock(&function->module->lock);
  return status;
}

static lj_status refuse_value(const lj_function *function, const lj_value *args, size_t index, lj_report *report) {
  StrBuf name = {0};
  name_argument(function, index, &name);
  report_value(report, sb_text(&name), &args[index]);
  sb_drop(&name);
  return LJ_MISUSE;
}

static lj_status check_args(const lj_function *function, const lj_value *args, size_t count, lj_report *report) {
  if (!args && count) return report_message(report, LJ_MISUSE, "the arguments are NULL; their count is %zu", count);
  for (size_t i = 0; i < count; i++)
    if (!value_is_sound(&args[i])) return refuse_value(function, args, i, report);
  return LJ_OK;
}

lj_status call_check_function(const lj_function *function, const lj_value *args, size_t count, lj_report *report) {
  if (!function)
    return report_message(report, LJ_MISUSE, "the function is NULL: lj_module_find() found none of the name, or was not asked");
  return check_args(function, args, count, report);
}

lj_status call_check_kernel(const lj_kernel *kernel, const lj_value *args, size_t count, lj_report *report) {
  if (!kernel) return report_message(report, LJ_MISUSE, "the kernel is NULL: it was not specialised");
  return check_args(kernel->function, args, count, report);
}

lj_status lj_specialise_for(lj_function *function, const lj_value *args, size_t count, lj_report *report, lj_kernel **out) {
  *out = NULL;
  lj_report_clear(report);
  lj_status status = call_check_function(function, args, count, report);
  return status == LJ_OK ? find_kernel(function, args, count, report, out) : status;
}

/* ---- running it ---------------------------------------------------------------------------------------------------------------------- */

/* Host functions that call programs that call them: functions that do not recurse themselves do not look. */
static int32_t too_deep(lj_rt *rt) {
  static const char text[] = "maximum recursion depth exceeded";
  lj_rt_host_error(rt, RECURSION_ERROR, text, sizeof text - 1);
  return RECURSION_ERROR;
}

/* Runs the entry with packed arguments; unpacks the result. */
static lj_status enter(lj_kernel *kernel, const void *args, void *room, const CallHow *how, lj_value *result, lj_report *report) {
  lj_context own, *context = how && how->context ? how->context : &own;
  lj_rt *rt = &context->rt;
  if (context == &own) engine_init_rt(kernel->module->engine, rt);
  if (how && how->stop) rt->stop = how->stop;
  rt->memos = &kernel->module->memos;
  if (kernel->has_globals) pthread_mutex_lock(&kernel->module->run_lock);
  int32_t error = lj_rt_is_stopped(rt)                                                      ? lj_rt_stop(rt, NULL)
                  : context == &own && (char *)__builtin_frame_address(0) < rt->stack_limit ? too_deep(rt)
                                                                                            : kernel->entry(context, args, room);
  if (kernel->has_globals) pthread_mutex_unlock(&kernel->module->run_lock);
  lj_status status = rt->stopped ? LJ_STOPPED : error ? LJ_ERROR : LJ_OK;
  if (error) {
    report_error(report, rt);
  } else {
    lj_value dropped;
    value_unpack(kernel->result, room, result ? result : &dropped);
    if (!result) lj_value_free(&dropped);
  }
  if (context == &own) {
    lj_rt_drop(rt);
  } else {
    lj_context_report(context, NULL);
    rt->memos = &rt->own_memos;
    rt->stop = &rt->own_stop;
  }
  return status;
}

static lj_status refuse_argument(lj_kernel *kernel, const ArgSlot *slot, const lj_value *args, lj_report *report) {
  lj_module *module = kernel->module;
  const lj_value *arg = &args[slot->arg];
  lj_text have;
  lj_value_type(arg, &have);
  Arena arena;
  Diag dx;
  arena_init(&arena);
  diag_init(&dx, &arena);
  pthread_mutex_lock(&module->lock);
  bool known = module_analyse(module, report) == LJ_OK;
  pthread_mutex_unlock(&module->lock);
  if (known) {
    const Param *param = &kernel->function->def->params.data[slot->arg];
    bool only_readonly = arg->kind == LJ_KIND_ARRAY && type_is_array(slot->type) && !slot->type->readonly &&
                         (arg->as.array.readonly || array_axes_meet(&arg->as.array));
    diag_error(&dx, TYPE_ERROR, param->span, "'%s' is %s here; %s%s cannot be passed", param->name->text, type_name(slot->type),
               only_readonly ? "read-only " : "", have.data);
    report_diag(report, &dx);
    note_meeting(kernel->function, args, kernel->arg_count, report);
  }
  arena_drop(&arena);
  lj_text_free(&have);
  return LJ_ERROR;
}

static lj_status call_kernel(lj_kernel *kernel, const lj_value *args, size_t count, const CallHow *how, lj_value *result,
                             lj_report *report) {
  _Alignas(16) char room[STACK_ROOM];
  size_t at_result = (kernel->args_size + 15) & ~(size_t)15, size = at_result + kernel->result_size;
  if (count != kernel->arg_count)
    return report_message(report, LJ_MISUSE, "%s takes %u argument%s, not %zu", kernel->signature, kernel->arg_count,
                          kernel->arg_count == 1 ? "" : "s", count);
  char *memory = size <= sizeof room ? room : aligned_alloc(16, (size + 15) & ~(size_t)15);
  if (!memory) lj_panic(__FILE__, __LINE__, "out of memory");
  lj_status status = LJ_OK;
  for (uint32_t i = 0; i < kernel->slot_count && status == LJ_OK; i++) {
    const ArgSlot *slot = &kernel->slots[i];
    if (!value_pack(&args[slot->arg], slot->type, memory + slot->offset)) status = refuse_argument(kernel, slot, args, report);
  }
  if (status == LJ_OK) status = enter(kernel, memory, memory + at_result, how, result, report);
  if (memory != room) free(memory);
  return status;
}

lj_status call_compiled(lj_kernel *kernel, const lj_value *args, size_t count, const CallHow *how, lj_value *result, lj_report *report) {
  if (result) *result = lj_none();
  lj_report_clear(report);
  lj_status status = call_check_kernel(kernel, args, count, report);
  return status == LJ_OK ? call_kernel(kernel, args, count, how, result, report) : status;
}

lj_status call_function(lj_function *function, const lj_value *args, size_t count, const CallHow *how, lj_value *result,
                        lj_report *report) {
  if (result) *result = lj_none();
  lj_report_clear(report);
  lj_status status = call_check_function(function, args, count, report);
  if (status != LJ_OK) return status;
  lj_kernel *kernel;
  status = find_kernel(function, args, count, report, &kernel);
  return status == LJ_OK ? call_kernel(kernel, args, count, how, result, report) : status;
}

lj_status lj_kernel_call(lj_kernel *kernel, const lj_value *args, size_t count, lj_value *result, lj_report *report) {
  return call_compiled(kernel, args, count, NULL, result, report);
}

lj_status lj_call(lj_function *function, const lj_value *args, size_t count, lj_value *result, lj_report *report) {
  return call_function(function, args, count, NULL, result, report);
}

/* The lock is held. */
static lj_status main_kernel(lj_module *module, lj_report *report, lj_kernel **out) {
  CacheKey key;
  *out = module->main;
  if (*out) return LJ_OK;
  bool keyed = kernel_key(module, NULL, NULL, 0, &key);
  *out = keyed ? kernel_find(module, NULL, &key, NULL, 0) : NULL;
  lj_status status = LJ_OK;
  if (!*out) {
    KernelAsk ask = {.key = keyed ? &key : NULL};
    status = module_analyse(module, report);
    if (status == LJ_OK) status = compile_kernel(module, &ask, module->program.main, report, out);
  }
  cache_key_drop(&key);
  module->main = *out;
  return status;
}

lj_status call_main(lj_module *module, const CallHow *how, lj_report *report) {
  lj_report_clear(report);
  if (!module) return report_message(report, LJ_MISUSE, "there is no module to run");
  lj_kernel *kernel;
  pthread_mutex_lock(&module->lock);
  lj_status status = main_kernel(module, report, &kernel);
  pthread_mutex_unlock(&module->lock);
  if (status != LJ_OK) return status;
  double start = engine_now();
  status = call_kernel(kernel, NULL, 0, how, NULL, report);
  double took = engine_now() - start;
  pthread_mutex_lock(&module->lock);
  module->times.run += took;
  pthread_mutex_unlock(&module->lock);
  return status;
}

lj_status lj_module_run(lj_module *module, lj_report *report) { return call_main(module, NULL, report); }
