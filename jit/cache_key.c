/* Keys: everything that a compile's outcome depends on, each under a name. The options of programs come from their own table, so that none
 * can be forgotten. In: settings, a program's content. Out: rows of text and their digest. */
#include "jit/cache.h"

#include <gnu/libc-version.h>

#include "frontend/content.h"
#include "include/loopjit.h"

enum { CACHE_FORMAT = 1, MOST_SOURCES = 64 /* functions with a row of their own */ };

const char cache_build_row[] = "build of loopjit";

void cache_key_row(StrBuf *rows, const char *name, const char *value) {
  sb_puts(rows, name);
  sb_putc(rows, '\t');
  sb_puts(rows, value);
  sb_putc(rows, '\n');
}

static void digest_row(StrBuf *rows, const char *name, const CacheDigest *digest) {
  char text[CACHE_NAME_LENGTH + 1];
  cache_digest_text(digest, text);
  cache_key_row(rows, name, text);
}

void cache_key_bytes(StrBuf *rows, const char *name, const void *data, size_t size) {
  CacheDigest digest = digest_of(data, size);
  digest_row(rows, name, &digest);
}

/* ---- the engine ---- */

static void number_row(StrBuf *rows, const char *name, int64_t value) {
  StrBuf text = {0};
  sb_printf(&text, "%" PRId64, value);
  cache_key_row(rows, name, sb_text(&text));
  sb_drop(&text);
}

void cache_key_engine(const CacheTarget *target, StrBuf *rows) {
  StrBuf llvm = {0}, cpu = {0}, features = {0};
  backend_describe(target->cpu, &llvm, &cpu, &features);
  number_row(rows, "form of the cache", CACHE_FORMAT);
  cache_key_row(rows, cache_build_row, lj_build_id);
  cache_key_row(rows, "LLVM", sb_text(&llvm)); /* the one that runs: a shared one may be newer than the build */
  number_row(rows, "runtime ABI", LJ_ABI_VERSION);
  cache_key_row(rows, "C library", gnu_get_libc_version()); /* LLVM folds calls of its functions */
  cache_key_row(rows, "CPU", sb_text(&cpu));
  cache_key_bytes(rows, "CPU features", sb_text(&features), features.len);
  number_row(rows, "optimisation level", target->opt_level);
#define X(type, field, name) number_row(rows, name, target->options.field);
  PROGRAM_OPTIONS(X)
#undef X
  sb_drop(&llvm);
  sb_drop(&cpu);
  sb_drop(&features);
}

void cache_key_start(CacheKey *key, const StrBuf *engine, CacheKind kind) {
  *key = (CacheKey){0};
  sb_add(&key->rows, sb_text(engine), engine->len);
  cache_key_row(&key->rows, "kind", kind == CACHE_KERNEL ? "kernel" : "program");
}

void cache_key_finish(CacheKey *key) { key->digest = digest_of(sb_text(&key->rows), key->rows.len); }
void cache_key_drop(CacheKey *key) { sb_drop(&key->rows); }

/* ---- the text of a function ---- */

typedef struct Group { /* of parts whose rows are one */
  StrBuf bytes;
  uint32_t count;
} Group;

static void add_digest(Group *group, const CacheDigest *digest) {
  sb_add(&group->bytes, (const char *)digest->bytes, sizeof digest->bytes);
  group->count++;
}

static CacheDigest *part_digests(const Content *content, Arena *arena) {
  CacheDigest *digests = arena_array(arena, CacheDigest, content->count + 1);
  for (uint32_t i = 0; i < content->count; i++) digests[i] = digest_of(content->parts[i].text, content->parts[i].length);
  return digests;
}

static void close_group(Group *group, StrBuf *rows, const char *name) {
  if (group->count) cache_key_bytes(rows, name, sb_text(&group->bytes), group->bytes.len);
  sb_drop(&group->bytes);
}

void cache_key_source(const Module *module, Arena *arena, CacheDigest **digests, Sym function, SourceKey *out) {
  const Content *content = module->content;
  ContentClosure closure;
  Arena scratch;
  StrBuf rows = {0};
  Group imports = {0}, top = {0}, others = {0};
  arena_init(&scratch);
  if (!*digests) *digests = part_digests(content, arena);
  content_closure(content, &scratch, function, &closure);
  uint32_t functions = 0;
  for (uint32_t i = 0; i < closure.parts.len; i++) {
    const ContentPart *part = &content->parts[closure.parts.data[i]];
    const CacheDigest *digest = &(*digests)[closure.parts.data[i]];
    if (!part->name)
      add_digest(part->imports ? &imports : &top, digest);
    else if (functions++ < MOST_SOURCES)
      digest_row(&rows, arena_printf(&scratch, "source of '%s'", part->name->text), digest);
    else
      add_digest(&others, digest);
  }
  if (closure.has_top) { /* at least one, so that an empty top level differs from none */
    StrBuf order = {0};
    content_order(content, &closure, &order);
    cache_key_bytes(&rows, "order of the top level", sb_text(&order), order.len);
    sb_drop(&order);
  }
  close_group(&imports, &rows, "imports");
  close_group(&top, &rows, "source of the top level");
  close_group(&others, &rows, "source of other functions");
  if (closure.has_name) cache_key_bytes(&rows, "__name__", module->name->text, module->name->len);
  *out = (SourceKey){arena_copy(arena, sb_text(&rows), rows.len), arena_array(arena, uint32_t, closure.parts.len + 1), closure.parts.len};
  if (closure.parts.len) memcpy(out->parts, closure.parts.data, sizeof *out->parts * closure.parts.len);
  sb_drop(&rows);
  arena_drop(&scratch);
}

/* ---- comparing ---- */

/* The value behind `name TAB` at the start of a line. */
static const char *find_row(const char *rows, const char *name, size_t length) {
  for (const char *at = rows; *at; at++) { /* `rows` may start in the middle of a line */
    if (strncmp(at, name, length) == 0 && at[length] == '\t') return at + length + 1;
    at = strchr(at, '\n');
    if (!at) break;
  }
  return NULL;
}

bool cache_key_value(const char *rows, const char *name, StrBuf *out) {
  const char *value = find_row(rows, name, strlen(name));
  if (value) sb_add(out, value, strcspn(value, "\n"));
  return value != NULL;
}

/* Adds the names of the lines of `from` that `to` does not have, unless they were added before. */
static unsigned add_missing(const char *from, const char *to, StrBuf *out) {
  unsigned count = 0;
  for (const char *at = from; *at; at += strcspn(at, "\n") + 1) {
    size_t length = strcspn(at, "\t"), line = strcspn(at, "\n") + 1;
    bool found = false;
    for (const char *other = to; (other = find_row(other, at, length)) && !found;) found = strncmp(other - length - 1, at, line) == 0;
    if (found || memmem(sb_text(out), out->len, at, length)) continue;
    if (out->len) sb_puts(out, ", ");
    sb_add(out, at, length);
    count++;
  }
  return count;
}

unsigned cache_key_compare(const char *old_rows, const char *new_rows, StrBuf *out) {
  unsigned count = add_missing(new_rows, old_rows, out);
  return count + add_missing(old_rows, new_rows, out);
}
