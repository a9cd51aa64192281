/* Parts of a function that become LLVM functions of their own: loops that run only when the test before their other version fails, and what the
 * pass "effort" asks for. The optimiser's time grows faster than its functions; and what it does for loops that users wait for is not done for cold
 * ones, too, which would take half of a compile.
 * In: a block of statements of the function that is being written. Out: a function and its call. Variables keep their identity: inside, what the part
 * mentions is a parameter or a slot that starts with one; what it sets comes back through memory. Must not be asked for blocks that jump out of themselves
 * or give references to variables: then the answer is no, and nothing was written. */
#include "ir/codegen/cg.h"
#include "ir/walk.h"

enum { SLOT = 8 };

typedef struct Captured {
  const IrVar *var;
  CgVar outside; /* what the function has */
  CgVal in; /* its components before the call */
  bool set; /* by the part */
} Captured;

typedef struct Part {
  Codegen *cg;
  unsigned number;
  Vec(Captured) vars; /* mentioned; those that the part itself defines have no value yet */
} Part;

static void mention(Part *p, const IrVar *var, bool set) {
  if (!var || var->is_global) return;
  CgVar *place = &p->cg->f.vars[var->id];
  if (place->part != p->number) {
    place->part = p->number;
    place->part_index = p->vars.len;
    vec_push(p->cg->arena, &p->vars, ((Captured){.var = var}));
  }
  p->vars.data[place->part_index].set |= set;
}

static void mention_var(IrVar **slot, void *data) { mention(data, *slot, false); }

static void mention_expr(IrExpr **slot, void *data) {
  const IrExpr *e = *slot;
  if (e->op == IR_VAR) mention(data, e->as.var, false);
  for (uint32_t i = 0; i < e->count; i++) mention_expr(&e->args[i], data);
}

static void look(Part *p, const IrBlock *block) {
  const IrMentions m = {mention_var, mention_expr, p};
  for (uint32_t i = 0; i < block->len; i++) {
    IrStmt *s = block->data[i];
    const IrVar *result = ir_stmt_result(s);
    ir_mentions(&m, s);
    if (result) mention(p, result, true);
    IrBlock *blocks[2];
    unsigned count = ir_stmt_blocks(s, blocks);
    for (unsigned k = 0; k < count; k++) look(p, blocks[k]);
  }
}

/* ---- outside ------------------------------------------------------------------------------------------------------------------------- */

/* A value that is the same in every function of the module needs no parameter. */
static bool passes(LLVMValueRef v) { return v && !LLVMIsConstant(v); }

/* The components of what is mentioned, as they are before the call; their number. */
static uint32_t take_values(Part *p) {
  Codegen *cg = p->cg;
  uint32_t count = 0;
  for (uint32_t i = 0; i < p->vars.len; i++) {
    Captured *c = &p->vars.data[i];
    c->outside = cg->f.vars[c->var->id];
    if (c->var->once && !c->outside.value) continue; /* the part defines it */
    c->in = cg_var_get(cg, c->var);
    for (uint32_t k = 0; k < c->in.count; k++) count += passes(c->in.v[k]);
  }
  return count;
}

static LLVMValueRef declare(Part *p, uint32_t count, bool cold) {
  Codegen *cg = p->cg;
  LLVMTypeRef *types = arena_array(cg->arena, LLVMTypeRef, count + 2);
  uint32_t n = 0;
  types[n++] = cg->ptr;
  types[n++] = cg->ptr;
  for (uint32_t i = 0; i < p->vars.len; i++)
    for (uint32_t k = 0; k < p->vars.data[i].in.count; k++)
      if (passes(p->vars.data[i].in.v[k])) types[n++] = LLVMTypeOf(p->vars.data[i].in.v[k]);
  LLVMValueRef fn =
      cg_function_new(cg, arena_printf(cg->arena, "%s.part%u", cg->f.ir->name, p->number), LLVMFunctionType(cg->i32, types, n, false));
  cg_func_attr(cg, fn, CGA_NOINLINE);
  if (cold) cg_func_attr(cg, fn, CGA_COLD);
  if (cold) cg_little_effort(cg, fn);
  return fn;
}

static LLVMValueRef call(Part *p, LLVMValueRef fn, LLVMValueRef results) {
  LLVMValueRef *args = arena_array(p->cg->arena, LLVMValueRef, LLVMCountParams(fn));
  uint32_t n = 0;
  args[n++] = p->cg->f.rt;
  args[n++] = results;
  for (uint32_t i = 0; i < p->vars.len; i++)
    for (uint32_t k = 0; k < p->vars.data[i].in.count; k++)
      if (passes(p->vars.data[i].in.v[k])) args[n++] = p->vars.data[i].in.v[k];
  return cg_call_fn(p->cg, fn, args);
}

static bool comes_back(const Captured *c) { return c->set && !c->var->once; }

static void take_results(Part *p, LLVMValueRef results) {
  Codegen *cg = p->cg;
  uint64_t at = 0;
  for (uint32_t i = 0; i < p->vars.len; i++) {
    Captured *c = &p->vars.data[i];
    const CgType *ct = cg_type(cg, c->var->type);
    if (!comes_back(c)) continue;
    for (uint32_t k = 0; k < ct->count; k++, at += SLOT)
      LLVMBuildStore(cg->b, LLVMBuildLoad2(cg->b, ct->parts[k], cg_offset(cg, results, at), ""), c->outside.slot[k]);
  }
}

/* ---- inside -------------------------------------------------------------------------------------------------------------------------- */

/* The function's table of variables speaks of the part now. */
static void enter(Part *p) {
  Codegen *cg = p->cg;
  unsigned param = 2;
  for (uint32_t i = 0; i < p->vars.len; i++) {
    const Captured *c = &p->vars.data[i];
    const CgType *ct = cg_type(cg, c->var->type);
    CgVar *place = &cg->f.vars[c->var->id];
    place->slot = arena_array(cg->arena, LLVMValueRef, ct->count + 1);
    place->value = NULL;
    if (c->var->once && !c->outside.value) continue;
    CgVal v = cg_new_val(cg, ct->count);
    for (uint32_t k = 0; k < ct->count; k++) {
      v.v[k] = passes(c->in.v[k]) ? LLVMGetParam(cg->f.fn, param++) : c->in.v[k];
      if (!c->var->once) place->slot[k] = cg_alloca(cg, ct->parts[k], c->var->name);
    }
    place->value = c->var->once ? v.v : NULL;
    for (uint32_t k = 0; k < ct->count && !c->var->once; k++) LLVMBuildStore(cg->b, v.v[k], place->slot[k]);
  }
}

static void give_results(Part *p) {
  Codegen *cg = p->cg;
  uint64_t at = 0;
  for (uint32_t i = 0; i < p->vars.len; i++) {
    const Captured *c = &p->vars.data[i];
    if (!comes_back(c)) continue;
    CgVal v = cg_var_get(cg, c->var);
    for (uint32_t k = 0; k < v.count; k++, at += SLOT) LLVMBuildStore(cg->b, v.v[k], cg_offset(cg, LLVMGetParam(cg->f.fn, 1), at));
  }
  LLVMBuildRet(cg->b, cg_i32(cg, 0));
}

/* Writes the function; false when it cannot fail. */
static bool write(Part *p, LLVMValueRef fn, const IrBlock *block) {
  Codegen *cg = p->cg;
  CgFunc outer = cg->f;
  LLVMBasicBlockRef here = LLVMGetInsertBlock(cg->b);
  cg_function_open(cg, outer.ir, fn);
  cg->f.vars = outer.vars;
  cg->f.alias = outer.alias, cg->f.independent = outer.independent;
  cg->f.has_status = cg->f.is_part = true;
  cg_debug_function(cg, outer.ir, fn);
  enter(p);
  cg_body(cg, block);
  if (!cg->dead) give_results(p);
  bool fails = cg->f.cleanup != NULL;
  cg_finish_cleanup(cg);
  cg_function_close(cg);
  outer.apart += LLVMCountBasicBlocks(fn);
  for (uint32_t i = 0; i < p->vars.len; i++) {
    CgVar *place = &outer.vars[p->vars.data[i].var->id];
    uint64_t far = place->far;
    *place = p->vars.data[i].outside;
    place->far |= far;
  }
  cg->f = outer;
  cg_at(cg, here);
  cg_debug_line(cg, outer.span);
  return fails;
}

bool cg_part(Codegen *cg, const IrBlock *block, bool cold) {
  if (cg->f.trial || (cg->f.is_part && !cold) || !ir_stands_apart(block)) return false;
  Part p = {.cg = cg, .number = ++cg->parts};
  look(&p, block);
  LLVMValueRef fn = declare(&p, take_values(&p), cold), results = LLVMConstNull(cg->ptr);
  uint64_t size = 0;
  for (uint32_t i = 0; i < p.vars.len; i++)
    if (comes_back(&p.vars.data[i])) size += SLOT * (uint64_t)cg_type(cg, p.vars.data[i].var->type)->count;
  if (size) results = cg_alloca_bytes(cg, size, SLOT);
  bool fails = write(&p, fn, block);
  LLVMValueRef status = call(&p, fn, results);
  cg->f.frame = NULL; /* the part has said which calls it stands in place of */
  if (fails) cg_status_check(cg, status, false);
  take_results(&p, results);
  return true;
}
