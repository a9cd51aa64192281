/* How compiled code fails: checks, raises, statuses of calls, the stack check, and the places in the source that errors name. What
 * happens on failure stands in cold blocks behind the function; all of them end in `cleanup`, which releases what the function owns and
 * returns the status. */
#include "ir/codegen/cg.h"

static LLVMValueRef c_string(Codegen *cg, const char *text) { return cg_string(cg, text, strlen(text)); }

static const char *function_name(const IrFunc *f) {
  if (f->is_main) return "<module>";
  return f->spec && f->spec->func && f->spec->func->name ? f->spec->func->name->text : f->name;
}

/* The entry of the unit's table of places that stands for a part of a source text. */
static LLVMValueRef place_of(Codegen *cg, const Source *src, uint32_t part) {
  uint32_t i = 0;
  while (i < cg->unit->places.len && (cg->unit->places.data[i].src != src || cg->unit->places.data[i].part != part)) i++;
  if (i == cg->unit->places.len) vec_push(cg->unit->arena, &cg->unit->places, ((IrPlace){src, part}));
  LLVMValueRef index = cg_i64(cg, (int64_t)(i * sizeof(lj_place))), table = LLVMGetNamedGlobal(cg->module, LJ_PLACES);
  if (!table) table = LLVMAddGlobal(cg->module, cg->i8, LJ_PLACES);
  return LLVMConstGEP2(cg->i8, table, &index, 1);
}

static LLVMValueRef make_site(Codegen *cg, const IrFunc *f, Span span) {
  SourceAnchor at = {0};
  if (span.src) at = cg->anchor(span.src, span.lo, span.hi);
  LLVMValueRef fields[6] = {span.src ? place_of(cg, span.src, at.part) : LLVMConstNull(cg->ptr), c_string(cg, function_name(f))};
  const uint32_t numbers[] = {at.lo_token, at.lo_offset, at.hi_token, at.hi_offset};
  for (unsigned i = 0; i < LJ_COUNT(numbers); i++) fields[2 + i] = cg_i32(cg, (int32_t)numbers[i]);
  LLVMValueRef global = LLVMAddGlobal(cg->module, cg->site_type, "site");
  LLVMSetInitializer(global, LLVMConstStructInContext(cg->ctx, fields, LJ_COUNT(fields), false));
  LLVMSetLinkage(global, LLVMPrivateLinkage);
  LLVMSetGlobalConstant(global, true);
  LLVMSetUnnamedAddress(global, LLVMGlobalUnnamedAddr);
  return global;
}

static LLVMValueRef site_in(Codegen *cg, const IrFunc *f, Span span) {
  struct {
    const IrFunc *f;
    const Source *src;
    uint64_t range;
  } key = {f, span.src, (uint64_t)span.lo << 32 | span.hi};
  uint64_t hash = hash_bytes(&key, sizeof key, 0);
  LLVMValueRef site = map_get(&cg->sites, hash);
  if (site) return site;
  site = make_site(cg, f, span);
  map_put(cg->arena, &cg->sites, hash, site);
  return site;
}

static const IrFunc *function_of(const Codegen *cg, const IrFrame *frame) { return frame ? frame->callee : cg->f.ir; }

LLVMValueRef cg_site(Codegen *cg, Span span) { return site_in(cg, function_of(cg, cg->f.frame), span); }

static void trace(Codegen *cg, LLVMValueRef site) { cg_rt_call(cg, "lj_rt_trace", (LLVMValueRef[]){cg->f.rt, site}, 2); }

/* The error has passed the calls in whose place the statement stands. */
void cg_fail(Codegen *cg, LLVMValueRef status) {
  if (cg->f.trial) {
    cg_give_up(cg);
    cg_jump(cg, cg->f.cleanup);
    return;
  }
  LJ_ASSERT(cg->f.has_status);
  for (const IrFrame *frame = cg->f.frame; frame; frame = frame->outer) trace(cg, site_in(cg, function_of(cg, frame->outer), frame->call));
  if (!cg->f.cleanup) cg->f.cleanup = cg_block_new(cg, "cleanup");
  vec_push(cg->arena, &cg->f.edges, ((CgEdge){status, LLVMGetInsertBlock(cg->b)}));
  cg_jump(cg, cg->f.cleanup);
}

void cg_finish_cleanup(Codegen *cg) {
  if (cg->f.trial) cg_finish_trial(cg);
  if (cg->f.trial || !cg->f.cleanup) return;
  vec_push(cg->arena, &cg->f.cold, cg->f.cleanup);
  cg_at(cg, cg->f.cleanup);
  LLVMValueRef status = LLVMBuildPhi(cg->b, cg->i32, "status");
  for (uint32_t i = 0; i < cg->f.edges.len; i++) LLVMAddIncoming(status, &cg->f.edges.data[i].status, &cg->f.edges.data[i].from, 1);
  if (!cg->f.is_part) cg_release_all(cg);
  LLVMTypeRef type = cg->f.is_part ? cg->i32 : cg_result_type(cg, cg->f.ir, true);
  LLVMBuildRet(cg->b, type == cg->i32 ? status : LLVMBuildInsertValue(cg->b, LLVMGetPoison(type), status, 0, ""));
  cg->dead = true;
}

/* Splits the block: `ok` goes on, else a cold block, where the builder stands now. Gives the block to go on in. */
static LLVMBasicBlockRef open_cold(Codegen *cg, LLVMValueRef ok, const char *name) {
  LLVMBasicBlockRef usual = cg_block_new(cg, "ok"), cold = cg_cold_new(cg, name);
  cg_branch_cold(cg, ok, usual, cold);
  cg_at(cg, cold);
  return usual;
}

void cg_status_check(Codegen *cg, LLVMValueRef status, bool is_call) {
  LLVMBasicBlockRef usual = open_cold(cg, LLVMBuildIsNull(cg->b, status, ""), "failed");
  if (is_call) trace(cg, cg_site(cg, cg->f.span));
  cg_fail(cg, status);
  cg_at(cg, usual);
}

void cg_host_check(Codegen *cg, LLVMValueRef status, const char *name) {
  LLVMBasicBlockRef usual = open_cold(cg, LLVMBuildIsNull(cg->b, status, ""), "failed");
  cg_fail(cg, cg_rt_call(cg, "lj_rt_host_failed", (LLVMValueRef[]){cg->f.rt, cg_site(cg, cg->f.span), c_string(cg, name), status}, 4));
  cg_at(cg, usual);
}

static void raise_message(Codegen *cg, ErrorKind kind, const char *message, IrExpr *const *args) {
  LLVMValueRef all[8] = {cg->f.rt, cg_site(cg, cg->f.span), cg_i32(cg, (int32_t)kind), c_string(cg, message)};
  for (int i = 0; i < 4; i++) all[4 + i] = args && args[i] ? cg_scalar(cg, args[i]) : cg_i64(cg, 0);
  cg_rt_call(cg, "lj_rt_raise", all, 8);
}

/* An array's shape in memory: number of axes and address. */
static void spill_shape(Codegen *cg, const IrVar *array, LLVMValueRef out[2]) {
  out[0] = cg_i64(cg, array ? array->type->ndim : 0);
  out[1] = LLVMConstNull(cg->ptr);
  if (!array || !array->type->ndim) return;
  CgVal v = cg_var_get(cg, array);
  out[1] = cg_alloca(cg, LLVMArrayType2(cg->i64, array->type->ndim), "shape");
  for (unsigned k = 0; k < array->type->ndim; k++) LLVMBuildStore(cg->b, v.v[CG_SHAPE + k], cg_offset(cg, out[1], 8 * (uint64_t)k));
}

static void raise_shapes(Codegen *cg, const IrStmt *s) {
  LLVMValueRef args[7] = {cg->f.rt, cg_site(cg, s->span), c_string(cg, s->as.check.message)};
  spill_shape(cg, s->as.check.shape_a, args + 3);
  spill_shape(cg, s->as.check.shape_b, args + 5);
  cg_rt_call(cg, "lj_rt_raise_shapes", args, 7);
}

/* x != 0 for a float: where x and 0 are ordered and differ there is one jump; for a NaN, which is not 0 either, one more out of the way. */
static LLVMBasicBlockRef open_cold_zero(Codegen *cg, const IrExpr *ok) {
  LLVMValueRef x = cg_scalar(cg, ok->args[0]);
  LLVMValueRef differs = LLVMBuildFCmp(cg->b, LLVMRealONE, x, cg_scalar(cg, ok->args[1]), "");
  LLVMBasicBlockRef usual = open_cold(cg, differs, "odd"), raise = cg_cold_new(cg, "raise");
  LLVMBuildCondBr(cg->b, LLVMBuildFCmp(cg->b, LLVMRealUNO, x, x, ""), usual, raise);
  cg_at(cg, raise);
  return usual;
}

static bool is_float_divisor(const IrStmt *s) {
  return s->as.check.check == CHECK_DIVISOR && s->as.check.ok->op == IR_NE && type_is_float(s->as.check.ok->args[0]->type);
}

void cg_check(Codegen *cg, const IrStmt *s) {
  bool zero = is_float_divisor(s) && !cg->f.trial;
  LLVMValueRef ok = zero ? NULL : cg_scalar(cg, s->as.check.ok);
  if (ok && LLVMIsAConstantInt(ok) && LLVMConstIntGetZExtValue(ok)) return;
  if (cg->f.trial) {
    cg_trial_check(cg, ok);
    return;
  }
  LLVMBasicBlockRef usual = zero ? open_cold_zero(cg, s->as.check.ok) : open_cold(cg, ok, "raise");
  if (s->as.check.shape_a || s->as.check.shape_b)
    raise_shapes(cg, s);
  else
    raise_message(cg, s->as.check.error, s->as.check.message, s->as.check.args);
  cg_fail(cg, cg_i32(cg, (int32_t)s->as.check.error));
  cg_at(cg, usual);
}

/* A message of the user's goes through the text buffer, where '%' means nothing. */
void cg_raise(Codegen *cg, const IrStmt *s) {
  Sym message = cg->f.trial ? NULL : s->as.raise.message;
  if (message && message->len) {
    LLVMValueRef args[] = {cg->f.rt, cg_string(cg, message->text, message->len), cg_i64(cg, message->len)};
    cg_rt_call(cg, "lj_rt_text_str", args, 3);
  }
  LLVMValueRef args[] = {cg->f.rt, cg_site(cg, s->span), cg_i32(cg, (int32_t)s->as.raise.error)};
  if (!cg->f.trial) cg_rt_call(cg, "lj_rt_raise_text", args, 3);
  cg_fail(cg, cg_i32(cg, (int32_t)s->as.raise.error));
}

/* Is the call to go on? A volatile load: it stays where it is, and no other access waits for it. */
LLVMValueRef cg_goes_on(Codegen *cg) {
  LLVMValueRef stop = LLVMBuildLoad2(cg->b, cg->ptr, cg_offset(cg, cg->f.rt, offsetof(lj_rt, stop)), "stop");
  LLVMSetMetadata(stop, cg->invariant_kind, cg->empty);
  LLVMValueRef reason = LLVMBuildLoad2(cg->b, cg->i32, cg_offset(cg, stop, offsetof(lj_stop, reason)), "reason");
  LLVMSetVolatile(reason, true);
  LLVMSetOrdering(reason, LLVMAtomicOrderingUnordered);
  LLVMSetAlignment(reason, 4);
  return LLVMBuildIsNull(cg->b, reason, "");
}

static void poll_at(Codegen *cg, Span span) {
  LLVMValueRef ok = cg_goes_on(cg);
  if (cg->f.trial) {
    cg_trial_check(cg, ok);
    return;
  }
  LLVMBasicBlockRef usual = open_cold(cg, ok, "stop");
  LLVMValueRef args[] = {cg->f.rt, cg_site(cg, span)};
  cg_fail(cg, cg_rt_call(cg, "lj_rt_stop", args, 2));
  cg_at(cg, usual);
}

void cg_poll(Codegen *cg, const IrStmt *loop) {
  cg->f.span = loop->span;
  cg->f.frame = loop->frame;
  cg_debug_line(cg, loop->span);
  poll_at(cg, loop->span);
}

/* On entry of functions that recurse: the stack pointer (one compare; no slot, no frame pointer) against the limit at offset 0 of the
 * context. */
void cg_stack_check(Codegen *cg) {
  LLVMValueRef here = cg_intrinsic(cg, "llvm.stacksave", cg->ptr, NULL, 0), limit = LLVMBuildLoad2(cg->b, cg->ptr, cg->f.rt, "limit");
  LLVMBasicBlockRef usual = open_cold(cg, LLVMBuildICmp(cg->b, LLVMIntUGE, here, limit, ""), "too_deep");
  if (cg->f.ir->spec && cg->f.ir->spec->func) cg->f.span = cg->f.ir->spec->func->name_span;
  raise_message(cg, RECURSION_ERROR, "maximum recursion depth exceeded", NULL);
  cg_fail(cg, cg_i32(cg, RECURSION_ERROR));
  cg_at(cg, usual);
  if (cg->f.ir->polls) poll_at(cg, cg->f.span);
}
