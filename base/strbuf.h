/* A growing byte buffer for text, in malloc'ed memory. Always NUL-terminated once something was added. */
#ifndef LJ_STRBUF_H
#define LJ_STRBUF_H

#include "base/base.h"

typedef struct StrBuf {
  char *data; /* NULL while nothing was added */
  size_t len, cap;
} StrBuf; /* zero-initialised is empty */

void sb_drop(StrBuf *sb);
void sb_clear(StrBuf *sb); /* keeps the memory */
void sb_add(StrBuf *sb, const char *text, size_t length);
void sb_puts(StrBuf *sb, const char *text);
void sb_putc(StrBuf *sb, char c);
void sb_pad(StrBuf *sb, char c, size_t count);
void sb_printf(StrBuf *sb, const char *fmt, ...) LJ_PRINTF(2, 3);
void sb_vprintf(StrBuf *sb, const char *fmt, va_list args) LJ_PRINTF(2, 0);
const char *sb_text(const StrBuf *sb); /* "" when empty */

#endif
