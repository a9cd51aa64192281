/* After the walk of a function, when every edge of every join is known: phis of one version are that version, readings of names that
 * no path sets are errors, phis that no reading needs are dropped, and what is left gets its number. */
#include "frontend/sema.h"

static DefState *state_of(Walk *w, const Def *def) { return &w->states.data[def->id]; }

static Def *resolved(Walk *w, Def *def) {
  while (state_of(w, def)->same) def = state_of(w, def)->same;
  return def;
}

/* The one version that all edges of a phi carry (itself aside); NULL when they differ. */
static Def *single_operand(Walk *w, Def *phi) {
  Def *only = NULL;
  for (uint32_t k = 0; k < phi->args.len; k++) {
    Def *arg = phi->args.data[k] ? resolved(w, phi->args.data[k]) : NULL;
    if (!arg || arg == phi || arg == only) continue;
    if (only) return NULL;
    only = arg;
  }
  return only;
}

static void drop_trivial_phis(Walk *w) {
  for (bool changed = true; changed;) {
    changed = false;
    for (uint32_t i = 0; i < w->states.len; i++) {
      DefState *state = &w->states.data[i];
      if (state->def->kind != DEF_PHI || state->same || state->loop_head) continue;
      state->same = single_operand(w, state->def);
      changed |= state->same != NULL;
    }
  }
}

/* Adds what the operands from `first` on see; true when that is news. */
static bool see_operands(Walk *w, DefState *state, const Def *phi, uint32_t first) {
  bool unset = state->sees_unset, set = state->sees_set;
  for (uint32_t k = first; k < phi->args.len; k++) {
    if (!phi->args.data[k]) continue;
    const DefState *arg = state_of(w, resolved(w, phi->args.data[k]));
    state->sees_unset |= arg->sees_unset;
    state->sees_set |= arg->sees_set;
  }
  return unset != state->sees_unset || set != state->sees_set;
}

/* Which versions may be, and which may not be, unset. */
static void find_unset(Walk *w) {
  for (uint32_t i = 0; i < w->states.len; i++) {
    DefState *state = &w->states.data[i];
    state->sees_unset = state->def->kind == DEF_UNSET;
    state->sees_set = state->def->kind != DEF_UNSET && state->def->kind != DEF_PHI;
  }
  for (bool changed = true; changed;) {
    changed = false;
    for (uint32_t i = 0; i < w->states.len; i++) {
      DefState *state = &w->states.data[i];
      if (state->def->kind != DEF_PHI || state->same) continue;
      if (state->loop_head) changed |= see_operands(w, state, state->loop_head, 1); /* the loop ran at least once */
      changed |= see_operands(w, state, state->def, state->loop_head ? 1 : 0);
    }
  }
}

static void report_unset(Walk *w, const Use *use, const Local *local) {
  Diag *diag = w->sema->diag;
  const Binding *b = scope_find(w->scope, local->name);
  if (use->by && use->by != local->name)
    diag_error(diag, NAME_ERROR, use->at, "'%s' is read by '%s' before it is assigned", local->name->text, use->by->text);
  else
    diag_error(diag, NAME_ERROR, use->at, "'%s' is read before it is assigned", local->name->text);
  if (!b || !b->assignments) return;
  bool is_inner = w->func != w->sema->module->body;
  const Binding *top = is_inner ? scope_find(w->sema->scopes.data[0], local->name) : NULL;
  if (top)
    diag_note(diag, b->first, "'%s' is a local of '%s' because it is assigned here", local->name->text, w->func->name->text);
  else
    diag_note(diag, b->first, "it is assigned here");
}

static void mark_used(Walk *w, Def *def, DefVec *work) {
  def = resolved(w, def);
  if (def->used) return;
  def->used = true;
  if (def->kind == DEF_PHI) vec_push(w->sema->arena, work, def);
}

/* Marks what a version is made of; every version enters `work` at most once. */
static void mark_operands(Walk *w, DefVec *work) {
  while (work->len) {
    Def *phi = work->data[--work->len];
    for (uint32_t k = 0; k < phi->args.len; k++)
      if (phi->args.data[k]) mark_used(w, phi->args.data[k], work);
  }
}

static void settle_uses(Walk *w) {
  DefVec work = {0};
  bool is_module = w->func == w->sema->module->body;
  for (uint32_t i = 0; i < w->uses.len; i++) {
    Use *use = &w->uses.data[i];
    Def *def = *use->slot = resolved(w, *use->slot);
    if (!state_of(w, def)->sees_set) {
      Sym name = def->local->name; /* at the top level a name that is not assigned yet is Python's builtin */
      const Builtin *builtin = is_module && use->expr ? builtin_find("", 0, name->text, name->len) : NULL;
      if (builtin)
        use->expr->ref = (Ref){.kind = REF_BUILTIN, .builtin = builtin};
      else
        report_unset(w, use, def->local);
      if (builtin) continue;
    }
    mark_used(w, def, &work);
  }
  for (uint32_t i = 0; is_module && i < w->states.len; i++) { /* what functions read at the top level */
    Def *def = w->states.data[i].def;
    if (def->local->global && (def->kind == DEF_ASSIGN || def->kind == DEF_FUNC)) mark_used(w, def, &work);
  }
  mark_operands(w, &work);
}

/* The exit of a loop that surely runs: its normal edge cannot be taken when the body never ends. */
static void drop_dead_exit(const DefState *state) {
  const Def *head = state->loop_head;
  bool returns = false;
  for (uint32_t k = 1; k < head->args.len; k++) returns |= head->args.data[k] != NULL;
  if (!returns) state->def->args.data[0] = NULL;
}

/* Keeps real versions and needed phis, in the order in which they were made. */
static void number_defs(Walk *w) {
  Arena *arena = w->sema->arena;
  for (uint32_t i = 0; i < w->states.len; i++) { /* provisional numbers are still needed here */
    DefState *state = &w->states.data[i];
    if (state->def->kind != DEF_PHI || state->same || !state->def->used) continue;
    if (state->loop_head) drop_dead_exit(state);
    state->def->maybe_unset = state->sees_unset;
    for (uint32_t k = 0; k < state->def->args.len; k++)
      if (state->def->args.data[k]) state->def->args.data[k] = resolved(w, state->def->args.data[k]);
    vec_push(arena, state->list, state->def);
  }
  for (uint32_t i = 0; i < w->states.len; i++) {
    Def *def = w->states.data[i].def;
    if (def->kind == DEF_PHI && (w->states.data[i].same || !def->used)) continue;
    def->id = w->func->defs.len;
    vec_push(arena, &w->func->defs, def);
    vec_push(arena, &def->local->defs, def);
  }
}

void walk_finish(Walk *w) {
  drop_trivial_phis(w);
  find_unset(w);
  settle_uses(w);
  number_defs(w);
}
