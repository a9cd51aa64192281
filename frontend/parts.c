/* The parts of a text: functions with their decorators, and statements, as they stand at the top level, found by tokens alone.
 * In: a text that the parser accepts. Out: where its tokens are; and, when asked for, each part's tokens in a form that holds what the
 * parser sees and nothing else: kinds, texts of names and literals, f-strings byte by byte (spaces count in them). */
#include "frontend/content.h"
#include "frontend/lexer.h"

typedef struct Splitter {
  Arena *arena;
  Vec(uint32_t) lo, hi, first; /* as in SourceParts */
  bool wants_content;
  Vec(ContentPart) list;
  StrBuf text;         /* of the current part */
  uint32_t blocks;     /* indentation */
  uint32_t fstrings;   /* open ones */
  uint32_t fstring_at; /* where the outermost starts */
  bool at_start;       /* of a statement of the top level */
  bool decorated;      /* decorators came: the def belongs to them */
  bool after_def;      /* the token before was the `def` of such a statement */
  TokKind last;
} Splitter;

static void finish_part(Splitter *s) {
  if (!s->list.len) return;
  ContentPart *part = &vec_last(&s->list);
  part->length = (uint32_t)s->text.len;
  part->text = arena_copy(s->arena, sb_text(&s->text), s->text.len);
  sb_clear(&s->text);
}

static void start_part(Splitter *s) {
  vec_push(s->arena, &s->first, s->lo.len);
  if (!s->wants_content) return;
  finish_part(s);
  vec_push(s->arena, &s->list, ((ContentPart){0}));
}

/* Kind and, where the kind does not say it all, the text: with its length, so that no two lists of tokens look the same. */
static void add_text(Splitter *s, const Token *t) {
  uint32_t lo = t->span.lo;
  if (t->kind == TOK_FSTRING_START && s->fstrings++ == 0) s->fstring_at = lo;
  if (t->kind == TOK_FSTRING_END && --s->fstrings == 0)
    lo = s->fstring_at;
  else if (s->fstrings)
    return; /* its bytes are added at its end */
  sb_putc(&s->text, (char)t->kind);
  if (t->kind < TOK_NAME || t->kind > TOK_FSTRING_END) return;
  uint32_t length = t->span.hi - lo;
  sb_add(&s->text, (const char *)&length, sizeof length);
  sb_add(&s->text, t->span.src->text + lo, length);
}

static void add_content(Splitter *s, const Token *t) {
  ContentPart *part = &vec_last(&s->list);
  add_text(s, t);
  if (t->kind == TOK_NAME && s->after_def) part->name = t->as.text;
  if (t->kind == TOK_NAME && s->last != TOK_DOT) vec_push(s->arena, &part->names, *t);
  if (t->kind == TOK_IMPORT && !part->name) part->imports = true;
}

/* At the start of a statement: is it the rest of the part before? */
static bool continues(const Splitter *s, TokKind kind) {
  return s->decorated || kind == TOK_ELIF || kind == TOK_ELSE || kind == TOK_EXCEPT || kind == TOK_FINALLY;
}

static void see(Splitter *s, const Token *t) {
  bool is_place = t->kind != TOK_NEWLINE && t->kind != TOK_INDENT && t->kind != TOK_DEDENT;
  if (is_place && s->at_start && !continues(s, t->kind)) start_part(s);
  if (s->first.len && s->wants_content) add_content(s, t);
  if (is_place) {
    s->after_def = s->at_start && t->kind == TOK_DEF;
    if (s->at_start) s->decorated = t->kind == TOK_AT;
    vec_push(s->arena, &s->lo, t->span.lo);
    vec_push(s->arena, &s->hi, t->span.hi);
  }
  if (t->kind == TOK_INDENT) s->blocks++;
  if (t->kind == TOK_DEDENT) s->blocks--;
  s->at_start = !is_place && s->blocks == 0;
  s->last = t->kind;
}

const SourceParts *parts_make(Arena *arena, const Source *src, StrTab *names, Content *content) {
  Splitter s = {.arena = arena, .at_start = true, .wants_content = content != NULL};
  Arena scratch;
  StrTab own;
  Lexer lexer;
  arena_init(&scratch);
  strtab_init(&own, &scratch);
  lexer_init(&lexer, &scratch, names ? names : &own, src);
  for (Token t = lexer_next(&lexer); t.kind != TOK_END; t = lexer_next(&lexer)) see(&s, &t);
  finish_part(&s);
  sb_drop(&s.text);
  arena_drop(&scratch);
  if (content) *content = (Content){.parts = s.list.data, .count = s.list.len};
  SourceParts *parts = arena_new(arena, SourceParts);
  *parts = (SourceParts){s.lo.data, s.hi.data, s.lo.len, NULL, s.first.len};
  vec_push(arena, &s.first, s.lo.len);
  parts->first = s.first.data;
  return parts;
}
