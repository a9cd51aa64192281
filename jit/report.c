/* Reports: what went wrong in the last call, as data and as text.
 * In: the diagnostics of a compile, or the error of a run. Out: copies that live until the report changes. */
#include "jit/engine.h"

#include <stdlib.h>

struct lj_report {
  Arena arena;
  Vec(lj_diagnostic) list;
  size_t errors;
  StrBuf text, json;
};

lj_report *lj_report_new(void) {
  lj_report *report = calloc(1, sizeof *report);
  if (!report) lj_panic(__FILE__, __LINE__, "out of memory");
  arena_init(&report->arena);
  return report;
}

void lj_report_free(lj_report *report) {
  if (!report) return;
  arena_drop(&report->arena);
  sb_drop(&report->text);
  sb_drop(&report->json);
  free(report);
}

void lj_report_clear(lj_report *report) {
  if (!report || (!report->list.len && !report->text.len)) return;
  arena_drop(&report->arena);
  memset(&report->list, 0, sizeof report->list);
  report->errors = 0;
  sb_clear(&report->text);
}

void report_move(lj_report *to, lj_report *from) {
  lj_report_clear(to);
  lj_report kept = *to;
  *to = *from;
  *from = kept;
}

size_t lj_report_count(const lj_report *report) { return report->list.len; }
size_t lj_report_errors(const lj_report *report) { return report->errors; }
const lj_diagnostic *lj_report_get(const lj_report *report, size_t index) {
  return index < report->list.len ? &report->list.data[index] : NULL;
}
const char *lj_report_text(const lj_report *report) { return sb_text(&report->text); }

const char *lj_report_json(lj_report *report) {
  sb_clear(&report->json);
  report_json(report->list.data, report->list.len, &report->json);
  return sb_text(&report->json);
}

static const char *keep(lj_report *report, const char *text) { return arena_copy(&report->arena, text, strlen(text)); }

static void add(lj_report *report, lj_severity severity, const char *kind, const char *message, const char *file, LineCol from,
                LineCol to) {
  lj_diagnostic entry = {.severity = severity, .kind = keep(report, kind), .message = keep(report, message)};
  if (file) {
    entry.file = keep(report, file);
    entry.line = from.line, entry.column = from.column;
    entry.end_line = to.line, entry.end_column = to.column;
  }
  vec_push(&report->arena, &report->list, entry);
}

void report_diag(lj_report *report, const Diag *dx) {
  static const lj_severity severities[] = {
      [SEV_ERROR] = LJ_SEVERITY_ERROR, [SEV_WARNING] = LJ_SEVERITY_WARNING, [SEV_NOTE] = LJ_SEVERITY_NOTE};
  if (!report) return;
  for (const Diagnostic *d = dx->first; d; d = d->next) {
    LineCol none = {0, 0};
    const Source *src = d->at.src;
    add(report, severities[d->severity], d->kind == ERROR_NONE ? "" : error_kind_name(d->kind), d->message, src ? src->name : NULL,
        src ? source_line_col(src, d->at.lo) : none, src ? source_line_col(src, d->at.hi) : none);
  }
  report->errors += dx->errors;
  diag_render(dx, &report->text);
}

static void add_site(lj_report *report, lj_severity severity, const char *kind, const char *message, const lj_site *site) {
  lj_where at = lj_rt_where(site);
  add(report, severity, kind, message, site ? at.file : NULL, (LineCol){at.line, at.column}, (LineCol){at.line, at.column + at.width});
}

void report_error(lj_report *report, const lj_rt *rt) {
  if (!report) return;
  add_site(report, LJ_SEVERITY_ERROR, error_kind_name((ErrorKind)rt->error), sb_text(&rt->message), rt->site);
  if (rt->note_site) add_site(report, LJ_SEVERITY_NOTE, "", rt->note, rt->note_site);
  for (uint32_t i = 0; i < rt->trace_len; i++)
    add_site(report, LJ_SEVERITY_NOTE, "", arena_printf(&report->arena, "called from %s", rt->trace[i]->function), rt->trace[i]);
  report->errors++;
  lj_rt_render_error(rt, &report->text);
}

void report_note(lj_report *report, const char *message) {
  add(report, LJ_SEVERITY_NOTE, "", message, NULL, (LineCol){0, 0}, (LineCol){0, 0});
  sb_printf(&report->text, "note: %s\n", message);
}

lj_status report_value(lj_report *report, const char *name, const lj_value *value) {
  StrBuf why = {0};
  if (report) value_problem(value, &why);
  report_message(report, LJ_MISUSE, "%s %s", name, sb_text(&why));
  sb_drop(&why);
  return LJ_MISUSE;
}

lj_status report_message(lj_report *report, lj_status status, const char *fmt, ...) {
  if (!report) return status;
  StrBuf message = {0};
  va_list args;
  va_start(args, fmt);
  sb_vprintf(&message, fmt, args);
  va_end(args);
  add(report, LJ_SEVERITY_ERROR, "", sb_text(&message), NULL, (LineCol){0, 0}, (LineCol){0, 0});
  report->errors++;
  sb_printf(&report->text, "error: %s\n", sb_text(&message));
  sb_drop(&message);
  return status;
}
