/* Functions of the program that embeds the library, as the front end knows them: names, signatures as text, flags. A program gets them from the module
 * `host`. In: rows that an engine has registered (jit/host.c). Out: the row behind a name, typed signatures (infer_host.c). Must not call them. */
#ifndef LJ_HOST_H
#define LJ_HOST_H

#include "frontend/builtins.h"

/* The values are those of loopjit.h. */
enum { HOST_PURE = 1, HOST_THREADS = 2, HOST_FAILS = 4, HOST_NO_DATA = 8, HOST_FLAGS = 15 };

/* Symbols of compiled code: the function, and the pointer that the host gave with it. Nothing of the runtime is called so. */
#define HOST_SYMBOL "host."
#define HOST_DATA_SYMBOL "hostdata."

/* One signature of a function. Never changed once it is in a table. */
typedef struct HostEntry {
  Builtin builtin; /* of the first entry of a name: what the name refers to */
  const char *name; /* an identifier */
  const char *text; /* its signature as it was registered: "float64(float64, float64[:])" */
  const char *types; /* the same as the compiler names types */
  const char *symbol; /* HOST_SYMBOL, name, argument types: the same in each process */
  unsigned flags;
  void (*function)(void);
  void *data;
} HostEntry;

/* In the order of registration. */
typedef struct HostTable {
  HostEntry *const *items;
  uint32_t count;
} HostTable;

/* A signature in the types of one program. */
typedef struct HostSig {
  const HostEntry *entry;
  const Type *result, **args;
  uint32_t count;
} HostSig;

extern const char host_module[]; /* "host" */
const HostEntry *host_find(const HostTable *table, const char *name, size_t length); /* the first of the name; NULL */
/* The entry of a symbol of compiled code; *is_data: it names the pointer. NULL when there is none. */
const HostEntry *host_find_symbol(const HostTable *table, const char *symbol, bool *is_data);
const char *host_suggest(const HostTable *table, const char *name, size_t length); /* "did you mean"; NULL */
/* A parameter as its signature writes it: a pure function changes no array. */
const Type *host_param(TypeTable *types, const Type *type, unsigned flags);
/* May a value of the type be an argument or result of a host function? */
bool host_takes(const Type *type);
/* Is it passed by value? Everything else is passed by the address of a struct (runtime/rt.h has the layout). */
static inline bool host_by_value(const Type *type) { return type_is_scalar(type) && !type_is_complex(type); }
/* A call that is an expression: it reads no memory, has no effect, cannot fail, gives a number. */
bool host_is_expression(const HostSig *sig);
static inline bool host_is_thread_safe(const HostSig *sig) { return sig->entry->flags & (HOST_PURE | HOST_THREADS); }

#endif
