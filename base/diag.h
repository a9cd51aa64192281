/* Diagnostics as data: what is wrong, where, the notes that explain it. Rendering is a function of the data.
 * Collects; never prints. At most DIAG_MAX errors are kept, the rest are counted. */
#ifndef LJ_DIAG_H
#define LJ_DIAG_H

#include "base/source.h"
#include "base/strbuf.h"

/* Python's names, which are also the run-time error codes of compiled code (KIND_NONE is "no error"). */
#define ERROR_KINDS(X)                                                                                                                     \
  X(SYNTAX_ERROR, "SyntaxError")                                                                                                           \
  X(INDENTATION_ERROR, "IndentationError")                                                                                                 \
  X(NAME_ERROR, "NameError")                                                                                                               \
  X(TYPE_ERROR, "TypeError")                                                                                                               \
  X(VALUE_ERROR, "ValueError")                                                                                                             \
  X(INDEX_ERROR, "IndexError")                                                                                                             \
  X(ATTRIBUTE_ERROR, "AttributeError")                                                                                                     \
  X(ZERO_DIVISION_ERROR, "ZeroDivisionError")                                                                                              \
  X(OVERFLOW_ERROR, "OverflowError")                                                                                                       \
  X(UNBOUND_LOCAL_ERROR, "UnboundLocalError")                                                                                              \
  X(ASSERTION_ERROR, "AssertionError")                                                                                                     \
  X(MEMORY_ERROR, "MemoryError")                                                                                                           \
  X(RECURSION_ERROR, "RecursionError")                                                                                                     \
  X(IMPORT_ERROR, "ImportError")                                                                                                           \
  X(NOT_IMPLEMENTED_ERROR, "NotImplementedError")                                                                                          \
  X(RUNTIME_ERROR, "RuntimeError")                                                                                                         \
  X(ARITHMETIC_ERROR, "ArithmeticError")                                                                                                   \
  X(FLOATING_POINT_ERROR, "FloatingPointError")                                                                                            \
  X(KEY_ERROR, "KeyError")                                                                                                                 \
  X(LOOKUP_ERROR, "LookupError")                                                                                                           \
  X(OS_ERROR, "OSError")                                                                                                                   \
  X(STOP_ITERATION, "StopIteration")                                                                                                       \
  X(EXCEPTION, "Exception")                                                                                                                \
  X(KEYBOARD_INTERRUPT, "KeyboardInterrupt")                                                                                               \
  X(TIMEOUT_ERROR, "TimeoutError")                                                                                                         \
  X(LINALG_ERROR, "LinAlgError")
typedef enum ErrorKind {
  ERROR_NONE = 0,
#define X(id, name) id,
  ERROR_KINDS(X)
#undef X
      ERROR_KIND_COUNT
} ErrorKind;
const char *error_kind_name(ErrorKind kind);
ErrorKind error_kind_find(const char *name, size_t length); /* ERROR_NONE when there is no such kind */

typedef enum Severity { SEV_ERROR, SEV_WARNING, SEV_NOTE } Severity;

typedef struct Diagnostic {
  Severity severity;
  ErrorKind kind; /* ERROR_NONE for notes */
  Span at;        /* src NULL: no place */
  const char *message;
  struct Diagnostic *next; /* a note follows the error it belongs to */
} Diagnostic;

enum { DIAG_MAX = 20 };

typedef struct Diag {
  Arena *arena; /* borrowed: messages and entries live here */
  Diagnostic *first, *last;
  uint32_t errors;  /* all that were reported, also those not kept */
  uint32_t dropped; /* errors beyond DIAG_MAX */
  bool muted;       /* count nothing, keep nothing (inference before its fixed point) */
} Diag;

void diag_init(Diag *dx, Arena *arena);
/* Returns false, so that a failing check is one statement; the text stays at the call, where -Wformat sees it. */
bool diag_error(Diag *dx, ErrorKind kind, Span at, const char *fmt, ...) LJ_PRINTF(4, 5);
void diag_warning(Diag *dx, Span at, const char *fmt, ...) LJ_PRINTF(3, 4);
void diag_note(Diag *dx, Span at, const char *fmt, ...) LJ_PRINTF(3, 4); /* belongs to the error before it */
void diag_append(Diag *dx, const Diag *from);                            /* copies all of `from` (same lifetime of messages) */

/* FILE:LINE:COL: error: KIND: message, the source line, a caret line; then the notes. Ends with a count of dropped errors. */
void diag_render(const Diag *dx, StrBuf *out);
/* One `FILE:LINE:COL: LABEL: text` with source line and caret; used for run-time errors as well. */
void diag_render_place(StrBuf *out, const char *file, LineCol at, const char *label, const char *text, const char *line, size_t line_length,
                       uint32_t width);

#endif
