/* Times one function of an .lp file in a process of its own, for harnesses that start one per kernel: a host program on the public header.
 *
 *   loopjit-bench FILE FUNCTION ARGDIR REPS INNER
 *
 * ARGDIR/args.txt has one line an argument: `array N.npy [reset]`, `i64 V` or `f64 V`; `reset` arrays are restored before each timed run.
 * Prints `verify RESULT` (or `verify none`) after one call and writes every array, as it is then, to ARGDIR/N.out.npy; then REPS lines `ms T`,
 * each the time per call of INNER calls; then `compile_ms T`. */
#include <inttypes.h>
#include <loopjit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MAX_ARGS = 32 };

typedef struct Args {
  lj_value values[MAX_ARGS];
  lj_value memory[MAX_ARGS]; /* of arrays */
  char *saved[MAX_ARGS]; /* content to restore; NULL for what stays */
  int number[MAX_ARGS];  /* N of N.npy; -1 for scalars */
  size_t count;
} Args;

static void die(const char *what, const lj_report *report) {
  fprintf(stderr, "loopjit-bench: %s\n%s", what, report ? lj_report_text(report) : "");
  exit(1);
}

static double now_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

static size_t array_bytes(const lj_array *a) {
  size_t bytes = lj_dtype_size(a->dtype);
  for (int i = 0; i < a->ndim; i++) bytes *= (size_t)a->shape[i];
  return bytes;
}

/* Loads into new memory, 64-byte aligned and in huge pages when it is big, as NumPy's, so that no column wins by a lucky address or pays for the page
 * faults of a mapping. */
static lj_value load_array(const char *path, lj_value *memory, lj_report *report) {
  lj_value mapped;
  if (lj_value_load(path, LJ_FILE_PRIVATE, report, &mapped) != LJ_OK) die(path, report);
  lj_array *a = &mapped.as.array;
  int64_t bytes = (int64_t)array_bytes(a);
  *memory = lj_array_new(LJ_UINT8, 1, &bytes);
  if (memory->kind != LJ_KIND_ARRAY) die("no memory", NULL);
  memcpy(memory->as.array.data, a->data, (size_t)bytes);
  lj_value own = lj_array_wrap_strided(a->dtype, memory->as.array.data, a->ndim, a->shape, a->strides);
  lj_value_free(&mapped);
  return own;
}

static void read_args(const char *folder, Args *args, lj_report *report) {
  char path[4096], line[512], word[256];
  snprintf(path, sizeof path, "%s/args.txt", folder);
  FILE *f = fopen(path, "r");
  if (!f) die("cannot read args.txt", NULL);
  while (fgets(line, sizeof line, f)) {
    if (args->count == MAX_ARGS) die("too many arguments", NULL);
    size_t i = args->count++;
    args->number[i] = -1;
    if (sscanf(line, "array %d.npy %255s", &args->number[i], word) >= 1) {
      snprintf(path, sizeof path, "%s/%d.npy", folder, args->number[i]);
      args->values[i] = load_array(path, &args->memory[i], report);
      if (strstr(line, " reset")) {
        size_t bytes = array_bytes(&args->values[i].as.array);
        args->saved[i] = malloc(bytes ? bytes : 1);
        if (!args->saved[i]) die("no memory", NULL);
        memcpy(args->saved[i], args->values[i].as.array.data, bytes);
      }
    } else if (strncmp(line, "i64 ", 4) == 0)
      args->values[i] = lj_int64(strtoll(line + 4, NULL, 10));
    else if (strncmp(line, "f64 ", 4) == 0)
      args->values[i] = lj_float64(strtod(line + 4, NULL));
    else
      die("args.txt: a line is neither array, i64 nor f64", NULL);
  }
  fclose(f);
}

static void restore(Args *args) {
  for (size_t i = 0; i < args->count; i++)
    if (args->saved[i]) memcpy(args->values[i].as.array.data, args->saved[i], array_bytes(&args->values[i].as.array));
}

static void verify(const char *folder, Args *args, const lj_value *result, lj_report *report) {
  char path[4096];
  lj_text text = {0};
  lj_value_format(result, true, &text);
  printf("verify %s\n", result->kind == LJ_KIND_SCALAR ? text.data : "none");
  lj_text_free(&text);
  for (size_t i = 0; i < args->count; i++) {
    if (args->number[i] < 0) continue;
    snprintf(path, sizeof path, "%s/%d.out.npy", folder, args->number[i]);
    if (lj_value_save(&args->values[i], path, report) != LJ_OK) die(path, report);
  }
}

int main(int argc, char **argv) {
  if (argc != 6) die("usage: loopjit-bench FILE FUNCTION ARGDIR REPS INNER", NULL);
  Args args = {0};
  lj_report *report = lj_report_new();
  lj_engine *engine;
  lj_module *module;
  lj_kernel *kernel;
  read_args(argv[3], &args, report);
  lj_config config;
  lj_config_init(&config);
  config.cache_dir = ""; /* compile time is measured */
  if (lj_engine_new(&config, report, &engine) != LJ_OK) die("cannot start", report);
  double start = now_ms();
  if (lj_module_load_file(engine, argv[1], 0, report, &module) != LJ_OK) die("cannot compile", report);
  lj_function *function = lj_module_find(module, argv[2]);
  if (!function) die("no such function", NULL);
  if (lj_specialise_for(function, args.values, args.count, report, &kernel) != LJ_OK) die("cannot compile", report);
  double compile_ms = now_ms() - start;
  lj_value result;
  if (lj_kernel_call(kernel, args.values, args.count, &result, report) != LJ_OK) die("the call failed", report);
  verify(argv[3], &args, &result, report);
  lj_value_free(&result);
  for (int rep = 0; rep < atoi(argv[4]); rep++) {
    restore(&args);
    int inner = atoi(argv[5]);
    start = now_ms();
    for (int i = 0; i < inner; i++) {
      if (lj_kernel_call(kernel, args.values, args.count, &result, report) != LJ_OK) die("the call failed", report);
      lj_value_free(&result);
    }
    printf("ms %.6f\n", (now_ms() - start) / inner);
  }
  printf("compile_ms %.3f\n", compile_ms);
  for (size_t i = 0; i < args.count; i++) {
    free(args.saved[i]);
    if (args.number[i] >= 0) lj_value_free(&args.memory[i]);
  }
  lj_module_free(module);
  lj_engine_free(engine);
  lj_report_free(report);
  return 0;
}
