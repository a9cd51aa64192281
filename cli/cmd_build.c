/* `build`: functions of a program as a native library with a C header. */
#include "cli/cli.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* "dir/libk.so" gives "dir/libk.h". The caller frees it. */
static char *header_beside(const char *output) {
  const char *dot = strrchr(output, '.'), *slash = strrchr(output, '/');
  size_t length = dot && (!slash || dot > slash) ? (size_t)(dot - output) : strlen(output);
  char *path = malloc(length + sizeof ".h");
  if (path) memcpy(path, output, length), memcpy(path + length, ".h", sizeof ".h");
  return path;
}

static bool is_same_file(const char *a, const char *b) {
  struct stat one, other;
  return strcmp(a, b) == 0 || (stat(a, &one) == 0 && stat(b, &other) == 0 && one.st_dev == other.st_dev && one.st_ino == other.st_ino);
}

/* None of the three files may be another one. */
static int check_names(const Args *args, const char *header) {
  const char *program = args->rest[0];
  if (is_same_file(header, args->output)) return args_wrong("build", "the library and its header cannot both be '%s'", header);
  if (is_same_file(header, program) || is_same_file(args->output, program))
    return args_wrong("build", "this would write over the program '%s'", program);
  return 0;
}

/* A new file, as linkers make it: programs may be running the old one, and keep it. */
static int write_library(const char *path, const lj_text *output) {
  struct stat old;
  if (lstat(path, &old) == 0 && S_ISREG(old.st_mode)) unlink(path);
  return session_write(path, output->data, output->length);
}

static int write_both(const Args *args, const lj_text *output, const lj_text *header) {
  char *beside = args->header ? NULL : header_beside(args->output);
  const char *path = args->header ? args->header : beside;
  int status = path ? check_names(args, path) : EXIT_USAGE;
  if (!status) status = write_library(args->output, output);
  if (!status) status = session_write(path, header->data, header->length);
  free(beside);
  return status;
}

int cmd_build(const Args *args) {
  Session s;
  if (!args->output) return args_wrong("build", "where shall the library go? -o libk.so (or .o, .a)");
  if (args->runtime && strcmp(args->runtime, "static") != 0 && strcmp(args->runtime, "shared") != 0)
    return args_wrong("build", "there is no runtime '%s': static or shared", args->runtime);
  int status = session_open(&s, args);
  if (!status) status = session_load(&s, args->rest[0], 0);
  if (!status) {
    lj_build_options wanted;
    lj_build_options_init(&wanted);
    wanted.file = args->output;
    wanted.exports = args->several;
    wanted.export_count = (size_t)args->several_count;
    wanted.prefix = args->prefix;
    wanted.cpus = args->cpu;
    wanted.shared_runtime = args->runtime && strcmp(args->runtime, "shared") == 0;
    lj_text output, header;
    status = session_result(&s, lj_module_build(s.module, &wanted, s.report, &output, &header));
    if (!status) status = write_both(args, &output, &header);
    lj_text_free(&output);
    lj_text_free(&header);
  }
  return session_close(&s, status);
}
