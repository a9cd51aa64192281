/* What `loopjit cache` does with a cache as a whole, and what engines tell about theirs. In: a config and the name of an action. Out: lines of text.
 * Reads every entry; must not be on the way of a compile. */
#include "jit/engine.h"

#include <stdlib.h>
#include <time.h>

typedef struct Manager {
  CacheDir *dir;
  const char *path;
  uint64_t bound;
  lj_report *report;
  StrBuf *out;
} Manager;

typedef lj_status Action(Manager *m);
typedef void Visit(Manager *m, const CacheFile *file, const CacheEntry *entry, void *data); /* entry NULL: damaged */

static uint64_t visit_all(Manager *m, Visit *visit, void *data) {
  CacheFiles files;
  StrBuf bytes = {0};
  cache_dir_list(m->dir, &files);
  uint64_t size = files.size;
  for (size_t i = files.len; i-- > 0;) { /* the most recently used first */
    CacheEntry entry;
    bool ok = cache_dir_peek(m->dir, &files.data[i].key, &bytes) && cache_entry_open(&bytes, &files.data[i].key, &entry);
    visit(m, &files.data[i], ok ? &entry : NULL, data);
  }
  free(files.data);
  sb_drop(&bytes);
  return size;
}

static void put_size(StrBuf *out, uint64_t bytes) {
  if (bytes < 10 << 20)
    sb_printf(out, "%.1f kB", (double)bytes / 1024);
  else
    sb_printf(out, "%.1f MB", (double)bytes / (1 << 20));
}

static lj_status show_path(Manager *m) {
  sb_printf(m->out, "%s\n", m->path);
  return LJ_OK;
}

typedef struct Counts {
  uint64_t kernels, programs, damaged, foreign;
} Counts;

/* Of another build of loopjit: never found again, and gone when room is needed. */
static bool is_foreign(const CacheEntry *entry) {
  StrBuf value = {0};
  cache_key_value(entry->rows, cache_build_row, &value);
  bool foreign = strcmp(sb_text(&value), lj_build_id) != 0;
  sb_drop(&value);
  return foreign;
}

static void count(Manager *m, const CacheFile *file, const CacheEntry *entry, void *data) {
  Counts *c = data;
  (void)m, (void)file;
  if (!entry) {
    c->damaged++;
    return;
  }
  *(entry->kind == CACHE_KERNEL ? &c->kernels : &c->programs) += 1;
  c->foreign += is_foreign(entry);
}

static lj_status show_stats(Manager *m) {
  Counts c = {0};
  uint64_t size = visit_all(m, count, &c);
  sb_printf(m->out, "folder    %s\n", m->path);
  sb_printf(m->out, "kernels   %" PRIu64 "\nprograms  %" PRIu64 "\n", c.kernels, c.programs);
  if (c.foreign) sb_printf(m->out, "          %" PRIu64 " of them of other builds of loopjit\n", c.foreign);
  if (c.damaged) sb_printf(m->out, "damaged   %" PRIu64 "\n", c.damaged);
  sb_puts(m->out, "size      ");
  put_size(m->out, size);
  sb_puts(m->out, " of ");
  put_size(m->out, m->bound);
  sb_putc(m->out, '\n');
  return LJ_OK;
}

static void put_age(StrBuf *out, time_t then) {
  static const struct {
    long seconds;
    const char *name;
  } units[] = {{86400, "d"}, {3600, "h"}, {60, "min"}, {1, "s"}};
  long age = (long)(time(NULL) - then);
  size_t i = 0;
  while (i + 1 < LJ_COUNT(units) && age < units[i].seconds) i++;
  sb_printf(out, "%4ld %-3s ", age < 0 ? 0 : age / units[i].seconds, units[i].name);
}

static void list(Manager *m, const CacheFile *file, const CacheEntry *entry, void *data) {
  (void)data;
  put_age(m->out, file->used.tv_sec);
  sb_printf(m->out, "%9.1f kB  ", (double)file->size / 1024);
  if (!entry)
    sb_puts(m->out, "damaged\n");
  else
    sb_printf(m->out, "%s  %s%s\n", entry->what, entry->file, is_foreign(entry) ? "  (another build)" : "");
}

static lj_status show_list(Manager *m) {
  visit_all(m, list, NULL);
  return LJ_OK;
}

static lj_status verify(Manager *m) {
  Counts c = {0};
  visit_all(m, count, &c);
  uint64_t whole = c.kernels + c.programs;
  sb_printf(m->out, "%" PRIu64 " entr%s whole\n", whole, whole == 1 ? "y is" : "ies are");
  if (!c.damaged) return LJ_OK;
  bool one = c.damaged == 1;
  return report_message(m->report, LJ_ERROR, "%" PRIu64 " entr%s damaged; %s never used, and `loopjit cache prune` removes %s", c.damaged,
                        one ? "y is" : "ies are", one ? "it is" : "they are", one ? "it" : "them");
}

static void remove_useless(Manager *m, const CacheFile *file, const CacheEntry *entry, void *data) {
  if (entry && !is_foreign(entry)) return;
  cache_dir_remove(m->dir, &file->key);
  ++*(size_t *)data;
}

static lj_status say_removed(Manager *m, size_t count) {
  sb_printf(m->out, "%zu entr%s removed\n", count, count == 1 ? "y" : "ies");
  return LJ_OK;
}

static lj_status prune(Manager *m) {
  size_t removed = 0;
  visit_all(m, remove_useless, &removed);
  return say_removed(m, removed + cache_dir_prune(m->dir));
}

static lj_status clear(Manager *m) { return say_removed(m, cache_dir_clear(m->dir)); }

static const struct {
  const char *name, *about;
  Action *act;
} actions[] = {
    {"path", "the folder", show_path},
    {"stats", "how many entries, how large", show_stats},
    {"list", "every entry: last use, size, what it is, the file it was compiled from", show_list},
    {"verify", "read every entry and check it", verify},
    {"prune", "remove what is damaged, of other builds, or beyond the bound", prune},
    {"clear", "remove every entry", clear},
};

const char *lj_cache_action_name(size_t index) { return index < LJ_COUNT(actions) ? actions[index].name : NULL; }
const char *lj_cache_action_about(size_t index) { return index < LJ_COUNT(actions) ? actions[index].about : NULL; }

lj_status lj_cache_do(const lj_config *config, const char *action, lj_report *report, lj_text *out) {
  size_t i = 0;
  *out = (lj_text){0};
  lj_report_clear(report);
  while (i < LJ_COUNT(actions) && (!action || strcmp(actions[i].name, action) != 0)) i++;
  if (i == LJ_COUNT(actions)) return report_message(report, LJ_MISUSE, "a cache has no action '%s'", action ? action : "");
  lj_config settings;
  lj_config_init(&settings);
  if (config) memcpy(&settings, config, lj_min_size(config->size, sizeof settings));
  StrBuf path = {0}, why = {0}, text = {0};
  cache_dir_path(settings.cache_dir, &path);
  Manager m = {
      .path = sb_text(&path), .bound = settings.cache_bytes ? settings.cache_bytes : cache_default_bound(), .report = report, .out = &text};
  lj_status status = LJ_OK;
  if (!path.len)
    status = report_message(report, LJ_IO, "there is no cache: its folder is set to nothing, or no home folder is known");
  else if (actions[i].act != show_path && !(m.dir = cache_dir_open(m.path, m.bound, &why)))
    status = report_message(report, LJ_IO, "%s", sb_text(&why));
  else
    status = actions[i].act(&m);
  cache_dir_close(m.dir);
  sb_drop(&path);
  sb_drop(&why);
  *out = (lj_text){text.data, text.len};
  return status;
}

void lj_engine_cache_counts(lj_engine *engine, lj_cache_counts *counts) {
  CacheCounts c = cache_counts(engine->cache);
  lj_cache_counts now = {lj_min_size(counts->size, sizeof now), c.hits, c.misses, c.stored};
  memcpy(counts, &now, now.size);
}

void lj_engine_cache_log(lj_engine *engine, lj_text *out) {
  StrBuf text = {0};
  cache_explain(engine->cache, &text);
  *out = (lj_text){text.data, text.len};
}
