/* `loopjit types`: for every specialisation its signature, then every source line of its body with the types found on it.
 * A line shows first the versions of variables that it makes, then its expressions as COLUMN: text: type, from left to right and
 * longer ones first. Literals are left out. The output depends on nothing but the program and is compared by golden tests. */
#include "frontend/spec.h"

#include <stdlib.h>

typedef struct Item {
  Span span;
  const Type *type;
  const Expr *expr; /* NULL: a definition */
  const Def *def;
} Item;

typedef struct Dump {
  const Spec *spec;
  Arena *arena;
  Vec(Item) items;
} Dump;

static void collect(Dump *d, const Expr *e);

static void collect_all(Dump *d, const ExprVec *v) {
  for (uint32_t i = 0; i < v->len; i++) collect(d, v->data[i]);
}

static void collect_parts(Dump *d, const FPart *parts, uint32_t count) {
  for (uint32_t i = 0; i < count; i++) {
    collect(d, parts[i].value);
    collect_parts(d, parts[i].spec.data, parts[i].spec.len);
  }
}

static void collect_call(Dump *d, const Expr *e) {
  const Expr *callee = e->as.call.callee;
  if (callee->kind == EXPR_ATTR && callee->ref.kind == REF_NONE) collect(d, callee->as.attr.base);
  collect_all(d, &e->as.call.args);
  for (uint32_t i = 0; i < e->as.call.keywords.len; i++) collect(d, e->as.call.keywords.data[i].value);
}

static void collect_inside(Dump *d, const Expr *e) {
  switch (e->kind) {
  case EXPR_INT:
  case EXPR_FLOAT:
  case EXPR_IMAG:
  case EXPR_BOOL:
  case EXPR_NONE:
  case EXPR_ELLIPSIS:
  case EXPR_STR:
  case EXPR_NAME: return;
  case EXPR_FSTRING: collect_parts(d, e->as.parts.data, e->as.parts.len); return;
  case EXPR_ATTR:
    if (e->ref.kind == REF_NONE) collect(d, e->as.attr.base);
    return;
  case EXPR_INDEX:
    collect(d, e->as.index.base);
    collect_all(d, &e->as.index.items);
    return;
  case EXPR_SLICE:
    collect(d, e->as.slice.lo);
    collect(d, e->as.slice.hi);
    collect(d, e->as.slice.step);
    return;
  case EXPR_CALL: collect_call(d, e); return;
  case EXPR_UNARY: collect(d, e->as.unary.operand); return;
  case EXPR_BINARY:
    collect(d, e->as.binary.lhs);
    collect(d, e->as.binary.rhs);
    return;
  case EXPR_COMPARE: collect_all(d, &e->as.compare.operands); return;
  case EXPR_BOOLOP: collect_all(d, &e->as.boolop.operands); return;
  case EXPR_IFEXP:
    collect(d, e->as.ifexp.cond);
    collect(d, e->as.ifexp.then);
    collect(d, e->as.ifexp.orelse);
    return;
  case EXPR_TUPLE:
  case EXPR_LIST: collect_all(d, &e->as.list.items); return;
  case EXPR_COMP:
    collect(d, e->as.comp.elt);
    for (uint32_t i = 0; i < e->as.comp.clauses.len; i++) {
      collect(d, e->as.comp.clauses.data[i].iter);
      collect_all(d, &e->as.comp.clauses.data[i].conds);
    }
    return;
  case EXPR_WALRUS: collect(d, e->as.walrus.value); return;
  case EXPR_KIND_COUNT: break;
  }
  LJ_UNREACHABLE();
}

/* Literals and what has no type of interest are not shown. */
static bool is_shown(const Expr *e) {
  switch (e->kind) {
  case EXPR_INT:
  case EXPR_FLOAT:
  case EXPR_IMAG:
  case EXPR_BOOL:
  case EXPR_NONE:
  case EXPR_ELLIPSIS:
  case EXPR_STR:
  case EXPR_SLICE: return false;
  case EXPR_FSTRING:
  case EXPR_NAME:
  case EXPR_ATTR:
  case EXPR_INDEX:
  case EXPR_CALL:
  case EXPR_UNARY:
  case EXPR_BINARY:
  case EXPR_COMPARE:
  case EXPR_BOOLOP:
  case EXPR_IFEXP:
  case EXPR_TUPLE:
  case EXPR_LIST:
  case EXPR_COMP:
  case EXPR_WALRUS: return true;
  case EXPR_KIND_COUNT: break;
  }
  LJ_UNREACHABLE();
}

static void collect(Dump *d, const Expr *e) {
  if (!e) return;
  const Type *t = spec_type(d->spec, e);
  if (t && is_shown(e)) vec_push(d->arena, &d->items, ((Item){.span = e->span, .type = t, .expr = e}));
  collect_inside(d, e);
}

static void collect_block(Dump *d, const StmtVec *body);

static void collect_stmt(Dump *d, const Stmt *s) {
  switch (s->kind) {
  case STMT_EXPR: collect(d, s->as.expr); return;
  case STMT_ASSIGN:
    for (uint32_t i = 0; i < s->as.assign.targets.len; i++)
      if (s->as.assign.targets.data[i]->kind == EXPR_INDEX) collect(d, s->as.assign.targets.data[i]);
    collect(d, s->as.assign.value);
    return;
  case STMT_ANN_ASSIGN: collect(d, s->as.ann.value); return;
  case STMT_AUG_ASSIGN:
    if (s->as.aug.target->kind == EXPR_INDEX) collect(d, s->as.aug.target);
    collect(d, s->as.aug.value);
    return;
  case STMT_IF:
    collect(d, s->as.if_.cond);
    collect_block(d, &s->as.if_.body);
    collect_block(d, &s->as.if_.orelse);
    return;
  case STMT_WHILE:
  case STMT_FOR:
    collect(d, s->kind == STMT_FOR ? s->as.loop.iter : s->as.loop.cond);
    collect_block(d, &s->as.loop.body);
    collect_block(d, &s->as.loop.orelse);
    return;
  case STMT_RETURN: collect(d, s->as.value); return;
  case STMT_ASSERT:
    collect(d, s->as.assert_.cond);
    collect(d, s->as.assert_.message);
    return;
  case STMT_RAISE:
    if (s->as.raise.exception && s->as.raise.exception->kind == EXPR_CALL) collect_all(d, &s->as.raise.exception->as.call.args);
    return;
  case STMT_BREAK:
  case STMT_CONTINUE:
  case STMT_PASS:
  case STMT_DEF:
  case STMT_IMPORT: return;
  case STMT_KIND_COUNT: break;
  }
  LJ_UNREACHABLE();
}

static void collect_block(Dump *d, const StmtVec *body) {
  for (uint32_t i = 0; i < body->len; i++)
    if (d->spec->stmt_reached[body->data[i]->id]) collect_stmt(d, body->data[i]);
}

static void collect_defs(Dump *d) {
  const FuncDef *f = d->spec->func;
  for (uint32_t i = 0; i < f->defs.len; i++) {
    const Def *def = f->defs.data[i];
    const Type *t = d->spec->def_types[def->id];
    bool shown = def->kind == DEF_ASSIGN || (def->kind == DEF_PHI && def->used);
    if (t && shown && def->span.src) vec_push(d->arena, &d->items, ((Item){.span = def->span, .type = t, .def = def}));
  }
}

static uint32_t line_of(const Item *item) { return source_line_col(item->span.src, item->span.lo).line; }

/* By line; joins, then assignments, then expressions; from left to right, the longer first. */
static int rank(const Item *item) { return item->expr ? 2 : item->def->kind == DEF_PHI ? 0 : 1; }

static int compare_items(const void *pa, const void *pb) {
  const Item *a = pa, *b = pb;
  uint32_t la = line_of(a), lb = line_of(b);
  if (la != lb) return la < lb ? -1 : 1;
  if (rank(a) != rank(b)) return rank(a) - rank(b);
  if (a->span.lo != b->span.lo) return a->span.lo < b->span.lo ? -1 : 1;
  if (a->span.hi != b->span.hi) return a->span.hi > b->span.hi ? -1 : 1;
  if (a->def && b->def) return a->def->id < b->def->id ? -1 : a->def->id > b->def->id;
  return a->expr && b->expr ? (a->expr->id < b->expr->id ? -1 : a->expr->id > b->expr->id) : 0;
}

static void put_phi(const Spec *spec, const Def *def, StrBuf *out) {
  sb_puts(out, " = join(");
  bool first = true;
  for (uint32_t i = 0; i < def->args.len; i++) {
    const Def *arg = def->args.data[i];
    const Type *t = arg ? spec->def_types[arg->id] : NULL;
    if (!arg || (!t && arg->kind != DEF_UNSET)) continue;
    sb_printf(out, "%s%s", first ? "" : ", ", arg->kind == DEF_UNSET ? "unset" : type_name(t));
    first = false;
  }
  sb_putc(out, ')');
}

static void put_item(const Spec *spec, const Item *item, StrBuf *out) {
  sb_puts(out, "        ");
  if (item->def) {
    sb_printf(out, "%s: %s", item->def->local->name->text, type_name(item->type));
    if (item->def->kind == DEF_PHI) put_phi(spec, item->def, out);
  } else {
    LineCol at = source_line_col(item->span.src, item->span.lo);
    uint32_t length = item->span.hi - item->span.lo;
    const char *text = item->span.src->text + item->span.lo;
    sb_printf(out, "%3u: ", at.column);
    for (uint32_t i = 0; i < length; i++) { /* an expression over several lines becomes one */
      bool blank = text[i] == '\n' || text[i] == ' ';
      if (!blank || i == 0 || (text[i - 1] != ' ' && text[i - 1] != '\n')) sb_putc(out, blank ? ' ' : text[i]);
    }
    sb_printf(out, ": %s", type_name(item->type));
  }
  sb_putc(out, '\n');
}

static void put_header(const Spec *spec, StrBuf *out) {
  const FuncDef *f = spec->func;
  if (f->kind == FUNC_MODULE) {
    sb_printf(out, "%s: top level:\n", f->module->source->name);
    return;
  }
  LineCol at = source_line_col(f->name_span.src, f->name_span.lo);
  sb_printf(out, "%s:%u: def %s(", f->name_span.src->name, at.line, f->name->text);
  for (uint32_t i = 0; i < f->params.len; i++)
    sb_printf(out, "%s%s: %s%s", i ? ", " : "", f->params.data[i].name->text, type_name(spec->arg_defs[i]),
              spec->args[i] ? "" : " (default)");
  sb_printf(out, ") -> %s:\n", type_name(spec->result));
}

static void dump_spec(const Spec *spec, StrBuf *out) {
  Arena arena;
  arena_init(&arena);
  Dump d = {.spec = spec, .arena = &arena};
  put_header(spec, out);
  collect_defs(&d);
  collect_block(&d, &spec->func->body);
  if (d.items.len) qsort(d.items.data, d.items.len, sizeof *d.items.data, compare_items);
  uint32_t line = 0;
  for (uint32_t i = 0; i < d.items.len; i++) {
    const Item *item = &d.items.data[i];
    uint32_t here = line_of(item), length;
    if (here != line) {
      const char *text = source_line(item->span.src, here, &length);
      sb_printf(out, "%5u | %.*s\n", here, (int)length, text);
      line = here;
    }
    put_item(spec, item, out);
  }
  arena_drop(&arena);
}

/* Specialisations that the program can reach, in order of first use; what inference made on the way is not shown. */
static void mark(const Spec *spec, bool *reached) {
  if (reached[spec->index] || spec->func->module->source->is_library) return;
  reached[spec->index] = true;
  for (uint32_t i = 0; i < spec->func->expr_count; i++)
    if (spec->callees[i].spec) mark(spec->callees[i].spec, reached);
}

void types_dump(const Program *program, const Spec *root, StrBuf *out) {
  Arena arena;
  arena_init(&arena);
  bool *reached = arena_array(&arena, bool, program->specs.len + 1);
  if (root) mark(root, reached);
  bool first = true;
  for (uint32_t i = 0; i < program->specs.len; i++) {
    const Spec *spec = program->specs.data[i];
    if (!reached[i] || !spec->done || spec->failed) continue;
    if (!first) sb_putc(out, '\n');
    first = false;
    dump_spec(spec, out);
  }
  arena_drop(&arena);
}
