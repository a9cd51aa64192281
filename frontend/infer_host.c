/* Calls of functions of the host. In: a call that names one, its arguments' types. Out: the signature that takes them with the cheapest conversions, as
 * numba chooses among a function's own; the result's type. A function may be registered with several signatures, of different lengths, too. */
#include "frontend/host.h"
#include "frontend/infer.h"

/* The text was read once when it was registered, so it is good. */
static const HostSig *signature_of(Infer *in, const HostEntry *entry) {
  HostSig *sig = map_get(&in->state->hosts, map_key(entry));
  if (sig) return sig;
  Source *src = arena_new(in->arena, Source);
  Diag diag;
  diag_init(&diag, in->arena);
  source_init(src, in->arena, "<signature>", entry->text, (uint32_t)strlen(entry->text));
  sig = arena_new(in->arena, HostSig);
  sig->entry = entry;
  const Expr *e = parse_expression(in->arena, in->names, src, &diag);
  bool ok = e && typespec_signature(in->tt, in->names, e, &diag, &sig->result, &sig->args, &sig->count);
  LJ_ASSERT(ok && sig->result);
  for (uint32_t i = 0; i < sig->count; i++) sig->args[i] = host_param(in->tt, sig->args[i], entry->flags);
  map_put(in->arena, &in->state->hosts, map_key(entry), sig);
  return sig;
}

static const HostSig *choose(Infer *in, const Args *a, const char *name) {
  const HostTable *table = in->program->module->hosts;
  const HostSig *best = NULL;
  int64_t best_cost = INT64_MAX;
  LJ_ASSERT(table);
  for (uint32_t i = 0; i < table->count; i++) {
    if (strcmp(table->items[i]->name, name) != 0) continue;
    const HostSig *sig = signature_of(in, table->items[i]);
    int64_t cost = sig->count == a->count ? infer_conversions(a->t, sig->args, sig->count) : -1;
    if (cost >= 0 && cost < best_cost) best = sig, best_cost = cost;
  }
  return best;
}

static const Type *refuse(Infer *in, const Args *a, const char *name) {
  const HostTable *table = in->program->module->hosts;
  infer_error(in, TYPE_ERROR, a->call->span, "the host's function %s() does not take (%s)", name, infer_list_types(in, a->t, a->count));
  for (uint32_t i = 0; i < table->count; i++)
    if (strcmp(table->items[i]->name, name) == 0) diag_note(in->diag, a->call->span, "it is registered as %s", table->items[i]->text);
  return NULL;
}

const Type *infer_host(Infer *in, const Args *a) {
  const char *name = ((const HostEntry *)a->builtin)->name;
  const HostSig *sig = choose(in, a, name);
  if (!sig) return refuse(in, a, name);
  infer_set_callee(in, a->call, (Callee){.kind = CALLEE_HOST, .builtin = a->builtin, .args = a->v, .count = a->count, .host = sig});
  return in->spec->func->kind == FUNC_MODULE ? infer_python_number(in, sig->result) : sig->result;
}
