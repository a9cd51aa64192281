/* String literals: neighbours are joined; f-strings become parts. In: the parser at STRING or FSTRING_START. Out: EXPR_STR or EXPR_FSTRING.
 * Must not format anything: that is for later. */
#include "frontend/parser.h"

static void add_text(Parser *p, FPartVec *parts, const char *text, uint32_t length) {
  FPart part = {.text = sym(p->names, text, length)};
  vec_push(p->arena, parts, part);
}

static bool parse_value(Parser *p, FPartVec *parts, Expr *owner);

/* format_spec: (FSTRING_MIDDLE | replacement)* */
static bool parse_spec(Parser *p, FPart *part, Expr *owner) {
  FPartVec spec = {0};
  for (; !parser_is(p, TOK_RBRACE);) {
    if (parser_is(p, TOK_FSTRING_MIDDLE)) {
      FPart text = {.text = p->tok.as.text};
      vec_push(p->arena, &spec, text);
      parser_advance(p);
    } else if (!parser_is(p, TOK_LBRACE)) {
      return parser_is(p, TOK_ERROR) ? parser_unexpected(p) : parser_error(p, p->tok.span, "f-string: expecting '}'");
    } else if (!parse_value(p, &spec, owner)) {
      return false;
    }
  }
  part->spec.data = spec.data;
  part->spec.len = spec.len;
  part->spec.cap = spec.cap;
  return true;
}

static bool parse_conversion(Parser *p, FPart *part) {
  Sym name = parser_is(p, TOK_NAME) ? p->tok.as.text : NULL;
  if (!name || name->len != 1 || !strchr("sra", name->text[0])) {
    if (!name) return parser_error(p, p->tok.span, "f-string: invalid conversion character: expected 's', 'r', or 'a'");
    return parser_error(p, p->tok.span, "f-string: invalid conversion character '%s': expected 's', 'r', or 'a'", name->text);
  }
  part->conversion = name->text[0];
  parser_advance(p);
  return true;
}

/* replacement: '{' expressions ['='] ['!' NAME] [':' format_spec] '}' */
static bool parse_value(Parser *p, FPartVec *parts, Expr *owner) {
  uint32_t lo = p->tok.span.hi;
  parser_advance(p);
  static const TokKind empty[] = {TOK_RBRACE, TOK_COLON, TOK_EXCLAIM, TOK_ASSIGN};
  for (size_t i = 0; i < LJ_COUNT(empty); i++)
    if (parser_is(p, empty[i]))
      return parser_error(p, p->tok.span, "f-string: valid expression required before '%s'", token_texts[empty[i]]);
  FPart part = {.value = parser_expressions(p)};
  if (!part.value) return false;
  parser_child(owner, part.value);
  bool is_named = parser_take(p, TOK_ASSIGN); /* {x=} shows the text of the expression, white space included */
  if (is_named && p->tok.span.lo >= lo) /* an unclosed f-string's error token stands at its beginning */
    add_text(p, parts, p->src->text + lo, p->tok.span.lo - lo);
  if (parser_take(p, TOK_EXCLAIM) && !parse_conversion(p, &part)) return false;
  bool has_spec = parser_take(p, TOK_COLON);
  if (has_spec && !parse_spec(p, &part, owner)) return false;
  if (is_named && !has_spec && part.conversion == 0) part.conversion = 'r';
  if (!parser_is(p, TOK_RBRACE)) {
    if (parser_is(p, TOK_ERROR) || parser_is_refused(p->tok.kind)) return parser_unexpected(p);
    return parser_error(p, p->tok.span, "f-string: expecting '=', or '!', or ':', or '}'");
  }
  parser_advance(p);
  vec_push(p->arena, parts, part);
  return true;
}

/* fstring: FSTRING_START (FSTRING_MIDDLE | replacement)* FSTRING_END */
static bool parse_fstring(Parser *p, FPartVec *parts, Expr *owner) {
  parser_advance(p);
  while (!parser_is(p, TOK_FSTRING_END)) {
    if (parser_is(p, TOK_FSTRING_MIDDLE)) {
      FPart text = {.text = p->tok.as.text};
      vec_push(p->arena, parts, text);
      parser_advance(p);
    } else if (!parser_is(p, TOK_LBRACE)) {
      return parser_unexpected(p);
    } else if (!parse_value(p, parts, owner)) {
      return false;
    }
  }
  parser_advance(p);
  return true;
}

/* The texts of a run of parts as one. */
static Sym join_texts(Parser *p, const FPart *parts, uint32_t count) {
  if (count == 1) return parts[0].text;
  StrBuf text = {0};
  for (uint32_t i = 0; i < count; i++) sb_add(&text, parts[i].text->text, parts[i].text->len);
  Sym joined = sym(p->names, sb_text(&text), text.len);
  sb_drop(&text);
  return joined;
}

static FPartVec join_parts(Parser *p, FPartVec parts) {
  FPartVec joined = {0};
  for (uint32_t i = 0, n; i < parts.len; i += n) {
    FPart part = parts.data[i];
    for (n = 1; !part.value && i + n < parts.len && !parts.data[i + n].value;) n++;
    if (!part.value) part.text = join_texts(p, &parts.data[i], n);
    if (part.value || part.text->len) vec_push(p->arena, &joined, part);
  }
  return joined;
}

/* strings: (fstring | STRING)+ */
Expr *parser_strings(Parser *p) {
  uint32_t lo = p->tok.span.lo;
  FPartVec parts = {0};
  bool is_fstring = false;
  Expr *e = parser_new_expr(p, EXPR_STR, lo);
  while (parser_is(p, TOK_STRING) || parser_is(p, TOK_FSTRING_START)) {
    if (parser_is(p, TOK_STRING)) {
      FPart text = {.text = p->tok.as.text};
      vec_push(p->arena, &parts, text);
      parser_advance(p);
      continue;
    }
    is_fstring = true;
    if (!parse_fstring(p, &parts, e)) return NULL;
  }
  e->span = parser_span(p, lo);
  if (is_fstring) {
    e->kind = EXPR_FSTRING;
    e->as.parts = join_parts(p, parts);
  } else {
    e->as.str = join_texts(p, parts.data, parts.len);
  }
  return e;
}
