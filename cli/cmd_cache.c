/* `cache`: look at the cache of compiled code, check it, empty it. */
#include "cli/cli.h"

#include <string.h>

static const char *action_name(const void *unused, size_t i) {
  (void)unused;
  return lj_cache_action_name(i);
}

int cmd_cache(const Args *args) {
  const char *action = args->rest[0];
  size_t i = 0;
  while (lj_cache_action_name(i) && strcmp(lj_cache_action_name(i), action) != 0) i++;
  if (!lj_cache_action_name(i)) {
    const char *near = args_suggest(action, action_name, NULL);
    return args_wrong("cache", near ? "a cache has no action '%s'; did you mean '%s'?" : "a cache has no action '%s'", action, near);
  }
  Session s = {.args = args, .report = lj_report_new()};
  lj_text text;
  lj_status status = lj_cache_do(NULL, action, s.report, &text);
  int written = session_write(NULL, text.data, text.length), result = session_result(&s, status);
  lj_text_free(&text);
  lj_report_free(s.report);
  return result ? result : written;
}
