/* The race checker: which iteration of a parallel loop touched which byte, while the loop runs serially.
 * Comes in: the begin and end of loops, the number of the iteration, each access of an array with its place. Goes out: RuntimeError at the first access
 * that meets one of another iteration, when at least one of the two is a store; the other access is the error's note.
 *
 * Iterations run in order, so the first reader and the first writer of a byte are enough: whoever comes later is in a later iteration, or in the
 * same one. Words of eight bytes are found by hashing; accesses of different parts of a word have entries of their own, so views of other dtypes are
 * seen exactly. A loop inside of an iteration belongs to that iteration. Memory that is allocated anew starts without a past. */
#include "runtime/rt_race.h"

#include <stdlib.h>

enum { WORD = 8, START_SLOTS = 1 << 12 };

typedef struct Toucher {
  int64_t iteration;
  const lj_site *site; /* NULL: nobody did */
} Toucher;

typedef struct Entry { /* some bytes of one word */
  Toucher reader, writer; /* the first ones */
  uint32_t next; /* of the same word, + 1; 0: none */
  uint8_t bytes; /* one bit each */
} Entry;

typedef struct Slot {
  uintptr_t word;
  uint32_t first; /* entry + 1; 0: forgotten */
  uint32_t round; /* of the loop that wrote it: others are free */
} Slot;

struct lj_race {
  int32_t depth; /* of loops; 0: outside */
  int64_t iteration;
  const lj_site *call; /* of the library function that runs */
  Slot *slots; /* open addressing; a power of two of them */
  size_t slot_count, used;
  uint32_t round;
  Entry *entries;
  size_t entry_count, entry_room;
  uint32_t free; /* entries of forgotten words, + 1 */
};

void lj_race_free(lj_race *race) {
  if (!race) return;
  free(race->slots);
  free(race->entries);
  free(race);
}

void lj_race_stop(lj_race *race) {
  if (race) race->depth = 0;
}

static Slot *slot_of(const lj_race *race, uintptr_t word) {
  size_t mask = race->slot_count - 1, at = (size_t)(word * 0x9E3779B97F4A7C15u >> 20) & mask;
  while (race->slots[at].round == race->round && race->slots[at].word != word) at = (at + 1) & mask;
  return &race->slots[at];
}

static bool grow(lj_race *race) {
  Slot *old = race->slots;
  size_t count = race->slot_count;
  race->slots = calloc(count ? 2 * count : START_SLOTS, sizeof *old);
  if (!race->slots) {
    race->slots = old;
    return false;
  }
  race->slot_count = count ? 2 * count : START_SLOTS;
  for (size_t i = 0; i < count; i++)
    if (old[i].round == race->round) *slot_of(race, old[i].word) = old[i];
  free(old);
  return true;
}

/* The word's slot, made when it is not there; NULL: no memory. */
static Slot *touch(lj_race *race, uintptr_t word) {
  if (race->used * 2 >= race->slot_count && !grow(race)) return NULL;
  Slot *slot = slot_of(race, word);
  if (slot->round == race->round) return slot;
  *slot = (Slot){.word = word, .round = race->round};
  race->used++;
  return slot;
}

/* The number of an unused entry, + 1; 0: no memory. */
static uint32_t new_entry(lj_race *race) {
  uint32_t number = race->free;
  if (number) {
    race->free = race->entries[number - 1].next;
    return number;
  }
  if (race->entry_count == race->entry_room) {
    size_t room = race->entry_room ? 2 * race->entry_room : START_SLOTS;
    Entry *more = room < UINT32_MAX ? realloc(race->entries, room * sizeof *more) : NULL;
    if (!more) return 0;
    race->entries = more, race->entry_room = room;
  }
  return (uint32_t)++race->entry_count;
}

static Entry *add_entry(lj_race *race, Slot *slot, uint8_t bytes) {
  uint32_t number = new_entry(race);
  if (!number) return NULL;
  Entry *e = &race->entries[number - 1];
  *e = (Entry){.next = slot->first, .bytes = bytes};
  slot->first = number;
  return e;
}

static void forget(lj_race *race, Slot *slot) {
  if (slot->round != race->round) return;
  for (uint32_t i = slot->first, next; i; i = next) {
    next = race->entries[i - 1].next;
    race->entries[i - 1].next = race->free;
    race->free = i;
  }
  slot->first = 0;
}

/* ---- loops --------------------------------------------------------------------------------------------------------------------------- */

static int32_t no_memory(lj_rt *rt, const lj_site *site) {
  lj_rt_raise(rt, site, MEMORY_ERROR, "the race checker has no memory left", 0, 0, 0, 0);
  return MEMORY_ERROR;
}

int32_t lj_rt_race_begin(lj_rt *rt, const lj_site *site) {
  if (!rt->race) rt->race = calloc(1, sizeof *rt->race);
  if (!rt->race) return no_memory(rt, site);
  lj_race *race = rt->race;
  if (race->depth++) return 0;
  race->round++;
  race->used = race->entry_count = 0;
  race->free = 0;
  race->call = NULL;
  if (!race->round) { /* all rounds were used: slots of the old ones must not come back */
    if (race->slots) memset(race->slots, 0, race->slot_count * sizeof *race->slots);
    race->round = 1;
  }
  return 0;
}

void lj_rt_race_iteration(lj_rt *rt, const lj_site *site, int64_t iteration) {
  (void)site;
  if (rt->race->depth == 1) rt->race->iteration = iteration;
}

void lj_rt_race_end(lj_rt *rt, const lj_site *site) {
  (void)site;
  if (rt->race->depth) rt->race->depth--;
}

void lj_rt_race_call(lj_rt *rt, const lj_site *site) {
  if (rt->race) rt->race->call = site;
}

void lj_race_forget(lj_race *race, const void *data, size_t size) {
  if (!race || !race->depth || !race->used) return;
  uintptr_t from = (uintptr_t)data / WORD, to = ((uintptr_t)data + size + WORD - 1) / WORD;
  if (to - from > race->slot_count) {
    for (size_t i = 0; i < race->slot_count; i++)
      if (race->slots[i].word >= from && race->slots[i].word < to) forget(race, &race->slots[i]);
    return;
  }
  for (uintptr_t word = from; word < to; word++) forget(race, slot_of(race, word));
}

/* ---- accesses ------------------------------------------------------------------------------------------------------------------------ */

typedef struct Access {
  lj_rt *rt;
  const lj_site *site;
  bool stores;
} Access;

/* Whom of the entry the access races with; site NULL: nobody. */
static Toucher rival(const Access *a, const Entry *e) {
  int64_t now = a->rt->race->iteration;
  if (e->writer.site && e->writer.iteration != now) return e->writer;
  if (a->stores && e->reader.site && e->reader.iteration != now) return e->reader;
  return (Toucher){0, NULL};
}

/* The bytes of one word. False with *other set: a race; with *other empty: no memory. */
static bool access_word(const Access *a, uintptr_t word, uint8_t bytes, Toucher *other, bool *other_stores) {
  lj_race *race = a->rt->race;
  Slot *slot = touch(race, word);
  if (!slot) return false;
  Entry *own = NULL;
  for (uint32_t i = slot->first; i; i = race->entries[i - 1].next) {
    Entry *e = &race->entries[i - 1];
    if (e->bytes == bytes) own = e;
    if (!(e->bytes & bytes)) continue;
    *other = rival(a, e);
    *other_stores = other->site == e->writer.site && other->iteration == e->writer.iteration;
    if (other->site) return false;
  }
  if (!own) own = add_entry(race, slot, bytes);
  if (!own) return false;
  Toucher *mine = a->stores ? &own->writer : &own->reader;
  if (!mine->site) *mine = (Toucher){race->iteration, a->site};
  return true;
}

static bool access_bytes(const Access *a, uintptr_t at, size_t size, Toucher *other, bool *other_stores) {
  for (size_t done = 0; done < size;) {
    size_t start = (at + done) % WORD, count = lj_min_size(WORD - start, size - done);
    uint8_t bytes = (uint8_t)((0xFFu >> (WORD - count)) << start);
    if (!access_word(a, (at + done) / WORD, bytes, other, other_stores)) return false;
    done += count;
  }
  return true;
}

typedef struct Name { /* of the element, for the message */
  const char *text;
  int64_t length, ndim;
  const int64_t *index; /* NULL: some element */
} Name;

static int32_t raise_race(const Access *a, const Name *name, Toucher other, bool other_stores) {
  StrBuf text = {0};
  sb_puts(&text, "prange: a race: ");
  sb_printf(&text, "iterations %lld and %lld both use ", (long long)other.iteration, (long long)a->rt->race->iteration);
  if (name->index && name->ndim) {
    sb_printf(&text, "%.*s[", (int)name->length, name->text);
    for (int64_t i = 0; i < name->ndim; i++) sb_printf(&text, "%s%lld", i ? ", " : "", (long long)name->index[i]);
    sb_puts(&text, "]");
  } else {
    sb_printf(&text, "the same element of %.*s", (int)name->length, name->text);
  }
  sb_puts(&text, a->stores ? "; this one stores into it" : "; this one reads it");
  lj_rt_raise(a->rt, a->site, RUNTIME_ERROR, "", 0, 0, 0, 0);
  sb_add(&a->rt->message, sb_text(&text), text.len);
  sb_drop(&text);
  a->rt->note_site = other.site;
  a->rt->note = other_stores ? "the other one stores into it here" : "the other one reads it here";
  return RUNTIME_ERROR;
}

static int32_t finish(const Access *a, const Name *name, Toucher other, bool other_stores) {
  return other.site ? raise_race(a, name, other, other_stores) : no_memory(a->rt, a->site);
}

/* Places inside the library say nothing to the user: the call counts. */
static const lj_site *shown_site(const lj_race *race, const lj_site *site) {
  return lj_site_is_library(site) && race->call ? race->call : site;
}

int32_t lj_rt_race_element(lj_rt *rt, const lj_site *site, const char *name, int64_t length, int64_t stores, int64_t itemsize, int64_t ndim,
                           const lj_array_head *array, const int64_t *index) {
  if (!rt->race || !rt->race->depth) return 0;
  const Access a = {rt, shown_site(rt->race, site), stores != 0};
  intptr_t at = (intptr_t)array->data;
  for (int64_t i = 0; i < ndim; i++) at += index[i] * array->dims[ndim + i];
  Toucher other = {0, NULL};
  bool other_stores = false;
  if (access_bytes(&a, (uintptr_t)at, (size_t)itemsize, &other, &other_stores)) return 0;
  return finish(&a, &(Name){name, length, ndim, index}, other, other_stores);
}

int32_t lj_rt_race_array(lj_rt *rt, const lj_site *site, const char *name, int64_t length, int64_t stores, int64_t itemsize, int64_t ndim,
                         const lj_array_head *array) {
  enum { MOST_DIMS = 64 };
  if (!rt->race || !rt->race->depth) return 0;
  const Access a = {rt, shown_site(rt->race, site), stores != 0};
  int64_t index[MOST_DIMS] = {0}, left = 1;
  LJ_ASSERT(ndim >= 0 && ndim <= MOST_DIMS);
  for (int64_t i = 0; i < ndim; i++) left *= array->dims[i];
  Toucher other = {0, NULL};
  bool other_stores = false;
  for (; left > 0; left--) {
    intptr_t at = (intptr_t)array->data;
    for (int64_t i = 0; i < ndim; i++) at += index[i] * array->dims[ndim + i];
    if (!access_bytes(&a, (uintptr_t)at, (size_t)itemsize, &other, &other_stores))
      return finish(&a, &(Name){name, length, ndim, index}, other, other_stores);
    for (size_t i = (size_t)ndim; i > 0; i--) { /* the next element in C order */
      index[i - 1]++;
      if (index[i - 1] < array->dims[i - 1]) break;
      index[i - 1] = 0;
    }
  }
  return 0;
}
