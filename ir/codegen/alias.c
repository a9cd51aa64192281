/* What loops know about memory, as LLVM metadata: arrays of different groups of an IrAlias do not overlap (alias.scope, noalias); iterations of
 * independent loops touch nothing that others store (access.group, llvm.loop.parallel_accesses); cold loops are not worth optimising. Scope nodes refer to themselves, so that an inlined copy of a function gets scopes of its own. */
#include "ir/codegen/cg.h"
#include "ir/walk.h"

#include <llvm-c/DebugInfo.h> /* temporary metadata nodes */
#include <llvm-c/IRReader.h>

typedef struct CgScopes { /* by group: the list with its own scope, the list with all others */
  LLVMValueRef *own, *others;
} CgScopes;

static LLVMValueRef value_of(Codegen *cg, LLVMMetadataRef node) { return LLVMMetadataAsValue(cg->ctx, node); }

/* A node whose first operand is the node itself. */
static LLVMMetadataRef self_node(Codegen *cg, LLVMMetadataRef *rest, size_t count) {
  LLVMMetadataRef operands[4], temp = LLVMTemporaryMDNode(cg->ctx, NULL, 0);
  LJ_ASSERT(count < LJ_COUNT(operands));
  operands[0] = temp;
  for (size_t i = 0; i < count; i++) operands[1 + i] = rest[i];
  LLVMMetadataRef node = LLVMMDNodeInContext2(cg->ctx, operands, 1 + count);
  LLVMMetadataReplaceAllUsesWith(temp, node);
  return node;
}

static CgScopes *scopes_of(Codegen *cg, const IrAlias *alias) {
  CgScopes *scopes = map_get(&cg->scopes, map_key(alias));
  if (scopes) return scopes;
  uint32_t n = alias->group_count;
  scopes = arena_new(cg->arena, CgScopes);
  scopes->own = arena_array(cg->arena, LLVMValueRef, n);
  scopes->others = arena_array(cg->arena, LLVMValueRef, n);
  LLVMMetadataRef domain = self_node(cg, NULL, 0), *all = arena_array(cg->arena, LLVMMetadataRef, n);
  LLVMMetadataRef *list = arena_array(cg->arena, LLVMMetadataRef, n);
  for (uint32_t i = 0; i < n; i++) all[i] = self_node(cg, &domain, 1);
  for (uint32_t i = 0; i < n; i++) {
    uint32_t count = 0;
    for (uint32_t k = 0; k < n; k++)
      if (k != i) list[count++] = all[k];
    scopes->own[i] = value_of(cg, LLVMMDNodeInContext2(cg->ctx, &all[i], 1));
    scopes->others[i] = value_of(cg, LLVMMDNodeInContext2(cg->ctx, list, count));
  }
  map_put(cg->arena, &cg->scopes, map_key(alias), scopes);
  return scopes;
}

/* The one access group of the module. It must be a distinct node without operands, which the C API cannot make: it is read as text. */
static LLVMValueRef access_group(Codegen *cg) {
  static const char text[] = "!group = !{!0}\n!0 = distinct !{}\n";
  LLVMModuleRef module = NULL;
  char *message = NULL;
  if (cg->group) return cg->group;
  LLVMMemoryBufferRef buffer = LLVMCreateMemoryBufferWithMemoryRangeCopy(text, sizeof text - 1, "group");
  LLVMBool discards = LLVMContextShouldDiscardValueNames(cg->ctx);
  LLVMContextSetDiscardValueNames(cg->ctx, false); /* the reader of text insists */
  LLVMBool failed = LLVMParseIRInContext(cg->ctx, buffer, &module, &message); /* consumes the buffer */
  LJ_ASSERT(!failed && LLVMGetNamedMetadataNumOperands(module, "group") == 1);
  LLVMContextSetDiscardValueNames(cg->ctx, discards);
  LLVMGetNamedMetadataOperands(module, "group", &cg->group);
  LLVMDisposeModule(module);
  return cg->group;
}

void cg_access(Codegen *cg, const IrVar *array) {
  const IrAlias *alias = array ? cg->f.alias : NULL;
  cg->access_scope = cg->access_noalias = cg->access_group = NULL;
  /* Not what lies in the frame: each iteration may use it as its own scratch memory. */
  if (array && cg->f.independent && !cg_var_in_frame(cg, array)) cg->access_group = access_group(cg);
  int64_t group = ir_alias_group(alias, array);
  if (group < 0 || alias->group_count < 2) return;
  const CgScopes *scopes = scopes_of(cg, alias);
  cg->access_scope = scopes->own[group];
  cg->access_noalias = scopes->others[group];
}

LLVMValueRef cg_mark_access(Codegen *cg, LLVMValueRef instruction) {
  if (cg->access_group) LLVMSetMetadata(instruction, cg->group_kind, cg->access_group);
  if (!cg->access_scope) return instruction;
  LLVMSetMetadata(instruction, cg->scope_kind, cg->access_scope);
  LLVMSetMetadata(instruction, cg->noalias_kind, cg->access_noalias);
  return instruction;
}

static LLVMMetadataRef flag(Codegen *cg, const char *name, bool value, bool has_value) {
  LLVMMetadataRef parts[2] = {LLVMMDStringInContext2(cg->ctx, name, strlen(name)), LLVMValueAsMetadata(LLVMConstInt(cg->i1, value, false))};
  return LLVMMDNodeInContext2(cg->ctx, parts, has_value ? 2 : 1);
}

void cg_mark_loop(Codegen *cg, LLVMValueRef latch, const IrLoop *loop) {
  LLVMMetadataRef flags[3], parts[2];
  size_t count = 0;
  if (loop->cold) {
    flags[count++] = flag(cg, "llvm.loop.vectorize.enable", false, true);
    flags[count++] = flag(cg, "llvm.loop.unroll.disable", false, false);
  }
  if (loop->independent) {
    static const char name[] = "llvm.loop.parallel_accesses";
    parts[0] = LLVMMDStringInContext2(cg->ctx, name, sizeof name - 1);
    parts[1] = LLVMValueAsMetadata(access_group(cg));
    flags[count++] = LLVMMDNodeInContext2(cg->ctx, parts, 2);
  }
  if (count) LLVMSetMetadata(latch, cg->loop_kind, value_of(cg, self_node(cg, flags, count)));
}
