/* A source text and places in it. Lines and columns are computed only when somebody asks. */
#ifndef LJ_SOURCE_H
#define LJ_SOURCE_H

#include "base/arena.h"

/* The tokens of a text by place, grouped into parts: the functions and statements that stand at its top level. A place that is told by part
 * and token stays true when other parts change, and when spaces and comments do. Made by frontend/parts.c. */
typedef struct SourceParts {
  uint32_t *lo, *hi; /* of each token; line ends and indentation are none */
  uint32_t count;
  uint32_t *first; /* of each part its first token; one more at the end */
  uint32_t part_count;
} SourceParts;

typedef struct Source {
  const char *name; /* as the user wrote it: a path, "<stdin>", a module name */
  const char *text; /* NUL-terminated, `length` bytes before the NUL; borrowed from the module's arena */
  uint32_t length;
  uint32_t line_count; /* filled by source_init */
  uint32_t *lines; /* offset of the first byte of each line */
  bool is_library; /* a file of runtime/prelude: what goes wrong in it is shown at the call */
  const SourceParts *parts; /* NULL: not known */
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

/* A place as text: the line that holds `lo`, and how many code points of it lo..hi covers (at least 1). */
typedef struct SourceView {
  LineCol at;
  const char *text; /* of the line, without its end; not NUL-terminated */
  uint32_t length, width;
} SourceView;
SourceView source_view(const Source *src, uint32_t lo, uint32_t hi);

/* lo..hi by tokens of a part: where it starts and ends within them. Part SOURCE_WHOLE: the offsets themselves. */
enum { SOURCE_WHOLE = INT32_MAX };
typedef struct SourceAnchor {
  uint32_t part;
  uint32_t lo_token, lo_offset, hi_token, hi_offset;
} SourceAnchor;
SourceAnchor source_anchor(const Source *src, uint32_t lo, uint32_t hi);
/* And back, in a text that may have changed elsewhere. An anchor that fits no token gives the end of the text. */
void source_span(const SourceParts *parts, uint32_t length, const SourceAnchor *anchor, uint32_t *lo, uint32_t *hi);

static inline Span span_join(Span a, Span b) { return (Span){a.src ? a.src : b.src, a.lo < b.lo ? a.lo : b.lo, a.hi > b.hi ? a.hi : b.hi}; }

#endif
