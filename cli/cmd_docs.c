/* `completion` and `manual`: what the command says about itself to shells and to `man`, made from the tables of commands and options, so that
 * it cannot be out of date. */
#include "cli/cli.h"

#include <stdio.h>
#include <string.h>

/* ---- values that can be completed: those of an option, by the name that its help gives them ---- */

typedef struct Choice {
  const char *value, *words;
} Choice;
static const Choice choices[] = {{"MODEL", "python numpy"},         {"LEVEL", "0 1 2 3"},      {"NAME", "x86-64-v2 x86-64-v3 x86-64-v4"},
                                 {"KIND", "static dynamic guided"}, {"LINK", "static shared"}, {"[=auto]", "auto"}};

/* What may stand for an option's value, separated by spaces; NULL: a file or free text. */
static const char *choices_of(const Option *option) {
  for (size_t i = 0; i < sizeof choices / sizeof *choices; i++)
    if (option->value && strcmp(option->value, choices[i].value) == 0) return choices[i].words;
  return NULL;
}

/* "[=…]": never the next word. */
static bool may_lack_value(const Option *option) { return option->value && option->value[0] == '['; }

/* What may stand behind a command. */
typedef struct First {
  const char *command, *what;
  const char *(*word)(size_t index);
} First;
static const char *shell_name(size_t i);
static const First firsts[] = {
    {"emit", "stage", lj_stage_name}, {"cache", "action", lj_cache_action_name}, {"completion", "shell", shell_name}};
enum { FIRSTS = sizeof firsts / sizeof *firsts };

static const First *first_of(const Command *command) {
  size_t i = 0;
  while (i < FIRSTS && strcmp(command->name, firsts[i].command) != 0) i++;
  return i < FIRSTS ? &firsts[i] : NULL;
}

static void print_words(const First *first) {
  for (size_t i = 0; first->word(i); i++) printf("%s%s", i ? " " : "", first->word(i));
}

static void print_commands(void) {
  for (size_t i = 0; commands[i].name; i++) printf("%s%s", i ? " " : "", commands[i].name);
}

/* ---- bash ---- */

static void bash_options(const Command *command) {
  for (const Option *o = options; o->name; o++)
    if (option_of(o, command->name)) {
      printf("--%s ", o->name);
      if (o->letter) printf("-%c ", o->letter);
    }
}

static void bash(void) {
  puts("# bash completion of loopjit: source it, or put it into share/bash-completion/completions/loopjit\n"
       "_loopjit() {\n"
       "  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} words='' files=yes\n"
       "  if [ \"$word\" = = ]; then before+='=' word=''; elif [ \"$before\" = = ]; then before=${COMP_WORDS[COMP_CWORD-2]}=; fi\n"
       "  COMPREPLY=()\n"
       "  if [ \"$COMP_CWORD\" -eq 1 ]; then");
  fputs("    COMPREPLY=($(compgen -W '", stdout);
  print_commands();
  puts(" --help --version' -- \"$word\"))\n"
       "    return\n"
       "  fi\n"
       "  case $before in");
  for (const Option *o = options; o->name; o++)
    if (choices_of(o)) {
      fputs("    ", stdout);
      if (!may_lack_value(o)) printf("--%s|", o->name);
      printf("--%s=) COMPREPLY=($(compgen -W '%s' -- \"$word\")); return ;;\n", o->name, choices_of(o));
    }
  puts("  esac\n"
       "  case ${COMP_WORDS[1]} in");
  for (size_t i = 0; commands[i].name; i++) {
    printf("    %s) words='", commands[i].name);
    bash_options(&commands[i]);
    puts("' ;;");
  }
  puts("  esac\n"
       "  case ${COMP_WORDS[1]} in");
  for (size_t i = 0; i < FIRSTS; i++) {
    printf("    %s) [ \"$COMP_CWORD\" -eq 2 ] && words=\"$words ", firsts[i].command);
    print_words(&firsts[i]);
    puts("\" files='' ;;");
  }
  puts("  esac\n"
       "  if [ -z \"$files\" ] || [ \"${word#-}\" != \"$word\" ]; then\n"
       "    COMPREPLY=($(compgen -W \"$words\" -- \"$word\"))\n"
       "  else\n"
       "    COMPREPLY=($(compgen -f -- \"${word#@}\"))\n"
       "    [ \"${word#@}\" = \"$word\" ] || COMPREPLY=(\"${COMPREPLY[@]/#/@}\")\n"
       "  fi\n"
       "}\n"
       "complete -o filenames -F _loopjit loopjit");
}

/* ---- zsh and fish: quote what would end their strings ---- */

static void print_quoted(const char *text, const char *special) {
  for (const char *p = text; *p && *p != '\n'; p++) {
    if (*p == '\'') {
      fputs("'\\''", stdout);
      continue;
    }
    if (strchr(special, *p)) putchar('\\');
    putchar(*p);
  }
}

static void zsh(void) {
  puts("#compdef loopjit\n"
       "# zsh completion of loopjit: put it as _loopjit into a folder of $fpath\n"
       "_loopjit() {\n"
       "  local -a names\n"
       "  names=(");
  for (size_t i = 0; commands[i].name; i++) {
    printf("    '%s:", commands[i].name);
    print_quoted(commands[i].about, ":");
    puts("'");
  }
  puts("  )\n"
       "  if (( CURRENT == 2 )); then _describe command names; return; fi\n"
       "  case $words[2] in");
  for (size_t i = 0; commands[i].name; i++) {
    printf("    %s) _arguments", commands[i].name);
    for (const Option *o = options; o->name; o++) {
      if (!option_of(o, commands[i].name)) continue;
      printf(" \\\n      '--%s%s[", o->name, may_lack_value(o) ? "=-" : "");
      print_quoted(o->about, "[]:");
      putchar(']');
      if (choices_of(o))
        printf("%s:%s:(%s)", may_lack_value(o) ? ":" : "", o->name, choices_of(o));
      else if (o->value)
        printf(":%s:%s", o->value, strcmp(o->value, "FILE") == 0 ? "_files" : "");
      putchar('\'');
    }
    const First *first = first_of(&commands[i]);
    if (first) {
      printf(" \\\n      '2:%s:(", first->what);
      print_words(first);
      fputs(")'", stdout);
    }
    puts(" \\\n      '*:file:_files' ;;");
  }
  puts("  esac\n"
       "}\n"
       "_loopjit \"$@\"");
}

static void fish(void) {
  puts("# fish completion of loopjit: put it into vendor_completions.d/loopjit.fish");
  for (size_t i = 0; commands[i].name; i++) {
    printf("complete -c loopjit -n __fish_use_subcommand -a %s -d '", commands[i].name);
    print_quoted(commands[i].about, "");
    puts("'");
  }
  for (const Option *o = options; o->name; o++) {
    printf("complete -c loopjit -n '__fish_seen_subcommand_from %s' -l %s", o->commands, o->name);
    if (o->letter) printf(" -s %c", o->letter);
    if (o->value && !may_lack_value(o)) fputs(strcmp(o->value, "FILE") == 0 ? " -r" : " -x", stdout);
    if (choices_of(o)) printf(" -a '%s'", choices_of(o));
    fputs(" -d '", stdout);
    print_quoted(o->about, "");
    puts("'");
  }
  for (const Command *c = commands; c->name; c++) {
    if (!first_of(c)) continue;
    printf("complete -c loopjit -n '__fish_seen_subcommand_from %s'%s -a '", c->name, c->most == 1 ? " -x" : "");
    print_words(first_of(c));
    puts("'");
  }
}

typedef struct Shell {
  const char *name;
  void (*print)(void);
} Shell;
static const Shell shells[] = {{"bash", bash}, {"zsh", zsh}, {"fish", fish}};

static const char *shell_name(size_t i) { return i < sizeof shells / sizeof *shells ? shells[i].name : NULL; }
static const char *known_shell(const void *unused, size_t i) {
  (void)unused;
  return shell_name(i);
}

int cmd_completion(const Args *args) {
  const char *name = args->rest[0];
  for (size_t i = 0; shell_name(i); i++)
    if (strcmp(shells[i].name, name) == 0) return shells[i].print(), 0;
  const char *near = args_suggest(name, known_shell, NULL);
  return args_wrong("completion",
                    near ? "there is no shell '%s' here; did you mean '%s'?" : "there is no shell '%s' here: bash, zsh or fish", name,
                    near);
}

/* ---- the manual page ---- */

/* Text for roff: `-` stays a hyphen-minus, a line never begins with a request. */
static void roff(const char *text) {
  bool start = true;
  for (const char *p = text; *p; p++) {
    if (start && (*p == '.' || *p == '\'')) fputs("\\&", stdout);
    if (*p == '-' || *p == '\\')
      fputs(*p == '-' ? "\\-" : "\\e", stdout);
    else
      putchar(*p);
    start = *p == '\n';
  }
}

static void roff_options(const Command *command) {
  for (const Option *o = options; o->name; o++) {
    if (!option_of(o, command->name)) continue;
    fputs(".TP\n.B ", stdout);
    if (o->letter) printf("\\-%c, ", o->letter);
    roff("--");
    roff(o->name);
    if (o->value) printf("%s\\fI%s\\fR", may_lack_value(o) ? "" : " ", o->value);
    putchar('\n');
    roff(o->about);
    putchar('\n');
  }
}

static const char description[] =
    "loopjit compiles numeric kernels, written in a small array language with Python's syntax, through LLVM to native code. A kernel that\n"
    "numba accepts runs unchanged; no Python is needed.\n";
static const char environment[] =
    ".SH ENVIRONMENT\n"
    ".TP\n.B LOOPJIT_NUM_THREADS\n"
    "Threads of parallel loops; OMP_NUM_THREADS and NUMBA_NUM_THREADS are read when it is not set. Default: all cores.\n"
    ".TP\n.B LOOPJIT_SCHEDULE\n"
    "How iterations of parallel loops are given to the threads, as KIND or KIND,N: see \\-\\-schedule. OMP_SCHEDULE is read when it is not "
    "set.\n"
    ".TP\n.B LOOPJIT_CACHE_DIR\n"
    "Where compiled code is kept between runs; empty: nowhere. Default: $XDG_CACHE_HOME/loopjit or ~/.cache/loopjit.\n"
    ".TP\n.B LOOPJIT_CACHE_SIZE\n"
    "How large that folder may become: 64M, 1G, bytes. Default: 256M.\n";
static const char exit_status[] = ".SH EXIT STATUS\n"
                                  ".TP\n.B 0\nThe program ran.\n"
                                  ".TP\n.B 1\nThe program is wrong, or stopped with an error.\n"
                                  ".TP\n.B 2\nThe command was used wrongly, or a file could not be read or written.\n";
static const char examples[] = ".SH EXAMPLES\n"
                               ".nf\n"
                               "loopjit run kernel.lp\n"
                               "loopjit run kernel.lp \\-\\-call saxpy 2.0 @x.npy @y.npy:w\n"
                               "loopjit explain kernel.lp\n"
                               "loopjit emit asm kernel.lp \\-\\-call saxpy \\-\\-sig 'float64, float64[::1], float64[::1]'\n"
                               ".fi\n";

int cmd_manual(const Args *args) {
  (void)args;
  printf(".TH LOOPJIT 1 \"\" \"loopjit %s\"\n.SH NAME\nloopjit \\- compile and run numeric kernels\n.SH SYNOPSIS\n", lj_version());
  for (size_t i = 0; commands[i].name; i++) {
    fputs(".B loopjit ", stdout);
    roff(commands[i].usage);
    fputs("\n.br\n", stdout);
  }
  fputs(".SH DESCRIPTION\n", stdout);
  roff(description);
  fputs(".SH COMMANDS\n", stdout);
  for (size_t i = 0; commands[i].name; i++) {
    printf(".SS %s\n", commands[i].name);
    roff(commands[i].about);
    putchar('\n');
    roff_options(&commands[i]);
  }
  fputs(environment, stdout);
  fputs(exit_status, stdout);
  fputs(examples, stdout);
  return 0;
}
