/* Errors of compiled code: recorded in the context, with the calls they passed, and rendered as text.
 * Comes in: error sites, which are constants of the compiled module. Must not print: rendering fills a buffer. */
#include "runtime/rt_format.h"

static void start_error(lj_rt *rt, const lj_site *site, int32_t kind) {
  LJ_ASSERT(kind > ERROR_NONE && kind < ERROR_KIND_COUNT);
  lj_rt_clear_error(rt);
  rt->error = kind;
  rt->site = site;
}

void lj_rt_raise(lj_rt *rt, const lj_site *site, int32_t kind, const char *fmt, int64_t a, int64_t b, int64_t c, int64_t d) {
  const int64_t values[] = {a, b, c, d};
  size_t used = 0;
  start_error(rt, site, kind);
  for (const char *p = fmt; *p; p++) {
    if (p[0] == '%' && p[1] == 'd' && used < LJ_COUNT(values)) {
      format_int(&rt->message, values[used++]);
      p++;
    } else {
      if (p[0] == '%' && p[1] == '%') p++;
      sb_putc(&rt->message, *p);
    }
  }
}

void lj_rt_raise_text(lj_rt *rt, const lj_site *site, int32_t kind) {
  start_error(rt, site, kind);
  sb_add(&rt->message, sb_text(&rt->text), rt->text.len);
  sb_clear(&rt->text);
}

int32_t lj_rt_stop(lj_rt *rt, const lj_site *site) {
  bool late = atomic_load_explicit(&rt->stop->reason, memory_order_relaxed) == STOP_TIMEOUT;
  start_error(rt, site, late ? TIMEOUT_ERROR : KEYBOARD_INTERRUPT);
  rt->stopped = true;
  if (late)
    sb_printf(&rt->message, "the call ran longer than %g s", rt->stop->seconds);
  else
    sb_puts(&rt->message, "the call was stopped");
  return rt->error;
}

void lj_rt_host_error(lj_rt *rt, int32_t kind, const char *text, size_t length) {
  start_error(rt, NULL, kind);
  sb_add(&rt->message, text, length);
}

int32_t lj_rt_host_failed(lj_rt *rt, const lj_site *site, const char *name, int32_t status) {
  if (!rt->error) {
    start_error(rt, NULL, RUNTIME_ERROR);
    sb_printf(&rt->message, "the host's function %s() failed with status %d", name, (int)status);
  }
  rt->site = site;
  return rt->error;
}

/* {a}, {b}: the shapes; {m}: the last extent of a; {n}: the extent of b that must equal it in a product. False: none of them stood there. */
static bool fill_shapes(StrBuf *out, const char *what, int64_t ndim_a, const int64_t *a, int64_t ndim_b, const int64_t *b) {
  bool found = false;
  for (; *what; what++) {
    bool place = what[0] == '{' && what[1] && what[2] == '}';
    found |= place;
    if (!place) {
      sb_putc(out, *what);
      continue;
    }
    if (what[1] == 'a') format_shape(out, ndim_a, a);
    if (what[1] == 'b') format_shape(out, ndim_b, b);
    if (what[1] == 'm') format_int(out, a[ndim_a - 1]);
    if (what[1] == 'n') format_int(out, b[ndim_b > 1 ? ndim_b - 2 : 0]);
    what += 2;
  }
  return found;
}

void lj_rt_raise_shapes(lj_rt *rt, const lj_site *site, const char *what, int64_t ndim_a, const int64_t *a, int64_t ndim_b,
                        const int64_t *b) {
  start_error(rt, site, VALUE_ERROR);
  if (fill_shapes(&rt->message, what, ndim_a, a, ndim_b, b)) return;
  sb_putc(&rt->message, ' ');
  format_shape(&rt->message, ndim_a, a);
  sb_putc(&rt->message, ' ');
  format_shape(&rt->message, ndim_b, b);
}

/* The calls that an error passes, from the inside out. One that arose inside the library is shown where the library was called, and calls
 * within the library are not shown. */
void lj_rt_trace(lj_rt *rt, const lj_site *site) {
  if (lj_site_is_library(rt->site))
    rt->site = site;
  else if (lj_site_is_library(site))
    return;
  else if (rt->trace_len < LJ_TRACE_MAX)
    rt->trace[rt->trace_len++] = site;
  else
    rt->trace_dropped++;
}

lj_where lj_rt_where(const lj_site *site) {
  lj_where where = {.file = "", .text = "", .width = 1};
  if (site && site->place) site->place->locate(site->place, site, &where);
  return where;
}

static void render_site(StrBuf *out, const lj_site *site, const char *label, const char *text) {
  if (!site) {
    sb_printf(out, "%s: ", label);
    sb_puts(out, text);
    sb_putc(out, '\n');
    return;
  }
  lj_where at = lj_rt_where(site);
  diag_render_place(out, at.file, (LineCol){at.line, at.column}, label, text, at.text, at.text_length, at.width);
}

/* Equal frames that follow each other (plain recursion) are shown once, with their number. */
static void render_trace(const lj_rt *rt, StrBuf *out) {
  StrBuf text = {0};
  for (uint32_t i = 0, run; i < rt->trace_len; i += run) {
    const lj_site *site = rt->trace[i];
    for (run = 1; i + run < rt->trace_len && rt->trace[i + run] == site; run++) continue;
    sb_clear(&text);
    sb_puts(&text, "called from here");
    if (site && site->function) sb_printf(&text, ", in '%s'", site->function);
    if (run > 1) sb_printf(&text, " (%u times)", run);
    render_site(out, site, "note", sb_text(&text));
  }
  sb_drop(&text);
  if (rt->trace_dropped) sb_printf(out, "note: %u more call%s not shown\n", rt->trace_dropped, rt->trace_dropped == 1 ? " is" : "s are");
}

void lj_rt_render_error(const lj_rt *rt, StrBuf *out) {
  if (rt->error == ERROR_NONE) return;
  StrBuf text = {0};
  sb_puts(&text, error_kind_name((ErrorKind)rt->error));
  if (rt->message.len) {
    sb_puts(&text, ": ");
    sb_add(&text, sb_text(&rt->message), rt->message.len);
  }
  render_site(out, rt->site, "error", sb_text(&text));
  sb_drop(&text);
  if (rt->note_site) render_site(out, rt->note_site, "note", rt->note);
  render_trace(rt, out);
}
