/* A growing byte buffer for text. Grows by doubling; one byte is always kept for the NUL. */
#include "base/strbuf.h"

#include <stdlib.h>

void sb_drop(StrBuf *sb) {
  free(sb->data);
  *sb = (StrBuf){0};
}

void sb_clear(StrBuf *sb) {
  sb->len = 0;
  if (sb->data) sb->data[0] = 0;
}

static void reserve(StrBuf *sb, size_t more) {
  if (more < sb->cap - sb->len) return;
  if (more >= SIZE_MAX / 2 - sb->len) lj_panic(__FILE__, __LINE__, "text too large");
  size_t cap = lj_max_size(lj_max_size(64, sb->cap * 2), sb->len + more + 1);
  char *data = realloc(sb->data, cap);
  if (!data) lj_panic(__FILE__, __LINE__, "out of memory");
  sb->data = data;
  sb->cap = cap;
}

void sb_add(StrBuf *sb, const char *text, size_t length) {
  reserve(sb, length);
  if (length) memcpy(sb->data + sb->len, text, length);
  sb->len += length;
  sb->data[sb->len] = 0;
}

void sb_puts(StrBuf *sb, const char *text) { sb_add(sb, text, strlen(text)); }

void sb_putc(StrBuf *sb, char c) { sb_add(sb, &c, 1); }

void sb_pad(StrBuf *sb, char c, size_t count) {
  reserve(sb, count);
  memset(sb->data + sb->len, c, count);
  sb->len += count;
  sb->data[sb->len] = 0;
}

void sb_vprintf(StrBuf *sb, const char *fmt, va_list args) {
  va_list again;
  va_copy(again, args);
  reserve(sb, 63);
  size_t room = sb->cap - sb->len;
  int length = lj_vsnprintf(sb->data + sb->len, room, fmt, args);
  LJ_ASSERT(length >= 0);
  if ((size_t)length >= room) {
    reserve(sb, (size_t)length);
    lj_vsnprintf(sb->data + sb->len, sb->cap - sb->len, fmt, again);
  }
  va_end(again);
  sb->len += (size_t)length;
}

void sb_printf(StrBuf *sb, const char *fmt, ...) {
  va_list args;
  va_start(args, fmt);
  sb_vprintf(sb, fmt, args);
  va_end(args);
}

const char *sb_text(const StrBuf *sb) { return sb->data ? sb->data : ""; }
