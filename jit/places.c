/* Places of errors in compiled code: the table that a unit's code is linked against, and the way from a site to a line of the text.
 * In: the parts of source texts that codegen named. Out: file, line, column and text as they are now. The tokens are looked for only
 * when an error is shown: the code itself holds no line, so that it serves every text in which its functions are the same. */
#include "jit/engine.h"

#include "frontend/content.h"

static void locate(const lj_place *place, const lj_site *site, lj_where *where) {
  const Source *src = place->source;
  SourceAnchor anchor = {place->part, site->lo_token, site->lo_offset, site->hi_token, site->hi_offset};
  Arena arena;
  uint32_t lo, hi;
  arena_init(&arena);
  const SourceParts *parts = place->part == SOURCE_WHOLE ? NULL : parts_make(&arena, src, NULL, NULL);
  source_span(parts, src->length, &anchor, &lo, &hi);
  arena_drop(&arena);
  SourceView view = source_view(src, lo, hi);
  *where = (lj_where){src->name, view.text, view.length, view.at.line, view.at.column, view.width};
}

const lj_place *places_make(Arena *arena, const IrPlace *places, uint32_t count) {
  lj_place *table = arena_array(arena, lj_place, count + 1);
  for (uint32_t i = 0; i < count; i++)
    table[i] = (lj_place){.locate = locate, .source = places[i].src, .part = places[i].part, .is_library = places[i].src->is_library};
  return table;
}
