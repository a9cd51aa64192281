/* What the parts of sema share: one scope per function, the walk that makes versions. Private to sema*.c.
 *   sema.c           order of the work, functions and globals of the module
 *   sema_visit.c     the children of a node; the names that a block assigns
 *   sema_scope.c     which names each function binds, imports, captures
 *   sema_names.c     what a name or a dotted name refers to; suggestions
 *   sema_expr.c      versions in expressions
 *   sema_stmt.c      versions in statements, joins
 *   sema_finish.c    pruning of joins, unset names, numbering
 *   sema_decorators.c */
#ifndef LJ_SEMA_H
#define LJ_SEMA_H

#include "base/map.h"
#include "frontend/builtins.h"

/* A name that a function (or the module) binds. */
typedef struct Binding {
  Sym name;
  Local *local;         /* NULL for an import */
  FuncDef *only_func;   /* bound by one def statement and nothing else */
  bool missing;         /* an import that failed, which was reported: what uses the name is not */
  Ref import;           /* REF_BUILTIN or REF_MODULE for an import, else REF_NONE */
  Expr *only_value;     /* bound by one `name = expression` and nothing else */
  uint32_t assignments; /* in the text; one inside a loop counts as two */
  Span first, second;   /* the first two of them; both the same for one inside a loop */
} Binding;

typedef struct Scope Scope;
struct Scope {
  FuncDef *func;
  Scope *parent;              /* the enclosing function's; NULL for the module and for functions of the top level */
  Map names;                  /* Sym -> Binding */
  Map captured;               /* Local of an enclosing function -> Local of this one */
  Vec(FuncDef *) inner_calls; /* inner functions that this one names and does not contain itself */
};

typedef struct Sema {
  Module *module;
  Arena *arena;
  Diag *diag;
  Vec(Scope *) scopes; /* by FuncDef.index; 0 is the module */
  Sym main_name;       /* "__name__" */
} Sema;

/* A reading of a version, to be looked at again when all joins are known. */
typedef struct Use {
  Def **slot;
  Expr *expr; /* NULL: an augmented assignment, or a capture */
  Span at;
  Sym by; /* the inner function that captures it; else NULL */
} Use;

/* What is known of a version while its function is walked; by Def.id, which is provisional then. */
typedef struct DefState {
  Def *def;
  Def *same;      /* a phi that turned out to be another version */
  DefVec *list;   /* where a phi goes when it is used */
  Def *loop_head; /* exit of a loop that surely runs: the head, whose entry does not count */
  bool sees_unset, sees_set;
} DefState;

typedef struct CompName { /* a target of a comprehension around the expression */
  Sym name;
  Def *def;
  struct CompName *outer;
} CompName;

typedef struct Env {
  Def **defs; /* by Local.index; comprehension targets have none */
  bool dead;  /* control cannot be here */
} Env;

typedef struct LoopWalk {
  Stmt *stmt;
  Vec(Def *) heads; /* phis of the head, one per local that the loop assigns */
  Vec(Env) breaks;
  uint32_t continues;
  struct LoopWalk *outer;
} LoopWalk;

typedef struct Walk {
  Sema *sema;
  Scope *scope;
  Scope *from; /* where names are looked up first: the scope; the one around it (or NULL) for default values */
  FuncDef *func;
  Env env;
  Def **unset;          /* the DEF_UNSET of each local: what code that cannot run reads */
  uint32_t local_count; /* length of env.defs and unset */
  Vec(DefState) states;
  Vec(Use) uses;
  LoopWalk *loop;
  CompName *comps;
  uint32_t comp_depth; /* inside comprehensions and default values, where no walrus may be */
} Walk;

/* sema_visit.c */
typedef void ExprFn(void *ctx, Expr *e);
void expr_each_child(const Expr *e, ExprFn *fn, void *ctx);
void stmt_each_expr(const Stmt *s, ExprFn *fn, void *ctx); /* its own expressions, in source order; not those of its blocks */
void stmt_blocks(Stmt *s, StmtVec *blocks[2]);             /* NULL where it has none */
typedef struct Assigned {                                  /* one place that binds a name */
  Sym name;
  Span span;
  Stmt *stmt;  /* NULL for a walrus */
  Expr *value; /* of a plain `name = value` */
  Expr *annotation;
  FuncDef *func; /* def statement */
  bool in_loop;  /* within the block that is looked at */
} Assigned;
typedef void AssignedFn(void *ctx, const Assigned *a);
void block_each_assigned(const StmtVec *block, bool in_loop, AssignedFn *fn, void *ctx);
void loop_each_assigned(Stmt *loop, AssignedFn *fn, void *ctx); /* targets, condition and body; not the orelse */

/* sema_scope.c */
void scope_collect(Sema *sema, Scope *scope);
void scopes_capture(Sema *sema);
Binding *scope_find(const Scope *scope, Sym name);
/* The local that stands in `scope` for `outer`, a local of an enclosing function (or of the scope's own function). */
Local *scope_capture(Sema *sema, Scope *scope, Local *outer);
/* The scope, from `from` outwards, whose function (not the module) binds the name; NULL when none does. */
Scope *scope_of(Scope *from, Sym name);
Local *new_local(Sema *sema, FuncDef *func, Sym name, Span span);

/* sema_names.c */
const Builtin *find_member(const Sema *sema, const char *module, Sym name); /* NULL too for what only the library may name: _along, … */
void report_no_member(Sema *sema, ErrorKind kind, const char *module, Sym name, Span at); /* with what was probably meant */
void resolve_free_name(Walk *w, Expr *e);                /* a name that neither the function nor one around it binds */
void resolve_attr(Sema *sema, Expr *e);                  /* after its base */
void resolve_quietly(Sema *sema, Scope *scope, Expr *e); /* annotations and decorators: no versions, no errors */
bool report_unknown_name(Sema *sema, Scope *scope, const CompName *comps, Sym name, Span at);

/* sema_expr.c, sema_stmt.c, sema_finish.c */
void walk_expr(Walk *w, Expr *e);
void walk_exprs(Walk *w, ExprVec *list);
void walk_target(Walk *w, Expr *target, Expr *const_value);
void walk_function(Sema *sema, Scope *scope);
void walk_finish(Walk *w);
Def *walk_new_def(Walk *w, DefKind kind, Local *local, Span span);
Def *walk_assign(Walk *w, Local *local, Span span);
/* The version of the local that is read here. */
static inline Def *walk_read(const Walk *w, const Local *local) { return w->env.dead ? w->unset[local->index] : w->env.defs[local->index]; }
void walk_use(Walk *w, Def **slot, Expr *e, Span at, Sym by);
Def **walk_captures(Walk *w, FuncDef *inner, Span at); /* NULL when it captures nothing */
Env env_copy(Walk *w);
/* The environment where `count` paths meet. Phis go to `list`. */
void walk_merge(Walk *w, Env *edges, uint32_t count, DefVec *list, Stmt *join, Span at);

/* sema_decorators.c */
void sema_decorators(Sema *sema, Scope *scope);

#endif
