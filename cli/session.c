/* One command's engine, module and report: opening them by the options, telling what went wrong, showing the times. */
#include "cli/cli.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int session_result(Session *s, lj_status status) {
  fflush(stdout); /* what the program printed comes before what went wrong */
  const char *text = lj_report_text(s->report);
  if (*text && s->args->json)
    fputs(lj_report_json(s->report), stderr);
  else if (*text)
    fprintf(stderr, "%s%s", status == LJ_OK || status == LJ_ERROR || status == LJ_STOPPED ? "" : "loopjit: ", text);
  else if (status != LJ_OK)
    fprintf(stderr, "loopjit: %s\n", lj_status_text(status));
  return status == LJ_OK ? 0 : status == LJ_MISUSE || status == LJ_IO ? EXIT_USAGE : EXIT_PROGRAM;
}

int session_open(Session *s, const Args *args) {
  *s = (Session){.args = args, .report = lj_report_new()};
  lj_config config;
  lj_config_init(&config);
  bool builds = strcmp(args->command, "build") == 0; /* for CPUs of its own */
  if (!builds) config.cpu = args->cpu;
  if (args->opt) config.opt_level = args->opt[0] - '0';
  config.fastmath = args->fastmath;
  config.parallel = args->parallel;
  config.auto_parallel = args->parallel && strcmp(args->parallel, "auto") == 0;
  if (args->schedule) config.schedule = (lj_schedule)args_schedule(args->schedule);
  if (args->chunk) config.chunk = atoll(args->chunk);
  config.race_check = args->race_check;
  if (args->threads) config.threads = atoi(args->threads);
  config.numpy_errors = args->error_model && strcmp(args->error_model, "numpy") == 0;
  config.no_boundscheck = args->no_boundscheck;
  config.interruptible = args->interruptible || args->timeout;
  bool runs = strcmp(args->command, "run") == 0; /* the others show what the compiler makes */
  if (!runs || args->no_cache) config.cache_dir = "";
  config.cache_explain = args->explain_cache;
  lj_status status = lj_engine_new(&config, s->report, &s->engine);
  return status == LJ_OK ? 0 : session_result(s, status);
}

static char *read_stdin(size_t *length) {
  size_t room = 1 << 16;
  char *text = malloc(room);
  *length = 0;
  while (text && !feof(stdin) && !ferror(stdin)) {
    *length += fread(text + *length, 1, room - *length, stdin);
    if (*length < room) continue;
    char *more = realloc(text, room *= 2);
    if (!more) free(text);
    text = more;
  }
  return text;
}

static char *read_file(const char *path, size_t *length) {
  FILE *f = freopen(path, "rb", stdin);
  return f ? read_stdin(length) : NULL;
}

int session_read(Session *s, const char *path, char **text, size_t *length) {
  (void)s;
  *text = strcmp(path, "-") == 0 ? read_stdin(length) : read_file(path, length);
  if (*text && !ferror(stdin)) return 0;
  free(*text);
  *text = NULL;
  fprintf(stderr, "loopjit: error: cannot read '%s': %s\n", path, strerror(errno));
  return EXIT_USAGE;
}

int session_load(Session *s, const char *path, unsigned flags) {
  lj_status status;
  if (strcmp(path, "-") == 0) {
    char *text;
    size_t length;
    int failed = session_read(s, path, &text, &length);
    if (failed) return failed;
    status = lj_module_load(s->engine, "<stdin>", text, length, flags, s->report, &s->module);
    free(text);
  } else {
    status = lj_module_load_file(s->engine, path, flags, s->report, &s->module);
  }
  return session_result(s, status);
}

static const char *function_name(const void *module, size_t i) {
  lj_function *f = lj_module_function(module, i);
  return f ? lj_function_name(f) : NULL;
}

int session_find(Session *s, lj_function **function) {
  const char *name = s->args->call;
  *function = name ? lj_module_find(s->module, name) : NULL;
  if (!name || *function) return 0;
  const char *near = args_suggest(name, function_name, s->module);
  return args_wrong(s->args->command, near ? "'%s' has no function '%s'; did you mean '%s'?" : "'%s' has no function '%s'",
                    s->args->rest[0], name, near);
}

int session_write(const char *path, const char *data, size_t length) {
  bool to_stdout = !path || strcmp(path, "-") == 0;
  FILE *f = to_stdout ? stdout : fopen(path, "wb");
  bool ok = f && fwrite(data ? data : "", 1, length, f) == length;
  if (f && (to_stdout ? fflush(f) : fclose(f)) != 0) ok = false;
  if (ok) return 0;
  fprintf(stderr, "loopjit: error: cannot write '%s': %s\n", to_stdout ? "standard output" : path, strerror(errno));
  return EXIT_USAGE;
}

static void show_times(const lj_module *module, double run) {
  lj_times times = {.size = sizeof times};
  lj_module_times(module, &times);
  times.run += run;
  double sum = 0;
  fflush(stdout);
#define X(stage) sum += times.stage, fprintf(stderr, "%-12s %9.3f ms\n", #stage, 1e3 * times.stage);
  LJ_TIMES(X)
#undef X
  fprintf(stderr, "%-12s %9.3f ms\n", "total", 1e3 * sum);
}

static void show_cache(lj_engine *engine) {
  lj_text text;
  lj_engine_cache_log(engine, &text);
  fflush(stdout);
  fputs(text.data ? text.data : "", stderr);
  lj_text_free(&text);
}

int session_close(Session *s, int status) {
  if (s->args->explain_cache && s->engine) show_cache(s->engine);
  if (s->args->time && s->module) show_times(s->module, s->run);
  lj_module_free(s->module);
  lj_engine_free(s->engine);
  lj_report_free(s->report);
  return status;
}
