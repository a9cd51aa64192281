/* `run`: a program's top level, or with --call one function with values from the command line. */
#include "cli/cli.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* @x.npy: an array from a file, stores stay in memory; @x.npy:w: stores go to the file. */
static lj_status load_array(const char *path, lj_report *report, lj_value *value) {
  size_t length = strlen(path);
  bool writes = length > 2 && strcmp(path + length - 2, ":w") == 0;
  char *name = strdup(path);
  if (!name) return LJ_IO;
  if (writes) name[length - 2] = 0;
  lj_status status = lj_value_load(name, writes ? LJ_FILE_WRITE : LJ_FILE_PRIVATE, report, value);
  free(name);
  return status;
}

static int parse_arg(Session *s, const char *text, lj_value *value) {
  if (text[0] == '@') return session_result(s, load_array(text + 1, s->report, value));
  lj_status status = lj_value_parse(text, strlen(text), s->report, value);
  if (status == LJ_OK) return 0;
  session_result(s, status);
  return s->args->json ? EXIT_USAGE : args_wrong("run", "the argument '%s' is no value", text);
}

static int show_result(Session *s, const lj_value *result) {
  if (s->args->output) return session_result(s, lj_value_save(result, s->args->output, s->report));
  if (result->kind == LJ_KIND_NONE) return 0;
  lj_text text;
  lj_value_format(result, false, &text);
  int status = session_write(NULL, text.data, text.length);
  if (!status) status = session_write(NULL, "\n", 1);
  lj_text_free(&text);
  return status;
}

static lj_call_options call_options(const Args *args) {
  lj_call_options how;
  lj_call_options_init(&how);
  if (args->timeout) how.timeout = args_seconds(args->timeout);
  return how;
}

static int call(Session *s, lj_function *function) {
  const char **texts = s->args->rest + 1;
  int count = s->args->count - 1, parsed = 0, status = 0;
  lj_value *values = calloc((size_t)count + 1, sizeof *values), result = lj_none();
  if (!values) return EXIT_PROGRAM;
  while (parsed < count && !status) {
    status = parse_arg(s, texts[parsed], &values[parsed]);
    parsed++;
  }
  lj_kernel *kernel;
  if (!status) status = session_result(s, lj_specialise_for(function, values, (size_t)count, s->report, &kernel));
  if (!status) {
    struct timespec before, after;
    clock_gettime(CLOCK_MONOTONIC, &before);
    const lj_call_options how = call_options(s->args);
    lj_status called = lj_kernel_call_with(kernel, values, (size_t)count, &how, &result, s->report);
    clock_gettime(CLOCK_MONOTONIC, &after);
    s->run = (double)(after.tv_sec - before.tv_sec) + 1e-9 * (double)(after.tv_nsec - before.tv_nsec);
    status = session_result(s, called);
  }
  if (!status) status = show_result(s, &result);
  lj_value_free(&result);
  for (int i = 0; i < parsed; i++) lj_value_free(&values[i]);
  free(values);
  return status;
}

int cmd_run(const Args *args) {
  Session s;
  lj_function *function = NULL;
  if (!args->call && args->count > 1) return args_wrong("run", "'run' takes one file; arguments need --call FUNC");
  if (!args->call && args->output) return args_wrong("run", "-o needs --call FUNC");
  int status = session_open(&s, args);
  if (!status) status = session_load(&s, args->rest[0], args->call ? 0 : LJ_LOAD_MAIN);
  if (!status) status = session_find(&s, &function);
  const lj_call_options how = call_options(args);
  if (!status) status = function ? call(&s, function) : session_result(&s, lj_module_run_with(s.module, &how, s.report));
  return session_close(&s, status);
}
