/* Any bytes through the lexer, the parser and both dumps: no crash, no leak, and either a module or a diagnostic. */
#include "frontend/ast.h"
#include "frontend/lexer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  Arena arena;
  StrTab names;
  Source src;
  Diag diag;
  StrBuf out = {0};
  Module *module;
  if (size > UINT32_MAX) return 0;
  arena_init(&arena);
  strtab_init(&names, &arena);
  diag_init(&diag, &arena);
  source_init(&src, &arena, "fuzz.lp", arena_copy(&arena, (const char *)data, size), (uint32_t)size);
  lexer_dump(&src, &out);
  sb_clear(&out);
  bool ok = parse_module(&arena, &names, &src, sym_c(&names, "fuzz"), &diag, &module);
  LJ_ASSERT(ok == (diag.errors == 0) && ok == (module != NULL));
  if (ok) ast_dump(module, &out);
  diag_render(&diag, &out);
  Diag again;
  diag_init(&again, &arena);
  LJ_ASSERT((parse_expression(&arena, &names, &src, &again) != NULL) == (again.errors == 0));
  sb_drop(&out);
  arena_drop(&arena);
  return 0;
}
