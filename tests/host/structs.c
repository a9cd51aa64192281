/* Prints the structs of native calls of many kernels as C, in one text: tests/run_hosts.py compiles it as C and as C++. Each header checks its own sizes. */
#include <loopjit.h>
#include <stdio.h>
#include <string.h>

static const char source[] = "def same(x):\n    return x\n"
                             "def maybe(x):\n    if x > 0:\n        return x\n    return None\n"
                             "def many(a, int, template, x, s):\n    return a, (x, s), int\n"
                             "def nothing():\n    pass\n";
static const struct {
  const char *function, *signature;
} kernels[] = {
    {"same", "int8"},
    {"same", "uint64"},
    {"same", "bool"},
    {"same", "complex64"},
    {"same", "complex128"},
    {"same", "float32[:]"},
    {"same", "complex128[:, :, ::1]"},
    {"same", "Array(bool, 2, 'F', readonly=True)"},
    {"same", "Array(float64, 0, 'C')"},
    {"same", "str"},
    {"same", "none"},
    {"same", "Tuple((int8, float64, Tuple((bool, int16[:])), none))"},
    {"same", "UniTuple(complex64, 3)"},
    {"maybe", "int16"},
    {"maybe", "float64"},
    {"many", "int8, int16, float64, uint8[:, ::1], str"},
    {"many", "bool, float32, UniTuple(int8, 3), complex64, bool"},
    {"nothing", ""},
};

int main(void) {
  lj_report *report = lj_report_new();
  lj_engine *engine;
  lj_module *module;
  if (lj_engine_new(NULL, report, &engine) != LJ_OK ||
      lj_module_load(engine, "structs.lp", source, strlen(source), 0, report, &module) != LJ_OK)
    return fprintf(stderr, "%s", lj_report_text(report)), 1;
  int failed = 0;
  for (size_t i = 0; i < sizeof kernels / sizeof *kernels; i++) {
    char name[32];
    lj_kernel *kernel;
    lj_text text;
    snprintf(name, sizeof name, "k%zu", i);
    if (lj_specialise(lj_module_find(module, kernels[i].function), kernels[i].signature, report, &kernel) != LJ_OK ||
        lj_kernel_c_header(kernel, name, report, &text) != LJ_OK) {
      fprintf(stderr, "%s(%s): %s", kernels[i].function, kernels[i].signature, lj_report_text(report));
      failed = 1;
      continue;
    }
    printf("%s\n", text.data);
    lj_text_free(&text);
  }
  lj_module_free(module);
  lj_engine_free(engine);
  lj_report_free(report);
  return failed;
}
