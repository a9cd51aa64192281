/* Linking objects into the process with LLVM's ORC. Each object gets a library (JITDylib) of its own, so that equal symbol names never
 * meet; LLVM's C interface cannot free a library, so emptied ones are used again. Undefined names are resolved by a generator that asks
 * the runtime's table and nothing else: the host's own symbols are out of reach. Links are short and are serialised, which also keeps
 * their error messages apart. */
#include "jit/llvm.h"
#include "runtime/rt.h"
#include <llvm-c/Error.h>
#include <llvm-c/LLJIT.h>
#include <llvm-c/Orc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

struct BackendCode {
  LLVMOrcJITDylibRef library;
  LLVMOrcResourceTrackerRef tracker;
  BackendCode *next; /* while it is free */
};

struct Linker {
  LLVMOrcLLJITRef jit;
  LLVMOrcExecutionSessionRef session;
  pthread_mutex_t lock;
  BackendCode *unused; /* emptied libraries */
  unsigned libraries;
  BackendTables tables; /* of the object that is linked */
  StrBuf missing; /* names that the runtime does not have, during a link */
  StrBuf report; /* what the session said, during a link */
};

static void take_message(LLVMErrorRef failure, StrBuf *out) {
  char *text = LLVMGetErrorMessage(failure);
  if (out->len) sb_puts(out, "; ");
  sb_puts(out, text);
  LLVMDisposeErrorMessage(text);
}

static void on_session_error(void *context, LLVMErrorRef failure) { take_message(failure, &((Linker *)context)->report); }

/* NULL when there is no such name. The pointer that came with a function of the host is read through its address. */
static void *address_of(const Linker *linker, const char *name) {
  bool is_data;
  if (strcmp(name, LJ_PLACES) == 0) return (void *)(uintptr_t)linker->tables.places;
  const HostEntry *host = host_find_symbol(linker->tables.hosts, name, &is_data);
  if (!host) return lj_rt_symbol(name);
  if (is_data) return (void *)(uintptr_t)&host->data;
  void *address;
  memcpy(&address, &host->function, sizeof address);
  return address;
}

/* Called with the lock held, from inside linker_add. */
static LLVMErrorRef resolve(LLVMOrcDefinitionGeneratorRef generator, void *context, LLVMOrcLookupStateRef *state, LLVMOrcLookupKind kind,
                            LLVMOrcJITDylibRef library, LLVMOrcJITDylibLookupFlags flags, LLVMOrcCLookupSet wanted, size_t count) {
  (void)generator, (void)state, (void)kind, (void)flags;
  Linker *linker = context;
  LLVMOrcCSymbolMapPair *found = calloc(count + 1, sizeof *found);
  LJ_ASSERT(found);
  size_t n = 0;
  for (size_t i = 0; i < count; i++) {
    const char *name = LLVMOrcSymbolStringPoolEntryStr(wanted[i].Name);
    void *address = address_of(linker, name);
    if (!address) {
      if (wanted[i].LookupFlags == LLVMOrcSymbolLookupFlagsRequiredSymbol)
        sb_printf(&linker->missing, "%s%s", linker->missing.len ? ", " : "", name);
      continue;
    }
    LLVMOrcRetainSymbolStringPoolEntry(wanted[i].Name);
    found[n].Name = wanted[i].Name;
    found[n].Sym.Address = (LLVMOrcExecutorAddress)(uintptr_t)address;
    found[n++].Sym.Flags.GenericFlags = LLVMJITSymbolGenericFlagsExported | LLVMJITSymbolGenericFlagsCallable;
  }
  LLVMErrorRef failure = NULL;
  if (n) {
    LLVMOrcMaterializationUnitRef unit = LLVMOrcAbsoluteSymbols(found, n);
    failure = LLVMOrcJITDylibDefine(library, unit);
    if (failure) LLVMOrcDisposeMaterializationUnit(unit);
  }
  free(found);
  return failure;
}

/* Without a target machine of its own it would ask for all features of the host, which it has no use for. */
bool linker_open(const Target *target, Linker **out, StrBuf *error) {
  Linker *linker = calloc(1, sizeof *linker);
  LJ_ASSERT(linker);
  LLVMOrcLLJITBuilderRef builder = LLVMOrcCreateLLJITBuilder();
  LLVMOrcLLJITBuilderSetJITTargetMachineBuilder(builder,
                                                LLVMOrcJITTargetMachineBuilderCreateFromTargetMachine(target_plain_machine(target)));
  LLVMErrorRef failure = LLVMOrcCreateLLJIT(&linker->jit, builder); /* takes the builder */
  if (failure) {
    take_message(failure, error);
    free(linker);
    return false;
  }
  pthread_mutex_init(&linker->lock, NULL);
  linker->session = LLVMOrcLLJITGetExecutionSession(linker->jit);
  LLVMOrcExecutionSessionSetErrorReporter(linker->session, on_session_error, linker);
  *out = linker;
  return true;
}

void linker_close(Linker *linker) {
  LLVMErrorRef failure = LLVMOrcDisposeLLJIT(linker->jit);
  if (failure) LLVMConsumeError(failure);
  while (linker->unused) {
    BackendCode *code = linker->unused;
    linker->unused = code->next;
    free(code);
  }
  pthread_mutex_destroy(&linker->lock);
  sb_drop(&linker->missing);
  sb_drop(&linker->report);
  free(linker);
}

/* An empty library: a used one if there is one. */
static BackendCode *take_library(Linker *linker) {
  BackendCode *code = linker->unused;
  if (code) {
    linker->unused = code->next;
    return code;
  }
  code = calloc(1, sizeof *code);
  LJ_ASSERT(code);
  char name[32];
  snprintf(name, sizeof name, "code%u", linker->libraries++);
  code->library = LLVMOrcExecutionSessionCreateBareJITDylib(linker->session, name);
  LLVMOrcJITDylibAddGenerator(code->library, LLVMOrcCreateCustomCAPIDefinitionGenerator(resolve, linker, NULL));
  return code;
}

/* Frees what was linked into the library. The absolute symbols that its generator defined go too. */
static void give_library(Linker *linker, BackendCode *code) {
  LLVMErrorRef failure = LLVMOrcResourceTrackerRemove(code->tracker);
  if (failure) LLVMConsumeError(failure);
  LLVMOrcReleaseResourceTracker(code->tracker);
  code->tracker = NULL;
  failure = LLVMOrcJITDylibClear(code->library);
  if (failure) LLVMConsumeError(failure);
  code->next = linker->unused;
  linker->unused = code;
}

typedef struct Lookup {
  pthread_mutex_t lock;
  pthread_cond_t done_cond;
  bool done;
  LLVMOrcExecutorAddress address;
  LLVMErrorRef failure;
} Lookup;

static void on_found(LLVMErrorRef failure, LLVMOrcCSymbolMapPairs result, size_t count, void *context) {
  Lookup *lookup = context;
  pthread_mutex_lock(&lookup->lock);
  lookup->failure = failure;
  if (!failure && count == 1) lookup->address = result[0].Sym.Address;
  lookup->done = true;
  pthread_cond_signal(&lookup->done_cond);
  pthread_mutex_unlock(&lookup->lock);
}

/* LLVMOrcLLJITLookup looks in the main library only. Usually the answer is there when the call returns. */
static LLVMErrorRef find(Linker *linker, LLVMOrcJITDylibRef library, const char *symbol, void **address) {
  Lookup lookup = {.lock = PTHREAD_MUTEX_INITIALIZER, .done_cond = PTHREAD_COND_INITIALIZER};
  LLVMOrcCJITDylibSearchOrderElement where = {library, LLVMOrcJITDylibLookupFlagsMatchAllSymbols};
  LLVMOrcCLookupSetElement what = {LLVMOrcLLJITMangleAndIntern(linker->jit, symbol), LLVMOrcSymbolLookupFlagsRequiredSymbol};
  LLVMOrcExecutionSessionLookup(linker->session, LLVMOrcLookupKindStatic, &where, 1, &what, 1, on_found, &lookup);
  pthread_mutex_lock(&lookup.lock);
  while (!lookup.done) pthread_cond_wait(&lookup.done_cond, &lookup.lock);
  pthread_mutex_unlock(&lookup.lock);
  *address = (void *)(uintptr_t)lookup.address;
  return lookup.failure;
}

static void describe_failure(Linker *linker, LLVMErrorRef failure, StrBuf *error) {
  sb_puts(error, "linking compiled code failed: ");
  if (linker->missing.len) {
    sb_printf(error, "the runtime has no function named %s", sb_text(&linker->missing));
    LLVMConsumeError(failure);
    return;
  }
  StrBuf text = {0};
  if (linker->report.len) sb_puts(&text, sb_text(&linker->report));
  take_message(failure, &text);
  sb_puts(error, sb_text(&text));
  sb_drop(&text);
}

bool linker_add(Linker *linker, const void *object, size_t size, const char *symbol, const BackendTables *tables, BackendCode **out,
                void **entry, StrBuf *error) {
  *out = NULL;
  *entry = NULL;
  LLVMMemoryBufferRef buffer = LLVMCreateMemoryBufferWithMemoryRangeCopy(object, size, symbol);
  pthread_mutex_lock(&linker->lock);
  linker->tables = tables ? *tables : (BackendTables){0};
  sb_clear(&linker->missing);
  sb_clear(&linker->report);
  BackendCode *code = take_library(linker);
  code->tracker = LLVMOrcJITDylibCreateResourceTracker(code->library);
  LLVMErrorRef failure = LLVMOrcLLJITAddObjectFileWithRT(linker->jit, code->tracker, buffer); /* takes the buffer, whatever happens */
  if (!failure) failure = find(linker, code->library, symbol, entry);
  if (failure) {
    describe_failure(linker, failure, error);
    give_library(linker, code);
  } else {
    *out = code;
  }
  pthread_mutex_unlock(&linker->lock);
  return !failure;
}

void linker_remove(Linker *linker, BackendCode *code) {
  pthread_mutex_lock(&linker->lock);
  give_library(linker, code);
  pthread_mutex_unlock(&linker->lock);
}
