/* The table of host functions: finding rows by name and by symbol, what types may cross. See host.h. */
#include "frontend/host.h"

const char host_module[] = "host";

const HostEntry *host_find(const HostTable *table, const char *name, size_t length) {
  for (uint32_t i = 0; table && i < table->count; i++)
    if (strlen(table->items[i]->name) == length && memcmp(table->items[i]->name, name, length) == 0) return table->items[i];
  return NULL;
}

const HostEntry *host_find_symbol(const HostTable *table, const char *symbol, bool *is_data) {
  static const char function[] = HOST_SYMBOL, data[] = HOST_DATA_SYMBOL;
  *is_data = strncmp(symbol, data, sizeof data - 1) == 0;
  if (*is_data)
    symbol += sizeof data - 1;
  else if (strncmp(symbol, function, sizeof function - 1) == 0)
    symbol += sizeof function - 1;
  else
    return NULL;
  for (uint32_t i = 0; table && i < table->count; i++)
    if (strcmp(table->items[i]->symbol + sizeof function - 1, symbol) == 0) return table->items[i];
  return NULL;
}

const char *host_suggest(const HostTable *table, const char *name, size_t length) {
  const char *found = NULL;
  uint32_t best = edit_limit(length) + 1;
  for (uint32_t i = 0; table && i < table->count; i++) {
    uint32_t distance = edit_distance(name, length, table->items[i]->name, strlen(table->items[i]->name));
    if (distance < best) best = distance, found = table->items[i]->name;
  }
  return found;
}

const Type *host_param(TypeTable *types, const Type *type, unsigned flags) {
  bool is_read = type->kind == TYPE_ARRAY && (flags & HOST_PURE);
  return is_read ? type_array(types, type->dtype, type->ndim, type->layout, true) : type;
}

bool host_takes(const Type *type) {
  if (type->kind == TYPE_TUPLE)
    for (uint32_t i = 0; i < type->count; i++)
      if (!host_takes(type->elems[i])) return false;
  return type->kind == TYPE_SCALAR || type->kind == TYPE_STR || type->kind == TYPE_ARRAY || (type->kind == TYPE_TUPLE && type->count);
}

static bool has_array(const Type *type) {
  bool found = type->kind == TYPE_ARRAY;
  for (uint32_t i = 0; i < type->count && !found; i++) found = has_array(type->elems[i]);
  return found;
}

bool host_is_expression(const HostSig *sig) {
  for (uint32_t i = 0; i < sig->count; i++)
    if (has_array(sig->args[i])) return false;
  return (sig->entry->flags & HOST_PURE) != 0;
}
