/* `check`, `types`, `explain`, `emit`: what the compiler makes of a program, without running it. */
#include "cli/cli.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int cmd_check(const Args *args) {
  Session s;
  int status = session_open(&s, args);
  if (!status) status = session_load(&s, args->rest[0], LJ_LOAD_MAIN);
  return session_close(&s, status);
}

/* ---- functions: the library by module, one line a module and kind ---- */

typedef struct Group {
  const char *prefix, *title;
} Group;
static const Group groups[] = {
    {"", "Python"},
    {"math", "math"},
    {"cmath", "cmath"},
    {"time", "time"},
    {"numpy", "numpy"},
    {"numpy.random", "numpy.random"},
    {"numpy.linalg", "numpy.linalg"},
    {"numpy.fft", "numpy.fft"},
    {"array", "arrays: methods and attributes"},
    {"scalar", "numbers: methods and attributes"},
    {"numba", "numba"},
    {"functools", "functools"},
};

/* "numpy.random.rand" belongs to "numpy.random" with the name "rand". */
static const char *name_in(const char *full, const char *prefix) {
  const char *dot = strrchr(full, '.');
  size_t length = dot ? (size_t)(dot - full) : 0;
  return length == strlen(prefix) && strncmp(full, prefix, length) == 0 ? full + length + (dot != NULL) : NULL;
}

static void print_params(const char *params) {
  putchar('(');
  for (const char *p = params; *p;) {
    size_t length = strcspn(p, ",");
    bool optional = p[length - 1] == '?' || p[length - 1] == '!';
    printf("%.*s%s", (int)(length - optional), p, optional ? "=" : "");
    p += length + (p[length] == ',');
    if (*p) fputs(", ", stdout);
  }
  putchar(')');
}

int cmd_functions(const Args *args) {
  (void)args;
  for (size_t g = 0; g < sizeof groups / sizeof *groups; g++) {
    printf("%s**%s:**", g ? "\n" : "", groups[g].title);
    for (size_t i = 0, shown = 0; lj_library_name(i); i++) {
      const char *name = name_in(lj_library_name(i), groups[g].prefix);
      if (!name) continue;
      printf("%s`%s", shown++ ? " · " : " ", name);
      if (lj_library_params(i)[0]) print_params(lj_library_params(i));
      putchar('`');
    }
    putchar('\n');
  }
  return 0;
}

static int emit_module(Session *s, const char *stage, const char *path) {
  lj_function *function = NULL;
  int status = session_load(s, path, s->args->call ? 0 : LJ_LOAD_MAIN);
  if (!status) status = session_find(s, &function);
  if (status) return status;
  lj_text text;
  status = session_result(s, lj_module_emit(s->module, stage, function, s->args->sig, s->report, &text));
  if (!status) status = session_write(s->args->output, text.data, text.length);
  lj_text_free(&text);
  return status;
}

/* Tokens and trees can be shown of programs that have other mistakes. */
static int emit_source(Session *s, const char *stage, const char *path) {
  char *source;
  size_t length;
  int status = session_read(s, path, &source, &length);
  if (status) return status;
  lj_text text;
  status = session_result(s, lj_source_emit(strcmp(path, "-") == 0 ? "<stdin>" : path, source, length, stage, s->report, &text));
  if (!status) status = session_write(s->args->output, text.data, text.length);
  lj_text_free(&text);
  free(source);
  return status;
}

int cmd_types(const Args *args) {
  Session s;
  int status = session_open(&s, args);
  if (!status) status = emit_module(&s, "types", args->rest[0]);
  return session_close(&s, status);
}

int cmd_explain(const Args *args) {
  Session s;
  int status = session_open(&s, args);
  if (!status) status = emit_module(&s, "explain", args->rest[0]);
  return session_close(&s, status);
}

static bool is_stage(const char *name) {
  static const char after[] = "loops:after=";
  if (strncmp(name, after, sizeof after - 1) == 0) return true;
  for (size_t i = 0; lj_stage_name(i); i++)
    if (strcmp(lj_stage_name(i), name) == 0) return true;
  return false;
}

static const char *stage_name(const void *unused, size_t i) {
  (void)unused;
  return lj_stage_name(i);
}

int cmd_emit(const Args *args) {
  Session s;
  const char *stage = args->rest[0], *near = args_suggest(stage, stage_name, NULL);
  if (!is_stage(stage))
    return args_wrong("emit", near ? "there is no stage '%s'; did you mean '%s'?" : "there is no stage '%s'", stage, near);
  int status = session_open(&s, args);
  bool early = strcmp(stage, "tokens") == 0 || strcmp(stage, "ast") == 0;
  if (!status) status = early ? emit_source(&s, stage, args->rest[1]) : emit_module(&s, stage, args->rest[1]);
  return session_close(&s, status);
}
