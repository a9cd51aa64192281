/* Any bytes through the whole compiler as far as LLVM IR, through the public header; nothing is run. No crash, no leak, no hang, and never
 * "the compiler's own bug": either a program or a diagnostic.
 *
 * Start from the programs that stand in the tests, one file each (mutations of whole programs reach inference and lowering, bytes do not):
 *   cmake --preset fuzz && cmake --build build-fuzz --target fuzz_compile
 *   mkdir -p corpus seeds && find tests samples -name '*.lp' -size -8k -exec cp -t seeds {} +
 *   build-fuzz/tests/fuzz_compile -dict=tests/fuzz/loopjit.dict -timeout=30 -max_len=4096 corpus seeds */
#include "loopjit.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fail(const char *what, const lj_report *report) {
  const lj_diagnostic *first = lj_report_get(report, 0);
  fprintf(stderr, "%s: %s\n", what, first ? first->message : "(no message)");
  abort();
}

/* OK, or an error with its diagnostic. */
static bool settled(lj_status status, const char *what, const lj_report *report) {
  if (status != LJ_OK && status != LJ_ERROR) fail(what, report);
  if ((status == LJ_ERROR) != (lj_report_errors(report) > 0)) fail("status and report disagree", report);
  return status == LJ_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static lj_engine *engine; /* kept: the target machine is made once */
  lj_report *report = lj_report_new();
  lj_config config;
  lj_config_init(&config);
  config.cache_dir = "";
  if (!engine && lj_engine_new(&config, report, &engine) != LJ_OK) fail("no engine", report);
  lj_module *module;
  if (settled(lj_module_load(engine, "fuzz.lp", (const char *)data, size, LJ_LOAD_MAIN, report, &module), "load", report)) {
    for (size_t i = 0; i < lj_module_function_count(module); i++) lj_function_name(lj_module_function(module, i));
    lj_text text;
    if (settled(lj_module_emit(module, "llvm", NULL, NULL, report, &text), "emit llvm", report)) lj_text_free(&text);
  }
  lj_module_free(module);
  lj_report_free(report);
  return 0;
}
