/* What a part of a program is made of, without its place: the tokens of every function and statement that stands at the top level, and
 * which of them mean something to each other. The cache knows functions by it, and error sites find their lines through it
 * (base/source.h: SourceParts).
 *   parts.c    text to parts; needs no tree        content.c  what parts use of each other; needs the tree after sema */
#ifndef LJ_CONTENT_H
#define LJ_CONTENT_H

#include "base/map.h"
#include "frontend/ast.h"
#include "frontend/token.h"

typedef struct ContentPart {
  Sym name;     /* of a function that is defined here; NULL for a statement */
  bool imports; /* has an import statement that binds names of the module */
  const char *text; /* the tokens without comments, spaces and places; the same for parts that mean the same to the parser */
  uint32_t length;
  Vec(Token) names; /* NAME tokens that are no attributes, in order */
  Vec(uint32_t) uses; /* parts whose meaning this part's depends on, in order of appearance */
  bool uses_top;      /* a variable of the top level: all statements count */
  bool uses_name;     /* `__name__` */
} ContentPart;

typedef struct Content {
  ContentPart *parts; /* by part of the source */
  uint32_t count;
  Map variables; /* Sym of what the top level binds otherwise than by one definition for each part of that name */
} Content;

/* A function (the top level: NULL) with all that it depends on, each part once, in an order that depends on nothing else. */
typedef struct ContentClosure {
  Vec(uint32_t) parts;
  bool has_top, has_name;
} ContentClosure;

/* parts.c: the places of the tokens alone, or with the content of the parts. The text must be one that the parser accepts. */
const SourceParts *parts_make(Arena *arena, const Source *src, StrTab *names, Content *content); /* names, content: NULL or both */

/* content.c: after sema. Sets module->content and the parts of its source. */
void content_make(Module *module);
void content_closure(const Content *content, Arena *arena, Sym function, ContentClosure *out);
/* How many statements stand before each function: what runs before what at the top level. "" when the top level is not part of it. */
void content_order(const Content *content, const ContentClosure *closure, StrBuf *out);
/* The same for a function that is made of the same tokens and calls functions made of the same tokens, in any file; not cryptographic. */
uint64_t content_hash(const FuncDef *func);

#endif
