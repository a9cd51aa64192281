/* Calls of functions of the host. A pure one of values that hold no array is an expression like a call of libm; all others are statements that may touch any
 * memory. In: a call whose signature inference chose. Out: its value. When the unit is complete, parallel loops are looked at: a function that the host did not
 * register for threads is an error in a prange, and makes array statements serial. */
#include "frontend/host.h"
#include "ir/lower/lower_scalar.h"
#include "ir/walk.h"

static void use(Lower *lo, const HostSig *sig) {
  if (!ir_host(lo->unit, sig->entry->symbol)) vec_push(lo->arena, &lo->unit->hosts, sig);
}

IrExpr *lower_host(Lower *lo, const Expr *call, const Callee *callee) {
  const HostSig *sig = callee->host;
  const char *symbol = sig->entry->symbol;
  IrExpr **args = arena_array(lo->arena, IrExpr *, callee->count + 1);
  lower_exprs(lo, callee->args, callee->count, args);
  for (uint32_t i = 0; i < callee->count; i++) {
    uint32_t start = lo->b.block->len;
    args[i] = lower_convert(lo, args[i], sig->args[i], callee->args[i]->span);
    lower_guard(lo, start, args, i);
  }
  use(lo, sig);
  lo->b.span = call->span;
  if (host_is_expression(sig))
    return lower_convert(lo, ir_rtcall(&lo->b, symbol, sig->result, args, callee->count), lower_type(lo, call), call->span);
  IrVar *result = NULL;
  if (lower_has_content(sig->result)) {
    result = type_owns(sig->result) ? lower_temp(lo, sig->result) : ir_new_var(&lo->b, NULL, sig->result);
    result->once = result->temp = true;
  }
  ir_runtime(&lo->b, symbol, args, callee->count, result, (sig->entry->flags & HOST_FAILS) != 0);
  return lower_convert(lo, result ? ir_var(&lo->b, result) : ir_none(&lo->b, sig->result), lower_type(lo, call), call->span);
}

/* ---- parallel loops ------------------------------------------------------------------------------------------------------------------ */

typedef struct Hosts {
  Lower *lo;
  bool *seen; /* by IrFunc.index: looked at, from the loop at hand */
} Hosts;

/* The first call that only one thread may make; functions that are called are looked through. */
static IrStmt *find_serial(Hosts *h, const IrBlock *block) {
  IrStmt *found = NULL;
  for (uint32_t i = 0; i < block->len && !found; i++) {
    IrStmt *s = block->data[i];
    IrBlock *blocks[2];
    const HostSig *sig = s->kind == IRS_RUNTIME ? ir_host(h->lo->unit, s->as.runtime.symbol) : NULL;
    if (sig && !host_is_thread_safe(sig)) return s;
    if (s->kind == IRS_CALL && !h->seen[s->as.call.callee->index]) {
      h->seen[s->as.call.callee->index] = true;
      found = find_serial(h, &s->as.call.callee->body);
    }
    unsigned count = ir_stmt_blocks(s, blocks);
    LJ_ASSERT(count <= LJ_COUNT(blocks));
    for (unsigned k = 0; k < count && !found; k++) found = find_serial(h, blocks[k]);
  }
  return found;
}

static void refuse(Lower *lo, const IrStmt *loop, const IrStmt *call) {
  const HostEntry *entry = ir_host(lo->unit, call->as.runtime.symbol)->entry;
  diag_error(lo->diag, TYPE_ERROR, call->span, "prange: the host's function %s() is not registered for several threads", entry->name);
  diag_note(lo->diag, loop->span, "the loop; 'range' makes it serial, and LJ_HOST_THREADS says that the function may be called here");
  lo->failed = true;
}

static void check_block(Hosts *h, const IrBlock *block) {
  uint32_t funcs = h->lo->unit->funcs.len;
  for (uint32_t i = 0; i < block->len && !h->lo->failed; i++) {
    IrStmt *s = block->data[i];
    IrBlock *blocks[2];
    unsigned count = ir_stmt_blocks(s, blocks);
    LJ_ASSERT(count <= LJ_COUNT(blocks));
    IrLoop *loop = s->kind == IRS_FOR      ? &s->as.for_.loop
                   : s->kind == IRS_MAP    ? &s->as.map.loop
                   : s->kind == IRS_REDUCE ? &s->as.reduce.loop
                                           : NULL;
    if (loop && loop->parallel) {
      memset(h->seen, 0, funcs * sizeof *h->seen);
      const IrStmt *call = find_serial(h, blocks[0]);
      if (call && s->kind == IRS_FOR)
        refuse(h->lo, s, call);
      else if (call) {
        loop->parallel = false;
        ir_remark(h->lo->arena, loop, "host", false, call->span, "serial: the host's function %s() is not registered for several threads",
                  ir_host(h->lo->unit, call->as.runtime.symbol)->entry->name);
      }
    }
    for (unsigned k = 0; k < count; k++) check_block(h, blocks[k]);
  }
}

void lower_check_hosts(Lower *lo) {
  Hosts h = {lo, arena_array(lo->arena, bool, lo->unit->funcs.len + 1)};
  for (uint32_t i = 0; i < lo->unit->funcs.len; i++) check_block(&h, &lo->unit->funcs.data[i]->body);
}
