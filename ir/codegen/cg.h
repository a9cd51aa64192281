/* What the rooms of ir/codegen share: the state of one unit's code generation, and who makes what. A value of any type is a list of LLVM
 * scalars, its components (types.c): a scalar is one, a complex number two, a string {data, owner, length}, an array {data, owner,
 * shape…} plus byte strides for layout A, a tuple the concatenation of its elements, an optional an i1 and the value. Variables are one
 * alloca per component, or no memory at all for `once` variables, whose components are LLVM values. The builder always stands in the
 * block that is being written; `dead` says that this block has its terminator already. */
#ifndef LJ_CG_H
#define LJ_CG_H

#include "frontend/host.h"
#include "ir/codegen/codegen.h"
#include "runtime/rt.h"

typedef struct CgVal {
  uint32_t count;
  LLVMValueRef *v; /* in the codegen's arena */
} CgVal;

/* A type as codegen sees it. */
typedef struct CgType {
  uint32_t count;
  LLVMTypeRef *parts; /* of the components in registers */
  uint64_t *offsets;  /* of the components in memory */
  bool *owner;        /* component is a reference */
  uint64_t size;      /* in memory, padded */
  uint32_t align;
} CgType;

typedef struct CgVar {
  LLVMValueRef *slot;  /* alloca or global per component; NULL entries for components that live in `value` alone */
  LLVMValueRef *value; /* `once` variables and parameters: the components; NULL before the SET */
  unsigned loop;       /* number of the innermost loop that its value depends on; 0: none */
  uint64_t far;        /* arrays of layout A: bit K is set when the stride of axis K may be known at run time only */
  bool in_frame;       /* a small array of passes */
  unsigned part, part_index; /* part.c: the last part that mentions it, and where */
} CgVar;

typedef struct CgLoop {
  struct CgLoop *outer;
  LLVMBasicBlockRef brk, cont;
  unsigned number;    /* from 1, in the unit */
} CgLoop;

typedef struct CgEdge { /* into the cleanup block */
  LLVMValueRef status;
  LLVMBasicBlockRef from;
} CgEdge;

typedef enum CgAttr {
  CGA_NOUNWIND,
  CGA_COLD,
  CGA_WILLRETURN,
  CGA_NOBUILTIN,
  CGA_NOINLINE,
  CGA_ALWAYSINLINE,
  CGA_MEMORY,
  CGA_NOALIAS,
  CGA_NOCALLBACK,
  CGA_NOFREE,
  CGA_NONLAZYBIND,
  CGA_SIGNEXT,
  CGA_ZEROEXT,
  CGA_COUNT
} CgAttr;

typedef struct CgFunc { /* the function that is being written */
  const IrFunc *ir;
  bool is_entry;      /* what the host calls: `ir` is the function that it calls in turn */
  bool has_status;    /* this form returns one */
  bool is_part;       /* a part of `ir` that stands apart (part.c): owns nothing, returns a status alone */
  unsigned apart;     /* blocks in such parts of this function */
  bool trial;         /* the trial form, copy `level` */
  uint32_t level;
  bool stack_checked; /* in the trial form: on the way to where the builder stands */
  LLVMValueRef fn, rt;
  LLVMBasicBlockRef entry;  /* allocas only; its branch to `start` is made last */
  LLVMBasicBlockRef start;
  LLVMBasicBlockRef cleanup; /* errors come here; NULL while there are none */
  LLVMBasicBlockRef leave;   /* returns come here when owning variables must be released; NULL while there are none */
  Vec(CgEdge) edges;
  Vec(LLVMBasicBlockRef) cold; /* moved to the end of the function */
  CgVar *vars;                 /* by IrVar.id */
  CgVal result;                /* slots of the result until `leave` */
  bool has_owners;             /* some variable owns memory */
  LLVMValueRef owners;         /* the slots of all references side by side; NULL when there are only few */
  uint32_t owner_count;
  CgLoop *loop;
  const IrAlias *alias;      /* of the loop that is being written: which arrays do not overlap; NULL: nothing is known */
  bool independent;          /* the innermost loop that is being written is IrLoop.independent */
  LLVMValueRef pair; /* two doubles: results of complex functions */
  void *scope;       /* debug info: the subprogram */
  Span span;         /* of the statement that is being written */
  const IrFrame *frame; /* of that statement */
} CgFunc;

typedef struct Codegen {
  Arena *arena; /* of this compile of LLVM IR alone */
  IrUnit *unit; /* only its places change */
  LLVMContextRef ctx;
  LLVMModuleRef module;
  LLVMBuilderRef b;
  LLVMTypeRef void_, i1, i8, i16, i32, i64, f32, f64, ptr;
  unsigned attrs[CGA_COUNT];
  LLVMAttributeRef target_cpu, target_features; /* NULL when the machine names none */
  LLVMAttributeRef little_effort;
  LLVMValueRef unlikely;                        /* metadata: the first successor is the usual one */
  LLVMValueRef empty;                           /* metadata: a node without operands */
  unsigned prof_kind, range_kind, scope_kind, noalias_kind, loop_kind, group_kind, invariant_kind;
  Map scopes; /* IrAlias -> CgScopes */
  LLVMValueRef access_scope, access_noalias, access_group; /* for the accesses that are being written; NULL: none */
  LLVMValueRef group;                                      /* of accesses in independent loops; NULL while there are none */
  Map types;    /* Type -> CgType */
  Map strings;  /* hash of the bytes -> constant */
  Map sites;    /* hash of function and span -> constant */
  LLVMTypeRef site_type;
  SourceAnchor (*anchor)(const Source *src, uint32_t lo, uint32_t hi);
  LLVMValueRef *funcs;   /* by IrFunc.index */
  LLVMValueRef **trials; /* by IrFunc.index: the copies of the trial form */
  uint32_t *top_calls;   /* by IrFunc.index: calls of it that the top level has */
  CgVar *globals;      /* by id */
  LLVMValueRef retain_fn, release_fn, release_row_fn;
  unsigned vector_bytes; /* CodegenOptions */
  Vec(LLVMValueRef) vector_fns; /* vector.c: to keep until the end */
  bool dead;
  unsigned loops, parts; /* written so far */
  CodegenFacts facts;
  CgFunc f;
  void *debug; /* debug.c; NULL when no lines are wanted */
} Codegen;

/* types.c */
const CgType *cg_type(Codegen *cg, const Type *t);
LLVMTypeRef cg_scalar_type(Codegen *cg, DType dtype); /* complex: of its parts */
LLVMTypeRef cg_memory_type(Codegen *cg, DType dtype); /* of an array element: i8 for bool, {T, T} for complex */
uint32_t cg_child_offset(Codegen *cg, const Type *tuple, uint32_t index); /* number of components before the element */
CgVal cg_new_val(Codegen *cg, uint32_t count);
CgVal cg_val1(Codegen *cg, LLVMValueRef v);
CgVal cg_zero(Codegen *cg, const Type *t);
LLVMTypeRef cg_result_type(Codegen *cg, const IrFunc *f, bool has_status); /* {status, components…} or less */
LLVMTypeRef cg_func_type(Codegen *cg, const IrFunc *f, bool has_status);
LLVMValueRef cg_load_part(Codegen *cg, LLVMTypeRef type, LLVMValueRef base, uint64_t offset); /* i1 is a byte in memory */
CgVal cg_unpack(Codegen *cg, const Type *t, LLVMValueRef base, uint64_t offset);           /* memory layout to components */
uint32_t cg_pack(Codegen *cg, const Type *t, const LLVMValueRef *parts, LLVMValueRef base, uint64_t offset); /* and back */
void cg_type_code(const Type *t, StrBuf *out);

/* codegen.c: small things that everybody needs */
LLVMAttributeRef cg_attr(Codegen *cg, CgAttr attr, uint64_t value);
void cg_func_attr(Codegen *cg, LLVMValueRef fn, CgAttr attr);
LLVMValueRef cg_function_new(Codegen *cg, const char *name, LLVMTypeRef type); /* internal; its first parameter is the context */
void cg_function_open(Codegen *cg, const IrFunc *f, LLVMValueRef fn); /* a fresh cg->f; the builder stands at the start */
void cg_function_close(Codegen *cg); /* the order of its blocks */
LLVMBasicBlockRef cg_block_new(Codegen *cg, const char *name);
LLVMBasicBlockRef cg_cold_new(Codegen *cg, const char *name);
void cg_at(Codegen *cg, LLVMBasicBlockRef block);      /* go on writing there */
void cg_jump(Codegen *cg, LLVMBasicBlockRef block);    /* unless dead; then dead */
void cg_branch_cold(Codegen *cg, LLVMValueRef ok, LLVMBasicBlockRef usual, LLVMBasicBlockRef cold);
LLVMValueRef cg_alloca(Codegen *cg, LLVMTypeRef type, const char *name); /* in the entry block */
LLVMValueRef cg_alloca_bytes(Codegen *cg, uint64_t size, uint32_t align);
LLVMValueRef cg_i64(Codegen *cg, int64_t value);
LLVMValueRef cg_i32(Codegen *cg, int32_t value);
LLVMValueRef cg_offset(Codegen *cg, LLVMValueRef base, uint64_t bytes);
LLVMValueRef cg_intrinsic(Codegen *cg, const char *name, LLVMTypeRef over, LLVMValueRef *args, unsigned count);
LLVMValueRef cg_fp(Codegen *cg, LLVMValueRef v); /* gives the function's fast-math flags to an instruction */

/* rtcalls.c */
LLVMValueRef cg_rt_call(Codegen *cg, const char *name, LLVMValueRef *args, unsigned count); /* a row of rt_symbols.def */
const char *cg_rt_signature(const char *name); /* NULL when there is no such row */
LLVMValueRef cg_string(Codegen *cg, const char *text, size_t length); /* a constant; NUL added */

/* expr.c */
CgVal cg_value(Codegen *cg, const IrExpr *e);
LLVMValueRef cg_scalar(Codegen *cg, const IrExpr *e); /* of one component */
LLVMValueRef cg_to_bool_byte(Codegen *cg, LLVMValueRef i1);
/* num.c */
LLVMValueRef cg_arith(Codegen *cg, IrOp op, DType dtype, LLVMValueRef a, LLVMValueRef b);
LLVMValueRef cg_negate(Codegen *cg, DType dtype, LLVMValueRef a);
LLVMValueRef cg_abs(Codegen *cg, DType dtype, LLVMValueRef a);
LLVMValueRef cg_compare(Codegen *cg, IrOp op, DType a_type, DType b_type, LLVMValueRef a, LLVMValueRef b);
LLVMValueRef cg_minmax(Codegen *cg, IrOp op, DType dtype, LLVMValueRef a, LLVMValueRef b);
/* cast.c */
CgVal cg_cast(Codegen *cg, const Type *to, const Type *from, CgVal v);
LLVMValueRef cg_cast_real(Codegen *cg, DType to, DType from, LLVMValueRef v); /* no complex types */
/* complex.c: arithmetic of two parts */
CgVal cg_complex_arith(Codegen *cg, IrOp op, DType dtype, CgVal a, CgVal b);
CgVal cg_complex_call(Codegen *cg, const char *symbol, DType dtype, const LLVMValueRef *args,
                      unsigned count); /* parts of the dtype; out-pointer added */
/* math.c */
CgVal cg_math(Codegen *cg, const IrExpr *e);
CgVal cg_rtcall(Codegen *cg, const IrExpr *e);
LLVMValueRef cg_libm(Codegen *cg, const char *name, LLVMTypeRef type, LLVMValueRef *args, unsigned count); /* TYPE name(TYPE, …) */

/* arrays.c: arrays given as their components */
CgVal cg_load(Codegen *cg, const IrExpr *e);
void cg_store(Codegen *cg, const IrStmt *s);
void cg_alloc(Codegen *cg, const IrStmt *s);
CgVal cg_view(Codegen *cg, const IrExpr *e);
LLVMValueRef cg_stride(Codegen *cg, const Type *array, const LLVMValueRef *shape, unsigned axis); /* shape: the components from shape on */
LLVMValueRef cg_size(Codegen *cg, const Type *array, const LLVMValueRef *shape);
enum { CG_DATA, CG_OWNER, CG_SHAPE }; /* components of an array; strings have their length at CG_SHAPE */

/* inline.c */
void cg_count_calls(Codegen *cg);
bool cg_stays_call(Codegen *cg, const IrFunc *callee); /* from the function that is being written */
/* Library functions of some size stay functions: inside the caller they gain little, and the optimiser's time grows faster than its functions.
 * Their decorator may say otherwise. */
bool cg_stays_function(const CgFunc *f);

/* own.c */
void cg_vars_init(Codegen *cg); /* slots of the function's variables; parameters get their values */
CgVal cg_var_get(Codegen *cg, const IrVar *var);
uint64_t cg_var_far(Codegen *cg, const IrVar *array); /* axes along which elements lie a distance apart that is known at run time only */
void cg_var_put_copy(Codegen *cg, const IrVar *var, const IrVar *from, CgVal v); /* of another variable of its type */
void cg_var_depends(Codegen *cg, const IrVar *var,
                    unsigned loop); /* after a put: the value depends on this loop, not on the one that is being written */
unsigned cg_loop_of(Codegen *cg, const IrExpr *e); /* number of the innermost loop that the value depends on */
bool cg_var_in_frame(Codegen *cg, const IrVar *var);
void cg_var_set_frame(Codegen *cg, const IrVar *var);
void cg_var_put(Codegen *cg, const IrVar *var, CgVal v); /* stores; no reference counting */
void cg_var_take(Codegen *cg, const IrVar *var, CgVal v); /* v brings its reference: releases the old one when the variable owns */
void cg_retain(Codegen *cg, const Type *t, CgVal v);
void cg_release(Codegen *cg, const Type *t, CgVal v);
void cg_var_release(Codegen *cg, const IrVar *var); /* what it holds */
void cg_var_empty(Codegen *cg, const IrVar *var); /* forgets the reference */
void cg_release_all(Codegen *cg); /* every owning variable */

/* vector.c */
bool cg_has_vectors(Codegen *cg, const char *name, LLVMTypeRef type, unsigned count); /* under afn */
/* Tells the vectoriser of them; `called` is the symbol that the call names. */
void cg_vector_call(Codegen *cg, LLVMValueRef call, const char *called, const char *name, LLVMTypeRef type, unsigned count);
void cg_vector_finish(Codegen *cg);

/* alias.c */
void cg_access(Codegen *cg, const IrVar *array); /* accesses of this array follow; NULL: of something else */
LLVMValueRef cg_mark_access(Codegen *cg, LLVMValueRef instruction); /* the load or store itself */
void cg_mark_loop(Codegen *cg, LLVMValueRef latch, const IrLoop *loop); /* its branch back: what is known about the loop */

/* stmt.c, loops.c, text.c, errors.c */
void cg_body(Codegen *cg, const IrBlock *block);
void cg_return(Codegen *cg, const IrStmt *s);
void cg_return_parts(Codegen *cg, const LLVMValueRef *parts, uint32_t count); /* with status 0 where there is one */
void cg_finish_leave(Codegen *cg); /* writes the `leave` block */
void cg_for(Codegen *cg, const IrStmt *s);
void cg_while(Codegen *cg, const IrStmt *s);
void cg_parallel(Codegen *cg, const IrStmt *s); /* parallel.c */
void cg_chunk_entry(Codegen *cg, const IrFunc *f); /* parallel.c: what the runtime calls for the body of a parallel statement */
void cg_text(Codegen *cg, const IrStmt *s);
void cg_text_take(Codegen *cg, const IrStmt *s);
void cg_runtime(Codegen *cg, const IrStmt *s); /* rtcalls.c */
void cg_host_call(Codegen *cg, const HostSig *sig, const IrStmt *s); /* host.c */
CgVal cg_host_value(Codegen *cg, const HostSig *sig, const IrExpr *e); /* host.c */
void cg_host_check(Codegen *cg, LLVMValueRef status, const char *name); /* nonzero: the error that the host's function told of */
void cg_check(Codegen *cg, const IrStmt *s);
void cg_raise(Codegen *cg, const IrStmt *s);
void cg_stack_check(Codegen *cg);
LLVMValueRef cg_goes_on(Codegen *cg); /* i1: the call is not to stop */
void cg_poll(Codegen *cg, const IrStmt *loop); /* leaves the function when the call is to stop */
LLVMValueRef cg_site(Codegen *cg, Span span);
void cg_status_check(Codegen *cg, LLVMValueRef status, bool is_call); /* nonzero: leave with it, after noting the call */
void cg_fail(Codegen *cg, LLVMValueRef status); /* from a cold block to the cleanup */
void cg_finish_cleanup(Codegen *cg);

/* part.c: writes the block as a function of its own and calls it; false when it cannot stand apart. Cold ones are made with little effort. */
void cg_little_effort(Codegen *cg, LLVMValueRef fn);
bool cg_part(Codegen *cg, const IrBlock *block, bool cold);

/* call.c: functions of the unit */
void cg_call(Codegen *cg, const IrStmt *s);
/* args begin with the context. *status: NULL when the callee cannot fail, else to be tested before the components are used. */
CgVal cg_invoke(Codegen *cg, const IrFunc *callee, LLVMValueRef *args, LLVMValueRef *status);
LLVMValueRef cg_call_fn(Codegen *cg, LLVMValueRef fn, LLVMValueRef *args);
void cg_trial_check(Codegen *cg, LLVMValueRef ok); /* a check in a trial form */
void cg_give_up(Codegen *cg); /* makes the block `cleanup` of a trial form */
void cg_finish_trial(Codegen *cg); /* writes it */

/* debug.c: line tables. All do nothing when no lines are wanted. */
void cg_debug_open(Codegen *cg);
void cg_debug_function(Codegen *cg, const IrFunc *f, LLVMValueRef fn);
void cg_debug_line(Codegen *cg, Span span);
void cg_debug_none(Codegen *cg);
void cg_debug_close(Codegen *cg);

#endif
