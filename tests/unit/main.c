/* The unit tests: every suite of this folder, in one program. suites.def is made from the functions `Suite *suite_NAME(void)` in test_*.c.
 * Arguments name suites; without any, all run. With CK_FORK=no a failing test can be looked at in a debugger. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SUITE(name) Suite *name(void);
#include "suites.def"
#undef SUITE

static const struct {
  const char *name;
  Suite *(*make)(void);
} suites[] = {
#define SUITE(name) {#name, name},
#include "suites.def"
#undef SUITE
};

static int wanted(const char *name, int argc, char **argv) {
  for (int i = 1; i < argc; i++)
    if (strcmp(argv[i], name) == 0 || strcmp(argv[i], name + strlen("suite_")) == 0) return 1;
  return argc < 2;
}

int main(int argc, char **argv) {
  setenv("LOOPJIT_CACHE_DIR", "", 1); /* suites that want a cache make their own */
  SRunner *runner = srunner_create(NULL);
  for (size_t i = 0; i < sizeof suites / sizeof *suites; i++)
    if (wanted(suites[i].name, argc, argv)) srunner_add_suite(runner, suites[i].make());
  srunner_run_all(runner, CK_NORMAL);
  int run = srunner_ntests_run(runner), failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  printf("%d passed, %d failed, 0 skipped\n", run - failed, failed);
  return failed == 0 ? 0 : 1;
}
