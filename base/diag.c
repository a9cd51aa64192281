/* Collects diagnostics and renders them. Comes in: kind, place, message. Goes out: entries in order of report, or text.
 * The rendered source line is safe to show: control characters and stray bytes are replaced, long lines are cut around the caret. */
#include "base/diag.h"

#include <stdlib.h>

static const char *const kind_names[ERROR_KIND_COUNT] = {[ERROR_NONE] = "",
#define X(id, name) [id] = name,
                                                         ERROR_KINDS(X)
#undef X
};

const char *error_kind_name(ErrorKind kind) {
  LJ_ASSERT((unsigned)kind < ERROR_KIND_COUNT);
  return kind_names[kind];
}

ErrorKind error_kind_find(const char *name, size_t length) {
  for (int kind = ERROR_NONE + 1; kind < ERROR_KIND_COUNT; kind++)
    if (strlen(kind_names[kind]) == length && memcmp(kind_names[kind], name, length) == 0) return (ErrorKind)kind;
  return ERROR_NONE;
}

void diag_init(Diag *dx, Arena *arena) { *dx = (Diag){.arena = arena}; }

static void add_entry(Diag *dx, Severity severity, ErrorKind kind, Span at, const char *message) {
  Diagnostic *entry = arena_new(dx->arena, Diagnostic);
  *entry = (Diagnostic){.severity = severity, .kind = kind, .at = at, .message = message};
  if (dx->last)
    dx->last->next = entry;
  else
    dx->first = entry;
  dx->last = entry;
}

static void add_formatted(Diag *dx, Severity severity, ErrorKind kind, Span at, const char *fmt, va_list args) {
  StrBuf text = {0};
  sb_vprintf(&text, fmt, args);
  add_entry(dx, severity, kind, at, arena_copy(dx->arena, sb_text(&text), text.len));
  sb_drop(&text);
}

bool diag_error(Diag *dx, ErrorKind kind, Span at, const char *fmt, ...) {
  if (dx->muted) return false;
  if (dx->errors++ >= DIAG_MAX) {
    dx->dropped++;
    return false;
  }
  va_list args;
  va_start(args, fmt);
  add_formatted(dx, SEV_ERROR, kind, at, fmt, args);
  va_end(args);
  return false;
}

/* Once an error was dropped, what follows would belong to an error that nobody sees. */
void diag_warning(Diag *dx, Span at, const char *fmt, ...) {
  if (dx->muted || dx->dropped) return;
  va_list args;
  va_start(args, fmt);
  add_formatted(dx, SEV_WARNING, ERROR_NONE, at, fmt, args);
  va_end(args);
}

void diag_note(Diag *dx, Span at, const char *fmt, ...) {
  if (dx->muted || dx->dropped) return;
  va_list args;
  va_start(args, fmt);
  add_formatted(dx, SEV_NOTE, ERROR_NONE, at, fmt, args);
  va_end(args);
}

void diag_append(Diag *dx, const Diag *from) {
  if (dx->muted) return;
  for (const Diagnostic *d = from->first; d; d = d->next) {
    if (d->severity == SEV_ERROR && dx->errors++ >= DIAG_MAX) dx->dropped++;
    if (!dx->dropped) add_entry(dx, d->severity, d->kind, d->at, d->message);
  }
  dx->errors += from->dropped;
  dx->dropped += from->dropped;
}

/* ---- rendering ---- */

enum { WINDOW = 120 }; /* columns shown of a long line */

/* Bytes of the code point that starts at text[0], and its value; -1 for what is not UTF-8. Steps exactly as columns are counted. */
static size_t decode(const char *text, size_t length, int32_t *code) {
  unsigned char first = (unsigned char)text[0];
  size_t n = 1;
  while (n < length && ((unsigned char)text[n] & 0xc0) == 0x80) n++;
  size_t want = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
  *code = -1;
  if (n != want) return n;
  int32_t value = want == 1 ? first : first & (0x7f >> want);
  for (size_t i = 1; i < n; i++) value = (value << 6) | (text[i] & 0x3f);
  *code = value;
  return n;
}

/* Terminal cells of a code point: combining marks take none, East Asian wide ones and emoji two. */
static unsigned cells_of(int32_t code) {
  static const struct {
    int32_t lo, hi;
    unsigned cells;
  } ranges[] = {{0x300, 0x36f, 0},   {0x1100, 0x115f, 2}, {0x200b, 0x200f, 0},   {0x2e80, 0xa4cf, 2},
                {0xac00, 0xd7a3, 2}, {0xf900, 0xfaff, 2}, {0xfe00, 0xfe0f, 0},   {0xfe30, 0xfe6f, 2},
                {0xff00, 0xff60, 2}, {0xffe0, 0xffe6, 2}, {0x1f300, 0x1faff, 2}, {0x20000, 0x3fffd, 2}};
  for (size_t i = 0; i < LJ_COUNT(ranges); i++)
    if (code >= ranges[i].lo && code <= ranges[i].hi) return ranges[i].cells;
  return 1;
}

/* Control characters (also the C1 set and direction overrides, which can disguise a line) are shown as '?'. */
static bool is_showable(int32_t code) {
  if (code < 0 || code == 0x7f || (code < 0x20 && code != '\t')) return false;
  return !(code >= 0x80 && code < 0xa0) && !(code >= 0x202a && code <= 0x202e) && !(code >= 0x2066 && code <= 0x2069);
}

/* The line and the caret line under it; tabs are repeated in the caret line, so that both align under any tab width. */
static void render_line(StrBuf *out, LineCol at, const char *line, size_t length, uint32_t width) {
  uint32_t first = at.column > WINDOW * 3 / 4 ? at.column - WINDOW / 2 : 1; /* the first column shown */
  StrBuf carets = {0};
  size_t i = 0;
  uint32_t column = 1;
  int32_t code;
  for (; i < length && column < first; column++) i += decode(line + i, length - i, &code);
  sb_printf(out, "%5u | %s", at.line, i > 0 ? "..." : "");
  sb_pad(&carets, ' ', i > 0 ? 3 : 0);
  for (; i < length && column < first + WINDOW; column++) {
    size_t n = decode(line + i, length - i, &code);
    if (!is_showable(code))
      sb_putc(out, '?');
    else
      sb_add(out, line + i, n);
    unsigned cells = is_showable(code) ? cells_of(code) : 1;
    if (column < at.column)
      sb_pad(&carets, code == '\t' ? '\t' : ' ', cells);
    else if (column == at.column)
      sb_putc(&carets, '^'), sb_pad(&carets, '~', cells ? cells - 1 : 0);
    else if (column - at.column < width)
      sb_pad(&carets, '~', cells);
    i += n;
  }
  if (i < length) sb_puts(out, "...");
  for (; column <= at.column; column++) sb_putc(&carets, column == at.column ? '^' : ' '); /* just behind the end of the line */
  int digits = 5;
  for (uint32_t rest = at.line / 100000; rest; rest /= 10) digits++;
  sb_printf(out, "\n%*s | ", digits, "");
  sb_add(out, sb_text(&carets), carets.len);
  sb_putc(out, '\n');
  sb_drop(&carets);
}

void diag_render_place(StrBuf *out, const char *file, LineCol at, const char *label, const char *text, const char *line, size_t line_length,
                       uint32_t width) {
  sb_printf(out, "%s:%u:%u: %s: ", file, at.line, at.column, label);
  sb_puts(out, text);
  sb_putc(out, '\n');
  if (line) render_line(out, at, line, line_length, width);
}

static void render_entry(const Diagnostic *d, StrBuf *out) {
  char label[64];
  static const char *const severities[] = {[SEV_ERROR] = "error", [SEV_WARNING] = "warning", [SEV_NOTE] = "note"};
  strcpy(label, severities[d->severity]);
  if (d->kind != ERROR_NONE) {
    strcat(label, ": ");
    strcat(label, error_kind_name(d->kind));
  }
  const Source *src = d->at.src;
  if (!src) {
    sb_printf(out, "%s: ", label);
    sb_puts(out, d->message);
    sb_putc(out, '\n');
    return;
  }
  LineCol at = source_line_col(src, d->at.lo);
  uint32_t length, width = 0;
  const char *line = source_line(src, at.line, &length);
  uint32_t line_end = (uint32_t)(line - src->text) + length;
  uint32_t hi = d->at.hi < line_end ? d->at.hi : line_end; /* a span of several lines is shown on its first */
  for (uint32_t i = d->at.lo; i < hi && width < WINDOW; i++) width += ((unsigned char)src->text[i] & 0xc0) != 0x80;
  diag_render_place(out, src->name, at, label, d->message, line, length, width ? width : 1);
}

void diag_render(const Diag *dx, StrBuf *out) {
  for (const Diagnostic *d = dx->first; d; d = d->next) render_entry(d, out);
  if (dx->dropped) sb_printf(out, "%u more error%s not shown\n", dx->dropped, dx->dropped == 1 ? " is" : "s are");
}
