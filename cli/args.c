/* The command line as a struct. In: argv and a command. Out: Args, or a message with a suggestion. Options may stand anywhere; behind
 * `--call FUNC` what looks like a negative number is an argument, and so is all that follows `--`. */
#include "cli/cli.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const Option options[] = {
#define X(field, letter, name, value, commands, about) {offsetof(Args, field), letter, name, value, commands, about},
    OPTIONS(X)
#undef X
        {0, 0, NULL, NULL, "", NULL},
};

static bool has_word(const char *words, const char *word) {
  size_t n = strlen(word);
  for (const char *at = words; (at = strstr(at, word)); at += n)
    if ((at == words || at[-1] == ' ') && (at[n] == ' ' || !at[n])) return true;
  return false;
}

bool option_of(const Option *option, const char *command) { return has_word(option->commands, command); }

int args_wrong(const char *command, const char *fmt, ...) {
  va_list list;
  fflush(stdout);
  fputs("loopjit: ", stderr);
  va_start(list, fmt);
  vfprintf(stderr, fmt, list);
  va_end(list);
  fprintf(stderr, "\nTry 'loopjit %s%s--help'.\n", command ? command : "", command ? " " : "");
  return EXIT_USAGE;
}

static size_t distance(const char *a, const char *b) {
  enum { LONGEST = 32 };
  size_t row[LONGEST + 1], n = strlen(a), m = strlen(b);
  if (n > LONGEST || m > LONGEST) return n + m;
  for (size_t j = 0; j <= m; j++) row[j] = j;
  for (size_t i = 1; i <= n; i++) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= m; j++) {
      size_t above = row[j], best = diagonal + (a[i - 1] != b[j - 1]);
      if (above + 1 < best) best = above + 1;
      if (row[j - 1] + 1 < best) best = row[j - 1] + 1;
      diagonal = above;
      row[j] = best;
    }
  }
  return row[m];
}

const char *args_suggest(const char *wrong, const char *(*name)(const void *context, size_t index), const void *context) {
  const char *best = NULL, *one;
  size_t least = strlen(wrong) / 2 + 1;
  for (size_t i = 0; (one = name(context, i)); i++) {
    size_t d = distance(wrong, one);
    if (d < least) least = d, best = one;
  }
  return best;
}

static const char *option_name(const void *unused, size_t i) {
  (void)unused;
  return options[i].name;
}

static const Option *find_long(const char *name, size_t length) {
  for (size_t i = 0; options[i].name; i++)
    if (strncmp(options[i].name, name, length) == 0 && !options[i].name[length]) return &options[i];
  return NULL;
}

static const Option *find_letter(char letter) {
  for (size_t i = 0; options[i].name; i++)
    if (options[i].letter == letter) return &options[i];
  return NULL;
}

/* The option at argv[*i]; advances past a separate value. */
static bool take_option(const Command *command, int argc, char **argv, int *i, Args *args) {
  const char *text = argv[*i], *value = NULL;
  const Option *option;
  if (text[1] == '-') {
    size_t length = strcspn(text + 2, "=");
    option = find_long(text + 2, length);
    if (text[2 + length] == '=') value = text + 3 + length;
  } else {
    option = find_letter(text[1]);
    if (option && text[2]) value = text + 2;
  }
  if (!option) {
    const char *near = text[1] == '-' ? args_suggest(text + 2, option_name, NULL) : NULL;
    args_wrong(command->name, near ? "there is no option '%s'; did you mean '--%s'?" : "there is no option '%s'", text, near);
    return false;
  }
  if (!option_of(option, command->name)) return args_wrong(command->name, "'%s' has no option '%s'", command->name, text), false;
  if (!option->value && value) return args_wrong(command->name, "the option '--%s' takes no value", option->name), false;
  if (option->value && !value && option->value[0] != '[') { /* [=…]: may be left out */
    if (*i + 1 >= argc) return args_wrong(command->name, "the option '--%s' needs a value: %s", option->name, option->value), false;
    value = argv[++*i];
  }
  if (option->value && strstr(option->value, "...")) args->several[args->several_count++] = value;
  memcpy((char *)args + option->field, &(const char *){value ? value : ""}, sizeof value);
  return true;
}

int args_schedule(const char *name) {
  static const char *const names[] = {[LJ_SCHEDULE_STATIC] = "static", [LJ_SCHEDULE_DYNAMIC] = "dynamic", [LJ_SCHEDULE_GUIDED] = "guided"};
  for (int i = LJ_SCHEDULE_STATIC; i <= LJ_SCHEDULE_GUIDED; i++)
    if (strcmp(names[i], name) == 0) return i;
  return 0;
}

double args_seconds(const char *text) {
  if (!*text || strspn(text, "0123456789.") != strlen(text) || strlen(text) > 12) return -1;
  char *end;
  double seconds = strtod(text, &end);
  return *end || seconds <= 0 ? -1 : seconds;
}

static bool is_number_like(const char *text) { return text[0] == '-' && text[1] && strchr("0123456789.(", text[1]); }

bool args_parse(const Command *command, int argc, char **argv, Args *args) {
  bool only_rest = false;
  args->command = command->name;
  for (int i = 2; i < argc; i++) {
    const char *text = argv[i];
    bool is_option = !only_rest && text[0] == '-' && text[1] && !(args->call && is_number_like(text));
    if (!is_option)
      args->rest[args->count++] = text;
    else if (strcmp(text, "--") == 0)
      only_rest = true;
    else if (!take_option(command, argc, argv, &i, args))
      return false;
  }
  if (args->help) return true;
  if (args->count < command->least) return args_wrong(command->name, "'%s' needs more: loopjit %s", command->name, command->usage), false;
  if (command->most >= 0 && args->count > command->most)
    return args_wrong(command->name, "'%s' cannot use '%s'", command->name, args->rest[command->most]), false;
  if (args->error_model && strcmp(args->error_model, "python") != 0 && strcmp(args->error_model, "numpy") != 0)
    return args_wrong(command->name, "there is no error model '%s': python or numpy", args->error_model), false;
  if (args->opt && (strlen(args->opt) != 1 || !strchr("0123", args->opt[0])))
    return args_wrong(command->name, "there is no optimisation level '%s': 0, 1, 2 or 3", args->opt), false;
  if (args->threads &&
      (strspn(args->threads, "0123456789") != strlen(args->threads) || strlen(args->threads) > 3 || atoi(args->threads) < 1))
    return args_wrong(command->name, "there cannot be '%s' threads", args->threads), false;
  if (args->parallel && *args->parallel && strcmp(args->parallel, "auto") != 0)
    return args_wrong(command->name, "there is no '--parallel=%s': --parallel or --parallel=auto", args->parallel), false;
  if (args->schedule && !args_schedule(args->schedule))
    return args_wrong(command->name, "there is no schedule '%s': static, dynamic or guided", args->schedule), false;
  if (args->chunk && (strspn(args->chunk, "0123456789") != strlen(args->chunk) || strlen(args->chunk) > 18 || atoll(args->chunk) < 1))
    return args_wrong(command->name, "there cannot be chunks of '%s' iterations", args->chunk), false;
  if (args->timeout && args_seconds(args->timeout) < 0)
    return args_wrong(command->name, "there cannot be a timeout of '%s' seconds", args->timeout), false;
  if (args->sig && !args->call) return args_wrong(command->name, "--sig needs --call FUNC"), false;
  return true;
}

void args_help(const Command *command) {
  printf("usage: loopjit %s\n%s\n\noptions:\n", command->usage, command->about);
  for (size_t i = 0; options[i].name; i++) {
    const Option *o = &options[i];
    char left[64];
    if (!option_of(o, command->name)) continue;
    snprintf(left, sizeof left, "%c%c%s--%s%s%s", o->letter ? '-' : ' ', o->letter ? o->letter : ' ', o->letter ? ", " : "  ", o->name,
             o->value && o->value[0] != '[' ? " " : "", o->value ? o->value : "");
    printf("  %-26s %s\n", left, o->about);
  }
}
