/* Calls of functions that were built ahead of time: from the arguments of a C function to compiled code and back to a status.
 * In: the tables of a library (rt_export.h). Out: a status; the error's text stays with the calling thread until its next error.
 * Each thread has a context for each library, made at its first call and freed when the thread ends or the library is unloaded. */
#include "runtime/rt_export.h"
#include "runtime/rt_format.h"
#include "runtime/rt_pool.h"

#include <pthread.h>
#include <stdlib.h>

enum { ROOM = 1024, FAR = 512 << 20 /* more than a stack has */ };

typedef struct Context Context;
struct Context {
  lj_rt rt;
  lj_library *library;
  StrBuf error; /* of the last call that failed */
  Context *next, **link; /* of the library's list */
  bool busy; /* a call runs: one inside of it gets a context of its own */
};

typedef struct State { /* lj_library.state */
  _Atomic int32_t ready;
  _Atomic int32_t closed;
  _Atomic int32_t cpu; /* index + 1; 0: not chosen yet */
  _Atomic int32_t threads;
  pthread_key_t key; /* a thread's context */
  pthread_mutex_t lock; /* of the list and of becoming ready; zeros are unlocked */
  pthread_mutex_t run_lock; /* held while code with top-level arrays runs */
  Context *contexts;
  lj_pool *pool;
  lj_memos memos;
} State;
_Static_assert(sizeof(State) <= sizeof(int64_t[LJ_LIBRARY_STATE]), "the state has room");

static State *state_of(lj_library *library) { return (State *)(void *)library->state; }

/* ---- contexts ------------------------------------------------------------------------------------------------------------------------ */

static void free_context(void *data) {
  Context *own = data;
  lj_rt_drop(&own->rt);
  sb_drop(&own->error);
  free(own);
}

/* With the lock held. */
static void unlink_context(Context *own) {
  *own->link = own->next;
  if (own->next) own->next->link = own->link;
}

static void end_thread(void *data) {
  Context *own = data;
  State *state = state_of(own->library);
  pthread_mutex_lock(&state->lock);
  unlink_context(own);
  pthread_mutex_unlock(&state->lock);
  free_context(own);
}

static bool make_ready(State *state) {
  pthread_mutex_lock(&state->lock);
  if (!atomic_load(&state->ready) && !atomic_load(&state->closed) && pthread_key_create(&state->key, end_thread) == 0) {
    state->pool = lj_pool_new();
    atomic_store(&state->ready, 1);
  }
  pthread_mutex_unlock(&state->lock);
  return atomic_load(&state->ready);
}

static Context *new_context(lj_library *library) {
  Context *own = calloc(1, sizeof *own);
  if (!own) return NULL;
  lj_rt_init(&own->rt);
  own->library = library;
  return own;
}

/* NULL without memory, and when the library is being unloaded. */
static Context *thread_context(lj_library *library) {
  State *state = state_of(library);
  if (atomic_load_explicit(&state->closed, memory_order_acquire)) return NULL;
  if (!atomic_load_explicit(&state->ready, memory_order_acquire) && !make_ready(state)) return NULL;
  Context *own = pthread_getspecific(state->key);
  if (own) return own;
  own = new_context(library);
  if (!own || pthread_setspecific(state->key, own)) {
    if (own) free_context(own);
    return NULL;
  }
  pthread_mutex_lock(&state->lock);
  own->next = state->contexts;
  own->link = &state->contexts;
  if (own->next) own->next->link = &own->next;
  state->contexts = own;
  pthread_mutex_unlock(&state->lock);
  return own;
}

/* The context for a call; *mine: of the thread, or made for this call alone. */
static Context *enter(lj_library *library, Context *mine) {
  State *state = state_of(library);
  Context *own = !mine || mine->busy ? new_context(library) : mine;
  if (!own) return NULL;
  lj_rt *rt = &own->rt;
  char *here = __builtin_frame_address(0);
  if (here < rt->stack_limit || here - rt->stack_limit > FAR) { /* a coroutine's stack */
    lj_rt fresh;
    lj_rt_init(&fresh);
    rt->stack_limit = fresh.stack_limit;
  }
  rt->threads = atomic_load_explicit(&state->threads, memory_order_relaxed);
  rt->chunk = 0;
  rt->thread_id = 0;
  rt->flush_failed = false;
  rt->pool = state->pool;
  rt->memos = &state->memos;
  own->busy = true;
  return own;
}

static void leave(Context *own, Context *mine) {
  lj_rt *rt = &own->rt;
  if (rt->error) {
    StrBuf *text = mine ? &mine->error : &own->error;
    sb_clear(text);
    lj_rt_render_error(rt, text);
    lj_rt_clear_error(rt);
    sb_clear(&rt->text);
    lj_rt_give_back(rt, NULL, INT64_MAX); /* of statements that the error ended */
  }
  own->busy = false;
  if (own != mine) free_context(own);
}

/* ---- the version for this machine ---------------------------------------------------------------------------------------------------- */

static bool has(const uint32_t *words, const lj_cpu *cpu) {
  for (size_t k = 0; k < LJ_CPU_WORDS; k++)
    if (cpu->need[k] & ~words[k]) return false;
  return true;
}

/* LOOPJIT_CPU asks for a version by its name, if the machine can run it. -1: there is none for it. */
static int64_t choose_cpu(lj_library *library) {
  uint32_t words[LJ_CPU_WORDS];
  const char *wish = getenv("LOOPJIT_CPU");
  int64_t best = -1;
  lj_rt_cpu_words(words);
  for (int64_t i = library->cpu_count; i-- > 0;)
    if (has(words, &library->cpus[i])) best = i;
  for (int64_t i = 0; wish && i < library->cpu_count; i++)
    if (strcmp(library->cpus[i].name, wish) == 0 && has(words, &library->cpus[i])) best = i;
  return best;
}

static int64_t cpu_of(lj_library *library) {
  State *state = state_of(library);
  int64_t known = atomic_load_explicit(&state->cpu, memory_order_relaxed);
  if (known) return known - 1;
  int64_t index = choose_cpu(library);
  if (index >= 0) atomic_store_explicit(&state->cpu, (int32_t)index + 1, memory_order_relaxed);
  return index;
}

/* Of this runtime's version. Asked before anything else is read. */
static bool is_ours(const lj_library *library) { return library->abi == LJ_RT_ABI; }

const char *lj_rt_export_cpu(lj_library *library) {
  if (!is_ours(library)) return "";
  int64_t index = cpu_of(library);
  return index < 0 ? "" : library->cpus[index].name;
}

/* ---- arguments: what a caller may have got wrong in its structs ----------------------------------------------------------------------- */

typedef struct Check {
  lj_rt *rt;
  const lj_export *function;
  const char *param;
} Check;

static bool refuse(const Check *c, const char *what) {
  lj_rt_clear_error(c->rt);
  c->rt->error = TYPE_ERROR;
  sb_printf(&c->rt->message, "%s(): '%s' %s", c->function->name, c->param, what);
  return false;
}

/* Of layouts C and F: strides are those that follow from the shape, or all zero, which says the same. */
static bool is_contiguous(const lj_array_head *a, int64_t ndim, int64_t size, bool fortran) {
  bool all_zero = true, ok = true;
  int64_t step = size;
  for (int64_t k = 0; k < ndim; k++) {
    int64_t i = fortran ? k : ndim - 1 - k;
    all_zero &= a->dims[ndim + i] == 0;
    ok &= a->dims[i] == 1 || a->dims[ndim + i] == step;
    step *= a->dims[i];
  }
  return ok || all_zero;
}

/* The number behind a type's letter: "c16". */
static int64_t item_size(const char *code) {
  int64_t size = code[1] - '0';
  return code[2] >= '0' && code[2] <= '9' ? 10 * size + code[2] - '0' : size;
}

/* "A2Cf8": an array. */
static bool check_array(const Check *c, const char *code, const lj_array_head *a) {
  int64_t ndim = code[1] - '0', size = item_size(code + 3), align = code[3] == 'c' ? size / 2 : size;
  bool empty = false;
  for (int64_t i = 0; i < ndim; i++) {
    if (a->dims[i] < 0) return refuse(c, "has a negative extent in its shape");
    empty |= a->dims[i] == 0;
  }
  if (empty) return true;
  if (!a->data) return refuse(c, "has no data");
  uintptr_t places = (uintptr_t)a->data;
  for (int64_t i = 0; i < ndim; i++) places |= (uintptr_t)a->dims[ndim + i];
  if (places & (uintptr_t)(align - 1)) return refuse(c, "has data or strides that are not aligned for its type");
  if (code[2] == 'C' && !is_contiguous(a, ndim, size, false))
    return refuse(c, "must be contiguous in C order: its strides do not follow from its shape");
  if (code[2] == 'F' && !is_contiguous(a, ndim, size, true))
    return refuse(c, "must be contiguous in Fortran order: its strides do not follow from its shape");
  return true;
}

static bool check_value(const Check *c, const char *code, const char *at);

static bool check_items(const Check *c, const char *code, const char *at) {
  size_t end = 0, align;
  for (; *code != ')'; code = type_code_skip(code)) {
    size_t size = lj_type_code_size(code, &align);
    end = (end + align - 1) / align * align;
    if (!check_value(c, code, at + end)) return false;
    end += size;
  }
  return true;
}

static bool check_value(const Check *c, const char *code, const char *at) {
  size_t align;
  const lj_str *text = (const lj_str *)(const void *)at;
  switch (*code) {
  case 'A': return check_array(c, code, (const lj_array_head *)(const void *)at);
  case 'S': return (text->length >= 0 && (text->data || !text->length)) || refuse(c, "has a text without data or with a negative length");
  case '(': return check_items(c, code + 1, at);
  case '?': lj_type_code_size(code + 1, &align); return !*at || check_value(c, code + 1, at + align);
  default: return true; /* numbers, and what takes no room */
  }
}

static bool pack(lj_rt *rt, const lj_export *f, const void *const *args, char *memory) {
  for (int64_t i = 0; i < f->param_count; i++) {
    const lj_export_param *param = &f->params[i];
    Check c = {rt, f, param->name};
    if (!args[i]) return refuse(&c, "is NULL");
    if (param->size == sizeof(int64_t)) /* most are: no call */
      memcpy(memory + param->offset, args[i], sizeof(int64_t));
    else
      memcpy(memory + param->offset, args[i], (size_t)param->size);
    if (!check_value(&c, param->type_code, args[i])) return false;
  }
  return true;
}

/* ---- calls --------------------------------------------------------------------------------------------------------------------------- */

static int32_t run(Context *own, const lj_export *f, const void *const *args, char *memory, void *result) {
  State *state = state_of(f->library);
  int64_t cpu = cpu_of(f->library);
  if (cpu < 0) {
    own->rt.error = RUNTIME_ERROR;
    sb_printf(&own->rt.message, "%s(): this machine's processor lacks instructions of %s, which the library was built for", f->name,
              f->library->cpus[f->library->cpu_count - 1].name);
    return RUNTIME_ERROR;
  }
  if (!pack(&own->rt, f, args, memory)) return own->rt.error;
  if (f->result_size && !result) {
    refuse(&(Check){&own->rt, f, "result"}, "is NULL");
    return TYPE_ERROR;
  }
  if (f->has_globals) pthread_mutex_lock(&state->run_lock);
  int32_t status = f->entries[cpu](&own->rt, memory, result);
  if (f->has_globals) pthread_mutex_unlock(&state->run_lock);
  return status;
}

int32_t lj_rt_export_call(const lj_export *f, const void *const *args, void *result) {
  _Alignas(16) char room[ROOM];
  if (!is_ours(f->library)) return RUNTIME_ERROR;
  Context *mine = thread_context(f->library), *own = enter(f->library, mine);
  size_t size = ((size_t)f->args_size + 15) & ~(size_t)15;
  char *memory = size <= sizeof room ? room : aligned_alloc(16, size);
  int32_t status = own && memory ? run(own, f, args, memory, result) : MEMORY_ERROR;
  if (memory != room) free(memory);
  if (own) leave(own, mine);
  return status;
}

const char *lj_rt_export_error(lj_library *library) {
  if (!is_ours(library)) return "error: RuntimeError: the library was built for another version of libloopjit-rt: build it again\n";
  Context *own = thread_context(library);
  return own ? sb_text(&own->error) : "";
}

void lj_rt_export_release(void *owner) {
  lj_owner *one = owner;
  if (one && __atomic_sub_fetch(&one->refs, 1, __ATOMIC_ACQ_REL) == 0) lj_rt_free(one);
}

void lj_rt_export_threads(lj_library *library, int32_t count) {
  if (is_ours(library)) atomic_store_explicit(&state_of(library)->threads, count > 0 ? count : 0, memory_order_relaxed);
}

/* At the end of the process other threads may still run: what they use stays. */
void lj_rt_export_close(lj_library *library) {
  if (!is_ours(library)) return;
  State *state = state_of(library);
  pthread_mutex_lock(&state->lock);
  atomic_store(&state->closed, 1);
  bool was_ready = atomic_exchange(&state->ready, 0), all_idle = true;
  for (Context *own = state->contexts, *next; own; own = next) {
    next = own->next;
    if (own->busy) {
      all_idle = false;
      continue;
    }
    unlink_context(own);
    free_context(own);
  }
  pthread_mutex_unlock(&state->lock);
  if (!was_ready) return;
  pthread_key_delete(state->key);
  if (!all_idle) return;
  lj_memos_drop(&state->memos);
  lj_pool_release(state->pool);
  state->pool = NULL;
}

void lj_rt_export_locate(const lj_place *place, const lj_site *site, lj_where *where) {
  const lj_line *line = place->source;
  *where = (lj_where){line->file, line->text, (size_t)line->length, place->part, site->lo_offset, site->hi_offset};
}
