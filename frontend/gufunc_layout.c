/* The layout string of @guvectorize, as numba reads it: "(m,n),(n)->(m)". In: the decorator's string. Out: operands and their dimensions.
 * Blanks and commas after the last name mean nothing. Errors name the position in the string. */
#include "frontend/infer.h"

typedef struct Reader {
  Program *program;
  Diag *diag;
  const Expr *expr;
  const char *at, *start;
  GuLayout *layout;
} Reader;

static const char example[] = "a layout looks like \"(m,n),(n)->(m)\": the inputs, then ->, then the outputs";

/* The place of the character at hand: exact when the literal has no escapes. */
static bool complain(Reader *r, const char *at, const char *what) {
  Span span = r->expr->span;
  uint32_t n = r->expr->as.str->len, offset = (uint32_t)(at - r->start);
  if (span.hi - span.lo == n + 2) {
    span.lo += 1 + offset;
    span.hi = span.lo + 1;
  }
  diag_error(r->diag, VALUE_ERROR, span, "%s, at position %u of the layout \"%s\"", what, offset + 1, r->start);
  return diag_note(r->diag, r->expr->span, "%s", example), false;
}

static void blanks(Reader *r) {
  while (*r->at == ' ' || *r->at == '\t' || *r->at == '\n') r->at++;
}

static bool is_letter(char c) { return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

static bool read_name(Reader *r, GuOperand *op, bool is_output) {
  const char *from = r->at;
  GuLayout *layout = r->layout;
  while (is_letter(*r->at) || (r->at > from && *r->at >= '0' && *r->at <= '9')) r->at++;
  if (r->at == from) return complain(r, from, *from ? "a dimension's name or ')' is expected" : "a ')' is missing");
  Sym name = sym(r->program->module->names, from, (size_t)(r->at - from));
  uint32_t d = 0;
  while (d < layout->dim_count && layout->dims[d] != name) d++;
  if (d == layout->dim_count && is_output)
    return complain(r, from, arena_printf(r->program->arena, "the output dimension '%s' is in no input", name->text));
  if (d == GU_MAX_DIMS || op->count == TYPE_MAX_NDIM) return complain(r, from, "there are too many dimensions");
  if (d == layout->dim_count) layout->dims[layout->dim_count++] = name;
  op->dims[op->count++] = (uint8_t)d;
  return true;
}

/* "(" [NAME {"," NAME}] ")" */
static bool read_operand(Reader *r, GuOperand *op, bool is_output) {
  if (*r->at != '(') return complain(r, r->at, "a '(' is expected");
  r->at++;
  for (blanks(r); *r->at != ')'; blanks(r)) {
    if (!read_name(r, op, is_output)) return false;
    blanks(r);
    if (*r->at == ',')
      r->at++;
    else if (*r->at != ')')
      return complain(r, r->at, *r->at ? "a ',' or ')' is expected" : "a ')' is missing");
  }
  r->at++;
  return true;
}

/* OPERAND {"," OPERAND} up to "->" or the end. */
static bool read_side(Reader *r, uint32_t *count, bool is_output) {
  GuLayout *layout = r->layout;
  uint32_t total = layout->nin;
  for (blanks(r); *r->at && *r->at != '-'; blanks(r)) {
    GuOperand *more = arena_array(r->program->arena, GuOperand, total + *count + 1);
    if (total + *count) memcpy(more, layout->operands, (total + *count) * sizeof *more);
    layout->operands = more;
    if (!read_operand(r, &more[total + *count], is_output)) return false;
    ++*count;
    blanks(r);
    if (*r->at == ',')
      r->at++;
    else if (*r->at && *r->at != '-')
      return complain(r, r->at, "a ',' or '->' is expected");
  }
  return true;
}

const GuLayout *gufunc_layout(Program *program, const Expr *text, Diag *diag) {
  Reader r = {.program = program, .diag = diag, .expr = text, .at = text->as.str->text, .start = text->as.str->text};
  uint32_t nin = 0, nout = 0;
  r.layout = arena_new(program->arena, GuLayout);
  if (!read_side(&r, &nin, false)) return NULL;
  r.layout->nin = nin;
  if (r.at[0] != '-' || r.at[1] != '>') return complain(&r, r.at, "a '->' is missing"), NULL;
  r.at += 2;
  if (!nin) return complain(&r, r.start, "an input is missing"), NULL;
  if (!read_side(&r, &nout, true)) return NULL;
  if (*r.at) return complain(&r, r.at, "a '(' is expected"), NULL;
  if (!nout) return complain(&r, r.at, "an output is missing"), NULL;
  r.layout->nout = nout;
  return r.layout;
}

static const char *operand_text(Program *p, const GuLayout *layout, uint32_t i) {
  const GuOperand *op = &layout->operands[i];
  const char *text = "(";
  for (uint32_t k = 0; k < op->count; k++) text = arena_printf(p->arena, "%s%s%s", text, k ? "," : "", layout->dims[op->dims[k]]->text);
  return arena_printf(p->arena, "%s)", text);
}

/* One type of a signature against its operand: an array of as many dimensions; for "()" a number or a 1-d array of one element. */
static bool check_type(Program *p, const FuncDef *f, const GuLayout *layout, uint32_t i, const Type *t, Span at, Diag *diag) {
  uint32_t count = layout->operands[i].count;
  bool is_output = i >= layout->nin;
  if (type_is_scalar(t) && !count && !is_output) return true;
  if (type_is_array(t) && t->ndim == (count ? count : 1)) return true;
  const char *want = count       ? arena_printf(p->arena, "an array of %u dimension%s", count, count == 1 ? "" : "s")
                     : is_output ? "an array of 1 dimension, which holds the one element"
                                 : "a number, or an array of 1 dimension";
  diag_error(diag, TYPE_ERROR, at, "the signature gives '%s' as %s, but %s in the layout is %s", f->params.data[i].name->text, type_name(t),
             operand_text(p, layout, i), want);
  return false;
}

bool gufunc_signatures(Program *p, FuncDef *f, FuncSigs *sigs, Diag *diag) {
  const Expr *text = f->options.layout;
  if (!text || text->kind != EXPR_STR) return false; /* reported by sema */
  const GuLayout *layout = sigs->layout = gufunc_layout(p, text, diag);
  if (!layout) return false;
  uint32_t n = layout->nin + layout->nout;
  if (n != f->params.len) {
    diag_error(diag, TYPE_ERROR, text->span, "the layout has %u operand%s (%u input%s and %u output%s), %s() has %u parameter%s", n,
               n == 1 ? "" : "s", layout->nin, layout->nin == 1 ? "" : "s", layout->nout, layout->nout == 1 ? "" : "s", f->name->text,
               f->params.len, f->params.len == 1 ? "" : "s");
    return false;
  }
  bool ok = true;
  for (uint32_t i = 0; i < f->options.signatures.len; i++) {
    const Expr *e = f->options.signatures.data[i];
    Signature s = {0};
    if (!typespec_signature(&p->types, p->module->names, e, diag, &s.result, &s.args, &s.count)) {
      ok = false;
    } else if (s.count != n) {
      ok = diag_error(diag, TYPE_ERROR, e->span, "the signature has %u argument%s, the layout has %u operand%s", s.count,
                      s.count == 1 ? "" : "s", n, n == 1 ? "" : "s");
    } else if (s.result && s.result->kind != TYPE_NONE) {
      ok = diag_error(diag, TYPE_ERROR, e->span, "a function made by @guvectorize returns nothing: it stores into its last parameters");
    } else {
      for (uint32_t k = 0; k < n && ok; k++) ok = check_type(p, f, layout, k, s.args[k], e->span, diag);
      vec_push(p->arena, &sigs->list, s);
    }
  }
  return ok;
}
