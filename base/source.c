/* Line starts of a source text, found once, and places looked up by bisection. A line ends with LF, CR LF or a lone CR. */
#include "base/source.h"

static bool ends_line(const char *text, uint32_t length, uint32_t i) {
  return text[i] == '\n' || (text[i] == '\r' && (i + 1 == length || text[i + 1] != '\n'));
}

/* Writes the starts of the lines after the first into `lines` (which may be NULL) and returns how many there are. */
static uint32_t find_lines(const char *text, uint32_t length, bool has_cr, uint32_t *lines) {
  uint32_t count = 0;
  if (has_cr) {
    for (uint32_t i = 0; i < length; i++) {
      if (!ends_line(text, length, i)) continue;
      if (lines) lines[count] = i + 1;
      count++;
    }
    return count;
  }
  const char *end = text + length;
  for (const char *at = text; at < end && (at = memchr(at, '\n', (size_t)(end - at))) != NULL; at++) {
    if (lines) lines[count] = (uint32_t)(at - text) + 1;
    count++;
  }
  return count;
}

void source_init(Source *src, Arena *arena, const char *name, const char *text, uint32_t length) {
  bool has_cr = length && memchr(text, '\r', length) != NULL;
  uint32_t count = find_lines(text, length, has_cr, NULL);
  uint32_t *lines = arena_array(arena, uint32_t, (size_t)count + 1);
  find_lines(text, length, has_cr, lines + 1);
  *src = (Source){.name = name, .text = text, .length = length, .line_count = count + 1, .lines = lines};
}

/* Index of the line that holds `offset`. */
static uint32_t find_line(const Source *src, uint32_t offset) {
  uint32_t lo = 0, hi = src->line_count;
  while (hi - lo > 1) {
    uint32_t mid = lo + (hi - lo) / 2;
    if (src->lines[mid] <= offset)
      lo = mid;
    else
      hi = mid;
  }
  return lo;
}

LineCol source_line_col(const Source *src, uint32_t offset) {
  if (src->line_count == 0) return (LineCol){1, 1};
  if (offset > src->length) offset = src->length;
  uint32_t line = find_line(src, offset), column = 1;
  uint32_t from = src->lines[line];
  if (from == 0 && src->length >= 3 && offset >= 3 && memcmp(src->text, "\xef\xbb\xbf", 3) == 0)
    from = 3; /* a byte order mark has no column */
  for (uint32_t i = from; i < offset; i++) column += ((unsigned char)src->text[i] & 0xc0) != 0x80;
  return (LineCol){line + 1, column};
}

const char *source_line(const Source *src, uint32_t line, uint32_t *length) {
  if (line == 0 || line > src->line_count) {
    *length = 0;
    return "";
  }
  uint32_t lo = src->lines[line - 1];
  uint32_t hi = line == src->line_count ? src->length : src->lines[line];
  while (hi > lo && (src->text[hi - 1] == '\n' || src->text[hi - 1] == '\r')) hi--;
  if (lo == 0 && hi >= 3 && memcmp(src->text, "\xef\xbb\xbf", 3) == 0) lo = 3;
  *length = hi - lo;
  return src->text + lo;
}

SourceView source_view(const Source *src, uint32_t lo, uint32_t hi) {
  SourceView view = {.at = source_line_col(src, lo), .width = 0};
  view.text = source_line(src, view.at.line, &view.length);
  uint32_t end = (uint32_t)(view.text - src->text) + view.length;
  for (uint32_t i = lo; i < hi && i < end; i++) view.width += ((unsigned char)src->text[i] & 0xc0) != 0x80;
  if (view.width == 0) view.width = 1;
  return view;
}

/* ---- places by tokens ---- */

/* The last item that is not above `value`; 0 when all are. */
static uint32_t last_below(const uint32_t *items, uint32_t count, uint32_t value) {
  uint32_t lo = 0, hi = count;
  while (hi - lo > 1) {
    uint32_t mid = lo + (hi - lo) / 2;
    *(items[mid] <= value ? &lo : &hi) = mid;
  }
  return lo;
}

SourceAnchor source_anchor(const Source *src, uint32_t lo, uint32_t hi) {
  const SourceParts *p = src->parts;
  if (!p || !p->count) return (SourceAnchor){.part = SOURCE_WHOLE, .lo_offset = lo, .hi_offset = hi};
  uint32_t from = last_below(p->lo, p->count, lo), to = last_below(p->lo, p->count, hi > lo ? hi - 1 : lo);
  uint32_t part = last_below(p->first, p->part_count, from), first = p->first[part];
  if (to >= p->first[part + 1]) to = p->first[part + 1] - 1;
  return (SourceAnchor){.part = part,
                        .lo_token = from - first,
                        .lo_offset = lo > p->lo[from] ? lo - p->lo[from] : 0,
                        .hi_token = to - first,
                        .hi_offset = hi > p->lo[to] ? hi - p->lo[to] : 0};
}

static uint32_t offset_of(const SourceParts *p, uint32_t length, uint32_t part, uint32_t token, uint32_t offset) {
  if (part == SOURCE_WHOLE) return offset < length ? offset : length;
  if (!p || part >= p->part_count || token >= p->first[part + 1] - p->first[part]) return length;
  uint32_t i = p->first[part] + token, size = p->hi[i] - p->lo[i];
  return p->lo[i] + (offset < size ? offset : size);
}

void source_span(const SourceParts *parts, uint32_t length, const SourceAnchor *a, uint32_t *lo, uint32_t *hi) {
  *lo = offset_of(parts, length, a->part, a->lo_token, a->lo_offset);
  *hi = offset_of(parts, length, a->part, a->hi_token, a->hi_offset);
}
