/* For tests of functions of the host: an engine with some, programs that call them, results as text. */
#ifndef LJ_HOST_HELP_H
#define LJ_HOST_HELP_H

#include "tests/unit/api_help.h"

typedef struct HostRow {
  const char *name, *signature;
  lj_host_function function;
  void *data;
  unsigned flags;
} HostRow;
#define HOST(name, signature, data, flags) {#name, signature, (lj_host_function)name, data, flags}

static inline void host_engine(const lj_config *config, const HostRow *rows, size_t count) {
  ck_assert_msg(lj_engine_new(config, report, &engine) == LJ_OK, "%s", lj_report_text(report));
  for (size_t i = 0; i < count; i++)
    ck_assert_msg(lj_engine_register(engine, rows[i].name, rows[i].signature, rows[i].function, rows[i].data, rows[i].flags, report) ==
                      LJ_OK,
                  "%s", lj_report_text(report));
}

static inline void host_load(const char *source) {
  lj_status status = lj_module_load(engine, "test.lp", source, strlen(source), 0, report, &module);
  ck_assert_msg(status == LJ_OK, "%s\n%s", source, lj_report_text(report));
}

/* Calls f with arguments as literals; the result as repr(), or the report. The caller frees it. */
static inline lj_text host_call(const char *function, const char *const *args, size_t most) {
  lj_value values[4] = {lj_none(), lj_none(), lj_none(), lj_none()}, result;
  lj_text text = {0};
  size_t count = 0;
  for (; count < most && count < 4 && args[count]; count++)
    ck_assert_msg(lj_value_parse(args[count], strlen(args[count]), report, &values[count]) == LJ_OK, "%s", lj_report_text(report));
  if (lj_call(lj_module_find(module, function), values, count, &result, report) == LJ_OK) {
    lj_value_format(&result, true, &text);
  } else {
    text.length = strlen(lj_report_text(report));
    text.data = strdup(lj_report_text(report));
  }
  lj_value_free(&result);
  for (size_t i = 0; i < count; i++) lj_value_free(&values[i]);
  return text;
}

static inline void host_expect(const char *function, const char *const *args, size_t most, const char *want) {
  lj_text text = host_call(function, args, most);
  ck_assert_str_eq(text.data ? text.data : "", want);
  lj_text_free(&text);
}

#endif
