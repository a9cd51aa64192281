/* A program as an entry: what loading it found out, so that the same bytes are loaded again without being parsed. Only programs that loaded
 * without any diagnostic are kept. In: a module that was analysed, or a text. Out: an entry, or the module's functions. */
#include "jit/engine.h"

enum { MOST_BYTES = 4 << 20 }; /* of an entry: a program of thousands of functions that call each other is parsed again */

bool program_key(lj_module *module, CacheKey *key) {
  *key = (CacheKey){0};
  if (!cache_is_on(module->engine->cache)) return false;
  cache_key_start(key, cache_rows(module->engine->cache), CACHE_PROGRAM);
  if (memmem(module->source.text, module->source.length, "__name__", 8))
    cache_key_bytes(&key->rows, "__name__", module->name->text, module->name->len);
  cache_key_bytes(&key->rows, "text", module->source.text, module->source.length);
  host_key_rows(module, &key->rows);
  cache_key_finish(key);
  return true;
}

/* ---- storing ---- */

static void put_source(StrBuf *out, const SourceKey *source) {
  cache_put_text(out, source->rows);
  cache_put_bytes(out, source->parts, sizeof *source->parts * source->part_count);
}

static void put_function(StrBuf *out, lj_module *module, lj_function *f) {
  cache_put_text(out, f->name);
  cache_put_bytes(out, f->doc, f->doc_length);
  cache_put_number(out, f->param_count);
  for (uint32_t i = 0; i < f->param_count; i++) {
    cache_put_text(out, f->params[i].name);
    cache_put_number(out, f->params[i].default_lo);
    cache_put_number(out, f->params[i].default_hi);
  }
  cache_put_number(out, f->kind);
  cache_put_number(out, f->flags);
  cache_put_number(out, f->line);
  put_source(out, kernel_source(module, f));
}

void program_store(lj_module *module, const CacheKey *key) {
  StrBuf entry = {0};
  cache_entry_start(&entry, CACHE_PROGRAM, key, module->source.name, "program");
  put_source(&entry, kernel_source(module, NULL));
  cache_put_number(&entry, (uint32_t)module->function_count);
  for (size_t i = 0; i < module->function_count && entry.len <= MOST_BYTES; i++) put_function(&entry, module, &module->functions[i]);
  cache_entry_seal(&entry, key);
  if (entry.len <= MOST_BYTES) cache_store(module->engine->cache, key, &entry);
  sb_drop(&entry);
}

/* ---- finding ---- */

static const char *keep(lj_module *module, const char *text, size_t length) { return arena_copy(&module->arena, text, length); }

static void take_source(lj_module *module, CacheReader *in, SourceKey *out) {
  size_t size;
  const char *rows = cache_take_text(in), *parts = cache_take_bytes(in, &size);
  if (size % sizeof *out->parts) in->bad = true;
  out->rows = keep(module, rows, strlen(rows));
  out->part_count = (uint32_t)(size / sizeof *out->parts);
  out->parts = arena_array(&module->arena, uint32_t, out->part_count + 1);
  if (!in->bad && size) memcpy(out->parts, parts, size);
}

static void take_function(lj_module *module, CacheReader *in, lj_function *f) {
  size_t length;
  const char *name = cache_take_text(in), *doc = cache_take_bytes(in, &length);
  *f = (lj_function){.module = module, .name = keep(module, name, strlen(name)), .doc = keep(module, doc, length), .doc_length = length};
  f->param_count = cache_take_count(in);
  f->params = arena_array(&module->arena, FunctionParam, f->param_count + 1);
  for (uint32_t i = 0; i < f->param_count && !in->bad; i++) {
    const char *param = cache_take_text(in);
    f->params[i].name = keep(module, param, strlen(param));
    f->params[i].default_lo = cache_take_number(in);
    f->params[i].default_hi = cache_take_number(in);
    if (f->params[i].default_lo > f->params[i].default_hi || f->params[i].default_hi > module->source.length) in->bad = true;
    if (!in->bad) describe_param(module, &f->params[i]);
  }
  f->kind = cache_take_number(in);
  f->flags = cache_take_number(in);
  f->line = cache_take_number(in);
  take_source(module, in, &f->source);
}

static bool take_program(lj_module *module, CacheReader *in) {
  take_source(module, in, &module->main_source);
  uint32_t count = cache_take_count(in);
  lj_function *functions = arena_array(&module->arena, lj_function, count + 1);
  for (uint32_t i = 0; i < count && !in->bad; i++) take_function(module, in, &functions[i]);
  if (in->bad || in->at != in->end) return false;
  module->functions = functions;
  module->function_count = count;
  return true;
}

bool program_find(lj_module *module, const CacheKey *key) {
  Cache *cache = module->engine->cache;
  StrBuf file = {0};
  CacheEntry entry;
  bool found = cache_find(cache, key, CACHE_PROGRAM, module->source.name, "program", &file, &entry);
  if (found && !take_program(module, &entry.rest)) {
    cache_reject(cache, key, "program");
    found = false;
  }
  sb_drop(&file);
  return found;
}
