/* `build`: functions of a program as a native library with a C header. */
#include "cli/cli.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* "dir/libk.so" gives "dir/libk.h". The caller frees it. */
static char *header_beside(const char *output) {
  const char *dot = strrchr(output, '.'), *slash = strrchr(output, '/');
  size_t length = dot && (!slash || dot > slash) ? (size_t)(dot - output) : strlen(output);
  char *path = malloc(length + sizeof ".h");
  if (path) memcpy(path, output, length), memcpy(path + length, ".h", sizeof ".h");
  return path;
}

static int write_both(const Args *args, const lj_text *output, const lj_text *header) {
  char *beside = args->header ? NULL : header_beside(args->output);
  const char *path = args->header ? args->header : beside;
  int status = path ? session_write(args->output, output->data, output->length) : EXIT_USAGE;
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
