/* A kernel as an entry: its object, and what calls of it need to know: the types of arguments and result, where its error sites stand. The
 * argument types that were asked for are part of the key, so that a kernel is found without inference.
 * In: a kernel that was just compiled, or a question. Out: an entry, or a kernel that is linked. The module's lock is held. */
#include "jit/engine.h"

static const char main_name[] = "<module>";

const SourceKey *kernel_source(lj_module *module, lj_function *function) {
  SourceKey *source = function ? &function->source : &module->main_source;
  if (!source->rows) cache_key_source(module->ast, &module->arena, &module->digests, function ? function->def->name : NULL, source);
  return source;
}

/* "walk(int64, float64)" */
static void describe(const lj_function *function, const Type *const *types, uint32_t count, StrBuf *out) {
  sb_puts(out, function ? function->name : main_name);
  for (uint32_t i = 0; i < count; i++) sb_printf(out, "%s%s", i ? ", " : "(", type_name(types[i]));
  if (function) sb_puts(out, count ? ")" : "()");
}

bool kernel_key(lj_module *module, lj_function *function, const Type *const *types, uint32_t count, CacheKey *key) {
  StrBuf text = {0};
  bool ok = cache_is_on(module->engine->cache);
  for (uint32_t i = 0; i < count && ok; i++) ok = types[i] && cache_type_put(types[i], &text);
  *key = (CacheKey){0};
  if (ok) {
    cache_key_start(key, cache_rows(module->engine->cache), CACHE_KERNEL);
    cache_key_row(&key->rows, "function", function ? function->name : main_name);
    cache_key_row(&key->rows, "argument types", sb_text(&text));
    sb_puts(&key->rows, kernel_source(module, function)->rows);
    host_key_rows(module, &key->rows);
    cache_key_finish(key);
  }
  sb_drop(&text);
  return ok;
}

/* ---- storing ---- */

/* A place in the module's text by its rank in what the function depends on, which an edit elsewhere does not change. */
static bool put_place(const lj_module *module, const SourceKey *source, const IrPlace *place, StrBuf *out) {
  cache_put_text(out, place->src->is_library ? place->src->name : "");
  if (place->src->is_library) return place->part == SOURCE_WHOLE;
  for (uint32_t i = 0; i < source->part_count && place->src == &module->source; i++)
    if (source->parts[i] == place->part) {
      cache_put_number(out, i);
      return true;
    }
  return false;
}

static bool put_type(StrBuf *out, const Type *type) {
  StrBuf text = {0};
  bool ok = cache_type_put(type, &text);
  if (ok) cache_put_text(out, sb_text(&text));
  sb_drop(&text);
  return ok;
}

void kernel_store(const lj_kernel *kernel, const KernelAsk *ask, const IrUnit *unit, const StrBuf *object) {
  lj_module *module = kernel->module;
  const CacheKey *key = ask->key;
  StrBuf entry = {0}, what = {0};
  describe(ask->function, ask->types, ask->count, &what);
  cache_entry_start(&entry, CACHE_KERNEL, key, module->source.name, sb_text(&what));
  cache_put_text(&entry, kernel->identity ? kernel->identity : "");
  cache_put_text(&entry, kernel->signature);
  bool ok = kernel->identity && put_type(&entry, kernel->result);
  cache_put_number(&entry, kernel->has_globals);
  cache_put_number(&entry, kernel->arg_count);
  for (uint32_t i = 0; i < kernel->arg_count && ok; i++) ok = put_type(&entry, kernel->params[i]);
  cache_put_number(&entry, unit->places.len);
  for (uint32_t i = 0; i < unit->places.len && ok; i++)
    ok = put_place(module, kernel_source(module, kernel->function), &unit->places.data[i], &entry);
  cache_put_bytes(&entry, object->data, object->len);
  cache_entry_seal(&entry, key);
  if (ok) cache_store(module->engine->cache, key, &entry);
  sb_drop(&entry);
  sb_drop(&what);
}

/* ---- finding ---- */

static const Type *take_type(lj_module *module, CacheReader *in) {
  const char *text = cache_take_text(in);
  const Type *type = cache_type_take(&module->program.types, &module->names, &text);
  if (!type || *text) in->bad = true;
  return type;
}

static void take_place(lj_module *module, const SourceKey *source, CacheReader *in, IrPlace *out) {
  const char *library = cache_take_text(in);
  *out = (IrPlace){&module->source, 0};
  if (*library) {
    out->src = prelude_source(&module->arena, library);
    out->part = SOURCE_WHOLE;
    in->bad |= !out->src;
    return;
  }
  uint32_t rank = cache_take_number(in);
  if (rank >= source->part_count)
    in->bad = true;
  else
    out->part = source->parts[rank];
}

/* False when the object does not link: some symbol is missing on this machine. */
static bool link_object(lj_kernel *kernel, const IrPlace *places, uint32_t count, const char *object, size_t size) {
  lj_module *module = kernel->module;
  Backend *backend;
  BackendTimes times = {0};
  StrBuf error = {0};
  void *entry = NULL;
  BackendTables tables = {places_make(&module->arena, places, count), &module->hosts};
  bool ok = engine_backend(module->engine, &module->times, NULL, &backend) == LJ_OK &&
            backend_link(backend, object, size, compile_symbol, &tables, &kernel->code, &entry, &times, &error);
  module->times.link += times.link;
  if (ok) memcpy(&kernel->entry, &entry, sizeof entry);
  sb_drop(&error);
  return ok;
}

static lj_kernel *make_kernel(lj_module *module, lj_function *function, CacheReader *in) {
  Arena *arena = &module->arena;
  const char *identity = cache_take_text(in);
  for (lj_kernel *k = module->kernels; k; k = k->next)
    if (k->function == function && k->identity && strcmp(k->identity, identity) == 0) return k;
  lj_kernel *kernel = arena_new(arena, lj_kernel);
  size_t size;
  kernel->module = module;
  kernel->function = function;
  kernel->identity = arena_copy(arena, identity, strlen(identity));
  const char *signature = cache_take_text(in);
  kernel->signature = arena_copy(arena, signature, strlen(signature));
  kernel->result = take_type(module, in);
  kernel->has_globals = cache_take_number(in) != 0;
  kernel->arg_count = cache_take_count(in);
  kernel->params = arena_array(arena, const Type *, kernel->arg_count + 1);
  for (uint32_t i = 0; i < kernel->arg_count && !in->bad; i++) kernel->params[i] = take_type(module, in);
  uint32_t count = cache_take_count(in);
  IrPlace *places = arena_array(arena, IrPlace, count + 1);
  for (uint32_t i = 0; i < count && !in->bad; i++) take_place(module, kernel_source(module, function), in, &places[i]);
  const char *object = cache_take_bytes(in, &size);
  if (in->bad || !link_object(kernel, places, count, object, size)) return NULL;
  kernel_place(kernel);
  kernel->next = module->kernels;
  return module->kernels = kernel;
}

lj_kernel *kernel_find(lj_module *module, lj_function *function, const CacheKey *key, const Type *const *types, uint32_t count) {
  double start = engine_now(), before = module->times.link + module->times.start_llvm;
  Cache *cache = module->engine->cache;
  StrBuf file = {0}, what = {0};
  CacheEntry entry;
  lj_kernel *kernel = NULL;
  describe(function, types, count, &what);
  if (cache_find(cache, key, CACHE_KERNEL, module->source.name, sb_text(&what), &file, &entry)) {
    kernel = make_kernel(module, function, &entry.rest);
    if (!kernel) cache_reject(cache, key, sb_text(&what));
  }
  sb_drop(&file);
  sb_drop(&what);
  module->times.cache += engine_now() - start - (module->times.link + module->times.start_llvm - before);
  return kernel;
}
