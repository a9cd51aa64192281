/* Functions of the host: registered with an engine, seen by the modules that are loaded afterwards, called by compiled code without a detour.
 * In: C functions with signatures. Out: the rows that the front end reads (frontend/host.h), rows of cache keys, errors that functions tell of.
 * Addresses stand in the table alone: the linker puts them into code when it is loaded. */
#include "frontend/token.h"
#include "jit/engine.h"

_Static_assert((int)LJ_HOST_PURE == HOST_PURE && (int)LJ_HOST_THREADS == HOST_THREADS && (int)LJ_HOST_FAILS == HOST_FAILS &&
                   (int)LJ_HOST_NO_DATA == HOST_NO_DATA,
               "the public flags are the internal ones");

/* ---- registering --------------------------------------------------------------------------------------------------------------------- */

static bool is_identifier(const char *name) {
  static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_", digits[] = "0123456789";
  if (!strspn(name, letters)) return false;
  size_t n = 0;
  while (name[n] && (strchr(letters, name[n]) || strchr(digits, name[n]))) n++;
  for (int kind = TOK_FALSE; kind <= TOK_YIELD; kind++)
    if (strcmp(token_texts[kind], name) == 0) return false;
  return !name[n];
}

static const char *list_types(Arena *arena, const Type *const *types, uint32_t count) {
  const char *text = "";
  for (uint32_t i = 0; i < count; i++) text = arena_printf(arena, "%s%s%s", text, i ? ", " : "", type_name(types[i]));
  return text;
}

/* The text as types. What is wrong with it is said as one message. */
static lj_status read_signature(Arena *arena, const char *name, const char *text, unsigned flags, lj_report *report, HostSig *sig) {
  StrTab names;
  TypeTable types;
  Source src;
  Diag dx;
  strtab_init(&names, arena);
  types_init(&types, arena);
  diag_init(&dx, arena);
  source_init(&src, arena, "<signature>", text, (uint32_t)strlen(text));
  const Expr *e = parse_expression(arena, &names, &src, &dx);
  if (!e || !typespec_signature(&types, &names, e, &dx, &sig->result, &sig->args, &sig->count)) {
    const Diagnostic *first = dx.first, *note = first ? first->next : NULL;
    return report_message(report, LJ_MISUSE, "the signature \"%s\" of %s(): %s%s%s", text, name,
                          first ? first->message : "it cannot be read", note ? "; " : "", note ? note->message : "");
  }
  if (!sig->result)
    return report_message(report, LJ_MISUSE, "the signature \"%s\" of %s() names no result: write \"float64(…)\" or \"void(…)\"", text,
                          name);
  if (!host_takes(sig->result) && sig->result->kind != TYPE_NONE)
    return report_message(report, LJ_MISUSE, "%s() cannot give %s: a result is a number, a string, an array, a tuple of them, or void",
                          name, type_name(sig->result));
  for (uint32_t i = 0; i < sig->count; i++) sig->args[i] = host_param(&types, sig->args[i], flags);
  for (uint32_t i = 0; i < sig->count; i++)
    if (!host_takes(sig->args[i]))
      return report_message(report, LJ_MISUSE, "%s() cannot take %s: arguments are numbers, strings, arrays and tuples of them", name,
                            type_name(sig->args[i]));
  return LJ_OK;
}

static lj_status check_flags(const char *name, unsigned flags, const HostSig *sig, lj_report *report) {
  if (flags & ~(unsigned)HOST_FLAGS)
    return report_message(report, LJ_MISUSE, "there are no flags %#x of host functions", flags & ~(unsigned)HOST_FLAGS);
  if (!(flags & HOST_PURE)) return LJ_OK;
  if (flags & HOST_FAILS)
    return report_message(report, LJ_MISUSE, "%s() cannot be pure and fail: a pure function has no effect but its result", name);
  if (!type_is_scalar(sig->result))
    return report_message(report, LJ_MISUSE, "%s() is pure and must give a number, not %s", name, type_name(sig->result));
  return LJ_OK;
}

static HostEntry *make_entry(lj_engine *engine, const char *name, const char *text, const HostSig *sig) {
  Arena *arena = &engine->host_arena;
  HostEntry *entry = arena_new(arena, HostEntry);
  const char *args = list_types(arena, sig->args, sig->count);
  entry->name = arena_copy(arena, name, strlen(name));
  entry->text = arena_copy(arena, text, strlen(text));
  entry->types = arena_printf(arena, "%s(%s)", type_name(sig->result), args);
  entry->symbol = arena_printf(arena, "%s%s(%s)", HOST_SYMBOL, name, args);
  entry->builtin = builtins[BI_HOST_CALL];
  entry->builtin.name = arena_printf(arena, "%s.%s", host_module, name);
  return entry;
}

/* False: there is one with these arguments. */
static bool add_entry(lj_engine *engine, HostEntry *entry) {
  for (uint32_t i = 0; i < engine->hosts.len; i++)
    if (strcmp(engine->hosts.data[i]->symbol, entry->symbol) == 0) return false;
  vec_push(&engine->host_arena, &engine->hosts, entry);
  return true;
}

lj_status lj_engine_register(lj_engine *engine, const char *name, const char *signature, lj_host_function function, void *data,
                             unsigned flags, lj_report *report) {
  lj_report_clear(report);
  if (!engine || !name || !signature || !function)
    return report_message(report, LJ_MISUSE, "a host function needs an engine, a name, a signature and an address");
  if (!is_identifier(name)) return report_message(report, LJ_MISUSE, "'%s' is no name for a function", name);
  if (data && (flags & LJ_HOST_NO_DATA))
    return report_message(report, LJ_MISUSE, "%s() has no parameter for the data that comes with it", name);
  Arena arena;
  arena_init(&arena);
  HostSig sig = {0};
  lj_status status = read_signature(&arena, name, signature, flags, report, &sig);
  if (status == LJ_OK) status = check_flags(name, flags, &sig, report);
  if (status == LJ_OK) {
    pthread_mutex_lock(&engine->lock);
    HostEntry *entry = make_entry(engine, name, signature, &sig);
    entry->flags = flags, entry->function = function, entry->data = data;
    bool added = add_entry(engine, entry);
    pthread_mutex_unlock(&engine->lock);
    if (!added) status = report_message(report, LJ_MISUSE, "%s() is registered with these arguments already: \"%s\"", name, signature);
  }
  arena_drop(&arena);
  return status;
}

void host_snapshot(lj_engine *engine, Arena *arena, HostTable *out) {
  pthread_mutex_lock(&engine->lock);
  HostEntry **items = arena_array(arena, HostEntry *, engine->hosts.len + 1);
  if (engine->hosts.len) memcpy(items, engine->hosts.data, engine->hosts.len * sizeof *items);
  *out = (HostTable){items, engine->hosts.len};
  pthread_mutex_unlock(&engine->lock);
}

/* ---- the cache ----------------------------------------------------------------------------------------------------------------------- */

static bool is_ascii(const Source *src) {
  for (uint32_t i = 0; i < src->length; i++)
    if ((unsigned char)src->text[i] >= 0x80) return false;
  return true;
}

/* A text that does not have the name does not call the function; letters outside of ASCII may be another way to write it. */
void host_key_rows(const lj_module *module, StrBuf *rows) {
  const Source *src = &module->source;
  if (!module->hosts.count || (is_ascii(src) && !memmem(src->text, src->length, host_module, strlen(host_module)))) return;
  bool all = !is_ascii(src);
  Arena arena;
  arena_init(&arena);
  for (uint32_t i = 0; i < module->hosts.count; i++) {
    const HostEntry *entry = module->hosts.items[i];
    if (!all && !memmem(src->text, src->length, entry->name, strlen(entry->name))) continue;
    cache_key_row(rows, arena_printf(&arena, "host's function '%s'", entry->name),
                  arena_printf(&arena, "%s %u", entry->types, entry->flags));
  }
  arena_drop(&arena);
}

/* ---- inside a call ------------------------------------------------------------------------------------------------------------------- */

int lj_fail(lj_failure *failure, const char *kind, const char *format, ...) {
  StrBuf text = {0};
  va_list args;
  ErrorKind known = kind ? error_kind_find(kind, strlen(kind)) : ERROR_NONE;
  if (known == ERROR_NONE && kind && *kind) sb_printf(&text, "%s: ", kind);
  va_start(args, format);
  sb_vprintf(&text, format, args);
  va_end(args);
  lj_rt_host_error((lj_rt *)(void *)failure, known == ERROR_NONE ? RUNTIME_ERROR : known, sb_text(&text), text.len);
  sb_drop(&text);
  return 1;
}

static void array_to_native(const lj_array *a, void *owner, lj_array_head *head) {
  size_t dims = sizeof(int64_t) * (size_t)a->ndim;
  head->data = a->data;
  head->owner = owner;
  memcpy(head->dims, a->shape, dims);
  memcpy((char *)head->dims + dims, a->strides, dims);
}

void lj_value_to_native(lj_value *value, void *native, int ndim) {
  const lj_array none = {.ndim = ndim < 0 ? 0 : ndim > LJ_MAX_NDIM ? LJ_MAX_NDIM : ndim};
  bool fits = ndim < 0 ? value->kind == LJ_KIND_STR : value->kind == LJ_KIND_ARRAY && value->as.array.ndim == ndim;
  if (ndim >= 0)
    array_to_native(fits ? &value->as.array : &none, fits ? value->owner : NULL, native);
  else
    *(lj_str *)native = fits ? (lj_str){value->as.str.data, value->owner, (int64_t)value->as.str.length} : (lj_str){"", NULL, 0};
  if (fits)
    *value = lj_none();
  else
    lj_value_free(value);
}
