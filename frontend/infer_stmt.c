/* Inference of statements: control flow, joins, what a pass reaches. infer_block() says whether control can reach a block's end.
 * An `if` whose condition follows from the types (x is None, a.ndim == 2) is pruned: the other branch is not typed at all.
 * Assignments are in infer_assign.c, expressions in infer_expr.c. */
#include "frontend/infer.h"

static bool infer_stmt(Infer *in, Stmt *s);

bool infer_block(Infer *in, const StmtVec *body) {
  for (uint32_t i = 0; i < body->len; i++) {
    in->spec->stmt_reached[body->data[i]->id] = true;
    if (!infer_stmt(in, body->data[i])) return false;
  }
  return true;
}

static bool stmt_if(Infer *in, Stmt *s) {
  infer_cond(in, s->as.if_.cond);
  int truth = infer_truth(in, s->as.if_.cond);
  in->spec->if_pruned[s->id] = truth < 0 ? 0 : truth ? 1 : 2;
  bool edges[2];
  edges[0] = truth != 0 && infer_block(in, &s->as.if_.body);
  edges[1] = truth != 1 && infer_block(in, &s->as.if_.orelse);
  infer_phis(in, &s->as.if_.join.phis, edges, 2);
  return edges[0] || edges[1];
}

/* ---- loops ---- */

static LoopEdges *loop_edges(Infer *in, const Stmt *s) {
  LoopEdges *edges = &in->run->edges[s->id];
  if (!edges->head) {
    edges->head = arena_array(in->arena, bool, s->as.loop.head.edge_count + 2);
    edges->exit = arena_array(in->arena, bool, s->as.loop.exit.edge_count + 1);
  }
  return edges;
}

/* The first statement that leaves the iterations of a prange: `return`, or a `break` of the loop itself. NULL where there is none. */
static const Stmt *first_exit(const StmtVec *block, const Stmt *loop) {
  for (uint32_t i = 0; i < block->len; i++) {
    const Stmt *s = block->data[i], *found = NULL;
    if (s->kind == STMT_RETURN || (s->kind == STMT_BREAK && s->as.jump.loop == loop)) return s;
    if (s->kind == STMT_IF && !(found = first_exit(&s->as.if_.body, loop))) found = first_exit(&s->as.if_.orelse, loop);
    if ((s->kind == STMT_FOR || s->kind == STMT_WHILE) && !(found = first_exit(&s->as.loop.body, loop)))
      found = first_exit(&s->as.loop.orelse, loop);
    if (found) return found;
  }
  return NULL;
}

static void check_prange(Infer *in, const Stmt *loop) {
  const Stmt *found = first_exit(&loop->as.loop.body, loop);
  if (!found) return;
  infer_error(in, SYNTAX_ERROR, found->span, "'%s' in a parallel loop: its iterations run in any order, so none can end it",
              found->kind == STMT_BREAK ? "break" : "return");
  diag_note(in->diag, loop->as.loop.iter->span, "use range() for a loop that ends early");
}

static bool stmt_loop(Infer *in, Stmt *s) {
  LoopEdges *edges = loop_edges(in, s);
  uint32_t heads = s->as.loop.head.edge_count < 2 ? 2 : s->as.loop.head.edge_count, exits = s->as.loop.exit.edge_count;
  bool is_for = s->kind == STMT_FOR, runs = true, ends = true;
  const Type *element = NULL, *iterable = NULL;
  if (is_for) {
    if (in->final && s->as.loop.is_parallel && spec_parallel(in->spec)) check_prange(in, s);
    iterable = infer_sequence(in, s->as.loop.iter);
    if (iterable) element = infer_element(in, s->as.loop.iter, iterable);
    if (type_is_tuple(iterable) && !iterable->count) runs = false;
  }
  edges->head[0] = true;
  infer_phis(in, &s->as.loop.head.phis, edges->head, heads);
  bool *before = arena_array(in->arena, bool, heads);
  memcpy(before, edges->head, heads);
  memset(edges->head + 1, 0, heads - 1);
  memset(edges->exit, 0, exits);
  if (is_for) {
    if (runs) infer_assign(in, s->as.loop.target, element, NULL);
  } else {
    infer_cond(in, s->as.loop.cond);
    int truth = infer_truth(in, s->as.loop.cond);
    runs = truth != 0, ends = truth != 1;
  }
  if (runs) edges->head[1] = infer_block(in, &s->as.loop.body);
  if (memcmp(before, edges->head, heads) != 0) in->state->changes++, in->run->changes++;
  bool fell = ends && infer_block(in, &s->as.loop.orelse);
  if (exits) edges->exit[0] = fell;
  infer_phis(in, &s->as.loop.exit.phis, edges->exit, exits);
  for (uint32_t i = 1; i < exits; i++) fell |= edges->exit[i];
  return fell;
}

static bool stmt_jump(Infer *in, const Stmt *s) {
  const Stmt *loop = s->as.jump.loop;
  if (!loop) return false;
  LoopEdges *edges = loop_edges(in, loop);
  bool is_break = s->kind == STMT_BREAK;
  if (s->as.jump.edge < (is_break ? loop->as.loop.exit.edge_count : loop->as.loop.head.edge_count))
    (is_break ? edges->exit : edges->head)[s->as.jump.edge] = true;
  return false;
}

/* ---- return, raise, assert ---- */

static void stmt_return(Infer *in, Stmt *s) {
  SpecRun *run = in->run;
  const Type *type = s->as.value ? infer_expr(in, s->as.value) : in->tt->none;
  run->return_seen = true;
  if (!type) return;
  if (!type_is_value(type)) {
    LJ_ASSERT(s->as.value); /* None is a value */
    infer_error(in, TYPE_ERROR, s->as.value->span, "%s cannot be returned", type_name(type));
    return;
  }
  const Type *both = run->returned ? type_unify(in->tt, run->returned, type) : type;
  if (!both) {
    if (in->spec->declared_result) return;
    run->return_conflict = true;
    diag_error(in->diag, TYPE_ERROR, s->as.value ? s->as.value->span : s->span,
               "%s() returns %s here but %s on another path, and no type holds both", in->spec->func->name->text, type_name(type),
               type_name(run->returned));
    diag_note(in->diag, run->returned_at, "%s is returned here", type_name(run->returned));
    return;
  }
  if (!run->returned) run->returned_at = s->as.value ? s->as.value->span : s->span, run->returned_by = s->as.value;
  run->returned = both;
}

static const char *kind_list(Infer *in) {
  const char *text = "";
  for (int k = 1; k < ERROR_KIND_COUNT; k++)
    text = arena_printf(in->arena, "%s%s%s", text, k > 1 ? ", " : "", error_kind_name((ErrorKind)k));
  return text;
}

static void check_message(Infer *in, Expr *e) {
  const Type *t = infer_expr(in, e);
  if (t && !type_is_value(t)) infer_error(in, TYPE_ERROR, e->span, "%s cannot be part of an error message", type_name(t));
}

static void stmt_raise(Infer *in, const Stmt *s) {
  Expr *e = s->as.raise.exception;
  if (!e) return;
  const Expr *name = e->kind == EXPR_CALL ? e->as.call.callee : e;
  Sym kind = name->kind == EXPR_NAME ? name->as.name : name->kind == EXPR_ATTR ? name->as.attr.name : NULL;
  if (!kind) {
    infer_error(in, TYPE_ERROR, e->span, "raise needs the name of an error, with a message: raise ValueError(\"…\")");
  } else if (!error_kind_find(kind->text, kind->len)) {
    infer_error(in, NAME_ERROR, name->span, "there is no error '%s'", kind->text);
    diag_note(in->diag, name->span, "there are %s", kind_list(in));
  } else if (e->kind == EXPR_CALL) {
    for (uint32_t i = 0; i < e->as.call.args.len; i++) check_message(in, e->as.call.args.data[i]);
    if (e->as.call.keywords.len)
      infer_error(in, TYPE_ERROR, e->as.call.keywords.data[0].span, "%s() takes no keyword arguments", kind->text);
  }
}

/* True when control goes on. */
static bool stmt_assert(Infer *in, const Stmt *s) {
  infer_cond(in, s->as.assert_.cond);
  if (s->as.assert_.message) check_message(in, s->as.assert_.message);
  return infer_truth(in, s->as.assert_.cond) != 0;
}

static void stmt_ann_assign(Infer *in, const Stmt *s) {
  if (!s->as.ann.value) return;
  const Type *type = infer_expr(in, s->as.ann.value); /* as in numba, the annotation of a local changes nothing */
  infer_assign(in, s->as.ann.target, type, s->as.ann.value);
}

static void stmt_def(Infer *in, const Stmt *s) {
  Def *def = s->as.def.def; /* a name that is bound once is read as REF_FUNC, with the captures of that place */
  if (def && def->args.len == s->as.def.func->captures.len)
    infer_set_def(in, def, infer_func_type(in, s->as.def.func, def->args.data), s->span);
}

static bool infer_stmt(Infer *in, Stmt *s) {
  switch (s->kind) {
  case STMT_EXPR: infer_expr(in, s->as.expr); return true;
  case STMT_ASSIGN: {
    const Type *type = infer_expr(in, s->as.assign.value);
    for (uint32_t i = 0; i < s->as.assign.targets.len; i++) infer_assign(in, s->as.assign.targets.data[i], type, s->as.assign.value);
    return true;
  }
  case STMT_ANN_ASSIGN: stmt_ann_assign(in, s); return true;
  case STMT_AUG_ASSIGN: infer_aug_assign(in, s); return true;
  case STMT_IF: return stmt_if(in, s);
  case STMT_WHILE:
  case STMT_FOR: return stmt_loop(in, s);
  case STMT_BREAK:
  case STMT_CONTINUE: return stmt_jump(in, s);
  case STMT_RETURN: stmt_return(in, s); return false;
  case STMT_PASS: return true;
  case STMT_ASSERT: return stmt_assert(in, s);
  case STMT_RAISE: stmt_raise(in, s); return false;
  case STMT_DEF: stmt_def(in, s); return true;
  case STMT_IMPORT: return true;
  case STMT_KIND_COUNT: break;
  }
  LJ_UNREACHABLE();
}
