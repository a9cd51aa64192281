/* The standard library that is written in the language itself: runtime/prelude/NAME.lp, embedded in the library. A call of a TR_PRELUDE row is
 * a call of the function of the same name in the row's file (of a method: `array_sort` for array.sort, or `std`, with the receiver in front).
 * In: a bound builtin call. Out: a specialisation like any other. A file is read when a program first needs it; it has no top-level variables.
 * Must not let the user see the library's source: what is wrong with a call is said at the call. */
#include "frontend/infer.h"

bool infer_is_prelude(const FuncDef *func) { return func->module->source && func->module->source->is_library; }

/* A mistake in the library is ours. */
static void check_sound(const Diag *diag, const char *name) {
  if (!diag->errors) return;
  StrBuf text = {0};
  sb_printf(&text, "the library's %s is wrong: ", name);
  for (const Diagnostic *d = diag->first; d; d = d->next) {
    LineCol at = d->at.src ? source_line_col(d->at.src, d->at.lo) : (LineCol){0, 0};
    sb_printf(&text, "%u:%u: %s; ", at.line, at.column, d->message);
  }
  lj_panic(__FILE__, __LINE__, sb_text(&text));
}

static Source *make_source(Arena *arena, const PreludeText *text) {
  Source *src = arena_new(arena, Source);
  source_init(src, arena, arena_printf(arena, "<loopjit>/%s.lp", text->name), text->text, text->length);
  src->is_library = true;
  return src;
}

const Source *prelude_source(Arena *arena, const char *name) {
  for (size_t i = 0; i < PRELUDE_COUNT; i++) {
    Source *src = make_source(arena, &prelude_texts[i]);
    if (strcmp(src->name, name) == 0) return src;
  }
  return NULL;
}

static Module *load(Infer *in, PreludeFile file) {
  InferState *st = in->state;
  if (st->prelude[file]) return st->prelude[file];
  const PreludeText *text = &prelude_texts[file];
  Source *src = make_source(in->arena, text);
  Module *module;
  Diag diag;
  diag_init(&diag, in->arena);
  if (parse_module(in->arena, in->names, src, sym_c(in->names, text->name), &diag, &module) && sema_module(module, &diag))
    infer_signatures(in->program, module, &diag);
  check_sound(&diag, text->name);
  return st->prelude[file] = module;
}

static FuncDef *find_function(const Module *module, const char *name) {
  for (uint32_t i = 1; i < module->funcs.len; i++)
    if (sym_is(module->funcs.data[i]->name, name)) return module->funcs.data[i];
  return NULL;
}

static FuncDef *function_of(Infer *in, const Builtin *b) {
  const Module *module = load(in, (PreludeFile)b->typing_arg);
  const char *name = strrchr(b->name, '.') + 1;
  FuncDef *func = strncmp(b->name, "array.", 6) == 0 ? find_function(module, arena_printf(in->arena, "array_%s", name)) : NULL;
  if (!func) func = find_function(module, name);
  LJ_ASSERT(func);
  return func;
}

/* The library's first error, as a note: often it says which argument is wrong. */
static void report_refusal(Infer *in, const Args *a, const Spec *spec) {
  const char *types = "";
  for (uint32_t i = 0; i < a->count; i++)
    if (a->t[i]) types = arena_printf(in->arena, "%s%s%s", types, *types ? ", " : "", type_name(a->t[i]));
  infer_error(in, TYPE_ERROR, a->call->span, "%s does not take (%s)", a->builtin->name, types);
  for (const Diagnostic *d = spec->diag.first; d; d = d->next)
    if (d->severity == SEV_ERROR) {
      diag_note(in->diag, a->call->span, "%s", d->message);
      return;
    }
}

/* Flags decide types, so they get into the function as None or True. False after an error. */
static bool read_flag(Infer *in, Expr **v, const Type **types, uint32_t i, Sym name) {
  int known = types[i]->kind == TYPE_NONE ? 0 : spec_const_bool(in->spec, v[i]);
  if (known < 0) {
    infer_error(in, TYPE_ERROR, v[i]->span, "%s must be True or False, known while compiling: the type of the result depends on it",
                name->text);
    return false;
  }
  if (!known) v[i] = NULL, types[i] = NULL;
  return true;
}

const Type *infer_prelude(Infer *in, const Args *a) {
  FuncDef *func = function_of(in, a->builtin);
  LJ_ASSERT(a->count == func->params.len);
  uint32_t self = strncmp(a->builtin->name, "array.", 6) == 0;
  Expr **v = arena_array(in->arena, Expr *, a->count + 1);
  const Type **types = arena_array(in->arena, const Type *, a->count + 1), *declared = NULL;
  for (uint32_t i = 0; i < a->count; i++) {
    LJ_ASSERT(a->t[i] || func->params.data[i].default_value);
    types[i] = a->t[i];
    v[i] = a->v[i];
    if (types[i] && i >= self && builtin_is_flag(a->builtin, i - self) && !read_flag(in, v, types, i, func->params.data[i].name))
      return NULL;
    if (types[i] && !type_is_value(types[i]))
      return infer_error(in, TYPE_ERROR, a->v[i]->span, "%s cannot be an argument", type_name(types[i]));
  }
  if (!infer_choose(in, func, types, &declared, a->call->span, v)) return NULL;
  Spec *spec = infer_spec(in, func, types, NULL, declared, a->call->span);
  if (!spec) return NULL;
  bool failed = spec->failed && spec->done;
  if (failed && in->final) report_refusal(in, a, spec);
  infer_set_callee(in, a->call, (Callee){.kind = CALLEE_SPEC, .spec = spec, .args = v, .count = a->count});
  return failed ? NULL : spec->result;
}
