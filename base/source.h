/* A source text and places in it. Lines and columns are computed only when somebody asks. */
#ifndef LJ_SOURCE_H
#define LJ_SOURCE_H

#include "base/arena.h"

typedef struct Source {
  const char *name; /* as the user wrote it: a path, "<stdin>", a module name */
  const char *text; /* NUL-terminated, `length` bytes before the NUL; borrowed from the module's arena */
  uint32_t length;
  uint32_t line_count; /* filled by source_init */
  uint32_t *lines;     /* offset of the first byte of each line */
  bool is_library;     /* a file of runtime/prelude: what goes wrong in it is shown at the call */
} Source;

/* lo..hi in bytes, hi exclusive. Never empty for what the user wrote. src is NULL for code that nobody wrote. */
typedef struct Span {
  const Source *src;
  uint32_t lo, hi;
} Span;

typedef struct LineCol {
  uint32_t line, column; /* from 1; the column counts code points */
} LineCol;

void source_init(Source *src, Arena *arena, const char *name, const char *text, uint32_t length);
LineCol source_line_col(const Source *src, uint32_t offset);
const char *source_line(const Source *src, uint32_t line, uint32_t *length); /* without its line end; line counts from 1 */
static inline Span span_join(Span a, Span b) { return (Span){a.src ? a.src : b.src, a.lo < b.lo ? a.lo : b.lo, a.hi > b.hi ? a.hi : b.hi}; }

#endif
