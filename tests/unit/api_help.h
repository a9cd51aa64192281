/* For tests of the library as a host uses it: a report for each test, an engine and a module of it. */
#ifndef LJ_API_HELP_H
#define LJ_API_HELP_H

#include <check.h>
#include <string.h>

#include "base/base.h"
#include "include/loopjit.h"

static lj_report *report;
static lj_engine *engine;
static lj_module *module;

static inline void api_begin(void) { report = lj_report_new(); }

static inline void api_open(const lj_config *config, const char *source) {
  ck_assert_msg(lj_engine_new(config, report, &engine) == LJ_OK, "%s", lj_report_text(report));
  lj_status status = lj_module_load(engine, "test.lp", source, strlen(source), 0, report, &module);
  ck_assert_msg(status == LJ_OK, "%s", lj_report_text(report));
}

static inline void api_close(void) {
  lj_module_free(module);
  lj_engine_free(engine);
  module = NULL, engine = NULL;
}

static inline void api_end(void) {
  api_close();
  lj_report_free(report);
}

#endif
