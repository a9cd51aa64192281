/* Loop IR to LLVM IR: the module of a unit. Declares a function per IrFunc (internal, first parameter the call context), writes their
 * bodies, then the entry, which the host calls with packed arguments. Functions that can fail return their status first; `cleanup` and
 * `leave` are the two blocks through which a function that owns memory ends. Must not decide anything about loops: passes did that. */
#include "ir/codegen/cg.h"
#include <llvm-c/Analysis.h>

LLVMAttributeRef cg_attr(Codegen *cg, CgAttr attr, uint64_t value) { return LLVMCreateEnumAttribute(cg->ctx, cg->attrs[attr], value); }

void cg_func_attr(Codegen *cg, LLVMValueRef fn, CgAttr attr) {
  LLVMAddAttributeAtIndex(fn, (LLVMAttributeIndex)LLVMAttributeFunctionIndex, cg_attr(cg, attr, 0));
}

LLVMBasicBlockRef cg_block_new(Codegen *cg, const char *name) { return LLVMAppendBasicBlockInContext(cg->ctx, cg->f.fn, name); }

LLVMBasicBlockRef cg_cold_new(Codegen *cg, const char *name) {
  LLVMBasicBlockRef block = cg_block_new(cg, name);
  vec_push(cg->arena, &cg->f.cold, block);
  return block;
}

void cg_at(Codegen *cg, LLVMBasicBlockRef block) {
  LLVMPositionBuilderAtEnd(cg->b, block);
  cg->dead = false;
}

void cg_jump(Codegen *cg, LLVMBasicBlockRef block) {
  if (!cg->dead) LLVMBuildBr(cg->b, block);
  cg->dead = true;
}

void cg_branch_cold(Codegen *cg, LLVMValueRef ok, LLVMBasicBlockRef usual, LLVMBasicBlockRef cold) {
  LLVMValueRef branch = LLVMBuildCondBr(cg->b, ok, usual, cold);
  LLVMSetMetadata(branch, cg->prof_kind, cg->unlikely);
}

LLVMValueRef cg_alloca(Codegen *cg, LLVMTypeRef type, const char *name) {
  LLVMBasicBlockRef here = LLVMGetInsertBlock(cg->b);
  LLVMPositionBuilderAtEnd(cg->b, cg->f.entry);
  LLVMValueRef slot = LLVMBuildAlloca(cg->b, type, name);
  LLVMPositionBuilderAtEnd(cg->b, here);
  return slot;
}

LLVMValueRef cg_alloca_bytes(Codegen *cg, uint64_t size, uint32_t align) {
  LLVMValueRef slot = cg_alloca(cg, LLVMArrayType2(cg->i8, size ? size : 1), "");
  LLVMSetAlignment(slot, align < 8 ? 8 : align);
  return slot;
}

LLVMValueRef cg_i64(Codegen *cg, int64_t value) { return LLVMConstInt(cg->i64, (uint64_t)value, true); }
LLVMValueRef cg_i32(Codegen *cg, int32_t value) { return LLVMConstInt(cg->i32, (uint64_t)(int64_t)value, true); }

LLVMValueRef cg_offset(Codegen *cg, LLVMValueRef base, uint64_t bytes) {
  if (!bytes) return base;
  LLVMValueRef index = LLVMConstInt(cg->i64, bytes, false);
  return LLVMBuildInBoundsGEP2(cg->b, cg->i8, base, &index, 1, "");
}

LLVMValueRef cg_intrinsic(Codegen *cg, const char *name, LLVMTypeRef over, LLVMValueRef *args, unsigned count) {
  unsigned id = LLVMLookupIntrinsicID(name, strlen(name));
  LJ_ASSERT(id);
  LLVMValueRef fn = LLVMGetIntrinsicDeclaration(cg->module, id, &over, over ? 1 : 0);
  return LLVMBuildCall2(cg->b, LLVMGlobalGetValueType(fn), fn, args, count, "");
}

LLVMValueRef cg_fp(Codegen *cg, LLVMValueRef v) {
  static const struct {
    int ours;
    unsigned llvms;
  } flags[] = {
      {FM_NNAN, LLVMFastMathNoNaNs},
      {FM_NINF, LLVMFastMathNoInfs},
      {FM_NSZ, LLVMFastMathNoSignedZeros},
      {FM_ARCP, LLVMFastMathAllowReciprocal},
      {FM_CONTRACT, LLVMFastMathAllowContract},
      {FM_AFN, LLVMFastMathApproxFunc},
      {FM_REASSOC, LLVMFastMathAllowReassoc},
  };
  int fastmath = cg->f.ir ? cg->f.ir->fastmath : 0;
  if (fastmath <= 0 || !LLVMIsAInstruction(v) || !LLVMCanValueUseFastMathFlags(v)) return v;
  unsigned set = 0;
  for (size_t i = 0; i < LJ_COUNT(flags); i++)
    if (fastmath & flags[i].ours) set |= flags[i].llvms;
  LLVMSetFastMathFlags(v, set);
  return v;
}

/* What every function of the module says to the optimiser and the code generator. */
static void function_attributes(Codegen *cg, LLVMValueRef fn) {
  LLVMAttributeIndex at = (LLVMAttributeIndex)LLVMAttributeFunctionIndex;
  cg_func_attr(cg, fn, CGA_NOUNWIND);
  if (cg->target_cpu) LLVMAddAttributeAtIndex(fn, at, cg->target_cpu);
  if (cg->target_features) LLVMAddAttributeAtIndex(fn, at, cg->target_features);
}

LLVMValueRef cg_function_new(Codegen *cg, const char *name, LLVMTypeRef type) {
  LLVMValueRef fn = LLVMAddFunction(cg->module, name, type);
  LLVMSetLinkage(fn, LLVMInternalLinkage);
  LLVMSetFunctionCallConv(fn, LLVMFastCallConv);
  function_attributes(cg, fn);
  LLVMAddAttributeAtIndex(fn, 1, cg_attr(cg, CGA_NOALIAS, 0));
  return fn;
}

static LLVMValueRef declare_form(Codegen *cg, const IrFunc *f, const char *name, bool has_status) {
  return cg_function_new(cg, name, cg_func_type(cg, f, has_status));
}

static void declare(Codegen *cg, const IrFunc *f) {
  cg->funcs[f->index] = declare_form(cg, f, f->name, f->can_fail);
  LLVMValueRef *copies = cg->trials[f->index] = arena_array(cg->arena, LLVMValueRef, f->trial + 1);
  for (uint32_t i = 0; i < f->trial; i++) {
    copies[i] = declare_form(cg, f, arena_printf(cg->arena, "%s.trial%u", f->name, i), false);
    if (i) cg_func_attr(cg, copies[i], CGA_ALWAYSINLINE);
  }
}

/* Cold blocks go behind the others; the entry block, which collected the allocas, gets its branch. */
void cg_function_close(Codegen *cg) {
  for (uint32_t i = 0; i < cg->f.cold.len; i++) LLVMMoveBasicBlockAfter(cg->f.cold.data[i], LLVMGetLastBasicBlock(cg->f.fn));
  LLVMPositionBuilderAtEnd(cg->b, cg->f.entry);
  LLVMBuildBr(cg->b, cg->f.start);
}

void cg_little_effort(Codegen *cg, LLVMValueRef fn) {
  cg_func_attr(cg, fn, CGA_NOINLINE);
  LLVMAddAttributeAtIndex(fn, (LLVMAttributeIndex)LLVMAttributeFunctionIndex, cg->little_effort);
  cg->facts.little_effort = true;
}

static void finish_function(Codegen *cg) {
  cg_function_close(cg);
  if (cg->f.ir->large && !cg->f.is_entry) cg_little_effort(cg, cg->f.fn);
  if (cg_stays_function(&cg->f)) cg_func_attr(cg, cg->f.fn, CGA_NOINLINE);
}

void cg_function_open(Codegen *cg, const IrFunc *f, LLVMValueRef fn) {
  cg->f = (CgFunc){.ir = f, .fn = fn, .rt = LLVMGetParam(fn, 0)};
  LLVMSetValueName2(cg->f.rt, "rt", 2);
  cg->f.entry = cg_block_new(cg, "entry");
  cg->f.start = cg_block_new(cg, "start");
  cg_at(cg, cg->f.start);
}

static void define_form(Codegen *cg, const IrFunc *f) {
  cg_debug_function(cg, f, cg->f.fn);
  cg_vars_init(cg);
  if (f->recursive && !cg->f.trial) cg_stack_check(cg);
  cg_body(cg, &f->body);
  if (!cg->dead) { /* falls off the end: only procedures do */
    IrStmt end = {.kind = IRS_RETURN};
    cg_return(cg, &end);
  }
  cg_finish_leave(cg);
  cg_finish_cleanup(cg);
  finish_function(cg);
  cg_debug_none(cg);
}

static void define(Codegen *cg, const IrFunc *f) {
  cg_function_open(cg, f, cg->funcs[f->index]);
  cg->f.has_status = f->can_fail;
  define_form(cg, f);
  for (uint32_t i = 0; i < f->trial; i++) {
    cg_function_open(cg, f, cg->trials[f->index][i]);
    cg->f.trial = true;
    cg->f.level = i;
    define_form(cg, f);
  }
}

static void chunk_function(Codegen *cg, const IrFunc *f) {
  cg_debug_none(cg);
  cg_chunk_entry(cg, f);
  function_attributes(cg, cg->f.fn);
}

/* A module-wide function `void NAME(ptr owner)` whose body runs for owners that are not null. */
static LLVMValueRef open_counter(Codegen *cg, const char *name) {
  LLVMValueRef fn = LLVMAddFunction(cg->module, name, LLVMFunctionType(cg->void_, &cg->ptr, 1, false));
  LLVMSetLinkage(fn, LLVMInternalLinkage);
  function_attributes(cg, fn);
  cg->f = (CgFunc){.fn = fn};
  LLVMBasicBlockRef entry = cg_block_new(cg, "entry"), some = cg_block_new(cg, "some"), none = cg_block_new(cg, "none");
  cg_at(cg, entry);
  LLVMBuildCondBr(cg->b, LLVMBuildIsNull(cg->b, LLVMGetParam(fn, 0), ""), none, some);
  cg_at(cg, none);
  LLVMBuildRetVoid(cg->b);
  cg_at(cg, some);
  return fn;
}

/* lj.release: the last reference is seen by a plain load, since nobody else can add one then; so memory that never was shared costs no
 * locked instruction. */
static void counters(Codegen *cg) {
  LLVMValueRef one = cg_i64(cg, 1);
  cg->retain_fn = open_counter(cg, "lj.retain");
  LLVMBuildAtomicRMW(cg->b, LLVMAtomicRMWBinOpAdd, LLVMGetParam(cg->retain_fn, 0), one, LLVMAtomicOrderingMonotonic, false);
  LLVMBuildRetVoid(cg->b);

  cg->release_fn = open_counter(cg, "lj.release");
  cg_func_attr(cg, cg->release_fn, CGA_NOINLINE);
  LLVMValueRef owner = LLVMGetParam(cg->release_fn, 0);
  LLVMBasicBlockRef shared = cg_block_new(cg, "shared"), last = cg_block_new(cg, "last"), done = cg_block_new(cg, "done");
  LLVMValueRef refs = LLVMBuildLoad2(cg->b, cg->i64, owner, "");
  LLVMSetOrdering(refs, LLVMAtomicOrderingAcquire);
  LLVMSetAlignment(refs, 8);
  LLVMBuildCondBr(cg->b, LLVMBuildICmp(cg->b, LLVMIntEQ, refs, one, ""), last, shared);
  cg_at(cg, shared);
  LLVMValueRef before = LLVMBuildAtomicRMW(cg->b, LLVMAtomicRMWBinOpSub, owner, one, LLVMAtomicOrderingAcquireRelease, false);
  LLVMBuildCondBr(cg->b, LLVMBuildICmp(cg->b, LLVMIntEQ, before, one, ""), last, done);
  cg_at(cg, last);
  cg_rt_call(cg, "lj_rt_free", &owner, 1);
  LLVMBuildBr(cg->b, done);
  cg_at(cg, done);
  LLVMBuildRetVoid(cg->b);
}

/* void lj.release_row(ptr row, i64 count): count > 0. */
static void row_counter(Codegen *cg) {
  LLVMTypeRef params[] = {cg->ptr, cg->i64};
  LLVMValueRef fn = cg->release_row_fn = LLVMAddFunction(cg->module, "lj.release_row", LLVMFunctionType(cg->void_, params, 2, false));
  LLVMSetLinkage(fn, LLVMInternalLinkage);
  function_attributes(cg, fn);
  cg_func_attr(cg, fn, CGA_NOINLINE);
  cg->f = (CgFunc){.fn = fn};
  LLVMBasicBlockRef entry = cg_block_new(cg, "entry"), loop = cg_block_new(cg, "loop"), done = cg_block_new(cg, "done");
  cg_at(cg, entry);
  LLVMBuildBr(cg->b, loop);
  cg_at(cg, loop);
  LLVMValueRef i = LLVMBuildPhi(cg->b, cg->i64, ""), zero = cg_i64(cg, 0);
  LLVMValueRef owner = LLVMBuildLoad2(cg->b, cg->ptr, LLVMBuildInBoundsGEP2(cg->b, cg->ptr, LLVMGetParam(fn, 0), &i, 1, ""), "");
  LLVMBuildCall2(cg->b, LLVMGlobalGetValueType(cg->release_fn), cg->release_fn, &owner, 1, "");
  LLVMValueRef next = LLVMBuildNSWAdd(cg->b, i, cg_i64(cg, 1), "");
  LLVMAddIncoming(i, (LLVMValueRef[]){zero, next}, (LLVMBasicBlockRef[]){entry, loop}, 2);
  LLVMBuildCondBr(cg->b, LLVMBuildICmp(cg->b, LLVMIntSLT, next, LLVMGetParam(fn, 1), ""), loop, done);
  cg_at(cg, done);
  LLVMBuildRetVoid(cg->b);
}

/* Top-level variables live as long as one call of the entry. */
static void drop_globals(Codegen *cg) {
  for (uint32_t i = 0; i < cg->unit->globals.len; i++) {
    cg_var_release(cg, cg->unit->globals.data[i]);
    cg_var_empty(cg, cg->unit->globals.data[i]);
  }
}

/* The entry ends here with this status if it is an error; else the builder stands behind. */
static void leave_on_error(Codegen *cg, LLVMValueRef status) {
  LLVMBasicBlockRef good = cg_block_new(cg, "good"), bad = cg_cold_new(cg, "bad");
  cg_branch_cold(cg, LLVMBuildIsNull(cg->b, status, ""), good, bad);
  cg_at(cg, bad);
  drop_globals(cg);
  LLVMBuildRet(cg->b, status);
  cg_at(cg, good);
}

/* The functions read top-level arrays: the top level runs before the entry, as an import would run it. */
static void run_top_level(Codegen *cg) {
  const IrFunc *top = NULL;
  for (uint32_t i = 0; i < cg->unit->funcs.len; i++)
    if (cg->unit->funcs.data[i]->is_main) top = cg->unit->funcs.data[i];
  if (!top || top == cg->unit->entry) return;
  LLVMValueRef status = cg_call_fn(cg, cg->funcs[top->index], &cg->f.rt);
  if (top->can_fail) leave_on_error(cg, status);
}

/* int32_t SYMBOL(lj_rt *rt, const void *args, void *result). The word before it is for hosts built with -fsanitize=function, which read
 * there whether the callee has type information: it says no, where otherwise memory might end. */
static void entry_function(Codegen *cg, const char *symbol) {
  const IrFunc *f = cg->unit->entry;
  LLVMTypeRef type = LLVMFunctionType(cg->i32, (LLVMTypeRef[]){cg->ptr, cg->ptr, cg->ptr}, 3, false);
  LLVMValueRef fn = LLVMAddFunction(cg->module, symbol, type);
  function_attributes(cg, fn);
  LLVMSetPrefixData(fn, cg_i64(cg, 0));
  cg_function_open(cg, f, fn);
  cg->f.is_entry = true;
  run_top_level(cg);
  LLVMValueRef args[512];
  unsigned n = 0;
  args[n++] = cg->f.rt;
  uint64_t offset = 0;
  for (uint32_t i = 0; i < f->params.len; i++) {
    const Type *t = f->params.data[i]->type;
    const CgType *ct = cg_type(cg, t);
    offset = (offset + ct->align - 1) / ct->align * ct->align;
    CgVal v = cg_unpack(cg, t, LLVMGetParam(fn, 1), offset);
    LJ_ASSERT(n + v.count <= LJ_COUNT(args));
    for (uint32_t k = 0; k < v.count; k++) args[n++] = v.v[k];
    offset += ct->size;
  }
  LJ_ASSERT(n == LLVMCountParams(cg->funcs[f->index]));
  LLVMValueRef status;
  CgVal parts = cg_invoke(cg, f, args, &status);
  if (status) leave_on_error(cg, status);
  cg_pack(cg, f->result, parts.v, LLVMGetParam(fn, 2), 0);
  drop_globals(cg);
  LLVMBuildRet(cg->b, cg_i32(cg, 0));
  finish_function(cg);
}

static void globals(Codegen *cg) {
  cg->globals = arena_array(cg->arena, CgVar, cg->unit->globals.len + 1);
  for (uint32_t i = 0; i < cg->unit->globals.len; i++) {
    const IrVar *var = cg->unit->globals.data[i];
    LJ_ASSERT(var->id == i && var->is_global);
    const CgType *ct = cg_type(cg, var->type);
    cg->globals[i].slot = arena_array(cg->arena, LLVMValueRef, ct->count + 1);
    for (uint32_t k = 0; k < ct->count; k++) {
      LLVMValueRef g = LLVMAddGlobal(cg->module, ct->parts[k], arena_printf(cg->arena, "%s.%u", var->name, k));
      LLVMSetLinkage(g, LLVMInternalLinkage);
      LLVMSetInitializer(g, LLVMConstNull(ct->parts[k]));
      cg->globals[i].slot[k] = g;
    }
  }
}

static void init_types(Codegen *cg) {
  LLVMContextRef ctx = cg->ctx;
  cg->void_ = LLVMVoidTypeInContext(ctx);
  cg->i1 = LLVMInt1TypeInContext(ctx);
  cg->i8 = LLVMInt8TypeInContext(ctx);
  cg->i16 = LLVMInt16TypeInContext(ctx);
  cg->i32 = LLVMInt32TypeInContext(ctx);
  cg->i64 = LLVMInt64TypeInContext(ctx);
  cg->f32 = LLVMFloatTypeInContext(ctx);
  cg->f64 = LLVMDoubleTypeInContext(ctx);
  cg->ptr = LLVMPointerTypeInContext(ctx, 0);
  cg->site_type = LLVMStructTypeInContext(ctx, (LLVMTypeRef[]){cg->ptr, cg->ptr, cg->i32, cg->i32, cg->i32, cg->i32}, 6, false);
}

static void init_attributes(Codegen *cg, LLVMTargetMachineRef machine) {
  static const char *const names[CGA_COUNT] = {
      [CGA_NOUNWIND] = "nounwind",       [CGA_COLD] = "cold",
      [CGA_WILLRETURN] = "willreturn",   [CGA_NOBUILTIN] = "nobuiltin",
      [CGA_NOINLINE] = "noinline",       [CGA_MEMORY] = "memory",
      [CGA_NOALIAS] = "noalias",         [CGA_NOCALLBACK] = "nocallback",
      [CGA_NOFREE] = "nofree",           [CGA_ALWAYSINLINE] = "alwaysinline",
      [CGA_NONLAZYBIND] = "nonlazybind", [CGA_SIGNEXT] = "signext",
      [CGA_ZEROEXT] = "zeroext",
  };
  for (size_t i = 0; i < CGA_COUNT; i++) {
    cg->attrs[i] = LLVMGetEnumAttributeKindForName(names[i], strlen(names[i]));
    LJ_ASSERT(cg->attrs[i]);
  }
  char *cpu = LLVMGetTargetMachineCPU(machine), *features = LLVMGetTargetMachineFeatureString(machine);
  if (cpu[0]) cg->target_cpu = LLVMCreateStringAttribute(cg->ctx, "target-cpu", 10, cpu, (unsigned)strlen(cpu));
  if (features[0]) cg->target_features = LLVMCreateStringAttribute(cg->ctx, "target-features", 15, features, (unsigned)strlen(features));
  cg->little_effort = LLVMCreateStringAttribute(cg->ctx, CODEGEN_LITTLE_EFFORT, (unsigned)strlen(CODEGEN_LITTLE_EFFORT), "", 0);
  LLVMDisposeMessage(cpu);
  LLVMDisposeMessage(features);
  LLVMMetadataRef weights[] = {
      LLVMMDStringInContext2(cg->ctx, "branch_weights", 14),
      LLVMValueAsMetadata(cg_i32(cg, 1 << 20)),
      LLVMValueAsMetadata(cg_i32(cg, 1)),
  };
  cg->unlikely = LLVMMetadataAsValue(cg->ctx, LLVMMDNodeInContext2(cg->ctx, weights, 3));
  cg->prof_kind = LLVMGetMDKindIDInContext(cg->ctx, "prof", 4);
  cg->range_kind = LLVMGetMDKindIDInContext(cg->ctx, "range", 5);
  cg->scope_kind = LLVMGetMDKindIDInContext(cg->ctx, "alias.scope", 11);
  cg->noalias_kind = LLVMGetMDKindIDInContext(cg->ctx, "noalias", 7);
  cg->loop_kind = LLVMGetMDKindIDInContext(cg->ctx, "llvm.loop", 9);
  cg->empty = LLVMMetadataAsValue(cg->ctx, LLVMMDNodeInContext2(cg->ctx, NULL, 0));
  cg->invariant_kind = LLVMGetMDKindIDInContext(cg->ctx, "invariant.load", 14);
  cg->group_kind = LLVMGetMDKindIDInContext(cg->ctx, "llvm.access.group", 17);
}

static void init_module(Codegen *cg, LLVMTargetMachineRef machine) {
  cg->module = LLVMModuleCreateWithNameInContext("unit", cg->ctx);
  char *triple = LLVMGetTargetMachineTriple(machine);
  LLVMSetTarget(cg->module, triple);
  LLVMDisposeMessage(triple);
  LLVMTargetDataRef layout = LLVMCreateTargetDataLayout(machine);
  LLVMSetModuleDataLayout(cg->module, layout);
  LLVMDisposeTargetData(layout);
}

LLVMModuleRef codegen_unit(IrUnit *unit, LLVMContextRef context, LLVMTargetMachineRef machine, const char *symbol,
                           const CodegenOptions *options, CodegenFacts *facts, StrBuf *error) {
  Arena arena;
  arena_init(&arena);
  Codegen cg = {
      .arena = &arena, .unit = unit, .ctx = context, .b = LLVMCreateBuilderInContext(context), .vector_bytes = options->vector_bytes};
  init_types(&cg);
  init_attributes(&cg, machine);
  init_module(&cg, machine);
  cg.funcs = arena_array(&arena, LLVMValueRef, unit->funcs.len + 1);
  cg.trials = arena_array(&arena, LLVMValueRef *, unit->funcs.len + 1);
  cg.anchor = options->anchor ? options->anchor : source_anchor;
  if (options->debug) cg_debug_open(&cg);
  globals(&cg);
  counters(&cg);
  row_counter(&cg);
  cg_count_calls(&cg);
  for (uint32_t i = 0; i < unit->funcs.len; i++) declare(&cg, unit->funcs.data[i]);
  for (uint32_t i = 0; i < unit->funcs.len; i++) define(&cg, unit->funcs.data[i]);
  for (uint32_t i = 0; i < unit->funcs.len; i++)
    if (unit->funcs.data[i]->is_chunk) chunk_function(&cg, unit->funcs.data[i]);
  entry_function(&cg, symbol);
  cg_vector_finish(&cg);
  cg_debug_close(&cg);
  *facts = cg.facts;
  LLVMDisposeBuilder(cg.b);
  arena_drop(&arena);
  if (!options->verify) return cg.module;
  char *why = NULL;
  bool broken = LLVMVerifyModule(cg.module, LLVMReturnStatusAction, &why);
  if (broken) sb_printf(error, "the generated module is broken: %s", why);
  LLVMDisposeMessage(why);
  if (!broken) return cg.module;
  LLVMDisposeModule(cg.module);
  return NULL;
}
