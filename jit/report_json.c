/* Messages as JSON (RFC 8259). In: a report's list. Out: text that is valid UTF-8 whatever the names of files hold. */
#include "jit/engine.h"

/* The bytes of the UTF-8 sequence at `p`; 0 when it is broken. Not strict about surrogates, which nothing produces. */
static size_t whole_sequence(const char *p) {
  unsigned char first = (unsigned char)*p;
  size_t length = first < 0x80                    ? 1
                  : first >= 0xC2 && first < 0xE0 ? 2
                  : first >= 0xE0 && first < 0xF0 ? 3
                  : first >= 0xF0 && first < 0xF5 ? 4
                                                  : 0;
  for (size_t i = 1; i < length; i++)
    if (((unsigned char)p[i] & 0xC0) != 0x80) return 0; /* also at the end of the text */
  return length;
}

static void json_text(StrBuf *out, const char *key, const char *text) {
  sb_printf(out, "\"%s\": ", key);
  if (!text || !*text) {
    sb_puts(out, "null");
    return;
  }
  sb_putc(out, '"');
  for (const char *p = text, *next; *p; p = next) {
    size_t length = whole_sequence(p);
    next = p + (length ? length : 1);
    if (!length)
      sb_puts(out, "\\ufffd");
    else if (*p == '"' || *p == '\\')
      sb_printf(out, "\\%c", *p);
    else if ((unsigned char)*p < 0x20)
      sb_printf(out, "\\u%04x", (unsigned)*p);
    else
      sb_add(out, p, length);
  }
  sb_putc(out, '"');
}

static void json_number(StrBuf *out, const char *key, uint32_t number) {
  sb_printf(out, number ? ", \"%s\": %u" : ", \"%s\": null", key, number);
}

void report_json(const lj_diagnostic *list, size_t count, StrBuf *out) {
  static const char *const severities[] = {[LJ_SEVERITY_ERROR] = "error", [LJ_SEVERITY_WARNING] = "warning", [LJ_SEVERITY_NOTE] = "note"};
  sb_putc(out, '[');
  for (size_t i = 0; i < count; i++) {
    const lj_diagnostic *d = &list[i];
    sb_puts(out, i ? ",\n {" : "{");
    json_text(out, "severity", severities[d->severity]);
    sb_puts(out, ", ");
    json_text(out, "kind", d->kind);
    sb_puts(out, ", ");
    json_text(out, "message", d->message);
    sb_puts(out, ", ");
    json_text(out, "file", d->file);
    json_number(out, "line", d->line);
    json_number(out, "column", d->column);
    json_number(out, "end_line", d->end_line);
    json_number(out, "end_column", d->end_column);
    sb_putc(out, '}');
  }
  sb_puts(out, "]\n");
}
