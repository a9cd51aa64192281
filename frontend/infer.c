/* Type inference, the outer part: specialisations by function and argument types, the fixed point over one body, recursive groups.
 * In: a module after sema, argument types. Out: Specs, complete and immutable, or errors in their diagnostics.
 * A function that is reached again while it is being inferred gives the result known so far; the outermost function of such a group
 * repeats its passes, and those of the group's members, until no type changes. Specialisations made on the way from types that did not
 * last stay in the table; nothing refers to them and their errors are never reported. */
#include "frontend/infer.h"

enum { MAX_PASSES = 64, MAX_DEPTH = 400, MAX_SAME = 12 /* of one function at once, each with other argument types */ };

typedef struct SpecLink {
  Spec *spec;
  struct SpecLink *next;
} SpecLink;

void program_init(Program *program, Arena *arena, Module *module, ProgramOptions options) {
  *program = (Program){.arena = arena, .module = module, .options = options};
  types_init(&program->types, arena);
  program->infer = arena_new(arena, InferState);
}

static Infer infer_for(Program *program, SpecRun *run, bool final) {
  Spec *spec = run->spec;
  spec->diag.muted = !final;
  return (Infer){.program = program,
                 .state = program->infer,
                 .tt = &program->types,
                 .arena = program->arena,
                 .names = program->module->names,
                 .spec = spec,
                 .run = run,
                 .diag = &spec->diag,
                 .final = final};
}

/* ---- the table of specialisations ---- */

static bool same_types(const Type *const *a, const Type *const *b, uint32_t count) {
  for (uint32_t i = 0; i < count; i++)
    if (a[i] != b[i]) return false;
  return true;
}

static const Type **copy_types(Arena *arena, const Type *const *from, uint32_t count) {
  const Type **to = arena_array(arena, const Type *, count + 1);
  if (!count) return to;
  LJ_ASSERT(from);
  memcpy(to, from, sizeof *to * count);
  return to;
}

static SpecRun *new_spec(Program *program, FuncDef *func, const Type *const *args, const Type *const *captures) {
  Arena *arena = program->arena;
  Spec *spec = arena_new(arena, Spec);
  *spec = (Spec){.func = func, .program = program, .index = program->specs.len};
  spec->args = copy_types(arena, args, func->params.len);
  spec->arg_defs = copy_types(arena, args, func->params.len);
  spec->captures = copy_types(arena, captures, func->captures.len);
  spec->expr_types = arena_array(arena, const Type *, func->expr_count + 1);
  spec->callees = arena_array(arena, Callee, func->expr_count + 1);
  spec->def_types = arena_array(arena, const Type *, func->defs.len + 1);
  spec->stmt_reached = arena_array(arena, bool, func->stmt_count + 1);
  spec->if_pruned = arena_array(arena, int8_t, func->stmt_count + 1);
  diag_init(&spec->diag, arena);
  SpecRun *run = arena_new(arena, SpecRun);
  run->spec = spec;
  run->def_pass = arena_array(arena, uint32_t, func->defs.len + 1);
  run->edges = arena_array(arena, LoopEdges, func->stmt_count + 1);
  const FuncSigs *sigs = map_get(&program->infer->sigs, map_key(func));
  run->locals = sigs ? sigs->locals : NULL;
  vec_push(arena, &program->specs, spec);
  vec_push(arena, &program->infer->runs, run);
  return run;
}

static SpecRun *find_spec(Program *program, FuncDef *func, const Type *const *args, const Type *const *captures, const Type *declared) {
  uint32_t count = func->params.len, ncaptures = func->captures.len;
  uintptr_t id = (uintptr_t)func;
  uint64_t key = hash_bytes(&id, sizeof id, 0);
  if (count) key = hash_bytes(args, sizeof *args * count, key);
  if (ncaptures) key = hash_bytes(captures, sizeof *captures * ncaptures, key);
  SpecLink *first = map_get(&program->by_key, key);
  for (SpecLink *l = first; l; l = l->next)
    if (l->spec->func == func && l->spec->declared_result == declared && same_types(l->spec->args, args, count) &&
        same_types(l->spec->captures, captures, ncaptures))
      return program->infer->runs.data[l->spec->index];
  SpecRun *run = new_spec(program, func, args, captures);
  run->spec->declared_result = declared;
  SpecLink *link = arena_new(program->arena, SpecLink);
  *link = (SpecLink){run->spec, first};
  map_put(program->arena, &program->by_key, key, link);
  return run;
}

/* ---- versions ---- */

/* The type of a top-level variable changed after functions had seen it: what they made of it is stale. */
static void forget_functions(InferState *st) {
  for (uint32_t i = 0; i < st->runs.len; i++)
    if (st->runs.data[i]->state != RUN_ACTIVE) st->runs.data[i]->state = RUN_NEW;
}

static void count_change(Infer *in) {
  in->state->changes++;
  in->run->changes++;
}

static void put_def(Infer *in, Def *def, const Type *type) {
  const Type **slot = &in->spec->def_types[def->id];
  in->run->def_pass[def->id] = in->run->pass;
  if (*slot == type) return;
  if (*slot && def->local->global && in->spec == in->program->main) forget_functions(in->state);
  *slot = type;
  count_change(in);
}

void infer_set_def(Infer *in, Def *def, const Type *type, Span at) {
  if (!def) return;
  const Type *fixed = in->run->locals && def->local->func == in->spec->func ? in->run->locals[def->local->index] : NULL;
  if (type && !type_is_value(type))
    type = infer_error(in, TYPE_ERROR, at, "%s cannot be the value of '%s': it is only good where it is used directly", type_name(type),
                       def->local->name->text);
  if (type && fixed && !type_can_convert(type, fixed))
    infer_error(in, TYPE_ERROR, at, "cannot assign %s to '%s', declared %s by the decorator", type_name(type), def->local->name->text,
                type_name(fixed));
  put_def(in, def, type && fixed ? fixed : type);
}

void infer_set_callee(Infer *in, const Expr *e, Callee callee) { in->spec->callees[e->id] = callee; }

static Def *origin(const Infer *in, Def *def, const Type *type, int depth) {
  if (def->kind != DEF_PHI || depth > 20) return def;
  Def *other = NULL;
  for (uint32_t i = 0; i < def->args.len; i++) {
    Def *arg = def->args.data[i];
    if (!arg || arg == def || arg->kind == DEF_UNSET || !in->spec->def_types[arg->id]) continue;
    Def *found = arg->kind == DEF_PHI && arg->at_head ? NULL : origin(in, arg, type, depth + 1);
    if (found && in->spec->def_types[found->id] == type) return found;
    if (found && !other) other = found;
  }
  return other ? other : def;
}

Def *infer_origin(const Infer *in, Def *def) { return origin(in, def, in->spec->def_types[def->id], 0); }

static void report_join(Infer *in, const Def *phi, Def *a, const Type *ta, Def *b, const Type *tb) {
  Def *first = infer_origin(in, a), *second = infer_origin(in, b);
  const char *name = phi->local->name->text;
  if (second->span.lo < first->span.lo) {
    Def *def = first;
    const Type *type = ta;
    first = second, second = def;
    ta = tb, tb = type;
  }
  diag_error(in->diag, TYPE_ERROR, second->span, "'%s' is %s here but %s on another path, and no type holds both", name, type_name(tb),
             type_name(ta));
  diag_note(in->diag, first->span, "'%s' is %s here", name, type_name(ta));
  diag_note(in->diag, phi->span, "the paths meet here");
}

static void infer_phi(Infer *in, Def *phi, const bool *edges, uint32_t edge_count) {
  const Type *type = NULL;
  Def *from = NULL;
  for (uint32_t i = 0; i < phi->args.len; i++) {
    Def *arg = phi->args.data[i];
    if (!arg || arg == phi || arg->kind == DEF_UNSET || (edges && i < edge_count && !edges[i])) continue;
    const Type *t = in->spec->def_types[arg->id];
    if (!t) continue;
    const Type *both = type ? type_unify(in->tt, type, t) : t;
    if (!both) {
      if (phi->used) report_join(in, phi, from, in->spec->def_types[from->id], arg, t);
      type = NULL;
      break;
    }
    if (!from) from = arg;
    type = both;
  }
  if (type && in->run->pass > MAX_PASSES / 2 && in->spec->def_types[phi->id]) { /* oscillates: from now on only widen */
    const Type *wider = type_unify(in->tt, type, in->spec->def_types[phi->id]);
    if (wider) type = wider;
  }
  put_def(in, phi, type);
}

void infer_phis(Infer *in, const DefVec *phis, const bool *edges, uint32_t edge_count) {
  for (uint32_t i = 0; i < phis->len; i++) infer_phi(in, phis->data[i], edges, edge_count);
}

/* ---- one pass ---- */

static void enter_params(Infer *in) {
  Spec *spec = in->spec;
  FuncDef *func = spec->func;
  for (uint32_t i = 0; i < func->params.len; i++) {
    Param *p = &func->params.data[i];
    const Type *type = spec->args[i];
    if (!type && p->default_value) {
      type = infer_value(infer_expr(in, p->default_value));
      const FuncSigs *sigs = infer_sigs(in, func);
      if (type && sigs->annotated[i] && type_can_convert(type, sigs->annotated[i])) type = sigs->annotated[i];
    }
    spec->arg_defs[i] = type;
    for (uint32_t d = 0; p->local && d < p->local->defs.len; d++)
      if (p->local->defs.data[d]->kind == DEF_PARAM) infer_set_def(in, p->local->defs.data[d], type, p->span);
  }
  for (uint32_t i = 0; i < func->captures.len; i++) {
    Local *local = func->captures.data[i];
    for (uint32_t d = 0; d < local->defs.len; d++)
      if (local->defs.data[d]->kind == DEF_CAPTURE) put_def(in, local->defs.data[d], spec->captures[i]);
  }
}

/* What was typed in an earlier pass but not reached in this one is unreachable now. */
static void drop_unreached(Infer *in) {
  for (uint32_t i = 0; i < in->spec->func->defs.len; i++)
    if (in->spec->def_types[i] && in->run->def_pass[i] != in->run->pass) {
      in->spec->def_types[i] = NULL;
      count_change(in);
    }
}

static void set_result(Infer *in, bool falls_off) {
  SpecRun *run = in->run;
  Spec *spec = in->spec;
  const Type *result = run->returned;
  if (falls_off || !run->return_seen) {
    const Type *with_none = result ? type_unify(in->tt, result, in->tt->none) : run->return_seen ? NULL : in->tt->none;
    if (result && !with_none)
      infer_error(in, TYPE_ERROR, run->returned_at, "%s() returns %s here, but None where it ends without return", spec->func->name->text,
                  type_name(result));
    result = with_none;
  }
  if (run->return_conflict) result = NULL;
  if (spec->declared_result) {
    if (result && !type_can_convert(result, spec->declared_result) && spec->declared_result->kind != TYPE_NONE)
      infer_error(in, TYPE_ERROR, run->returned_by ? run->returned_at : spec->func->name_span,
                  "%s() returns %s but is declared to return %s", spec->func->name->text, type_name(result),
                  type_name(spec->declared_result));
    result = spec->declared_result;
  }
  if (result == spec->result) return;
  spec->result = result;
  count_change(in);
}

static void run_pass(Program *program, SpecRun *run, bool final) {
  Infer in = infer_for(program, run, final);
  FuncDef *func = run->spec->func;
  memset(run->spec->stmt_reached, 0, sizeof *run->spec->stmt_reached * func->stmt_count);
  memset(run->spec->if_pruned, 0, sizeof *run->spec->if_pruned * func->stmt_count);
  memset(run->spec->expr_types, 0, sizeof *run->spec->expr_types * func->expr_count);
  memset(run->spec->callees, 0, sizeof *run->spec->callees * func->expr_count);
  run->pass++;
  run->returned = NULL;
  run->returned_by = NULL;
  run->return_seen = run->return_conflict = false;
  run->unknown = (Span){0};
  enter_params(&in);
  bool falls_off = infer_block(&in, &func->body);
  drop_unreached(&in);
  set_result(&in, falls_off);
}

/* ---- the fixed point ---- */

static void run_until_stable(Program *program, SpecRun *run) {
  InferState *st = program->infer;
  uint32_t passes = 0;
  for (;;) {
    uint64_t before = st->changes;
    if (run->low == run->depth && run->spec->recursive) st->round++; /* a group's head: its members run again */
    run_pass(program, run, false);
    if (st->changes == before || ++passes >= MAX_PASSES) break;
  }
}

/* What was done here while an active caller's result was missing must be done again by that caller. */
static void leave_provisional(InferState *st, SpecRun *run, uint32_t from, Arena *arena) {
  for (uint32_t i = from; i < st->provisional.len; i++)
    if (st->provisional.data[i]->low > run->low) st->provisional.data[i]->low = run->low;
  run->state = RUN_PROVISIONAL;
  run->round = st->round;
  vec_push(arena, &st->provisional, run);
}

static void finish(Program *program, SpecRun *run) {
  Spec *spec = run->spec;
  spec->diag.first = spec->diag.last = NULL;
  spec->diag.errors = spec->diag.dropped = 0;
  const char *name = spec->func->kind == FUNC_MODULE ? "the top level" : spec->func->name->text;
  uint32_t before = run->changes;
  run_pass(program, run, true);
  if (run->changes != before && !spec->diag.errors)
    diag_error(&spec->diag, TYPE_ERROR, spec->func->name_span, "the types in %s do not settle: they change with every pass", name);
  if (!spec->result && (spec->recursive || !run->unknown.src) && !spec->diag.errors)
    diag_error(&spec->diag, TYPE_ERROR, spec->func->name_span, "the type of the result of %s() cannot be found out: every path needs it",
               name);
  if (run->unknown.src && !spec->diag.errors) diag_error(&spec->diag, TYPE_ERROR, run->unknown, "the type of this cannot be found out");
  spec->failed = spec->diag.errors > 0;
  spec->done = true;
  run->state = RUN_DONE;
}

static void run_spec(Program *program, SpecRun *run) {
  InferState *st = program->infer;
  uint32_t from = st->provisional.len;
  run->state = RUN_ACTIVE;
  run->depth = run->low = st->stack.len;
  vec_push(program->arena, &st->stack, run);
  run_until_stable(program, run);
  if (run->low < run->depth) {
    SpecRun *caller = st->stack.data[run->depth - 1];
    if (run->low < caller->low) caller->low = run->low;
    leave_provisional(st, run, from, program->arena);
  } else {
    finish(program, run); /* finishes the members that it calls, too */
    for (uint32_t i = from; i < st->provisional.len; i++)
      if (st->provisional.data[i]->state == RUN_PROVISIONAL) st->provisional.data[i]->state = RUN_NEW;
    st->provisional.len = from;
  }
  st->stack.len = run->depth;
}

static uint32_t active_count(const InferState *st, const FuncDef *func) {
  uint32_t n = 0;
  for (uint32_t i = 0; i < st->stack.len; i++) n += st->stack.data[i]->spec->func == func;
  return n;
}

Spec *infer_spec(Infer *in, FuncDef *func, const Type *const *args, const Type *const *captures, const Type *declared_result, Span call) {
  SpecRun *run = find_spec(in->program, func, args, captures, declared_result);
  InferState *st = in->state;
  Spec *spec = run->spec;
  switch (run->state) {
  case RUN_DONE: break;
  case RUN_ACTIVE:
    spec->recursive = true;
    for (uint32_t i = run->depth; i < st->stack.len; i++) st->stack.data[i]->spec->recursive = true;
    if (run->depth < in->run->low) in->run->low = run->depth;
    break;
  case RUN_PROVISIONAL:
    if (in->final) {
      run->state = RUN_ACTIVE;
      run->depth = run->low = st->stack.len;
      vec_push(in->arena, &st->stack, run);
      finish(in->program, run);
      st->stack.len = run->depth;
      break;
    }
    if (run->round == st->round) {
      if (run->low < in->run->low) in->run->low = run->low;
      break;
    }
    run_spec(in->program, run);
    break;
  case RUN_NEW:
    if (st->stack.len >= MAX_DEPTH || active_count(st, func) >= MAX_SAME) {
      infer_error(in, RECURSION_ERROR, call, "the argument types of %s() change with every recursive call, without end", func->name->text);
      return NULL;
    }
    run_spec(in->program, run);
    break;
  }
  return spec;
}

/* ---- entries ---- */

static bool infer_declared(Program *program, Diag *diag) {
  bool ok = true;
  for (uint32_t f = 1; f < program->module->funcs.len; f++) {
    FuncDef *func = program->module->funcs.data[f];
    if (func->captures.len) continue;
    if (func->kind == FUNC_GUVECTORIZE || func->kind == FUNC_STENCIL) continue;
    const FuncSigs *sigs = map_get(&program->infer->sigs, map_key(func));
    for (uint32_t i = 0; sigs && i < sigs->list.len; i++)
      if (!infer_function(program, func, sigs->list.data[i].args, sigs->list.data[i].count, func->name_span, diag)) ok = false;
  }
  return ok;
}

/* Copies the errors of `from` that `to` does not have yet; each gets `note` added. */
static void append_errors(Diag *to, const Diag *from, Span at, const char *note) {
  bool skip = false, any = false;
  for (const Diagnostic *d = from->first; d; d = d->next) {
    if (d->severity != SEV_NOTE) {
      if (any && !skip && note) diag_note(to, at, "%s", note);
      skip = false;
      for (const Diagnostic *have = to->first; have && !skip; have = have->next)
        skip =
            have->severity == d->severity && have->at.src == d->at.src && have->at.lo == d->at.lo && strcmp(have->message, d->message) == 0;
      any = true;
      if (skip) continue;
      if (d->severity == SEV_ERROR)
        diag_error(to, d->kind, d->at, "%s", d->message);
      else
        diag_warning(to, d->at, "%s", d->message);
    } else if (!skip) {
      diag_note(to, d->at, "%s", d->message);
    }
  }
  if (any && !skip && note) diag_note(to, at, "%s", note);
  if (!to->errors && !to->muted) diag_error(to, TYPE_ERROR, at, "the type of this cannot be found out");
}

void infer_report_callee(Infer *in, const Spec *callee, Span call) {
  append_errors(in->diag, &callee->diag, call, arena_printf(in->arena, "in this call of %s()", callee->func->name->text));
}

bool infer_module(Program *program, Diag *diag) {
  if (!infer_signatures(program, program->module, diag)) return false;
  SpecRun *run = new_spec(program, program->module->body, NULL, NULL);
  program->main = run->spec;
  run_spec(program, run);
  if (run->spec->failed) {
    append_errors(diag, &run->spec->diag, (Span){0}, NULL);
    return false;
  }
  return infer_declared(program, diag);
}

Spec *infer_function(Program *program, FuncDef *func, const Type *const *args, uint32_t count, Span call, Diag *diag) {
  Infer in = infer_for(program, program->infer->runs.data[program->main->index], true);
  in.diag = diag;
  uint32_t n = func->params.len;
  if (func->captures.len) {
    diag_error(diag, TYPE_ERROR, call, "%s() stands inside another function and uses its variables: it cannot be called from outside",
               func->name->text);
    return NULL;
  }
  if (func->kind == FUNC_GUVECTORIZE || func->kind == FUNC_STENCIL) {
    diag_error(diag, NOT_IMPLEMENTED_ERROR, call, "%s() is a kernel under @%s: call it from a function", func->name->text,
               func->kind == FUNC_STENCIL ? "stencil" : "guvectorize");
    return NULL;
  }
  if (count > n) {
    diag_error(diag, TYPE_ERROR, call, "%s() takes %u positional argument%s but %u %s given", func->name->text, n, n == 1 ? "" : "s", count,
               count == 1 ? "was" : "were");
    return NULL;
  }
  const Type **types = copy_types(program->arena, args, n < count ? n : count);
  if (count < n) {
    types = arena_array(program->arena, const Type *, n);
    for (uint32_t i = 0; i < count; i++) types[i] = args[i];
  }
  for (uint32_t i = 0; i < n; i++)
    if (!types[i] && !func->params.data[i].default_value) {
      diag_error(diag, TYPE_ERROR, call, "%s() needs a value for '%s'", func->name->text, func->params.data[i].name->text);
      return NULL;
    }
  const Type *declared = NULL;
  if (!infer_choose(&in, func, types, &declared, call, NULL)) return NULL;
  Spec *spec = infer_spec(&in, func, types, NULL, declared, call);
  if (spec && !spec->failed && spec->result) return !func->options.lru || infer_check_memo(&in, spec, call) ? spec : NULL;
  if (spec) append_errors(diag, &spec->diag, call, NULL);
  return NULL;
}
