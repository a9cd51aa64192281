/* A host that never stops: reads numbers, answers each with respond(x) of a kernel file, and takes up the file anew when it was changed.
 * A version with errors is reported and the old one goes on answering. Functions are compiled for the types of their arguments, so a mistake inside
 * one is found when it is specialised: the new version is specialised before it replaces the old one.
 * Build: cc plugin_reload.c $(pkg-config --cflags --libs loopjit)
 * Run:   plugin_reload FILE.lp   and type numbers while you edit the file
 *
 * When the file says x + 1, then 10 * x, then 10 * y, then x * x, and 3 is typed after each edit (and once more without one):
 * expect: version 1: 4
 * expect: version 1: 4
 * expect: version 2: 30
 * expect: version 2: 30
 * expect: version 3: 9
 */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <loopjit.h>

typedef struct Plugin {
  const char *path;
  struct stat seen; /* of the text that was read last, good or not */
  lj_module *module; /* the version in use */
  lj_kernel *respond; /* of it: double respond(double) */
  int version;
} Plugin;

static int same_file(const struct stat *a, const struct stat *b) {
  return a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec && a->st_size == b->st_size &&
         a->st_ino == b->st_ino;
}

/* A version that can answer, or NULL with the reason printed. */
static lj_module *load(lj_engine *engine, const char *path, lj_kernel **respond, lj_report *report) {
  lj_module *module;
  lj_status status = lj_module_load_file(engine, path, 0, report, &module);
  lj_function *function = module ? lj_module_find(module, "respond") : NULL;
  if (status == LJ_OK && !function)
    fprintf(stderr, "%s: there is no function 'respond'\n", path);
  else if (status == LJ_OK)
    status = lj_specialise(function, "float64(float64)", report, respond);
  if (status != LJ_OK) fprintf(stderr, "%s", lj_report_text(report));
  if (status == LJ_OK && function) return module;
  lj_module_free(module);
  return NULL;
}

/* Looks at the file; between two answers no code of the old module runs, so it may be freed. An editor that is still writing is no problem: when it
 * ends, the file has changed once more. */
static void refresh(Plugin *p, lj_engine *engine, lj_report *report) {
  struct stat now;
  if (stat(p->path, &now) != 0) {
    if (!p->module) perror(p->path);
    return; /* some editors remove a file and write it anew */
  }
  if (p->version > 0 && same_file(&now, &p->seen)) return;
  p->seen = now; /* from before it is read: a change in between is seen the next time */
  lj_kernel *respond = NULL;
  lj_module *module = load(engine, p->path, &respond, report);
  if (!module) return;
  lj_module_free(p->module);
  p->module = module, p->respond = respond, p->version++;
}

/* A kernel may also fail while it runs; then there is no answer. */
static void answer(const Plugin *p, double x, lj_report *report) {
  lj_value arg = lj_float64(x), result;
  if (lj_kernel_call(p->respond, &arg, 1, &result, report) == LJ_OK)
    printf("version %d: %g\n", p->version, result.as.f);
  else
    printf("%s", lj_report_text(report));
  fflush(stdout);
  lj_value_free(&result);
}

int main(int argc, char **argv) {
  if (argc != 2) return fprintf(stderr, "usage: plugin_reload FILE.lp\n"), 2;
  lj_report *report = lj_report_new();
  lj_engine *engine;
  if (lj_engine_new(NULL, report, &engine) != LJ_OK) return fprintf(stderr, "%s", lj_report_text(report)), 1;
  Plugin plugin = {.path = argv[1]};
  refresh(&plugin, engine, report);
  char line[256];
  while (plugin.module && fgets(line, sizeof line, stdin)) {
    refresh(&plugin, engine, report);
    answer(&plugin, strtod(line, NULL), report);
  }
  int failed = !plugin.module;
  lj_module_free(plugin.module);
  lj_engine_free(engine);
  lj_report_free(report);
  return failed;
}
