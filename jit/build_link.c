/* From an object to what users link: an archive, written here, or a shared library, which a C compiler links in a folder that is removed again. Both
 * may take the runtime in: libloopjit-rt.a, an archive of a few members.
 * In: the object's bytes. Out: bytes, the same for the same object and runtime (and the same compiler). The compiler is run without a shell. */
#include "jit/build.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* ---- the runtime --------------------------------------------------------------------------------------------------------------------- */

#ifndef LOOPJIT_LIBDIR
#define LOOPJIT_LIBDIR "lib"
#endif

/* The folder of a file; false when there is none. */
static bool folder_of(const char *path, char out[PATH_MAX]) {
  if (!path || !realpath(path, out)) return false;
  char *slash = strrchr(out, '/');
  if (slash) *slash = 0;
  return slash != NULL;
}

/* The path of libloopjit-rt.ENDING: where the options say, else beside the file that this code was loaded from or the program, or in the lib folder of
 * the prefix in which that stands. */
static lj_status find_runtime(const BuildPlan *plan, const lj_build_options *options, const char *ending, lj_report *report,
                              const char **out) {
  static const char *const folders[] = {"", ("/../" LOOPJIT_LIBDIR), "/../lib"};
  Dl_info info = {0};
  if (options->runtime_folder) {
    *out = arena_printf(plan->arena, "%s/libloopjit-rt.%s", options->runtime_folder, ending);
    if (access(*out, R_OK) == 0) return LJ_OK;
    return report_message(report, LJ_IO, "cannot read the runtime '%s': %s", *out, strerror(errno));
  }
  dladdr((void *)(uintptr_t)&lj_version, &info);
  const char *const owners[] = {info.dli_fname, "/proc/self/exe"};
  for (size_t i = 0; i < LJ_COUNT(owners); i++) {
    char own[PATH_MAX];
    for (size_t k = 0; k < LJ_COUNT(folders) && folder_of(owners[i], own); k++) {
      *out = arena_printf(plan->arena, "%s%s/libloopjit-rt.%s", own, folders[k], ending);
      if (access(*out, R_OK) == 0) return LJ_OK;
    }
  }
  return report_message(report, LJ_IO, "the runtime libloopjit-rt.%s is neither beside loopjit nor in the lib folder of its prefix",
                        ending);
}

/* ---- archives: "!<arch>\n", then members, each with a header of text; the first one is the index of symbols ---------------------------- */

enum { HEADER = 60 };
static const char magic[] = "!<arch>\n";

typedef struct Symbols {
  StrBuf names; /* each with its NUL */
  Vec(uint32_t) members; /* of each name: the offset of its member behind the index */
} Symbols;

static void put_big(StrBuf *out, uint32_t n) {
  for (int shift = 24; shift >= 0; shift -= 8) sb_putc(out, (char)(n >> shift));
}

static uint32_t take_big(const char *at) {
  const unsigned char *b = (const unsigned char *)at;
  return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

/* No times, no owners. */
static void put_member(StrBuf *out, const char *name, const char *data, size_t size) {
  sb_printf(out, "%-16s%-12d%-6d%-6d%-8s%-10zu`\n", name, 0, 0, 0, "644", size);
  sb_add(out, data, size);
  if (size & 1) sb_putc(out, '\n');
}

static void put_symbol(Arena *arena, Symbols *symbols, const char *name, uint32_t member) {
  sb_add(&symbols->names, name, strlen(name) + 1);
  vec_push(arena, &symbols->members, member);
}

/* The members of another archive, with the names of its index. False when it is none that this code reads: short names, an index first. */
static bool add_archive(Arena *arena, const char *data, size_t size, Symbols *symbols, StrBuf *members) {
  if (size < sizeof magic - 1 + HEADER || memcmp(data, magic, sizeof magic - 1) != 0 || memcmp(data + 8, "/ ", 2) != 0) return false;
  size_t index_size = strtoul(data + 8 + 48, NULL, 10), first = 8 + HEADER + index_size + (index_size & 1);
  const char *index = data + 8 + HEADER;
  if (index_size < 4 || first > size) return false;
  uint32_t count = take_big(index), base = (uint32_t)members->len;
  const char *name = index + 4 + 4 * (size_t)count, *end = index + index_size;
  if ((size_t)count > index_size / 4 - 1) return false;
  for (uint32_t i = 0; i < count; i++) {
    const char *stop = memchr(name, 0, (size_t)(end - name));
    uint32_t at = take_big(index + 4 + 4 * (size_t)i);
    if (!stop || at < first || at >= size || data[at] == '/') return false;
    put_symbol(arena, symbols, name, base + at - (uint32_t)first);
    name = stop + 1;
  }
  sb_add(members, data + first, size - first);
  return true;
}

static void put_archive(const Symbols *symbols, const StrBuf *members, StrBuf *out) {
  StrBuf index = {0};
  size_t size = 4 + 4 * (size_t)symbols->members.len + symbols->names.len, before = sizeof magic - 1 + HEADER + size + (size & 1);
  put_big(&index, symbols->members.len);
  for (uint32_t i = 0; i < symbols->members.len; i++) put_big(&index, (uint32_t)before + symbols->members.data[i]);
  sb_add(&index, sb_text(&symbols->names), symbols->names.len);
  sb_puts(out, magic);
  put_member(out, "/", index.data, index.len);
  sb_add(out, members->data, members->len);
  sb_drop(&index);
}

lj_status build_archive(const BuildPlan *plan, const lj_build_options *options, const StrBuf *object, lj_report *report, StrBuf *out) {
  Symbols symbols = {0};
  StrBuf members = {0};
  for (uint32_t i = 0; i < plan->exports.len; i++) put_symbol(plan->arena, &symbols, plan->exports.data[i]->symbol, 0);
#define X(suffix, result, params, signature, runtime, of_library, about)                                                                   \
  put_symbol(plan->arena, &symbols, arena_printf(plan->arena, "%s_%s", plan->name, suffix), 0);
  BUILD_OWN(X)
#undef X
  put_member(&members, strlen(plan->name) < 13 ? arena_printf(plan->arena, "%s.o/", plan->name) : "kernels.o/", object->data, object->len);
  lj_status status = LJ_OK;
  if (!options->shared_runtime) {
    const char *path;
    char *data = NULL;
    size_t size = 0;
    status = find_runtime(plan, options, "a", report, &path);
    if (status == LJ_OK) status = file_read(path, report, &data, &size);
    if (status == LJ_OK && !add_archive(plan->arena, data, size, &symbols, &members))
      status = report_message(report, LJ_IO, "'%s' is no archive of the runtime", path);
    free(data);
  }
  if (status == LJ_OK) put_archive(&symbols, &members, out);
  sb_drop(&symbols.names);
  sb_drop(&members);
  return status;
}

/* ---- shared libraries ---------------------------------------------------------------------------------------------------------------- */

typedef struct Command {
  Arena *arena;
  Vec(const char *) words;
} Command;

static void word(Command *c, const char *text) { vec_push(c->arena, &c->words, text); }

/* Runs it with its messages in a file. The exit status, or -1 with errno when there is no such program. */
static int run_command(Command *c, const char *messages) {
  posix_spawn_file_actions_t files;
  pid_t pid;
  int status = 0;
  word(c, NULL);
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, messages, O_WRONLY | O_CREAT | O_APPEND, 0600);
  posix_spawn_file_actions_adddup2(&files, STDOUT_FILENO, STDERR_FILENO);
  int failed = posix_spawnp(&pid, c->words.data[0], &files, NULL, (char *const *)(uintptr_t)c->words.data, environ);
  posix_spawn_file_actions_destroy(&files);
  c->words.len--;
  if (failed) {
    errno = failed;
    return -1;
  }
  while (waitpid(pid, &status, 0) < 0)
    if (errno != EINTR) return -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

static bool write_file(const char *path, const char *data, size_t size) {
  FILE *f = fopen(path, "wb");
  bool ok = f && fwrite(data, 1, size, f) == size;
  if (f && fclose(f)) ok = false;
  return ok;
}

static void add_words(Command *c, const char *text) {
  char *copy = arena_copy(c->arena, text, strlen(text)), *rest = NULL;
  for (char *one = strtok_r(copy, " \t", &rest); one; one = strtok_r(NULL, " \t", &rest)) word(c, one);
}

/* The command line behind the compiler's name. */
static lj_status link_words(const BuildPlan *plan, const lj_build_options *options, const char *folder, Command *c, lj_report *report) {
  const char *path = NULL;
  lj_status status = find_runtime(plan, options, options->shared_runtime ? "so" : "a", report, &path);
  if (status != LJ_OK) return status;
  word(c, "-shared");
  word(c, "-o");
  word(c, arena_printf(plan->arena, "%s/out.so", folder));
  word(c, arena_printf(plan->arena, "%s/in.o", folder));
  word(c, path);
  static const char *const soname[] = {"-Xlinker", "-soname", "-Xlinker"};
  for (size_t i = 0; i < LJ_COUNT(soname); i++) word(c, soname[i]);
  word(c, plan->file); /* a comma in it would end an argument of -Wl */
  static const char *const last[] = {"-Wl,--gc-sections", "-Wl,--as-needed", "-Wl,-z,defs", "-lm", "-ldl", "-pthread"};
  for (size_t i = 0; i < LJ_COUNT(last); i++) word(c, last[i]);
  return LJ_OK;
}

static lj_status tell_failure(const char *compiler, const char *messages, int status, lj_report *report) {
  char *text = NULL;
  size_t length = 0;
  if (file_read(messages, NULL, &text, &length) != LJ_OK) text = NULL;
  while (text && length && text[length - 1] == '\n') length--;
  report_message(report, LJ_IO, "'%s' could not link the library: exit status %d\n%.*s", compiler, status, (int)lj_min_size(length, 4000),
                 text ? text : "");
  free(text);
  return LJ_IO;
}

/* The first compiler that is there. */
static lj_status link_library(const BuildPlan *plan, const lj_build_options *options, const char *folder, lj_report *report) {
  const char *wish = options->compiler ? options->compiler : getenv("CC");
  const char *const compilers[] = {wish && *wish ? wish : "cc", "cc", "clang", "gcc"};
  const char *messages = arena_printf(plan->arena, "%s/messages", folder);
  bool only_wish = wish && *wish;
  for (size_t i = 0; i < (only_wish ? 1 : LJ_COUNT(compilers)); i++) {
    Command c = {.arena = plan->arena};
    add_words(&c, compilers[i]);
    if (!c.words.len) continue;
    lj_status status = link_words(plan, options, folder, &c, report);
    if (status != LJ_OK) return status;
    int exit_status = run_command(&c, messages);
    if (exit_status == 0) return LJ_OK;
    if (exit_status > 0) return tell_failure(compilers[i], messages, exit_status, report);
    if (errno != ENOENT && errno != EACCES) return report_message(report, LJ_IO, "cannot run '%s': %s", compilers[i], strerror(errno));
  }
  return report_message(report, LJ_IO,
                        "there is no C compiler to link a shared library with: %s%s. An object (.o) and an archive (.a) need none",
                        only_wish ? "no program is called " : "neither cc nor clang nor gcc, and $CC is not set", only_wish ? wish : "");
}

bool build_is_c_function(const char *name) {
  static const char *const libraries[] = {"libc.so.6", "libm.so.6"};
  if (lj_rt_symbol(name) || strcmp(name, "main") == 0) return true;
  for (size_t i = 0; i < LJ_COUNT(libraries); i++) {
    void *library = dlopen(libraries[i], RTLD_LAZY | RTLD_LOCAL);
    bool has = library && dlsym(library, name);
    if (library) dlclose(library);
    if (has) return true;
  }
  return false;
}

lj_status build_shared(const BuildPlan *plan, const lj_build_options *options, const StrBuf *object, lj_report *report, StrBuf *out) {
  static const char *const left[] = {"in.o", "out.so", "messages"};
  const char *place = getenv("TMPDIR");
  char *folder = arena_printf(plan->arena, "%s/loopjit-XXXXXX", place && *place ? place : "/tmp"), *data = NULL;
  size_t size;
  if (!mkdtemp(folder)) return report_message(report, LJ_IO, "cannot make the folder '%s': %s", folder, strerror(errno));
  lj_status status = LJ_OK;
  if (!write_file(arena_printf(plan->arena, "%s/in.o", folder), object->data, object->len))
    status = report_message(report, LJ_IO, "cannot write into '%s': %s", folder, strerror(errno));
  if (status == LJ_OK) status = link_library(plan, options, folder, report);
  if (status == LJ_OK) status = file_read(arena_printf(plan->arena, "%s/out.so", folder), report, &data, &size);
  if (status == LJ_OK) sb_add(out, data, size);
  free(data);
  for (size_t i = 0; i < LJ_COUNT(left); i++) unlink(arena_printf(plan->arena, "%s/%s", folder, left[i]));
  rmdir(folder);
  return status;
}
